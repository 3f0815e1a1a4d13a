"""What a report holds, as plain frozen values: the page, its JSON twin and the terminal form.

Words of the law (titles, reasons, provisions) come filled in; words of the page are added where it
is drawn. Amounts stand as decimal strings beside the form that people read.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from chapterv.dossier.forecasts import DossierForecast
from chapterv.dossier.report_ledger_model import LedgerView, NotificationDraft
from chapterv.facts import Source

__all__ = [
    "Choice",
    "ClockView",
    "ConflictView",
    "DutyView",
    "FactView",
    "FindingView",
    "FineView",
    "LawView",
    "Provision",
    "Quantity",
    "QuestionView",
    "ReadView",
    "Reason",
    "Report",
    "SkippedView",
    "SourceView",
    "ThresholdView",
    "Topic",
    "Value",
    "Verdict",
    "VerdictPart",
]

Day = datetime.date


class Reason(msgspec.Struct, frozen=True):
    """One step of reasoning: its sentence, its code, and the row it speaks of."""

    text: str
    code: str
    rule: str | None = None


class Provision(msgspec.Struct, frozen=True):
    """A row of the law as it stands on the day of the report, and how far it was checked."""

    id: str
    title: str
    citation: str
    text: str | None
    """None where the row says nothing yet on that day."""
    applies_from: Day | None
    reference: str
    status: str
    checked: str
    our_reading: str | None
    open_question: str | None


class Value(msgspec.Struct, frozen=True):
    """A value that comes with an answer, named in words."""

    name: str
    label: str
    value: Any
    text: str


class FindingView(msgspec.Struct, frozen=True):
    """The answer to one row of the law, and everything that it rests on."""

    rule: str
    question: str
    answer: str
    indicated: bool
    value: dict[str, Any] | None
    values: tuple[Value, ...]
    because: tuple[Reason, ...]
    cites: tuple[str, ...]
    uses: tuple[str, ...]
    missing: tuple[str, ...]
    law_version: str
    note: str | None
    subject: str
    topic: str
    anchor: str
    """Unique on the page, in letters, digits and hyphens."""


class DutyView(msgspec.Struct, frozen=True):
    """One duty with its status, its days, and what shows it done."""

    id: str
    title: str
    actor: str
    status: str
    state: str
    """The status and the days in one word, as the timeline draws it: late, soon, due ..."""
    starts: Day | None = msgspec.field(name="from")
    due: Day | None
    until: Day | None
    days_left: int | None
    cites: tuple[str, ...]
    discharged_by: tuple[str, ...]
    evidence: str
    because: tuple[Reason, ...]
    missing: tuple[str, ...]
    value: dict[str, Any] | None
    note: str | None
    subject: str
    anchor: str


class ClockView(msgspec.Struct, frozen=True):
    """A period: what started it, how it was counted, and where it stands."""

    id: str
    title: str
    started_by: str
    started_by_text: str
    started_on: Day | None
    due: Day | None
    due_if_rolled: Day | None
    days_left: int | None
    state: str
    shown_state: str
    counting: str
    unit: str
    cites: tuple[str, ...]
    satisfied_on: Day | None
    strictly_before: bool
    subject: str
    anchor: str


class Choice(msgspec.Struct, frozen=True):
    """A value that an answer may have, and what it means."""

    value: str
    means: str


class QuestionView(msgspec.Struct, frozen=True):
    """Something unknown: why it is asked, where it is found, and the line that answers it."""

    key: str
    subject: str
    label: str
    text: str
    why: str
    how_to_answer: str
    choices: tuple[Choice, ...]
    example: str
    table: str
    """Heading of the table in the statement file, such as [model]."""
    line: str
    """The line to write in it, with the catalogue's example as its value."""
    asked_by: tuple[str, ...]
    opens: tuple[str, ...]
    """Rows and duties that cannot be told without it."""
    may_change: tuple[str, ...]
    """Rows and duties that are answered and that it could still change."""
    settles: int


class ConflictView(msgspec.Struct, frozen=True):
    """Sources that disagree on one key, the one that is used, and how to settle it."""

    subject: str
    key: str
    label: str
    tolerance: str
    facts: tuple[str, ...]
    chosen: str
    why: str
    settle: str


