"""Our rules of law against those of an independent package, `euaiact` 0.1.0 (Apache-2.0).

Worlds of facts are generated, unknown facts among them, and both sides answer the questions that
both encode. Where they differ on purpose, the difference is listed with its argument
(`euaiact_differences`), and it may occur only there.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.metadata import version
from statistics import mean
from typing import Any

import euaiact
import pytest

from tests.oracles.euaiact_case import fields_of
from tests.oracles.euaiact_compare import Effect, Outcome, effects, outcomes, report
from tests.oracles.euaiact_differences import DIFFERENCES, Difference
from tests.oracles.euaiact_fields import DERIVATIONS
from tests.oracles.euaiact_mapping import NOT_OF_CHAPTER_V, PAIRS
from tests.oracles.euaiact_pairs import Pair
from tests.oracles.euaiact_readings import Reading
from tests.oracles.euaiact_worlds import (
    BUSINESS_USERS,
    INDICATION_FLOP,
    PRESUMPTION_FLOP,
    TURNING_DAYS,
    World,
    worlds,
)

WORLDS = 2500
SEED = 20_240_801
RULES_WANTED = 50


@cache
def all_worlds() -> tuple[World, ...]:
    return tuple(worlds(WORLDS, SEED))


@cache
def all_outcomes() -> tuple[Outcome, ...]:
    return tuple(outcomes(all_worlds()))


@cache
def outcomes_by_pair() -> Mapping[str, list[Outcome]]:
    grouped: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in all_outcomes():
        grouped[outcome.pair.name].append(outcome)
    return grouped


@cache
def ask(facts: str, on: date) -> Mapping[str, Any]:
    from chapterv.law import evaluate_object

    result: Mapping[str, Any] = evaluate_object(json.loads(facts), on)
    return result


def engine(world: World) -> Mapping[str, Any]:
    """What our side says of a world; each world is asked once."""
    return ask(json.dumps(world.facts, sort_keys=True), world.on)


@cache
def conditions() -> set[str]:
    """The package's rules that are conditions on fields; its other rules calculate."""
    rules = [rule["regel_id"] for rule in euaiact.regel_katalog()]
    return {rule for rule in rules if "ausdruck" in euaiact.regel_info(rule)}


def name_of(pair: Pair) -> str:
    return pair.name.replace(" ", "_")


def test_the_package_is_the_version_that_the_table_was_made_for() -> None:
    assert version("euaiact") == "0.1.0"


def test_at_least_fifty_rules_on_general_purpose_models_are_mapped() -> None:
    mapped = {pair.rule for pair in PAIRS if pair.article not in NOT_OF_CHAPTER_V}
    assert len(mapped) >= RULES_WANTED


def test_no_two_pairs_compare_the_same() -> None:
    assert [name for name, count in Counter(pair.name for pair in PAIRS).items() if count > 1] == []


def test_every_field_of_a_mapped_rule_is_derived_or_given() -> None:
    for pair in PAIRS:
        # Articles 111 to 113 and the calculations take dates and amounts, not a table of fields.
        if pair.rule in conditions() and pair.kind in ("answer", "status"):
            assert fields_of(pair.rule) <= {*DERIVATIONS, *pair.given}, pair.name


def test_a_third_of_the_facts_is_unknown_on_average() -> None:
    # How many facts a world would hold if nothing were taken away differs by a few keys.
    full = max(len(world.facts) for world in all_worlds())
    assert 0.25 < 1 - mean(len(world.facts) for world in all_worlds()) / full < 0.55


@pytest.mark.parametrize(
    ("key", "threshold"),
    [
        ("model.cumulative_compute", PRESUMPTION_FLOP),
        ("model.cumulative_compute", INDICATION_FLOP),
        ("model.planned_compute", PRESUMPTION_FLOP),
        ("model.business_users_union", BUSINESS_USERS),
    ],
)
def test_each_threshold_is_met_exactly_and_missed_by_one_on_both_sides(
    key: str, threshold: int
) -> None:
    amounts = {world.amount(key) for world in all_worlds()}
    assert {threshold - 1, threshold, threshold + 1} <= amounts


@pytest.mark.parametrize("day", TURNING_DAYS)
def test_each_turning_day_is_asked_the_day_before_and_the_day_after(day: date) -> None:
    distances = {(world.on - day).days for world in all_worlds()}
    assert {-1, 0, 1} <= distances


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
def test_every_pair_is_exercised_to_all_of_its_answers(pair: Pair) -> None:
    reached = {outcome.argued for outcome in outcomes_by_pair()[pair.name]}
    if pair.kind == "clock":
        reached = {"day" if word != "none" else word for word in reached}
    if pair.kind == "value":
        reached = {"amount" if word[0].isdigit() else word for word in reached}
    assert reached == set(pair.reaches)


def test_the_same_seed_gives_the_same_worlds() -> None:
    assert list(worlds(5, SEED)) == list(all_worlds()[:5])


@cache
def all_effects() -> tuple[Effect, ...]:
    return tuple(effects(all_worlds()))


def test_every_reading_is_argued_once() -> None:
    assert [one.reading for one in DIFFERENCES] == list(Reading)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.reading.name)
def test_a_reading_counts_only_where_its_difference_says(difference: Difference) -> None:
    elsewhere = {
        f"{one.pair.name}: {one.without} without, {one.with_it} with it, {one.world}"
        for one in all_effects()
        if one.reading is difference.reading and not difference.when(one.world)
    }
    assert elsewhere == set()


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.reading.name)
def test_a_reading_reaches_only_rules_that_its_difference_names(difference: Difference) -> None:
    reached = {one.pair.rule for one in all_effects() if one.reading is difference.reading}
    assert reached
    assert reached <= difference.rules


def test_the_package_alone_differs_only_where_a_difference_is_argued() -> None:
    unexplained = {
        f"{one.pair.name}: {one.plain} alone, {one.argued} argued, {one.world}"
        for one in all_outcomes()
        if one.plain not in (None, one.argued)
        and not any(d.when(one.world) and one.pair.rule in d.rules for d in DIFFERENCES)
    }
    assert unexplained == set()


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
def test_both_sides_agree(pair: Pair) -> None:
    differing_worlds = [
        one.world
        for one in outcomes_by_pair()[pair.name]
        if pair.read(engine(one.world)) != one.argued
    ]
    assert not differing_worlds, "\n" + report(pair, differing_worlds, engine)
