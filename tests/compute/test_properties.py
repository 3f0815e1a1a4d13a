"""Properties over many configurations: more is never less, and malformed is never a crash."""

from __future__ import annotations

import copy
import json
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute import (
    UnknownFamily,
    describe,
    operations_per_token,
    sum_parts,
    training_compute,
    within_margin,
)
from chapterv.compute.ledger import Counts
from chapterv.errors import InputError
from tests.compute.cases import cases
from tests.real_data import real_data

_CASES = cases()
_LAYER_KEYS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_EXPERT_KEYS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_USED_KEYS = ("num_experts_per_tok", "moe_k")


def _grown(config: dict[str, Any], keys: tuple[str, ...], by: int) -> dict[str, Any] | None:
    key = next((key for key in keys if isinstance(config.get(key), int)), None)
    if key is None:
        return None
    return {**copy.deepcopy(config), key: config[key] + by}


def _read(config: dict[str, Any]) -> Any:
    """Describe a grown configuration; lists for each layer may no longer fit, which is refused."""
    try:
        return describe(config)
    except InputError:
        return None


@given(
    config=st.sampled_from(_CASES),
    keys=st.sampled_from([_LAYER_KEYS, _EXPERT_KEYS, _USED_KEYS, ("vocab_size",)]),
    by=st.integers(1, 4),
    length=st.integers(1, 5000),
)
def test_more_of_anything_never_means_fewer_parameters_or_operations(
    config: dict[str, Any], keys: tuple[str, ...], by: int, length: int
) -> None:
    grown = _grown(config, keys, by)
    more = _read(grown) if grown else None
    if more is None:
        return
    less = describe(config)
    assert more.parameters_total >= less.parameters_total
    assert more.parameters_active >= less.parameters_active
    before, after = operations_per_token(less, length), operations_per_token(more, length)
    assert after.full >= before.full
    assert after.causal >= before.causal


@given(config=st.sampled_from(_CASES), length=st.integers(1, 100_000))
def test_causal_work_never_exceeds_full_work_and_grows_with_the_sequence(
    config: dict[str, Any], length: int
) -> None:
    architecture = describe(config)
    here = operations_per_token(architecture, length)
    longer = operations_per_token(architecture, length + 1)
    assert here.causal <= here.full
    assert here.causal <= longer.causal
    assert architecture.parameters_active <= architecture.parameters_total


@given(
    config=st.sampled_from(_CASES),
    tokens=st.integers(1, 10**15),
    more=st.integers(1, 10**15),
    length=st.integers(1, 10_000),
)
def test_more_tokens_cost_more_and_runs_add_up(
    config: dict[str, Any], tokens: int, more: int, length: int
) -> None:
    architecture = describe(config)
    first = training_compute(architecture, tokens, length).amount
    second = training_compute(architecture, more, length).amount
    assert training_compute(architecture, tokens + more, length).amount == first + second


@given(amount=st.integers(0, 10**40), true=st.integers(0, 10**40), parts=st.integers(0, 1000))
def test_the_margin_test_is_exact_at_every_size(amount: int, true: int, parts: int) -> None:
    margin = Decimal(parts).scaleb(-3)
    exact = abs(Fraction(true) - amount) <= Fraction(margin) * amount
    assert within_margin(amount, true, margin) is exact


@given(
    amounts=st.lists(
        st.tuples(
            st.one_of(
                st.integers(0, 10**30),
                st.decimals(0, 10**20, places=3, allow_nan=False, allow_infinity=False),
            ),
            st.booleans(),
            st.booleans(),
        ),
        max_size=12,
    ),
    extra=st.integers(0, 10**30),
)
def test_more_compute_never_lowers_a_sum(
    amounts: list[tuple[int | Decimal, bool, bool]], extra: int
) -> None:
    parts = {f"kind {index}": amount for index, (amount, _, _) in enumerate(amounts)}
    table = {f"kind {i}": Counts(*flags) for i, (_, *flags) in enumerate(amounts)}
    before = sum_parts(parts, table)
    after = sum_parts({**parts, "more": extra}, {**table, "more": Counts(True, True)})
    for higher, lower in (
        (after.training_compute, before.training_compute),
        (after.cumulative, before.cumulative),
    ):
        assert Fraction(higher) == Fraction(lower) + extra


_HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.sampled_from([0, 1, -1, 2**31, 2**31 + 1, 2**63, 10**1000]),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5)), max_size=5),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


def _configs() -> list[dict[str, Any]]:
    folder = real_data("models", "configs")
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*/config.json"))
    ]
    return found + _CASES


_REAL = _configs()


@given(data=st.data())
def test_a_mutated_configuration_is_counted_or_refused_and_never_crashes(
    data: st.DataObject,
) -> None:
    config = dict(data.draw(st.sampled_from(_REAL)))
    keys = sorted(config)
    for _ in range(data.draw(st.integers(1, 4))):
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()):
            config.pop(key, None)
        else:
            config[key] = data.draw(_HOSTILE)
    try:
        architecture = describe(config, "config.json")
    except InputError:
        return
    assert architecture.parameters_total >= architecture.parameters_active > 0
    operations = operations_per_token(architecture, 4096)
    assert operations.full >= operations.causal > 0


@given(values=st.dictionaries(st.text(max_size=10), _HOSTILE, max_size=6))
def test_any_table_is_refused_in_the_family_of_input_errors(values: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        describe(values)


def test_each_key_of_each_real_configuration_may_be_hostile() -> None:
    hostile: list[Any] = [
        None,
        True,
        -1,
        0,
        10**1000,
        1.5,
        "x",
        [],
        [[]],
        {},
        {"a": 1},
        [None] * 99,
    ]
    for config in _REAL:
        for key in config:
            for value in hostile:
                try:
                    describe({**config, key: value}, "config.json")
                except InputError:
                    continue


def test_the_largest_sizes_allowed_are_answered_at_once() -> None:
    config = {
        "model_type": "gemma2",
        "head_dim": 1,
        "hidden_size": 1,
        "intermediate_size": 1,
        "num_hidden_layers": 100_000,
        "num_attention_heads": 1,
        "num_key_value_heads": 1,
        "vocab_size": 2**31,
    }
    start = time.perf_counter()
    architecture = describe(config)
    operations_per_token(architecture, 2**31)
    assert architecture.layer_count == 100_000
    assert time.perf_counter() - start < 5


def test_all_real_configurations_are_read_in_less_than_fifty_milliseconds() -> None:
    def once() -> float:
        start = time.perf_counter()
        for config in real:
            try:
                operations_per_token(describe(config), 4096)
            except UnknownFamily:
                continue
        return time.perf_counter() - start

    real = _REAL[: len(_REAL) - len(_CASES)]
    assert len(real) > 30
    assert min(once() for _ in range(5)) < 0.05
