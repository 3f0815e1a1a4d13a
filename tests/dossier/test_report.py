from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chapterv.dossier.report import Report, render_json, render_questions
from chapterv.dossier.report_json import report_object
from chapterv.facts import canonical_json, catalogue, parse_statement
from tests.dossier.report_cases import (
    CASES,
    FRONTIER,
    SMALL,
    TUNER,
    report_of,
    report_with_conflicts,
)

GOLDENS = Path(__file__).parent / "goldens"


def titles(report: Report, anchors: tuple[str, ...]) -> list[str]:
    named = {one.anchor: one.title for one in (*report.duties, *report.clocks)}
    return [named[anchor] for anchor in anchors]


def test_a_small_open_provider_is_told_what_is_indicated_and_what_is_late() -> None:
    report = report_of(SMALL)
    assert report.verdict.sentence == (
        "Indicated: general-purpose AI model; no presumption of systemic risk; exempt from "
        "documentation duties."
    )
    assert titles(report, report.verdict.late) == [
        "Copyright policy and opt-outs",
        "Public summary of training content",
    ]


def test_a_planned_model_above_the_threshold_has_its_clock_first() -> None:
    report = report_of(FRONTIER)
    assert report.verdict.sentence == (
        "Indicated: general-purpose AI model; systemic risk expected from the plan for its "
        "training."
    )
    clock = report.clocks[0]
    assert (clock.id, clock.due, clock.days_left) == ("act:C06", datetime.date(2026, 12, 1), 6)
    assert report.verdict.next[0] == clock.anchor


def test_a_duty_that_a_clock_counts_is_named_once_among_what_is_next() -> None:
    report = report_of(FRONTIER)
    assert "duty-act-C06" not in report.verdict.next


def test_a_small_modification_is_told_that_the_chapter_does_not_reach_it() -> None:
    report = report_of(TUNER)
    assert "not a provider by this modification" in report.verdict.sentence
    assert report.verdict.late == report.verdict.applies == ()


def test_an_empty_folder_says_what_cannot_be_told_and_what_to_ask_first() -> None:
    report = report_of(None)
    assert report.verdict.sentence.startswith("Cannot tell whether this is a general-purpose")
    assert report.verdict.question in {question.key for question in report.questions}
    assert report.version is None
    assert report.quantities == ()


@pytest.mark.parametrize("case", CASES)
def test_the_question_that_leaves_most_duties_open_comes_first(case: str) -> None:
    report = CASES[case]()
    duties = {duty.id for duty in report.duties if duty.status == "cannot_tell"}
    opened = [len(duties.intersection(question.opens)) for question in report.questions]
    if case == "tuner":
        # Nothing is owed there, so what could change that is asked first.
        opened = [question.settles for question in report.questions]
    assert opened == sorted(opened, reverse=True)
    assert report.verdict.question == report.questions[0].key


def test_inputs_of_computing_power_wait_where_it_does() -> None:
    statement = TUNER.replace('modification_compute = "2.1e19"\noriginal_compute = "1.14e23"\n', "")
    keys = {question.key: question for question in report_of(statement).questions}
    tokens, compute = keys["model.training_tokens"], keys["model.training_compute"]
    assert tokens.opens == compute.opens != ()


@pytest.mark.parametrize("day", [-1, 0, 1])
def test_late_begins_the_day_after_the_due_day(day: int) -> None:
    on = datetime.date(2026, 3, 2) + datetime.timedelta(days=day)
    report = report_of(SMALL, on)
    duty = next(one for one in report.duties if one.id == "act:O03")
    assert (duty.state == "late") == (day == 1)
    assert duty.days_left == -day


def test_compute_is_compared_by_its_value_and_shown_in_its_bound() -> None:
    training, cumulative = report_of(SMALL).quantities
    assert training.sides == (("gpai_indicator_compute", "above"),)
    assert cumulative.sides == (("systemic_risk_compute", "not_above"),)
    assert Decimal(training.low or 0) == Decimal("7.98e22")
    assert Decimal(training.high or 0) == Decimal("1.482e23")


def test_a_bound_from_below_leaves_a_higher_threshold_open() -> None:
    training = next(q for q in report_of(FRONTIER).quantities if q.key == "model.training_compute")
    assert (training.relation, training.amount, training.high) == ("at_least", None, None)
    assert training.text == "at least 6.2 × 10²⁴ FLOP"


@pytest.mark.parametrize(
    ("amount", "side", "shown"),
    [
        ("99999999999999999999999", "not_above", "9.9999999999999999999999 × 10²²"),
        ("100000000000000000000000", "not_above", "10²³"),
        ("100000000000000000000001", "above", "1.00000000000000000000001 × 10²³"),
    ],
)
def test_an_amount_beside_its_threshold_never_reads_as_the_threshold(
    amount: str, side: str, shown: str
) -> None:
    training = report_of(SMALL.replace("1.14e23", amount)).quantities[0]
    assert (training.sides[0][1], training.amount) == (side, amount)
    assert training.text == f"{shown} FLOP (± 30 %)"


