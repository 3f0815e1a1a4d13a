"""The file of the training meter (`chapterv.meter`): tokens, time and energy of a run.

A line of sums holds what was added since the line before and the running totals, so each line is
checked against the ones before it. A line that a crash cut is left out and loses nothing, since the
next line's totals do not hold it; a line that is missing loses nothing either, since they do.
Operations are worked out anew from the sums. What several files say together (one for each rank,
or copies of one) is put together when all are read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact, Window, printable
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Anomaly, Part
from chapterv.evidence.strict import decode_json
from chapterv.facts import Source

__all__ = ["FORMAT", "Entry", "MeterFile", "MeterKey", "read_meter_file"]

FORMAT = "chapterv meter"
VERSION = 1
MAX_LINE = 4 * 1024 * 1024
MAX_VALUES = 200_000
MAX_KEYS = 1000
MAX_SESSIONS = 100_000
MAX_ANOMALIES = 100
MAX_DIGITS = 40
_CHUNK = 1 << 20
_START = b'{"line":0,"kind":"header","format":"' + FORMAT.encode() + b'"'

MeterKey = tuple[str, str, str, int]
"""Phase, activity, "update" or "forward", and number of the kind of pass."""


class Entry:
    """Sums of one key: whole numbers by name, pairs, energy, and the operations as written."""

    __slots__ = ("counts", "energy", "first", "last", "operations", "pairs")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.pairs: list[tuple[int, int]] = []
        self.energy: dict[str, int] = {}
        self.operations: tuple[int, int] | None = None
        self.first: date | None = None
        self.last: date | None = None

    def add(self, other: Entry) -> None:
        """Add what a line added."""
        for name, amount in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + amount
        if not self.pairs:
            self.pairs = [(0, 0)] * len(other.pairs)
        elif not other.pairs:
            return self._add_energy(other)
        if len(self.pairs) != len(other.pairs):
            raise ValueError("another number of pairs")
        self.pairs = [
            (mine[0] + more[0], mine[1] + more[1])
            for mine, more in zip(self.pairs, other.pairs, strict=True)
        ]
        return self._add_energy(other)

    def _add_energy(self, other: Entry) -> None:
        for name, amount in other.energy.items():
            self.energy[name] = self.energy.get(name, 0) + amount

    def same(self, other: Entry) -> bool:
        """Tell whether both hold the same sums."""
        return (self.counts, self.pairs, self.energy) == (other.counts, other.pairs, other.energy)


class MeterFile(msgspec.Struct):
    """One file as it was read.

    Args:
        header: its first line.
        run: subject of its facts.
        source: where facts of it come from.
        sessions: for each start, accelerators, their name and the energy counters.
        works: terms and trained weights of each kind of pass.
        totals: sums by key, after the checks.
        lines: lines that were read.
    """

    header: dict[str, Any]
    run: str
    source: Source
    sessions: list[dict[str, Any]]
    works: list[dict[str, Any]]
    totals: dict[MeterKey, Entry]
    lines: int


@reader("training-meter", version="1", names=("meter.jsonl", "meter*.jsonl"), suffixes=(".jsonl",))
def read_meter_file(artefact: Artefact) -> Iterator[Found]:
    """Read the file of a training meter; other files of JSON lines are not claimed."""
    with artefact.opened() as window:
        if not window.read(0, len(_START)).startswith(_START):
            raise Unclaimed
        checking = _Checking(artefact.path)
        digest = hashlib.sha256()
        for number, (line, whole) in enumerate(_lines(window, digest), 1):
            checking.take(number, line, whole)
    if artefact.digest is None:
        artefact.digest, artefact.digest_of = digest.hexdigest(), "file"
    yield from checking.finish()
    yield Part(
        "meter",
        artefact.folder,
        artefact.path,
        MeterFile(
            checking.header, artefact.run, artefact.source(), checking.sessions,
            checking.works, checking.totals, checking.lines,
        ),
    )  # fmt: skip


def _lines(window: Window, digest: Any) -> Iterator[tuple[bytes, bool]]:
    """Yield each line and whether it has an end; one that is too long is yielded empty."""
    rest = b""
    offset = 0
    too_long = False
    while offset < window.size:
        chunk = window.read(offset, _CHUNK)
        if not chunk:
            break
        digest.update(chunk)
        offset += len(chunk)
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield (b"" if too_long or len(line) > MAX_LINE else line), True
            too_long = False
        if len(rest) > MAX_LINE:
            rest, too_long = b"", True
    if rest or too_long:
        yield rest, False


class _Checking:
    """Goes through the lines and keeps sums that agree with one another."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.header: dict[str, Any] = {}
        self.sessions: list[dict[str, Any]] = []
        self.works: list[dict[str, Any]] = []
        self.totals: dict[MeterKey, Entry] = {}
        self.lines = 0
        self.anomalies: list[Anomaly] = []
        self._expected = 0
        self._utc: datetime | None = None
        self._back = 0
        self._differs: int | None = None
        self._other = False

    def take(self, number: int, line: bytes, whole: bool) -> None:
        """Take one line of the file."""
        place = f"line {number}"
        try:
            table = decode_json(line, self.path, MAX_VALUES)
            if not isinstance(table, dict):
                raise InputError("no table")
            index = _whole(table.get("line"))
            if number == 1:
                self._take_header(table)
            elif self._other or table.get("kind") == "header":
                self._take_other(place)
                return
            elif index < self._expected:
                self._take_repeated(table, index, place)
                return
            else:
                self._take_line(table, index, place)
            self._expected = index + 1
            self.lines += 1
        except (InputError, ValueError, KeyError, TypeError) as error:
            if number == 1:
                raise InputError("the first line cannot be read", self.path, str(error)) from None
            self._unreadable(place, whole, line)

    def finish(self) -> Iterator[Anomaly]:
        """Yield what was wrong."""
        if self._back:
            self._note(
                "clock_back", "the system's clock went back",
                "no effect on durations, which another clock measures", None, times=self._back,
            )  # fmt: skip
        yield from self.anomalies

    def _take_header(self, table: dict[str, Any]) -> None:
        if table.get("format") != FORMAT or table.get("version") != VERSION:
            raise InputError(f"version {str(table.get('version'))[:20]!r} is not known")
        self.header = table
        self._utc = _moment(table)

    def _take_line(self, table: dict[str, Any], index: int, place: str) -> None:
        before = self._utc
        self._take_moment(table)
        kind = table.get("kind")
        if kind == "session":
            if len(self.sessions) >= MAX_SESSIONS:
                raise ValueError("too many sessions")
            self.sessions.append(table)
        elif kind == "works" and isinstance(table["works"], list):
            self.works = table["works"][:MAX_KEYS]
        elif kind == "sums":
            self._take_sums(table, index > self._expected, before, place)

    def _take_sums(
        self, table: dict[str, Any], gap: bool, before: datetime | None, place: str
    ) -> None:
        added, totals = _entries(table["added"]), _entries(table["totals"])
        if gap:
            self._fill_gap(added, totals, place)
        for key, entry in added.items():
            mine = self.totals.setdefault(key, Entry())
            mine.add(entry)
            mine.first = mine.first or (before.date() if before else None)
            mine.last = self._utc.date() if self._utc else mine.last
        for key, entry in totals.items():
            if key in self.totals:
                self.totals[key].operations = entry.operations
        self._compare(totals, place)

    def _fill_gap(
        self, added: dict[MeterKey, Entry], totals: dict[MeterKey, Entry], place: str
    ) -> None:
        """Take what missing lines had added from the totals of the next one."""
        lost = self._fill(totals, added)
        if lost:
            self._note(
                "lines_missing", "lines before this one are missing",
                "counted all the same, from the totals of this line", place, "run.tokens", lost,
            )  # fmt: skip

    def _fill(self, totals: dict[MeterKey, Entry], added: dict[MeterKey, Entry]) -> int:
        """Add what totals have above the sums so far and what is yet to be added."""
        tokens = 0
        for key, entry in totals.items():
            mine = self.totals.setdefault(key, Entry())
            more = _less(entry, added.get(key), mine)
            tokens += more.counts.get("tokens", 0)
            mine.add(more)
            mine.operations = entry.operations
        return tokens

    def _compare(self, totals: dict[MeterKey, Entry], place: str) -> None:
        """Note where running totals and the sum of what was added part, once for each distance."""
        keys = {*self.totals, *totals}
        pairs = [(self.totals.get(key, Entry()), totals.get(key, Entry())) for key in keys]
        if all(mine.same(theirs) for mine, theirs in pairs):
            return
        differs = sum(t.counts.get("tokens", 0) - m.counts.get("tokens", 0) for m, t in pairs)
        if differs != self._differs:
            self._differs = differs
            self._note(
                "totals_differ", "the totals are not the sum of what the lines added",
                "the sum of what the lines added counts", place, "run.tokens", abs(differs),
            )  # fmt: skip

    def _take_repeated(self, table: dict[str, Any], index: int, place: str) -> None:
        """Take from a number that was there before only what its totals have more.

        A process that is interrupted just after it wrote a line writes it once more, with what was
        counted since.
        """
        more = self._fill(_entries(table["totals"]), {}) if table.get("kind") == "sums" else 0
        self._note(
            "line_repeated", f"number {index} was there before",
            "counted as far as its totals are higher", place, "run.tokens", more,
        )  # fmt: skip

    def _take_other(self, place: str) -> None:
        """Leave out all that follows a second header."""
        if not self._other:
            self._other = True
            self._note(
                "second_record", "another record begins within the file",
                "left out from here; put it into a file of its own", place,
            )  # fmt: skip

    def _take_moment(self, table: dict[str, Any]) -> None:
        moment = _moment(table) if "utc" in table else None
        if moment and self._utc and moment < self._utc:
            self._back += 1
        self._utc = moment or self._utc

    def _unreadable(self, place: str, whole: bool, line: bytes) -> None:
        cut = not whole or not line.rstrip().endswith(b"}")
        self._note(
            "line_cut" if cut else "line_unreadable",
            "the line is cut off, as a process that was ended leaves it"
            if cut
            else "the line cannot be read",
            "left out; the totals of the next line hold what counts",
            place,
        )

    def _note(
        self, kind: str, text: str, effect: str, place: str | None,
        key: str | None = None, amount: int | None = None, times: int = 1,
    ) -> None:  # fmt: skip
        if len(self.anomalies) < MAX_ANOMALIES:
            self.anomalies.append(Anomaly(self.path, kind, text, effect, place, key, amount, times))


