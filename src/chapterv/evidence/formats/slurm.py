"""Slurm accounting: what `sacct -P` or `-p` prints, from allocations to accelerator hours.

Lines of steps (`123.batch`, `123.0`) repeat the job that they are part of: only the line of the
job counts. With `--duplicates` a job that was requeued has one line for each attempt under the
same number; each is time that was used. Names of people, accounts, jobs, nodes and folders stand
in these tables, and are dropped with the columns that hold them.

Source: manual page of sacct (Slurm 24.05), and slurm.conf(5) on AccountingStorageTRES.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.formats.slurm_rows import Allocation, Table, read_table
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Anomaly, Note

__all__ = ["read_slurm"]

MAX_FILE = 64 * 1024 * 1024
MAX_JOBS_APART = 1000
_HEADER = re.compile(rb"^(?:[A-Za-z0-9]+\|)*JobID(?:Raw)?\|")

MOST_WATTS_A_NODE = 30_000
"""No node draws as much. Counters that wrapped or were never read give far larger energies."""
_JOULES_PER_KWH = 3_600_000

_STOPPED = ("CANCELLED", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REQUEUED", "TIMEOUT",
            "BOOT_FAIL", "DEADLINE", "REVOKED")  # fmt: skip


def _sniff(start: bytes) -> bool:
    return _HEADER.match(start) is not None


@reader(
    "slurm-sacct",
    version="1",
    names=("sacct*.txt", "sacct*.csv", "sacct*.psv", "sacct*.out", "sacct*.log", "*.sacct"),
    sniff=_sniff,
)
def read_slurm(artefact: Artefact) -> Iterator[Found]:
    """Read accelerator hours and energy of the jobs in a table of sacct."""
    if artefact.size > MAX_FILE:
        raise Unclaimed(f"a table of more than {MAX_FILE} bytes: export the jobs of the run alone")
    data = artefact.read(MAX_FILE)
    first = data[:4096].split(b"\n", 1)[0]
    if not _HEADER.match(first):
        raise Unclaimed("no table of sacct: its first line names no JobID, divided by |")
    table = read_table(data.decode("utf-8", "replace"), artefact.path)
    yield from table.anomalies
    yield from _remarks(artefact, table)
    segments = [each for each in table.allocations if each.seconds and each.units]
    if _together(segments):
        yield from _run(artefact, artefact.run, segments)
        return
    jobs: dict[str, list[Allocation]] = {}
    for segment in segments:
        jobs.setdefault(segment.subject, []).append(segment)
    if len(jobs) > MAX_JOBS_APART:
        yield Note(
            artefact.path,
            f"{len(jobs)} jobs that differ in accelerators or run at the same time: too many for "
            "one run. Export the jobs of each run into a file of its own",
        )
        return
    if len(jobs) > 1:
        yield Note(
            artefact.path,
            f"{len(jobs)} jobs that differ in accelerators or run at the same time: each is a run "
            "of its own here",
        )
    for name, members in jobs.items():
        yield from _run(artefact, artefact.run_of(name), members)


def _together(segments: list[Allocation]) -> bool:
    """Tell whether all segments are of one kind and follow one another."""
    if len({(segment.chip, segment.units) for segment in segments}) != 1:
        return False
    if any(segment.start is None or segment.end is None for segment in segments):
        return len({segment.job for segment in segments}) == 1
    times = sorted((each.start, each.end) for each in segments if each.start and each.end)
    return all(before[1] <= after[0] for before, after in pairwise(times))


def _run(artefact: Artefact, subject: str, segments: list[Allocation]) -> Iterator[Found]:
    """Yield the facts on segments of one kind of accelerator."""
    lines = ", ".join(str(segment.line) for segment in segments[:20])
    pointer = f"line{'s' if len(segments) > 1 else ''} {lines}"
    seconds = sum(segment.seconds for segment in segments)
    unit_seconds = sum(segment.seconds * segment.units for segment in segments)
    running = any(segment.state in ("RUNNING", "SUSPENDED", "PENDING") for segment in segments)

    def amount(key: str, value: int | Decimal, note: str | None = None) -> Found:
        return artefact.fact(
            key,
            value,
            pointer,
            basis="measured" if key == "run.units" else "computed",
            relation="at_least" if running and key != "run.units" else "exactly",
            subject=subject,
            note=note,
        )

    yield amount(
        "run.unit_hours",
        Decimal(unit_seconds) / 3600,
        f"time of allocation of {len(segments)} segments, idle time and failed attempts included",
    )
    yield amount("run.seconds", seconds, "time of allocation")
    if len({segment.units for segment in segments}) == 1:
        yield amount("run.units", segments[0].units)
    chip = segments[0].chip
    if chip and len({segment.chip for segment in segments}) == 1:
        yield artefact.fact("run.chip", chip, pointer, subject=subject)
    yield from _days(artefact, subject, segments, pointer, running)
    yield from _energy(artefact, subject, segments, pointer)


def _days(
    artefact: Artefact, subject: str, segments: list[Allocation], pointer: str, running: bool
) -> Iterator[Found]:
    note = "the table names no time zone"
    starts = [segment.start for segment in segments if segment.start]
    ends = [segment.end for segment in segments if segment.end]
    if starts:
        day = min(starts).date()
        yield artefact.fact("run.started_on", day, pointer, subject=subject, note=note)
    if running:
        yield artefact.fact("run.complete", False, pointer, subject=subject)
    elif ends:
        day = max(ends).date()
        yield artefact.fact("run.ended_on", day, pointer, subject=subject, note=note)


def _energy(
    artefact: Artefact, subject: str, segments: list[Allocation], pointer: str
) -> Iterator[Found]:
    """Yield the energy that the nodes' counters gave, if any segment has one."""
    joules = measured = 0
    for segment in segments:
        most = segment.seconds * max(segment.nodes, 1) * MOST_WATTS_A_NODE
        if segment.joules > most:
            yield Anomaly(
                artefact.path,
                "energy_impossible",
                "an energy of more than a node can draw, as of a counter that was never read",
                "left out",
                f"line {segment.line}",
                "run.energy",
            )
        elif segment.joules:
            joules += segment.joules
            measured += 1
    if not measured:
        yield Note(artefact.path, "no energy in it: 0 stands where the cluster does not measure")
        return
    yield artefact.fact(
        "run.energy",
        Decimal(joules) / _JOULES_PER_KWH,
        pointer,
        subject=subject,
        relation="exactly" if measured == len(segments) else "at_least",
        note=f"{measured} of {len(segments)} segments; a node that is shared with other jobs "
        "counts whole",
    )
    # Slurm's energy plug-ins read the whole node (IPMI, Redfish, RAPL, Cray's counters); which of
    # them a cluster uses the table does not say.
    yield artefact.fact("run.energy_boundary", "node", pointer, subject=subject)
    yield artefact.fact("run.energy_method", "measured", pointer, subject=subject)


def _remarks(artefact: Artefact, table: Table) -> Iterator[Note]:
    """Say what was passed over, and what a reader of the figures must know."""
    if table.steps:
        yield Note(
            artefact.path, f"{table.steps} lines of job steps repeat their jobs: passed over"
        )
    without = sum(1 for each in table.allocations if each.seconds and not each.units)
    if without:
        yield Note(artefact.path, f"{without} lines of jobs without accelerators: passed over")
    idle = sum(1 for each in table.allocations if not each.seconds)
    if idle:
        yield Note(artefact.path, f"{idle} lines of jobs that never ran: passed over")
    stopped = sum(1 for each in table.allocations if each.state in _STOPPED and each.seconds)
    if stopped:
        yield Note(
            artefact.path, f"{stopped} segments did not end as COMPLETED; their time is counted"
        )
    if any("mi250" in each.chip for each in table.allocations):
        yield Note(
            artefact.path,
            "an MI250X module counts as two devices here: the peak of one device is half the "
            "module's",
        )
