"""The meter's file: append-only lines of JSON, one writer, no line ever written twice.

The first line is a header, then come sessions (one for each start) and sums. Every line of sums
holds what was added since the line before and the running totals, so that a reader can check one
against the other and a lost line loses nothing. A line that was cut by a crash stays where it is:
the next one begins on a new line, and its totals are those before the cut.
"""

from __future__ import annotations

import json
import os
import weakref
from collections import deque
from contextlib import suppress
from typing import Any

from chapterv.errors import InputError, StorageError

__all__ = ["FORMAT", "VERSION", "Record", "Resumed"]

FORMAT = "chapterv meter"
VERSION = 1
MAX_LINE = 4 * 1024 * 1024
_KEPT = 16
_START = b'{"line":0,"kind":"header","format":"chapterv meter"'


class Resumed:
    """What a file held when it was opened again.

    Args:
        header: its first line.
        sessions: how many times it was opened before.
        works: terms of all kinds of pass so far.
        last: the last line of sums that can be read, or None.
        lines: number of the next line.
    """

    def __init__(self) -> None:
        self.header: dict[str, Any] = {}
        self.sessions = 0
        self.works: list[dict[str, Any]] = []
        self.last: dict[str, Any] | None = None
        self.lines = 0


class Record:
    """The open file of one meter.

    Args:
        path: place of the file; its folder is made.
        sync: force each line to the disk.

    Raises:
        StorageError: another process writes it.
        InputError: it exists and is no meter's file.
        OSError: it cannot be opened.
    """

    def __init__(self, path: str, *, sync: bool = True) -> None:
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        self.name = os.path.basename(path)
        self.sync = sync
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(path, flags, 0o666)
        try:
            _lock(self._file, self.name)
            self.resumed = self._read(path)
            self._whole = self._ends_whole()
        except BaseException:
            os.close(self._file)
            raise
        self.lines = self.resumed.lines if self.resumed else 0
        _let_go_in_children(self)

    def append(self, line: dict[str, Any]) -> None:
        """Write one line and force it to the disk.

        Raises:
            OSError: it is not there, or not in whole; nothing of it counts.
        """
        text = json.dumps({"line": self.lines, **line}, separators=(",", ":"))
        data = text.encode() + b"\n"
        if not self._whole:
            data = b"\n" + data
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, data)
        except OSError:
            self._undo(before)
            raise
        if written != len(data):
            self._undo(before)
            raise OSError(28, "the line was written in part only")
        self._whole = True
        self.lines += 1
        if self.sync:
            # The line is in the file; should the disk lose it, the next line's totals hold it.
            with suppress(OSError):
                os.fsync(self._file)

    def close(self) -> None:
        """Close the file, which releases it for other writers."""
        with suppress(OSError):
            if self._file >= 0:
                os.close(self._file)
        self._file = -1

    def _undo(self, size: int) -> None:
        """Take back what a failed write left behind, or begin on a new line next time."""
        try:
            if os.fstat(self._file).st_size > size:
                os.ftruncate(self._file, size)
        except OSError:
            self._whole = False

    def _ends_whole(self) -> bool:
        size = os.fstat(self._file).st_size
        return size == 0 or os.pread(self._file, 1, size - 1) == b"\n"

    def _read(self, path: str) -> Resumed | None:
        if os.fstat(self._file).st_size == 0:
            return None
        found = Resumed()
        kept: deque[bytes] = deque(maxlen=_KEPT)
        with open(path, "rb") as lines:
            first = lines.readline(MAX_LINE)
            if _is_cut_header(first):
                os.ftruncate(self._file, 0)
                return None
            found.header = _header(first, self.name)
            found.lines = 1
            while line := lines.readline(MAX_LINE):
                if b'"kind":"session"' in line[:60] or b'"kind":"works"' in line[:60]:
                    _take(line, found)
                elif b'"kind":"sums"' in line[:60]:
                    kept.append(line)
        found.last = _last(kept)
        if found.last is not None:
            found.lines = max(found.lines, int(found.last["line"]) + 1)
        return found


def _let_go_in_children(record: Record) -> None:
    """Close the file in processes that are forked, which would keep it taken after our end."""
    held = weakref.ref(record)

    def close() -> None:
        left = held()
        if left is not None:
            left.close()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=close)


def _is_cut_header(line: bytes) -> bool:
    """Tell whether a crash cut the very first line, before anything was counted."""
    start = _START[: len(line)]
    return not line.endswith(b"\n") and line.startswith(start) and _parsed(line) is None


def _header(line: bytes, name: str) -> dict[str, Any]:
    header = _parsed(line)
    if header is None or header.get("format") != FORMAT or not line.endswith(b"\n"):
        raise InputError(
            "the file is there and no meter wrote its first line",
            name,
            "Give the meter another path.",
        )
    if header.get("version") != VERSION:
        raise InputError(
            f"the file is of version {header.get('version')!r}, this program writes {VERSION}",
            name,
            "Give the meter another path.",
        )
    return header


def _take(line: bytes, found: Resumed) -> None:
    """Take over a session, or the kinds of pass."""
    table = _parsed(line)
    if table is not None:
        found.sessions += table["kind"] == "session"
        found.works = table.get("works", found.works)
        found.lines = max(found.lines, int(table["line"]) + 1)


def _last(kept: deque[bytes]) -> dict[str, Any] | None:
    for line in reversed(kept):
        sums = _parsed(line)
        if sums is not None:
            return sums
    return None


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("line"), int) else None


def _lock(file: int, name: str) -> None:
    """Take the file for this process alone; the lock ends with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # a system without such locks
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StorageError(
            "another process writes this file",
            name,
            "Give each process its own path, or end the other one.",
        ) from None
    except OSError:
        return  # a network file system without locks
