"""Making clocks: one way of saying since when, to which day, and in which state."""

from __future__ import annotations

import datetime
from typing import Literal

from chapterv.law.calendar import rolled
from chapterv.law.case import Case
from chapterv.law.types import Clock

__all__ = ["make_clock"]

_COUNTING = "calendar days, day of the event not counted"


def make_clock(
    case: Case,
    row: str,
    started_by: str,
    started_on: datetime.date | None,
    due: datetime.date | None,
    *,
    unit: str = "days",
    done_on: datetime.date | None = None,
    done: bool = False,
    opens: bool = False,
    strictly_before: bool = False,
) -> Clock:
    """Return a clock and its state on the day of the evaluation.

    Args:
        case: the evaluation.
        row: row of the law that sets the period.
        started_by: text code of what started it.
        started_on: day of the event, not counted.
        due: last day of the period.
        unit: unit of the period, for display.
        done_on: day on which what was due was done.
        done: it was done, on a day that is not known.
        opens: the day opens a right instead of ending a period; it is never late.
        strictly_before: on the day itself it is too late.
    """
    provision = case.law.pack.rows[row]
    return Clock(
        row,
        provision.title,
        started_by,
        started_on,
        due,
        rolled(due) if due and not opens and not strictly_before else due,
        _state(case.on, due, done_on, done, opens, strictly_before),
        _COUNTING,
        unit,
        (provision.citation,),
        done_on,
        strictly_before,
        case.subject,
    )


def _state(
    on: datetime.date,
    due: datetime.date | None,
    done_on: datetime.date | None,
    done: bool,
    opens: bool,
    strictly_before: bool,
) -> Literal["not_started", "running", "due", "late", "satisfied"]:
    if done or (done_on is not None and done_on <= on):
        return "satisfied"
    if due is None or on < due:
        return "running"
    if opens:
        return "due"
    if strictly_before:
        return "late"
    return "due" if on == due else "late"
