"""What a scan gives back: facts, what was read, what was not and why, and notes."""

from __future__ import annotations

from typing import Any

import msgspec

from chapterv.facts import Fact, fact_object
from chapterv.facts.types import DigestOf

__all__ = ["Note", "Part", "ReadEntry", "Scan", "SkippedEntry"]


class Note(msgspec.Struct, frozen=True):
    """A remark for a person on one artefact: what was seen and could not become a fact."""

    artefact: str
    text: str


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

    def to_json(self) -> dict[str, Any]:
        """Return plain objects as `chapterv scan --format json` prints them.

        Amounts are decimal strings.
        """
        return {
            "facts": [fact_object(fact) for fact in self.facts],
            "read": [msgspec.to_builtins(entry) for entry in self.read],
            "skipped": [msgspec.to_builtins(entry) for entry in self.skipped],
            "notes": [msgspec.to_builtins(note) for note in self.notes],
        }
