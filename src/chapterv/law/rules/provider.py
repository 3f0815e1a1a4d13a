"""Who is the provider of the model: the cases of the guidelines, each with the name it gives.

Regulation (EU) 2024/1689, Article 3(3) and (5); guidelines, section 3.1. A finding that is met
carries the provider as its value; where the cases leave it open, both candidates are named.
"""

from __future__ import annotations

from typing import Any

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, negate, of_bool
from chapterv.law.case import Case
from chapterv.law.registry import rule
from chapterv.law.rules.scope import system_in_union
from chapterv.law.types import Finding

__all__: list[str] = []


def _names(case: Case) -> tuple[Any, Any, Any]:
    """Return who developed, for whom, and who placed the model."""
    return (
        case.peek("model.developed_by"),
        case.peek("model.developed_for"),
        case.peek("model.placed_by"),
    )


def _provider(answer: Answer, name: object) -> dict[str, Any] | None:
    return {"provider": name} if answer == MET and name else None


@rule("gl:G4.1")
def develops_and_places(case: Case) -> Finding:
    """One actor develops the model and places it."""
    developer, ordered_by, placer = _names(case)
    if developer is None or placer is None:
        case.missing("model.developed_by", "model.placed_by")
        return case.close(CANNOT_TELL)
    answer = of_bool(developer == placer and ordered_by in (None, placer))
    if answer == MET and ordered_by is None:
        case.ask("model.developed_for")
    return case.close(answer, value=_provider(answer, placer))


@rule("gl:G4.2")
def has_it_developed(case: Case) -> Finding:
    """One actor develops the model for another, who places it."""
    developer, ordered_by, placer = _names(case)
    if developer is not None and developer == placer:
        return case.close(NOT_MET)
    if placer is None or (ordered_by is None and developer is None):
        case.missing("model.developed_for", "model.placed_by")
        return case.close(CANNOT_TELL)
    if ordered_by is None:
        case.value("model.developed_for")
        return case.close(CANNOT_TELL)
    answer = of_bool(ordered_by == placer and developer != placer)
    return case.close(answer, value=_provider(answer, placer))


@rule("gl:G4.3")
def hosted_by_another(case: Case) -> Finding:
    """The model is uploaded to a repository that somebody else hosts: the host is no provider."""
    host = case.value("model.hosted_by")
    placer = case.value("model.placed_by")
    if host is None or placer is None:
        return case.close(CANNOT_TELL)
    answer = of_bool(host != placer)
    return case.close(answer, value=_provider(answer, placer))


@rule("gl:G4.4")
def consortium(case: Case) -> Finding:
    """A consortium places the model: usually its coordinator is the provider."""
    group = case.peek("model.consortium")
    if group is None and MET in (case.finding("gl:G4.1").answer, case.finding("gl:G4.2").answer):
        case.say("G4.4.one_actor")
        return case.close(NOT_MET)
    if group is None:
        case.value("model.consortium")
        return case.close(CANNOT_TELL)
    if group == "none":
        return case.close(NOT_MET)
    coordinator = case.value("model.consortium_coordinator")
    if coordinator is None:
        case.say("G4.4.open", group)
        return case.close(CANNOT_TELL, value={"alternative": group, "provider": "unknown"})
    value = {
        "provider": coordinator,
        "alternative": group,
        "confidence": "usual_case_by_case",
    }
    return case.close(MET, indicated=True, value=value)


def _first_in_union(case: Case) -> Answer:
    place = case.value("model.first_supplied_in")
    return of_bool(None if place is None else place == "union")


@rule("gl:G4.9")
def upstream_in_the_union(case: Case) -> Finding:
    """Upstream makes the model available first to a downstream actor on the Union market."""
    answer = _first_in_union(case)
    upstream = case.peek("model.upstream_provider")
    value = {"model_provider": upstream} if answer == MET and upstream else None
    return case.close(answer, value=value)


@rule("gl:G4.10")
def upstream_outside_the_union(case: Case) -> Finding:
    """First supplied outside the Union; a system with it reaches the Union market or service."""
    outside = negate(_first_in_union(case))
    if not case.parts_of("system"):
        case.missing("system.union_market")
        return case.close(all_of(outside, CANNOT_TELL))
    answer = all_of(outside, system_in_union(case))
    return case.close(answer, value=_integrated_provider(case, answer))


