"""TensorBoard event files: the counters and the times of a run, without TensorFlow.

The container is TFRecord: length, check sum of the length, data, check sum of the data. The data
are `Event` messages, of which time, step and scalars are read; the graphs, pictures and texts that
a file may hold are passed over. A record that is cut off at the end is normal: the writer was
still at work, or was stopped. A run that was resumed has several files in one folder, which are
joined. The host's name stands in the file's name only, and is not kept beyond the artefact's path.

Source: `tensorboard/compat/proto/event.proto`, `summary.proto`, `tensor.proto`, and the
description of TFRecord of TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from chapterv.evidence import protobuf
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.formats.tensorboard_records import Records
from chapterv.evidence.metrics import MEANINGS, Counters, utc_day
from chapterv.evidence.registry import Found, Joined, Parts, Unclaimed, joins, reader
from chapterv.evidence.results import Anomaly, Note, Part
from chapterv.facts import Fact

__all__ = ["EventFile", "join_events", "read_events"]

MAX_FILE = 8 * 1024**3
_SINGLE_BITS = 24
"""Scalars are kept as 32-bit floats by most writers."""
_FLOAT, _DOUBLE = 1, 2
_STEP = "train/global_step"
_BY_TRAINER = {"train/epoch", "train/total_flos", "train/train_runtime"}
"""Tags of Trainer of transformers, which writes its step as that of the event."""
_MAX_VALUES = 100_000


class EventFile(msgspec.Struct, frozen=True):
    """What one file says.

    Args:
        artefact: the file, for sources.
        first: earliest time, seconds since 1970.
        last: latest time.
        facts: facts on counters.
        first_step: the first step that Trainer wrote into it, None without Trainer.
    """

    artefact: Artefact
    first: float
    last: float
    facts: tuple[Fact, ...]
    first_step: int | Decimal | None


@reader("tensorboard-events", version="1", names=("events.out.tfevents.*", "*.tfevents"))
def read_events(artefact: Artefact) -> Iterator[Found]:
    """Read the counters of one event file; the files of one folder become one run together."""
    counters = Counters(artefact, artefact.run, _SINGLE_BITS)
    reading = _Reading(counters)
    with artefact.opened() as window:
        if window.size > MAX_FILE:
            raise Unclaimed(f"an event file of more than {MAX_FILE} bytes")
        records = Records(window)
        for offset, data in records:
            reading.take(offset, data)
    artefact.digest = artefact.digest or records.digest.hexdigest()
    artefact.digest_of = artefact.digest_of or "file"
    yield from records.found(artefact)
    yield from reading.found(artefact)
    found = list(counters.found())
    yield from (item for item in found if not isinstance(item, Fact))
    if not reading.events:
        yield Note(artefact.path, "no event is in it")
        return
    facts = tuple(item for item in found if isinstance(item, Fact))
    content = EventFile(artefact, reading.first, reading.last, facts, counters.first(_STEP))
    yield Part("tensorboard", artefact.folder, artefact.path, content)


class _Reading:
    """Takes events, keeps times and passes counters on."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        self.events = self.broken = self.step = 0
        self.first, self.last = float("inf"), float("-inf")

    def take(self, offset: int, data: bytes) -> None:
        """Take one event; one that is no message is counted and passed over."""
        try:
            self._event(offset, data)
        except protobuf.BrokenMessage:
            self.broken += 1

    def _event(self, offset: int, data: bytes) -> None:
        self.step = 0
        for number, kind, value in protobuf.fields(data):
            if number == 1 and kind == protobuf.FIXED64:
                time = protobuf.double(value)
                if 0 < time < 1e11:
                    self.events += 1
                    self.first, self.last = min(self.first, time), max(self.last, time)
            elif number == 2 and isinstance(value, int):
                self.step = protobuf.signed(value)
            elif number == 5 and kind == protobuf.BYTES and isinstance(value, bytes):
                self._summary(offset, value)

    def _summary(self, offset: int, data: bytes) -> None:
        for count, (number, kind, value) in enumerate(protobuf.fields(data)):
            if count > _MAX_VALUES:
                raise protobuf.BrokenMessage("too many values in one event")
            if number == 1 and kind == protobuf.BYTES and isinstance(value, bytes):
                self._value(offset, value)

    def _value(self, offset: int, data: bytes) -> None:
        tag, scalar = "", None
        for number, kind, value in protobuf.fields(data):
            if number == 1 and kind == protobuf.BYTES:
                tag = protobuf.text(value)
            elif number == 2 and kind == protobuf.FIXED32:
                scalar = protobuf.single(value)
            elif number == 8 and kind == protobuf.BYTES and isinstance(value, bytes):
                scalar = _tensor(value) if tag in MEANINGS or not tag else None
        if scalar is not None:
            self.counters.add(tag, scalar, f"byte {offset}, {tag}")
            if tag in _BY_TRAINER and self.step > 0:
                self.counters.add(_STEP, self.step, f"byte {offset}, step of the event")

    def found(self, artefact: Artefact) -> Iterator[Anomaly]:
        """Yield what was wrong with the messages."""
        if self.broken:
            yield Anomaly(
                artefact.path,
                "record_broken",
                f"{self.broken} records hold no event",
                "passed over",
                times=self.broken,
            )


