"""Days of work: from dated points of cumulative operations to exact sums of whole days.

Days are those of Brussels, since the period of Article 52(1) is counted there. What grew between
two points is spread evenly over the time between them. A counter that goes back is a restart: it
counts on from there, and what is done again counts again. Nothing here reads a clock.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

from chapterv.compute.amounts import Amount, checked, total

__all__ = ["Daily", "Oddity", "Point", "brussels_day", "daily_sums", "wall_clock"]

Day = datetime.date

DAY = 86_400_000_000
"""Microseconds in a day."""
MOST_DAYS = 1_100
"""Whole days looked back at: three years of training say enough of the pace of today."""
MOST_ODDITIES = 100


class Point(msgspec.Struct, frozen=True):
    """Cumulative operations of one run at one time.

    Args:
        at: an instant; without a zone it is wall-clock time in Brussels. A plain day is its end.
        amount: FLOP since the run began.
        run: the run that is counted.
    """

    at: datetime.datetime | Day
    amount: Amount
    run: str = ""


class Oddity(msgspec.Struct, frozen=True):
    """Something in the points that is not as it should be, and its effect on the sum."""

    kind: str
    run: str
    at: Day
    before: Amount
    after: Amount


class Daily(msgspec.Struct, frozen=True):
    """Work of whole days, oldest first, of all runs together.

    Args:
        sums: FLOP of each whole day; the last day is `last`.
        amounts: FLOP in all at the end of each of these days. A run whose counter does not begin at
            zero adds what it begins with here, and to no day's sum.
        last: last day that the points cover to its end, None without points.
        at_end: FLOP at the end of `last`, what counters held at their first point later included.
        total: FLOP at the last point of every run, exact.
        observed: days that hold a point of their own.
        newest: day of the last point.
        oddities: what was odd; at most 100 are kept.
    """

    sums: tuple[Fraction, ...] = ()
    amounts: tuple[Fraction, ...] = ()
    last: Day | None = None
    at_end: Fraction = Fraction(0)
    total: Amount = 0
    observed: int = 0
    newest: Day | None = None
    oddities: tuple[Oddity, ...] = ()

    def ends(self) -> list[tuple[Day, Fraction]]:
        """Return each whole day with the operations at its end, oldest first."""
        if self.last is None:
            return []
        begin = self.last.toordinal() - len(self.amounts) + 1
        return [(Day.fromordinal(begin + index), one) for index, one in enumerate(self.amounts)]


def brussels_day(instant: datetime.datetime) -> Day:
    """Return the day that it is in Brussels.

    Args:
        instant: with a zone; without one it is taken as wall-clock time there.
    Source: Directive 2000/84/EC, Art. 2 and 3 (last Sundays of March and October, 1.00 UTC).

    >>> brussels_day(datetime.datetime(2026, 3, 2, 23, 30, tzinfo=datetime.timezone.utc))
    datetime.date(2026, 3, 3)
    """
    return wall_clock(instant).date()


def wall_clock(instant: datetime.datetime) -> datetime.datetime:
    """Return the time that clocks show in Brussels, without a zone.

    The rule is written out so that no zone table is needed.

    Args:
        instant: with a zone; without one it is taken as it stands.
    """
    if instant.tzinfo is None:
        return instant
    try:
        utc = instant.astimezone(datetime.UTC).replace(tzinfo=None)
        summer = _switch(utc.year, 3) <= utc < _switch(utc.year, 10)
        return utc + datetime.timedelta(hours=2 if summer else 1)
    except OverflowError:
        return instant.replace(tzinfo=None)


def _switch(year: int, month: int) -> datetime.datetime:
    """The last Sunday of a month of 31 days, at 1.00 UTC."""
    last = Day(year, month, 31)
    sunday = last - datetime.timedelta(days=(last.weekday() + 1) % 7)
    return datetime.datetime(sunday.year, sunday.month, sunday.day, 1)


def _position(at: datetime.datetime | Day) -> int:
    """Microseconds on one line of wall-clock time; a plain day stands at its end."""
    if not isinstance(at, datetime.datetime):
        return (at.toordinal() + 1) * DAY
    wall = wall_clock(at)
    seconds = (wall.hour * 60 + wall.minute) * 60 + wall.second
    return wall.toordinal() * DAY + seconds * 1_000_000 + wall.microsecond


def _day(position: int) -> Day:
    """The day that a position lies in; midnight belongs to the day that ends with it."""
    return Day.fromordinal(max((position - 1) // DAY, 1))


class _Run(msgspec.Struct):
    """One run on the line of time: positions never go back, growth adds up from its first point."""

    name: str
    places: list[int]
    grown: list[Amount]
    first: Amount


def daily_sums(points: Iterable[Point], on: Day, silent_until: Day | None = None) -> Daily:
    """Add the points of all runs into sums of whole days.

    Args:
        points: those of one run in the order of its record; runs may be mixed.
        on: the day asked for; points after it are left out and said so.
        silent_until: a day up to whose beginning the record is known to be complete, so that a
            silence before it is time without work. None: what follows the last point is unknown.
    Returns: sums of the last 1 100 whole days at most, and the total of all.
    Raises: InputError if an amount is no exact number from zero on.
    """
    oddities: list[Oddity] = []
    latest = (on.toordinal() + 1) * DAY
    runs = list(_runs(points, latest, oddities))
    if not runs:
        return Daily(oddities=tuple(oddities))
    newest = _day(max(run.places[-1] for run in runs))
    # A lone point says how much there is and not until when nothing was added.
    growing = [run for run in runs if len(run.places) > 1] or runs
    end = max(run.places[-1] for run in growing)
    if silent_until is not None:
        end = max(end, min(silent_until.toordinal() * DAY, latest))
    begin = min(run.places[0] for run in growing)
    last = end // DAY
    first = max(-(-begin // DAY), last - MOST_DAYS)
    growth = [_at_ends(run, first, last) for run in runs]
    ends = [sum(column, Fraction(0)) for column in zip(*growth, strict=True)]
    amounts = [grown + _begun(runs, first + index) for index, grown in enumerate(ends)]
    days = {(place - 1) // DAY for run in runs for place in run.places}
    return Daily(
        sums=tuple(after - before for before, after in pairwise(ends)),
        amounts=tuple(amounts[1:]),
        last=Day.fromordinal(last - 1),
        at_end=(ends[-1] if ends else Fraction(0)) + _begun(runs, latest // DAY),
        total=total([amount for run in runs for amount in (run.first, run.grown[-1])]),
        observed=sum(first <= day < last for day in days),
        newest=newest,
        oddities=tuple(oddities[:MOST_ODDITIES]),
    )


def _begun(runs: Sequence[_Run], midnight: int) -> Fraction:
    """What the counters of the runs held at their first point, of those begun by a midnight."""
    begun = (Fraction(run.first) for run in runs if run.places[0] <= midnight * DAY)
    return sum(begun, Fraction(0))


def _runs(points: Iterable[Point], latest: int, oddities: list[Oddity]) -> Sequence[_Run]:
    """Sort points into runs, each with what it has grown by since its first point."""
    runs: dict[str, _Run] = {}
    counters: dict[str, Amount] = {}
    for point in points:
        amount, place = checked(point.amount, "cumulative operations"), _position(point.at)
        run, before = runs.get(point.run), counters.get(point.run, 0)
        if place > latest:
            oddities.append(Oddity("after_the_day", point.run, _day(place), before, amount))
            continue
        counters[point.run] = amount
        if run is None:
            runs[point.run] = _Run(point.run, [place], [0], amount)
            continue
        if place < run.places[-1]:
            oddities.append(Oddity("clock_back", point.run, _day(place), before, amount))
            place = run.places[-1]
        if amount < before:
            oddities.append(Oddity("counter_back", point.run, _day(place), before, amount))
        _grow(run, place, max(amount - before, 0))
    return tuple(runs.values())


def _grow(run: _Run, place: int, by: Amount) -> None:
    """Add a point; of the many within a day only those beside midnight matter, so few are kept."""
    grown = total([run.grown[-1], by])
    kept = len(run.places)
    same_day = kept > 1 and (run.places[-2] - 1) // DAY == (run.places[-1] - 1) // DAY
    if same_day and (place - 1) // DAY == (run.places[-1] - 1) // DAY:
        run.places[-1], run.grown[-1] = place, grown
    else:
        run.places.append(place)
        run.grown.append(grown)


def _at_ends(run: _Run, first: int, last: int) -> list[Fraction]:
    """Growth of a run at each midnight from the first to the last, straight between two points."""
    found: list[Fraction] = []
    index = 0
    for midnight in range(first, last + 1):
        place = midnight * DAY
        while index + 1 < len(run.places) and run.places[index + 1] <= place:
            index += 1
        before, grown = run.places[index], Fraction(run.grown[index])
        if place > before and index + 1 < len(run.places):
            share = Fraction(place - before, run.places[index + 1] - before)
            grown += share * (Fraction(run.grown[index + 1]) - grown)
        found.append(grown)
    return found
