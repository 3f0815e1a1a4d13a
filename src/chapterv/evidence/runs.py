"""Runs of training as their logs tell them: one set of facts for all logs of a run.

Readers of logs leave parts of kind "run-log", readers of states that a program saves from time to
time parts of kind "run-state"; here they become facts when all files are read. Steps are counted
once, steps that were taken again are told apart, and everything odd is an anomaly with its effect.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import msgspec

from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, Joined, Parts, Unclaimed, joins
from chapterv.evidence.results import Anomaly, Note, Part
from chapterv.evidence.run_anomalies import anomaly_of, repetition
from chapterv.evidence.run_logs import (
    SAMPLE,
    Dialect,
    LogState,
    follow,
    gather,
    recognised,
    resumed,
    snapshot,
    unfinished,
)
from chapterv.evidence.run_spans import Point, Settings, Span
from chapterv.evidence.run_totals import Amounts, add_up, clock, copies
from chapterv.facts import Amount, Source, make_fact
from chapterv.facts.types import DigestOf, Relation

__all__ = [
    "LOG_SUFFIXES",
    "LogState",
    "Point",
    "RunLog",
    "RunState",
    "StateValue",
    "follow",
    "read_log",
    "whole",
]

LOG_SUFFIXES = (".log", ".out", ".txt", ".jsonl", ".err", ".output")
MAX_LISTED = 20
"""Restarts of one log that are listed one by one; the rest are one line."""


class RunLog(msgspec.Struct, frozen=True):
    """What one log tells of one run."""

    run: str
    artefact: str
    digest: str | None
    digest_of: DigestOf | None
    reader: str | None
    framework: str
    spans: tuple[Span, ...]


class StateValue(msgspec.Struct, frozen=True):
    """A value in a saved state: key, value, place, a remark, and whether it is a lower bound."""

    key: str
    value: Any
    pointer: str
    note: str | None = None
    least: bool = False


class RunState(msgspec.Struct, frozen=True):
    """What a saved state tells of one run up to a step; later states hold all of earlier ones.

    Args:
        run: subject of the run.
        artefact: path of the file.
        step: steps done.
        values: what it says.
        source: of the file.
        notes: remarks that hold if this state is the one that counts.
    """

    run: str
    artefact: str
    step: int
    values: tuple[StateValue, ...]
    source: Source
    notes: tuple[str, ...] = ()


def read_log(artefact: Artefact, entry: Dialect) -> Iterator[Found]:
    """Read a whole log of one format.

    Raises:
        Unclaimed: the file is of another format.
        InputError: it cannot be read.
    """
    with artefact.opened() as window:
        if not recognised(window, entry):
            raise Unclaimed("")
        artefact.keep_digest(window.read(0, SAMPLE), "file" if window.size <= SAMPLE else "header")
        state = resumed(window, entry, artefact.cache, artefact.location)
        gather(window, state, final=True)
        rest = unfinished(state, window.size)
    spans = snapshot(state)
    if rest:
        state.gathered.event("line_unfinished", state.line + 1)
    yield from (anomaly_of(artefact.path, event) for event in state.gathered.events)
    if not spans:
        yield Note(artefact.path, f"a log of {state.gathered.framework}: no step is logged in it")
    for name in sorted({span.run for span in spans}):
        part = RunLog(
            artefact.run_of(name) if name else artefact.run,
            artefact.path, artefact.digest, artefact.digest_of, artefact.reader,
            state.gathered.framework,
            tuple(span for span in spans if span.run == name),
        )  # fmt: skip
        yield Part("run-log", artefact.folder, artefact.path, part)


@joins("run-log")
def join_logs(parts: Parts) -> Iterator[Joined | Note | Anomaly]:
    """Make facts of all logs of each run."""
    runs: dict[str, list[RunLog]] = {}
    for folder in parts.folders("run-log"):
        for part in parts.here("run-log", folder):
            runs.setdefault(part.content.run, []).append(part.content)
    for run in sorted(runs):
        yield from _Run(run, runs[run]).found()
    yield from _told_twice(runs)


def _told_twice(runs: Mapping[str, Sequence[RunLog]]) -> Iterator[Anomaly]:
    """Name runs that have the same log, such as a console's output that a tracker keeps too."""
    seen: dict[bytes, RunLog] = {}
    for run in sorted(runs):
        for log in runs[run]:
            plain = [msgspec.structs.replace(s, run="", first_line=0, last_line=0, tag="")
                     for s in log.spans]  # fmt: skip
            content = repr(plain).encode()
            other = seen.setdefault(hashlib.sha256(content).digest(), log)
            if other.run != run:
                yield Anomaly(
                    log.artefact, "run_told_twice",
                    f"{run} has the same steps at the same times as {other.run} in "
                    f"{other.artefact}",
                    "both are listed: name both paths in one [[run]], or the sums count it twice",
                    None, "run.steps",
                )  # fmt: skip