def _tensor(data: bytes) -> float | None:
    """Return the one number of a tensor without dimensions, the newer way to keep a scalar."""
    dtype, content = 0, b""
    for number, kind, value in protobuf.fields(data):
        if number == 1 and isinstance(value, int):
            dtype = value
        elif number in (4, 5, 6) and kind != protobuf.VARINT and isinstance(value, bytes):
            content = value
    if dtype == _FLOAT and len(content) == 4:
        return protobuf.single(content)
    return protobuf.double(content) if dtype == _DOUBLE and len(content) == 8 else None


@joins("tensorboard")
def join_events(parts: Parts) -> Iterator[Joined | Note | Anomaly]:
    """Make facts of the event files of each folder, those of a resumed run together."""
    for folder in parts.folders("tensorboard"):
        files = sorted(
            (part.content for part in parts.here("tensorboard", folder)), key=lambda f: f.first
        )
        yield from _counters(files)
        yield from _repeated(files)
        yield from _times(files)


def _counters(files: list[EventFile]) -> Iterator[Joined]:
    """Yield each counter once: the largest value, because a resumed run counts on."""
    best: dict[str, Fact] = {}
    for file in files:
        for fact in file.facts:
            known = best.get(fact.key)
            if known is None or (
                isinstance(fact.value, int | Decimal) and fact.value > known.value
            ):
                best[fact.key] = fact
    for fact in best.values():
        yield Joined(fact, (fact.source.artefact,))


def _repeated(files: list[EventFile]) -> Iterator[Joined | Anomaly]:
    """Say where a later file begins at a step that an earlier one had passed."""
    top: int | Decimal = 0
    for file in files:
        steps = next((fact for fact in file.facts if fact.key == "run.steps"), None)
        if steps is None or file.first_step is None:
            continue
        if top > file.first_step:
            artefact, repeated = file.artefact, top - file.first_step
            yield Anomaly(
                artefact.path,
                "counter_went_back",
                "begins at a step that an earlier file of the folder had passed, as after a "
                "restart from an earlier checkpoint",
                "the largest value is taken; the rest is stated as repeated",
                steps.source.pointer,
                "run.steps",
                repeated,
            )
            fact = artefact.fact(
                "run.steps_repeated", repeated, basis="computed", relation="at_least"
            )
            yield Joined(fact, (artefact.path,))
        top = max(top, steps.value)


def _times(files: list[EventFile]) -> Iterator[Joined | Anomaly]:
    """Yield the time between first and last event, silences between files left out."""
    seconds = 0.0
    end = float("-inf")
    for file in files:
        if file.first < end:
            yield Anomaly(
                file.artefact.path,
                "records_overlap",
                "its time overlaps that of another event file of the folder, as of several writers",
                "the time is counted once",
                key="run.seconds",
            )
        seconds += max(0.0, file.last - max(file.first, end))
        end = max(end, file.last)
    artefact = files[0].artefact
    paths = tuple(file.artefact.path for file in files)
    measured = {fact.key for file in files for fact in file.facts}
    if seconds and "run.seconds" not in measured:
        note = f"from the first to the last event of {len(files)} files"
        fact = artefact.fact(
            "run.seconds", Decimal(f"{seconds:.3f}"), basis="computed", relation="at_least",
            note=note,
        )  # fmt: skip
        yield Joined(fact, paths)
    for key, time in (("run.started_on", files[0].first), ("run.ended_on", end)):
        day = utc_day(time)
        if day:
            yield Joined(artefact.fact(key, day, note="in UTC"), paths)
