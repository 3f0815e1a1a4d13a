"""What is known of one model on one day: one holding a key, bounds where only a bound is known.

A world is what rules read. It is flat: the keys of the provider and of the model are looked up by
name; subjects of which there can be many (changes, incidents, requests ...) are listed by kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, get_args

import msgspec

from chapterv.errors import Error, ErrorGroup, InputError
from chapterv.facts.amounts import shown
from chapterv.facts.catalogue import catalogue, decode, subject_kind
from chapterv.facts.types import Relation

__all__ = ["BOUNDED_TYPES", "SINGLE_KINDS", "Holding", "World"]

SINGLE_KINDS = ("provider", "representative", "model")
"""Kinds of subject of which a world holds exactly one."""

BOUNDED_TYPES = ("amount", "amounts", "number")
"""Types of the catalogue whose values can be known as a bound."""


class Holding(msgspec.Struct, frozen=True):
    """The value of one key that the rules use, and the facts it rests on.

    `value` is None where only a bound is known; `low` and `high` are bounds of amounts that hold
    for certain ("at least", "at most"), not error intervals.
    """

    key: str
    value: Any
    facts: tuple[str, ...] = ()
    low: int | Decimal | None = None
    high: int | Decimal | None = None
    subject: str = ""


class World:
    """The holdings of one provider and one model, and of the subjects around them."""

    __slots__ = ("keys", "parts")

    def __init__(
        self,
        keys: Mapping[str, Holding],
        parts: Mapping[str, Mapping[str, Mapping[str, Holding]]] | None = None,
    ) -> None:
        """Hold `keys` (key to holding) and `parts` (kind, subject, key to holding)."""
        self.keys = keys
        self.parts = parts or {}

    @classmethod
    def from_object(cls, facts: Mapping[str, Any]) -> World:
        """Build a world from a plain object of catalogue keys, as auditors write it.

        Args:
            facts: key to value; a value may be `{"value": v, "relation": "at_least"}`. `null`
                and a missing key both mean unknown. An object under a name that is no key holds
                the keys below it: `{"notification": {"compute_text": "2.3x10^25"}}`.

        Raises:
            ErrorGroup: every key or value that the catalogue does not take.
        """
        keys: dict[str, Holding] = {}
        parts: dict[str, dict[str, dict[str, Holding]]] = {}
        errors: list[Error] = []
        for key, given in _flat(facts):
            try:
                holding = _holding(key, given)
            except Error as error:
                errors.append(error)
                continue
            if holding is None:
                continue
            kind = subject_kind(key)
            if kind in SINGLE_KINDS:
                keys[key] = holding
            else:
                parts.setdefault(kind, {}).setdefault(kind, {})[key] = holding
        if errors:
            raise ErrorGroup(errors)
        return cls(keys, parts)

    def with_values(self, facts: Mapping[str, Any]) -> World:
        """Return a world in which the given keys have other values; None makes a key unknown."""
        other = World.from_object(facts)
        keys = {key: held for key, held in self.keys.items() if facts.get(key, held) is not None}
        parts = {kind: dict(subjects) for kind, subjects in self.parts.items()}
        for kind, subjects in other.parts.items():
            for subject, held in subjects.items():
                parts.setdefault(kind, {})[subject] = {
                    **parts.get(kind, {}).get(subject, {}),
                    **held,
                }
        return World({**keys, **other.keys}, parts)


def _flat(facts: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield keys and values, objects under names that are no keys opened."""
    for name, given in facts.items():
        key = f"{above}{name}"
        opened = isinstance(given, dict) and key not in catalogue()
        if opened and given and key.count(".") < _DEEPEST:
            yield from _flat(given, f"{key}.")
        else:
            yield key, given


_DEEPEST = 3


def _holding(key: str, given: Any) -> Holding | None:
    relation: Relation = "exactly"
    value = given
    if isinstance(given, dict):
        value, relation = given.get("value"), given.get("relation", "exactly")
        if relation not in get_args(Relation):
            fix = f"It is one of {', '.join(get_args(Relation))}."
            raise InputError(f"{key} has the relation {shown(relation)}", key, fix)
    entry = catalogue().get(key)
    if value is None and entry is not None:
        return None
    decoded = decode(key, value, where=key)
    if entry is not None and entry.type in BOUNDED_TYPES:
        low = decoded if relation != "at_most" else None
        high = decoded if relation != "at_least" else None
        return Holding(key, decoded if relation == "exactly" else None, (key,), low, high)
    if relation != "exactly":
        raise InputError(f"{key} is no amount, so it has no bound", key, "Leave relation out.")
    return Holding(key, decoded, (key,))


def holdings_by_key(holdings: Iterable[Holding]) -> dict[str, Holding]:
    """Index holdings by their key."""
    return {holding.key: holding for holding in holdings}
