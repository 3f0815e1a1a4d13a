"""MLflow's folders of runs: times, counters, settings and power of each run.

A run is a folder with `meta.yaml`, and one small file for each metric (lines of time in
milliseconds, value, step), parameter and tag. Tags, names of users, of runs and of places are
never read. The same in a database: `mlflow_store`.

Source: `mlflow/store/tracking/file_store.py`, releases 1.0 to 3.17.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.metrics import (
    MEANINGS,
    SETTINGS,
    Counters,
    exact,
    run_at,
    setting_facts,
    utc_day,
)
from chapterv.evidence.power import PowerSamples
from chapterv.evidence.registry import Found, Joined, Parts, Unclaimed, joins, reader
from chapterv.evidence.results import Anomaly, Note, Part
from chapterv.evidence.strict import decode_text, decode_yaml
from chapterv.facts import Fact

__all__ = [
    "BY_STEP",
    "POWER",
    "join_mlflow_power",
    "read_mlflow_file",
    "read_mlflow_run",
    "times_and_status",
]

MAX_META = 64 * 1024
MAX_METRIC = 64 * 1024 * 1024
MAX_VALUE = 4096
MAX_PARTS = 8

POWER = re.compile(r"^system/gpu_([0-9]{1,4})_power_usage_watts$")
BY_STEP = {"total_flos", "train_runtime", "epoch"}
"""Metrics that Trainer and Lightning log with the optimiser's step beside them."""

_RUNTIMES = ("train_runtime", "train/train_runtime")
_STATES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_LINE = re.compile(rb"^([0-9]{1,15}) ([0-9.eE+-]{1,40}|nan|-?inf) (-?[0-9]{1,15})$")


@reader("mlflow-run", version="1", names=("meta.yaml",))
def read_mlflow_run(artefact: Artefact) -> Iterator[Found]:
    """Read when a run began and ended, and how."""
    if artefact.size > MAX_META:
        raise Unclaimed
    table = decode_yaml(decode_text(artefact.read(MAX_META), artefact.path), artefact.path)
    if not isinstance(table, dict) or not {"lifecycle_stage", "experiment_id"} <= table.keys():
        raise Unclaimed
    if not {"run_id", "run_uuid"} & table.keys():
        raise Unclaimed("an experiment of MLflow, which says nothing that is asked")
    if table["lifecycle_stage"] == "deleted":
        yield Note(artefact.path, "a run that was deleted in MLflow: its record is still here")
    status = table.get("status")
    status = _STATES.get(status, "") if isinstance(status, int) else str(status)
    # What the trainer counted is nearer to training than the life of the record.
    counted = any(artefact.beside(f"metrics/{name}") for name in _RUNTIMES)
    for item in times_and_status(
        artefact,
        run_at(artefact, artefact.folder),
        status,
        (table.get("start_time"), table.get("end_time")),
        "/start_time",
    ):
        if not (counted and isinstance(item, Fact) and item.key == "run.seconds"):
            yield item


def times_and_status(
    artefact: Artefact,
    subject: str,
    status: str,
    times: tuple[Any, Any],
    pointer: str,
) -> Iterator[Found]:
    """Yield days, duration, and whether the record is complete.

    Args:
        artefact: the record.
        subject: subject of the facts.
        status: MLflow's word for how the run ended.
        times: start and end, milliseconds since 1970, None where there is none.
        pointer: place in the record.
    """
    start, end = (_milliseconds(time) for time in times)

    def fact(key: str, value: Any, note: str | None = None) -> Found:
        return artefact.fact(key, value, pointer, subject=subject, note=note)

    for key, time in (("run.started_on", start), ("run.ended_on", end)):
        day = utc_day(Decimal(time) / 1000) if time else None
        if day:
            yield fact(key, day, "in UTC")
    if start and end and end < start:
        yield Anomaly(
            artefact.path, "clock_went_back", "the run ends before it starts",
            "no duration is taken", pointer, "run.seconds",
        )  # fmt: skip
    elif start and end and end > start:
        note = "from start to end of the record, pauses included"
        yield fact("run.seconds", exact(Decimal(end - start) / 1000), note)
    if status in ("RUNNING", "SCHEDULED"):
        yield fact("run.complete", False)
    elif status in ("FAILED", "KILLED"):
        yield Note(artefact.path, f"{subject.removeprefix('run:')}: the run ended as {status}")


def _milliseconds(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 10**14 else None


@reader("mlflow-values", version="1", names=("*",))
def read_mlflow_file(artefact: Artefact) -> Iterator[Found]:
    """Read one metric or parameter, recognised by its place in the folder of a run."""
    folder, kind, name = _place(artefact)
    subject = run_at(artefact, folder)
    if kind == "metrics":
        yield from _metric(artefact, subject, folder, name)
    elif kind == "params" and name in SETTINGS and artefact.size <= MAX_VALUE:
        text = decode_text(artefact.read(MAX_VALUE), artefact.path)
        yield from setting_facts(artefact, subject, {name: (text, "line 1")})


def _place(artefact: Artefact) -> tuple[str, str, str]:
    """Return the run's folder, the kind of value and its name, which may have slashes.

    Raises:
        Unclaimed: the file does not lie in the folder of a run.
    """
    steps = artefact.path.split("/")
    for up in range(1, min(len(steps) - 1, MAX_PARTS) + 1):
        kind = steps[-1 - up]
        if kind in ("metrics", "params", "tags") and artefact.beside("meta.yaml", up):
            return "/".join(steps[: -1 - up]), kind, "/".join(steps[-up:])
    raise Unclaimed


def _metric(artefact: Artefact, subject: str, folder: str, name: str) -> Iterator[Found]:
    power = POWER.match(name)
    if name not in MEANINGS and not power:
        return
    counters = Counters(artefact, subject)
    samples = PowerSamples(artefact, subject)
    broken: list[int] = []
    for number, line in enumerate(artefact.read(MAX_METRIC).split(b"\n"), 1):
        match = _LINE.match(line.rstrip(b"\r"))
        if match is None:
            broken.extend([number] if line else [])
        elif power:
            samples.add(power[1], int(match[1]) / 1000, float(match[2]))
        else:
            counters.add(name, match[2].decode(), f"line {number}")
            if name in BY_STEP and int(match[3]) > 0:
                counters.add("global_step", int(match[3]), f"line {number}, step")
    if broken:
        yield Anomaly(
            artefact.path,
            "line_cut",
            f"{len(broken)} lines are cut off or hold no time, value and step",
            "passed over",
            f"line {broken[0]}",
            times=len(broken),
        )
    yield from counters.found()
    if samples.units:
        yield Part("mlflow-power", folder, artefact.path, samples)


@joins("mlflow-power")
def join_mlflow_power(parts: Parts) -> Iterator[Joined | Note | Anomaly]:
    """Make one energy of the accelerators of each run."""
    for folder in parts.folders("mlflow-power"):
        members = parts.here("mlflow-power", folder)
        together: PowerSamples = members[0].content
        for part in members[1:]:
            together.join(part.content)
        paths = tuple(part.artefact for part in members)
        for item in together.found("samples of system/gpu_*_power_usage_watts"):
            yield item if isinstance(item, Anomaly) else Joined(item, paths)
