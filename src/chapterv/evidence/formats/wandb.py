"""Weights & Biases: summary, settings, machine and binary log of a run.

Of each file a few named values are read and the rest is passed over: these files hold names of
people, hosts, folders and commands, addresses, e-mail addresses and the project's own texts.

Source: `wandb/proto/wandb_internal.proto` for the log; files of releases 0.12 to 0.31.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from chapterv.errors import InputError
from chapterv.evidence import protobuf
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.formats.wandb_records import LogRecords
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
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Anomaly, Note
from chapterv.evidence.strict import decode_json, decode_text, decode_yaml

__all__ = ["read_wandb_config", "read_wandb_log", "read_wandb_machine", "read_wandb_summary"]

MAX_JSON = 16 * 1024 * 1024
MAX_YAML = 2 * 1024 * 1024
MAX_LOG = 8 * 1024**3
MAX_VALUE = 4096
MAX_UNITS = 100_000
_FRAMEWORKS = {
    "huggingface": "transformers",
    "lightning": "Lightning",
    "torch": "PyTorch",
    "keras": "Keras",
    "jax": "JAX",
}
_POWER = re.compile(r"^gpu\.([0-9]{1,4})\.powerWatts$")
_CHIP = re.compile(r"^[A-Za-z0-9][A-Za-z0-9 ._()+/-]{1,80}$")


def run_of(artefact: Artefact) -> str:
    """Return the run: the folder above `files`, which the log of the run lies in."""
    folder = artefact.folder
    return run_at(artefact, folder.removesuffix("files").rstrip("/") or folder)


@reader("wandb-summary", version="1", names=("wandb-summary.json",))
def read_wandb_summary(artefact: Artefact) -> Iterator[Found]:
    """Read the last value of each known counter."""
    table = decode_json(artefact.read(MAX_JSON), artefact.path, infinity=True)
    if not isinstance(table, dict):
        raise InputError("expected a table of keys and values", artefact.path, "Check the file.")
    counters = Counters(artefact, run_of(artefact))
    for name, pointer, value in _flat(table):
        counters.add(name, value, pointer)
    yield from counters.found()


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield name, pointer and value of each metric; a table of a metric holds its last value."""
    for name, value in table.items():
        if name in MEANINGS:
            inner = value.get("last") if isinstance(value, dict) else value
            yield name, "/" + name.replace("~", "~0").replace("/", "~1"), inner


@reader("wandb-machine", version="1", names=("wandb-metadata.json",))
def read_wandb_machine(artefact: Artefact) -> Iterator[Found]:
    """Read kind and number of accelerators of the machine, and the day the run started."""
    table = decode_json(artefact.read(MAX_JSON), artefact.path)
    if not isinstance(table, dict):
        raise InputError("expected a table of keys and values", artefact.path, "Check the file.")
    subject = run_of(artefact)
    chip, units = table.get("gpu"), table.get("gpu_count", table.get("gpuCount"))
    if isinstance(chip, str) and _CHIP.match(chip):
        yield artefact.fact("run.chip", chip, "/gpu", subject=subject)
    yield from _units(artefact, subject, units, "/gpu_count")
    day = _day(table.get("startedAt"))
    if day:
        yield artefact.fact("run.started_on", day, "/startedAt", subject=subject, note="in UTC")


def _units(artefact: Artefact, subject: str, units: Any, pointer: str) -> Iterator[Found]:
    if isinstance(units, int) and not isinstance(units, bool) and 0 < units < MAX_UNITS:
        yield artefact.fact(
            "run.units",
            units,
            pointer,
            subject=subject,
            relation="at_least",
            note="of the machine that wrote the record",
        )


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None


@reader("wandb-config", version="1", names=("config.yaml",))
def read_wandb_config(artefact: Artefact) -> Iterator[Found]:
    """Read the settings of the trainer that have a meaning for compute."""
    if artefact.size > MAX_YAML:
        raise Unclaimed
    text = decode_text(artefact.read(MAX_YAML), artefact.path)
    # Many programs call their settings so; only W&B puts each value one level below its name.
    if not re.search(r"^(_wandb|wandb_version):", text, re.M):
        raise Unclaimed
    table = decode_yaml(text, artefact.path)
    if not isinstance(table, dict):
        raise Unclaimed
    settings = {
        name: (value["value"], f"line {getattr(table, 'lines', {}).get(name, 1)}")
        for name, value in table.items()
        if isinstance(value, dict) and "value" in value
    }
    subject = run_of(artefact)
    yield from setting_facts(artefact, subject, settings)
    internal, pointer = settings.get("_wandb", (None, ""))
    framework = internal.get("framework") if isinstance(internal, dict) else None
    if isinstance(framework, str) and framework in _FRAMEWORKS:
        yield artefact.fact("run.framework", _FRAMEWORKS[framework], pointer, subject=subject)


@reader("wandb-log", version="1", suffixes=(".wandb",))
def read_wandb_log(artefact: Artefact) -> Iterator[Found]:
    """Read counters, settings, machine, power and time from the log of a run."""
    with artefact.opened() as window:
        if window.size > MAX_LOG:
            raise InputError(f"more than {MAX_LOG} bytes", artefact.path, "Export the summary.")
        records = LogRecords(window)
        log = _Log(artefact, run_at(artefact, artefact.folder))
        for offset, data in records:
            log.take(offset, data)
    artefact.digest = artefact.digest or records.digest.hexdigest()
    artefact.digest_of = artefact.digest_of or "file"
    yield from records.found(artefact)
    yield from log.found()


_HISTORY, _SUMMARY, _CONFIG, _STATS, _RUN, _EXIT, _ENVIRONMENT = 2, 3, 5, 7, 17, 18, 26


