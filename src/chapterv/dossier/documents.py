"""Documents that a statement names with `[[document]]`: which are there, and what is wrong.

A document that exists is found and no more: what it says is checked elsewhere, so it is partial
evidence of the duties that its kind discharges.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from chapterv.dossier.folder import Dossier
from chapterv.facts import STATEMENT_NAME

__all__ = ["document_kinds", "document_notes", "found_kinds"]


def document_kinds() -> tuple[str, ...]:
    """Return the kinds of document that discharge a duty, in the order of the law pack."""
    from chapterv.law import load_pack

    duties = load_pack().duties.values()
    return tuple(dict.fromkeys(kind for duty in duties for kind in duty.discharged_by))


def found_kinds(dossier: Dossier) -> frozenset[str]:
    """Return the kinds of the documents that the statement names and that exist in the folder."""
    return frozenset(
        str(entry["kind"]) for entry in _entries(dossier) if _fault(dossier, entry) is None
    )


def document_notes(dossier: Dossier) -> list[str]:
    """Return a remark for each document that the statement names: found, or what is wrong."""
    notes = []
    for number, entry in enumerate(_entries(dossier), 1):
        fault = _fault(dossier, entry)
        place = f"{STATEMENT_NAME}: [[document]] {number}"
        if fault is None:
            notes.append(f"{entry['path']}: found, not checked ({entry['kind']}).")
        else:
            notes.append(f"{place}: {fault}")
    return notes


def _entries(dossier: Dossier) -> Iterator[Mapping[str, Any]]:
    if dossier.statement is not None:
        yield from dossier.statement.documents


def _fault(dossier: Dossier, entry: Mapping[str, Any]) -> str | None:
    """Say what is wrong with an entry and what to do, or None."""
    kind, path = entry.get("kind"), entry.get("path")
    if not isinstance(kind, str) or not isinstance(path, str) or not (kind and path):
        return 'it needs kind and path, such as kind = "copyright_policy", path = "policy.md".'
    return _kind_fault(kind) or _path_fault(dossier, path)


def _kind_fault(kind: str) -> str | None:
    known = document_kinds()
    if kind in known:
        return None
    near = difflib.get_close_matches(kind, known, n=1, cutoff=0.5)
    fix = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
    return f"no duty asks for a document of the kind {kind[:60]!r}. {fix}"


def _path_fault(dossier: Dossier, path: str) -> str | None:
    folder = dossier.folder.resolve()
    try:
        target = (folder / path).resolve()
        inside, there = target.is_relative_to(folder), target.is_file()
    except (OSError, RuntimeError, ValueError):
        inside, there = True, False
    if not inside:
        return f"the path {path[:100]!r} leads out of the folder. Put the document into it."
    if not there:
        return f"the file {path[:100]!r} does not exist. Correct the path, or add the document."
    return None