def _less(total: Entry, added: Entry | None, mine: Entry) -> Entry:
    """Return total less added less mine, none of it below zero."""
    found = Entry()
    more = added or Entry()
    for name, amount in total.counts.items():
        rest = amount - more.counts.get(name, 0) - mine.counts.get(name, 0)
        if rest > 0:
            found.counts[name] = rest
    for name, amount in total.energy.items():
        rest = amount - more.energy.get(name, 0) - mine.energy.get(name, 0)
        if rest > 0:
            found.energy[name] = rest
    for place, pair in enumerate(total.pairs):
        both = [entry.pairs[place] for entry in (more, mine) if len(entry.pairs) > place]
        causal, full = (max(pair[n] - sum(one[n] for one in both), 0) for n in (0, 1))
        found.pairs.append((causal, full))
    return found


def _entries(table: Any) -> dict[MeterKey, Entry]:
    if not isinstance(table, list) or len(table) > MAX_KEYS:
        raise ValueError("no list of sums")
    return dict(_entry(one) for one in table)


_WORDS = ("phase", "activity", "passes")
_OTHERS = frozenset({*_WORDS, "work", "pairs", "energy_mj", "operations", "last_step"})


def _entry(table: Any) -> tuple[MeterKey, Entry]:
    phase, activity, passes = (_word(table[name]) for name in _WORDS)
    entry = Entry()
    entry.counts = {
        str(name)[:40]: _amount(amount) for name, amount in table.items() if name not in _OTHERS
    }
    entry.pairs = [(_amount(one[0]), _amount(one[1])) for one in table.get("pairs", [])]
    entry.energy = {
        _word(name): _amount(amount) for name, amount in table.get("energy_mj", {}).items()
    }
    operations = table.get("operations")
    if operations is not None:
        entry.operations = (_amount(operations["causal"]), _amount(operations["full"]))
    return (phase, activity, passes, _whole(table["work"])), entry


def _word(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("no short text")
    return printable(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("no whole number")
    return value


def _amount(value: Any) -> int:
    if not isinstance(value, str) or not value.isdecimal() or len(value) > MAX_DIGITS:
        raise ValueError("no amount")
    return int(value)


def _moment(table: dict[str, Any]) -> datetime:
    moment = datetime.fromisoformat(str(table["utc"])[:40])
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment
