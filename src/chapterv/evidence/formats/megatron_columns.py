"""Regular stretches of a Megatron-LM log, taken by the column instead of line by line.

Most logs hold nothing but lines on steps by the hundred thousand. Where all lines of a block have
one form, follow one another in even strides and skip no step, their numbers are read all at once. A
pattern may run over the end of a line; that leaves other signs or another number of values behind,
and such a block is not taken.
"""

from __future__ import annotations

import re
from functools import cache
from operator import mul

import msgspec

from chapterv.evidence.formats.megatron_lines import MARKS, STEP, is_cut, record_of
from chapterv.evidence.run_logs import Lines, note_point
from chapterv.evidence.run_spans import MAX_RECENT, Gathered, Point, Record, Span, moment

__all__ = ["take_columns"]

_STEP_START = (
    rb"iteration +\d+/[^|]*\| consumed samples: [^|]*\| elapsed time per iteration \(ms\): "
)


class _Layout(msgspec.Struct, frozen=True):
    """One form of regular lines: how they begin, and which of their numbers is which.

    Args:
        pattern: the start of a line up to the last number that is read.
        width: numbers in it, the planned number of steps left out.
        rate: place of the rate among them, or None where there is none.
        noise: words with signs that would be taken for separators.
        separators: signs between numbers.
    """

    pattern: re.Pattern[bytes]
    width: int
    rate: int | None
    noise: tuple[bytes, ...] = ()
    separators: bytes = b"|"


_LABELS = (b"(TFLOP/s/GPU)", b"(ms)")
_LAYOUTS = (
    _Layout(
        re.compile(_STEP_START + rb"\d+\.\d \| throughput per GPU \(TFLOP/s/GPU\): \d+\.\d \|"),
        4,
        3,
    ),
    _Layout(
        re.compile(
            _STEP_START + rb"\d+\.\d/\d+\.\d \| throughput per GPU \(TFLOP/s/GPU\): "
            rb"\d+\.\d/\d+\.\d +\|"
        ),
        6, 4, _LABELS, b"|/(",
    ),
    _Layout(
        re.compile(
            _STEP_START + rb"\d+\.\d/\d+\.\d \| compute per GPU \(TFLOP/s/GPU\): "
            rb"\d+\.\d \(avg \d+\.\d\) +\|"
        ),
        6, 4, _LABELS, b"|/(",
    ),
    _Layout(
        re.compile(
            _STEP_START + rb"\d+\.\d \| compute per GPU \(TFLOP/s/GPU\): "
            rb"\d+\.\d \(avg \d+\.\d\) +\|"
        ),
        5, 3, _LABELS, b"|/(",
    ),
    _Layout(re.compile(_STEP_START + rb"\d+\.\d \|"), 3, None),
)  # fmt: skip
_TAIL = b"number of skipped iterations:   0 | number of nan iterations:   0 |"
_WHOLE_TAIL = _TAIL + b"\n"
_NUMBER = b"0123456789 "


@cache
def _signs(separators: bytes) -> tuple[bytes, bytes]:
    """Return the table that makes commas of separators, and the signs to leave out before."""
    commas = bytes(44 if sign in separators else sign for sign in range(256))
    return commas, bytes(sign for sign in range(256) if sign not in _NUMBER + separators)


_NUMBERS = msgspec.json.Decoder(list[int])
_TENTH_OF_A_MILLISECOND = 10**5
_TENTH_OF_A_TERAFLOP = 10**11
_FEW = 8
_START = 4096
"""Bytes in which the form of a block's lines shows."""


class _Columns(msgspec.Struct, frozen=True):
    steps: list[int]
    samples: list[int]
    times: list[int]
    rates: list[int]


