"""The duties of Articles 25, 52 to 55: each with its status on the day, since when and by when.

Regulation (EU) 2024/1689, Articles 53 to 55 and 111(3). Every duty passes the same stages in one
order: reached by the chapter, own condition met, not exempt, begun, out of the time given. A stage
that is open leaves the status open only if it could change it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import msgspec

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, negate, of_bool
from chapterv.law.case import Case
from chapterv.law.registry import obligation
from chapterv.law.rules.dates import comply_by, duties_from
from chapterv.law.rules.notification import notice_clock
from chapterv.law.rules.provider import third_country
from chapterv.law.rules.systemic import systemic_since
from chapterv.law.types import Obligation, Status

__all__: list[str] = []

Stage = tuple[Status, Answer]
Stages = tuple[Stage, ...]


def _status(stages: Iterable[Stage]) -> Status:
    """Return the one status that the open stages leave possible, or cannot_tell."""
    possible: list[Status] = []
    for status, answer in stages:
        if answer != NOT_MET and status not in possible:
            possible.append(status)
        if answer == MET:
            break
    else:
        possible.append("applies")
    if possible == ["out_of_scope", "not_applicable"]:
        # Off either way: its own condition is not met, whether or not the chapter reaches it.
        return "not_applicable"
    return possible[0] if len(possible) == 1 else "cannot_tell"


def _stages(case: Case, condition: Answer = MET, exemption: Answer = NOT_MET) -> Stages:
    """Return the stages of a duty, in the order that the engine conventions give."""
    return (
        ("out_of_scope", negate(case.answer("act:REACH"))),
        ("not_applicable", negate(condition)),
        ("exempt", exemption),
        ("not_yet", _not_begun(case)),
        ("grace", _in_grace(case)),
    )


def _not_begun(case: Case) -> Answer:
    if case.on < case.parameters["chapter_v_applies"]:
        case.say("not_begun", case.parameters["chapter_v_applies"])
        return MET
    return case.answer("act:S04")


def _in_grace(case: Case) -> Answer:
    end = case.parameters["legacy_comply_by"]
    if case.on >= end:
        return NOT_MET
    return case.answer("act:T05")


Period = tuple[datetime.date | None, datetime.date | None]
"""Since when a duty is owed and by when it has to be met, as far as that is known."""


def _from_placing(case: Case, since: datetime.date | None = None) -> Period:
    """Return the period of a duty that begins with placing, or later where `since` is later."""
    days = [day for day in (since, duties_from(case)) if day is not None]
    starts = max(days, default=None)
    end = comply_by(case)
    return starts, max(starts, end) if starts and end else end


def _duty(
    case: Case,
    row: str,
    stages: Stages,
    *,
    period: Period | None = None,
    until: datetime.date | None = None,
) -> Obligation:
    """Put a duty together from its stages and the data that the pack holds of it."""
    status = _status(stages)
    duty = case.law.pack.duties[row]
    starts, due = period if period is not None else _from_placing(case)
    if duty.standing and status != "grace":
        due = None
    owed = status in ("applies", "grace", "not_yet", "cannot_tell")
    steps, missing, asks = case.trace()
    return Obligation(
        row,
        duty.title,
        duty.actor,
        status,
        (case.law.pack.rows[row].citation,),
        starts if owed else None,
        due if owed else None,
        until,
        duty.discharged_by,
        "missing",
        steps,
        missing if status == CANNOT_TELL else asks,
        duty.value,
        case.law.pack.rows[row].our_reading,
        case.subject,
    )


@obligation("act:O01")
def technical_documentation(case: Case) -> Obligation:
    """Technical documentation for the AI Office and national authorities."""
    return _duty(case, "act:O01", _stages(case, exemption=case.answer("act:O05")))


@obligation("act:O02")
def downstream_information(case: Case) -> Obligation:
    """Information for providers who intend to integrate the model."""
    return _duty(case, "act:O02", _stages(case, exemption=case.answer("act:O05")))


@obligation("act:O03")
def copyright_policy(case: Case) -> Obligation:
    """A policy to comply with copyright law, and opt-outs identified and respected."""
    return _duty(case, "act:O03", _stages(case))


@obligation("act:O04")
def training_summary(case: Case) -> Obligation:
    """A public, sufficiently detailed summary of the training content."""
    return _duty(case, "act:O04", _stages(case))


@obligation("act:O06")
def cooperation(case: Case) -> Obligation:
    """Cooperation with the Commission and national authorities."""
    return _duty(case, "act:O06", _stages(case))


@obligation("act:T05", also=("gl:E4",))
def legacy_steps(case: Case) -> Obligation:
    """The steps of a legacy model's provider until the end of the time given."""
    legacy = case.answer("act:T05")
    stages: Stages = (
        ("out_of_scope", negate(case.answer("act:REACH"))),
        ("not_applicable", negate(legacy)),
        ("not_yet", of_bool(case.on < case.parameters["chapter_v_applies"])),
    )
    made = _duty(case, "act:T05", stages)
    if made.due or legacy == CANNOT_TELL:
        return made
    # Said also of a model without the grace: by when its duties have to be met.
    return msgspec.structs.replace(made, due=comply_by(case))


