"""MLflow's runs in a SQLite database, which is opened without the right or the means to change it.

The file is opened read-only and as one that does not change, so that SQLite makes no journal and
takes no lock. What may be asked is limited to reading from tables; the number of rows and the work
that SQLite may do for an answer are bounded. Tables of users, tags and experiments are not read.

Source: `mlflow/store/tracking/dbmodels/models.py`; SQLite, "Defense Against The Dark Arts".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact, file_digest
from chapterv.evidence.formats.mlflow import BY_STEP, POWER, times_and_status
from chapterv.evidence.metrics import MEANINGS, SETTINGS, Counters, setting_facts
from chapterv.evidence.power import PowerSamples
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Note

__all__ = ["read_mlflow_store"]

MAX_FILE = 4 * 1024**3
MAX_RUNS = 1000
MAX_ROWS = 5_000_000
MAX_TEXT = 1_000_000
MAX_WORK = 50_000
"""Times ten thousand instructions of SQLite's machine, for all questions together."""
_HEADER = b"SQLite format 3\0"
_TABLES = {"runs", "metrics", "params"}

_RUNS = "SELECT run_uuid, status, start_time, end_time, lifecycle_stage FROM runs LIMIT ?"
_METRICS = (
    "SELECT run_uuid, key, timestamp, value, step FROM metrics WHERE is_nan = 0 AND "
    "(key IN ({marks}) OR key GLOB 'system/gpu_*_power_usage_watts') "
    "ORDER BY run_uuid, key, timestamp, step LIMIT ?"
)
_PARAMS = "SELECT run_uuid, key, value FROM params WHERE key IN ({marks}) LIMIT ?"


@reader("mlflow-store", version="1", suffixes=(".db", ".sqlite", ".sqlite3"))
def read_mlflow_store(artefact: Artefact) -> Iterator[Found]:
    """Read times, counters, settings and power of every run in a database."""
    with artefact.opened() as window:
        if window.read(0, len(_HEADER)) != _HEADER:
            raise Unclaimed
        if window.size > MAX_FILE:
            raise Unclaimed(f"a database of more than {MAX_FILE} bytes")
    try:
        runs = _read(artefact)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        # The module for SQLite decodes messages strictly, and a broken file's may be no text.
        reason = str(error)[:120] if isinstance(error, sqlite3.Error) else "it is damaged"
        what = f"the database cannot be read: {reason}"
        raise InputError(what, artefact.path, "Copy it again while MLflow is stopped.") from None
    artefact.digest = artefact.digest or file_digest(artefact, lambda count: None)
    artefact.digest_of = artefact.digest_of or "file"
    if artefact.beside(f"{artefact.name}-wal"):
        yield Note(artefact.path, "a write-ahead log lies beside it, whose changes are not seen")
    if len(runs) > MAX_RUNS:
        raise InputError(f"more than {MAX_RUNS} runs", artefact.path, "Export the model's runs.")
    if len(runs) > 1:
        yield Note(artefact.path, f"{len(runs)} runs: each is a run of its own here")
    for run in runs.values():
        yield from run.found()


class _Run:
    """What the tables say of one run."""

    def __init__(self, artefact: Artefact, row: tuple[Any, ...], alone: bool) -> None:
        self.artefact = artefact
        self.name = row[0][:64]
        self.row = row
        self.subject = artefact.run if alone else artefact.run_of(self.name)
        self.counters = Counters(artefact, self.subject)
        self.power = PowerSamples(artefact, self.subject)
        self.settings: dict[str, tuple[Any, str]] = {}

    def metric(self, key: str, time: Any, value: Any, step: Any) -> None:
        """Take one value of a metric."""
        power = POWER.match(key)
        if power:
            if isinstance(time, int) and isinstance(value, int | float):
                self.power.add(power[1], time / 1000, float(value))
            return
        self.counters.add(key, value, f"metrics, {key}")
        if key in BY_STEP and isinstance(step, int) and step > 0:
            self.counters.add("global_step", step, f"metrics, step of {key}")

    def found(self) -> Iterator[Found]:
        """Yield facts and anomalies."""
        _, status, start, end, stage = self.row
        if stage == "deleted":
            yield Note(self.artefact.path, f"{self.name}: deleted in MLflow, still in the database")
        counters = list(self.counters.found())
        yield from counters
        measured = {getattr(item, "key", "") for item in counters}
        for item in times_and_status(
            self.artefact, self.subject, str(status), (start, end), f"runs, {self.name}"
        ):
            if getattr(item, "key", "") != "run.seconds" or "run.seconds" not in measured:
                yield item
        yield from setting_facts(self.artefact, self.subject, self.settings)
        yield from self.power.found("metrics, system/gpu_*_power_usage_watts")


def _read(artefact: Artefact) -> dict[str, _Run]:
    connection = _connect(artefact)
    try:
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name IN (?, ?, ?)",
            sorted(_TABLES),
        ).fetchall()
        plain = {name for name, sql in tables if str(sql).upper().startswith("CREATE TABLE")}
        if plain != _TABLES:
            raise Unclaimed("a database without the tables of MLflow")
        return _rows(artefact, connection)
    finally:
        connection.close()


def _rows(artefact: Artefact, connection: sqlite3.Connection) -> dict[str, _Run]:
    rows = connection.execute(_RUNS, (MAX_RUNS + 1,)).fetchall()
    rows = [row for row in rows if isinstance(row[0], str) and row[0].isalnum()]
    runs = {row[0]: _Run(artefact, row, len(rows) == 1) for row in rows}
    names = sorted(MEANINGS)
    query = _METRICS.format(marks=", ".join("?" * len(names)))
    for run, key, time, value, step in connection.execute(query, (*names, MAX_ROWS)):
        if run in runs and isinstance(key, str):
            runs[run].metric(key, time, value, step)
    names = sorted(SETTINGS)
    query = _PARAMS.format(marks=", ".join("?" * len(names)))
    for run, key, value in connection.execute(query, (*names, MAX_ROWS)):
        if run in runs and isinstance(key, str) and isinstance(value, str):
            runs[run].settings[key] = (value[:100], f"params, {key}")
    return runs


def _connect(artefact: Artefact) -> sqlite3.Connection:
    path = quote(str(Path(artefact.location).absolute()))
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON",
                   "mmap_size = 0"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT)
    connection.set_authorizer(_allowed)
    work = 0

    def count() -> int:
        nonlocal work
        work += 1
        return int(work > MAX_WORK)

    connection.set_progress_handler(count, 10_000)
    return connection


def _allowed(action: int, first: str | None, second: str | None, *_: Any) -> int:
    """Allow reading the tables that are known, and nothing else."""
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ and first in _TABLES | {"sqlite_master", "sqlite_schema"}:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second == "glob":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
