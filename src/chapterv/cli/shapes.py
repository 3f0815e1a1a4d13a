"""What commands print with `--format json`, as types from which the JSON Schemas are made.

Amounts are decimal strings, dates are ISO dates. Fields may be added in later versions; none is
taken away or given another meaning. The tests hold every command to its shape.
"""

from __future__ import annotations

import datetime
from typing import Any, Literal

import msgspec

from chapterv.cli.forecast_shapes import ComputeForecast
from chapterv.cli.shapes_compute import Anomaly, Ledger
from chapterv.facts import Conflict, Question, Source
from chapterv.law import Answer, Status

__all__ = ["SHAPES"]

Day = datetime.date
Evidence = Literal["complete", "partial", "missing"]
State = Literal["not_started", "running", "due", "late", "satisfied"]
Basis = Literal["measured", "computed", "declared", "assumed"]
Relation = Literal["exactly", "at_least", "at_most"]


class Fact(msgspec.Struct):
    """One value of one key of one subject; `value` has the JSON type of its key."""

    id: str
    subject: str
    key: str
    value: Any
    relation: Relation
    unit: str | None
    basis: Basis
    bound: str | None
    as_of: Day | None
    note: str | None
    source: Source


class Reason(msgspec.Struct):
    """A step of reasoning in words, its code, and the row that it speaks of."""

    text: str
    code: str
    rule: str | None = None


class Finding(msgspec.Struct):
    """The answer to one row of the law."""

    rule: str
    question: str
    answer: Answer
    indicated: bool
    value: dict[str, Any] | None
    because: list[Reason]
    cites: list[str]
    uses: list[str]
    missing: list[str]
    law_version: str
    note: str | None
    subject: str


class Obligation(msgspec.Struct):
    """A duty: its status on the day, since when and by when, and what discharges it."""

    id: str
    title: str
    actor: str
    status: Status
    starts: Day | None = msgspec.field(name="from")
    due: Day | None
    until: Day | None
    cites: list[str]
    discharged_by: list[str]
    evidence: Evidence
    because: list[Reason]
    missing: list[str]
    value: dict[str, Any] | None
    note: str | None
    subject: str


class Clock(msgspec.Struct):
    """A period that runs."""

    id: str
    title: str
    started_by: str
    started_on: Day | None
    due: Day | None
    due_if_rolled: Day | None
    state: State
    counting: str
    unit: str
    cites: list[str]
    satisfied_on: Day | None
    strictly_before: bool
    subject: str


class Difference(msgspec.Struct):
    """An answer, status or day that differs between two assessments."""

    id: str
    kind: Literal["finding", "obligation", "clock"]
    title: str
    field: str
    before: str | None
    after: str | None
    subject: str


class Assess(msgspec.Struct):
    """`assess`; the last two with `--assume` alone."""

    on: Day
    law_version: str
    law_state_date: Day
    law_age_days: int
    findings: list[Finding]
    obligations: list[Obligation]
    clocks: list[Clock]
    questions: list[Question]
    conflicts: list[Conflict]
    notes: list[str]
    assumed: dict[str, Any] | None = None
    changes: list[Difference] | None = None


class Interval(msgspec.Struct):
    """An estimate in FLOP; its ends where the law gives a margin."""

    amount: str
    low: str | None = None
    high: str | None = None


class PerToken(msgspec.Struct):
    """Operations for one token, forward and backward, under either convention."""

    full: str
    causal: str


class SamplePart(msgspec.Struct):
    """Operations of one part of a model for one sample."""

    part: str
    full: str
    causal: str


class Estimate(msgspec.Struct):
    """`compute estimate`; the last two where the run is counted in samples."""

    family: str
    parameters_total: str
    parameters_active: str
    operations_per_token: PerToken
    training_compute: Interval
    full_attention: str
    tokens: str
    sequence_length: int
    notes: list[str]
    samples: str | None = None
    parts: list[SamplePart] | None = None


class ReasonBelow(msgspec.Struct):
    """A reason, and how deep it stands below the row."""

    depth: int
    text: str
    row: str | None


class Explanation(msgspec.Struct):
    """A row of the law, how it was answered, and why."""

    row: str
    title: str
    citation: str
    text: str | None
    our_reading: str | None
    finding: Finding | None
    obligation: Obligation | None
    clock: Clock | None
    reasons: list[ReasonBelow]
    uses: list[str]
    missing: list[str]


