"""Reading training logs as they grow: blocks of bytes in, spans of steps out.

A log is recognised by its first and last bytes, read once from front to end in blocks, and never
held in memory. What was gathered can be kept as JSON and taken up later, so that a log that has
grown is read from where it was left. Lines are bytes: a log need not be UTF-8. A line ends with a
line feed or a carriage return (progress bars write the latter); the last line counts only once it
has ended, because a number cut in half is another number.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from chapterv.errors import InputError, StorageError
from chapterv.evidence.artefacts import Artefact, Window
from chapterv.evidence.registry import load
from chapterv.evidence.run_spans import MAX_POINTS, Event, Gathered, Point, Span

__all__ = [
    "BLOCK",
    "SAMPLE",
    "Dialect",
    "Lines",
    "LogState",
    "dialect",
    "follow",
    "gather",
    "resumed",
]

BLOCK = 256 * 1024
"""Bytes read at once, and the longest line that is read."""
SAMPLE = 64 * 1024
"""Bytes at either end that a log is recognised by and told from another."""
STATE_VERSION = 1
MAX_STATE = 64 * 1024 * 1024


class Lines:
    """Complete lines of a log, in one piece of bytes that ends with a line feed.

    Args:
        data: the bytes, all line ends as line feeds.
        before: number of lines before the first of them.
    """

    __slots__ = ("before", "count", "data")

    def __init__(self, data: bytes, before: int) -> None:
        self.data = data
        self.before = before
        self.count = data.count(b"\n")

    def number(self, offset: int) -> int:
        """Return the number of the line at an offset, counted from 1."""
        return self.before + self.data.count(b"\n", 0, offset) + 1

    def holding(self, needles: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of each line in which the pattern is found, in order."""
        data, done, number = self.data, 0, self.before + 1
        match = needles.search(data)
        while match is not None:
            start = data.rfind(b"\n", done, match.start()) + 1 or done
            number += data.count(b"\n", done, start)
            end = data.find(b"\n", match.end())
            end = len(data) if end < 0 else end
            yield number, data[start:end]
            done, number = end + 1, number + data.count(b"\n", start, end) + 1
            match = needles.search(data, done)


Scan = Callable[[Lines, Gathered, "list[Point] | None"], None]


class Dialect(msgspec.Struct, frozen=True):
    """How one program writes its log.

    Args:
        name: name of the format.
        framework: name of the program, as a person knows it.
        recognise: tells from a sample of the bytes whether the program wrote them.
        scan: takes complete lines into what was gathered, and adds points where a list is given.
        finish: takes up a step that is spread over lines, at the end of the file.
    """

    name: str
    framework: str
    recognise: Callable[[bytes], bool]
    scan: Scan
    finish: Callable[[Gathered], None] = lambda gathered: None


_DIALECTS: dict[str, Dialect] = {}


def dialect(entry: Dialect) -> Dialect:
    """Make a format known to `follow`."""
    _DIALECTS[entry.name] = entry
    return entry


