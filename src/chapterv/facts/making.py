"""Making facts: the one door through which values become facts."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.facts.catalogue import catalogue, decode, encode
from chapterv.facts.types import Basis, Fact, Relation, Source, TableRef, fact_id
from chapterv.facts.world import BOUNDED_TYPES

__all__ = ["fact_object", "make_fact"]


def make_fact(
    subject: str,
    key: str,
    value: Any,
    source: Source,
    *,
    basis: Basis = "measured",
    relation: Relation = "exactly",
    bound: Decimal | None = None,
    as_of: datetime.date | None = None,
    note: str | None = None,
    unit: str | None = None,
) -> Fact:
    """Make a fact: decode the value by the catalogue and derive the identifier.

    Args:
        subject: such as "provider", "model:northlight-1b@1.0", "dataset:web-2025".
        key: a key of the catalogue.
        value: plain value as read, or a `TableRef`.
        source: where it was read.
        basis: how it is known.
        relation: whether it is the value, or a bound from below or above.
        bound: relative error, 0.3 for plus or minus 30 %.
        as_of: the day it was true, where the source says.
        note: a remark of who states it.
        unit: unit, where the catalogue leaves it to the fact.

    Raises:
        InputError: unknown key, or a value or a relation that the key does not take.
    """
    place = source.artefact if source.pointer is None else f"{source.artefact}:{source.pointer}"
    decoded = value if isinstance(value, TableRef) else decode(key, value, place)
    if relation != "exactly" and catalogue()[key].type not in BOUNDED_TYPES:
        raise InputError(f"{key} is no amount, so it has no bound", place, "State its value.")
    unit = unit or catalogue()[key].unit
    content = {
        "subject": subject,
        "key": key,
        "value": decoded,
        "relation": relation,
        "unit": unit,
        "basis": basis,
        "bound": bound,
        "as_of": as_of,
        "source": source,
    }
    return Fact(
        fact_id(content), subject, key, decoded, source, relation, unit, basis, bound, as_of, note
    )


def fact_object(fact: Fact) -> dict[str, Any]:
    """Return a fact as plain JSON objects, nothing left out but what is unknown.

    Args:
        fact: any fact; amounts become decimal strings.
    """
    source = msgspec.to_builtins(fact.source)
    return {
        "id": fact.id,
        "subject": fact.subject,
        "key": fact.key,
        "value": encode(fact.value),
        "relation": fact.relation,
        "unit": fact.unit,
        "basis": fact.basis,
        "bound": None if fact.bound is None else encode(fact.bound),
        "as_of": encode(fact.as_of),
        "note": fact.note,
        "source": source,
    }
