"""Legacy models and the days on which duties begin.

Regulation (EU) 2024/1689, Articles 111(3) and 113; guidelines, sections 2.2 and 5.3. Whether a
model is a legacy model is asked of the model: an updated version keeps the time given, a new large
pre-training run does not.
"""

from __future__ import annotations

import datetime
from typing import Any

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, negate, of_bool
from chapterv.law.case import Case
from chapterv.law.registry import rule
from chapterv.law.rules.scope import placing_day
from chapterv.law.types import Finding

__all__ = ["comply_by", "duties_from"]


def _legacy(case: Case) -> Answer:
    cut_off: datetime.date = case.parameters["legacy_cut_off"]
    placed_on = case.peek("model.placed_on")
    version_on = case.peek("model.version_placed_on")
    if version_on is not None and version_on >= cut_off:
        if placed_on is not None and placed_on >= cut_off:
            return NOT_MET
        return negate(case.flag("model.new_pretraining_run"))
    day = placed_on or version_on
    if day is not None:
        case.say("T05.before" if day < cut_off else "T05.after", day, cut_off)
        return of_bool(day < cut_off)
    released = case.peek("model.first_released_on")
    if released is not None and released >= cut_off:
        case.say("T05.released", released, cut_off)
        return NOT_MET
    if case.on < cut_off and case.answer("act:S04") == NOT_MET:
        return MET
    if case.on >= cut_off and case.peek("model.stage") in ("planned", "training", "trained"):
        case.say("T05.not_placed_yet", cut_off)
        return NOT_MET
    case.value("model.placed_on")
    return CANNOT_TELL


@rule("act:T05", also=("gl:E4",))
def legacy(case: Case) -> Finding:
    """The model was placed on the market before the cut-off, so there is time to comply."""
    answer = _legacy(case)
    return case.close(answer, value=_compliance_day(case, answer))


def _compliance_day(case: Case, answer: Answer) -> dict[str, Any] | None:
    if answer == CANNOT_TELL:
        return None
    day = case.parameters["legacy_comply_by"] if answer == MET else placing_day(case)
    return {"comply_by": day} if day else None


@rule("act:T06")
def no_grace(case: Case) -> Finding:
    """The model was placed on or after the cut-off: duties from the day of placing."""
    return case.close(negate(case.answer("act:T05")))


def duties_from(case: Case) -> datetime.date | None:
    """Return the first day of the duties: placing, not before Chapter V applied."""
    day = placing_day(case)
    applies: datetime.date = case.parameters["chapter_v_applies"]
    return max(day, applies) if day else None


def comply_by(case: Case) -> datetime.date | None:
    """Return the day by which duties have to be met: placing, or the end of the time given."""
    value = case.finding("act:T05").value
    day: datetime.date | None = value["comply_by"] if value else None
    return day


@rule("gl:E6")
def tell_of_difficulties(case: Case) -> Finding:
    """Trained, in training or planned when Chapter V began, and difficulties are expected."""
    early = case.answer("act:T05")
    if early == NOT_MET:
        started = case.value("model.training_started_on")
        begun = None if started is None else started <= case.parameters["chapter_v_applies"]
        early = of_bool(begun)
    return case.close(all_of(early, case.flag("provider.told_ai_office_of_difficulties")))


@rule("gl:E5")
def no_retraining(case: Case) -> Finding:
    """A legacy model whose training-data information is missing: disclose and justify."""
    return case.close(
        all_of(case.answer("act:T05"), case.flag("model.training_data_information_missing"))
    )
