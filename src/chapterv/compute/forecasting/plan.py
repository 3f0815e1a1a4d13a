"""The plan rule: what has been done and what is planned, against a threshold, day by day.

What is known from a plan is known on the day on which the plan was approved, not on the day of the
crossing. A plan that was approved on a day that nobody states still counts, but starts no period.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from chapterv.compute.amounts import Amount, checked, total
from chapterv.compute.forecasting.days import Daily

__all__ = ["Outlook", "PlanEntry", "read_plan"]

Day = datetime.date


class PlanEntry(msgspec.Struct, frozen=True):
    """A planned phase, or the plan as a whole.

    Args:
        phase: its name.
        operations: FLOP of the whole phase, what is done of it already included.
        starts: first day, None where not stated.
        ends: last day, None where not stated.
        approved_on: day on which it was approved, None where not stated.
        done: FLOP of the phase that are part of today's total.
        whole: the operations are those of the model in all, not of one phase beside others.
    """

    phase: str
    operations: Amount
    starts: Day | None = None
    ends: Day | None = None
    approved_on: Day | None = None
    done: Amount = 0
    whole: bool = False


class Outlook(msgspec.Struct, frozen=True):
    """What the plan says on a day.

    Args:
        planned: FLOP in all when the plan has been carried out, None without a plan.
        known: it is known that the threshold will be exceeded.
        known_on: since when, None where no day of approval is stated.
        ends: last day of the plan, None where not stated.
        entries: entries approved by the day.
        later: entries approved only after the day; they count for nothing yet.
    """

    planned: Amount | None = None
    known: bool = False
    known_on: Day | None = None
    ends: Day | None = None
    entries: tuple[PlanEntry, ...] = ()
    later: tuple[PlanEntry, ...] = ()


def read_plan(
    plan: Sequence[PlanEntry], daily: Daily, threshold: Amount | Fraction, on: Day
) -> Outlook:
    """Say what the plan and the work done come to, and since when a crossing is known.

    Args:
        plan: entries; whole plans and phases may stand beside each other, the larger sum counts.
        daily: the work done.
        threshold: FLOP that have to be exceeded (Article 51(2): greater than).
        on: the day asked for.
    Raises: InputError if an amount is no exact number from zero on.
    """
    approved = tuple(one for one in plan if one.approved_on is None or one.approved_on <= on)
    later = tuple(one for one in plan if one.approved_on is not None and one.approved_on > on)
    if not approved:
        return Outlook(later=later)
    for one in approved:
        checked(one.operations, f"the plan for {one.phase}")
        checked(one.done, f"what is done of {one.phase}")
    planned = _in_all(approved, daily.total, daily.total)
    ends = [one.ends for one in approved if one.ends is not None]
    known = planned > threshold
    return Outlook(
        planned=planned,
        known=known,
        known_on=_known_on(approved, daily, threshold, on) if known else None,
        ends=max(ends, default=None),
        entries=approved,
        later=later,
    )


def _in_all(plan: Sequence[PlanEntry], done: Amount, today: Amount) -> Amount:
    """The largest of the whole plans and of the phases on top of what was done outside of them.

    What was outside the phases on a day of the past is at most what is outside of them today, and
    at most what was done by then: the larger reading makes the day of knowledge earlier.
    """
    phases = [one for one in plan if not one.whole]
    inside = total([one.done for one in phases])
    outside = min(done, max(today - inside, 0))
    largest = total([outside, *(max(one.operations, one.done) for one in phases)])
    return max([done, largest, *(one.operations for one in plan if one.whole)])


def _known_on(
    plan: Sequence[PlanEntry], daily: Daily, threshold: Amount | Fraction, on: Day
) -> Day | None:
    """The first day on which plans approved by then and the work done exceed the threshold.

    It cannot be told where the threshold is exceeded only with a plan of an unknown day.
    """
    dated = [one for one in plan if one.approved_on is not None]
    ends = daily.ends()
    days = {one.approved_on for one in dated if one.approved_on is not None} | {on}
    days |= {day for day, _ in ends}
    for day in sorted(days):
        valid = [one for one in dated if one.approved_on is not None and one.approved_on <= day]
        if valid and _in_all(valid, _done_by(ends, day, daily), daily.total) > threshold:
            return day
    return None


def _done_by(ends: Sequence[tuple[Day, Fraction]], day: Day, daily: Daily) -> Amount:
    """Work done by the end of a day, rounded up; before the first known day its own amount."""
    if not ends:
        return daily.total
    if day > ends[-1][0]:
        return daily.total
    amount = ends[0][1]
    for known, done in ends:
        if known > day:
            break
        amount = done
    return -(-amount.numerator // amount.denominator)
