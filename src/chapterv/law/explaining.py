"""One row explained: what it says on a day, how it was answered, and from which facts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.facts import Fact
from chapterv.facts.wording import scientific
from chapterv.law.pack import Pack, Row
from chapterv.law.registry import CLOCKS, OBLIGATIONS, RULES
from chapterv.law.types import Assessment, Clock, Finding, Obligation, Step
from chapterv.law.wording import step_text

__all__ = ["Explanation", "Reason", "explain", "find_row", "margin_notes", "show_row"]

MAX_DEPTH = 8


class Reason(msgspec.Struct, frozen=True):
    """A sentence of reasoning, how deep it stands below the row, and the row it speaks of."""

    depth: int
    text: str
    row: str | None = None


class Explanation(msgspec.Struct, frozen=True):
    """A row, its answer for one model, and the reasons behind it down to the facts."""

    row: Row
    text: str | None
    finding: Finding | None
    obligation: Obligation | None
    clock: Clock | None
    reasons: tuple[Reason, ...]
    uses: tuple[str, ...]
    missing: tuple[str, ...]


def find_row(pack: Pack, name: str) -> Row:
    """Return a row by its identifier; the prefix may be left out where it is unambiguous.

    Raises:
        InputError: no such row, with the nearest ones.
    """
    if name in pack.rows:
        return pack.rows[name]
    wanted = name.casefold()
    same = [
        row for row in pack.rows.values() if _bare(row.id) == wanted or row.id.casefold() == wanted
    ]
    if len(same) == 1:
        return same[0]
    if same:
        listed = ", ".join(row.id for row in same)
        raise InputError(f"{name!r} names several rows: {listed}", "ROW", "Give one of them whole.")
    import difflib

    near = difflib.get_close_matches(name, pack.rows, n=3, cutoff=0.4)
    hint = f"Did you mean {', '.join(near)}?" if near else "List the rows with `chapterv law show`."
    raise InputError(f"no row is called {name!r}", "ROW", hint)


def _bare(identifier: str) -> str:
    return identifier.partition(":")[2].casefold()


def show_row(pack: Pack, row: Row, on: datetime.date) -> dict[str, Any]:
    """Return a row as plain JSON: what it says on a day, all its versions, what rests on it."""
    current = row.on(on)
    return {
        "id": row.id,
        "title": row.title,
        "citation": row.citation,
        "on": on.isoformat(),
        "text": current.text if current else None,
        "in_force": current is not None and not current.repealed,
        "status": row.status,
        "checked": row.checked,
        "our_reading": row.our_reading,
        "open_question": row.open_question,
        "versions": [
            {
                "applies_from": version.applies_from.isoformat(),
                "text": version.text,
                "reference": pack.sources[version.reference].title,
                "changed_by": version.changed_by,
                "repealed": version.repealed,
            }
            for version in row.version
        ],
        "parameters": [
            {
                "id": parameter.id,
                "title": parameter.title,
                "value": parameter.on(on).value,
                "unit": parameter.unit,
                "relation": parameter.relation,
                "applies_from": str(parameter.on(on).applies_from),
            }
            for parameter in pack.parameters.values()
            if row.id in parameter.rows
        ],
        "see": list(row.see),
        "law_version": pack.version,
        "state_date": pack.state_date.isoformat(),
    }


def explain(pack: Pack, assessment: Assessment, row: Row) -> Explanation:
    """Explain how a row was answered in an assessment.

    Args:
        pack: the law of the assessment.
        assessment: findings, duties and clocks of one model.
        row: the row asked for.

    Returns: reasons in order, those of the rows it rests on one level deeper, each row once.
    """
    findings = _by_row(assessment)
    finding = findings.get(row.id)
    duty = _first(assessment.obligations, OBLIGATIONS, row.id)
    clock = _first(assessment.clocks, CLOCKS, row.id)
    steps: tuple[Step, ...] = (
        *(finding.because if finding else ()),
        *(duty.because if duty else ()),
    )
    reasons = tuple(_walk(pack, findings, steps, 0, {row.id}))
    rows = {row.id, *(reason.row for reason in reasons if reason.row)}
    used = [findings[name].uses for name in rows if name in findings]
    missing = finding.missing if finding else duty.missing if duty else ()
    version = row.on(assessment.on)
    return Explanation(
        row,
        version.text if version else None,
        finding,
        duty,
        clock,
        reasons,
        tuple(dict.fromkeys(fact for facts in used for fact in facts)),
        missing,
    )


def _by_row(assessment: Assessment) -> Mapping[str, Finding]:
    """Index findings by every row that they answer."""
    index: dict[str, Finding] = {}
    for finding in assessment.findings:
        entry = RULES[finding.rule]
        for name in (entry.id, *entry.also):
            index.setdefault(name, finding)
    return index


def _first(made: tuple[Any, ...], table: Mapping[str, Any], row: str) -> Any:
    for one in made:
        if row == one.id or row in table[one.id].also:
            return one
    return None


def _walk(
    pack: Pack,
    findings: Mapping[str, Finding],
    steps: tuple[Step, ...],
    depth: int,
    seen: set[str],
) -> Iterator[Reason]:
    for step in dict.fromkeys(steps):
        row = str(step[1]) if step[0] == "row" else None
        yield Reason(depth, step_text(pack, step), row)
        if row is None or row in seen or depth >= MAX_DEPTH:
            continue
        seen.add(row)
        below = findings.get(row)
        if below is not None:
            yield from _walk(pack, findings, below.because, depth + 1, seen)


_THRESHOLDS = {
    "model.training_compute": "gpai_indicator_compute",
    "model.cumulative_compute": "systemic_risk_compute",
    "model.planned_compute": "systemic_risk_compute",
}


def margin_notes(fact: Fact, pack: Pack, on: datetime.date) -> Iterator[str]:
    """Say where the error of an estimate reaches across the threshold that it is compared with.

    The estimate decides; the sentence warns whoever is close to the line, on either side of it.

    Args:
        fact: any fact; only amounts of compute with an error give a sentence.
        pack: the law.
        on: the day of the threshold.

    Source: Guidelines on obligations for general-purpose AI models, Annex A.2.
    """
    name = _THRESHOLDS.get(fact.key)
    if name is None or not fact.bound or fact.relation != "exactly":
        return
    threshold = Decimal(str(pack.parameters[name].on(on).value))
    amount = Decimal(fact.value)
    low, high = amount * (1 - fact.bound), amount * (1 + fact.bound)
    if amount > threshold >= low:
        end, how = low, "down to"
    elif amount <= threshold < high:
        end, how = high, "up to"
    else:
        return
    yield (
        f"The margin reaches {how} {scientific(end)} FLOP, across the threshold of "
        f"{scientific(threshold)} FLOP; the estimate decides."
    )
