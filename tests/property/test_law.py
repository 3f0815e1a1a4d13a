"""What holds of the law in every world: more compute never frees, silence never flips an answer."""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chapterv.facts import World, catalogue
from chapterv.law import evaluate, evaluate_object, load_pack
from chapterv.law.cases import LawCase, load_cases
from chapterv.law.types import Assessment, Finding
from tests.law.test_vectors import ACT, GUIDELINES, is_arithmetic
from tests.law.vector_keys import act_facts, guidelines_facts
from tests.property.law_worlds import (
    AMOUNTS,
    COMPUTE,
    KEYS,
    KINDS,
    NUMBERS,
    Facts,
    days,
    is_amount,
    parts_fit_the_whole,
    span,
    value_strategy,
    values_of,
    worlds,
)

often = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)

FREE = ("exempt", "not_applicable", "out_of_scope")
OWED = ("applies", "grace", "not_yet")
"""Grace and not yet are states of a duty that is owed: it has a day on which it has to be met."""

OPPOSITE = {"met": "not_met", "not_met": "met", "cannot_tell": None}

CONTRADICTS: dict[str, tuple[str, ...]] = {
    # A model that is another's, changed, beside a model that comes from no other.
    "change.actor": (
        "model.derived_from",
        "model.modified_by_original_provider",
        "model.modification_compute",
    ),
    "model.modified_by_original_provider": ("change.actor",),
    "model.modification_compute": ("model.derived_from", "model.modified_by_original_provider"),
    "model.modification_significant": (
        "model.derived_from",
        "model.modified_by_original_provider",
        "change.actor",
    ),
    "model.derived_from": ("model.modification_compute", "change.actor"),
    # A value that is stated beside the statement that nobody knows it.
    "model.original_compute": ("model.original_compute_known", "model.original_compute_estimable"),
    # A part that is more than the whole, and a condition met below the threshold.
    "model.training_compute": ("model.cumulative_compute",),
    "model.cumulative_compute": ("model.training_compute", "model.systemic_condition_met_on"),
    "model.systemic_condition_met_on": (
        "model.cumulative_compute",
        "model.training_compute",
        "model.planned_compute",
        "model.high_impact_capabilities",
    ),
    # A notice that is said to have been given, on a day that has not come.
    "model.notified_on": ("model.notified",),
    "model.notified": ("model.notified_on",),
    # A plan for a model that has been made already, and days that the stage rules out.
    "model.planned_compute": ("model.stage", "model.placed_on", "model.first_supply_in_union"),
    "model.placed_on": (
        "model.stage",
        "model.first_released_on",
        "model.first_supply_in_union",
        "model.union_market",
        "model.version_placed_on",
    ),
    "model.version_placed_on": ("model.stage", "model.first_released_on", "model.placed_on"),
    "model.first_released_on": ("model.stage", "model.placed_on", "model.version_placed_on"),
    "model.first_supply_in_union": ("model.stage", "model.union_market"),
    "model.stage": ("model.placed_on", "model.version_placed_on", "model.first_supply_in_union"),
    "model.union_market": (
        "model.placed_on",
        "model.first_supply_in_union",
        "model.first_supplied_in",
    ),
    "model.first_supplied_in": ("model.union_market",),
    "model.internal_only": ("model.placing_routes",),
    "model.placing_routes": ("model.internal_only",),
    # A conclusion that is stated beside the parts that it is drawn from, and the other way round.
    "model.licence_free_and_open": (
        "model.licence",
        "model.licence_rights",
        "model.licence_restrictions",
    ),
    "model.licence_rights": ("model.licence",),
    "model.licence_restrictions": ("model.licence", "model.licence_rights"),
    "model.licence": ("model.licence_rights", "model.licence_restrictions"),
    "model.monetised": ("model.monetisation",),
    "provider.size": ("model.recipients_microenterprises_only",),
}
"""Facts that can contradict others already there: such a pair is a conflict, not an addition."""

ASKED_WITH = {
    "model.modification_compute": "model.derived_from",
    "model.modification_significant": "model.derived_from",
    "change.actor": "model.derived_from",
    "model.training_compute": "model.cumulative_compute",
}
"""Other ways of answering a question: whether somebody else's model underlies this one; how much
compute there was in all, of which training is a part."""

SILENCE = {
    # No harmonised standard for Chapter V has been cited in the Official Journal.
    "provider.harmonised_standards_met",
}
"""Keys on which silence is read as none, without a question beside each answer."""


def assess(facts: Facts, on: datetime.date) -> Assessment:
    """Evaluate facts on a day."""
    return evaluate(World.from_object(facts), on)