class LogState(msgspec.Struct):
    """How far a log was read, and what it gave; it can be kept and taken up again.

    Args:
        dialect: name of the format.
        offset: bytes read, up to the end of a line.
        line: lines read.
        skipping: whether the offset lies in a line that is too long.
        head_bytes: size of the sample at the start that tells the file from another.
        head: SHA-256 of that sample.
        tail: SHA-256 of the last bytes before the offset.
        gathered: what the lines gave.
        version: of this layout.
    """

    dialect: str
    offset: int = 0
    line: int = 0
    skipping: bool = False
    head_bytes: int = 0
    head: str = ""
    tail: str = ""
    gathered: Gathered = msgspec.field(default_factory=Gathered)
    version: int = STATE_VERSION

    def to_bytes(self) -> bytes:
        """Return the state as JSON."""
        return json.dumps(msgspec.to_builtins(self), separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> LogState | None:
        """Return a state that was kept, or None where it is broken or of another version."""
        try:
            state = msgspec.convert(json.loads(data), cls)
        except (ValueError, RecursionError, msgspec.ValidationError):
            return None
        return state if state.version == STATE_VERSION and state.dialect in _known() else None

    def keep(self, cache: Path, path: Path | str) -> None:
        """Write the state into a cache folder, whole or not at all.

        Args:
            cache: such as the folder `.chapterv` of a dossier.
            path: the log, as it is named there.

        Raises:
            StorageError: the folder cannot be written.
        """
        place = _place(cache, path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft = place.with_suffix(f".{os.getpid()}")
            draft.write_bytes(self.to_bytes())
            draft.replace(place)
        except OSError as error:
            raise StorageError(
                f"cannot be written: {error.strerror}", str(place), "Check the folder."
            ) from None

    @classmethod
    def kept(cls, cache: Path, path: Path | str) -> LogState | None:
        """Return the state that was kept for a log, or None."""
        try:
            with _place(cache, path).open("rb") as file:
                return cls.from_bytes(file.read(MAX_STATE))
        except OSError:
            return None


def _place(cache: Path, path: Path | str) -> Path:
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    return cache / "logs" / f"{name}.json"


def _known() -> dict[str, Dialect]:
    load()
    return _DIALECTS


def recognised(window: Window, entry: Dialect) -> bool:
    """Tell by samples of both ends whether a file is of a format."""
    return entry.recognise(_samples(window))


def _samples(window: Window) -> bytes:
    start = window.read(0, SAMPLE)
    if window.size <= SAMPLE:
        return start
    return start + b"\n" + window.read(max(SAMPLE, window.size - SAMPLE), SAMPLE)


def gather(
    window: Window, state: LogState, points: list[Point] | None = None, final: bool = False
) -> None:
    """Read a log from where a state was left to the size that it had when it was opened.

    Args:
        window: the open file.
        state: changed in place.
        points: gets what the new lines say of the progress.
        final: whether this is all of the file, so that a lone carriage return ends its last line.
    """
    entry = _known()[state.dialect]
    while state.offset < window.size:
        data = window.read(state.offset, BLOCK)
        at_end = state.offset + len(data) >= window.size
        if not data or not _advance(data, at_end and final, state, entry, points):
            break
        if points is not None and len(points) > 2 * MAX_POINTS:
            points[:] = _thinned(points)
    state.head_bytes = min(window.size, SAMPLE)
    state.head = _digest(window, 0, state.head_bytes)
    state.tail = _digest_before(window, state.offset)


def _advance(
    data: bytes, final: bool, state: LogState, entry: Dialect, points: list[Point] | None
) -> bool:
    """Take one block; False where it holds no end of a line yet."""
    if state.skipping:
        end = _first_end(data)
        state.offset += end or len(data)
        state.line += bool(end)
        state.skipping = not end
        return True
    cut = _last_end(data, final)
    if cut:
        data = data[:cut]
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = Lines(data, state.line)
        entry.scan(lines, state.gathered, points)
        state.line += lines.count
        state.offset += cut
    elif len(data) == BLOCK:
        state.gathered.event("line_too_long", state.line + 1)
        state.offset += BLOCK
        state.skipping = True
    else:
        return False
    return True


def _last_end(data: bytes, final: bool) -> int:
    """Return the number of bytes up to the last end of a line.

    A carriage return at the very end may be half of a Windows line end, so it has to wait.
    """
    feed = data.rfind(b"\n") + 1
    back = data.rfind(b"\r", feed, len(data) if final else len(data) - 1) + 1
    return max(feed, back)


def _first_end(data: bytes) -> int:
    ends = [place for place in (data.find(b"\n"), data.find(b"\r")) if place >= 0]
    return min(ends) + 1 if ends else 0


def _digest(window: Window, offset: int, length: int) -> str:
    return hashlib.sha256(window.read(offset, length)).hexdigest()


def _digest_before(window: Window, offset: int) -> str:
    start = max(0, offset - SAMPLE)
    return _digest(window, start, offset - start)


_REPLACED = "file_replaced"


def resumed(window: Window, entry: Dialect, cache: Path | None, location: str) -> LogState:
    """Read a log on from where it was left, and keep how far that is.

    Args:
        window: the open file.
        entry: its format.
        cache: folder that holds the states of large logs, or None to read from the start.
        location: the file's path in the file system, absolute where states are kept.

    Returns: the state after all whole lines.
    """
    if cache is None or window.size < MIN_KEPT:
        return LogState(entry.name)
    state = LogState.kept(cache, location)
    if state is None or state.dialect != entry.name or not _same(window, state):
        state = LogState(entry.name)
    before = state.offset
    gather(window, state)
    if state.offset > before:
        # A cache that cannot be written costs time and nothing else.
        with contextlib.suppress(StorageError):
            state.keep(cache, location)
    return state


MIN_KEPT = 4 * 1024 * 1024
"""Smaller logs are read again faster than a state is found."""


def follow(path: Path | str, state: LogState | None = None) -> tuple[LogState, list[Point]]:
    """Read what a growing log has got since it was last read.

    Args:
        path: the log.
        state: what the last call returned, or None to read from the start. It is changed in place.

    Returns: the state, and the points of the lines that are new, thinned out where they are many
        (the last one is always there). A file that was replaced or cut is read anew, and the
        state's events say so.

    Raises:
        InputError: the file cannot be read, or is no log of a known format.
    """
    name = os.fspath(path)
    points: list[Point] = []
    with Artefact(os.path.basename(name), name, 0).opened() as window:
        if state is None:
            state = LogState(_recognise(window))
        elif not _same(window, state):
            before = [event.times for event in state.gathered.events if event.kind == _REPLACED]
            state = LogState(_recognise(window))
            state.gathered.event(_REPLACED, 1, 1 + sum(before))
        gather(window, state, points)
    return state, _thinned(points)


def _same(window: Window, state: LogState) -> bool:
    """Tell whether the file that was read is still the start of this one."""
    return (
        window.size >= max(state.offset, state.head_bytes)
        and _digest(window, 0, state.head_bytes) == state.head
        and _digest_before(window, state.offset) == state.tail
    )


def _recognise(window: Window) -> str:
    samples = _samples(window)
    for entry in _known().values():
        if entry.recognise(samples):
            return entry.name
    raise InputError(
        "no training log of a format that is known",
        window.path,
        "Formats: " + ", ".join(sorted(each.framework for each in _known().values())) + ".",
    )


def _thinned(points: list[Point]) -> list[Point]:
    if len(points) <= MAX_POINTS:
        return points
    every = -(-len(points) // MAX_POINTS)
    return points[:-1][::every] + points[-1:]


_SCIENTIFIC = re.compile(r"[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,4})?")
_TOO_LONG = 40
"""Digits beyond which a number in a log is no number of this world."""


def scaled(text: bytes | str, power: int = 0) -> int | None:
    """Return a number of a log as a whole number of a smaller unit, or None where it is none.

    Args:
        text: such as "1552.8", "1,444" or "1.249e+03".
        power: of ten, by which it is multiplied; what lies below 1 then is cut off.
    """
    plain = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    if len(plain) > _TOO_LONG:
        return None
    plain = plain.replace(",", "").strip()
    before, _, after = plain.partition(".")
    if plain.isascii() and (before + after).isdigit():
        return _shifted(int(before + after), power - len(after))
    if not _SCIENTIFIC.fullmatch(plain):
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    if number.adjusted() + power > _TOO_LONG:
        return None
    _, digits, exponent = number.as_tuple()
    return _shifted(int("".join(map(str, digits))), max(int(exponent) + power, -_TOO_LONG * 2))


def _shifted(number: int, power: int) -> int:
    factor: int = 10 ** abs(power)
    return number * factor if power >= 0 else number // factor


def snapshot(state: LogState, final: bool = True) -> list[Span]:
    """Return the spans as they stand, an open step and an open start settled; nothing changes.

    Args:
        state: of a log.
        final: whether a step that is spread over lines counts as it stands.
    """
    copy = msgspec.convert(msgspec.to_builtins(state.gathered), Gathered)
    if final:
        _known()[state.dialect].finish(copy)
    for span in copy.spans:
        span.settle()
    return copy.spans


def events(state: LogState) -> list[Event]:
    """Return what went wrong so far."""
    return state.gathered.events


def unfinished(state: LogState, size: int) -> int:
    """Return the bytes of a last line that has not ended."""
    return 0 if state.skipping else max(0, size - state.offset)


COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
TIME = re.compile(rb"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)")
_TAG = re.compile(rb"\s*(?:\x1b\[[0-9;]*m)*(\[[^\[\]\s]{1,60}\]:|\d{1,6}:)")


def tag_of(line: bytes) -> str:
    """Return what tells lines of one machine or rank from those of another, or nothing.

    Launchers write such as "[rank0]:" or "[node7:3]:" before each line. Names of machines are not
    kept: the tag is a digest of what stands there.
    """
    match = _TAG.match(line)
    return _digest_of_tag(match.group(1)) if match else ""


@lru_cache(4096)
def _digest_of_tag(tag: bytes) -> str:
    return hashlib.sha256(tag).hexdigest()[:8]


def time_of(line: bytes) -> str | None:
    """Return the first time in a line, as written."""
    match = TIME.search(line)
    return match.group(1).decode() if match else None


def note_point(gathered: Gathered, points: list[Point] | None, time: Any) -> None:
    """Add how far the run is, where points are wanted."""
    if points is not None:
        point = gathered.point(time)
        if point is not None:
            points.append(point)
