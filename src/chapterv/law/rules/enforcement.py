"""What the Commission can do, to whom, since when, and up to which ceiling.

Regulation (EU) 2024/1689, Articles 75(3), 89, 91 to 93, 101 and 3(49); guidelines, section 5.
A ceiling is a ceiling: nothing here foretells a fine.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from chapterv.facts import Amount
from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, any_of, of_bool
from chapterv.law.calendar import add_days
from chapterv.law.case import Case
from chapterv.law.registry import clock, rule
from chapterv.law.rules.clocks import make_clock
from chapterv.law.types import Clock, Finding

__all__: list[str] = []


def _enforced(case: Case) -> Answer:
    starts = case.parameters["enforcement_applies"]
    case.say("enforced" if case.on >= starts else "not_enforced", starts)
    return of_bool(case.on >= starts)


def _powers(case: Case) -> Answer:
    """Powers exist from their date on, towards providers whom the chapter reaches."""
    enforced = _enforced(case)
    if enforced == NOT_MET:
        return NOT_MET
    return all_of(enforced, case.answer("act:REACH"))


@rule("act:E07")
def information_request(case: Case) -> Finding:
    """The Commission can request documentation and further information."""
    return case.close(_powers(case))


@rule("act:E10", also=("act:E11",))
def evaluation(case: Case) -> Finding:
    """The AI Office can evaluate the model, where information is short or risk is at stake."""
    return case.close(_powers(case))


@rule("act:E14")
def measures(case: Case) -> Finding:
    """The Commission can request measures, mitigation, restriction, withdrawal or recall."""
    return case.close(_powers(case))


def _ceiling(case: Case) -> dict[str, Any]:
    """Return the ceiling: the higher of a share of turnover and a fixed amount."""
    fixed: int = case.parameters["fine_amount"]
    low, high = case.bounds("provider.turnover_eur")
    if low is None or low != high:
        case.missing("provider.turnover_eur")
        return {"fine_cap_eur": CANNOT_TELL, "fine_cap_at_least_eur": _cap(case, low or 0, fixed)}
    cap = _cap(case, low, fixed)
    case.say("E17.ceiling", cap)
    return {"fine_cap_eur": cap, "max_fine_eur": cap}


def _cap(case: Case, turnover: Amount | Fraction, fixed: int) -> Amount:
    share = Fraction(turnover) * case.parameters["fine_share"]
    if share <= fixed:
        return fixed
    if share.denominator == 1:
        return int(share)
    return (Decimal(share.numerator) / Decimal(share.denominator)).normalize()


@rule("act:E17", also=("gl:E2", "act:E20", "act:E21"))
def fine(case: Case) -> Finding:
    """A fine is possible: in force, intent or negligence, and never under a lower cap."""
    value = _ceiling(case)
    intent = case.peek("provider.breach_intent")
    if intent is None:
        case.ask("provider.breach_intent")
    wilful = of_bool(intent is None or intent != "none")
    if wilful == NOT_MET:
        case.say("E17.no_intent")
        return case.close(NOT_MET, value=value | {"fine_possible": False})
    answer = _powers(case)
    if answer != CANNOT_TELL:
        value["fine_possible"] = answer == MET
    return case.close(answer, value=value)


@rule("gl:E1")
def first_year(case: Case) -> Finding:
    """The duties bind; whether the Commission can fine on this day is said beside."""
    applies = case.parameters["chapter_v_applies"]
    begun = of_bool(case.on >= applies)
    case.say("begun" if begun == MET else "not_begun", applies)
    answer = begun if begun == NOT_MET else all_of(begun, case.answer("act:REACH"))
    value = {
        "obligations_apply": answer == MET,
        "commission_fines_possible": _enforced(case) == MET,
    }
    return case.close(answer, value=None if answer == CANNOT_TELL else value)


@rule("act:E05", about="complaint")
def complaint(case: Case) -> Finding:
    """A downstream provider can lodge a complaint."""
    enforced = _enforced(case)
    who = case.value("complaint.complainant")
    right = of_bool(None if who is None else who == "downstream_provider")
    return case.close(all_of(enforced, right))


@rule("gl:E15", about="complaint")
def reasoned_complaint(case: Case) -> Finding:
    """A downstream provider's complaint, duly reasoned."""
    return case.close(all_of(case.answer("act:E05"), case.flag("complaint.reasoned")))


@rule("act:E03", about="request")
def market_surveillance_request(case: Case) -> Finding:
    """A market surveillance authority asks the AI Office for information on the model."""
    kind = case.value("request.kind")
    asked = of_bool(None if kind is None else kind == "market_surveillance")
    return case.close(all_of(_enforced(case), asked))


@clock("act:E03", about="request")
def market_surveillance_clock(case: Case) -> Clock | None:
    """The AI Office gives the relevant information within thirty days."""
    if case.answer("act:E03") != MET:
        return None
    received = case.value("request.received_on")
    if received is None:
        return None
    due = add_days(received, case.parameters["market_surveillance_days"])
    answered = case.peek("request.answered_on")
    return make_clock(case, "act:E03", "clock.request", received, due, done_on=answered)


@rule("act:D07", about="incident")
def serious_incident(case: Case) -> Finding:
    """An outcome that the Act names: death or harm, infrastructure, rights, property."""
    outcomes = case.value("incident.outcomes")
    named = case.parameters["incident_outcomes"]["act"]
    return case.close(of_bool(None if outcomes is None else any(o in named for o in outcomes)))


@rule("gl:E14", about="incident")
def serious_incident_by_guidelines(case: Case) -> Finding:
    """A serious incident by the guidelines, serious cybersecurity breaches among them."""
    kind = case.value("incident.kind")
    kinds = case.parameters["incident_outcomes"]["guidelines_kinds"]
    breach = of_bool(None if kind is None else kind in kinds)
    if breach == MET:
        return case.close(MET)
    return case.close(any_of(breach, case.answer("act:D07")))


@rule("act:R03", about="incident")
def incident_deadline(case: Case) -> Finding:
    """The Act sets no number of days for the report: without undue delay."""
    return case.close(all_of(case.answer("act:SR"), case.answer("gl:E14")))


@rule("act:V02")
def turned_high_risk(case: Case) -> Finding:
    """The model is used in a high-risk system."""
    return case.close(case.flag("model.used_in_high_risk_system"))
