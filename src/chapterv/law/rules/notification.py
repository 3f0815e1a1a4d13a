"""When the Commission has to be told, and what the notice has to hold.

Regulation (EU) 2024/1689, Article 52(1) and recital 112; guidelines, sections 2.3.2 and 5.3. The
period runs from the earlier of two days: the requirement is met, or is known to be going to be met.
"""

from __future__ import annotations

import datetime
import re

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, any_of, negate, of_bool
from chapterv.law.calendar import add_days
from chapterv.law.case import Case
from chapterv.law.registry import clock, rule
from chapterv.law.rules.clocks import make_clock
from chapterv.law.rules.systemic import rebuttal_holds
from chapterv.law.types import Clock, Finding

__all__ = ["notification_event"]

_UNDER_WAY = ("planned", "training")
_EVENTS = ("model.compute_known_on", "model.systemic_condition_met_on")


def _planned_above(case: Case) -> Answer:
    """Tell whether the plan known by this day exceeds the threshold."""
    threshold = case.parameters["systemic_risk_compute"]
    low, high = case.bounds("model.planned_compute")
    if low is None and high is None:
        return CANNOT_TELL
    known_on = case.peek("model.compute_known_on")
    if known_on is not None and known_on > case.on:
        case.say("known_later", known_on)
        return NOT_MET
    above = case.exceeds("model.planned_compute", threshold, low, high)
    if above == MET and known_on is None:
        case.ask("model.compute_known_on")
    return above


@rule("gl:G3.7", also=("gl:G3.6",))
def plan_meets_threshold(case: Case) -> Finding:
    """The estimate of cumulative compute made before or during training exceeds the threshold."""
    answer = _planned_above(case)
    if answer == CANNOT_TELL and not case.knows("model.planned_compute"):
        if case.answer("act:S04") == NOT_MET:
            return case.close(NOT_MET)
        case.value("model.planned_compute")
    return case.close(answer)


@rule("act:C06", also=("gl:G3.5",))
def notice_due(case: Case) -> Finding:
    """The requirement is met or known to be going to be met: the Commission has to be notified."""
    reached = all_of(
        case.answer("act:D08"),
        case.answer("act:S01"),
        negate(case.answer("act:S03")),
        case.answer("gl:G5.0"),
    )
    if reached == NOT_MET:
        return case.close(NOT_MET)
    met = _requirement_met(case)
    planned = _planned_above(case)
    if planned == CANNOT_TELL and not case.knows("model.planned_compute"):
        # No plan on record says nothing of the requirement itself.
        planned = NOT_MET
        _ask_for_the_plan(case)
    elif planned == NOT_MET and met == CANNOT_TELL and _not_trained_yet(case):
        case.say("C06.plan_below")
        case.ask(*case.finding("act:C01").missing)
        met = NOT_MET
    return case.close(all_of(reached, any_of(met, planned)))


def _ask_for_the_plan(case: Case) -> None:
    """Ask for the plan of a model that is not placed yet; a placed one has no plan to come."""
    if case.finding("act:S04").answer != NOT_MET:
        case.ask("model.planned_compute")


def _requirement_met(case: Case) -> Answer:
    """Tell whether Article 51(1)(a) is met, on the signs that the law names today."""
    if rebuttal_holds(case):
        return NOT_MET
    met = case.answer("act:C01")
    signs = any_of(case.finding("act:C03").answer, case.finding("gl:G3.3").answer)
    if met == CANNOT_TELL and signs == NOT_MET:
        case.ask(*case.finding("act:C01").missing)
        return NOT_MET
    return met


def _not_trained_yet(case: Case) -> bool:
    return case.peek("model.stage") in _UNDER_WAY


@rule("gl:G3.4")
def trigger_by_guidelines(case: Case) -> Finding:
    """One of the two triggers that the guidelines know today: compute, or a modification."""
    planned = _planned_above(case)
    if planned == CANNOT_TELL and not case.knows("model.planned_compute"):
        planned = NOT_MET
        _ask_for_the_plan(case)
    return case.close(any_of(case.answer("act:C03"), case.answer("gl:G3.3"), planned))


