"""Parts, streams and weights that are not trained."""

from __future__ import annotations

import pytest

from chapterv.compute import (
    ALL,
    NOTHING,
    Architecture,
    Component,
    Layer,
    Mixing,
    Part,
    Span,
    Stream,
    Trained,
    describe,
    document_operations,
    forward_operations,
    operations_per_token,
    sample_operations,
    training_compute,
    training_compute_of_samples,
)
from chapterv.errors import InputError

LLAMA = {
    "model_type": "llama",
    "vocab_size": 1000,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}


def _tower() -> Architecture:
    """A vision tower of two layers before a decoder of one."""
    patch = Component("patch embedding", 12, stream="patches", raw=True)
    mixing = Mixing(1, 8, 8, sees="all")
    look = Layer(2, (Component("attention", 100, mixing=(mixing,), stream="patches"),))
    project = Component("projector", 50, stream="patches", every=4)
    decode = Layer(1, (Component("attention", 200, mixing=(Mixing(1, 8, 8),)),))
    table = Component("token embedding", 1000, lookup=True)
    return Architecture(
        "seeing", "seeing", (decode,), (table, Component("output head", 1000)),
        parts=(Part("vision tower", (patch,), (look,)), Part("projector", (project,))),
        streams=(Stream("tokens"), Stream("patches", "image", optional=True)),
    )  # fmt: skip


def test_every_weight_of_a_text_decoder_costs_six_operations() -> None:
    architecture = describe(LLAMA)
    weights = sum(
        layer.count * sum(part.multiplied for part in layer.components)
        for layer in architecture.layers
    ) + sum(part.multiplied for part in architecture.ends)
    operations = operations_per_token(architecture, 16)
    assert operations.causal - operations.attention_causal == 6 * weights


def test_inference_costs_a_third_of_training() -> None:
    architecture = describe(LLAMA)
    assert forward_operations(architecture, 16) * 3 == operations_per_token(architecture, 16).causal
    assert operations_per_token(architecture, 16, NOTHING).full * 3 == (
        operations_per_token(architecture, 16).full
    )


def test_an_adapter_costs_four_operations_for_frozen_weights_and_six_for_its_own() -> None:
    architecture = describe(LLAMA)
    whole = operations_per_token(architecture, 16)
    linear = whole.causal - whole.attention_causal
    run = operations_per_token(architecture, 16, Trained("adapter", adapter_parameters=1000))
    assert run.causal - run.attention_causal == linear * 4 // 6 + 6 * 1000
    assert run.attention_causal == whole.attention_causal


def test_a_trained_head_alone_costs_a_forward_pass_and_its_own_gradient() -> None:
    architecture = describe(LLAMA)
    names = {part.name for part in architecture.ends} - {"output head"}
    frozen = frozenset(names | {"attention", "feed-forward", "norms"})
    run = operations_per_token(architecture, 16, Trained(frozen=frozen))
    forward = operations_per_token(architecture, 16, NOTHING)
    assert run.causal == forward.causal + 2 * 1000 * 64


