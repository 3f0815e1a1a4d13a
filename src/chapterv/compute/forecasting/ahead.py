"""The pace carried forward: exact day at a constant pace, and the band around it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import msgspec

from chapterv.compute.forecasting.bands import History, Simulated, read_history, simulate
from chapterv.compute.forecasting.days import Daily

__all__ = ["MOST_DAYS_AHEAD", "Band", "FanDay", "Method", "Pace", "days_until", "look_ahead"]

Day = datetime.date
Method = Literal["bootstrap", "quantiles", "cannot_tell"]

PACE_DAYS = 14
FEWEST_DAYS = 3
"""Whole days below which no pace is told: two days cannot show that they are usual ones."""
MOST_DAYS_AHEAD = 1_100
FAN_DAYS = 24
LOW, HIGH = Fraction(1, 10), Fraction(9, 10)


class Band(msgspec.Struct, frozen=True):
    """Days of a crossing; None is out of sight, or cannot be told."""

    earliest: Day | None = None
    central: Day | None = None
    latest: Day | None = None


class FanDay(msgspec.Struct, frozen=True):
    """Operations by the end of a day: lowest rounded down, the others up; None: cannot be told."""

    day: Day
    low: int | None
    central: int
    high: int | None


class Pace(msgspec.Struct, frozen=True):
    """Operations a day, exact, and the whole days that they are the mean of."""

    rate: Fraction
    days: int

    @classmethod
    def of(cls, daily: Daily) -> Pace | None:
        """Return the mean of the last 14 whole days, gaps included; None for fewer than three."""
        if len(daily.sums) < FEWEST_DAYS:
            return None
        window = daily.sums[-PACE_DAYS:]
        return cls(sum(window, Fraction(0)) / len(window), len(window))


class Ahead(msgspec.Struct, frozen=True):
    """What the pace says of some targets: the method, a band for each, the fan."""

    method: Method
    bands: tuple[Band, ...]
    fan: tuple[FanDay, ...]


def days_until(growth: Fraction, rate: Fraction) -> int | None:
    """Return the whole days after which a constant pace has exceeded an amount.

    Args:
        growth: FLOP that have to be exceeded, from now on.
        rate: FLOP a day.
    Returns: days from 0 on, None where the pace never gets there.

    >>> days_until(Fraction(30), Fraction(10))
    4
    """
    if growth < 0:
        return 0
    return floor(growth / rate) + 1 if rate > 0 else None


def look_ahead(daily: Daily, pace: Pace, targets: Sequence[Fraction], on: Day) -> Ahead:
    """Carry the pace forward to some targets.

    Args:
        daily: the work done, three whole days at least.
        pace: of its last days.
        targets: FLOP that have to be exceeded; the fan ends beyond the first.
        on: no crossing is told for a day before this one.
    """
    growths = [target - daily.at_end for target in targets]
    central = [days_until(growth, pace.rate) for growth in growths]
    reach = max((days for days in central if days is not None), default=0)
    if reach > MOST_DAYS_AHEAD or not pace.rate:
        reach = MOST_DAYS_AHEAD if pace.rate else 0
    view = _View(daily, pace, growths, reach)
    low, high = view.edges()
    return Ahead(
        view.method,
        tuple(_band(daily, on, *days) for days in zip(low, central, high, strict=True)),
        view.fan(central[0], high[0]),
    )


def _band(daily: Daily, on: Day, low: int | None, central: int | None, high: int | None) -> Band:
    """Turn days from the last whole day into dates; a band always holds its central day."""
    if low is not None and central is not None:
        low = min(low, central)
    if high is not None and central is not None:
        high = max(high, central)
    return Band(*(_date(daily, on, days) for days in (low, central, high)))


def _date(daily: Daily, on: Day, days: int | None) -> Day | None:
    if days is None or days > MOST_DAYS_AHEAD or daily.last is None:
        return None
    return max(daily.last + datetime.timedelta(days=days), on)


class _View:
    """One look ahead: which method the record allows, and what it gives."""

    def __init__(self, daily: Daily, pace: Pace, growths: Sequence[Fraction], reach: int) -> None:
        self.daily, self.pace, self.growths = daily, pace, growths
        self.horizon = min(4 * reach + 30, MOST_DAYS_AHEAD) if pace.rate else 0
        # The fan ends a little beyond the crossing; a future goes on only as far as it has to.
        self.marks = _marks(min(self.horizon, reach + reach // 2 + 10)) if pace.rate else ()
        self.simulated: Simulated | None = None
        self.method: Method = "cannot_tell"
        if daily.observed >= PACE_DAYS and (history := self._history()):
            self.method = "bootstrap"
            wanted = [float(growth / pace.rate) for growth in growths]
            self.simulated = simulate(history, wanted, self.marks, self.horizon)
        elif daily.observed >= FEWEST_DAYS:
            self.method = "quantiles"

    def _history(self) -> History | None:
        """The past in units of the pace, so that floats stay near one."""
        rate = self.pace.rate
        return read_history([float(one / rate) for one in self.daily.sums]) if rate else None

    def edges(self) -> tuple[list[int | None], list[int | None]]:
        """The days below which, and up to which, 10 % and 90 % of the futures have crossed."""
        if self.simulated is not None:
            days = self.simulated.crossings
            return (
                [self._seen(_at(one, LOW)) for one in days],
                [self._seen(_at(one, HIGH)) for one in days],
            )
        if self.method == "quantiles":
            slow, fast = self._rates()
            return (
                [days_until(growth, fast) for growth in self.growths],
                [days_until(growth, slow) for growth in self.growths],
            )
        nothing: list[int | None] = [None] * len(self.growths)
        return nothing, list(nothing)

    def _seen(self, days: float) -> int | None:
        return int(days) if days <= self.horizon else None

    def _rates(self) -> tuple[Fraction, Fraction]:
        """The 10 % and 90 % quantiles of the days of the pace, taken outwards."""
        window = sorted(self.daily.sums[-PACE_DAYS:])
        last = len(window) - 1
        return window[floor(LOW * last)], window[ceil(HIGH * last)]

    def fan(self, central: int | None, high: int | None) -> tuple[FanDay, ...]:
        """Operations on some days, up to a little beyond the crossing."""
        last = self.daily.last
        if last is None or central is None or central > MOST_DAYS_AHEAD:
            return ()
        until = max(central, high or 0)
        shown = min(sum(mark <= until for mark in self.marks) + 1, len(self.marks))
        return tuple(self._fan_day(last, index) for index in range(shown))

    def _fan_day(self, last: Day, index: int) -> FanDay:
        mark, rate, base = self.marks[index], self.pace.rate, self.daily.at_end
        middle = base + rate * mark
        low = high = None
        if self.simulated is not None:
            path = self.simulated.paths[index]
            low = min(base + rate * Fraction(_at(path, LOW)), middle)
            high = max(base + rate * Fraction(_at(path, HIGH)), middle)
        elif self.method == "quantiles":
            slow, fast = self._rates()
            low, high = base + slow * mark, base + fast * mark
        return FanDay(
            last + datetime.timedelta(days=mark),
            None if low is None else floor(low),
            ceil(middle),
            None if high is None else ceil(high),
        )


def _at(ordered: Sequence[int] | Sequence[float], share: Fraction) -> float:
    """A quantile of sorted numbers: the number so far along."""
    return ordered[min(floor(share * len(ordered)), len(ordered) - 1)]


def _marks(horizon: int) -> tuple[int, ...]:
    """Days of the fan: close ones near today, wide ones later."""
    steps = (horizon * (index / FAN_DAYS) ** 2 for index in range(1, FAN_DAYS + 1))
    return tuple(sorted({0, *(max(1, round(step)) for step in steps)}))
