"""What differs between two days of the law, and between two assessments of one model."""

from __future__ import annotations

import datetime
from typing import Any, Literal

import msgspec

from chapterv.facts import encode
from chapterv.law.pack import Pack
from chapterv.law.types import Assessment, Obligation

__all__ = ["Difference", "LawChange", "differences", "law_changes"]


class LawChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row or parameter that says something else from a day on."""

    id: str
    kind: Literal["row", "parameter"]
    title: str
    citation: str
    applies_from: datetime.date
    before: str | None
    after: str | None
    changed_by: str | None = None
    repealed: bool = False


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer, status or date that differs between two assessments."""

    id: str
    kind: Literal["finding", "obligation", "clock"]
    title: str
    field: str
    before: Any
    after: Any
    subject: str = ""


def law_changes(
    pack: Pack, start: datetime.date, end: datetime.date, explanations: bool = False
) -> tuple[LawChange, ...]:
    """Return what begins, changes or ends after `start`, up to and including `end`.

    Args:
        pack: the law.
        start: the day that is the basis of the comparison.
        end: the last day looked at.
        explanations: rows without legal effect too, such as what became known on a day.

    Returns: changes by day, then by identifier.
    """
    changes: list[LawChange] = []
    for row in pack.rows.values():
        if not (row.effect or explanations):
            continue
        for version in row.version:
            if start < version.applies_from <= end:
                before = row.on(version.applies_from - datetime.timedelta(days=1))
                changes.append(
                    LawChange(
                        row.id,
                        "row",
                        row.title,
                        row.citation,
                        version.applies_from,
                        before.text if before else None,
                        version.text,
                        _title_of(pack, version.changed_by),
                        version.repealed,
                    )
                )
    changes += _parameter_changes(pack, start, end)
    return tuple(sorted(changes, key=lambda change: (change.applies_from, change.id)))


def _title_of(pack: Pack, source: str | None) -> str | None:
    document = pack.sources.get(source) if source else None
    return document.title if document else source


def _parameter_changes(pack: Pack, start: datetime.date, end: datetime.date) -> list[LawChange]:
    changes: list[LawChange] = []
    for parameter in pack.parameters.values():
        earlier = None
        for value in parameter.value:
            if start < value.applies_from <= end:
                changes.append(
                    LawChange(
                        parameter.id,
                        "parameter",
                        parameter.title,
                        parameter.citation,
                        value.applies_from,
                        earlier,
                        _value_text(value.value, parameter.unit),
                    )
                )
            earlier = _value_text(value.value, parameter.unit)
    return changes


def _value_text(value: Any, unit: str) -> str:
    """A parameter's value in one line: the words of a list, a date, an amount with its unit."""
    if isinstance(value, dict | list):
        return ", ".join(map(str, value))
    text = str(encode(value))
    return text if unit == "date" else f"{text} {unit}"


def differences(before: Assessment, after: Assessment) -> tuple[Difference, ...]:
    """Return what two assessments of one model answer differently: findings, duties, clocks."""
    found: list[Difference] = []
    old = {(finding.rule, finding.subject): finding for finding in before.findings}
    for finding in after.findings:
        was = old.get((finding.rule, finding.subject))
        if was is None or was.answer != finding.answer:
            found.append(
                Difference(
                    finding.rule,
                    "finding",
                    finding.question,
                    "answer",
                    was.answer if was else None,
                    finding.answer,
                    finding.subject,
                )
            )
    return (*found, *_duty_differences(before, after), *_clock_differences(before, after))


def _duty_differences(before: Assessment, after: Assessment) -> list[Difference]:
    old = {(duty.id, duty.subject): duty for duty in before.obligations}
    found: list[Difference] = []
    for duty in after.obligations:
        was: Obligation | None = old.get((duty.id, duty.subject))
        for field in ("status", "starts", "due", "until"):
            then = getattr(was, field) if was else None
            now = getattr(duty, field)
            if then != now:
                name = "from" if field == "starts" else field
                found.append(
                    Difference(
                        duty.id,
                        "obligation",
                        duty.title,
                        name,
                        encode(then),
                        encode(now),
                        duty.subject,
                    )
                )
    return found


def _clock_differences(before: Assessment, after: Assessment) -> list[Difference]:
    old = {(clock.id, clock.subject): clock for clock in before.clocks}
    new = {(clock.id, clock.subject): clock for clock in after.clocks}
    found: list[Difference] = []
    for place in sorted(old.keys() | new.keys()):
        was, now = old.get(place), new.get(place)
        either = now or was
        assert either is not None
        for field in ("state", "due"):
            then_value = getattr(was, field) if was else None
            now_value = getattr(now, field) if now else None
            if then_value != now_value:
                found.append(
                    Difference(
                        place[0],
                        "clock",
                        either.title,
                        field,
                        encode(then_value),
                        encode(now_value),
                        place[1],
                    )
                )
    return found
