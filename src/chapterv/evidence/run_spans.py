"""What a training log says, line by line, gathered into spans of consecutive steps.

A span is what one process did without going back: it knows the step it started from and the last
one it logged, so that spans of restarts, of several files and of several machines can be laid over
one another and each step be counted once (`run_totals`). All sums are whole numbers (nanoseconds,
billionths of an operation), so that reading a log in one piece or in a thousand gives the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

__all__ = ["Counter", "Event", "Gathered", "Point", "Record", "Settings", "Span"]

NANO = 10**9
MAX_SPANS = 2_000
MAX_RECENT = 16
"""Lines remembered to tell a second machine's copy of a step from a step taken again."""
COPY_SECONDS = 300
"""Copies of one step are written within this time; a restart takes longer than a copy."""
MAX_POINTS = 20_000


class Settings(msgspec.Struct):
    """What a process said of itself before its first step; None where it said nothing.

    Args:
        units: accelerators.
        sequence_length: tokens of a sequence.
        batch_size: samples of a step, over all units.
        interval: steps between two lines.
        starts_at: steps that were done when the process began.
        started: time when it began, as written.
        precision: number format of the matrix products.
        recomputation: whether activations are computed again.
        chip: accelerator.
        identity: what tells one model or run from another in the same file.
        counts: what the tool's own operations hold.
    """

    units: int | None = None
    sequence_length: int | None = None
    batch_size: int | None = None
    interval: int | None = None
    starts_at: int | None = None
    started: str | None = None
    precision: str | None = None
    recomputation: bool | None = None
    chip: str | None = None
    identity: str = ""
    counts: str = ""


