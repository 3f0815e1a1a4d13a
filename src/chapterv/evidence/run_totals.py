"""Adding up the spans of a run: each step once, whatever processes took it again.

Spans are laid over one another from the last to the first: the last process to take a step is the
one whose step is in the weights, an earlier one's is a repetition. Steps that no line tells of, but
that a counter says were taken, are counted by the counter and named. Amounts are laid over one
another by their own counters where every span has one, else by steps and the mean of each span.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

import msgspec

from chapterv.evidence.run_spans import Span, moment

__all__ = ["Amounts", "Clock", "Covered", "add_up", "clock", "copies"]


class Covered:
    """A set of whole numbers as disjoint half-open intervals."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> int:
        """Add the numbers above `start` up to `end`, and return how many are new."""
        if end <= start:
            return 0
        low = bisect_left(self._ends, start)
        high = low
        new = end - start
        while high < len(self._starts) and self._starts[high] <= end:
            new -= max(0, min(end, self._ends[high]) - max(start, self._starts[high]))
            start, end = min(start, self._starts[high]), max(end, self._ends[high])
            high += 1
        self._starts[low:high] = [start]
        self._ends[low:high] = [end]
        return new

    def gaps(self) -> list[tuple[int, int]]:
        """Return what is missing from zero to the last number."""
        ends = [0, *self._ends]
        return [(end, start) for end, start in zip(ends, self._starts, strict=False) if start > end]


class Amounts(msgspec.Struct):
    """A sum over the steps of a run.

    Args:
        once: each step counted once, steps without a line included.
        repeated: what was done again.
        unlogged: the part of `once` that no line tells of.
        partial: whether some spans say nothing of it.
        new: share of each span that is counted in `once`, in the order of the spans.
    """

    once: Fraction = Fraction(0)
    repeated: Fraction = Fraction(0)
    unlogged: Fraction = Fraction(0)
    partial: bool = False
    new: list[Fraction] = msgspec.field(default_factory=list)


class _Piece(msgspec.Struct, frozen=True):
    """Part of a number line that a span covers, and what one unit of it weighs."""

    start: int
    end: int
    weight: Fraction


def add_up(spans: Sequence[Span], what: str) -> Amounts | None:
    """Add up steps, samples, tokens or operations of a run.

    Args:
        spans: in the order in which they were run, copies left out.
        what: "steps", "samples", "tokens" or "operations".

    Returns: the sums, or None where no span says anything of it.
    """
    if what == "steps":
        return _lay([_Piece(span.begun, span.last, Fraction(1)) for span in spans])
    counted = [_by_counter(span, what) for span in spans]
    known = [piece for piece in counted if piece is not None]
    if known and len(known) == len(spans):
        return _lay(known)
    by_step = [_by_step(span, what) for span in spans]
    if not any(piece.weight for piece in by_step):
        return None
    amounts = _lay(by_step)
    amounts.partial = not all(piece.weight for piece in by_step if piece.end > piece.start)
    return amounts


def _lay(pieces: Sequence[_Piece]) -> Amounts:
    covered, amounts = Covered(), Amounts()
    for piece in reversed(pieces):
        size = max(0, piece.end - piece.start)
        new = covered.add(piece.start, piece.end)
        amounts.once += new * piece.weight
        amounts.repeated += (size - new) * piece.weight
        amounts.new.append(Fraction(new, size) if size else Fraction(0))
    amounts.new.reverse()
    for start, end in covered.gaps():
        # Nobody says how long sequences were there: as long as in the process that followed.
        following = min((p for p in pieces if p.start >= end), key=lambda p: p.start)
        amounts.unlogged += (end - start) * following.weight
    amounts.once += amounts.unlogged
    return amounts


def _by_counter(span: Span, what: str) -> _Piece | None:
    length = span.settings.sequence_length or 0
    each: int | None = _each(span)
    if what == "samples":
        counter, weight = span.samples, 1
    elif what == "operations":
        counter, weight, each = span.operations, 1, None
    elif span.tokens is not None:
        counter, weight = span.tokens, 1
        each = each * length if each and length else None
    else:
        counter, weight = span.samples, length
    if counter is None or not weight:
        return None
    return _Piece(counter.at(span.begun, each), counter.at(span.last, each), Fraction(weight))


