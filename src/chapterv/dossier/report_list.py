"""The list of open questions as Markdown, to hand to those who can answer them."""

from __future__ import annotations

import re

from chapterv.documents import Texts, texts
from chapterv.documents.harmless import cut, visible
from chapterv.dossier.report_model import QuestionView, Report
from chapterv.facts.wording import long_date

__all__ = ["render_questions"]

LONGEST_NAME = 120
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def render_questions(report: Report) -> str:
    """Return the open questions of a report as Markdown.

    Args:
        report: any report.
    """
    words = texts(report.language)
    model = " ".join(part for part in (report.name, report.version) if part)
    lines = [
        f"# {words('list.title', model=_plain(model))}",
        "",
        words(
            "list.intro",
            provider=_plain(report.provider or words("head.provider_unknown")),
            date=long_date(report.on),
        ),
    ]
    for number, question in enumerate(report.questions, 1):
        lines += ["", *_question(question, number, words)]
    if not report.questions:
        lines += ["", words("list.none")]
    law = report.law
    end = words("list.law", version=law.version, date=long_date(law.state_date))
    return "\n".join([*lines, "", end, ""])


def _question(question: QuestionView, number: int, words: Texts) -> list[str]:
    lines = [f"## {words('list.question', number=number, text=question.text)}", ""]
    for name, text in (("why", question.why), ("where", question.how_to_answer)):
        if text:
            lines.append(f"- {words(f'questions.{name}')}: {text}")
    if question.choices:
        lines.append(f"- {words('questions.choices')}:")
        lines += [f"  - `{one.value}` {one.means}".rstrip() for one in question.choices]
    lines += [f"- {words('questions.line')}:", "", "```toml"]
    return [*lines, visible(question.table), question.line, "```"]


def _plain(text: str) -> str:
    """Return a foreign text on one line, with what Markdown would read as markup escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(visible(cut(text, LONGEST_NAME)).split()))
