"""Lines of a table of sacct: which are jobs, how long they held what, which are there twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.results import Anomaly

__all__ = ["Allocation", "Table", "read_table"]

MAX_LINES = 1_000_000
MAX_COLUMNS = 300
MAX_SECONDS = 20 * 366 * 86_400
MAX_UNITS = 10_000_000
_NEEDED = ("JobID", "JobIDRaw")
_FIX = "Print it again: sacct -P -D --noconvert -o JobIDRaw,State,Start,End,ElapsedRaw,AllocTRES"

_ELAPSED = re.compile(r"(?:([0-9]{1,6})-)?([0-9]{1,2}):([0-9]{2}):([0-9]{2})")
_TYPED = re.compile(r"(?:gres/)?gpu:([A-Za-z0-9_.+-]{1,60})[=:]([0-9]{1,9})")
_PLAIN = re.compile(r"(?:gres/)?gpu[=:]([0-9]{1,9})")
_STEP = re.compile(r"^[0-9]+(?:_[0-9]+|\+[0-9]+)?\.")
_JOB = re.compile(r"^[0-9]+(?:_(?:[0-9]+|\[[0-9,%-]+\])|\+[0-9]+)?$")
_SLICE = re.compile(r"[0-9]g\.[0-9]+gb")


class Allocation(msgspec.Struct, frozen=True):
    """One attempt of one job.

    Args:
        line: line of the file, counted from 1.
        job: number of the job.
        state: first word of the state.
        start: as printed, without a zone, None where it is not known.
        end: likewise.
        seconds: time of allocation.
        chip: kind of accelerator in lower case, empty where the table does not name it.
        units: accelerators.
        nodes: nodes, 0 where the table does not say.
        joules: energy as the table has it, 0 for none.
        mixed: one of several kinds of accelerators in one job.
    """

    line: int
    job: str
    state: str
    start: datetime | None
    end: datetime | None
    seconds: int
    chip: str
    units: int
    nodes: int
    joules: int
    mixed: bool = False

    @property
    def subject(self) -> str:
        """Name of the job as a run of its own."""
        return f"{self.job}-{self.chip}" if self.mixed else self.job


class Table(msgspec.Struct, frozen=True):
    """What the lines give: attempts, lines of steps, what was wrong."""

    allocations: list[Allocation]
    steps: int
    anomalies: list[Anomaly]


def read_table(text: str, path: str) -> Table:
    """Read the lines of a table.

    Raises:
        InputError: columns are missing, or there are more lines than can be read.
    """
    lines = text.splitlines()
    columns = {name: at for at, name in enumerate(lines[0].split("|")) if name}
    if len(columns) > MAX_COLUMNS or len(lines) > MAX_LINES:
        raise InputError("more lines or columns than a table of one run has", path, _FIX)
    missing = [
        " or ".join(words)
        for words in (("AllocTRES", "AllocGRES", "AllocTres"), ("ElapsedRaw", "Elapsed"))
        if not any(word in columns for word in words)
    ]
    if missing:
        raise InputError(f"the column {', '.join(missing)} is missing", f"{path}:1", _FIX)
    reading = _Reading(path, columns)
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            reading.take(number, line.split("|"))
    return Table(reading.allocations, reading.steps, list(reading.anomalies()))


class _Reading:
    def __init__(self, path: str, columns: dict[str, int]) -> None:
        self.path = path
        self.columns = columns
        self.width = max(columns.values()) + 1
        self.allocations: list[Allocation] = []
        self.seen: set[tuple[str, ...]] = set()
        self.steps = 0
        self.faults: dict[str, list[int]] = {}

    def take(self, number: int, cells: list[str]) -> None:
        """Take one line."""
        job = self._job(cells)
        if job in _NEEDED:
            return  # the header of a second table that was appended
        if _STEP.match(job):
            self.steps += 1
            return
        if len(cells) < self.width or not _JOB.match(job):
            self.faults.setdefault("line_cut", []).append(number)
            return
        start, end = self._cell(cells, "Start"), self._cell(cells, "End")
        seconds = _seconds(self._cell(cells, "ElapsedRaw"), self._cell(cells, "Elapsed"))
        if seconds is None:
            self.faults.setdefault("time_unknown", []).append(number)
            return
        key = (job, start, end if start else "", str(seconds))
        if key in self.seen:
            self.faults.setdefault("record_repeated", []).append(number)
            return
        self.seen.add(key)
        chips, sliced = _chips(self._cell(cells, "AllocTRES") or self._cell(cells, "AllocGRES"))
        if sliced:
            self.faults.setdefault("accelerator_sliced", []).append(number)
        for chip, units in chips.items() or {"": 0}.items():
            self.allocations.append(
                Allocation(
                    number,
                    job,
                    (self._cell(cells, "State").split() or [""])[0].rstrip("+"),
                    _time(start),
                    _time(end),
                    seconds,
                    chip,
                    units,
                    _whole(self._cell(cells, "NNodes") or self._cell(cells, "AllocNodes")),
                    # The energy is the whole job's, so only one of several kinds carries it.
                    0 if chip != next(iter(chips), "") else self._joules(cells),
                    len(chips) > 1,
                )
            )

    def _job(self, cells: list[str]) -> str:
        return self._cell(cells, "JobIDRaw") or self._cell(cells, "JobID")

    def _joules(self, cells: list[str]) -> int:
        return _whole(self._cell(cells, "ConsumedEnergyRaw"))

    def _cell(self, cells: list[str], name: str) -> str:
        at = self.columns.get(name)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    def anomalies(self) -> list[Anomaly]:
        """Return what was wrong, one entry a kind."""
        words = {
            "line_cut": ("is cut off or is no line of the table", "passed over"),
            "time_unknown": ("has no time that can be read", "passed over"),
            "record_repeated": ("says the same as a line before it", "counted once"),
            "accelerator_sliced": ("has slices of accelerators (MIG)", "slices are not counted"),
        }
        return [
            Anomaly(
                self.path,
                kind,
                f"{len(lines)} lines: each {words[kind][0]}",
                words[kind][1],
                f"line {lines[0]}",
                "run.unit_hours",
                times=len(lines),
            )
            for kind, lines in sorted(self.faults.items())
        ]


def _chips(text: str) -> tuple[dict[str, int], bool]:
    """Return accelerators by kind, and whether slices of some were left out.

    Slurm lists them twice where the kind is known: `gres/gpu:h100=8,gres/gpu=8`.
    """
    typed: dict[str, int] = {}
    plain, sliced = 0, False
    for item in text.split(","):
        match = _TYPED.fullmatch(item.strip().split("(")[0])
        if match:
            name, count = match[1].lower(), min(int(match[2]), MAX_UNITS)
            if _SLICE.search(name):
                sliced = True
            elif count:
                typed[name] = typed.get(name, 0) + count
            continue
        match = _PLAIN.fullmatch(item.strip().split("(")[0])
        if match:
            plain = min(int(match[1]), MAX_UNITS)
    if typed or sliced:
        return typed, sliced
    return ({"": plain} if plain else {}), False


def _seconds(raw: str, elapsed: str) -> int | None:
    if raw.isascii() and raw.isdigit() and len(raw) < 12:
        return int(raw) if int(raw) <= MAX_SECONDS else None
    match = _ELAPSED.fullmatch(elapsed)
    if not match:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return total if total <= MAX_SECONDS else None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 25 else 0


def _time(text: str) -> datetime | None:
    """Return a time as printed; seconds since 1970 are one of the forms that sacct can print."""
    if text.isascii() and text.isdigit() and 9 <= len(text) <= 10:
        return datetime.fromtimestamp(int(text), UTC).replace(tzinfo=None)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