def _each(span: Span) -> int | None:
    """Return the samples of one step, where they are the same in all."""
    same = span.batch_least and span.batch_least == span.batch_most
    return span.batch_least if same else None


def _by_step(span: Span, what: str) -> _Piece:
    """Return the steps of a span, weighed with what one of them holds on average."""
    counted = _by_counter(span, what)
    weight = Fraction(0)
    if counted is not None and span.steps:
        weight = (counted.end - counted.start) * counted.weight / span.steps
    elif what == "operations" and span.rated and span.settings.units:
        weight = _rated_operations(span)
    elif what in ("samples", "tokens") and span.batch_steps:
        length = span.settings.sequence_length or 0
        weight = Fraction(span.batch_samples, span.batch_steps)
        weight *= length if what == "tokens" else 1
    return _Piece(span.begun, span.last, weight)


def _rated_operations(span: Span) -> Fraction:
    """Return the operations of one step that follow from the rate of a unit."""
    work = Fraction(span.unit_operations, 10**9) * (span.settings.units or 0)
    if not span.timed:
        return Fraction(0)
    # Times without a rate count at the mean rate of the others.
    return work * Fraction(span.seconds, span.rated) / span.timed


def copies(logs: Sequence[tuple[str, Span]]) -> set[int]:
    """Return the places of spans that another log tells of too, at the same time.

    Two machines, or a console and a file, log one process; a step that was taken again was taken
    later. Within one log a step that comes again was taken again: copies of lines are known there.

    Args:
        logs: path of the log and span, in order.
    """
    found: set[int] = set()
    times = [(moment(span.start), moment(span.end)) for _, span in logs]
    for place, (path, span) in enumerate(logs):
        for at, (other_path, other) in enumerate(logs[:place]):
            if (
                other_path != path
                and min(span.last, other.last) > max(span.begun, other.begun)
                and at not in found
                and _same_process(span, other, times[place], times[at])
            ):
                found.add(place)
                break
    return found


Times = tuple[datetime | None, datetime | None]


def _same_process(one: Span, other: Span, times: Times, other_times: Times) -> bool:
    start, end = times
    other_start, other_end = other_times
    if start and end and other_start and other_end:
        zones = {time.tzinfo is None for time in (start, end, other_start, other_end)}
        if len(zones) == 1:
            return max(start, other_start) < min(end, other_end)
    same = (one.begun, one.last, one.lines) == (other.begun, other.last, other.lines)
    counted = (one.samples, one.tokens) == (other.samples, other.tokens)
    # Machines that step together take the same time; doing it all again takes another.
    return same and counted and abs(one.seconds - other.seconds) * 100 <= one.seconds


class Clock(msgspec.Struct, frozen=True):
    """When a run went on, by the clock of whoever wrote the logs.

    Args:
        first: day and time of the first line, or None.
        last: of the last line.
        idle: nanoseconds between the two without steps, or None where the times cannot be compared.
        contradicts: whether the steps took longer than the clock says.
        zoned: whether the times name their zone.
    """

    first: str | None = None
    last: str | None = None
    idle: int | None = None
    contradicts: bool = False
    zoned: bool = True


_SLACK = 60 * 10**9
"""Clock and step times may differ by a minute: the clock is read in whole seconds."""


def clock(spans: Sequence[Span]) -> Clock:
    """Return when the run began and ended, and how much of that time was without steps."""
    starts = [(moment(span.start), span) for span in spans]
    ends = [moment(span.end) for span in spans]
    known = [time for time in [*(t for t, _ in starts), *ends] if time is not None]
    if not known or len({time.tzinfo is None for time in known}) > 1:
        return Clock(zoned=False)
    first, first_span = min(((t, s) for t, s in starts if t is not None), key=lambda pair: pair[0])
    last = max(known)
    timed = all(span.timed == span.steps and span.start for span in spans)
    lead = 0 if first_span.settings.started else first_span.lead
    wall = int((last - first).total_seconds() * 10**6) * 1000 + lead
    idle = wall - sum(span.seconds for span in spans)
    backwards = any(
        t is not None and e is not None and e < t for (t, _), e in zip(starts, ends, strict=True)
    )
    contradicts = backwards or (timed and idle < -_SLACK)
    return Clock(
        first.isoformat(),
        last.isoformat(),
        max(0, idle) if timed and not contradicts else None,
        contradicts,
        first.tzinfo is not None,
    )