def _representative_stages(case: Case) -> Stages:
    return _stages(case, condition=third_country(case), exemption=case.answer("act:O05"))


@obligation("act:A01")
def appoint_representative(case: Case) -> Obligation:
    """Appoint an authorised representative in the Union before placing the model."""
    return _duty(case, "act:A01", _representative_stages(case))


@obligation("act:A02")
def enable_representative(case: Case) -> Obligation:
    """Enable the representative to perform its tasks."""
    return _duty(case, "act:A02", _representative_stages(case))


@obligation("act:A03")
def tasks_of_representative(case: Case) -> Obligation:
    """The tasks of the representative, documentation kept for ten years among them."""
    return _duty(case, "act:A03", _representative_stages(case))


@obligation("act:A05")
def terminate_mandate(case: Case) -> Obligation:
    """The representative ends the mandate where it considers the provider in breach."""
    day = case.peek("representative.considers_breach_on")
    if day is None and case.finding("act:A01").answer != NOT_MET:
        case.ask("representative.considers_breach_on")
    considers = of_bool(day is not None and day <= case.on)
    stages: Stages = (
        ("out_of_scope", negate(case.answer("act:REACH"))),
        ("not_applicable", negate(considers)),
        ("not_yet", _not_begun(case)),
    )
    return _duty(case, "act:A05", stages, period=(day, day))


@obligation("act:C06")
def notify(case: Case) -> Obligation:
    """Notify the Commission without delay, at most two weeks after the first event."""
    clock = notice_clock(case)
    case.fresh()
    due = case.answer("act:C06")
    reached = (
        MET if MET in (case.answer("act:S01"), case.answer("act:SR")) else case.answer("act:S01")
    )
    stages: Stages = (
        ("out_of_scope", negate(reached)),
        ("not_applicable", negate(due)),
        ("not_yet", of_bool(case.on < case.parameters["chapter_v_applies"])),
        ("grace", _in_grace(case)),
    )
    period = (clock.started_on, clock.due) if clock else (None, None)
    return _duty(case, "act:C06", stages, period=period)


def _systemic_duty(case: Case, row: str) -> Obligation:
    """A duty of Article 55: from placing, or from the day the model carries systemic risk."""
    stages = _stages(case, condition=case.answer("act:SRP"))
    period = _from_placing(case, systemic_since(case))
    return _duty(case, row, stages, period=period, until=_released_on(case))


def _released_on(case: Case) -> datetime.date | None:
    """Return the day on which accepted arguments freed the provider of Article 55."""
    if case.peek("model.rebuttal") != "accepted":
        return None
    day: datetime.date | None = case.peek("model.commission_informed_on")
    return day


@obligation("act:R01")
def evaluate(case: Case) -> Obligation:
    """Evaluate the model by standardised protocols, adversarial testing documented."""
    return _systemic_duty(case, "act:R01")


@obligation("act:R02")
def assess_and_mitigate(case: Case) -> Obligation:
    """Assess and mitigate systemic risks at Union level."""
    return _systemic_duty(case, "act:R02")


@obligation("act:R03")
def report_incidents(case: Case) -> Obligation:
    """Track, document and report serious incidents without undue delay."""
    return _systemic_duty(case, "act:R03")


@obligation("act:R04")
def secure(case: Case) -> Obligation:
    """Adequate cybersecurity of the model and its physical infrastructure."""
    return _systemic_duty(case, "act:R04")


@obligation("act:V01")
def agreement_with_integrator(case: Case) -> Obligation:
    """Written agreement with the provider of a high-risk system that integrates the model."""
    used = case.flag("model.used_in_high_risk_system")
    # The carve-out for open components does not reach general-purpose models.
    open_component = all_of(negate(case.answer("act:D08")), case.answer("gl:G6.4"))
    annex = case.peek("model.high_risk_annex")
    dates = case.parameters["high_risk_applies"]
    first, last = min(dates.values()), max(dates.values())
    if annex is not None:
        first = last = dates[annex]
    elif first <= case.on < last:
        case.missing("model.high_risk_annex")
    begun = of_bool(True if case.on >= last else False if case.on < first else None)
    stages: Stages = (
        ("out_of_scope", negate(case.answer("act:S01"))),
        ("not_applicable", negate(all_of(used, negate(open_component)))),
        ("not_yet", negate(begun)),
    )
    return _duty(case, "act:V01", stages, period=(first, first))