@rule("gl:G3.8")
def keep_watching(case: Case) -> Finding:
    """The estimate is below the threshold: watch actual and expected compute."""
    general = case.answer("act:D08")
    threshold = case.parameters["systemic_risk_compute"]
    actual = case.answer("act:C03")
    low, high = case.bounds("model.planned_compute")
    planned = NOT_MET
    if low is not None or high is not None:
        planned = case.exceeds("model.planned_compute", threshold, low, high)
        if actual == CANNOT_TELL:
            case.ask(*case.finding("act:C03").missing)
            actual = NOT_MET
    else:
        _ask_for_the_plan(case)
    return case.close(all_of(general, negate(actual), negate(planned)))


def notification_event(case: Case) -> datetime.date | None:
    """Return the day that started the period, not before Chapter V applied.

    Where no day is stated, the event lies between the start of Chapter V and today; it is known
    only when the two are one day (guidelines, section 5.3).
    """
    days: list[datetime.date] = [
        day for day in (case.peek(key) for key in _EVENTS) if day is not None and day <= case.on
    ]
    applies: datetime.date = case.parameters["chapter_v_applies"]
    if days:
        return max(min(days), applies)
    return applies if case.on == applies else None


@clock("act:C06", also=("gl:G3.9", "gl:G3.22"))
def notice_clock(case: Case) -> Clock | None:
    """Two weeks to notify, from the first of the two events."""
    if case.answer("act:C06") != MET:
        return None
    started = notification_event(case)
    if started is None:
        case.missing("model.compute_known_on")
    due = add_days(started, case.parameters["notification_days"]) if started else None
    if case.answer("act:T05") == MET:
        end = case.parameters["legacy_comply_by"]
        due = max(due, end) if due else end
    notified_on = case.peek("model.notified_on")
    return make_clock(
        case,
        "act:C06",
        "clock.notification",
        started,
        due,
        done_on=notified_on if notified_on is not None and notified_on <= case.on else None,
        done=notified_on is None and case.peek("model.notified") is True,
    )


@rule("gl:G3.22")
def trained_before_the_start(case: Case) -> Finding:
    """The training was known to reach the threshold when Chapter V began to apply."""
    applies = case.parameters["chapter_v_applies"]
    due = case.answer("act:C06")
    days = [case.peek(key) for key in _EVENTS]
    if any(day is not None and day <= applies for day in days) or case.on == applies:
        return case.close(due)
    if days == [None, None]:
        case.value("model.compute_known_on")
        return case.close(all_of(due, CANNOT_TELL))
    case.ask(*(key for key in _EVENTS if not case.knows(key)))
    return case.close(NOT_MET)


_MANTISSA = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(?:[x×*·]\s*10\s*\^?\s*|e\+?)", re.IGNORECASE)
_SUPERSCRIPT = re.compile(r"10[⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def _figures(text: str) -> int | None:
    """Return the significant figures of a compute figure as written, None if unreadable."""
    match = _MANTISSA.match(text)
    if match is None:
        return 1 if re.match(r"\s*10\s*\^", text) or _SUPERSCRIPT.match(text.strip()) else None
    return len(match.group(1).replace(".", "").replace(",", "").lstrip("0"))


@rule("gl:G3.10", about="notification")
def notice_content(case: Case) -> Finding:
    """The notice gives the compute with enough figures and describes how it was estimated."""
    text = case.value("notification.compute_text")
    wanted = case.parameters["notified_figures"]
    figures = None if text is None else _figures(text) or 0
    enough = of_bool(None if figures is None else figures >= wanted)
    described = case.flag("notification.method_described")
    lacking = []
    if enough == NOT_MET:
        lacking.append("two_significant_figures")
    if described == NOT_MET:
        lacking.append("estimation_method")
    return case.close(all_of(enough, described), value={"missing": lacking})
