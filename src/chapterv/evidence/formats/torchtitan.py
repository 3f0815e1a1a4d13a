"""Console logs of torchtitan.

A line on steps reads `step: 50  loss: ..  memory: ..  tps: 1,444  tflops: 300.32  mfu: 23.10%`,
with colours between the fields and commas in the numbers. The rate `tps` is that of one device, and
covers all the time since the line before; nothing tells the tokens so far. What a step holds is in
the lines before training: `local batch size 8, global batch size 64, .. sequence length 2048`, and
the devices are the product of the degrees of the device mesh. Every rank writes the same lines
where the launcher lets it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from math import prod

import msgspec

from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.run_logs import (
    COLOURS,
    Dialect,
    Lines,
    dialect,
    note_point,
    scaled,
    tag_of,
    time_of,
)
from chapterv.evidence.run_spans import NANO, Gathered, Point, Record, Settings
from chapterv.evidence.runs import LOG_SUFFIXES, read_log

__all__ = ["TORCHTITAN", "read_torchtitan"]

_STEP = re.compile(rb"\bstep: *(\d{1,15})\b")
_STEP_LINE = re.compile(rb"\bstep: *\d+ [^\n]{0,500}?\btps: *[\d,]")
_FIELD = re.compile(rb"\b(tps|tflops|mfu): *([\d.,]+)(%?)")
_MESH = re.compile(rb"Building \d+-D device mesh with \[[^\]]{0,300}\], \[([\d, ]{1,100})\]")
_DEGREES = re.compile(rb"device mesh with parallelism: ([a-z_=\d, ]{1,200})")
_SIZES = re.compile(rb"global batch size:? (\d{1,12})\b")
_LENGTH = re.compile(rb"sequence length:? (\d{1,12})\b")
_BEGINS = re.compile(rb"Training starts at step (\d{1,15})")
_CHIP = re.compile(rb"(?:CUDA|XPU|ROCm|HIP) capacity: (.{1,80}?) with [\d.]+GiB memory")
_CHECKPOINTING = re.compile(rb"Applied (\w{1,20}) activation checkpointing")
_MODEL = re.compile(rb"Building (\S{1,40} \S{1,40}) with")
_ANYTHING = re.compile(
    rb"step: *\d|device mesh with|global batch size|Training starts at step| capacity: "
    rb"|activation checkpointing|Starting job|\bBuilding \S+ \S+ with"
)
# Ranks along these dimensions multiply; expert parallelism divides the ones that are there.
_MULTIPLY = ("pp", "dp_replicate", "dp_shard", "cp", "tp")


def _recognise(sample: bytes) -> bool:
    plain = COLOURS.sub(b"", sample)
    return bool(_STEP_LINE.search(plain)) or (
        b"[titan]" in plain and b"Training starts at step" in plain
    )


def _scan(lines: Lines, gathered: Gathered, points: list[Point] | None) -> None:
    gathered.framework = "torchtitan"
    for number, line in lines.holding(_ANYTHING):
        plain = COLOURS.sub(b"", line)
        match = _STEP.search(plain)
        if match is None:
            _take_mark(plain, gathered)
        elif b"tps:" in plain[match.end() :]:
            _take_step(number, plain, match, gathered, points)
        elif b"loss:" in plain[match.end() :]:
            gathered.event("line_cut", number)


def _take_step(
    number: int,
    line: bytes,
    match: re.Match[bytes],
    gathered: Gathered,
    points: list[Point] | None,
) -> None:
    fields = {name: (value, sign) for name, value, sign in _FIELD.findall(line, match.end())}
    # The line ends with the share of the peak, or with tps where no peak is known.
    cut = b"mfu:" in line and fields.get(b"mfu", (b"", b""))[1] != b"%"
    rate = scaled(fields[b"tps"][0]) if b"tps" in fields else None
    if cut or rate is None:
        gathered.event("line_cut", number)
        return
    settings = gathered.settings
    time = time_of(line[: match.start()])
    share = scaled(fields[b"mfu"][0], 7) if b"mfu" in fields else None
    work = scaled(fields[b"tflops"][0], 12) if b"tflops" in fields else None
    record = Record(
        int(match.group(1)),
        number,
        tag_of(line),
        time,
        _seconds(settings, rate),
        batch_size=settings.batch_size,
        rate=work,
        utilisation=share,
    )
    if gathered.add(record) is not None:
        note_point(gathered, points, record.time)


def _seconds(settings: Settings, rate: int) -> int | None:
    """Return the time of a step: its tokens by the rate of all devices."""
    if not (settings.units and settings.batch_size and settings.sequence_length and rate):
        return None
    tokens = settings.batch_size * settings.sequence_length
    return tokens * NANO // (rate * settings.units)


def _take_mark(line: bytes, gathered: Gathered) -> None:
    found = _TAKEN.get(next((name for name in _TAKEN if name in line), b""))
    if found is None:
        return
    tag = tag_of(line)
    # Of the ranks of one process, the first to say that it begins is listened to.
    if gathered.fresh and gathered.open.get("tag", tag) != tag:
        return
    settings = found(line, gathered.settings)
    if settings is not None:
        gathered.begin(settings, tag)
        gathered.open = {"tag": tag}


def _job(line: bytes, settings: Settings) -> Settings | None:
    return Settings(counts="model", started=time_of(line))


def _mesh(line: bytes, settings: Settings) -> Settings | None:
    sizes, degrees = _MESH.search(line), _DEGREES.search(line)
    if sizes is not None:
        numbers = [int(text) for text in sizes.group(1).split(b",") if text.strip().isdigit()]
    elif degrees is not None:
        pairs = dict(re.findall(r"(\w+)=(\d{1,9})", degrees.group(1).decode()))
        numbers = [int(pairs[name]) for name in _MULTIPLY if name in pairs]
    else:
        return None
    return msgspec.structs.replace(settings, units=prod(numbers) or None)


def _sizes(line: bytes, settings: Settings) -> Settings | None:
    size, length, begins = _SIZES.search(line), _LENGTH.search(line), _BEGINS.search(line)
    return msgspec.structs.replace(
        settings,
        batch_size=int(size.group(1)) or None if size else settings.batch_size,
        sequence_length=int(length.group(1)) or None if length else settings.sequence_length,
        starts_at=max(0, int(begins.group(1)) - 1) if begins else settings.starts_at,
        counts="model",
    )


def _chip(line: bytes, settings: Settings) -> Settings | None:
    found = _CHIP.search(line)
    if found is None:
        return None
    return msgspec.structs.replace(settings, chip=found.group(1).decode("utf-8", "replace"))


def _checkpointing(line: bytes, settings: Settings) -> Settings | None:
    return msgspec.structs.replace(settings, recomputation=bool(_CHECKPOINTING.search(line)))


def _model(line: bytes, settings: Settings) -> Settings | None:
    found = _MODEL.search(line)
    if found is None:
        return None
    return msgspec.structs.replace(
        settings, identity=hashlib.sha256(found.group(1)).hexdigest()[:16]
    )


# The first that is found in a line takes it; `Training starts` may hold the sizes too.
_TAKEN = {
    b"Starting job": _job,
    b"device mesh with": _mesh,
    b"global batch size": _sizes,
    b"Training starts at step": _sizes,
    b" capacity: ": _chip,
    b"activation checkpointing": _checkpointing,
    b"Building ": _model,
}

TORCHTITAN = dialect(Dialect("torchtitan-log", "torchtitan", _recognise, _scan))


@reader("torchtitan-log", version="1", suffixes=LOG_SUFFIXES)
def read_torchtitan(artefact: Artefact) -> Iterator[Found]:
    """Read steps, rates and settings of each process."""
    return read_log(artefact, TORCHTITAN)
