"""The states of forecasts, kept for good: `records/forecast.jsonl`, a line a change, no edits.

Each line names the digest of the line before it, so that an edit shows. A line is written whole and
to the disk before the call returns; one that a crash cut off is passed over and said so. Where work
that an earlier line counted is counted otherwise today, a further line says "correction".
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from chapterv.errors import InputError, StorageError
from chapterv.evidence import decode_json
from chapterv.facts import canonical_json

__all__ = ["FILE", "Entry", "Records", "append_entries", "read_records"]

FILE = "records/forecast.jsonl"
MAX_BYTES = 20_000_000
MAX_VALUES = 10_000
Day = datetime.date


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change of a state, or one correction; amounts are decimal strings.

    Args:
        kind: "state" or "correction".
        threshold: row of the law data that sets it.
        day: day of the forecast.
        before: state before, None for the first entry.
        after: state from this day on.
        above: FLOP that have to be exceeded.
        amount: FLOP done by the day.
        inputs: SHA-256 over points and plan.
        law_version: of the law pack.
        planned: FLOP in all by the plan.
        by_plan: known from the plan.
        known_on: since when, where a day is stated.
        whole_day: last day that the record covers to its end.
        at_whole_day: FLOP by then, rounded up.
        corrected: FLOP that an earlier entry gave for its day, where this one corrects it.
        corrects: day of that amount.
        crossing: earliest, central and latest day.
        previous: SHA-256 of the line before, empty for the first.
    """

    kind: str
    threshold: str
    day: Day
    before: str | None
    after: str
    above: str
    amount: str
    inputs: str
    law_version: str
    planned: str | None = None
    by_plan: bool = False
    known_on: Day | None = None
    whole_day: Day | None = None
    at_whole_day: str | None = None
    corrected: str | None = None
    corrects: Day | None = None
    crossing: tuple[Day | None, Day | None, Day | None] = (None, None, None)
    previous: str = ""


class Records(msgspec.Struct, frozen=True):
    """What the file holds.

    Args:
        entries: in their order.
        notes: lines that could not be read, and whether the chain of digests holds.
    """

    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()

    def last(self, threshold: str) -> Entry | None:
        """Return the last entry on a threshold."""
        return next((one for one in reversed(self.entries) if one.threshold == threshold), None)

    def first_expected(self, threshold: str) -> Day | None:
        """Return the first day on which a crossing was expected, or had happened."""
        days = (
            one.day
            for one in self.entries
            if one.threshold == threshold and one.after in ("expected", "met")
        )
        return next(days, None)


def read_records(folder: Path) -> Records:
    """Read the states that a dossier has kept; none where there is no file.

    Args:
        folder: the dossier.

    Raises:
        InputError: the file leads out of the folder, is too large or cannot be read.
    """
    path = _inside(folder)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Records()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", FILE, "Check its rights.") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"larger than {MAX_BYTES} bytes", FILE, "Put another file in its place.")
    entries: list[Entry] = []
    notes: list[str] = []
    previous = ""
    for number, line in enumerate(content.splitlines(), 1):
        entry = _entry(line)
        if entry is None:
            notes.append(f"{FILE}:{number}: the line cannot be read, so it is passed over.")
        else:
            if entry.previous != previous:
                notes.append(f"{FILE}:{number}: the line before it is not the one it was made on.")
            entries.append(entry)
        previous = hashlib.sha256(line).hexdigest()
    return Records(tuple(entries), tuple(notes))


def _entry(line: bytes) -> Entry | None:
    try:
        return msgspec.convert(decode_json(line, FILE, MAX_VALUES), Entry, strict=False)
    except (InputError, msgspec.ValidationError):
        return None


def _inside(folder: Path) -> Path:
    """The file's path; a link that leads out of the dossier would write somewhere else."""
    path = folder / FILE
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError("leads out of the folder", FILE, "Remove the link.")
    if path.exists() and not path.is_file():
        raise InputError("is no regular file", FILE, "Remove it.")
    return path


def append_entries(folder: Path, entries: list[Entry]) -> None:
    """Append entries, each on the line before it, and wait until the disk has them.

    Args:
        folder: the dossier.
        entries: in their order; `previous` is filled in here.

    Raises:
        StorageError: the file cannot be written.
        InputError: its path leads out of the folder.
    """
    if not entries:
        return
    path = _inside(folder)
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("a+b") as file, _locked(file.fileno()):
            file.seek(0)
            before = file.read()
            text = b"" if not before or before.endswith(b"\n") else b"\n"
            lines = before.splitlines()
            previous = hashlib.sha256(lines[-1]).hexdigest() if lines else ""
            for line in _chained(entries, previous):
                text += line + b"\n"
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(
            f"cannot be written: {error.strerror or error}",
            FILE,
            "Check rights and free space, or keep nothing.",
        ) from None


def _chained(entries: list[Entry], previous: str) -> Iterator[bytes]:
    for entry in entries:
        plain: dict[str, Any] = json.loads(
            canonical_json(msgspec.structs.replace(entry, previous=previous))
        )
        line = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
        yield line
        previous = hashlib.sha256(line).hexdigest()


@contextmanager
def _locked(handle: int) -> Iterator[None]:
    """Hold other writers off, where the system has such locks; closing the file lets go of it."""
    try:
        import fcntl
    except ImportError:
        pass
    else:
        fcntl.flock(handle, fcntl.LOCK_EX)
    yield
