"""Console logs of NeMo: lines of its progress printer, and progress bars of Lightning.

The printer writes `Training epoch 0, iteration 45/99 | .. | global_batch_size: 128 |
global_step: 45 | .. | train_step_timing in s: 6.08 | TFLOPS_per_GPU: 1.249e+03 |
consumed_samples: 5888`; the bar writes `.. 7/15 [06:19<07:13, .. global_step=5.000,
consumed_samples=12288.0, train_step_timing in s=49.50]` again and again, with a carriage return.
`global_step` counts from 0, so that 46 steps are done at 45. The bar shows large numbers with three
digits (`2.56e+5`): such a number is used only where batch size and steps give it exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
from chapterv.evidence.run_spans import Gathered, Point, Record
from chapterv.evidence.runs import LOG_SUFFIXES, read_log

__all__ = ["NEMO", "read_nemo"]

_SIGN = re.compile(rb"\bglobal_step[:=] ?[\d.e+]{1,30}[^\n\r]{0,500}?\btrain_step_timing in s[:=]")
_FIELD = re.compile(
    rb"\b(global_step|consumed_samples|global_batch_size|train_step_timing in s|TFLOPS_per_GPU)"
    rb"[:=] ?([\d.e+]+)(?=[\s,|\]]|$)"
)
_BAR = re.compile(rb"\| *(\d{1,15})/(?:\d{1,15}|\?) \[")
_EPOCH = re.compile(rb"[Ee]poch (\d{1,9})")
_WORLD = re.compile(rb"All distributed processes registered. Starting with (\d{1,9}) processes")
_LENGTH = re.compile(rb"\b(?:encoder_)?seq(?:uence)?_length[\"']?[:=] ?(\d{1,12})\b")
_ANYTHING = re.compile(rb"\bglobal_step[:=]|distributed processes registered|seq(?:uence)?_length")


def _recognise(sample: bytes) -> bool:
    return bool(_SIGN.search(sample))


def _scan(lines: Lines, gathered: Gathered, points: list[Point] | None) -> None:
    gathered.framework = "NeMo"
    for number, line in lines.holding(_ANYTHING):
        plain = COLOURS.sub(b"", line)
        if b"global_step" in plain:
            _take_step(number, plain, gathered, points)
        else:
            _take_mark(plain, gathered)


def _take_mark(line: bytes, gathered: Gathered) -> None:
    world, length = _WORLD.search(line), _LENGTH.search(line)
    if world is not None:
        settings = msgspec.structs.replace(gathered.settings, units=int(world.group(1)) or None)
        gathered.begin(settings)
    elif length is not None and (gathered.span is None or gathered.fresh):
        gathered.settings = msgspec.structs.replace(
            gathered.settings, sequence_length=int(length.group(1)) or None
        )


def _take_step(number: int, line: bytes, gathered: Gathered, points: list[Point] | None) -> None:
    fields = dict(_FIELD.findall(line))
    step = _steps_done(line, fields)
    samples = fields.get(b"consumed_samples")
    if step is None or samples is None:
        # Bars show the fields of validation, too, and none before the first step.
        if b"train_step_timing" in line or step is None:
            gathered.event("line_cut", number)
        return
    count = _exact(samples, gathered, step)
    timing, work = fields.get(b"train_step_timing in s"), fields.get(b"TFLOPS_per_GPU")
    size = fields.get(b"global_batch_size")
    record = Record(
        step,
        number,
        tag_of(line),
        time_of(line),
        scaled(timing, 9) if timing else None,
        count,
        batch_size=scaled(size) if size else None,
        rate=scaled(work, 12) if work else None,
    )
    if work:
        gathered.settings.counts = "model"
    if _shown_again(record, gathered):
        return
    if gathered.add(record) is not None:
        note_point(gathered, points, record.time)


def _shown_again(record: Record, gathered: Gathered) -> bool:
    """Tell whether a bar was only drawn once more, which says nothing new."""
    span = gathered.span
    return (
        span is not None
        and not gathered.fresh
        and record.step == span.last
        and record.tag == span.tag
        and bool(gathered.recent)
        and gathered.recent[-1][:3] == [record.step, record.samples, record.seconds]
    )


def _steps_done(line: bytes, fields: dict[bytes, bytes]) -> int | None:
    text = fields.get(b"global_step", b"")
    if text and b"e" not in text:
        done = scaled(text)
        return None if done is None else done + 1
    bar, epoch = _BAR.search(line), _EPOCH.search(line)
    if bar is not None and (epoch is None or int(epoch.group(1)) == 0):
        return int(bar.group(1)) or None
    return None


def _exact(text: bytes, gathered: Gathered, step: int) -> int | None:
    """Return consumed samples, or what they must be where the bar shows three digits of them."""
    shown = scaled(text)
    if shown is None or b"e" not in text:
        return shown
    span = gathered.span
    if span is None or gathered.fresh or span.samples is None or step <= span.samples.step:
        return None
    counter = span.samples
    each, rest = divmod(counter.value, counter.step)
    guess = each * step
    digits = len(text.partition(b"e")[0].replace(b".", b""))
    unit = 10 ** max(0, len(str(shown)) - digits)
    return guess if not rest and abs(guess - shown) <= unit else None


NEMO = dialect(Dialect("nemo-log", "NeMo", _recognise, _scan))


@reader("nemo-log", version="1", suffixes=LOG_SUFFIXES)
def read_nemo(artefact: Artefact) -> Iterator[Found]:
    """Read steps, samples and times."""
    return read_log(artefact, NEMO)
