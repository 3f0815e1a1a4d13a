"""Lines of a Megatron-LM log, one by one: what a step says, and what a process says before it."""

from __future__ import annotations

import hashlib
import re

import msgspec

from chapterv.evidence.run_logs import Lines, note_point, scaled, tag_of
from chapterv.evidence.run_spans import Gathered, Point, Record, Settings

__all__ = ["MARKS", "STEP", "is_cut", "record_of", "take_lines"]

STEP = re.compile(rb"iteration +(\d{1,15})/ *\d+ \|")
_TIME = re.compile(
    rb"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\] *iteration"
)
_BEGUN = re.compile(rb"start of training step\] datetime: *(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_ARGUMENT = re.compile(rb"(?:^|\s)([a-z][a-z0-9_]*) \.{3,} ?([^\n]*)")
_LOADED = re.compile(rb"loaded checkpoint from [^\n]{0,1024} at iteration +(\d{1,15})")
_WORLD = re.compile(rb"using world size: *(\d{1,9})")

_COMMAND = re.compile(rb"--seq-length[ =](\d{1,12})\b")

MARKS = (b"arguments --", b"loaded checkpoint from", b"start of training step]",
         b"using world size", b"--seq-length")  # fmt: skip
_ITERATION = re.compile(rb"iteration +\d")
_ANYTHING = re.compile(rb"iteration +\d|\w \.{3,} |" + b"|".join(re.escape(mark) for mark in MARKS))
# Arguments that make another model or another run of it, for files that hold several.
_IDENTITY = (
    "num_layers", "hidden_size", "ffn_hidden_size", "num_attention_heads", "num_experts",
    "vocab_size", "wandb_exp_name",
)  # fmt: skip


def take_lines(lines: Lines, gathered: Gathered, points: list[Point] | None) -> None:
    """Take lines one by one.

    Args:
        lines: complete lines.
        gathered: gets what they say.
        points: gets how far the run is at each of them, where points are wanted.
    """
    # Looking for one word is several times as fast as looking for any of six.
    begins = gathered.open or any(mark in lines.data for mark in MARKS)
    for number, line in lines.holding(_ANYTHING if begins else _ITERATION):
        matches = list(STEP.finditer(line))
        if matches:
            _take_step(number, line, matches[-1], gathered, points)
        if len(matches) > 1 or (not matches and is_cut(line)):
            # Two processes that write at once cut each other's lines.
            gathered.event("line_cut", number)
        elif not matches:
            _take_mark(line, gathered)


# What is left of a line on steps that breaks off early: nothing but machine and time before it.
_STEP_CUT = re.compile(rb"(?:^|[\]:]) *iteration +\d+(?: */ *\d*)?$")
_LONGEST_CUT = 200


def is_cut(line: bytes) -> bool:
    """Tell whether a line is the start of one on steps that breaks off early."""
    return len(line) < _LONGEST_CUT and _STEP_CUT.search(line.rstrip()) is not None


def _take_step(
    number: int,
    line: bytes,
    match: re.Match[bytes],
    gathered: Gathered,
    points: list[Point] | None,
) -> None:
    if gathered.open:
        _take_arguments(gathered)  # their end was lost
    record = record_of(number, line, match)
    if record is None:
        gathered.event("line_cut", number)
        return
    span = gathered.add(record)
    if span is not None:
        if span.settings.counts == "":
            span.settings.counts = "hardware" if b"| TFLOPs: " in line else "model"
        note_point(gathered, points, record.time)


def record_of(number: int, line: bytes, match: re.Match[bytes]) -> Record | None:
    """Return what a line on steps says, or None where it breaks off."""
    fields = _fields(line[match.end() :])
    consumed = fields.get(b"consumed samples")
    samples = scaled(consumed) if consumed is not None else None
    seconds = _seconds(fields)
    whole = line.rstrip().endswith(b"|") or b"skipped iterations:" in line
    # A line that breaks off may have lost the last digits of a number.
    if seconds is None or (consumed is not None and samples is None) or not whole:
        return None
    time = _TIME.search(line)
    size = fields.get(b"global batch size", fields.get(b"gloabl batch size"))
    length = scaled(fields.get(b"consumed tokens", b""))
    return Record(
        int(match.group(1)),
        number,
        tag_of(line),
        time.group(1).decode() if time else None,
        seconds,
        samples,
        tokens=length,
        batch_size=scaled(size) if size else None,
        rate=_rate(fields),
        skipped=scaled(fields.get(b"number of skipped iterations", b"0")) or 0,
    )


def _fields(text: bytes) -> dict[bytes, bytes]:
    """Return the fields between bars."""
    fields: dict[bytes, bytes] = {}
    for part in text.split(b"|", _MOST_FIELDS)[:_MOST_FIELDS]:
        name, colon, value = part.partition(b":")
        if colon:
            fields[name.strip()] = value.strip()
    return fields


_MOST_FIELDS = 100


def _first(text: bytes) -> bytes:
    """Return the value of now in `now/mean` and `now (avg mean)`."""
    return text.partition(b"/")[0].partition(b" ")[0]


def _seconds(fields: dict[bytes, bytes]) -> int | None:
    text = fields.get(b"elapsed time per iteration (ms)")
    if text:
        return scaled(_first(text), 6)
    text = fields.get(b"elapsed time per iteration (s)")
    return scaled(_first(text), 9) if text else None


def _rate(fields: dict[bytes, bytes]) -> int | None:
    for name in (
        b"throughput per GPU (TFLOP/s/GPU)", b"compute per GPU (TFLOP/s/GPU)", b"TFLOPs",
    ):  # fmt: skip
        text = fields.get(name)
        if text:
            return scaled(_first(text), 12)
    return None


def _take_mark(line: bytes, gathered: Gathered) -> None:
    """Take a line that a process writes before its first step."""
    if b"arguments --" in line:
        if b"end of arguments" not in line:
            gathered.begin(Settings())
            gathered.open = {"": ""}
        elif gathered.open:
            _take_arguments(gathered)
        return
    argument = _ARGUMENT.search(line) if gathered.open else None
    if argument is not None:
        name, value = argument.group(1).decode(), argument.group(2).strip()
        if name in _IDENTITY:
            # A name given to a run may be a person's: it is compared, not kept.
            gathered.open[name] = hashlib.sha256(value).hexdigest() if value != b"None" else "None"
        elif name in _WANTED:
            gathered.open[name] = value.decode("utf-8", "replace")[:100]
        return
    loaded, begun, world = _LOADED.search(line), _BEGUN.search(line), _WORLD.search(line)
    if loaded is not None:
        gathered.begin(_changed(gathered.settings, starts_at=int(loaded.group(1))))
    elif begun is not None:
        gathered.begin(_changed(gathered.settings, started=begun.group(1).decode()))
    elif world is not None:
        gathered.begin(_changed(gathered.settings, units=int(world.group(1))))
    elif (command := _COMMAND.search(line)) is not None:
        gathered.begin(_changed(gathered.settings, sequence_length=int(command.group(1)) or None))


_WANTED = frozenset((
    "bf16", "checkpoint_activations", "encoder_seq_length", "fp16", "fp8", "global_batch_size",
    "log_interval", "params_dtype", "rampup_batch_size", "recompute_activations",
    "recompute_granularity", "seq_length", "world_size",
))  # fmt: skip


def _changed(settings: Settings, **values: object) -> Settings:
    return msgspec.structs.replace(settings, **values)


def _take_arguments(gathered: Gathered) -> None:
    """Make settings of the arguments between the two lines around them."""
    values, gathered.open = gathered.open, {}

    def number(name: str) -> int | None:
        text = values.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    named = [f"{name}={values[name]}" for name in _IDENTITY if values.get(name, "None") != "None"]
    gathered.settings = Settings(
        units=number("world_size"),
        sequence_length=number("seq_length") or number("encoder_seq_length"),
        # With a batch that grows, the argument is the final one: the lines say the real one.
        batch_size=number("global_batch_size")
        if values.get("rampup_batch_size", "None") == "None"
        else None,
        interval=number("log_interval") or None,
        precision=_precision(values),
        recomputation=_recomputation(values),
        identity=hashlib.sha256("\n".join(named).encode()).hexdigest()[:16] if named else "",
    )


def _precision(values: dict[str, str]) -> str | None:
    if values.get("fp8", "None") not in ("None", "False", ""):
        return "fp8"
    for name in ("bf16", "fp16"):
        if values.get(name) == "True":
            return name
    known = values.get("params_dtype", "")
    return {"torch.bfloat16": "bf16", "torch.half": "fp16", "torch.float16": "fp16",
            "torch.float32": "fp32"}.get(known)  # fmt: skip


def _recomputation(values: dict[str, str]) -> bool | None:
    names = ("recompute_granularity", "recompute_activations", "checkpoint_activations")
    said = [values[name] for name in names if name in values]
    return any(value not in ("None", "False") for value in said) if said else None
