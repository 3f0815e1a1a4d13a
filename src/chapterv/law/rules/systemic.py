"""Does the model carry systemic risk: capabilities, presumption, designation, rebuttal.

Regulation (EU) 2024/1689, Articles 51 and 52 and Annex XIII; guidelines, section 2.3. Compute
decides a presumption, never the matter itself; the other ways stay open beside it.
"""

from __future__ import annotations

import datetime

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, any_of, negate, of_bool
from chapterv.law.calendar import add_months
from chapterv.law.case import Case, Number
from chapterv.law.registry import clock, rule
from chapterv.law.rules.clocks import make_clock
from chapterv.law.types import Clock, Finding

__all__ = ["cumulative_bounds", "rebuttal_holds", "systemic_since"]


def cumulative_bounds(case: Case) -> tuple[Number | None, Number | None]:
    """Return what cumulative compute is at least and at most.

    Training compute is a part of it and bounds it from below (guidelines, Annex A.1).
    """
    low, high = case.bounds("model.cumulative_compute")
    part, _ = case.bounds("model.training_compute")
    if part is not None and (low is None or part > low):
        low = part
        if high is not None and high < low:
            high = None
    return low, high


@rule("act:C03", also=("gl:G3.2",))
def presumption(case: Case) -> Finding:
    """Cumulative training compute is greater than the threshold."""
    threshold = case.parameters["systemic_risk_compute"]
    low, high = cumulative_bounds(case)
    answer = case.exceeds("model.cumulative_compute", threshold, low, high)
    if answer != NOT_MET and _condition_later(case):
        answer = NOT_MET
    if answer == MET and not case.knows("model.systemic_condition_met_on"):
        case.ask("model.systemic_condition_met_on")
    return case.close(answer)


def _condition_later(case: Case) -> bool:
    """Tell whether the condition is stated to have been met only after the day asked for."""
    met_on = case.peek("model.systemic_condition_met_on")
    if met_on is not None and met_on > case.on:
        case.say("condition_later", met_on)
        return True
    return False


@rule("act:C04")
def no_presumption(case: Case) -> Finding:
    """Compute at or below the threshold: no presumption, the other ways stay possible."""
    return case.close(negate(case.answer("act:C03")))


@rule("act:D09")
def most_advanced(case: Case) -> Finding:
    """The model matches or exceeds the capabilities of the most advanced models."""
    return case.close(case.flag("model.high_impact_capabilities"))


@rule("act:C01")
def high_impact_capabilities(case: Case) -> Finding:
    """High-impact capabilities are shown or presumed, contested or not."""
    shown = case.answer("act:D09")
    presumed = any_of(case.answer("act:C03"), case.answer("gl:G3.3"), _stated_as_met(case))
    return case.close(any_of(shown, presumed))


def _stated_as_met(case: Case) -> Answer:
    """Tell whether a day is stated on which the condition was met."""
    met_on = case.peek("model.systemic_condition_met_on")
    return of_bool(met_on is not None and met_on <= case.on)


def rebuttal_holds(case: Case) -> bool:
    """Tell whether the Commission has accepted the provider's arguments by this day."""
    if case.peek("model.rebuttal") != "accepted":
        return False
    informed = case.peek("model.commission_informed_on")
    if informed is not None and informed > case.on:
        return False
    if case.peek("model.rebuttal_facts_changed"):
        case.say("G3.17.changed")
    case.say("C08.accepted")
    return True


@rule("act:C02", also=("gl:G3.18",))
def designated(case: Case) -> Finding:
    """The Commission has designated the model, and the provider has been informed."""
    day = case.peek("model.designated_on")
    if day is None:
        case.say("C02.none_on_record")
        return case.close(NOT_MET)
    if day <= case.on:
        return case.close(MET)
    return case.close(_reaches_back(case))


def _reaches_back(case: Case) -> Answer:
    """Tell whether a later designation counts on this day already.

    One for not notifying counts from the day the condition was met, any other from the day the
    provider is informed (guidelines, section 2.3.4). A ground that is not stated stays a question.
    """
    route = case.peek("model.designation_route")
    if route is None:
        case.ask("model.designation_route")
    if route != "not_notified":
        return NOT_MET
    met_on = case.value("model.systemic_condition_met_on")
    return of_bool(None if met_on is None else met_on <= case.on)


@rule("act:SR", also=("gl:G3.1",))
def systemic_risk(case: Case) -> Finding:
    """The model is a general-purpose AI model with systemic risk on this day."""
    general = case.answer("act:D08")
    if general == NOT_MET:
        return case.close(NOT_MET)
    by_decision = case.answer("act:C02")
    if by_decision == MET:
        return case.close(general)
    if rebuttal_holds(case):
        return case.close(all_of(general, by_decision))
    by_capability = case.answer("act:C01")
    presumed = any_of(case.finding("act:C03").answer, case.finding("gl:G3.3").answer)
    if by_capability == CANNOT_TELL and presumed == NOT_MET:
        # Article 51(1)(a) stays possible without compute; nothing on record shows it.
        case.ask(*case.finding("act:C01").missing)
        case.say("C04.no_other_sign")
        by_capability = NOT_MET
    return case.close(all_of(general, any_of(by_decision, by_capability)))


@rule("act:SRP")
def expected_systemic_risk(case: Case) -> Finding:
    """The model carries systemic risk, or will by the plan known for it before it is placed."""
    carries = case.answer("act:SR")
    if carries == MET:
        return case.close(carries)
    if not case.knows("model.planned_compute"):
        if case.finding("act:S04").answer != NOT_MET:
            case.ask("model.planned_compute")
        return case.close(carries)
    if case.peek("model.rebuttal") == "accepted":
        return case.close(carries)
    # A stage from before placing says that what is known is not yet the whole.
    unfinished = any_of(
        of_bool(case.peek("model.stage") in ("planned", "training")), case.answer("act:S04")
    )
    planned = all_of(unfinished, case.answer("gl:G3.7"), case.answer("act:D08"))
    return case.close(any_of(carries, planned))