class FactView(msgspec.Struct, frozen=True):
    """One value with its source; `value` is exact, `text` is how people read it."""

    id: str
    subject: str
    key: str
    label: str
    value: Any
    text: str
    exact: str
    """The exact value where `text` is rounded, else empty."""
    relation: str
    unit: str | None
    basis: str
    bound: str | None
    as_of: Day | None
    note: str | None
    source: Source
    used: bool
    """It is the one that the law was applied to, among those on its key."""
    used_by: tuple[str, ...]


class ReadView(msgspec.Struct, frozen=True):
    """An artefact that was read."""

    artefact: str
    reader: str
    facts: int
    size_bytes: int
    digest: str | None
    digest_of: str | None


class SkippedView(msgspec.Struct, frozen=True):
    """Artefacts that gave nothing, and why."""

    artefact: str
    reason: str
    files: int


class Quantity(msgspec.Struct, frozen=True):
    """An amount of computing power with its bound, as decimal strings."""

    key: str
    label: str
    text: str
    amount: str | None
    low: str | None
    high: str | None
    relation: str
    bound: str | None
    sides: tuple[tuple[str, str], ...]
    """Threshold identifier and side: above, not_above, open."""
    as_of: Day | None
    basis: str
    note: str
    facts: tuple[str, ...]


class ThresholdView(msgspec.Struct, frozen=True):
    """A line that amounts are compared with."""

    id: str
    label: str
    amount: str
    applies_from: Day | None
    citation: str
    applies_to: tuple[str, ...]


class VerdictPart(msgspec.Struct, frozen=True):
    """One piece of the verdict, whether it is decided, and the row that says so."""

    code: str
    text: str
    decided: bool
    rule: str


class Verdict(msgspec.Struct, frozen=True):
    """The report in one screen. Duties and clocks are named by their anchors."""

    sentence: str
    parts: tuple[VerdictPart, ...]
    late: tuple[str, ...]
    next: tuple[str, ...]
    applies: tuple[str, ...]
    cannot_tell: tuple[str, ...]
    question: str | None
    """Key of the question that would settle most."""


class FineView(msgspec.Struct, frozen=True):
    """The ceiling of a fine, where fines are possible at all; never a forecast."""

    ceiling_eur: str
    at_least: bool
    """The turnover is not known, so the ceiling may be higher."""
    text: str
    rule: str
    citation: str


class Topic(msgspec.Struct, frozen=True):
    """Findings on one matter."""

    name: str
    title: str
    findings: tuple[str, ...]
    """Anchors, in the order of the rules."""
    met: int
    not_met: int
    cannot_tell: int


class SourceView(msgspec.Struct, frozen=True):
    """A text that the law pack rests on."""

    id: str
    title: str
    date: Day | None
    url: str | None
    status: str
    note: str


class LawView(msgspec.Struct, frozen=True):
    """The law pack and its age on the day of the report."""

    name: str
    title: str
    version: str
    state_date: Day
    age_days: int
    covers: tuple[str, ...]
    sources: tuple[SourceView, ...]


class Report(msgspec.Struct, frozen=True):
    """Everything that a report says of one model on one day."""

    name: str
    version: str | None
    subject: str
    provider: str | None
    established_in: str | None
    folder: str
    on: Day
    language: str
    program: str
    law: LawView
    verdict: Verdict
    quantities: tuple[Quantity, ...]
    thresholds: tuple[ThresholdView, ...]
    ledger: LedgerView
    forecast: DossierForecast | None
    """None where there is nothing to foresee."""
    notification: NotificationDraft | None
    """None where no notification is asked for, or one was given."""
    duties: tuple[DutyView, ...]
    clocks: tuple[ClockView, ...]
    fine: FineView | None
    questions: tuple[QuestionView, ...]
    topics: tuple[Topic, ...]
    findings: tuple[FindingView, ...]
    provisions: dict[str, Provision]
    conflicts: tuple[ConflictView, ...]
    facts: tuple[FactView, ...]
    read: tuple[ReadView, ...]
    skipped: tuple[SkippedView, ...]
    notes: tuple[str, ...]
    limits: tuple[str, ...]
    """What the program did not look at."""