class Explain(msgspec.Struct):
    """`explain`; the facts that a used fact was computed from are among the facts."""

    on: Day
    law_version: str
    explanation: Explanation
    facts: list[Fact]
    notes: list[str]


class Init(msgspec.Struct):
    """`init`."""

    path: str
    created: bool
    added: list[str]
    found: list[Fact]
    open_questions: int


class LawChange(msgspec.Struct):
    """A row or parameter that says something else from a day on."""

    id: str
    kind: Literal["row", "parameter"]
    title: str
    citation: str
    applies_from: Day
    before: str | None
    after: str | None
    changed_by: str | None
    repealed: bool


class DossierChanges(msgspec.Struct):
    """What differs for one dossier, and remarks on what was not known on a day."""

    differences: list[Difference]
    notes: list[str]


class LawChanges(msgspec.Struct):
    """`law changes`; dossiers by the folder as given."""

    start: Day = msgspec.field(name="from")
    to: Day
    law_version: str
    changes: list[LawChange]
    dossiers: dict[str, DossierChanges]


class DutyAnswer(msgspec.Struct):
    """A duty as `law evaluate` gives it."""

    status: Status
    starts: Day | None = msgspec.field(name="from")
    due: Day | None
    until: Day | None


class ClockAnswer(msgspec.Struct):
    """A clock as `law evaluate` gives it."""

    started_on: Day | None
    due: Day | None
    due_if_rolled: Day | None
    state: State
    satisfied_on: Day | None


class Asked(msgspec.Struct):
    """A question that is left, the rows that ask it, and how much waits for it."""

    key: str
    text: str
    asked_by: list[str]
    settles: int


class Evaluate(msgspec.Struct):
    """`law evaluate`; every table goes by the identifier of a row."""

    on: Day
    law_version: str
    answers: dict[str, Answer]
    indicated: list[str]
    obligations: dict[str, DutyAnswer]
    clocks: dict[str, ClockAnswer]
    values: dict[str, dict[str, Any]]
    questions: list[Asked]


class Version(msgspec.Struct):
    """What a row says from a day on."""

    applies_from: Day
    text: str
    reference: str
    changed_by: str | None
    repealed: bool


class Parameter(msgspec.Struct):
    """A number, day or list that rests on a row."""

    id: str
    title: str
    value: Any
    unit: str
    relation: str
    applies_from: Day


class Row(msgspec.Struct):
    """`law show ROW`."""

    id: str
    title: str
    citation: str
    on: Day
    text: str | None
    in_force: bool
    status: str
    checked: str
    our_reading: str | None
    open_question: str | None
    versions: list[Version]
    parameters: list[Parameter]
    see: list[str]
    law_version: str
    state_date: Day


class Titled(msgspec.Struct):
    """A row by name."""

    id: str
    title: str


class ReadEntry(msgspec.Struct):
    """An artefact that was read."""

    artefact: str
    reader: str
    facts: int
    size_bytes: int
    digest: str | None = None
    digest_of: Literal["file", "header", "footer+samples"] | None = None


class SkippedEntry(msgspec.Struct):
    """An artefact, or many of one kind, that gave nothing, and why."""

    artefact: str
    reason: str
    files: int = 1


class Note(msgspec.Struct):
    """A remark on one artefact."""

    artefact: str
    text: str


class Scan(msgspec.Struct):
    """`scan`."""

    facts: list[Fact]
    read: list[ReadEntry]
    skipped: list[SkippedEntry]
    notes: list[Note]
    anomalies: list[Anomaly]


SHAPES: dict[str, Any] = {
    "assess": Assess,
    "compute-estimate": Estimate,
    "compute-forecast": ComputeForecast,
    "compute-ledger": Ledger,
    "explain": Explain,
    "init": Init,
    "law-changes": LawChanges,
    "law-evaluate": Evaluate,
    "law-rows": list[Titled],
    "law-show": Row,
    "scan": Scan,
    "clock": Clock,
    "conflict": Conflict,
    "fact": Fact,
    "finding": Finding,
    "obligation": Obligation,
    "question": Question,
    "source": Source,
}
"""The names that `chapterv schema` takes: first commands, then what stands in several of them."""
