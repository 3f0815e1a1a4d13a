"""Scales: from an amount or a date to a place on paper, and where the ticks go."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import msgspec

from chapterv.facts.wording import log10

__all__ = ["LogScale", "TimeScale", "log_scale", "month_ticks", "time_scale"]


class LogScale(msgspec.Struct, frozen=True):
    """A logarithmic axis over whole powers of ten.

    Args:
        first: exponent at the left end.
        last: exponent at the right end.
        left: left end in user units.
        right: right end in user units.
    """

    first: int
    last: int
    left: float
    right: float

    @property
    def decade(self) -> float:
        """Width of one power of ten in user units."""
        return (self.right - self.left) / (self.last - self.first)

    def place(self, amount: Fraction) -> float:
        """Where an amount lies; zero and what is off the scale lie at the nearer end.

        Args:
            amount: zero or more.
        Returns: x in user units.
        """
        if amount <= 0:
            return self.left
        x = self.left + (log10(amount) - self.first) * self.decade
        return min(max(x, self.left), self.right)

    def exponents(self, room: float) -> range:
        """The powers of ten that get a label.

        Args:
            room: width that a label needs, in user units.
        Returns: exponents in even steps.
        """
        return range(self.first, self.last + 1, math.ceil(room / self.decade))


def log_scale(amounts: Iterable[Fraction], left: float, right: float) -> LogScale | None:
    """An axis that holds all amounts with some air at both ends.

    Args:
        amounts: zero or more each; zeros do not count.
        left: left end in user units.
        right: right end in user units.
    Returns: the axis, or None if there is nothing to place.
    """
    logs = [log10(amount) for amount in amounts if amount > 0]
    if not logs:
        return None
    air = 0.25
    return LogScale(math.floor(min(logs) - air), math.ceil(max(logs) + air), left, right)


class TimeScale(msgspec.Struct, frozen=True):
    """A linear axis over days.

    Args:
        first: day at the left end.
        last: day at the right end.
        left: left end in user units.
        right: right end in user units.
    """

    first: date
    last: date
    left: float
    right: float

    def place(self, day: date) -> float:
        """Where a day lies; what is off the scale lies at the nearer end.

        Args:
            day: the day.
        Returns: x in user units.
        """
        span = (self.last - self.first).days
        x = self.left + (day - self.first).days * (self.right - self.left) / span
        return min(max(x, self.left), self.right)

    def holds(self, day: date) -> bool:
        """Whether a day is on the axis."""
        return self.first <= day <= self.last


# A date far away (a typing error, a term of thirty years) must not press the rest into a line.
_MOST_DAYS_BACK = 4 * 366
_MOST_DAYS_AHEAD = 6 * 366
_FEWEST_DAYS = 60


def time_scale(days: Iterable[date], today: date, left: float, right: float) -> TimeScale:
    """An axis of whole months that holds today and the days around it.

    Args:
        days: days to show; those more than 4 years back or 6 years ahead are off the scale.
        today: always on the axis.
        left: left end in user units.
        right: right end in user units.
    Returns: the axis, at least two months long.
    """
    base = today.toordinal()
    near = [
        min(max(day.toordinal(), base - _MOST_DAYS_BACK), base + _MOST_DAYS_AHEAD) for day in days
    ]
    low, high = min([base, *near]), max([base, *near])
    lack = max(_FEWEST_DAYS - (high - low), 0)
    air = max((high - low) // 40, 3)
    first = _day(low - air - lack // 3).replace(day=1)
    last = _next_month(_day(high + air + lack - lack // 3), 1)
    return TimeScale(first, last, left, right)


def _day(ordinal: int) -> date:
    return date.fromordinal(min(max(ordinal, date.min.toordinal()), date.max.toordinal()))


def _next_month(day: date, months: int) -> date:
    """The first of the month so many months later, or the last day that the calendar holds."""
    count = day.year * 12 + day.month - 1 + months
    return date.max if count // 12 > date.max.year else date(count // 12, count % 12 + 1, 1)


def month_ticks(scale: TimeScale, room: float) -> tuple[date, ...]:
    """Firsts of months in even steps, so that their labels do not touch.

    Args:
        scale: the axis.
        room: width that a label needs, in user units.
    Returns: days on the axis, in order.
    """
    per_month = (scale.right - scale.left) / max((scale.last - scale.first).days / 30.44, 1)
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60) if s * per_month >= room), 120)
    ticks = []
    day = scale.first
    while day < scale.last:
        if (day.year * 12 + day.month - 1) % step == 0:
            ticks.append(day)
        day = _next_month(day, 1)
    return tuple(ticks)
