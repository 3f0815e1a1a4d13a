"""The authorised representative: when one is needed, what it does, how long it keeps papers.

Regulation (EU) 2024/1689, Article 54; guidelines, section 3.1. A mandate counts from the day it is
accepted, and it has to be there before the model is placed: on the day itself it is too late.
"""

from __future__ import annotations

import datetime

from chapterv.law.answers import MET, NOT_MET, all_of, negate, of_bool
from chapterv.law.calendar import add_years
from chapterv.law.case import Case
from chapterv.law.registry import clock, rule
from chapterv.law.rules.clocks import make_clock
from chapterv.law.rules.dates import comply_by, duties_from
from chapterv.law.rules.provider import third_country
from chapterv.law.rules.scope import placing_day
from chapterv.law.types import Clock, Finding

__all__: list[str] = []


@rule("act:A01", also=("act:A02",))
def needed(case: Case) -> Finding:
    """A representative is needed: established outside the Union and no open-source relief."""
    abroad = third_country(case)
    if abroad == NOT_MET:
        return case.close(NOT_MET)
    return case.close(all_of(abroad, case.answer("act:REACH"), negate(case.answer("act:O05"))))


def _accepted_on(case: Case) -> datetime.date | None:
    day: datetime.date | None = case.peek("representative.mandate_accepted_on")
    return day


@clock("act:A01")
def appointment_clock(case: Case) -> Clock | None:
    """The mandate has to be accepted before the day of placing, or by the end of the grace."""
    if case.answer("act:A01") != MET:
        return None
    due = comply_by(case)
    if due is None:
        return None
    legacy = case.answer("act:T05") == MET
    return make_clock(
        case,
        "act:A01",
        "clock.placing",
        placing_day(case),
        due,
        done_on=_accepted_on(case),
        strictly_before=not legacy,
    )


@clock("act:A03")
def keeping_clock(case: Case) -> Clock | None:
    """Documentation is kept for ten years after placing, the last day included."""
    if case.answer("act:A01") != MET:
        return None
    placed = duties_from(case) and placing_day(case)
    if placed is None or placed > case.on:
        return None
    until = add_years(placed, case.parameters["representative_keeps_years"])
    return make_clock(case, "act:A03", "clock.placing", placed, until, unit="years", opens=True)


@rule("act:A05")
def must_terminate(case: Case) -> Finding:
    """The representative considers the provider to be in breach, so the mandate has to end."""
    day = case.value("representative.considers_breach_on")
    answer = of_bool(None if day is None else day <= case.on)
    value = {
        "must_terminate": True,
        "inform_ai_office": "immediately",
        "reasons_needed": True,
    }
    return case.close(answer, value=value if answer == MET else None)
