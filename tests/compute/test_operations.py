"""Operations in closed form: verified figures, windows, both conventions, and the estimate."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from chapterv.compute import (
    Architecture,
    Mixing,
    describe,
    operations_per_token,
    training_compute,
)
from chapterv.compute.work import keys_seen
from chapterv.errors import InputError
from tests.real_data import real_data

_LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
    "max_position_embeddings": 512,
}


def _real(name: str, **changes: Any) -> Architecture:
    path = real_data("models", "configs", name, "config.json")
    return describe({**json.loads(path.read_text(encoding="utf-8")), **changes}, name)


@pytest.mark.parametrize(
    ("model", "counted"),
    [
        ("meta-llama--Meta-Llama-3.1-8B", 98_814_312_579_072),
        ("bigscience--bloom", 2_216_074_275_717_120),
        ("mistralai--Mixtral-8x7B-v0.1", 163_251_706_920_960),
        ("openai--gpt-oss-20b", 49_272_368_136_192),
    ],
)
def test_a_pass_over_2048_tokens_costs_what_the_tensor_library_counts(
    model: str, counted: int
) -> None:
    assert operations_per_token(_real(model), 2048).full * 2048 == counted


def test_falcon_180b_costs_what_the_tensor_library_counts() -> None:
    config = {
        "model_type": "falcon",
        "hidden_size": 14848,
        "num_attention_heads": 232,
        "num_hidden_layers": 80,
        "num_kv_heads": 8,
        "new_decoder_architecture": True,
        "vocab_size": 65024,
    }
    assert operations_per_token(describe(config), 2048).full * 2048 == 2_253_836_701_925_376


@pytest.mark.parametrize("length", [1, 2, 7, 64, 1000])
@pytest.mark.parametrize("stride", [1, 4, 128])
@pytest.mark.parametrize("limit", [None, 1, 5, 64, 10_000])
def test_keys_seen_are_summed_as_one_by_one(length: int, stride: int, limit: int | None) -> None:
    mixing = Mixing(1, 1, 1, stride=stride, limit=limit)
    one_by_one = sum(
        i // stride if limit is None else min(i // stride, limit) for i in range(1, length + 1)
    )
    assert keys_seen(mixing, length) == one_by_one


def test_causal_attention_needs_half_of_full_attention_and_half_a_key_more() -> None:
    architecture = describe(_LLAMA)
    length = 512
    operations = operations_per_token(architecture, length)
    per_key = 6 * 3 * 6 * (16 + 16)  # six a product, layers, heads, widths of key and value
    assert operations.full - operations.causal == per_key * length - per_key * (length + 1) // 2


def test_a_sliding_window_lowers_the_causal_count_and_not_the_full_one() -> None:
    whole = describe({**_LLAMA, "model_type": "mistral", "sliding_window": None})
    window = describe({**_LLAMA, "model_type": "mistral", "sliding_window": 64})
    whole_operations = operations_per_token(whole, 512)
    window_operations = operations_per_token(window, 512)
    assert window_operations.full == whole_operations.full
    assert window_operations.causal < whole_operations.causal
    assert operations_per_token(window, 64).causal == operations_per_token(whole, 64).causal


def test_the_output_head_counts_though_it_is_tied_and_the_input_lookup_never_does() -> None:
    tied = describe({**_LLAMA, "tie_word_embeddings": True})
    untied = describe(_LLAMA)
    assert untied.parameters_total - tied.parameters_total == 1000 * 96
    assert operations_per_token(tied, 128) == operations_per_token(untied, 128)


def test_a_mixture_works_with_the_experts_that_a_token_uses() -> None:
    few = _real("mistralai--Mixtral-8x7B-v0.1")
    many = _real("mistralai--Mixtral-8x7B-v0.1", num_local_experts=16)
    router = 6 * 32 * 4096 * 8
    difference = operations_per_token(many, 4096).full - operations_per_token(few, 4096).full
    assert difference == router


def test_latent_attention_has_keys_wider_than_values() -> None:
    architecture = _real("deepseek-ai--DeepSeek-V3")
    mixing = architecture.layers[0].components[0].mixing[0]
    assert (mixing.heads, mixing.key_width, mixing.value_width) == (128, 192, 128)


def test_prediction_layers_are_given_apart() -> None:
    operations = operations_per_token(_real("deepseek-ai--DeepSeek-V3"), 4096)
    assert operations.prediction_causal is not None
    share = Decimal(operations.prediction_causal) / operations.causal
    assert Decimal("0.02") < share < Decimal("0.06")


def test_prediction_layers_that_cannot_be_counted_stay_unknown() -> None:
    operations = operations_per_token(_real("MiniMaxAI--MiniMax-M2.5"), 4096)
    assert operations.prediction_causal is None
    assert operations.prediction_full is None


def test_an_estimate_carries_both_conventions_and_its_exact_interval() -> None:
    architecture = _real("meta-llama--Meta-Llama-3.1-405B")
    estimate = training_compute(architecture, 15_600_000_000_000, 8192, Decimal("0.3"))
    operations = operations_per_token(architecture, 8192)
    assert estimate.amount == 15_600_000_000_000 * operations.causal
    assert estimate.full == 15_600_000_000_000 * operations.full
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low * 10 == estimate.amount * 7
    assert estimate.high * 10 == estimate.amount * 13
    # The published figure is 3.8e25, counted without attention.
    assert Decimal("0.93") < Decimal(estimate.amount) / Decimal("3.8e25") < Decimal("1.07")


def test_without_a_margin_there_is_no_interval() -> None:
    estimate = training_compute(describe(_LLAMA), 1000, 128)
    assert estimate.low is None
    assert estimate.high is None


def test_the_short_form_of_the_annex_stands_beside_and_is_doubted_where_it_does_not_hold() -> None:
    mixture = training_compute(_real("deepseek-ai--DeepSeek-V3"), 14_800_000_000_000, 4096)
    assert mixture.approximation == 6 * 671_026_404_352 * 14_800_000_000_000
    assert any("overstates" in note for note in mixture.notes)
    small = training_compute(_real("Qwen--Qwen3-0.6B"), 10**12, 4096)
    assert any("attention is 28 % of the operations" in note for note in small.notes)
    large = training_compute(_real("meta-llama--Meta-Llama-3.1-405B"), 10**12, 8192)
    assert not any("short form" in note for note in large.notes)


def test_sequences_longer_than_the_context_are_noted() -> None:
    notes = training_compute(describe(_LLAMA), 1000, 1024).notes
    assert any("longer than the configured context of 512" in note for note in notes)


@pytest.mark.parametrize("length", [0, -1, 2**31 + 1, 1.5, True, "8"])
def test_a_sequence_length_out_of_range_is_refused(length: Any) -> None:
    with pytest.raises(InputError, match="sequence length"):
        operations_per_token(describe(_LLAMA), length)


@pytest.mark.parametrize("tokens", [0, -5, 10**20 + 1, 1e12, None])
def test_a_number_of_tokens_out_of_range_is_refused(tokens: Any) -> None:
    with pytest.raises(InputError, match="tokens"):
        training_compute(describe(_LLAMA), tokens, 128)
