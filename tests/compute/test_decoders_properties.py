"""Properties over hybrids and further decoders: more is never less, malformed is never a crash."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute import Architecture, describe, operations_per_token
from chapterv.compute.adapters import adapter_parameters
from chapterv.errors import InputError
from tests.compute import cases_decoders, cases_hybrids

_CASES = [*cases_hybrids.cases(), *cases_decoders.cases()]
_GROWING = (
    ("num_hidden_layers", "n_layer", "num_layers"),
    ("num_local_experts", "num_experts", "n_routed_experts"),
    ("num_experts_per_tok", "moe_topk", "top_k_experts"),
    ("vocab_size",),
)
_HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.one_of(st.integers(-3, 9), st.text(max_size=4)), max_size=6),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
)


def _read(config: dict[str, Any]) -> Architecture | None:
    """Describe a changed configuration, which may no longer fit together and is refused then."""
    try:
        return describe(config)
    except InputError:
        return None


@given(
    config=st.sampled_from(_CASES),
    keys=st.sampled_from(_GROWING),
    by=st.integers(1, 4),
    length=st.integers(1, 5000),
)
def test_more_of_anything_never_means_fewer_parameters_or_operations(
    config: dict[str, Any], keys: tuple[str, ...], by: int, length: int
) -> None:
    key = next((key for key in keys if isinstance(config.get(key), int)), None)
    if key is None:
        return
    more = _read({**copy.deepcopy(config), key: config[key] + by})
    if more is None:
        return
    less = describe(config)
    assert more.parameters_total >= less.parameters_total
    before, after = operations_per_token(less, length), operations_per_token(more, length)
    assert after.full >= before.full
    assert after.causal >= before.causal


@given(config=st.sampled_from(_CASES), length=st.integers(1, 100_000))
def test_causal_work_never_exceeds_full_work(config: dict[str, Any], length: int) -> None:
    architecture = describe(config)
    here = operations_per_token(architecture, length)
    assert 0 < here.causal <= here.full
    assert architecture.parameters_active <= architecture.parameters_total


@given(config=st.sampled_from(_CASES), place=st.integers(0, 40), value=_HOSTILE)
def test_a_malformed_value_is_refused_or_read_and_never_a_crash(
    config: dict[str, Any], place: int, value: object
) -> None:
    names = sorted(set(config) - {"model_type"})
    changed = {**config, names[place % len(names)]: value}
    start = time.perf_counter()
    architecture = _read(changed)
    assert time.perf_counter() - start < 2
    if architecture is not None:
        assert architecture.parameters_total > 0


@pytest.mark.parametrize("config", _CASES, ids=lambda config: str(config["model_type"]))
def test_an_absent_key_has_its_default_or_is_asked_for(config: dict[str, Any]) -> None:
    for name in set(config) - {"model_type"}:
        _read({key: value for key, value in config.items() if key != name})


@given(config=st.sampled_from(_CASES), rank=st.integers(1, 64))
def test_adapters_beside_every_projection_are_fewer_than_its_weights_at_low_rank(
    config: dict[str, Any], rank: int
) -> None:
    architecture = describe(config)
    names = sorted(
        {
            one.name
            for layer in architecture.layers
            for part in layer.components
            if part.name != "experts"
            for one in part.projections
        }
    )
    counted = adapter_parameters(architecture, rank, names[:1], experts="joined")
    assert counted % rank == 0
    assert counted >= 2 * rank


def test_describing_is_quick() -> None:
    for config in _CASES:
        describe(config)
    start = time.perf_counter()
    for _ in range(3):
        for config in _CASES:
            describe(config)
    assert (time.perf_counter() - start) / (3 * len(_CASES)) < 0.002
