"""Contradictions between keys: each is a recorded conflict, one side is used, a person settles."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from chapterv.facts import Fact, Merged, Readings, Source, make_fact, merge, reconcile

ON = datetime.date(2026, 6, 1)
LATER = datetime.date(2026, 6, 2)
READINGS = Readings({"MIT": True, "closed": False}, frozenset({"price_for_access"}))
MODEL = "model:m@1"


def said(key: str, value: Any, **more: Any) -> Fact:
    more = {"basis": "declared", **more}
    return make_fact(MODEL, f"model.{key}", value, Source("chapterv.toml", pointer=key), **more)


def known(
    *facts: Fact,
    on: datetime.date = ON,
    today: datetime.date | None = None,
    settled: str | None = None,
) -> Merged:
    by_id = {fact.id: fact for fact in facts}
    choice = {(MODEL, by_id[settled].key): settled} if settled else {}
    merged = merge(facts, on, choice)
    return reconcile(merged, by_id, on, today=today, readings=READINGS, settled=choice)


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"stage": "placed", "placed_on": "2026-06-02"}, "placed_on"),
    ({"stage": "withdrawn", "placed_on": "2026-06-02"}, "placed_on"),
    ({"stage": "training", "placed_on": "2026-06-01"}, "placed_on"),
    ({"stage": "trained", "placed_on": "2025-01-01"}, "placed_on"),
    ({"version_placed_on": "2026-02-28", "placed_on": "2026-03-01"}, "placed_on"),
    ({"first_released_on": "2026-03-02", "placed_on": "2026-03-01"}, "placed_on"),
    ({"internal_only": True, "placing_routes": ["internal", "api"]}, "placing_routes"),
    ({"union_market": "false", "placed_on": "2026-03-01"}, "placed_on"),
    ({"monetised": False, "monetisation": ["price_for_access"]}, "monetisation"),
    ({"licence": "closed", "licence_free_and_open": True}, "licence"),
    ({"licence": "MIT", "licence_free_and_open": False}, "licence_free_and_open"),
    ({"notified": False, "notified_on": "2026-06-01"}, "notified_on"),
    ({"original_compute": "1e24", "original_compute_known": False}, "original_compute"),
    ({"training_compute": "2e24", "cumulative_compute": "1.9e24"}, "training_compute"),
    ({"parameters_active": "11", "parameters_total": "10"}, "parameters_total"),
]


@pytest.mark.parametrize(("stated", "used"), CONTRADICTIONS)
def test_contradiction_is_a_conflict_and_one_side_is_used(
    stated: dict[str, Any], used: str
) -> None:
    facts = [said(key, value) for key, value in stated.items()]
    merged = known(*facts)
    (conflict,) = merged.conflicts
    assert conflict.key == f"model.{used}"
    assert conflict.chosen == next(fact.id for fact in facts if fact.key == conflict.key)
    assert set(conflict.facts) == {fact.id for fact in facts}
    assert conflict.why.endswith(("used", "least value"))
    exact = {key for key, held in merged.world.keys.items() if held.value is not None}
    assert exact == {conflict.key}


@pytest.mark.parametrize(("stated", "used"), CONTRADICTIONS)
def test_person_settles_either_side_and_the_other_is_left_out(
    stated: dict[str, Any], used: str
) -> None:
    facts = [said(key, value) for key, value in stated.items()]
    for chosen in facts:
        merged = known(*facts, settled=chosen.id)
        assert not merged.conflicts
        exact = {key for key, held in merged.world.keys.items() if held.value is not None}
        assert exact == {chosen.key}


@pytest.mark.parametrize(
    "stated",
    [
        {"stage": "placed", "placed_on": "2026-06-01"},
        {"stage": "training", "placed_on": "2026-06-02"},
        {"version_placed_on": "2026-03-01", "placed_on": "2026-03-01"},
        {"first_released_on": "2026-03-01", "placed_on": "2026-03-01"},
        {"designated_on": "2026-01-01", "placed_on": "2026-03-01"},
        {"internal_only": True, "placing_routes": ["internal"]},
        {"internal_only": False, "placing_routes": ["api"]},
        {"union_market": "true", "placed_on": "2026-03-01"},
        {"monetised": False, "monetisation": ["optional_unrelated_services"]},
        {"monetised": True, "monetisation": ["price_for_access"]},
        {"licence": "MIT", "licence_free_and_open": True},
        {"licence": "closed", "licence_free_and_open": False},
        {"licence": "of my own", "licence_free_and_open": True},
        {"notified": False, "notified_on": "2026-06-02"},
        {"notified": True, "notified_on": "2026-06-01"},
        {"original_compute": "1e24", "original_compute_known": True},
        {"training_compute": "2e24", "cumulative_compute": "2e24"},
        {"parameters_active": "10", "parameters_total": "10"},
    ],
)
def test_statements_that_can_both_be_true_are_no_conflict(stated: dict[str, Any]) -> None:
    merged = known(*(said(key, value) for key, value in stated.items()))
    assert not merged.conflicts
    assert len(merged.world.keys) == 2


def test_replay_of_an_earlier_day_is_no_contradiction() -> None:
    facts = said("stage", "placed"), said("placed_on", "2026-06-02")
    assert known(*facts).conflicts
    assert not known(*facts, today=LATER).conflicts


def test_look_ahead_is_no_contradiction() -> None:
    facts = said("stage", "training"), said("placed_on", "2026-06-02")
    assert known(*facts, on=LATER).conflicts
    assert not known(*facts, on=LATER, today=ON).conflicts


def test_day_of_a_stage_is_what_the_day_of_placing_is_compared_with() -> None:
    early = said("stage", "training", as_of=datetime.date(2026, 5, 1))
    placed_on = said("placed_on", "2026-05-15")
    assert not known(early, placed_on).conflicts
    assert known(said("stage", "training", as_of=ON), placed_on).conflicts


def test_error_of_an_estimate_explains_a_small_excess() -> None:
    whole = said("cumulative_compute", "1e24")
    part = said("training_compute", "1.2e24", basis="computed", bound=Decimal("0.3"))
    assert not known(part, whole).conflicts


def test_training_compute_stays_the_least_value_of_the_sum() -> None:
    merged = known(said("training_compute", "2e25"), said("cumulative_compute", "9e24"))
    held = merged.world.keys["model.cumulative_compute"]
    assert (held.value, held.low, held.high) == (None, 2 * 10**25, None)


def test_disagreement_that_merging_has_recorded_is_not_recorded_twice() -> None:
    facts = [
        said("cumulative_compute", "9e24", basis="measured"),
        said("cumulative_compute", "2e25", basis="computed", relation="at_least"),
        said("training_compute", "2e25"),
    ]
    (conflict,) = known(*facts).conflicts
    assert conflict.key == "model.cumulative_compute"