def answers(assessment: Assessment) -> dict[str, str]:
    """Return the answer of every rule."""
    return {finding.rule: finding.answer for finding in assessment.findings}


def rank(status: str) -> int:
    """Order statuses by how much is owed: nothing, nobody can tell, something."""
    return 0 if status in FREE else 2 if status in OWED else 1


@often
@given(st.data(), worlds(), days, st.sampled_from(COMPUTE))
def test_more_compute_never_lifts_a_duty(
    data: st.DataObject, facts: Facts, on: datetime.date, key: str
) -> None:
    less, more = sorted(
        data.draw(st.lists(st.integers(0, len(AMOUNTS) - 1), min_size=2, max_size=2))
    )
    before, after = facts | {key: AMOUNTS[less]}, facts | {key: AMOUNTS[more]}
    assume(parts_fit_the_whole(before) and parts_fit_the_whole(after))
    owed_before = {duty.id: duty.status for duty in assess(before, on).obligations}
    owed_after = {duty.id: duty.status for duty in assess(after, on).obligations}
    for duty, status in owed_before.items():
        assert rank(owed_after[duty]) >= rank(status), (duty, status, owed_after[duty])
        assert status != "applies" or owed_after[duty] == "applies", duty


def asked(finding: Finding, key: str) -> bool:
    """Tell whether a finding had asked for a key, or for what the key would answer."""
    return key in finding.missing or ASKED_WITH.get(key) in finding.missing


def may_flip(facts: Facts, key: str) -> bool:
    """Tell whether the law lets a decided answer turn when this key becomes known."""
    on_record = load_pack().parameters["decisions_on_record"].value[0].value
    return (
        key in on_record
        or key in SILENCE
        or any(other in facts for other in CONTRADICTS.get(key, ()))
    )


@often
@given(st.data(), worlds(), days)
def test_a_new_fact_turns_an_answer_only_where_the_finding_had_asked_for_it(
    data: st.DataObject, facts: Facts, on: datetime.date
) -> None:
    key = data.draw(st.sampled_from([key for key in KEYS if key not in facts]))
    assume(not may_flip(facts, key))
    with_it = facts | {key: data.draw(value_strategy(key))}
    assume(parts_fit_the_whole(with_it))
    after = answers(assess(with_it, on))
    for finding in assess(facts, on).findings:
        if after[finding.rule] == OPPOSITE[finding.answer]:
            assert asked(finding, key), (finding.rule, finding.answer, finding.because)


@often
@given(st.data(), worlds(), days)
def test_forgetting_a_fact_turns_an_answer_only_into_one_that_asks_for_it(
    data: st.DataObject, facts: Facts, on: datetime.date
) -> None:
    assume(any(key in KEYS for key in facts))
    key = data.draw(st.sampled_from(sorted(key for key in facts if key in KEYS)))
    without = {name: value for name, value in facts.items() if name != key}
    assume(not may_flip(without, key) and parts_fit_the_whole(facts))
    before = answers(assess(facts, on))
    for finding in assess(without, on).findings:
        if before[finding.rule] == OPPOSITE[finding.answer]:
            assert asked(finding, key), (finding.rule, finding.answer, finding.because)


@often
@given(st.data(), worlds(bounds=False), days, st.sampled_from([k for k in KEYS if is_amount(k)]))
def test_a_bound_never_gives_an_answer_that_a_value_inside_it_contradicts(
    data: st.DataObject, facts: Facts, on: datetime.date, key: str
) -> None:
    scale = AMOUNTS if catalogue()[key].unit == "FLOP" else NUMBERS
    edge = data.draw(st.integers(0, len(scale) - 1))
    relation = data.draw(st.sampled_from(("at_least", "at_most")))
    inside = scale[edge:] if relation == "at_least" else scale[: edge + 1]
    bounded = facts | {key: {"value": scale[edge], "relation": relation}}
    exact = facts | {key: data.draw(st.sampled_from(inside))}
    assume(parts_fit_the_whole(bounded) and parts_fit_the_whole(exact))
    assert span(exact, key)[0] is not None
    precisely = answers(assess(exact, on))
    for finding in assess(bounded, on).findings:
        if asked(finding, key):
            continue
        assert precisely[finding.rule] != OPPOSITE[finding.answer], (finding.rule, finding.because)


WHOLE_CATALOGUE = [key for key in catalogue() if key.split(".")[0] in (*KINDS, "run", "dataset")]


