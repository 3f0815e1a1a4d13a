"""Does the Act reach the model: market, research, internal use, and the time of placing.

Regulation (EU) 2024/1689, Articles 2 and 3(3), (9) to (11), recital 97; guidelines, sections 2.1
and 3.1. What is supplied, where and when decides; who the provider is stands in `provider.py`.
"""

from __future__ import annotations

import datetime

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, any_of, negate, of_bool
from chapterv.law.case import Case
from chapterv.law.registry import rule
from chapterv.law.types import Finding

__all__ = ["placing_day", "placing_has_happened"]

_BEFORE_PLACING = ("planned", "training", "trained")
_IN_UNION = ("placed_union", "put_into_service_union")


def placing_day(case: Case) -> datetime.date | None:
    """Return the day on which this model was, or is to be, placed on the Union market.

    A version that rests on a new large pre-training run is a new model with its own day.
    """
    if case.knows("model.version_placed_on") and case.peek("model.new_pretraining_run"):
        day: datetime.date | None = case.peek("model.version_placed_on")
        return day
    day = case.peek("model.placed_on")
    return day


def placing_has_happened(case: Case) -> Answer:
    """Tell whether the model has been placed by the day of the evaluation, wherever that is."""
    day = placing_day(case)
    if case.knows("model.version_placed_on") and not case.knows("model.new_pretraining_run"):
        case.ask("model.new_pretraining_run")
    if day is not None:
        case.say("placed_by" if day <= case.on else "placed_later", day, case.on)
        return of_bool(day <= case.on)
    stage = case.peek("model.stage")
    if stage is not None:
        return of_bool(stage not in _BEFORE_PLACING)
    if case.peek("model.first_supply_in_union"):
        return MET
    case.value("model.placed_on")
    return CANNOT_TELL


def system_in_union(case: Case) -> Answer:
    """Tell whether a system that integrates the model reached the Union market or service."""
    answers = []
    for part in case.parts_of("system"):
        held = part.get("system.union_market")
        if held is None:
            case.missing("system.union_market")
        answers.append(of_bool(None if held is None else held.value in _IN_UNION))
    if any(answer == MET for answer in answers):
        case.say("system_in_union")
    return any_of(*answers)


def external_routes(case: Case) -> bool:
    """Tell whether a stated way of placing goes beyond the provider's own internal use."""
    routes = case.peek("model.placing_routes") or ()
    return any(route != "internal" for route in routes)


def only_internal(case: Case) -> Answer:
    """Tell whether the model is used in purely internal processes only."""
    known = case.peek("model.internal_only")
    if known is not None:
        return of_bool(known)
    routes = case.peek("model.placing_routes")
    if routes:
        return of_bool(tuple(routes) == ("internal",))
    case.value("model.internal_only")
    return CANNOT_TELL


@rule("act:D04", also=("gl:G4.7",))
def commercial_supply(case: Case) -> Finding:
    """Making available is supply in the course of a commercial activity, paid or free."""
    return case.close(case.flag("model.commercial_activity"))


@rule("act:S01", also=("gl:G4.6",))
def union_market(case: Case) -> Finding:
    """The provider places, or is to place, the model on the Union market."""
    if case.peek("model.commercial_activity") is False:
        case.say("S01.not_commercial")
        return case.close(NOT_MET)
    if not case.knows("model.commercial_activity"):
        case.ask("model.commercial_activity")
    systems = system_in_union(case)
    market = case.peek("model.union_market")
    if market == "true" or systems == MET:
        return case.close(MET)
    if market is not None:
        if not case.parts_of("system"):
            # A system of somebody else may have carried the model there.
            case.ask("system.union_market")
        return case.close(systems)
    if case.peek("model.placed_on") is not None or case.peek("model.first_supply_in_union"):
        case.say("S01.by_date")
        return case.close(MET)
    if case.peek("model.first_supplied_in") == "union":
        return case.close(MET)
    case.value("model.union_market")
    return case.close(CANNOT_TELL)


