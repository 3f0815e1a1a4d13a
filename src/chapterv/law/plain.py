"""An assessment as plain JSON, reasons in words."""

from __future__ import annotations

from typing import Any

import msgspec

from chapterv.facts import encode
from chapterv.law.comparing import Difference, LawChange
from chapterv.law.explaining import Explanation
from chapterv.law.pack import Pack
from chapterv.law.types import Assessment, Clock, Finding, Obligation, Step
from chapterv.law.wording import code_of, step_text

__all__ = ["plain_assessment", "plain_change", "plain_explanation"]


def plain_assessment(assessment: Assessment, pack: Pack) -> dict[str, Any]:
    """Return an assessment as plain objects: amounts as decimal strings, reasons as sentences.

    Args:
        assessment: from `evaluate`.
        pack: the pack that it was made with.
    """
    return {
        "on": assessment.on.isoformat(),
        "law_version": assessment.law_version,
        "law_state_date": pack.state_date.isoformat(),
        "law_age_days": (assessment.on - pack.state_date).days,
        "findings": [_finding(finding, pack) for finding in assessment.findings],
        "obligations": [_obligation(duty, pack) for duty in assessment.obligations],
        "clocks": [_clock(clock) for clock in assessment.clocks],
        "questions": [msgspec.to_builtins(question) for question in assessment.questions],
        "conflicts": [msgspec.to_builtins(conflict) for conflict in assessment.conflicts],
    }


def plain_change(change: LawChange | Difference) -> dict[str, Any]:
    """Return a change of law, or a difference of two assessments, with every field it has."""
    return {name: encode(getattr(change, name)) for name in change.__struct_fields__}


def plain_explanation(shown: Explanation, pack: Pack) -> dict[str, Any]:
    """Return an explanation as plain objects, without the facts that it names.

    Args:
        shown: from `explain`.
        pack: the pack that it was made with.
    """
    return {
        "row": shown.row.id,
        "title": shown.row.title,
        "citation": shown.row.citation,
        "text": shown.text,
        "our_reading": shown.row.our_reading,
        "finding": _finding(shown.finding, pack) if shown.finding else None,
        "obligation": _obligation(shown.obligation, pack) if shown.obligation else None,
        "clock": _clock(shown.clock) if shown.clock else None,
        "reasons": [msgspec.to_builtins(reason) for reason in shown.reasons],
        "uses": list(shown.uses),
        "missing": list(shown.missing),
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return {name: encode(getattr(clock, name)) for name in clock.__struct_fields__}


def _finding(finding: Finding, pack: Pack) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "question": finding.question,
        "answer": finding.answer,
        "indicated": finding.indicated,
        "value": _value(finding.value),
        "because": [_reason(step, pack) for step in finding.because],
        "cites": list(finding.cites),
        "uses": list(finding.uses),
        "missing": list(finding.missing),
        "law_version": finding.law_version,
        "note": finding.note,
        "subject": finding.subject,
    }


def _obligation(duty: Obligation, pack: Pack) -> dict[str, Any]:
    return {
        "id": duty.id,
        "title": duty.title,
        "actor": duty.actor,
        "status": duty.status,
        "from": encode(duty.starts),
        "due": encode(duty.due),
        "until": encode(duty.until),
        "cites": list(duty.cites),
        "discharged_by": list(duty.discharged_by),
        "evidence": duty.evidence,
        "because": [_reason(step, pack) for step in duty.because],
        "missing": list(duty.missing),
        "value": _value(duty.value),
        "note": duty.note,
        "subject": duty.subject,
    }


def _value(value: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else {name: encode(part) for name, part in value.items()}


def _reason(step: Step, pack: Pack) -> dict[str, Any]:
    reason: dict[str, Any] = {"text": step_text(pack, step), "code": code_of(step)}
    if step[0] == "row":
        reason["rule"] = step[1]
    return reason