@often
@given(
    st.lists(st.sampled_from(WHOLE_CATALOGUE), max_size=40, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: value_strategy(key) for key in keys})
    ),
    days,
)
def test_any_world_can_be_evaluated(facts: Facts, on: datetime.date) -> None:
    result = evaluate_object(facts, on)
    assert set(result["answers"].values()) <= set(OPPOSITE)
    assert {entry["status"] for entry in result["obligations"].values()} <= {
        *FREE,
        *OWED,
        "cannot_tell",
    }


@often
@given(worlds(), worlds(), days)
def test_several_subjects_of_one_kind_are_each_judged(
    one: Facts, other: Facts, on: datetime.date
) -> None:
    first, second = World.from_object(one), World.from_object(other)
    kinds = first.parts.keys() | second.parts.keys()
    parts = {
        kind: {
            f"{kind}:{number}": held
            for number, world in enumerate((first, second))
            for held in world.parts.get(kind, {}).values()
        }
        for kind in kinds
    }
    assessment = evaluate(World(first.keys, parts), on)
    for kind in ("incident", "complaint", "request", "notification"):
        found = {f.subject for f in assessment.findings if f.subject.startswith(f"{kind}:")}
        assert found == set(parts.get(kind, {}))


@often
@given(worlds(), days, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(
    facts: Facts, on: datetime.date, order: random.Random
) -> None:
    names = list(facts)
    order.shuffle(names)
    assert evaluate_object({name: facts[name] for name in names}, on) == evaluate_object(facts, on)


@often
@given(worlds(), days)
def test_the_same_world_is_judged_the_same_twice(facts: Facts, on: datetime.date) -> None:
    assert assess(facts, on) == assess(facts, on)


@often
@given(worlds(), days)
def test_opposites_stay_opposite(facts: Facts, on: datetime.date) -> None:
    found = answers(assess(facts, on))
    for one, other in (("gl:G1.1", "gl:G1.3"), ("act:C03", "act:C04"), ("act:T05", "act:T06")):
        assert found[other] == (OPPOSITE[found[one]] or "cannot_tell")


@often
@given(worlds(), days)
def test_whoever_cannot_tell_says_what_is_missing(facts: Facts, on: datetime.date) -> None:
    assessment = assess(facts, on)
    asked = {question.key for question in assessment.questions}
    for finding in assessment.findings:
        assert finding.missing or finding.answer != "cannot_tell", finding.rule
        assert set(finding.missing) <= asked
    for duty in assessment.obligations:
        assert duty.missing or duty.status != "cannot_tell", duty.id


OPEN_CASES = [
    case
    for case in load_cases()
    # A licence that nobody knows by name stays unknown; what is missing settles the licence itself.
    if case.expect == "cannot_tell" and case.row != "gl:L12"
]


def settled(facts: Facts, on: datetime.date, row: str, kind: str, depth: int) -> bool:
    """Tell whether answers to the questions that are missing settle a row, asking step by step."""
    assessment = assess(facts, on)
    made: tuple[Any, ...] = assessment.findings if kind == "rule" else assessment.obligations
    (found,) = (
        one for one in made if row in (getattr(one, "rule", None), getattr(one, "id", None))
    )
    if "cannot_tell" not in (getattr(found, "answer", None), getattr(found, "status", None)):
        return True
    if depth == 0:
        return False
    return any(
        settled(facts | {key: value}, on, row, kind, depth - 1)
        for key in found.missing
        for value in values_of(key)
    )


@pytest.mark.parametrize("case", OPEN_CASES, ids=lambda case: f"{case.row}: {case.sentence}")
def test_answers_to_the_missing_questions_settle_a_row(case: LawCase) -> None:
    assert any(
        settled(dict(case.facts), case.on, case.row, case.kind, depth) for depth in (1, 2, 3)
    )


UNREAD = {
    key: values_of(key)[0]
    for key in catalogue()
    if key not in KEYS and key.split(".")[0] in ("provider", "model", "run", "dataset", "crawl")
}
VECTORS = [
    *((row, act_facts) for row in ACT),
    *(
        (row, lambda given, name=row["id"]: guidelines_facts(name, given))
        for row in GUIDELINES
        if not is_arithmetic(row)
    ),
]


@pytest.mark.parametrize(("row", "read"), VECTORS, ids=[row["id"] for row, _ in VECTORS])
def test_facts_that_no_rule_reads_change_nothing(row: dict[str, str], read: Any) -> None:
    import json

    facts = read(json.loads(row["facts_json"]))
    on = datetime.date.fromisoformat(row["as_of"])
    assert len(UNREAD) > 20
    assert evaluate_object(UNREAD | facts, on) == evaluate_object(facts, on)
