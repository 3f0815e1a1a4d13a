"""Open questions as a report shows them, each with the line of the statement that answers it."""

from __future__ import annotations

from collections.abc import Collection

from chapterv.dossier.gathering import Gathered
from chapterv.dossier.interview import open_questions
from chapterv.dossier.report_model import Choice, QuestionView
from chapterv.facts import Key, Question, catalogue, subject_kind
from chapterv.facts.world import SINGLE_KINDS
from chapterv.law import CANNOT_TELL, NOT_MET, Assessment

__all__ = ["question_views", "statement_table"]


def question_views(gathered: Gathered, assessment: Assessment) -> tuple[QuestionView, ...]:
    """Return the questions that something waits for, what settles most first.

    A question settles most that leaves most duties open, then most answers; among equals the order
    is that of the assessment.

    Args:
        gathered: what is known.
        assessment: what waits.
    """
    duties = {duty.id for duty in assessment.obligations if duty.status == CANNOT_TELL}
    waiting = {one.rule for one in assessment.findings if one.answer == CANNOT_TELL} | duties
    views = [
        _view(question, catalogue()[question.key], waiting)
        for question in open_questions(gathered, assessment.questions, all_keys=False)
    ]
    if any(one.rule == "act:REACH" and one.answer == NOT_MET for one in assessment.findings):
        # Nothing is owed, so only what could still change that comes first.
        return tuple(sorted(views, key=lambda view: -view.settles))
    views.sort(key=lambda view: (-len(duties.intersection(view.opens)), -len(view.opens)))
    return tuple(views)


def _view(question: Question, entry: Key, waiting: Collection[str]) -> QuestionView:
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
        tuple(row for row in question.asked_by if row in waiting),
        tuple(row for row in question.asked_by if row not in waiting),
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
