"""An assessment as plain JSON, reasons in words."""

from __future__ import annotations

from typing import Any

import msgspec

from chapterv.facts import encode
from chapterv.law.pack import Pack
from chapterv.law.types import Assessment, Finding, Obligation, Step
from chapterv.law.wording import code_of, step_text

__all__ = ["plain_assessment"]


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
        "clocks": [msgspec.to_builtins(clock) for clock in assessment.clocks],
        "questions": [msgspec.to_builtins(question) for question in assessment.questions],
        "conflicts": [msgspec.to_builtins(conflict) for conflict in assessment.conflicts],
    }


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
