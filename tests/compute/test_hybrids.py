"""Hybrids and state-space models against recorded counts, published models and the recurrences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import Architecture, describe, operations_per_token
from chapterv.compute.families.zamba import SELECTION
from chapterv.compute.recurrence import CONVOLUTION, UPDATE
from chapterv.errors import InputError
from tests.compute.cases_hybrids import CASES, cases
from tests.real_data import real_data

_TABLE = json.loads((Path(__file__).parent / "verified_hybrids.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]
_LENGTH: int = _TABLE["sequence_length"]

# The oracle is no measure of what lies between a recurrent layer's projections.
_BETWEEN = (CONVOLUTION, UPDATE, SELECTION)


def _name(row: dict[str, Any]) -> str:
    return str(row["config"]["model_type"])


def test_the_recorded_table_holds_every_case_and_every_family_at_least_twice() -> None:
    assert [row["config"] for row in _ROWS] == cases()
    assert all(len(changes) >= 2 for _, changes in CASES.values())


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    assert describe(row["config"]).parameters_total == row["parameters"]


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_operations_of_the_projections_equal_those_that_the_tensor_library_counts(
    row: dict[str, Any],
) -> None:
    architecture = describe(row["config"])
    counted = operations_per_token(architecture, _LENGTH).full * _LENGTH
    between = 6 * _LENGTH * _between(architecture)
    assert counted - between + _padding(row["config"]) == row["operations"]


def _between(architecture: Architecture) -> int:
    """Multiply-adds of one token between the projections of the recurrent layers."""
    return sum(
        layer.count * part.used * (part.matrices + part.products)
        for layer in architecture.layers
        for part in layer.components
        if part.name in _BETWEEN
    )


def _padding(config: dict[str, Any]) -> int:
    """Operations for a position before the first, which the oracle's class projects as well."""
    if config["model_type"] != "zaya":
        return 0
    half = config["num_key_value_heads"] * config["head_dim"] // 2
    return 6 * int(config["num_hidden_layers"] * config["hidden_size"] * half)


