"""Logs of levanter: JSON lines of its tracker, with or without a logger's words before them.

`{"tracker": "json_logger", "event": "log", "step": 10, "metrics": {"throughput/total_tokens": ..,
"throughput/total_gflops": .., "throughput/duration": .., "throughput/mfu": ..}}`; the operations
are in **giga**FLOP. Steps count from 0. Older versions count the tokens before the step, newer ones
those with it; whether the first step has tokens tells which. Some versions write one line
`{"config": .., "summary": ..}` when a run ends, and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.run_logs import Dialect, Lines, dialect, note_point, scaled, time_of
from chapterv.evidence.run_spans import Gathered, Point, Record, Settings
from chapterv.evidence.runs import LOG_SUFFIXES, read_log

__all__ = ["LEVANTER", "read_levanter"]

_TRACKER = re.compile(rb'"tracker": ?"json_logger"')
_SUMMARY = re.compile(rb'"throughput/total_(?:tokens|gflops)"')
_ANYTHING = re.compile(_TRACKER.pattern + b"|" + _SUMMARY.pattern)
MAX_LINE_VALUES = 20_000


def _recognise(sample: bytes) -> bool:
    if _TRACKER.search(sample):
        return True
    return bool(_SUMMARY.search(sample) and re.search(rb'"summary": ?\{', sample))


def _scan(lines: Lines, gathered: Gathered, points: list[Point] | None) -> None:
    gathered.framework = "levanter"
    for number, line in lines.holding(_ANYTHING):
        table = _table(line)
        if table is None:
            gathered.event("line_cut", number)
            continue
        _take(number, table, time_of(line[: line.find(b"{")]), gathered, points)


def _table(line: bytes) -> dict[str, Any] | None:
    """Return the JSON of a line, its numbers as texts."""
    if line.count(b",") > MAX_LINE_VALUES:
        return None
    try:
        value = json.loads(
            line[line.find(b"{") :].decode("utf-8", "replace"), parse_float=str, parse_int=str
        )
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _take(
    number: int,
    table: dict[str, Any],
    time: str | None,
    gathered: Gathered,
    points: list[Point] | None,
) -> None:
    event = table.get("event")
    metrics = table.get("metrics" if event else "summary")
    if event == "hparams":
        gathered.begin(_settings(table.get("hparams")))
    elif not isinstance(metrics, dict):
        return
    elif event == "summary":
        _take_summary(metrics, gathered)
    elif event == "log":
        _take_step(number, table.get("step"), metrics, time, gathered, points)
    elif event is None:
        _take_run(number, table, metrics, gathered, points)


def _settings(hparams: Any) -> Settings:
    """Take what is known of the batch; everything else in there stays where it is."""
    trainer = hparams.get("trainer") if isinstance(hparams, dict) else None
    size = trainer.get("train_batch_size") if isinstance(trainer, dict) else None
    return Settings(batch_size=_whole(size) or None, counts="model")


def _take_summary(metrics: dict[str, Any], gathered: Gathered) -> None:
    chip = metrics.get("throughput/device_kind")
    one = _whole(metrics.get("throughput/theoretical_flops_per_device"))
    every = _whole(metrics.get("throughput/theoretical_flops"))
    units = every // one if one and every and every % one == 0 else None
    gathered.settings = msgspec.structs.replace(
        gathered.settings,
        chip=chip[:80] if isinstance(chip, str) and chip else gathered.settings.chip,
        units=units or gathered.settings.units,
        counts="model",
    )


def _take_step(
    number: int,
    step: Any,
    metrics: dict[str, Any],
    time: str | None,
    gathered: Gathered,
    points: list[Point] | None,
) -> None:
    at = _whole(step)
    if at is None or "throughput/total_tokens" not in metrics:
        return
    tokens = _whole(metrics["throughput/total_tokens"])
    # Where the first step has no tokens yet, the counter is that of the steps before.
    done = at if tokens == 0 or _counts_before(gathered) else at + 1
    if tokens == 0:
        gathered.open["counts"] = "before"
    if done == 0:
        return
    record = Record(
        done,
        number,
        time=time,
        seconds=_scaled(metrics.get("throughput/duration"), 9),
        tokens=tokens,
        operations=_scaled(metrics.get("throughput/total_gflops"), 9),
        rate=_rate(metrics, gathered.settings.units),
        utilisation=_scaled(metrics.get("throughput/mfu"), 7),
    )
    if gathered.add(record) is not None:
        note_point(gathered, points, record.time)


def _counts_before(gathered: Gathered) -> bool:
    return gathered.open.get("counts") == "before"


def _rate(metrics: dict[str, Any], units: int | None) -> int | None:
    """Return the rate of one unit; the log has that of all."""
    rate = _scaled(metrics.get("throughput/gflops_per_second"), 9)
    return rate // units if rate is not None and units else None


def _take_run(
    number: int,
    table: dict[str, Any],
    metrics: dict[str, Any],
    gathered: Gathered,
    points: list[Point] | None,
) -> None:
    """Take a whole run on one line; each such line is a run of its own."""
    tokens = _whole(metrics.get("throughput/total_tokens"))
    steps = _whole(metrics.get("global_step", metrics.get("_step")))
    if tokens is None or steps is None:
        gathered.event("summary_without_steps", number)
        return
    settings = _settings(table.get("config"))
    settings.identity = f"line {number}"
    gathered.begin(settings)
    _take_summary(metrics, gathered)
    gathered.settings.starts_at = 0
    gathered.add(
        Record(
            steps + 1,
            number,
            tokens=tokens,
            operations=_scaled(metrics.get("throughput/total_gflops"), 9),
        )
    )
    note_point(gathered, points, None)


def _scaled(value: Any, power: int) -> int | None:
    return scaled(value, power) if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return _scaled(value, 0)


LEVANTER = dialect(Dialect("levanter-log", "levanter", _recognise, _scan))


@reader("levanter-log", version="1", suffixes=LOG_SUFFIXES)
def read_levanter(artefact: Artefact) -> Iterator[Found]:
    """Read steps, total tokens and the tool's own operations."""
    return read_log(artefact, LEVANTER)