@joins("run-state")
def join_states(parts: Parts) -> Iterator[Joined | Note]:
    """Make facts of the latest saved state of each run."""
    runs: dict[str, list[RunState]] = {}
    for folder in parts.folders("run-state"):
        for part in parts.here("run-state", folder):
            runs.setdefault(part.content.run, []).append(part.content)
    for states in runs.values():
        last = max(states, key=lambda state: (state.step, len(state.values), state.artefact))
        for each in last.values:
            source = msgspec.structs.replace(last.source, pointer=each.pointer)
            fact = make_fact(
                last.run,
                each.key,
                each.value,
                source,
                relation="at_least" if each.least else "exactly",
                note=each.note,
            )
            yield Joined(fact, (last.artefact,))
        yield from (Note(last.artefact, text) for text in last.notes)
        for state in states:
            if state is not last:
                yield Note(
                    state.artefact,
                    f"a state of the same run at step {state.step}: {last.artefact} holds all of "
                    "it, and only that counts",
                )


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def whole(amount: Fraction) -> Amount:
    """Return an exact amount; one that is no whole number is rounded to nine places."""
    if amount.denominator == 1:
        return amount.numerator
    return Decimal(round(amount * 10**9)).scaleb(-9).normalize()


class _Run:
    """All logs of one run, and the facts in them."""

    def __init__(self, run: str, logs: Sequence[RunLog]) -> None:
        self.run = run
        self.logs = _ordered(logs)
        every = [(log, span) for log in self.logs for span in log.spans]
        self.continued = _continue(every)
        double = copies([(log.artefact, span) for log, span in every])
        self.pairs = [pair for place, pair in enumerate(every) if place not in double]
        self.copied = [pair for place, pair in enumerate(every) if place in double]
        self.spans = [span for _, span in self.pairs]
        self.steps = add_up(self.spans, "steps") or Amounts()

    def found(self) -> Iterator[Joined | Note | Anomaly]:
        """Yield all that the logs say."""
        for path in self.continued:
            yield Note(
                path,
                "the log goes on where another ends and says nothing of its settings: they are "
                "taken to be those of the other",
            )
        yield from self._copies()
        yield from self._repetitions()
        yield from self._amounts()
        yield from self._times()
        yield from self._settings()
        yield from self._rates()

    def fact(self, key: str, value: Any, note: str | None = None, least: bool = False) -> Joined:
        """Make a fact that rests on all logs of the run."""
        relation: Relation = "at_least" if least else "exactly"
        artefacts = tuple(dict.fromkeys(log.artefact for log in self.logs))
        if len(artefacts) > 1:
            note = ", ".join(filter(None, [note, f"{len(artefacts)} logs, digest over theirs"]))
        made = make_fact(self.run, key, value, self._source, relation=relation, note=note)
        return Joined(made, artefacts)

    @cached_property
    def _source(self) -> Source:
        first = self.logs[0]
        if len(self.logs) == 1:
            lines = f"lines {self.spans[0].first_line} to {self.spans[-1].last_line}"
            return Source(
                first.artefact, first.digest, first.digest_of, pointer=lines, reader=first.reader
            )
        digests = "\n".join(sorted(f"{log.digest}  {log.artefact}" for log in self.logs))
        digest = hashlib.sha256(digests.encode()).hexdigest()
        return Source(_together(self.logs), digest, first.digest_of, reader=first.reader)

    def _copies(self) -> Iterator[Anomaly]:
        for log, span in self.copied:
            yield Anomaly(
                log.artefact, "log_repeated",
                f"steps {span.begun + 1} to {span.last} are told a second time: the same process "
                "in another log",
                "counted once", f"line {span.first_line}", "run.steps", span.steps,
            )  # fmt: skip

    def _repetitions(self) -> Iterator[Anomaly]:
        again: dict[str, list[tuple[Span, int]]] = {}
        for (log, span), new in zip(self.pairs, self.steps.new, strict=True):
            count = span.steps - int(new * span.steps)
            if count:
                again.setdefault(log.artefact, []).append((span, count))
        for path, found in again.items():
            for span, count in found[:MAX_LISTED]:
                yield repetition(path, span, count, f"{span.begun + 1} to {span.last}", 1)
            rest = found[MAX_LISTED:]
            if rest:
                count = sum(count for _, count in rest)
                yield repetition(path, rest[0][0], count, "of later processes", len(rest))
        if self.steps.unlogged:
            log, span = self.pairs[0]
            yield Anomaly(
                log.artefact, "steps_missing",
                f"the numbering says that {self.steps.unlogged} steps were taken that no line "
                "tells of",
                "counted by the numbering, their time is not known; if they belong to another "
                "run, state run.tokens",
                f"line {span.first_line}", "run.steps", whole(self.steps.unlogged),
            )  # fmt: skip

    def _amounts(self) -> Iterator[Joined | Note]:
        yield self.fact("run.framework", self.logs[0].framework)
        yield self.fact("run.steps", whole(self.steps.once))
        if self.steps.repeated:
            yield self.fact("run.steps_repeated", whole(self.steps.repeated))
        skipped = sum(span.skipped for span in self.spans)
        if skipped:
            yield Note(
                self.logs[0].artefact,
                f"{skipped} steps were skipped and changed no weights: they took their compute all "
                "the same, and count",
            )
        samples = add_up(self.spans, "samples")
        if samples is not None:
            yield self.fact("run.samples", whole(samples.once), least=samples.partial)
        tokens = add_up(self.spans, "tokens")
        if tokens is None:
            yield Note(
                self.logs[0].artefact,
                "the log does not say how many tokens a step has: state run.tokens, or "
                "run.sequence_length and run.batch_size",
            )
            return
        yield self.fact("run.tokens", whole(tokens.once), least=tokens.partial)
        if tokens.repeated:
            yield self.fact("run.tokens_repeated", whole(tokens.repeated))

    def _times(self) -> Iterator[Joined | Note | Anomaly]:
        seconds = sum(span.seconds for span in self.spans)
        timed = sum(span.timed for span in self.spans)
        every = timed == sum(span.steps for span in self.spans) and not self.steps.unlogged
        if timed:
            yield self.fact("run.seconds", whole(Fraction(seconds, 10**9)), least=not every)
        when = clock(self.spans)
        if when.first and when.last:
            yield self.fact("run.started_on", when.first[:10])
            yield self.fact("run.ended_on", when.last[:10])
            if not when.zoned:
                yield Note(self.logs[0].artefact, "the clock of the log names no time zone")
        if when.idle is not None:
            yield self.fact("run.idle_seconds", whole(Fraction(when.idle, 10**9)))
        if when.contradicts:
            yield Anomaly(
                self.logs[0].artefact, "clock_contradicts",
                "the steps took longer than the clock says",
                "run.idle_seconds is not known; run.seconds is the sum of the steps",
                None, "run.idle_seconds",
            )  # fmt: skip

    def _settings(self) -> Iterator[Joined | Note]:
        for key, name in (
            ("run.units", "units"), ("run.sequence_length", "sequence_length"),
            ("run.chip", "chip"), ("run.precision", "precision"),
            ("run.recomputation", "recomputation"),
        ):  # fmt: skip
            values = [getattr(span.settings, name) for span in self.spans]
            yield from self._one(key, [value for value in values if value is not None])
        sizes = [size for span in self.spans for size in (span.batch_least, span.batch_most)]
        yield from self._one("run.batch_size", [size for size in sizes if size])
        hours = sum(span.seconds * (span.settings.units or 0) for span in self.spans)
        if hours and all(span.settings.units for span in self.spans):
            amount = whole(Fraction(hours, 3600 * 10**9))
            least = any(span.timed != span.steps for span in self.spans)
            yield self.fact("run.unit_hours", amount, "units times time of steps", least)

    def _one(self, key: str, values: Sequence[Any]) -> Iterator[Joined | Note]:
        """State a setting that never changed, and say of others that they did."""
        if not values:
            return
        if len(set(values)) == 1:
            yield self.fact(key, values[0])
            return
        shown = ", ".join(str(value) for value in dict.fromkeys(values))
        yield Note(
            self.logs[0].artefact,
            f"{key} changed during the run ({shown[:200]}): sums are taken part by part",
        )

    def _rates(self) -> Iterator[Joined | Note]:
        rated = sum(span.rated for span in self.spans)
        if rated:
            rate = Fraction(sum(span.unit_operations for span in self.spans), rated)
            yield self.fact("run.throughput_per_unit", round(rate))
        used = sum(span.used for span in self.spans)
        if used:
            share = Fraction(sum(span.utilisation for span in self.spans), used * 10**9)
            yield self.fact("run.utilisation", whole(Fraction(round(share, 6))))
            yield self.fact("run.utilisation_counts", "model")
            yield Note(
                self.logs[0].artefact,
                "the utilisation is against the peak that the program assumed: compare it with "
                "run.peak_flop_per_s",
            )
        operations = add_up(self.spans, "operations")
        if operations is not None:
            counts = {span.settings.counts for span in self.spans if span.settings.counts}
            yield self.fact(
                "run.tool_operations", round(operations.once), "each step once",
                operations.partial,
            )  # fmt: skip
            yield self.fact(
                "run.tool_operations_counts", counts.pop() if len(counts) == 1 else "unknown"
            )


