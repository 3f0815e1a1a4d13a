"""Open questions as a report shows them, each with the line of the statement that answers it."""

from __future__ import annotations

from collections.abc import Mapping

from chapterv.dossier.gathering import Gathered
from chapterv.dossier.interview import open_questions
from chapterv.dossier.report_model import Choice, QuestionView
from chapterv.facts import Key, Question, catalogue, subject_kind
from chapterv.facts.world import SINGLE_KINDS
from chapterv.law import Assessment

__all__ = ["question_views", "statement_table"]

Waiting = Mapping[str, tuple[str, ...]]


def question_views(gathered: Gathered, assessment: Assessment) -> tuple[QuestionView, ...]:
    """Return the questions that something waits for, what settles most first.

    Args:
        gathered: what is known.
        assessment: what waits.
    """
    opens, may_change = _waiting(assessment, open_ones=True), _waiting(assessment, open_ones=False)
    return tuple(
        _view(question, catalogue()[question.key], opens, may_change)
        for question in open_questions(gathered, assessment.questions, all_keys=False)
    )


def _waiting(assessment: Assessment, *, open_ones: bool) -> Waiting:
    """Return key to the rows that cannot be told without it, or to those it could still change."""
    waiting: dict[str, list[str]] = {}
    for finding in assessment.findings:
        if (finding.answer == "cannot_tell") == open_ones:
            for key in finding.missing:
                waiting.setdefault(key, []).append(finding.rule)
    for duty in assessment.obligations:
        if (duty.status == "cannot_tell") == open_ones:
            for key in duty.missing:
                waiting.setdefault(key, []).append(duty.id)
    return {key: tuple(dict.fromkeys(rows)) for key, rows in waiting.items()}


def _view(question: Question, entry: Key, opens: Waiting, may_change: Waiting) -> QuestionView:
    name = question.key.partition(".")[2]
    return QuestionView(
        question.key,
        question.subject,
        entry.label,
        question.text,
        question.why.strip(),
        question.how_to_answer,
        tuple(Choice(value, entry.values_help.get(value, "")) for value in entry.values),
        entry.example,
        statement_table(question.key, question.subject),
        f"{name} = {entry.example}",
        question.asked_by,
        opens.get(question.key, ()),
        may_change.get(question.key, ()),
        question.settles,
    )


def statement_table(key: str, subject: str) -> str:
    """Return the heading of the table that holds a key in the statement file.

    Args:
        key: a key of the catalogue.
        subject: whom the answer is about.

    >>> statement_table("model.name", "model:northlight-1b@1.0")
    '[model]'
    """
    kind = subject_kind(key)
    if kind in SINGLE_KINDS:
        return f"[{kind}]"
    identifier = subject.partition(":")[2]
    return f'[[{kind}]]\nid = "{identifier}"' if identifier else f"[[{kind}]]"
