"""A dossier folder: the statement in it, and where the artefacts lie that it names.

Opening reads `chapterv.toml` and looks for paths; it opens no artefact. Paths are relative to the
folder and never lead out of it, so that the dossier of someone else cannot make this program read
other files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import msgspec

from chapterv.errors import InputError
from chapterv.facts import STATEMENT_NAME, Part, Statement, model_subject, read_statement

__all__ = ["Dossier", "PartPaths", "open_dossier"]

MAX_MATCHES = 100_000


class PartPaths(msgspec.Struct, frozen=True):
    """A run, dataset, crawl ... and the files and folders that exist for it."""

    part: Part
    paths: tuple[Path, ...]


class Dossier(msgspec.Struct, frozen=True):
    """One provider's model in one version: a folder, its statement, its artefacts."""

    folder: Path
    model: str
    """Subject of the model's facts."""
    statement: Statement | None
    evidence: tuple[Path, ...]
    """What is scanned for the model: existing paths, none inside another."""
    parts: tuple[PartPaths, ...]
    notes: tuple[str, ...]

    @property
    def scanned(self) -> tuple[Path, ...]:
        """What is scanned in all: the model's artefacts and the records of its runs."""
        runs = (path for one in self.parts if one.part.kind == "run" for path in one.paths)
        return _outermost((*self.evidence, *runs))

    @property
    def runs(self) -> Mapping[str, str]:
        """Subjects of runs by the path of their records, relative to the folder."""
        return {
            path.relative_to(self.folder).as_posix(): one.part.subject
            for one in self.parts
            if one.part.kind == "run"
            for path in one.paths
        }

    @property
    def covers(self) -> tuple[str, ...]:
        """Folders of other versions that one summary covers too, as stated."""
        return self.statement.covers if self.statement else ()


def open_dossier(folder: Path) -> Dossier:
    """Open a dossier folder; a folder without a statement is one too.

    Args:
        folder: an existing folder.

    Raises:
        InputError: the folder does not exist, or the statement has faults (`ErrorGroup`).
    """
    if not folder.is_dir():
        what = "this is a file" if folder.exists() else "this folder does not exist"
        raise InputError(what, str(folder), "Name the folder that holds the model.")
    path = folder / STATEMENT_NAME
    if not (path.exists() or path.is_symlink()):
        return _without_statement(folder)
    statement = read_statement(path)
    notes: list[str] = []
    given = statement.evidence or (".",)
    evidence = _outermost(_existing(folder, given, "evidence", notes))
    parts = tuple(
        PartPaths(part, tuple(_existing(folder, part.paths, part.subject, notes)))
        for part in statement.parts
    )
    notes += _told_twice(parts, folder)
    return Dossier(folder, statement.model, statement, evidence, parts, tuple(notes))


def _told_twice(parts: Iterable[PartPaths], folder: Path) -> Iterator[str]:
    """Say of a record that two runs claim: it can belong to one only, and the last has it."""
    owners: dict[Path, str] = {}
    for one in parts:
        for path in one.paths if one.part.kind == "run" else ():
            before = owners.get(path)
            owners[path] = one.part.subject
            if before is not None:
                yield (
                    f"{STATEMENT_NAME}: {path.relative_to(folder).as_posix()!r} is the record of "
                    f"{before} and of {one.part.subject}; it is taken for the latter."
                )


def _without_statement(folder: Path) -> Dossier:
    note = (
        f"{STATEMENT_NAME} is not there yet: what people know is missing. "
        f"`chapterv init {folder}` writes one with the open questions."
    )
    subject = model_subject(folder.absolute().name or "model", None)
    return Dossier(folder, subject, None, (folder,), (), (note,))


def _existing(
    folder: Path, patterns: Iterable[str], owner: str, notes: list[str]
) -> Iterator[Path]:
    """Yield what exists of the paths given; what does not, or leads out, becomes a note."""
    root = folder.resolve()
    seen: set[Path] = set()
    for pattern in patterns:
        found = [path for path in _matches(folder, pattern) if path not in seen]
        inside = [path for path in found if path.resolve().is_relative_to(root)]
        if not found and not seen:
            notes.append(f"{STATEMENT_NAME}: the path {pattern!r} of {owner} does not exist.")
        elif len(inside) < len(found):
            notes.append(
                f"{STATEMENT_NAME}: the path {pattern!r} of {owner} leads out of {folder}."
            )
        seen.update(inside)
        yield from inside


def _matches(folder: Path, pattern: str) -> list[Path]:
    if not any(sign in pattern for sign in "*?["):
        path = folder / pattern
        return [path] if path.exists() else []
    try:
        return sorted(islice(folder.glob(pattern), MAX_MATCHES))
    except (ValueError, RuntimeError):
        return []


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Leave out paths that lie inside another one, so that nothing is read twice."""
    kept: list[Path] = []
    for path in sorted(paths, key=lambda path: (len(path.parts), path)):
        if not any(path.is_relative_to(outer) for outer in kept):
            kept.append(path)
    return tuple(sorted(kept))
