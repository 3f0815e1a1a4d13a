"""Merging facts: what counts more, what is a conflict, and that order never matters."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.facts import Basis, Fact, Holding, Relation, Source, make_fact, merge

ON = datetime.date(2026, 6, 1)
COMPUTE = "model.cumulative_compute"
RANK = {basis: rank for rank, basis in enumerate(get_args(Basis))}


def fact(value: Any, key: str = COMPUTE, place: str = "a.json", **said: Any) -> Fact:
    return make_fact("model:m@1", key, value, Source(place), **said)


def held(*facts: Fact, settled: str | None = None) -> Holding:
    choice = {("model:m@1", facts[0].key): settled} if settled else None
    return merge(facts, ON, choice).world.keys[facts[0].key]


def test_measured_goes_before_computed_before_declared_before_assumed() -> None:
    facts = [fact(10**25 + n, basis=basis) for n, basis in enumerate(get_args(Basis))]
    for number in range(len(facts)):
        assert held(*reversed(facts[number:])).value == facts[number].value


def test_among_equals_the_newest_holds() -> None:
    old = fact(1, as_of=datetime.date(2026, 1, 1))
    new = fact(2, as_of=datetime.date(2026, 5, 1))
    assert held(old, new, fact(3)).value == 2


def test_fact_of_a_later_day_is_left_out_and_counted() -> None:
    later = fact(1, as_of=datetime.date(2026, 6, 2))
    merged = merge([later, later], ON)
    assert merged.world.keys == {}
    assert merged.later == (later,)
    assert held(later, fact(2, basis="assumed")).value == 2
    assert merge([later], datetime.date(2026, 6, 2)).later == ()


def test_fact_of_a_later_day_is_in_no_conflict() -> None:
    later = fact(1, as_of=datetime.date(2026, 6, 2))
    assert not merge([later, fact(2)], ON).conflicts


def test_fact_of_the_day_itself_counts() -> None:
    today = fact(1, as_of=ON)
    assert held(today, fact(2, basis="declared")).value == 1


def test_difference_within_the_tolerance_is_no_conflict() -> None:
    one, other = fact(100), fact(130, basis="declared")
    assert not merge([one, other], ON).conflicts
    assert len(merge([one, fact(144, basis="declared")], ON).conflicts) == 1


def test_texts_and_lists_differ_by_content_alone() -> None:
    licence = [fact(text, "model.licence", text) for text in ("mit", "MIT")]
    routes = [
        fact(given_routes, "model.placing_routes", str(n))
        for n, given_routes in enumerate((["api", "cloud"], ["cloud", "api"]))
    ]
    assert not merge([*licence, *routes], ON).conflicts


def test_person_settles_a_conflict() -> None:
    read = fact("MIT", "model.licence")
    said = fact("Apache-2.0", "model.licence", basis="declared")
    merged = merge([read, said], ON, {("model:m@1", "model.licence"): said.id})
    assert merged.world.keys["model.licence"].value == "Apache-2.0"
    assert not merged.conflicts


def test_person_can_choose_a_bound() -> None:
    low = fact(10**26, relation="at_least", basis="assumed")
    assert held(fact(10**24), low, settled=low.id).low == 10**26


def test_one_sided_facts_hold_one_sidedly() -> None:
    low = fact(10, relation="at_least")
    assert held(low) == Holding(COMPUTE, None, (low.id,), 10, None, "model:m@1")
    high = fact(20, relation="at_most")
    assert (held(low, high).low, held(low, high).high) == (10, 20)


def test_value_outside_a_bound_is_a_conflict_and_the_better_basis_holds() -> None:
    low = fact(12 * 10**24, relation="at_least", basis="computed")
    said = fact(95 * 10**23, basis="declared")
    merged = merge([said, low], ON)
    assert merged.world.keys[COMPUTE].low == 12 * 10**24
    assert merged.world.keys[COMPUTE].value is None
    assert merged.conflicts[0].facts == (low.id, said.id)
    measured = fact(95 * 10**23)
    merged = merge([measured, low], ON)
    assert merged.world.keys[COMPUTE].value == 95 * 10**23
    assert merged.conflicts[0].chosen == measured.id


def test_error_of_a_bound_softens_it() -> None:
    low = fact(100, relation="at_least", basis="computed", bound=Decimal("0.3"))
    assert not merge([low, fact(70, basis="declared")], ON).conflicts
    assert merge([low, fact(69, basis="declared")], ON).conflicts


def test_bound_that_would_leave_nothing_is_set_aside() -> None:
    facts = [
        fact(10, relation="at_least"),
        fact(25, relation="at_most", basis="computed"),
        fact(30, relation="at_least", basis="assumed"),
    ]
    merged = merge(facts, ON)
    assert (merged.world.keys[COMPUTE].low, merged.world.keys[COMPUTE].high) == (10, 25)
    assert merged.conflicts[0].facts == (facts[0].id, facts[2].id)


def test_what_is_no_amount_has_no_bound() -> None:
    with pytest.raises(InputError, match=r"a\.json: model\.licence is no amount"):
        fact("MIT", "model.licence", relation="at_least")


amounts = st.builds(
    fact,
    st.integers(0, 60),
    place=st.sampled_from(["a.json", "b.json"]),
    basis=st.sampled_from(get_args(Basis)),
    relation=st.sampled_from(get_args(Relation)),
    as_of=st.none() | st.dates(datetime.date(2026, 5, 28), datetime.date(2026, 6, 4)),
)
texts = st.builds(
    fact,
    st.sampled_from(["MIT", "mit", "Apache-2.0"]),
    st.just("model.licence"),
    st.sampled_from(["a.json", "b.json"]),
    basis=st.sampled_from(get_args(Basis)),
)
several = st.lists(amounts | texts, min_size=1, max_size=8)


@given(several, st.randoms(use_true_random=False))
def test_order_of_facts_never_matters(facts: list[Fact], random: Any) -> None:
    shuffled = [*facts, *facts[:2]]
    random.shuffle(shuffled)
    one, other = merge(facts, ON), merge(shuffled, ON)
    assert one.world.keys == other.world.keys
    assert one.conflicts == other.conflicts


@given(st.lists(amounts, min_size=1, max_size=8))
def test_lower_ranked_fact_changes_no_value_and_loosens_no_bound(facts: list[Fact]) -> None:
    facts = _known(facts)
    lowest = max(facts, key=_rank, default=None)
    others = [one for one in facts if lowest and _rank(one) < _rank(lowest)]
    if lowest is None or not others:
        return
    before = merge(others, ON).world.keys[COMPUTE]
    after = merge([*others, lowest], ON).world.keys[COMPUTE]
    if before.value is not None:
        assert after == before
    if before.low is not None and after.low is not None and after.value is None:
        assert after.low >= before.low
    if before.high is not None and after.high is not None and after.value is None:
        assert after.high <= before.high


def _known(facts: list[Fact]) -> list[Fact]:
    return [one for one in facts if one.as_of is None or one.as_of <= ON]


def _rank(one: Fact) -> int:
    return RANK[one.basis]


@given(amounts, amounts)
def test_two_facts_conflict_or_agree_whichever_comes_first(one: Fact, other: Fact) -> None:
    forth, back = merge([one, other], ON).conflicts, merge([other, one], ON).conflicts
    assert forth == back
    if forth:
        assert set(forth[0].facts) == {one.id, other.id}
        assert forth[0].chosen in forth[0].facts


@given(st.lists(amounts, min_size=1, max_size=8))
def test_whatever_contradicts_the_holding_is_in_a_conflict(facts: list[Fact]) -> None:
    facts = _known(facts)
    merged = merge(facts, ON)
    if not facts:
        return
    holding = merged.world.keys[COMPUTE]
    named = {one for conflict in merged.conflicts for one in conflict.facts}
    for one in facts:
        low = holding.low if holding.low is not None else 0
        high = holding.high
        below = one.relation == "at_most" and one.value < low
        above = one.relation == "at_least" and high is not None and one.value > high
        if below or above:
            assert one.id in named
