"""Findings as a report shows them: reasons in words, provisions of the day, grouped by topic."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from chapterv.documents import Texts
from chapterv.documents.page_ids import Anchors
from chapterv.dossier.report_model import FindingView, Provision, Reason, Topic, Value
from chapterv.facts import encode, parse_amount
from chapterv.facts.wording import grouped, long_date, scientific
from chapterv.law import Assessment, Pack, Row, Step
from chapterv.law.wording import code_of, step_text

__all__ = ["finding_views", "provisions_of", "reasons_of", "topics_of"]

TOPICS = (
    "definitions",
    "scope",
    "provider",
    "modification",
    "classification",
    "compute",
    "open_source",
    "dates",
    "notification",
    "representative",
    "obligations",
    "code",
    "enforcement",
)
"""The order in which a reader asks; topics of a later pack come after these."""


def finding_views(assessment: Assessment, pack: Pack, words: Texts) -> tuple[FindingView, ...]:
    """Return the findings in the order of the rules.

    Args:
        assessment: the law applied.
        pack: its rows and texts.
        words: names of the values that come with an answer.
    """
    anchors = Anchors("finding")
    return tuple(
        FindingView(
            finding.rule,
            finding.question,
            finding.answer,
            finding.indicated,
            {name: encode(part) for name, part in finding.value.items()} if finding.value else None,
            tuple(_value(name, part, words) for name, part in (finding.value or {}).items()),
            reasons_of(pack, finding.because),
            finding.cites,
            finding.uses,
            finding.missing,
            finding.law_version,
            finding.note,
            finding.subject,
            pack.rows[finding.rule].topic,
            anchors.make(finding.rule, finding.subject),
        )
        for finding in assessment.findings
    )


def reasons_of(pack: Pack, steps: Sequence[Step]) -> tuple[Reason, ...]:
    """Return steps of reasoning in words, each once, in their order."""
    return tuple(
        Reason(step_text(pack, step), code_of(step), str(step[1]) if step[0] == "row" else None)
        for step in dict.fromkeys(steps)
    )


def _value(name: str, value: Any, words: Texts) -> Value:
    return Value(name, words.name("value", name), encode(value), _value_text(name, value, words))


def _value_text(name: str, value: Any, words: Texts) -> str:
    """Return a value of an answer as people read it; its unit is the end of its name."""
    if isinstance(value, bool):
        return words("word.yes" if value else "word.no")
    if isinstance(value, datetime.date):
        return long_date(value)
    if isinstance(value, list | tuple):
        return ", ".join(_value_text(name, part, words) for part in value)
    if isinstance(value, str) and not value.isdecimal():
        return words.name("value_word", value)
    amount = parse_amount(value)
    if name.endswith("_eur"):
        return words("amount.eur", amount=grouped(amount))
    return f"{scientific(amount)} FLOP" if amount >= 10**7 else grouped(amount)


def provisions_of(
    assessment: Assessment, pack: Pack, more: Iterable[str] = ()
) -> dict[str, Provision]:
    """Return the rows that findings, duties and clocks answer, as they stand on the day.

    Args:
        assessment: findings, duties and clocks.
        pack: the law.
        more: further rows that the report speaks of.
    """
    names = {*more, *(finding.rule for finding in assessment.findings)}
    names.update(duty.id for duty in assessment.obligations)
    names.update(clock.id for clock in assessment.clocks)
    reasons = [finding.because for finding in assessment.findings]
    reasons += [duty.because for duty in assessment.obligations]
    names.update(str(step[1]) for steps in reasons for step in steps if step[0] == "row")
    rows = [pack.rows[name] for name in sorted(names) if name in pack.rows]
    return {row.id: _provision(row, assessment.on, pack) for row in rows}


def _provision(row: Row, on: datetime.date, pack: Pack) -> Provision:
    version = row.on(on)
    there = version is not None and not version.repealed
    return Provision(
        row.id,
        row.title,
        row.citation,
        version.text if version and there else None,
        version.applies_from if version else row.version[0].applies_from,
        pack.sources[(version or row.version[0]).reference].title,
        row.status,
        row.checked,
        row.our_reading,
        row.open_question,
    )


def topics_of(findings: Iterable[FindingView], words: Texts) -> tuple[Topic, ...]:
    """Group findings by topic, in the order in which a reader asks."""
    groups: dict[str, list[FindingView]] = {name: [] for name in TOPICS}
    for finding in findings:
        groups.setdefault(finding.topic, []).append(finding)
    return tuple(_topic(name, group, words) for name, group in groups.items() if group)


def _topic(name: str, group: Sequence[FindingView], words: Texts) -> Topic:
    answers = [finding.answer for finding in group]
    return Topic(
        name,
        words.name("topic", name),
        tuple(finding.anchor for finding in group),
        answers.count("met"),
        answers.count("not_met"),
        answers.count("cannot_tell"),
    )
