"""What a scan gives back: facts, what was read, what was not and why, and notes."""

from __future__ import annotations

from typing import Any

import msgspec

from chapterv.facts import Amount, Fact, encode, fact_object
from chapterv.facts.types import DigestOf

__all__ = ["Anomaly", "Note", "Part", "ReadEntry", "Scan", "SkippedEntry", "anomaly_object"]


class Note(msgspec.Struct, frozen=True):
    """A remark for a person on one artefact: what was seen and could not become a fact."""

    artefact: str
    text: str


class Anomaly(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something wrong in a record, and what it does to the sums.

    Args:
        artefact: path of the artefact.
        kind: what happened, one of a few words with underscores, such as "line_cut".
        text: a sentence for a person.
        effect: what the sums do about it, such as "counted once".
        pointer: line or place.
        key: the key whose value is affected, or None where none is.
        amount: how much of that key's unit is affected.
        times: how often it happened, where one entry stands for many.
    """

    artefact: str
    kind: str
    text: str
    effect: str
    pointer: str | None = None
    key: str | None = None
    amount: Amount | None = None
    times: int = 1


class Part(msgspec.Struct, frozen=True):
    """Something read from one artefact that gives facts only together with others.

    Args:
        kind: what it is, such as "weights"; the joiner asks for it by this name.
        folder: folder of the artefact, relative to the root.
        artefact: path of the artefact.
        content: whatever the joiner of this kind understands.
    """

    kind: str
    folder: str
    artefact: str
    content: Any


class ReadEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An artefact that was read, and how many facts rest on it, wholly or with others."""

    artefact: str
    reader: str
    facts: int
    size_bytes: int
    digest: str | None = None
    digest_of: DigestOf | None = None


class SkippedEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An artefact, or many of one kind, that gave nothing, and the reason."""

    artefact: str
    reason: str
    files: int = 1
    """How many files this line stands for."""


class Scan(msgspec.Struct, frozen=True):
    """All that a scan found, in the order of the paths."""

    facts: tuple[Fact, ...] = ()
    read: tuple[ReadEntry, ...] = ()
    skipped: tuple[SkippedEntry, ...] = ()
    notes: tuple[Note, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain objects as `chapterv scan --format json` prints them.

        Amounts are decimal strings.
        """
        return {
            "facts": [fact_object(fact) for fact in self.facts],
            "read": [msgspec.to_builtins(entry) for entry in self.read],
            "skipped": [msgspec.to_builtins(entry) for entry in self.skipped],
            "notes": [msgspec.to_builtins(note) for note in self.notes],
            "anomalies": [anomaly_object(anomaly) for anomaly in self.anomalies],
        }


def anomaly_object(anomaly: Anomaly) -> dict[str, Any]:
    """Return an anomaly as plain JSON objects; amounts become decimal strings."""
    plain: dict[str, Any] = msgspec.to_builtins(anomaly)
    if anomaly.amount is not None:
        plain["amount"] = encode(anomaly.amount)
    return plain
