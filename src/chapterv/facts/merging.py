"""Several facts on one key become one holding: what counts more, and when sources disagree.

A value read from an artefact counts more than a computed one, that more than a declared, that more
than an assumed one; among equals the newest. What is dated later than the day asked for was not
known on it: it is left out and counted, so that a replay of an earlier day rests on what was known
then. Whatever else is not chosen stays visible, and a difference beyond the key's tolerance is a
conflict that a person settles.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from chapterv.facts.catalogue import catalogue, subject_kind
from chapterv.facts.types import Conflict, Fact
from chapterv.facts.world import BOUNDED_TYPES, SINGLE_KINDS, Holding, World

__all__ = ["Merged", "merge"]

_RANK = {"measured": 0, "computed": 1, "declared": 2, "assumed": 3}


class Merged(msgspec.Struct, frozen=True):
    """The world that rules read, where its sources disagree, and what became known only later."""

    world: World
    conflicts: tuple[Conflict, ...]
    later: tuple[Fact, ...] = ()
    """Facts dated after the day asked for: no part of the world."""


def merge(
    facts: Iterable[Fact],
    on: datetime.date,
    settled: Mapping[tuple[str, str], str] | None = None,
) -> Merged:
    """Merge facts into one world.

    Args:
        facts: facts of one provider, one model and the subjects around them.
        on: the day asked for; facts dated later are left out, facts without a date count always.
        settled: (subject, key) to the identifier of the fact that a person chose.

    Returns: the world, a conflict for each key whose sources differ beyond its tolerance, and what
        was left out.
    """
    groups: dict[tuple[str, str], dict[str, Fact]] = defaultdict(dict)
    later: dict[str, Fact] = {}
    for fact in facts:
        if fact.as_of is not None and fact.as_of > on:
            later.setdefault(fact.id, fact)
        else:
            groups[fact.subject, fact.key].setdefault(fact.id, fact)
    keys: dict[str, Holding] = {}
    parts: dict[str, dict[str, dict[str, Holding]]] = {}
    conflicts: list[Conflict] = []
    for (subject, key), group in sorted(groups.items(), key=lambda item: item[0]):
        ordered = sorted(group.values(), key=_order)
        chosen_by_person = (settled or {}).get((subject, key))
        holding, conflict = _merge_key(subject, key, ordered, chosen_by_person)
        kind = subject_kind(key)
        if kind in SINGLE_KINDS:
            keys[key] = holding
        else:
            parts.setdefault(kind, {}).setdefault(subject, {})[key] = holding
        if conflict:
            conflicts.append(conflict)
    left_out = sorted(
        later.values(), key=lambda fact: (fact.as_of, fact.subject, fact.key, fact.id)
    )
    return Merged(World(keys, parts), tuple(conflicts), tuple(left_out))


def _order(fact: Fact) -> tuple[int, int, str, str]:
    """Sort facts by what counts more; the last two make the order of the facts irrelevant."""
    newest_first = -fact.as_of.toordinal() if fact.as_of else 0
    return _RANK[fact.basis], newest_first, fact.source.artefact, fact.id


def _merge_key(
    subject: str, key: str, ordered: list[Fact], settled: str | None
) -> tuple[Holding, Conflict | None]:
    by_person = [fact for fact in ordered if fact.id == settled]
    if by_person:
        return _holding(subject, key, by_person), None
    exact = _chosen(ordered)
    if exact is None:
        kept, against = _compatible([fact for fact in ordered if fact.relation != "exactly"])
        against += [fact for fact in ordered if fact.relation == "exactly"]
        return _holding(subject, key, kept), _conflict(kept[0], against)
    against = [fact for fact in ordered if fact is not exact and _contradict(exact, fact)]
    return _holding(subject, key, [exact]), _conflict(exact, against)


def _chosen(ordered: list[Fact]) -> Fact | None:
    """Return the first value that no bound of a better basis excludes."""
    for number, fact in enumerate(ordered):
        if fact.relation == "exactly" and not any(
            bound.relation != "exactly"
            and _RANK[bound.basis] < _RANK[fact.basis]
            and _contradict(fact, bound)
            for bound in ordered[:number]
        ):
            return fact
    return None


def _compatible(bounds: list[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Split bounds into those that hold together, the best basis first, and those set aside."""
    kept: list[Fact] = []
    aside: list[Fact] = []
    for bound in bounds:
        excluded = any(_exclude(bound, other) for other in kept)
        (aside if excluded else kept).append(bound)
    return kept, aside


def _exclude(one: Fact, other: Fact) -> bool:
    if one.relation == other.relation:
        return False
    low, high = (one, other) if one.relation == "at_least" else (other, one)
    return bool(low.value > high.value)


def _holding(subject: str, key: str, facts: list[Fact]) -> Holding:
    """Hold one value, or the tightest of bounds that hold together."""
    first = facts[0]
    if catalogue()[key].type not in BOUNDED_TYPES:
        return Holding(key, first.value, (first.id,), subject=subject)
    if first.relation == "exactly":
        return Holding(key, first.value, (first.id,), first.value, first.value, subject)
    low = max(_of(facts, "at_least"), key=lambda fact: fact.value, default=None)
    high = min(_of(facts, "at_most"), key=lambda fact: fact.value, default=None)
    used = tuple(fact.id for fact in (low, high) if fact)
    least, most = (fact.value if fact else None for fact in (low, high))
    return Holding(key, None, used, least, most, subject)


def _of(facts: list[Fact], relation: str) -> list[Fact]:
    return [fact for fact in facts if fact.relation == relation]


def _conflict(chosen: Fact, against: list[Fact]) -> Conflict | None:
    if not against:
        return None
    ids = (chosen.id, *(fact.id for fact in against))
    basis = next((fact.basis for fact in against if fact.basis != chosen.basis), None)
    why = f"{chosen.basis} before {basis}" if basis else "same basis, the newest or first by place"
    tolerance = catalogue()[chosen.key].tolerance
    return Conflict(chosen.subject, chosen.key, ids, tolerance, chosen.id, why)


def _contradict(value: Fact, other: Fact) -> bool:
    """Tell whether a value differs from another, or lies outside a bound.

    Two values agree within the tolerance of their key. A bound is meant as one: only its own error
    softens it, so that training compute above cumulative compute is seen at once.
    """
    if other.relation == "exactly":
        return _differ(value.value, other.value, Decimal(catalogue()[value.key].tolerance))
    if not (_is_amount(value.value) and _is_amount(other.value)):
        return False
    error = other.bound or Decimal(0)
    if other.relation == "at_least":
        return bool(Decimal(value.value) < other.value * (1 - error))
    return bool(Decimal(value.value) > other.value * (1 + error))


def _differ(one: Any, other: Any, tolerance: Decimal) -> bool:
    if _is_amount(one) and _is_amount(other):
        return bool(abs(Decimal(one) - Decimal(other)) > tolerance * max(abs(one), abs(other)))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return {str(x).casefold() for x in one} != {str(x).casefold() for x in other}
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() != other.casefold()
    return bool(one != other)


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
