"""CodeCarbon's `emissions.csv`: energy of a run, in any of the layouts that its releases wrote.

Columns are found by name. The tracker writes a line whenever it is asked to, each with the sums
since the start of the run, so of several lines with one `run_id` the last counts. Coordinates,
country, region and cloud of the machine stand in the file and are never kept.

Source: documentation of CodeCarbon, "Output"; its sources on the power usage effectiveness.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.metrics import exact
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Anomaly, Note
from chapterv.evidence.strict import decode_text

__all__ = ["read_codecarbon"]

MAX_FILE = 64 * 1024 * 1024
MAX_RUNS = 1000
SAME_START = 5
"""Seconds by which the start of one run, worked out from two of its lines, may differ."""
_NEEDED = {"timestamp", "duration", "emissions", "energy_consumed"}
_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A run's identifier is a UUID; anything else may be somebody's word."""
_COUNTED = re.compile(r"^([0-9]{1,6}) x (.+)$")
_JOULES_PER_KWH = 3_600_000

Row = dict[str, str]


@reader("codecarbon", version="1", names=("emissions*.csv", "*codecarbon*.csv", "*emissions*.csv"))
def read_codecarbon(artefact: Artefact) -> Iterator[Found]:
    """Read energy, time and accelerators of each run in the file."""
    start = artefact.size and _start(artefact)
    if not start or not set(start.split(",")) >= _NEEDED:
        raise Unclaimed("no table of CodeCarbon: its first line names other columns")
    lines = decode_text(artefact.read(MAX_FILE), artefact.path).splitlines()
    columns = next(csv.reader(lines[:1]))
    runs: dict[str, tuple[int, Row]] = {}
    unnamed = _Unnamed()
    broken: list[int] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        row = _row(columns, line)
        if row is None or exact(row["energy_consumed"]) is None:
            broken.append(number)
            continue
        name = row.get("run_id", "")
        if not _NAME.fullmatch(name):
            name = unnamed.name(number, row)
        yield from _falls(artefact, name, runs.get(name), number, row)
        runs[name] = (number, row)
    if broken:
        yield Anomaly(
            artefact.path, "line_cut", f"{len(broken)} lines are cut off or hold no energy",
            "passed over", f"line {broken[0]}", "run.energy", times=len(broken),
        )  # fmt: skip
    if len(runs) > MAX_RUNS:
        raise InputError(f"more than {MAX_RUNS} runs", artefact.path, "Keep each in a file.")
    for name, (number, row) in runs.items():
        subject = artefact.run if len(runs) == 1 else artefact.run_of(name)
        yield from _run(artefact, subject, number, row)
    if len(runs) > 1:
        yield Note(artefact.path, f"{len(runs)} runs: each is a run of its own here")


class _Unnamed:
    """Names runs whose lines have no identifier: lines that began at one time are one run."""

    def __init__(self) -> None:
        self.last = ""
        self.began: datetime | None = None

    def name(self, number: int, row: Row) -> str:
        """Return the name of the run that a line without identifier belongs to."""
        began = _began(row)
        same = began and self.began and abs((began - self.began).total_seconds()) <= SAME_START
        if not same:
            self.last = f"line-{number}"
        self.began = began
        return self.last


def _began(row: Row) -> datetime | None:
    seconds = exact(row["duration"])
    try:
        written = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=None)
        return written - timedelta(seconds=float(seconds)) if seconds is not None else None
    except (ValueError, OverflowError):
        return None


def _start(artefact: Artefact) -> str:
    with artefact.opened() as window:
        return window.read(0, 4096).decode("utf-8", "replace").split("\n", 1)[0].strip()


def _row(columns: list[str], line: str) -> Row | None:
    try:
        cells = next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration):
        return None
    return dict(zip(columns, cells, strict=True)) if len(cells) == len(columns) else None


def _falls(
    artefact: Artefact, name: str, before: tuple[int, Row] | None, number: int, row: Row
) -> Iterator[Anomaly]:
    """Say where the sums of one run go back, which they cannot."""
    if before is None:
        return
    old, new = exact(before[1]["energy_consumed"]), exact(row["energy_consumed"])
    if old is not None and new is not None and new < old:
        yield Anomaly(
            artefact.path,
            "counter_went_back",
            "the energy of one run_id falls, as when two runs share it",
            "the last line counts",
            f"line {number}",
            "run.energy",
            exact(old - new),
        )


def _run(artefact: Artefact, subject: str, number: int, row: Row) -> Iterator[Found]:
    line = f"line {number}"

    def fact(key: str, value: object, **options: object) -> Found:
        return artefact.fact(key, value, line, subject=subject, **options)  # type: ignore[arg-type]

    seconds = exact(row["duration"])
    if seconds:
        yield fact("run.seconds", seconds)
    kilograms = exact(row["emissions"])
    if kilograms:
        yield fact("run.emissions", exact(kilograms * 1000))
    day = _day(row["timestamp"])
    if day:
        yield fact("run.ended_on", day, note="the file names no time zone")
    yield from _energy(artefact, subject, number, row)
    units, chip = _accelerators(row)
    if chip:
        yield fact("run.chip", chip)
    if units:
        note = "of the machine that wrote the record"
        yield fact("run.units", units, relation="at_least", note=note)
        energy = exact(row.get("gpu_energy", ""))
        if energy and seconds:
            watts = Decimal(energy) * _JOULES_PER_KWH / (Decimal(seconds) * units * _pue(row))
            yield fact("run.mean_power", Decimal(f"{watts:.3f}"), basis="computed")


def _energy(artefact: Artefact, subject: str, number: int, row: Row) -> Iterator[Found]:
    line = f"line {number}"
    energy = exact(row["energy_consumed"])
    if not energy:
        yield Note(artefact.path, f"{line}: an energy of 0, which was not measured")
        return
    gpu = exact(row.get("gpu_energy", "")) or 0
    yield artefact.fact(
        "run.energy",
        energy,
        line,
        subject=subject,
        # A run on several machines has a table on each.
        relation="at_least",
        note=f"{100 * gpu / Decimal(energy):.0f} % from accelerators, whose counters are read; the "
        "rest, processor and memory, is often estimated from ratings",
    )
    # The sum holds processor, memory and accelerators of one machine: more than chips. Fans, mains
    # and network are not in it, but "node" is the word that comes nearest. A PUE above 1 was
    # multiplied into all energies before they were written, which makes it the facility's.
    pue = _pue(row)
    yield artefact.fact(
        "run.energy_boundary", "facility" if pue > 1 else "node", line, subject=subject
    )
    # Memory's power is always worked out from its size, so the sum is never measured as a whole.
    yield artefact.fact("run.energy_method", "estimated", line, subject=subject)
    if pue > 1:
        yield artefact.fact("run.pue", pue, line, basis="declared", subject=subject)
    if row.get("tracking_mode") == "process":
        yield Note(artefact.path, f"{line}: only the process was tracked, not the machine")


def _pue(row: Row) -> Decimal:
    value = exact(row.get("pue", ""))
    return Decimal(value) if value is not None and 1 <= value < 10 else Decimal(1)


def _accelerators(row: Row) -> tuple[int, str]:
    """Return how many accelerators there are, and their name."""
    count = exact(row.get("gpu_count", ""))
    units = count if isinstance(count, int) and count < 100_000 else 0
    chip = row.get("gpu_model", "").strip()[:100]
    match = _COUNTED.match(chip)
    if match:
        units, chip = units or int(match[1]), match[2]
    return units, chip if units else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