def take_columns(lines: Lines, gathered: Gathered, points: list[Point] | None) -> bool:
    """Take a block of regular lines at once; False, and nothing taken, where it is not regular."""
    span = gathered.span
    layout = next((each for each in _LAYOUTS if each.pattern.search(lines.data, 0, _START)), None)
    if layout is None or span is None or gathered.fresh:
        return False
    found = layout.pattern.findall(lines.data)
    if len(found) < _FEW or not _nothing_else(lines, len(found)):
        return False
    columns = _columns(found, layout)
    if columns is None or not _goes_on(columns, span):
        return False
    last_text = _line_of(lines.data, found[-1])
    match = STEP.search(last_text)
    place = lines.data.rfind(found[-1])
    number = lines.before + lines.count - lines.data.count(b"\n", place) + 1
    record = record_of(number, last_text, match) if match else None
    if record is None or record.batch_size is None:
        return False
    stride = columns.steps[1] - columns.steps[0]
    if columns.samples[0] - span.samples.value != record.batch_size * stride:  # type: ignore[union-attr]
        return False
    _check_clock(span.end, record, columns, stride, gathered)
    _add_columns(columns, span, stride, record.batch_size)
    span.last_line = number
    for place in range(max(0, len(found) - MAX_RECENT - 1), len(found) - 1):
        nanoseconds = columns.times[place] * _TENTH_OF_A_MILLISECOND
        gathered.remember(
            columns.steps[place], columns.samples[place], nanoseconds, record.tag, None
        )
    gathered.add(record)
    note_point(gathered, points, record.time)
    return True


def _nothing_else(lines: Lines, count: int) -> bool:
    """Tell that each line on steps is whole, and that no other line says what matters here."""
    if lines.count == count:
        return lines.data.count(_WHOLE_TAIL) == count
    every = lines.data.split(b"\n")
    others = [line for line in every if not line.endswith(_TAIL)]
    if len(every) - len(others) != count:
        return False
    rest = b"\n".join(others)
    return (
        not any(mark in rest for mark in MARKS)
        and b"elapsed time per iteration" not in rest
        and STEP.search(rest) is None
        and not any(map(is_cut, others))
    )


def _columns(found: list[bytes], layout: _Layout) -> _Columns | None:
    """Return the numbers of regular lines, or None where a line differs in form."""
    planned = found[0][found[0].find(b"/") : found[0].find(b"|") + 1]
    text = b"".join(found).replace(planned, b"|")
    for word in layout.noise:
        text = text.replace(word, b"")
    text = text.translate(*_signs(layout.separators))
    try:
        numbers = _NUMBERS.decode(b"[" + text[:-1] + b"]")
    except msgspec.DecodeError:
        return None
    width, rate = layout.width, layout.rate
    if len(numbers) != width * len(found):
        return None
    return _Columns(
        numbers[0::width],
        numbers[1::width],
        numbers[2::width],
        numbers[rate::width] if rate is not None else [],
    )


def _goes_on(columns: _Columns, span: Span) -> bool:
    """Tell whether the steps follow one another and the open span, in even strides."""
    steps, stride = columns.steps, columns.steps[1] - columns.steps[0]
    if span.first is not None or span.samples is None or span.tokens is not None or stride < 1:
        return False
    size = columns.samples[1] - columns.samples[0]
    return (
        steps[0] - span.last == stride
        and span.lines >= 2
        and stride <= span.stride
        and steps == list(range(steps[0], steps[0] + stride * len(steps), stride))
        and columns.samples
        == list(range(columns.samples[0], columns.samples[0] + size * len(steps), size or 1))
    )


def _add_columns(columns: _Columns, span: Span, stride: int, batch_size: int) -> None:
    """Add all lines but the last one, which is added like any other line."""
    count = len(columns.steps) - 1
    times = columns.times[:-1]
    nanoseconds = sum(times) * _TENTH_OF_A_MILLISECOND * stride
    span.seconds += nanoseconds
    span.timed += count * stride
    if columns.rates:
        work = sum(map(mul, times, columns.rates))
        span.unit_operations += work * _TENTH_OF_A_MILLISECOND * _TENTH_OF_A_TERAFLOP * stride
        span.rated += nanoseconds
    span.take_batch(batch_size, count * stride)
    assert span.samples is not None
    span.samples.step, span.samples.value = columns.steps[-2], columns.samples[-2]
    span.last = columns.steps[-2]
    span.lines += count


def _check_clock(
    before: str | None, record: Record, columns: _Columns, stride: int, gathered: Gathered
) -> None:
    """See by the end of a block that the clock was put back within it: steps took longer."""
    start, end = moment(before), moment(record.time)
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return
    stepped = sum(columns.times) * stride // 10_000
    if (end - start).total_seconds() < stepped - _CLOCK_SLACK:
        gathered.event("clock_back", record.line)


_CLOCK_SLACK = 60
"""Seconds by which a clock may differ from the sum of step times without having been put back."""


def _line_of(data: bytes, part: bytes) -> bytes:
    place = data.rfind(part)
    end = data.find(b"\n", place)
    return data[data.rfind(b"\n", 0, place) + 1 : end]