def test_frozen_first_layers_pass_no_gradient_where_nothing_before_them_is_trained() -> None:
    architecture = describe(LLAMA)
    table = Trained(frozen=frozenset({"token embedding"}), frozen_layers=2)
    layer = 6 * sum(part.multiplied for part in architecture.layers[0].components)
    whole = operations_per_token(architecture, 16)
    mixing = whole.attention_causal // 4
    run = operations_per_token(architecture, 16, table)
    saved = 2 * (layer * 4 // 6) + 2 * (mixing * 4 // 6)
    # Nothing trained lies before the attention of the first trained layer: a third less.
    first = 2 * architecture.layers[0].components[0].multiplied
    assert run.causal == whole.causal - saved - first


def test_places_tell_which_of_mixed_layers_are_frozen() -> None:
    small, big = Component("small", 10), Component("big", 1000)
    layers = (Layer(2, (small,), (0, 2)), Layer(2, (big,), (1, 3)))
    table = Component("token embedding", 5, lookup=True)
    architecture = Architecture("mixed", "mixed", layers, (table,))
    frozen = Trained(frozen=frozenset({"token embedding"}), frozen_layers=2)
    run = operations_per_token(architecture, 1, frozen)
    # Frozen below: forward only. Above: the first trained layer has no gradient to pass on.
    assert run.causal == 2 * (10 + 1000) + 4 * 10 + 6 * 1000


@pytest.mark.parametrize("name", ["visoin tower", "heads"])
def test_a_frozen_part_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(InputError, match="the model has no part called"):
        operations_per_token(_tower(), 16, Trained(frozen=frozenset({name})))
    with pytest.raises(InputError, match="there are 1 layers, and 2 are more"):
        operations_per_token(_tower(), 16, Trained(frozen_layers=2))


def test_parts_are_counted_by_the_length_of_their_stream() -> None:
    one = sample_operations(_tower(), {"tokens": Span(10), "patches": Span(16, 2)})
    parts = {name: causal for name, _, causal in one.parts}
    # Patches: the first matrix has no gradient to pass on; attention stays within an image.
    assert parts["vision tower"] == 32 * (4 * 12 + 2 * 6 * 100) + 2 * 2 * 6 * 16 * 16 * 16
    assert parts["projector"] == 2 * 4 * 6 * 50
    assert parts["decoder"] == 10 * 6 * 1200 + 6 * 16 * 55
    assert one.causal == sum(parts.values())
    assert one.full - one.causal == 6 * 16 * 45


def test_a_frozen_tower_runs_forward_only() -> None:
    shape = {"tokens": Span(10), "patches": Span(16)}
    one = sample_operations(_tower(), shape, Trained(frozen=frozenset({"vision tower"})))
    parts = {name: causal for name, _, causal in one.parts}
    assert parts["vision tower"] == 16 * (2 * 12 + 2 * 2 * 100) + 2 * 2 * 16 * 16 * 16
    assert parts["projector"] == 4 * 4 * 50


def test_adapters_of_the_main_part_leave_the_tower_a_forward_pass() -> None:
    shape = {"tokens": Span(10), "patches": Span(16)}
    one = sample_operations(_tower(), shape, Trained("adapter", adapter_parameters=7))
    parts = {name: causal for name, _, causal in one.parts}
    assert parts["projector"] == 4 * 2 * 50
    assert parts["decoder"] == 10 * 4 * 1200 + 6 * 16 * 55
    assert parts["adapter"] == 10 * 6 * 7


def test_a_stream_that_nobody_speaks_of_is_left_out_and_said_so() -> None:
    estimate = training_compute(_tower(), 100, 10)
    assert estimate.amount == 100 * 6 * 1200 + 100 * 6 * 16 * 55 // 10
    assert any("no patches are counted" in note for note in estimate.notes)
    seen = training_compute(_tower(), 100, 10, others={"patches": Span(16)})
    assert seen.amount > estimate.amount
    assert not any("no patches" in note for note in seen.notes)


def test_a_stream_that_must_be_known_is_asked_for() -> None:
    part = Part("encoder", layers=(Layer(1, (Component("attention", 9, stream="source"),)),))
    body = (Layer(1, (Component("attention", 9),)),)
    streams = (Stream("tokens"), Stream("source"))
    architecture = Architecture("pair", "pair", body, (), parts=(part,), streams=streams)
    with pytest.raises(InputError, match="Give the length of 'source'"):
        operations_per_token(architecture, 4)
    with pytest.raises(InputError, match="no further stream called 'sauce'"):
        operations_per_token(architecture, 4, others={"sauce": Span(1)})
    assert operations_per_token(architecture, 4, others={"source": Span(8)}).causal == 54 + 72


def test_cross_attention_meets_every_position_of_the_other_stream() -> None:
    mixing = Mixing(2, 3, 5, keys="source")
    body = (Layer(1, (Component("cross-attention", 1, mixing=(mixing,)),)),)
    streams = (Stream("tokens"), Stream("source", length=7))
    architecture = Architecture("pair", "pair", body, (), streams=streams)
    one = sample_operations(architecture, {"tokens": Span(10)}, NOTHING)
    assert one.full == one.causal == 2 * 10 + 2 * 2 * 8 * 10 * 7


def test_blocks_bound_who_meets_whom() -> None:
    def pairs(mixing: Mixing, length: int) -> int:
        body = (Layer(1, (Component("attention", 0, mixing=(mixing,)),)),)
        architecture = Architecture("x", "x", body, ())
        return sample_operations(architecture, {"tokens": Span(length)}, NOTHING).causal // 4

    assert pairs(Mixing(1, 1, 1, sees="all", block=4), 10) == 16 + 16 + 4
    assert pairs(Mixing(1, 1, 1, block=4), 10) == 10 + 10 + 3
    assert pairs(Mixing(1, 1, 1, sees="all"), 10) == 100


def test_packed_documents_do_not_see_one_another() -> None:
    architecture = describe(LLAMA)
    both = document_operations(architecture, {10: 3, 50: 1})
    alone = [(3, 10), (1, 50)]
    assert both.causal == sum(
        count * sample_operations(architecture, {"tokens": Span(length)}).causal
        for count, length in alone
    )
    assert both.causal < sample_operations(architecture, {"tokens": Span(80)}).causal


def test_samples_multiply_exactly() -> None:
    shape = {"tokens": Span(10), "patches": Span(16)}
    one = sample_operations(_tower(), shape)
    run = training_compute_of_samples(_tower(), 1000, shape)
    assert run.amount == 1000 * one.causal
    assert run.samples == 1000
    assert run.tokens == 10_000


def test_nothing_that_is_trained_costs_less_than_the_same_frozen() -> None:
    architecture = _tower()
    shape = {"tokens": Span(10), "patches": Span(16)}
    whole = sample_operations(architecture, shape, ALL).causal
    for name in ("vision tower", "projector", "decoder", "token embedding", "output head"):
        assert sample_operations(architecture, shape, Trained(frozen=frozenset({name}))).causal <= (
            whole
        )