class _Log:
    """Takes records, and keeps of them what becomes facts."""

    def __init__(self, artefact: Artefact, subject: str) -> None:
        self.artefact = artefact
        self.subject = subject
        self.counters = Counters(artefact, subject)
        self.summary = Counters(artefact, subject)
        self.power = PowerSamples(artefact, subject)
        self.settings: dict[str, tuple[Any, str]] = {}
        self.started: Decimal | None = None
        self.ended = False
        self.chip: tuple[str, str] | None = None
        self.units: tuple[int, str] | None = None
        self.broken = self.records = 0

    def take(self, offset: int, data: bytes) -> None:
        """Take one record; one that is no message is counted and passed over."""
        self.records += 1
        try:
            for number, kind, value in protobuf.fields(data):
                if kind == protobuf.BYTES and isinstance(value, bytes):
                    self._part(number, value, f"byte {offset}")
        except protobuf.BrokenMessage:
            self.broken += 1

    def _part(self, number: int, data: bytes, pointer: str) -> None:
        if number == _HISTORY:
            self._items(data, self.counters, pointer)
        elif number == _SUMMARY:
            self._items(data, self.summary, pointer)
        elif number == _CONFIG:
            self._config(data, pointer)
        elif number == _STATS:
            self._stats(data)
        elif number == _RUN:
            self._run(data, pointer)
        elif number == _EXIT:
            self.ended = True
        elif number == _ENVIRONMENT:
            self._environment(data, pointer)

    def _items(self, data: bytes, counters: Counters, pointer: str) -> None:
        for number, kind, value in protobuf.fields(data):
            if number == 1 and kind == protobuf.BYTES and isinstance(value, bytes):
                name, content = _item(value)
                if name in MEANINGS:
                    counters.add(name, _value(content), f"{pointer}, {name}")

    def _config(self, data: bytes, pointer: str) -> None:
        for number, kind, value in protobuf.fields(data):
            if number == 1 and kind == protobuf.BYTES and isinstance(value, bytes):
                name, content = _item(value)
                if name in SETTINGS:
                    self.settings[name] = (_value(content), pointer)

    def _stats(self, data: bytes) -> None:
        """Take the power of each accelerator at one time."""
        time: Decimal | None = None
        watts: list[tuple[str, Any]] = []
        for number, kind, value in protobuf.fields(data):
            if kind != protobuf.BYTES or not isinstance(value, bytes):
                continue
            if number == 2:
                time = _timestamp(value)
            elif number == 3:
                name, content = _item(value)
                match = _POWER.match(name)
                if match:
                    watts.append((match[1], _value(content)))
        for unit, value in watts:
            number_of_watts = exact(value)
            if time is not None and number_of_watts is not None:
                self.power.add(unit, float(time), float(number_of_watts))

    def _run(self, data: bytes, pointer: str) -> None:
        for number, kind, value in protobuf.fields(data):
            if kind != protobuf.BYTES or not isinstance(value, bytes):
                continue
            if number == 17:
                time = _timestamp(value)
                if time and (self.started is None or time < self.started):
                    self.started = time
            elif number == 4:
                self._config(value, pointer)

    def _environment(self, data: bytes, pointer: str) -> None:
        for number, kind, value in protobuf.fields(data):
            if number == 18 and kind == protobuf.BYTES and _CHIP.match(protobuf.text(value)):
                self.chip = (protobuf.text(value), pointer)
            elif number == 19 and isinstance(value, int):
                self.units = (value, pointer)

    def found(self) -> Iterator[Found]:
        """Yield facts and anomalies."""
        artefact, subject = self.artefact, self.subject
        if self.broken:
            yield Anomaly(
                artefact.path, "record_broken", f"{self.broken} records hold no message",
                "passed over", times=self.broken,
            )  # fmt: skip
        # The summary repeats the history in other roundings, so it counts where that is silent.
        self.counters.complete(self.summary)
        yield from self.counters.found()
        yield from setting_facts(artefact, subject, self.settings)
        yield from self.power.found("samples of gpu.*.powerWatts")
        if self.chip:
            yield artefact.fact("run.chip", self.chip[0], self.chip[1], subject=subject)
        if self.units:
            yield from _units(artefact, subject, *self.units)
        day = utc_day(self.started)
        if day:
            yield artefact.fact("run.started_on", day, subject=subject, note="in UTC")
        if self.records and not self.ended:
            yield artefact.fact("run.complete", False, subject=subject)
            yield Note(artefact.path, "the log has no end: the run was going on, or was stopped")


def _item(data: bytes) -> tuple[str, bytes]:
    """Return name and JSON of an item; a nested name is written with slashes, or stands whole."""
    name, nested, content = "", [], b""
    for number, kind, value in protobuf.fields(data):
        if kind != protobuf.BYTES or not isinstance(value, bytes):
            continue
        if number == 1:
            name = protobuf.text(value)
        elif number == 2:
            nested.append(protobuf.text(value))
        elif number == 16:
            content = value
    return name or ".".join(nested), content


def _value(content: bytes) -> Any:
    """Return the value of a short JSON text, None where it is none."""
    if len(content) > MAX_VALUE:
        return None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value.get("last") if isinstance(value, dict) else value


def _timestamp(data: bytes) -> Decimal | None:
    """Return a time in seconds since 1970."""
    seconds = nanos = 0
    for number, kind, value in protobuf.fields(data):
        if number == 1 and kind == protobuf.VARINT and isinstance(value, int):
            seconds = protobuf.signed(value)
        elif number == 2 and kind == protobuf.VARINT and isinstance(value, int):
            nanos = protobuf.signed(value)
    if not 0 < seconds < 10**11 or not 0 <= nanos < 10**9:
        return None
    return seconds + Decimal(nanos) / 10**9