def test_a_third_of_the_original_is_a_line_for_the_modification() -> None:
    report = report_of(TUNER)
    share = next(one for one in report.thresholds if one.id == "modification_share")
    assert share.amount == str(114 * 10**21 // 3)
    change = next(q for q in report.quantities if q.key == "model.modification_compute")
    assert change.sides == (("modification_share", "not_above"),)


def test_the_ceiling_of_a_fine_is_shown_only_where_the_chapter_reaches() -> None:
    small, frontier = report_of(SMALL).fine, report_of(FRONTIER).fine
    assert small is not None
    assert (small.ceiling_eur, small.at_least) == ("15000000", True)
    assert frontier is not None
    assert (frontier.ceiling_eur, frontier.at_least) == ("72000000", False)
    assert report_of(TUNER).fine is None
    assert report_of(None).fine is None


def test_every_example_line_is_taken_by_the_statement_reader() -> None:
    report = report_of(None)
    assert report.questions
    for question in report.questions:
        statement = parse_statement(f"{question.table}\n{question.line}\n")
        assert [fact.key for fact in statement.facts] == [question.key]


def test_each_question_says_what_waits_for_it() -> None:
    for question in report_of(SMALL).questions:
        assert question.opens or question.may_change, question.key
        assert question.text == catalogue()[question.key].question


def test_the_lines_that_settle_a_conflict_are_taken_and_settle_it() -> None:
    report = report_with_conflicts()
    assert len(report.conflicts) == 40
    for conflict in report.conflicts:
        settled = parse_statement(conflict.settle).settled
        assert [(one.key, one.subject) for one in settled] == [(conflict.key, conflict.subject)]


@pytest.mark.parametrize("case", CASES)
def test_every_reference_of_a_report_leads_somewhere(case: str) -> None:
    report = CASES[case]()
    facts = {fact.id for fact in report.facts}
    anchors = {one.anchor for one in (*report.duties, *report.clocks)}
    verdict = report.verdict
    for finding in report.findings:
        assert set(finding.uses) <= facts
        assert finding.rule in report.provisions
    for conflict in report.conflicts:
        assert {conflict.chosen, *conflict.facts} <= facts
    assert {*verdict.late, *verdict.next, *verdict.applies, *verdict.cannot_tell} <= anchors
    shown = [anchor for topic in report.topics for anchor in topic.findings]
    assert sorted(shown) == sorted(finding.anchor for finding in report.findings)


@pytest.mark.parametrize("case", CASES)
def test_the_twin_holds_everything_and_no_binary_float(case: str) -> None:
    report = CASES[case]()
    twin: dict[str, Any] = json.loads(render_json(report), parse_float=_refuse)
    assert twin["format"] == "chapterv report 1"
    assessment = twin["assessment"]
    assert len(assessment["findings"]) == len(report.findings)
    assert len(assessment["obligations"]) == len(report.duties)
    assert len(assessment["questions"]) == len(report.questions)
    assert len(twin["facts"]) == len(report.facts)
    reasons = [reason for one in assessment["findings"] for reason in one["because"]]
    assert all(reason["text"] and reason["code"] for reason in reasons)


def _refuse(text: str) -> None:
    raise AssertionError(f"{text} is a binary float")


def test_amounts_in_the_twin_are_decimal_strings() -> None:
    twin = json.loads(render_json(report_of(SMALL)))
    compute = next(fact for fact in twin["facts"] if fact["key"] == "model.training_compute")
    assert compute["value"] == "114000000000000000000000"


def test_the_twin_is_the_same_bytes_each_time() -> None:
    report = report_of(SMALL)
    assert render_json(report) == render_json(report)


def test_the_view_model_of_a_small_report(golden: Callable[[Path, str], None]) -> None:
    report = report_of(SMALL)
    plain = report_object(report)
    kept = {name: plain[name] for name in ("name", "version", "provider", "on", "verdict")}
    del kept["verdict"]["question"]  # the order of questions is tested where they are made
    kept["quantities"] = plain["quantities"]
    wanted = ("id", "title", "status", "state", "from", "due", "days_left")
    kept["duties"] = [
        {name: duty[name] for name in wanted} for duty in plain["assessment"]["obligations"]
    ]
    kept["facts"] = plain["facts"]
    text = msgspec.json.format(canonical_json(kept), indent=1).decode() + "\n"
    golden(GOLDENS / "report-small.json", text)


def test_the_list_of_questions_numbers_them_and_escapes_names() -> None:
    report = msgspec.structs.replace(report_of(SMALL), name="a*b_[c](x)<d>\u202e\nline")
    made = render_questions(report)
    assert made.startswith(
        "# Open questions: a\\*b\\_\\[c\\]\\(x\\)\\<d\\>\\[U\\+202E\\] line 1.0\n"
    )
    assert made.count("\n## ") == len(report.questions)
    assert made.count("```toml") == len(report.questions)