@rule("act:D03")
def placed_on_the_market(case: Case) -> Finding:
    """The model has been made available on the Union market for the first time."""
    internal = only_internal(case)
    if internal == MET:
        return case.close(case.answer("gl:P9"))
    if internal == CANNOT_TELL:
        case.ask("model.internal_only")
    happened = placing_has_happened(case)
    return case.close(all_of(case.answer("act:S01"), happened))


@rule("act:S02")
def outputs_only(case: Case) -> Finding:
    """Only outputs of a third-country system are used in the Union: no limb for models."""
    outputs = case.flag("model.outputs_used_in_union")
    return case.close(all_of(outputs, negate(case.answer("act:S01"))))


@rule("act:S03")
def sole_scientific_research(case: Case) -> Finding:
    """The model is developed and put into service for the sole purpose of scientific research."""
    known = case.peek("model.sole_scientific_research")
    if known is not None:
        return case.close(of_bool(known))
    case.ask("model.sole_scientific_research")
    if case.answer("act:S01") == MET:
        case.say("S03.placed")
        return case.close(NOT_MET, indicated=True)
    case.value("model.sole_scientific_research")
    return case.close(CANNOT_TELL)


@rule("act:S04", also=("gl:G1.7",))
def before_placing(case: Case) -> Finding:
    """Research, testing and development before the model is placed on the market."""
    return case.close(negate(placing_has_happened(case)))


@rule("act:S05")
def open_systems(case: Case) -> Finding:
    """The model is released under a free and open-source licence; that excludes systems only."""
    case.say("S05.systems_only")
    return case.close(case.answer("act:FOSS"))


@rule("act:S06")
def internal_use(case: Case) -> Finding:
    """Own model in purely internal processes, nobody affected, no systemic risk."""
    internal = only_internal(case)
    if internal == CANNOT_TELL and case.answer("act:S01") == MET:
        case.ask("model.internal_only")
        case.say("S06.supplied")
        return case.close(NOT_MET, indicated=True)
    if internal == NOT_MET:
        return case.close(NOT_MET)
    return case.close(
        all_of(
            internal,
            negate(case.flag("model.essential_for_third_parties")),
            negate(case.flag("model.affects_persons_rights")),
            negate(case.answer("act:SR")),
        )
    )


@rule("act:S07")
def military(case: Case) -> Finding:
    """The model is for military, defence or national security purposes only."""
    return case.close(case.flag("model.exclusively_military_use"))


@rule("act:S08", also=("gl:G4.8",))
def in_own_system(case: Case) -> Finding:
    """The provider's own model is in its own system that is made available or put into service."""
    own = case.flag("model.own_system_integrated")
    return case.close(own, value={"model_provider": "system_provider"} if own == MET else None)


_WAYS = {
    "gl:P1": "library",
    "gl:P2": "api",
    "gl:P3": "repository",
    "gl:P4": "physical_copy",
    "gl:P5": "cloud",
    "gl:P6": "customer_infrastructure",
    "gl:P7": "web_interface",
    "gl:P8": "mobile_app",
}


def _way(row: str, word: str) -> None:
    @rule(row)
    def placed_this_way(case: Case) -> Finding:
        """The model is supplied in this way."""
        routes = case.value("model.placing_routes")
        return case.close(of_bool(None if routes is None else word in routes))


for _row, _word in _WAYS.items():
    _way(_row, _word)


@rule("gl:P9")
def internal_but_felt(case: Case) -> Finding:
    """Internal processes that third parties depend on, or that affect persons in the Union."""
    internal = case.peek("model.internal_only")
    routes = case.peek("model.placing_routes")
    used = of_bool(True if internal else None if routes is None else "internal" in routes)
    if used == CANNOT_TELL:
        case.value("model.placing_routes")
    felt = any_of(
        case.flag("model.essential_for_third_parties"),
        case.flag("model.affects_persons_rights"),
    )
    return case.close(all_of(used, felt))


@rule("act:REACH")
def reach(case: Case) -> Finding:
    """Chapter V reaches the model and this provider, placed already or to be placed."""
    return case.close(
        all_of(
            case.answer("act:S01"),
            negate(case.answer("act:S03")),
            negate(case.answer("act:S06")),
            case.answer("act:D08"),
            case.answer("gl:G5.0"),
        )
    )
