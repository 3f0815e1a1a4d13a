"""Following the records of runs as they grow: training logs and the files of the training meter.

Each record keeps its place, so a call reads only what is new; a record that was replaced or cut is
read anew and says so. Times, steps and sums are all that is taken from it.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.evidence import decode_json

__all__ = ["Followed", "Followers", "Seen"]

SUFFIXES = (".log", ".out", ".txt", ".jsonl")
MAX_FILES = 200
MAX_LINE = 4 * 1024 * 1024
MAX_VALUES = 200_000
MAX_SEEN = 100_000
CHUNK = 1 << 20
METER_START = b'{"line":0,"kind":"header","format":"chapterv meter"'


class Seen(msgspec.Struct, frozen=True):
    """How far a run was at one time, cumulative; an amount that the record does not hold is None.

    Args:
        at: time as the record gives it.
        part: what tells several runs or activities of one record apart.
        tokens: tokens processed.
        operations: FLOP by the record's own count.
        activity: kind of activity, where the record says it.
    """

    at: datetime.datetime
    part: str = ""
    tokens: int | None = None
    operations: int | None = None
    activity: str | None = None


class Followed(msgspec.Struct):
    """One record that is followed.

    Args:
        run: subject of its run.
        name: path relative to the dossier.
        path: where it is.
        seen: what was seen, in the order of the record.
        meter: identity of a meter's file, empty for a log; copies of a file have one identity.
        undated: points without a time.
        replaced: how often the file was replaced or cut.
    """

    run: str
    name: str
    path: Path
    seen: list[Seen]
    meter: str = ""
    undated: int = 0
    replaced: int = 0


class Followers:
    """All records of a dossier's runs.

    Args:
        folder: the dossier.
        runs: subjects of runs by paths relative to the folder.

    Attributes:
        records: the records found, each with what was seen in it.
        bytes_read: how far all records were read on, each byte once.
    """

    def __init__(self, folder: Path, runs: Mapping[str, str]) -> None:
        self.records: list[Followed] = []
        self._states: dict[str, Any] = {}
        self._refused: set[str] = set()
        self.bytes_read = 0
        self._folder = folder
        self._runs = runs

    def read_on(self) -> bool:
        """Read what is new in every record; records that have come up are taken in.

        Returns: whether anything was new.
        """
        self._look_for_records()
        news = [self._read_on(one) for one in tuple(self.records)]
        return any(news)

    def _look_for_records(self) -> None:
        known = {one.name for one in self.records} | self._refused
        root = self._folder.resolve()
        for place, run in self._runs.items():
            for path in islice(_files(self._folder / place), MAX_FILES):
                name = path.relative_to(self._folder).as_posix()
                if name not in known and path.resolve().is_relative_to(root):
                    known.add(name)
                    self.records.append(Followed(run, name, path, []))

    def _read_on(self, record: Followed) -> bool:
        state = self._states.get(record.name)
        if state is None:
            record.meter = _meter_identity(record.path)
        if record.meter:
            return self._read_meter(record, state or 0)
        return self._read_log(record, state)

    def _read_log(self, record: Followed, state: Any) -> bool:
        from chapterv.evidence.run_logs import follow
        from chapterv.evidence.run_spans import moment

        before = state.offset if state is not None else 0
        try:
            state, points = follow(record.path, state)
        except InputError:
            # No log of a known format, or one that was taken away: what was seen stays.
            if record.name not in self._states:
                self._refused.add(record.name)
                self.records.remove(record)
            return False
        self.bytes_read += max(state.offset - before, 0)
        self._states[record.name] = state
        replaced = [one for one in state.gathered.events if one.kind == "file_replaced"]
        times = sum(one.times for one in replaced)
        if times > record.replaced:
            record.replaced, record.seen = times, []
        for point in points:
            at = moment(point.time)
            if at is None:
                record.undated += 1
                continue
            record.seen.append(Seen(at, point.run, point.tokens, point.operations))
        record.seen = _thinned(record.seen)
        return bool(points)

    def _read_meter(self, record: Followed, offset: int) -> bool:
        """Take the running totals of each new line that has ended."""
        before = len(record.seen)
        try:
            if record.path.stat().st_size < offset:
                offset, record.seen, before = 0, [], 0
                record.replaced += 1
            for line, end in _new_lines(record.path, offset):
                record.seen.extend(_meter_line(line))
                self.bytes_read += end - offset
                offset = end
        except OSError:
            pass  # it was taken away; what was seen stays
        self._states[record.name] = offset
        news = len(record.seen) > before
        record.seen = _thinned(record.seen)
        return news


def _files(path: Path) -> Iterator[Path]:
    """A record itself, or the files of a folder that may be records, by their names."""
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            if name.endswith(SUFFIXES) and (Path(folder) / name).is_file():
                yield Path(folder) / name


def _meter_identity(path: Path) -> str:
    """What a meter's file calls itself; empty for any other file."""
    try:
        with path.open("rb") as file:
            if file.read(len(METER_START)) != METER_START:
                return ""
            file.seek(0)
            header = decode_json(file.readline(MAX_LINE), path.name, MAX_VALUES)
    except (OSError, InputError):
        return ""
    return str(header.get("id"))[:80] if isinstance(header, dict) else ""


def _new_lines(path: Path, offset: int) -> Iterator[tuple[bytes, int]]:
    """Yield the lines that have ended since an offset, each with the offset after it.

    A line that is too long is yielded empty, so that it takes no memory and is passed over.
    """
    rest, too_long = b"", False
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK):
            *whole, last = chunk.split(b"\n")
            for line in whole:
                offset += len(rest) + len(line) + 1
                yield (b"" if too_long else rest + line), offset
                rest, too_long = b"", False
            rest += last
            if len(rest) > MAX_LINE:
                offset, rest, too_long = offset + len(rest), b"", True


def _thinned(seen: list[Seen]) -> list[Seen]:
    """Keep the first and the last of each day and part where there are very many."""
    if len(seen) <= MAX_SEEN:
        return seen
    first: dict[tuple[datetime.date, str], int] = {}
    last: dict[tuple[datetime.date, str], int] = {}
    for index, one in enumerate(seen):
        first.setdefault((one.at.date(), one.part), index)
        last[one.at.date(), one.part] = index
    return [seen[index] for index in sorted({*first.values(), *last.values()})]


def _meter_line(line: bytes) -> Iterator[Seen]:
    """The running totals of one line, an entry for each activity; other lines hold none."""
    try:
        table = decode_json(line, "meter", MAX_VALUES)
        if not isinstance(table, dict) or table.get("kind") != "sums":
            return
        at = datetime.datetime.fromisoformat(str(table["utc"])[:40])
        sums: dict[str, int] = {}
        for one in table["totals"]:
            name = str(one["activity"])[:80]
            sums[name] = sums.get(name, 0) + int(str(one["operations"]["causal"])[:40])
    except (InputError, ValueError, KeyError, TypeError):
        return  # the scan has said so; the next line's totals hold what this one had
    for name, amount in sums.items():
        yield Seen(at, name, operations=amount, activity=name)
