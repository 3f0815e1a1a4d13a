"""The cases beside the rules: every one holds, and every rule, duty and clock has its own."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from chapterv.facts import World, encode
from chapterv.law import evaluate, load_pack
from chapterv.law.cases import LawCase, load_cases
from chapterv.law.registry import CLOCKS, OBLIGATIONS, RULES
from chapterv.law.types import Assessment

CASES = load_cases()
ANSWERS = {"met", "not_met", "cannot_tell"}
REACHED = {"applies", "not_yet", "out_of_scope", "cannot_tell"}

STATUSES: dict[str, set[str]] = {
    "act:O01": REACHED | {"exempt", "grace"},
    "act:O02": REACHED | {"exempt", "grace"},
    "act:O03": REACHED | {"grace"},
    "act:O04": REACHED | {"grace"},
    "act:O06": REACHED | {"grace"},
    # The duty to take steps is itself what the time given consists of.
    "act:T05": REACHED | {"not_applicable"},
    "act:A01": REACHED | {"not_applicable", "exempt", "grace"},
    "act:A02": REACHED | {"not_applicable", "exempt", "grace"},
    "act:A03": REACHED | {"not_applicable", "exempt", "grace"},
    "act:A05": REACHED | {"not_applicable"},
    "act:C06": REACHED | {"not_applicable", "grace"},
    "act:R01": REACHED | {"not_applicable", "grace"},
    "act:R02": REACHED | {"not_applicable", "grace"},
    "act:R03": REACHED | {"not_applicable", "grace"},
    "act:R04": REACHED | {"not_applicable", "grace"},
    # Article 25(4) is no duty of Chapter V, so Article 111(3) gives it no time.
    "act:V01": REACHED | {"not_applicable"},
}
"""The statuses that each duty can have: relief exists only where an article gives it."""

STATES: dict[str, set[str]] = {
    "act:C06": {"running", "due", "late", "satisfied", "none"},
    "act:A01": {"running", "due", "late", "satisfied", "none"},
    "act:E03": {"running", "due", "late", "satisfied", "none"},
    # A right that opens, and a period of keeping that ends, are never late.
    "act:C11": {"running", "due", "none"},
    "act:A03": {"running", "due", "none"},
}


def name_of(case: LawCase) -> str:
    """Name a case in the test's report."""
    return f"{case.kind}-{case.row}-{case.expect}: {case.sentence}"


def assessed(case: LawCase) -> Assessment:
    """Evaluate the world of a case on its day."""
    return evaluate(World.from_object(case.facts), case.on)


def _shown(value: Any) -> Any:
    return {name: encode(part) for name, part in value.items()} if value else {}


def _check_value(case: LawCase, value: Any) -> None:
    if case.value is not None:
        found = _shown(value)
        wanted = {name: encode(part) for name, part in case.value.items()}
        assert {name: found.get(name) for name in wanted} == wanted


def _check_rule(case: LawCase, assessment: Assessment) -> None:
    (finding,) = (f for f in assessment.findings if f.rule == case.row)
    assert finding.answer == case.expect, (finding.because, finding.missing)
    assert finding.missing or finding.answer != "cannot_tell"
    _check_value(case, finding.value)


def _check_duty(case: LawCase, assessment: Assessment) -> None:
    (duty,) = (d for d in assessment.obligations if d.id == case.row)
    assert duty.status == case.expect, (duty.because, duty.missing)
    assert duty.missing or duty.status != "cannot_tell"
    if case.starts is not None:
        assert duty.starts == case.starts
    if case.due is not None:
        assert duty.due == case.due
    _check_value(case, duty.value)


def _check_clock(case: LawCase, assessment: Assessment) -> None:
    clocks = [clock for clock in assessment.clocks if clock.id == case.row]
    assert [clock.state for clock in clocks] == ([] if case.expect == "none" else [case.expect])
    assert [clock.due for clock in clocks] == [] if case.expect == "none" else [case.due]


CHECKS = {"rule": _check_rule, "obligation": _check_duty, "clock": _check_clock}


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_each_case_gives_what_the_law_says(case: LawCase) -> None:
    CHECKS[case.kind](case, assessed(case))


def expectations(kind: str) -> dict[str, set[str]]:
    """Return what the cases of one kind expect, by row."""
    found: dict[str, set[str]] = defaultdict(set)
    for case in CASES:
        if case.kind == kind:
            found[case.row].add(case.expect)
    return found


@pytest.mark.parametrize("row", RULES)
def test_each_rule_is_met_not_met_and_left_open_by_a_case(row: str) -> None:
    assert expectations("rule")[row] == ANSWERS


def test_each_duty_has_a_case_for_every_status_it_can_have() -> None:
    assert set(STATUSES) == set(OBLIGATIONS)
    assert expectations("obligation") == STATUSES


def test_each_clock_has_a_case_for_every_state_it_can_have() -> None:
    assert set(STATES) == set(CLOCKS)
    assert expectations("clock") == STATES


def test_every_case_speaks_of_a_row_that_is_registered() -> None:
    tables = {"rule": RULES, "obligation": OBLIGATIONS, "clock": CLOCKS}
    for case in CASES:
        assert case.row in tables[case.kind], case.sentence
        assert case.row in load_pack().rows


def test_no_two_cases_of_a_row_are_the_same_world_on_the_same_day() -> None:
    seen = [(c.row, c.kind, c.on, repr(sorted(c.facts.items()))) for c in CASES]
    twice = {entry[:3] for entry in seen if seen.count(entry) > 1}
    assert not twice


def test_sentences_are_sentences() -> None:
    for case in CASES:
        assert case.sentence[0].isupper() or case.sentence[0].isdigit(), case.sentence
        assert case.sentence.endswith("."), case.sentence