@rule("act:C07")
def unnotified(case: Case) -> Finding:
    """A model with systemic risk that was not notified: the Commission may designate it."""
    return case.close(all_of(case.answer("act:SR"), negate(_notified_by(case))))


def _notified_by(case: Case) -> Answer:
    day = case.peek("model.notified_on")
    if day is not None:
        return of_bool(day <= case.on)
    return case.flag("model.notified")


@rule("act:C08")
def rebuttal_under_review(case: Case) -> Finding:
    """Arguments were filed with the notification and are not decided yet."""
    state = case.value("model.rebuttal")
    pending = of_bool(None if state is None else state == "pending")
    return case.close(pending, value={"interim": True} if pending == MET else None)


@rule("act:C09", also=("gl:G3.16",))
def rebuttal_rejected(case: Case) -> Finding:
    """The arguments were rejected: the model counts as carrying systemic risk."""
    state = case.value("model.rebuttal")
    return case.close(of_bool(None if state is None else state == "rejected"))


@rule("gl:G3.17")
def rebuttal_accepted(case: Case) -> Finding:
    """The arguments were accepted; a substantial change has to be notified again."""
    state = case.value("model.rebuttal")
    accepted = of_bool(None if state is None else state == "accepted")
    value = {"renotify_on_change": True} if accepted == MET else None
    return case.close(accepted, value=value)


@rule("gl:G3.15")
def nothing_suspended(case: Case) -> Finding:
    """Arguments are filed, and the duties run on all the same."""
    return case.close(all_of(case.answer("act:C08"), case.answer("act:SR")))


@rule("gl:G3.11")
def contested(case: Case) -> Finding:
    """The provider has contested the classification with its notification."""
    state = case.value("model.rebuttal")
    return case.close(of_bool(None if state is None else state != "none"))


@rule("gl:G3.12")
def suitable_evidence(case: Case) -> Finding:
    """The arguments rest on at least one ground that the guidelines name as suitable."""
    return case.close(_grounds(case, "suitable"))


@rule("gl:G3.13")
def mitigation_as_ground(case: Case) -> Finding:
    """The arguments rest on mitigations, which is no suitable ground."""
    rests = _grounds(case, "unsuitable")
    value = {"ground_suitable": False} if rests == MET else None
    return case.close(rests, value=value)


def _grounds(case: Case, group: str) -> Answer:
    grounds = case.value("model.rebuttal_grounds")
    named = case.parameters["suitable_grounds"][group]
    return of_bool(None if grounds is None else any(ground in named for ground in grounds))


@rule("gl:G3.19")
def designated_for_silence(case: Case) -> Finding:
    """Designated because no notice was given: systemic from the day the condition was met."""
    return case.close(all_of(case.answer("act:C02"), _route(case, "not_notified")))


def _route(case: Case, word: str) -> Answer:
    route = case.value("model.designation_route")
    return of_bool(None if route is None else route == word)


@rule("act:XIII.f", also=("act:C10",))
def reach_by_business_users(case: Case) -> Finding:
    """At least the number of registered business users from which high impact is presumed."""
    key = "model.business_users_union"
    low, high = case.bounds(key)
    threshold = case.parameters["business_users"]
    if low is not None and low >= threshold:
        case.say("at_least", key, low, threshold)
        return case.close(MET)
    if high is not None and high < threshold:
        case.say("below", key, high, threshold)
        return case.close(NOT_MET)
    case.value(key)
    return case.close(CANNOT_TELL)


def _reassessment_starts(case: Case) -> datetime.date | None:
    """Return the first day of a reassessment request, were the designation under Annex XIII."""
    day = case.peek("model.designation_maintained_on") or case.peek("model.designated_on")
    return add_months(day, case.parameters["reassessment_months"]) if day else None


@rule("act:C11")
def reassessment(case: Case) -> Finding:
    """A reassessment of the designation can be requested on this day."""
    earliest = _reassessment_starts(case)
    if case.peek("model.designated_on") is None or earliest is None:
        case.say("C02.none_on_record")
        return case.close(NOT_MET)
    case.say("C11.earliest", earliest)
    return case.close(
        all_of(
            _route(case, "annex_xiii"),
            of_bool(earliest <= case.on),
            case.flag("model.reassessment_new_reasons"),
        )
    )


@clock("act:C11", also=("gl:G3.20",))
def reassessment_clock(case: Case) -> Clock | None:
    """The earliest day of a reassessment request after a designation under Article 52(4)."""
    if case.peek("model.designation_route") != "annex_xiii":
        return None
    earliest = _reassessment_starts(case)
    if earliest is None:
        return None
    started = case.peek("model.designation_maintained_on") or case.peek("model.designated_on")
    return make_clock(
        case, "act:C11", "clock.reassessment", started, earliest, unit="months", opens=True
    )


def systemic_since(case: Case) -> datetime.date | None:
    """Return the day since which the model has carried systemic risk, where it is known."""
    met_on: datetime.date | None = case.peek("model.systemic_condition_met_on")
    designated_on: datetime.date | None = case.peek("model.designated_on")
    if designated_on is not None and case.peek("model.designation_route") == "not_notified":
        return met_on or designated_on
    days = [day for day in (met_on, designated_on) if day is not None]
    return min(days, default=None)
