"""When a threshold will be exceeded: by the plan first, by the pace of training second.

Thresholds, the margin and the day are arguments: they are law data, and nothing here reads a clock.
Greater than is meant strictly (Article 51(2)): an amount that equals a threshold does not exceed
it. A crossing is a whole day, the first at whose end the threshold is exceeded (our counting).

States of a threshold T with an amount C, a plan that comes to P, and the margin m:

- `met`: C > T;
- `expected`: P > T, or the pace of the last 14 days, gaps included, exceeds T by the plan's last
  day, or within the horizon where no plan holds;
- `watch`: the larger of C and P, times 1 + m, > T;
- `below`: none of these;
- `cannot_tell`: neither work nor a plan is known.

Source: guidelines on obligations for general-purpose AI models, sections 2.3.2 and A.2; that the
pace makes a crossing known is our reading.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Literal

import msgspec

from chapterv.compute.amounts import Amount, checked
from chapterv.compute.forecasting.ahead import (
    MOST_DAYS_AHEAD,
    Ahead,
    Band,
    FanDay,
    Method,
    Pace,
    look_ahead,
)
from chapterv.compute.forecasting.days import Daily, Oddity, Point, daily_sums
from chapterv.compute.forecasting.plan import Outlook, PlanEntry, read_plan
from chapterv.errors import InputError

__all__ = ["HORIZON_DAYS", "Crossing", "Forecast", "Limit", "Reading", "State", "forecast"]

Day = datetime.date
State = Literal["cannot_tell", "below", "watch", "expected", "met"]
Reading = Literal["as_reported", "error_of_estimate", "error_of_truth"]

HORIZON_DAYS = 365
"""Days that a pace is carried forward where no plan says when training ends (our choice)."""
MOST_PAST = 60


class Limit(msgspec.Struct, frozen=True):
    """A threshold.

    Args:
        name: how it is called in results.
        amount: FLOP that have to be exceeded, more than zero.
    """

    name: str
    amount: Amount | Fraction


class Crossing(msgspec.Struct, frozen=True):
    """When the amount, read in one way, exceeds a threshold.

    Args:
        reading: as reported; larger by the margin of the estimate, C(1 + m); or by the margin of
            the true value, C / (1 - m).
        amount: today's amount in this reading, rounded up.
        exceeded: this amount is above the threshold already.
        band: the days.
    """

    reading: Reading
    amount: int
    exceeded: bool
    band: Band


class Forecast(msgspec.Struct, frozen=True):
    """What is known of one threshold on one day.

    Args:
        name: of the threshold.
        threshold: FLOP that have to be exceeded.
        on: the day.
        state: one of five words.
        amount: FLOP done, as reported.
        by_plan: it is known from the plan that the threshold will be exceeded.
        known_on: since when it is known from the plan, None where no day is stated.
        met_on: first whole day at whose end the threshold was exceeded, None where not known.
        planned: FLOP in all by the plan, None without one.
        pace: FLOP a day over the last 14 days, rounded up, None where it cannot be told.
        pace_days: whole days that the pace rests on.
        observed: days with a record of their own.
        method: how the band was found.
        until: last day up to which a crossing by the pace is expected.
        crossings: in the three readings of the amount, where there is a pace.
        newest: day of the last record.
        outlook: the plan.
        oddities: what was odd in the record.
        fan: amounts on some days of the future.
        past: amounts on some days of the past, rounded up.
    """

    name: str
    threshold: Amount | Fraction
    on: Day
    state: State
    amount: Amount
    by_plan: bool = False
    known_on: Day | None = None
    met_on: Day | None = None
    planned: Amount | None = None
    pace: int | None = None
    pace_days: int = 0
    observed: int = 0
    method: Method = "cannot_tell"
    until: Day | None = None
    crossings: tuple[Crossing, ...] = ()
    newest: Day | None = None
    outlook: Outlook = Outlook()
    oddities: tuple[Oddity, ...] = ()
    fan: tuple[FanDay, ...] = ()
    past: tuple[tuple[Day, int], ...] = ()

    @property
    def band(self) -> Band:
        """The days of the crossing as reported."""
        return self.crossings[0].band if self.crossings else Band()


def forecast(
    points: Iterable[Point],
    plan: Sequence[PlanEntry],
    thresholds: Sequence[Limit],
    margin: Decimal | Fraction,
    on: Day,
    *,
    silent_until: Day | None = None,
    ended: bool = False,
    horizon_days: int = HORIZON_DAYS,
) -> tuple[Forecast, ...]:
    """Tell for each threshold where the work stands and when it will be exceeded.

    Args:
        points: dated cumulative operations, those of one run in the order of its record.
        plan: planned phases or whole plans.
        thresholds: what has to be exceeded; all are of the quantity that the points count.
        margin: accepted error of an estimate, such as 0.30.
        on: the day asked for; what is later is left out.
        silent_until: day up to whose beginning the record is complete; see `daily_sums`.
        ended: no run goes on, so no pace is carried forward.
        horizon_days: days looked ahead where no plan says when training ends, 1 to 1 100.
    Raises: InputError if an amount, the margin or the horizon cannot be used.
    """
    share = Fraction(margin)
    if not 0 <= share < 1:
        raise InputError("the margin must lie between 0 and 1", None, "Give 30 % as 0.30.")
    if not 1 <= horizon_days <= MOST_DAYS_AHEAD:
        raise InputError(
            f"the horizon must lie between 1 and {MOST_DAYS_AHEAD} days", None, "Give 365."
        )
    daily = daily_sums(points, on, silent_until)
    pace = None if ended else Pace.of(daily)
    horizon = _later(on, horizon_days)
    return tuple(_one(daily, pace, plan, limit, share, on, horizon) for limit in thresholds)


def _later(day: Day, days: int) -> Day:
    return Day.fromordinal(min(day.toordinal() + days, Day.max.toordinal()))


def _one(
    daily: Daily,
    pace: Pace | None,
    plan: Sequence[PlanEntry],
    limit: Limit,
    margin: Fraction,
    on: Day,
    horizon: Day,
) -> Forecast:
    threshold = limit.amount
    if not isinstance(threshold, Fraction):
        checked(threshold, f"the threshold {limit.name}")
    outlook = read_plan(plan, daily, threshold, on)
    met = daily.total > threshold
    ahead = None if met or pace is None else _ahead(daily, pace, Fraction(threshold), margin, on)
    until = _until(outlook, daily, threshold, on, horizon)
    central = ahead.bands[0].central if ahead else None
    by_pace = central is not None and until is not None and central <= until
    return Forecast(
        name=limit.name,
        threshold=threshold,
        on=on,
        state=_state(daily, outlook, threshold, margin, by_pace),
        amount=daily.total,
        by_plan=outlook.known,
        known_on=outlook.known_on,
        met_on=_met_on(daily, threshold) if met else None,
        planned=outlook.planned,
        pace=None if pace is None else ceil(pace.rate),
        pace_days=0 if pace is None else pace.days,
        observed=daily.observed,
        method=ahead.method if ahead else "cannot_tell",
        until=until if ahead else None,
        crossings=_crossings(daily, ahead, Fraction(threshold), margin) if ahead else (),
        newest=daily.newest,
        outlook=outlook,
        oddities=daily.oddities,
        fan=ahead.fan if ahead else (),
        past=_past(daily),
    )


def _ahead(daily: Daily, pace: Pace, threshold: Fraction, margin: Fraction, on: Day) -> Ahead:
    """Look ahead in the three readings: a larger amount is the same as a smaller threshold."""
    targets = (threshold, threshold / (1 + margin), threshold * (1 - margin))
    return look_ahead(daily, pace, targets, on)


def _crossings(
    daily: Daily, ahead: Ahead, threshold: Fraction, margin: Fraction
) -> tuple[Crossing, ...]:
    amount = Fraction(daily.total)
    readings: tuple[tuple[Reading, Fraction], ...] = (
        ("as_reported", amount),
        ("error_of_estimate", amount * (1 + margin)),
        ("error_of_truth", amount / (1 - margin)),
    )
    return tuple(
        Crossing(name, ceil(value), value > threshold, band)
        for (name, value), band in zip(readings, ahead.bands, strict=True)
    )


def _until(
    outlook: Outlook, daily: Daily, threshold: Amount | Fraction, on: Day, horizon: Day
) -> Day | None:
    """The last day up to which a crossing by the pace counts as expected.

    A plan that ends at or below the threshold, without a day, rules such a crossing out; one that
    work has overtaken says nothing any more.
    """
    if outlook.planned is None or outlook.planned <= daily.total:
        return horizon
    if outlook.ends is not None:
        return outlook.ends if outlook.ends >= on else horizon
    return horizon if outlook.planned > threshold else None


def _state(
    daily: Daily,
    outlook: Outlook,
    threshold: Amount | Fraction,
    margin: Fraction,
    by_pace: bool,
) -> State:
    if daily.total > threshold:
        return "met"
    if outlook.known or by_pace:
        return "expected"
    if daily.newest is None and outlook.planned is None:
        return "cannot_tell"
    largest = max(Fraction(daily.total), Fraction(outlook.planned or 0))
    return "watch" if largest * (1 + margin) > threshold else "below"


def _met_on(daily: Daily, threshold: Amount | Fraction) -> Day | None:
    """The first whole day that ended above; the day of the last record if only it is above."""
    ends = daily.ends()
    if ends and ends[0][1] > threshold:
        return None
    return next((day for day, amount in ends if amount > threshold), daily.newest)


def _past(daily: Daily) -> tuple[tuple[Day, int], ...]:
    """Some days of the past, the last one always among them."""
    ends = daily.ends()
    step = max(-(-len(ends) // MOST_PAST), 1)
    kept = ends[::-1][::step][::-1]
    return tuple((day, ceil(amount)) for day, amount in kept)
