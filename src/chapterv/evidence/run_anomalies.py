"""What can be odd in a training log, in words: what happened, and what the sums do about it."""

from __future__ import annotations

from chapterv.evidence.results import Anomaly
from chapterv.evidence.run_spans import Event, Span

__all__ = ["anomaly_of", "repetition"]

_EVENTS = {
    "line_cut": (
        "{times} lines on steps break off or run into another line",
        "their steps are counted from the next whole line, their times taken as in it",
        "run.steps",
    ),
    "line_too_long": (
        "{times} lines are longer than a log line may be",
        "left out; steps in them are counted from the next whole line",
        "run.steps",
    ),
    "line_unfinished": (
        "the last line has not ended",
        "not counted, since its last number may be cut: it counts when it has ended",
        "run.steps",
    ),
    "lines_repeated": (
        "{times} lines tell of a step that a line before tells of, as several machines write them",
        "counted once",
        "run.steps",
    ),
    "lines_missing": (
        "{times} times, lines are missing between two steps (first: steps {detail})",
        "the steps are counted, their times taken as in the line that follows",
        "run.steps",
    ),
    "counter_back": (
        "{times} times, a counter of samples or tokens goes back while steps go on",
        "the higher value stands",
        "run.tokens",
    ),
    "clock_back": (
        "{times} times, the clock goes back",
        "durations come from the times of steps, not from the clock",
        "run.idle_seconds",
    ),
    "too_many_restarts": (
        "the steps go back more often than a log is read for; {times} lines are left out",
        "what they tell is not counted: state run.tokens with a source",
        "run.tokens",
    ),
    "summary_without_steps": (
        "{times} summaries of runs say no number of steps",
        "not counted: state run.tokens with a source",
        "run.tokens",
    ),
    "file_replaced": (
        "the file was replaced or cut since it was last read",
        "read anew from its start",
        "run.tokens",
    ),
}  # fmt: skip


def anomaly_of(path: str, event: Event) -> Anomaly:
    """Return what was seen while reading a log as an anomaly with its effect."""
    text, effect, key = _EVENTS[event.kind]
    return Anomaly(
        path, event.kind, text.format(times=event.times, detail=event.detail), effect,
        f"line {event.line}", key, times=event.times,
    )  # fmt: skip


def repetition(path: str, span: Span, count: int, which: str, times: int) -> Anomaly:
    """Return the anomaly of steps that a later process took again.

    Args:
        path: of the log.
        span: the steps as they were taken first.
        count: how many of them were taken again.
        which: words for them.
        times: how many spans this stands for.
    """
    return Anomaly(
        path,
        "steps_repeated",
        f"of steps {which}, {count} were taken again by a later process",
        "each step counted once; the repetition is in run.steps_repeated and its time in "
        "run.seconds",
        f"line {span.last_line}",
        "run.steps_repeated",
        count,
        times,
    )