def _continue(every: list[tuple[RunLog, Span]]) -> list[str]:
    """Give settings to logs that were cut off from their start, as rotation of logs does.

    Returns: paths of logs that go on where the one before ends and say nothing of themselves.
    """
    found = []
    for place in range(1, len(every)):
        (before_log, before), (log, span) = every[place - 1], every[place]
        silent = span.settings == Settings(counts=span.settings.counts)
        if silent and log is not before_log and span.begun >= before.last:
            settings = msgspec.structs.replace(before.settings, starts_at=None, started=None)
            every[place] = (log, _with_settings(span, settings))
            found.append(log.artefact)
    return found


def _with_settings(span: Span, settings: Settings) -> Span:
    changed = msgspec.structs.replace(span, settings=settings)
    if settings.batch_size and not changed.batch_steps:
        changed.take_batch(settings.batch_size, changed.steps)
    return changed


def _together(logs: Sequence[RunLog]) -> str:
    """Name several logs in one word, such as "runs/pretrain/*.out"."""
    paths = [log.artefact for log in logs]
    folder = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    ends = {posixpath.splitext(path)[1] for path in paths}
    end = ends.pop() if len(ends) == 1 else ""
    return posixpath.join(folder, f"*{end}")


def _ordered(logs: Sequence[RunLog]) -> list[RunLog]:
    """Order logs by their clocks where all have comparable ones, else by their names."""
    named = sorted(logs, key=lambda log: _natural(log.artefact))
    when = clock([log.spans[0] for log in named])
    starts = [clock([log.spans[0]]).first for log in named]
    if when.first is None or None in starts:
        return named
    pairs = sorted(zip(starts, named, strict=True), key=lambda pair: pair[0] or "")
    return [log for _, log in pairs]