def _config(*parts: str) -> dict[str, Any]:
    path = real_data("models", "configs", *parts, "config.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_the_state_update_of_mamba_2_has_seven_operations_for_each_entry_forward() -> None:
    config = _config("nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-BF16")
    architecture = describe(config)
    recurrent = next(layer for layer in architecture.layers if layer.count == 23)
    update = next(part for part in recurrent.components if part.name == UPDATE)
    assert 2 * update.products == 7 * (64 * 64) * 128


def test_a_recurrent_layer_costs_the_same_at_any_length() -> None:
    architecture = describe({**cases()[4], "model_type": "mamba"})
    short, long = (operations_per_token(architecture, length) for length in (16, 4096))
    assert short.full == long.full == short.causal
    assert short.attention_causal == 0


def test_the_prediction_layer_of_a_gated_delta_model_explains_its_published_file() -> None:
    # Counts of the published file, which holds the layer that predicts ahead, and without it.
    counts = {
        ("Qwen--Qwen3.5-27B", "qwen3_5_text"): (27_781_427_952, 27_356_728_560),
        ("Qwen--Qwen3.5-397B-A17B", "qwen3_5_moe_text"): (403_397_928_944, 396_802_360_816),
    }
    for (name, text), (stored, without) in counts.items():
        architecture = describe({**_config(name)["text_config"], "model_type": text})
        assert architecture.parameters_mtp == stored - without


@pytest.mark.parametrize(
    ("config", "published"),
    [
        # Shapes of published models, counted by the published classes.
        (
            {"model_type": "mamba", "vocab_size": 50280, "hidden_size": 2560,
             "num_hidden_layers": 64, "state_size": 16, "tie_word_embeddings": True},
            2_768_345_600,
        ),
        (
            {"model_type": "rwkv", "vocab_size": 50277, "hidden_size": 768,
             "num_hidden_layers": 12, "context_length": 1024},
            169_342_464,
        ),
        (
            {"model_type": "falcon_mamba", "vocab_size": 65024, "hidden_size": 4096,
             "num_hidden_layers": 64, "state_size": 16, "tie_word_embeddings": False},
            7_272_665_088,
        ),
        (
            {"model_type": "lfm2", "vocab_size": 65536, "hidden_size": 2048,
             "block_ff_dim": 12288, "num_hidden_layers": 16, "num_attention_heads": 32,
             "num_key_value_heads": 8, "full_attn_idxs": [2, 5, 8, 10, 12, 14]},
            1_170_340_608,
        ),
        (
            {"model_type": "jamba", "vocab_size": 65536, "hidden_size": 4096,
             "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
             "num_key_value_heads": 8},
            51_570_323_328,
        ),
    ],
)  # fmt: skip
def test_a_published_shape_has_the_count_of_its_class(
    config: dict[str, Any], published: int
) -> None:
    assert describe(config).parameters_total == published


def test_tables_of_token_groups_have_prime_numbers_of_rows_above_the_base() -> None:
    config = cases()[[one["model_type"] for one in cases()].index("qwen4_exp_text") + 1]
    architecture = describe({**config, "make_ngram_vocab_size_divisible_by": 1})
    tables = [
        part.matrices // 8
        for layer in architecture.layers
        for part in layer.components
        if part.name == "table of token groups"
    ]
    # Two layers with four hashes each, in the order of the primes from 1000 on.
    assert tables == [1009 + 1013 + 1019 + 1021, 1031 + 1033 + 1039 + 1049]


@pytest.mark.parametrize(
    ("model_type", "change", "fault"),
    [
        ("nemotron_h", {"hybrid_override_pattern": "MXM"}, "no layers of the kind 'X'"),
        ("nemotron_h", {"hybrid_override_pattern": "M" * 7}, "the pattern has 7 layers"),
        ("nemotron_h", {"tie_word_embeddings": True}, "never ties"),
        ("nemotron_h", {"kv_lora_rank": 8}, "does not belong to this family"),
        ("mamba2", {"head_dim": 17}, "heads times their width"),
        ("bamba", {"mamba_d_head": 17}, "heads times their width"),
        ("bamba", {"num_key_value_heads": ...}, "a whole number is missing"),
        ("zamba2", {"layers_block_type": ...}, "the kind of each layer is missing"),
        ("qwen3_next", {"layer_types": ["sliding_attention"] * 4}, "no layers of the kind"),
        ("qwen3_next", {"attn_output_gate": False}, "without an output gate"),
        ("qwen3_next", {"linear_num_key_heads": 4}, "do not share"),
        ("kimi_linear", {"moe_layer_freq": 2}, "only some of the later layers"),
        (
            "kimi_linear",
            {"linear_attn_config": {"full_attn_layers": [1], "kda_layers": [1, 2, 3, 4, 5]}},
            "do not name each layer once",
        ),
        ("kimi_linear", {"mlp_layer_types": ["mixed"] * 5}, "expected dense or sparse"),
        ("lfm2_moe", {"layer_types": ...}, "the kind of each layer is missing"),
        ("lfm2", {"block_ffn_dim_multiplier": "wide"}, "expected a number above zero"),
        ("recurrent_gemma", {"block_types": ["conv"]}, "recurrent and attention"),
        ("xlstm", {"v_dim_factor": -1}, "expected a number above zero"),
        ("qwen4_exp_text", {"indexer_kv_heads": 2}, "one key head"),
        ("qwen4_exp_text", {"ple_layer_ids": [9]}, "numbered from 1"),
        ("qwen4_exp_text", {"ple_layer_ids": [1], "heads_per_ngram": 9999}, "hashes"),
        ("zaya", {"num_experts_per_tok": 2}, "expected 1 to 1"),
        ("zaya", {"layer_types": ["hybrid_sliding"] * 4}, "no window is given"),
    ],
)
def test_what_is_not_covered_is_refused(
    model_type: str, change: dict[str, Any], fault: str
) -> None:
    config = next(one for one in cases() if one["model_type"] == model_type)
    changed = {**config, **change}
    kept = {name: value for name, value in changed.items() if value is not ...}
    with pytest.raises(InputError, match=fault):
        describe(kept, "config.json")
