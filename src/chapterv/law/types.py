"""What an evaluation of the law gives: findings, obligations, clocks, and the questions left."""

from __future__ import annotations

import datetime
from typing import Any, Literal

import msgspec

from chapterv.facts import Conflict, Question
from chapterv.law.answers import Answer

__all__ = ["Assessment", "Clock", "Finding", "Obligation", "Status", "Step"]

Status = Literal[
    "applies",
    "exempt",
    "grace",
    "not_yet",
    "not_applicable",
    "out_of_scope",
    "cannot_tell",
]
"""`not_applicable`: the duty's own condition is not met. `out_of_scope`: the Act or the chapter
does not reach the model."""

Step = tuple[Any, ...]
"""One step of reasoning: a code of the text catalogue and its arguments. Rendered when shown."""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one row of the law for one model on one day, and how it came about.

    `missing` holds the keys that would settle an open answer; beside a decided answer it holds the
    questions that could still change it. `indicated` marks an answer that rests on an indication
    or on a reading that a person can rebut.
    """

    rule: str
    question: str
    answer: Answer
    because: tuple[Step, ...]
    cites: tuple[str, ...]
    uses: tuple[str, ...]
    missing: tuple[str, ...]
    law_version: str
    indicated: bool = False
    value: dict[str, Any] | None = None
    note: str | None = None
    subject: str = ""


class Obligation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One duty of one actor: its status on the day, since when, by when, and what discharges it."""

    id: str
    title: str
    actor: str
    status: Status
    cites: tuple[str, ...]
    starts: datetime.date | None = msgspec.field(default=None, name="from")
    due: datetime.date | None = None
    until: datetime.date | None = None
    discharged_by: tuple[str, ...] = ()
    evidence: Literal["complete", "partial", "missing"] = "missing"
    because: tuple[Step, ...] = ()
    missing: tuple[str, ...] = ()
    value: dict[str, Any] | None = None
    note: str | None = None
    subject: str = ""

    def late(self, on: datetime.date) -> bool:
        """Tell whether the duty applies, was due before `on`, and is not fully evidenced."""
        if self.status != "applies" or self.due is None:
            return False
        return self.due < on and self.evidence != "complete"


class Clock(msgspec.Struct, frozen=True, omit_defaults=True):
    """A period that runs: from what event, to which day, and where it stands."""

    id: str
    title: str
    started_by: str
    started_on: datetime.date | None
    due: datetime.date | None
    due_if_rolled: datetime.date | None
    state: Literal["not_started", "running", "due", "late", "satisfied"]
    counting: str
    unit: str
    cites: tuple[str, ...]
    satisfied_on: datetime.date | None = None
    strictly_before: bool = False
    """The thing has to be done before `due`; on that day it is too late."""
    subject: str = ""


class Assessment(msgspec.Struct, frozen=True):
    """The law applied to one model on one day."""

    on: datetime.date
    law_version: str
    findings: tuple[Finding, ...]
    obligations: tuple[Obligation, ...]
    clocks: tuple[Clock, ...]
    questions: tuple[Question, ...]
    conflicts: tuple[Conflict, ...] = ()
    also: dict[str, str] = {}
    """Rows that say the same as another: row to the row whose finding answers it."""
