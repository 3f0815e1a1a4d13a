"""Facts computed from facts: each names its inputs, and nothing is guessed."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute import Architecture, describe, forward_operations, training_compute
from chapterv.dossier import Derived, derive
from chapterv.facts import Fact, Source, make_fact
from tests.dossier.folders import CONFIG

MODEL = "model:m@1"
MARGIN = Decimal("0.3")
DECODER: Architecture = describe(CONFIG)
LONG: Architecture = describe({**CONFIG, "max_position_embeddings": 131072})


def said(key: str, value: Any, subject: str = MODEL, **more: Any) -> Fact:
    return make_fact(subject, key, value, Source("chapterv.toml"), basis="declared", **more)


def run(identifier: str, **values: Any) -> list[Fact]:
    return [said(f"run.{key}", value, f"run:{identifier}") for key, value in values.items()]


def derived(facts: list[Fact], architecture: Architecture | None = None, **more: Any) -> Derived:
    return derive(facts, MODEL, architecture, margin=MARGIN, **more)


def one(work: Derived, key: str) -> Fact:
    (fact,) = [fact for fact in work.made if fact.key == key]
    return fact


def keys(work: Derived) -> set[str]:
    return {fact.key for fact in work.made}


def test_nothing_is_derived_from_nothing() -> None:
    assert derived([]).made == []
    assert derived([], DECODER).made == []


def test_tokens_of_training_runs_bound_training_tokens_from_below() -> None:
    facts = run("a", tokens=100, stage="pre-training") + run(
        "b", tokens="5e1", stage="Mid Training"
    )
    fact = one(derived(facts), "model.training_tokens")
    assert (fact.value, fact.relation, fact.basis) == (150, "at_least", "computed")
    assert set(fact.source.inputs) == {fact.id for fact in facts}
    assert fact.note == "sum over 2 runs; nobody states that they are all"


def test_run_whose_stage_trains_nothing_or_is_not_stated_is_in_no_sum() -> None:
    facts = run("a", tokens=100, stage="evaluation") + run("b", tokens=50)
    work = derived(facts)
    assert work.made == []
    assert work.notes == [
        "run:b has no stage, so its tokens processed in the run are in no sum. "
        "State run.stage or run.activity.",
    ]


def test_operations_of_training_runs_bound_training_compute_and_cumulative_compute() -> None:
    work = derived(run("a", operations="6e24", stage="pre-training"))
    training = one(work, "model.training_compute")
    assert (training.value, training.relation) == (6 * 10**24, "at_least")
    cumulative = one(work, "model.cumulative_compute")
    assert (cumulative.value, cumulative.relation) == (6 * 10**24, "at_least")
    assert cumulative.source.inputs == (training.id,)


def test_stated_training_compute_bounds_cumulative_compute_from_below() -> None:
    stated = said("model.training_compute", "2e25")
    fact = one(derived([stated]), "model.cumulative_compute")
    assert (fact.value, fact.relation, fact.bound) == (2 * 10**25, "at_least", None)
    assert fact.source.inputs == (stated.id,)


def test_bound_from_above_says_nothing_of_cumulative_compute() -> None:
    stated = said("model.training_compute", "2e25", relation="at_most")
    assert derived([stated]).made == []


def test_training_compute_follows_from_tokens_and_architecture() -> None:
    tokens = said("model.training_tokens", 10**9, as_of=datetime.date(2026, 1, 1))
    fact = one(derived([tokens], DECODER), "model.training_compute")
    assert fact.value == training_compute(DECODER, 10**9, 64).amount
    assert (fact.relation, fact.bound) == ("exactly", MARGIN)
    assert tokens.id in fact.source.inputs
    assert fact.as_of == datetime.date(2026, 1, 1)


def test_length_of_sequences_that_matters_gives_two_bounds() -> None:
    work = derived([said("model.training_tokens", 10**9)], LONG)
    low, high = (fact for fact in work.made if fact.key == "model.training_compute")
    assert (low.value, low.relation) == (training_compute(LONG, 10**9, 1).amount, "at_least")
    assert (high.value, high.relation) == (
        training_compute(LONG, 10**9, 131072).amount,
        "at_most",
    )
    assert one(work, "model.cumulative_compute").value == low.value


def test_stated_length_of_sequences_settles_the_bounds() -> None:
    length = said("model.training_sequence_length", 4096)
    work = derived([said("model.training_tokens", 10**9), length], LONG)
    fact = one(work, "model.training_compute")
    assert (fact.value, fact.relation) == (training_compute(LONG, 10**9, 4096).amount, "exactly")
    assert length.id in fact.source.inputs


def test_tokens_known_from_below_give_compute_from_below() -> None:
    tokens = said("model.training_tokens", 10**9, relation="at_least")
    fact = one(derived([tokens], DECODER), "model.training_compute")
    assert fact.relation == "at_least"


def test_tokens_known_from_above_give_compute_from_above() -> None:
    tokens = said("model.training_tokens", 10**9, relation="at_most")
    work = derived([tokens], DECODER)
    fact = one(work, "model.training_compute")
    assert fact.relation == "at_most"
    assert keys(work) == {"model.training_compute"}


def test_family_that_is_not_covered_gives_no_estimate() -> None:
    assert derived([said("model.training_tokens", 10**9)], None).made == []


def test_model_made_from_another_gets_no_estimate_from_tokens() -> None:
    facts = [said("model.training_tokens", 10**9), said("model.derived_from", ["base"])]
    work = derived(facts, DECODER)
    assert work.made == []
    assert work.notes[0].startswith("The compute of the base model is not known: 'base' is no")
    assert work.notes[1:] == [
        "The model was made from another one, so its training compute is not estimated from "
        "tokens: state model.modification_compute."
    ]


def test_runs_on_the_model_of_another_are_modification_compute() -> None:
    facts = [
        said("model.derivation", "fine_tune"),
        *run("a", operations="4e20", stage="fine-tuning"),
        *run("b", tokens=10**9, stage="fine-tuning"),
    ]
    work = derived(facts, DECODER)
    fact = one(work, "model.modification_compute")
    counted = training_compute(DECODER, 10**9, 1).amount
    assert (fact.value, fact.relation) == (4 * 10**20 + counted, "at_least")
    assert "model.training_compute" not in keys(work)


def test_absurd_amount_of_tokens_is_a_note() -> None:
    work = derived([said("model.training_tokens", "1e30")], DECODER)
    assert work.made == []
    assert work.notes[0].startswith("Training compute was not estimated: the number of tokens")


@given(st.integers(1, 10**13), st.integers(1, 10**13))
def test_more_tokens_never_give_less_compute(one_amount: int, other: int) -> None:
    less, more = (
        one(derived([said("model.training_tokens", tokens)], DECODER), "model.cumulative_compute")
        for tokens in sorted((one_amount, other))
    )
    assert less.value <= more.value


def test_a_benchmarked_request_takes_a_forward_pass_for_each_token() -> None:
    facts = [
        said("model.benchmark_prompt_tokens", 40),
        said("model.benchmark_generated_tokens", 24),
    ]
    found = one(derived(facts, DECODER), "model.inference_compute_per_request")
    assert found.value == 64 * forward_operations(DECODER, 64)
    assert derived(facts[:1], DECODER).made == []
    assert derived(facts, None).made == []
