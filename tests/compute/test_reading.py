"""Strictness: a fault is named with its place, and nothing that changes the count is guessed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from chapterv.compute import UnknownFamily, describe
from chapterv.errors import ErrorGroup, InputError

_LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
}
_MIXTRAL: dict[str, Any] = {
    **_LLAMA,
    "model_type": "mixtral",
    "architectures": ["MixtralForCausalLM"],
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
}


def _refused(config: Any) -> str:
    with pytest.raises(InputError) as refused:
        describe(config, "config.json")
    return str(refused.value)


def test_the_base_of_these_tests_is_read() -> None:
    assert describe(_LLAMA).parameters_total == 439_200
    assert describe(_MIXTRAL).is_mixture


@pytest.mark.parametrize(
    "key",
    ["hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size"],
)
def test_a_missing_key_is_named_with_its_pointer(key: str) -> None:
    config = {name: value for name, value in _LLAMA.items() if name != key}
    message = _refused(config)
    assert f"config.json#/{key}" in message
    assert "missing" in message
    assert "model.parameters_total" in message


@pytest.mark.parametrize("value", ["96", 96.0, True, [96], {"a": 1}, "x" * 10_000, float("nan")])
def test_a_value_of_the_wrong_type_is_named(value: Any) -> None:
    message = _refused({**_LLAMA, "hidden_size": value})
    assert "config.json#/hidden_size" in message
    assert "whole number" in message
    assert len(message) < 400


@pytest.mark.parametrize("value", [0, -1, 2**31 + 1, 10**1000])
def test_a_number_out_of_range_is_named(value: int) -> None:
    message = _refused({**_LLAMA, "hidden_size": value})
    assert "config.json#/hidden_size" in message
    assert len(message) < 400


def test_layers_have_a_bound_of_their_own() -> None:
    assert "/num_hidden_layers" in _refused({**_LLAMA, "num_hidden_layers": 100_001})


def test_sizes_that_multiply_beyond_any_model_are_refused() -> None:
    big = dict.fromkeys(("hidden_size", "intermediate_size", "vocab_size"), 2**31)
    message = _refused({**_LLAMA, **big, "num_attention_heads": 2, "num_hidden_layers": 100_000})
    assert "1e17" in message


def test_heads_must_share_the_stream_unless_their_width_is_stated() -> None:
    assert "multiple" in _refused({**_LLAMA, "num_attention_heads": 7, "num_key_value_heads": 7})
    stated = {**_LLAMA, "num_attention_heads": 7, "num_key_value_heads": 7, "head_dim": 16}
    assert describe(stated).parameters_total > 0


def test_key_heads_must_share_the_heads() -> None:
    assert "#/num_key_value_heads" in _refused({**_LLAMA, "num_key_value_heads": 4})


def test_a_token_cannot_use_more_experts_than_there_are() -> None:
    assert "9 of 8 experts" in _refused({**_MIXTRAL, "num_experts_per_tok": 9})


def test_two_names_of_one_size_may_agree_but_not_differ() -> None:
    same = {**_MIXTRAL, "num_experts": 8}
    assert describe(same) == describe(_MIXTRAL)
    assert "disagree" in _refused({**_MIXTRAL, "num_experts": 16})


def test_all_faults_are_told_at_once() -> None:
    config = {**_LLAMA, "hidden_size": "96", "vocab_size": None, "intermediate_size": -4}
    with pytest.raises(ErrorGroup) as refused:
        describe(config, "config.json")
    text = str(refused.value)
    assert all(key in text for key in ("/hidden_size", "/vocab_size", "/intermediate_size"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_local_experts", 8),
        ("kv_lora_rank", 512),
        ("n_routed_experts", 64),
        ("n_layer", 12),
        ("block_configs", [{}]),
        ("hybrid_override_pattern", "M-M*"),
    ],
)
def test_a_key_that_shapes_another_family_is_refused_and_not_ignored(key: str, value: Any) -> None:
    message = _refused({**_LLAMA, key: value})
    assert f"#/{key}" in message
    assert "does not belong to this family" in message


def test_a_head_that_is_no_language_model_is_refused() -> None:
    message = _refused({**_LLAMA, "architectures": ["LlamaForSequenceClassification"]})
    assert "#/architectures" in message


def test_cross_attention_is_refused() -> None:
    config = {
        "model_type": "gpt_bigcode",
        "n_embd": 96,
        "n_head": 6,
        "n_layer": 3,
        "n_positions": 8,
        "vocab_size": 10,
        "architectures": ["GPT2LMHeadModel"],
    }
    assert describe(config).parameters_total > 0
    assert "#/add_cross_attention" in _refused({**config, "add_cross_attention": True})


@pytest.mark.parametrize(
    "part", ["text_config", "vision_config", "audio_config", "language_config", "encoder"]
)
def test_a_model_of_several_parts_is_refused_even_under_a_covered_name(part: str) -> None:
    with pytest.raises(UnknownFamily, match=part):
        describe({**_LLAMA, part: {"hidden_size": 4}}, "config.json")


def test_an_encoder_decoder_is_refused_even_under_a_covered_name() -> None:
    with pytest.raises(UnknownFamily, match="encoder and a decoder"):
        describe({**_LLAMA, "is_encoder_decoder": True})


def test_a_file_without_a_family_is_refused() -> None:
    with pytest.raises(UnknownFamily, match="model_type is missing"):
        describe({"hidden_size": 4}, "config.json")


@pytest.mark.parametrize("name", ["seamless_m4t", "vits", "reformer", "x" * 5000])
def test_an_unknown_family_is_named_in_few_words(name: str) -> None:
    with pytest.raises(UnknownFamily) as refused:
        describe({"model_type": name}, "config.json")
    assert name[:60] in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("config", [None, [], "llama", 3])
def test_something_that_is_no_table_is_refused(config: Any) -> None:
    assert "table" in _refused(config)


@pytest.mark.parametrize("name", [7, ["llama"], {"a": 1}, True])
def test_a_family_name_that_is_no_text_is_refused(name: Any) -> None:
    assert "/model_type" in _refused({**_LLAMA, "model_type": name})


def test_layer_kinds_must_be_as_many_as_layers_and_known() -> None:
    sliding = {**_LLAMA, "model_type": "mistral", "architectures": None}
    assert "3 entries" in _refused({**sliding, "layer_types": ["full_attention"]})
    assert "no layers of the kind" in _refused({**sliding, "layer_types": ["linear_attention"] * 3})


def test_a_training_file_needs_a_known_tokenizer_or_its_vocabulary() -> None:
    config = {
        "num-layers": 2,
        "hidden-size": 64,
        "num-attention-heads": 4,
        "max-position-embeddings": 128,
        "pos-emb": "rotary",
        "vocab-file": "my/tokenizer.json",
    }
    assert "padded_vocab_size" in _refused(config)
    known = {**config, "vocab-file": "any/20B_tokenizer.json"}
    assert "50277 entries" in describe(known).notes[0]
    for key, value in (("norm", "rmsnorm"), ("activation", "swiglu"), ("moe-num-experts", 8)):
        assert key.replace("-", "_") in _refused({**known, key: value})


def test_prediction_layers_that_a_family_does_not_know_are_unknown_and_noted() -> None:
    architecture = describe({**_LLAMA, "num_nextn_predict_layers": 1})
    assert architecture.parameters_mtp is None
    assert architecture.parameters_total == 439_200
    assert "num_nextn_predict_layers" in architecture.notes[0]


def test_the_given_table_is_not_changed() -> None:
    before = copy.deepcopy(_LLAMA)
    describe(_LLAMA)
    assert before == _LLAMA


def test_a_control_character_in_a_name_is_shown_escaped() -> None:
    message = _refused({**_LLAMA, "hidden_size": "9\x1b[31m6"})
    assert "\x1b" not in message
