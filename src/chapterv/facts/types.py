"""What the program knows, and how it knows it: facts, their sources, conflicts and questions.

Names are fixed by `docs/architecture.md`; fields may be added. Everything here is frozen and holds
plain values only, so that it can be hashed, compared and written as JSON.
"""

from __future__ import annotations

import datetime
import hashlib
from decimal import Decimal
from typing import Any, Literal

import msgspec

__all__ = [
    "Basis",
    "Conflict",
    "Fact",
    "Question",
    "Relation",
    "Source",
    "TableRef",
    "canonical_json",
    "fact_id",
]

Basis = Literal["measured", "computed", "declared", "assumed"]
Relation = Literal["exactly", "at_least", "at_most"]
DigestOf = Literal["file", "header", "footer+samples"]


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a value was read, or from what it was computed."""

    artefact: str
    """Path relative to the dossier folder, or "statement"."""
    digest: str | None = None
    """SHA-256 in hexadecimal, of the part named by `digest_of`."""
    digest_of: DigestOf | None = None
    pointer: str | None = None
    """JSON pointer, line, row group or byte range inside the artefact."""
    reader: str | None = None
    """Name and version of what read it."""
    inputs: tuple[str, ...] = ()
    """Identifiers of the facts that a computation used."""
    stated: str | None = None
    """What a person who states the value names as its source, in that person's words."""


class TableRef(msgspec.Struct, frozen=True, tag="table"):
    """A value that is a table too large to stand in a fact."""

    artefact: str
    digest: str
    columns: tuple[str, ...]
    rows: int
    head: tuple[tuple[str, ...], ...] = ()


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of one key of one subject, with its source.

    `value` has the type that the catalogue gives for `key`; amounts are exact (`int` or `Decimal`).
    `bound` is a relative error, such as 0.3 for plus or minus 30 %.
    """

    id: str
    subject: str
    key: str
    value: Any
    source: Source
    relation: Relation = "exactly"
    unit: str | None = None
    basis: Basis = "measured"
    bound: Decimal | None = None
    as_of: datetime.date | None = None
    note: str | None = None


class Conflict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sources that disagree on one key beyond its tolerance, and which of them is used."""

    subject: str
    key: str
    facts: tuple[str, ...]
    tolerance: str
    chosen: str
    why: str


class Question(msgspec.Struct, frozen=True):
    """Something unknown that would settle something."""

    key: str
    subject: str
    text: str
    asked_by: tuple[str, ...]
    how_to_answer: str
    why: str = ""
    settles: int = 0
    """How much waits for it: a weight to order questions by, not a count."""


def canonical_json(content: object) -> bytes:
    """Return `content` as JSON with sorted keys and amounts as decimal strings.

    Args:
        content: a struct or plain object; integers outside 2**53 and decimals become strings.

    Returns: UTF-8 bytes, the same for equal content on every machine.
    """
    plain = msgspec.to_builtins(content, enc_hook=_plain, builtin_types=(Decimal, datetime.date))
    return msgspec.json.encode(_strings(plain), order="deterministic")


def fact_id(content: dict[str, Any]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over a fact's canonical content."""
    return hashlib.sha256(canonical_json(content)).hexdigest()[:16]


def _plain(value: object) -> object:
    return str(value)


def _strings(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -(2**53) < value < 2**53 else str(value)
    if isinstance(value, Decimal | datetime.date):
        return str(value)
    if isinstance(value, dict):
        return {str(k): _strings(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_strings(v) for v in value]
    return str(value)