def _integrated_provider(case: Case, placed: Answer) -> dict[str, Any] | None:
    """Return who provides a model that reached the Union inside somebody's system."""
    if placed != MET:
        return None
    shifted = case.finding("gl:G4.11").answer
    if shifted == CANNOT_TELL:
        return {"model_provider": "unknown"}
    if shifted == MET:
        return {"model_provider": _integrator(case)}
    return {"model_provider": case.peek("model.upstream_provider")}


def _integrator(case: Case) -> Any:
    for part in case.parts_of("system"):
        if "system.provider" in part:
            return part["system.provider"].value
    return None


@rule("gl:G4.11")
def integrator_becomes_provider(case: Case) -> Finding:
    """Upstream clearly excluded the Union, so the downstream integrator is the model provider."""
    outside = negate(_first_in_union(case))
    systems = system_in_union(case) if case.parts_of("system") else CANNOT_TELL
    if systems == CANNOT_TELL:
        case.missing("system.union_market")
    market = case.value("model.union_market")
    excluded = of_bool(None if market is None else market == "excluded")
    answer = all_of(outside, systems, excluded, negate(case.answer("gl:G4.12")))
    return case.close(
        answer, value={"model_provider": _integrator(case)} if answer == MET else None
    )


@rule("gl:G4.12")
def exclusion_without_effect(case: Case) -> Finding:
    """Upstream excludes the Union and supplies there all the same."""
    market = case.value("model.union_market")
    if market is not None and market != "excluded":
        return case.close(NOT_MET)
    supplies = case.peek("model.upstream_supplies_union")
    if supplies is None:
        if market == "excluded":
            # The clause says what upstream does; only a contrary fact takes its effect.
            case.ask("model.upstream_supplies_union")
            return case.close(NOT_MET)
        return case.close(CANNOT_TELL)
    answer = all_of(of_bool(None if market is None else True), of_bool(supplies))
    return case.close(answer, value={"exclusion_effective": False} if answer == MET else None)


@rule("act:D01")
def provider(case: Case) -> Finding:
    """Who develops the model, or has it developed, and places it under their own name."""
    if case.finding("gl:G5.0").answer != MET:
        return case.close(case.answer("gl:G5.0"))
    for row in ("gl:G4.11", "gl:G4.4", "gl:G4.3", "gl:G4.2", "gl:G4.1"):
        found = case.finding(row)
        if found.answer == MET and found.value:
            case.answer(row)
            name = found.value.get("provider") or found.value.get("model_provider")
            return case.close(MET, value={"provider": name} if name else None)
    if case.knows("model.upstream_provider") and case.finding("gl:G4.9").answer == MET:
        case.answer("gl:G4.9")
        return case.close(MET, value={"provider": case.peek("model.upstream_provider")})
    name = case.value("provider.name")
    if name is None:
        case.missing("model.developed_by", "model.placed_by")
        return case.close(CANNOT_TELL)
    case.say("D01.stated", name)
    case.ask("model.developed_by", "model.placed_by")
    return case.close(MET, indicated=True, value={"provider": name})


@rule("act:D06")
def representative(case: Case) -> Finding:
    """A representative established in the Union has received and accepted a written mandate."""
    country = case.value("representative.established_in")
    in_union = of_bool(None if country is None else country in case.parameters["member_states"])
    accepted = case.peek("representative.mandate_accepted_on")
    if accepted is None:
        case.value("representative.mandate_accepted_on")
    agreed = of_bool(None if accepted is None else accepted <= case.on)
    ended = case.peek("representative.mandate_ended_on")
    if ended is None:
        case.ask("representative.mandate_ended_on")
    still = of_bool(ended is None or ended > case.on)
    return case.close(all_of(in_union, agreed, still))


@rule("gl:G4.5")
def from_a_third_country(case: Case) -> Finding:
    """The provider is established outside the Union."""
    return case.close(third_country(case))


def third_country(case: Case) -> Answer:
    """Tell whether the provider is established outside the Union."""
    country = case.value("provider.established_in")
    return of_bool(None if country is None else country not in case.parameters["member_states"])