class Counter(msgspec.Struct):
    """A cumulative amount at the first and at the last step that gave it."""

    first_step: int
    first: int
    step: int
    value: int

    def at(self, step: int, each: int | None = None) -> int:
        """Return the amount after a step, in equal parts between and beyond the known ones.

        Args:
            step: number of steps done.
            each: amount of one step, where the counter was seen once only.
        """
        if step == self.step:
            return self.value
        if step <= 0:
            return 0
        if self.step > self.first_step:
            grown = (self.value - self.first) * (step - self.first_step)
            return max(0, self.first + grown // (self.step - self.first_step))
        if each is not None:
            return max(0, self.value + each * (step - self.step))
        return self.value * step // self.step if self.step else self.value


class Record(msgspec.Struct):
    """One line on one step.

    Args:
        step: steps done when the line was written.
        line: number of the line.
        tag: tells the lines of one machine or rank from those of another.
        time: as written, with or without zone.
        seconds: nanoseconds of one step.
        samples: samples since the start of the run.
        tokens: tokens since the start of the run.
        operations: operations since the start of the run, by the tool's own count.
        batch_size: samples of one step.
        rate: operations a second of one unit.
        utilisation: share of the peak, in billionths.
        skipped: steps that changed no weights since the line before.
    """

    step: int
    line: int = 0
    tag: str = ""
    time: str | None = None
    seconds: int | None = None
    samples: int | None = None
    tokens: int | None = None
    operations: int | None = None
    batch_size: int | None = None
    rate: int | None = None
    utilisation: int | None = None
    skipped: int = 0


class Span(msgspec.Struct):
    """Consecutive steps of one process: those after `before`, up to `last`.

    Sums run over steps, not lines: a line that stands for ten steps counts ten times. `seconds`
    are nanoseconds, `unit_operations` billionths of an operation of one unit, `utilisation`
    billionths times steps; `timed`, `rated` and `used` are what they rest on.
    """

    run: str
    settings: Settings
    last: int
    first_line: int
    last_line: int
    before: int | None = None
    first: Record | None = None
    """The first line, as long as it is not known how many steps it stands for."""
    tag: str = ""
    lines: int = 1
    stride: int = 0
    seconds: int = 0
    timed: int = 0
    unit_operations: int = 0
    rated: int = 0
    utilisation: int = 0
    used: int = 0
    batch_samples: int = 0
    batch_steps: int = 0
    batch_least: int = 0
    batch_most: int = 0
    skipped: int = 0
    start: str | None = None
    end: str | None = None
    lead: int = 0
    """Nanoseconds of the steps that the first timed line stands for."""
    samples: Counter | None = None
    tokens: Counter | None = None
    operations: Counter | None = None

    def settle(self, stride: int = 0) -> None:
        """Decide how many steps the first line stands for, if that is still open."""
        if self.first is None:
            return
        record, self.first = self.first, None
        stride = stride or self.settings.interval or 1
        self.before = max(0, (record.step - 1) // stride * stride)
        self.take(record, record.step - self.before)

    def take(self, record: Record, covers: int) -> None:
        """Add a line that stands for `covers` steps."""
        if record.seconds is not None:
            self.seconds += record.seconds * covers
            self.timed += covers
            if record.rate is not None:
                self.unit_operations += record.rate * record.seconds * covers
                self.rated += record.seconds * covers
        if record.utilisation is not None:
            self.utilisation += record.utilisation * covers
            self.used += covers
        size = record.batch_size or self.settings.batch_size
        if size is not None:
            self.take_batch(size, covers)
        self.skipped += record.skipped
        self._take_time(record, covers)
        self._take_counters(record)

    def take_batch(self, size: int, covers: int) -> None:
        """Add samples of `covers` steps of one batch size."""
        self.batch_samples += size * covers
        self.batch_steps += covers
        self.batch_least = min(self.batch_least or size, size)
        self.batch_most = max(self.batch_most, size)

    def _take_time(self, record: Record, covers: int) -> None:
        if record.time is None:
            return
        if self.start is None:
            self.start = record.time
            self.lead = (record.seconds or 0) * covers
        self.end = record.time

    def _take_counters(self, record: Record) -> None:
        step = record.step
        if record.samples is not None:
            self.samples = _counted(self.samples, step, record.samples)
        if record.tokens is not None:
            self.tokens = _counted(self.tokens, step, record.tokens)
        if record.operations is not None:
            self.operations = _counted(self.operations, step, record.operations)

    @property
    def begun(self) -> int:
        """Steps that were done before the span."""
        return self.before or 0

    @property
    def own_operations(self) -> int:
        """Operations by the rate of a unit, where the number of units is known."""
        return self.unit_operations * (self.settings.units or 0) // NANO

    @property
    def steps(self) -> int:
        """Steps that the process took, repeated ones included."""
        return self.last - self.begun


def _counted(counter: Counter | None, step: int, value: int) -> Counter:
    if counter is None:
        return Counter(step, value, step, value)
    counter.step, counter.value = step, max(value, counter.value)
    return counter


def later(one: str, other: str) -> bool:
    """Tell whether a time as written is later than another; False where nobody can tell."""
    if len(one) == len(other) and one[10:] and one[19:] == other[19:]:
        return one > other
    first, second = moment(one), moment(other)
    if first is None or second is None or (first.tzinfo is None) != (second.tzinfo is None):
        return False
    return first > second


def moment(text: str | None) -> datetime | None:
    """Return a time as written, aware or naive, or None where it is no time."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None


class Event(msgspec.Struct):
    """Something wrong that was seen while reading, before it becomes an anomaly."""

    kind: str
    line: int
    times: int = 1
    detail: str = ""


class Point(msgspec.Struct, frozen=True):
    """How far a run is at one logged line.

    Args:
        time: as written in the log, or None.
        step: steps done.
        tokens: tokens processed so far, each step once, or None.
        operations: the tool's own count so far, or None; where only a rate is logged, rate times
            time, repeated steps included.
        seconds: nanoseconds spent on steps so far, repeated ones included.
        run: name of the run where the file holds several.
    """

    time: str | None
    step: int
    tokens: int | None
    operations: int | None
    seconds: int
    run: str = ""


class Gathered(msgspec.Struct):
    """What was gathered from one log so far; plain data, so that it can be kept and taken up.

    Args:
        framework: program that wrote the log.
        settings: of the process that is being read.
        fresh: whether a process has begun and logged nothing yet.
        spans: closed spans and the open one.
        recent: last lines of the open span, to know copies of them.
        events: what went wrong, by kind.
        open: values of a step that is spread over several lines.
        runs: identities of the runs in the file, in their order.
        reached: most tokens that each run had, so that a restart takes none away.
        closed: nanoseconds and operations of the closed spans of each run.
    """

    framework: str = ""
    settings: Settings = msgspec.field(default_factory=Settings)
    fresh: bool = False
    spans: list[Span] = msgspec.field(default_factory=list)
    recent: list[list[Any]] = msgspec.field(default_factory=list)
    events: list[Event] = msgspec.field(default_factory=list)
    open: dict[str, str] = msgspec.field(default_factory=dict)
    runs: list[str] = msgspec.field(default_factory=list)
    reached: dict[str, int] = msgspec.field(default_factory=dict)
    closed: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)

    def begin(self, settings: Settings, tag: str | None = None) -> None:
        """Take up a process that begins: what follows is a new span.

        Args:
            settings: what it says of itself.
            tag: of the machine that says so, where every machine says it.
        """
        span = self.span
        late = span is not None and not self.fresh and span.lines < MAX_RECENT
        if tag is not None and span is not None and late and tag != span.tag:
            # Another machine of the same process says that it begins, a little late.
            return
        self.settings = settings
        self.fresh = True

    @property
    def span(self) -> Span | None:
        """The open span."""
        return self.spans[-1] if self.spans else None

    def event(self, kind: str, line: int, times: int = 1, detail: str = "") -> None:
        """Keep something wrong; the same kind is one event that happened several times."""
        for each in self.events:
            if each.kind == kind:
                each.times += times
                return
        self.events.append(Event(kind, line, times, detail))

    def add(self, record: Record) -> Span | None:
        """Take a line on a step.

        Returns: the span that it went into, or None for a copy of a line already taken.
        """
        span = self.span
        if span is None or self.fresh:
            span = self._new(record)
        elif record.step > span.last:
            self._extend(span, record)
        elif self._is_copy(span, record):
            self.event("lines_repeated", record.line)
            return None
        else:
            span = self._new(record)
        self.remember(record.step, record.samples, record.seconds, record.tag, record.time)
        return span

    def remember(
        self, step: int, samples: int | None, seconds: int | None, tag: str, time: str | None
    ) -> None:
        """Keep what tells a copy of this line."""
        self.recent.append([step, samples, seconds, tag, time])
        del self.recent[:-MAX_RECENT]

    def _is_copy(self, span: Span, record: Record) -> bool:
        for step, samples, seconds, tag, time in reversed(self.recent):
            if step != record.step:
                continue
            same = samples == record.samples and seconds == record.seconds
            return (same or tag != record.tag) and not _far_apart(time, record.time)
        return bool(record.tag and span.tag and record.tag != span.tag and self._lags(record))

    def _lags(self, record: Record) -> bool:
        """Tell whether another machine's line is older than all that is remembered, yet near."""
        if not self.recent:
            return False
        step, _, _, _, time = self.recent[0]
        return record.step <= step and time is not None and not _far_apart(time, record.time)

    def _new(self, record: Record) -> Span | None:
        if len(self.spans) >= MAX_SPANS:
            self.event("too_many_restarts", record.line)
            return None
        if self.spans:
            self._close(self.spans[-1])
        self.fresh = False
        self.recent.clear()
        settings = msgspec.structs.replace(self.settings)
        # What a process said of its start holds for its first span only.
        self.settings = msgspec.structs.replace(self.settings, starts_at=None, started=None)
        span = Span(
            self._run(settings.identity), settings, record.step, record.line, record.line,
            first=record, tag=record.tag, start=settings.started,
        )  # fmt: skip
        if settings.starts_at is not None and settings.starts_at < record.step:
            span.before, span.first = settings.starts_at, None
            span.take(record, record.step - settings.starts_at)
        elif settings.interval:
            span.settle(settings.interval)
        self.spans.append(span)
        return span

    def _close(self, span: Span) -> None:
        span.settle()
        seconds, operations = self.closed.get(span.run, (0, 0))
        self.closed[span.run] = (seconds + span.seconds, operations + span.own_operations)

    def _run(self, identity: str) -> str:
        """Return the name of the run in this file: the first has none, the others a number."""
        if not identity and self.runs:
            return self.spans[-1].run if self.spans else ""
        if identity not in self.runs:
            if self.runs == [""]:
                self.runs = [identity]
            else:
                self.runs.append(identity)
        place = self.runs.index(identity)
        return str(place + 1) if place else ""

    def _extend(self, span: Span, record: Record) -> None:
        covers = record.step - span.last
        span.settle(covers)
        if span.lines >= 3 and 2 * covers > 3 * span.stride:
            self.event("lines_missing", record.line, detail=f"{span.last + 1} to {record.step}")
        if span.end is not None and record.time is not None and later(span.end, record.time):
            self.event("clock_back", record.line)
        self._check_counter(span.samples, record.samples, record.line)
        self._check_counter(span.tokens, record.tokens, record.line)
        span.take(record, covers)
        span.last, span.last_line = record.step, record.line
        span.stride = max(span.stride, covers)
        span.lines += 1

    def _check_counter(self, counter: Counter | None, value: int | None, line: int) -> None:
        if counter is not None and value is not None and value < counter.value:
            self.event("counter_back", line)

    def point(self, time: str | None) -> Point | None:
        """Return how far the run is now."""
        span = self.span
        if span is None:
            return None
        tokens = _tokens(span)
        if tokens is not None:
            tokens = self.reached[span.run] = max(tokens, self.reached.get(span.run, 0))
        seconds, operations = self.closed.get(span.run, (0, 0))
        if span.operations is not None:
            done: int | None = span.operations.value
        else:
            done = operations + span.own_operations or None
        return Point(time, span.last, tokens, done, seconds + span.seconds, span.run)


def _tokens(span: Span) -> int | None:
    """Return the tokens after the last step of a span, those of earlier spans included."""
    each = span.settings.sequence_length
    if span.tokens is not None:
        return span.tokens.at(span.last)
    if span.samples is not None and each is not None:
        return span.samples.at(span.last) * each
    if span.batch_steps and each is not None:
        return span.batch_samples * span.last // span.batch_steps * each
    return None


def _far_apart(one: str | None, other: str | None) -> bool:
    first, second = moment(one), moment(other)
    if first is None or second is None or (first.tzinfo is None) != (second.tzinfo is None):
        return False
    return abs((second - first).total_seconds()) > COPY_SECONDS
