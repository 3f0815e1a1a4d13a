"""Further decoders against recorded counts and published models, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import Architecture, describe, operations_per_token
from chapterv.compute.recurrence import CONVOLUTION
from chapterv.errors import InputError
from tests.compute.cases_decoders import CASES, cases
from tests.real_data import real_data

_TABLE = json.loads((Path(__file__).parent / "verified_decoders.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]
_LENGTH: int = _TABLE["sequence_length"]


def _name(row: dict[str, Any]) -> str:
    return str(row["config"]["model_type"])


def test_the_recorded_table_holds_every_case_and_every_family_at_least_twice() -> None:
    assert [row["config"] for row in _ROWS] == cases()
    assert all(len(changes) >= 2 for _, changes in CASES.values())


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    architecture = describe(row["config"])
    assert architecture.parameters_total + _unused(row["config"]) == row["parameters"]


@pytest.mark.parametrize("row", [row for row in _ROWS if row["operations"]], ids=_name)
def test_operations_equal_those_that_the_tensor_library_counts(row: dict[str, Any]) -> None:
    config = row["config"]
    architecture = describe(config)
    argued = _ARGUED.get(config["model_type"])
    counted = operations_per_token(architecture, _LENGTH).full * _LENGTH
    assert counted + (argued(config, architecture) if argued else 0) == row["operations"]


def test_the_tensor_library_could_count_all_but_these() -> None:
    without = {_name(row) for row in _ROWS if row["operations"] is None}
    assert without == _NOT_COUNTED


def _scores_twice(config: dict[str, Any], architecture: Architecture) -> int:
    """Add the scores that the oracle's class computes a second time for the other values."""
    width = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    heads = config["num_attention_heads"] * config["num_hidden_layers"]
    return int(6 * heads * width * _LENGTH**2)


def _every_expert(config: dict[str, Any], architecture: Architecture) -> int:
    """Add the experts that a token does not need; the oracle's class runs all on all tokens."""
    layers = [
        (layer.count, part)
        for layer in architecture.layers
        for part in layer.components
        if part.name == "experts"
    ]
    idle = sum(count * (part.stored - part.used) * part.matrices for count, part in layers)
    return 6 * idle * _LENGTH


def _untrained_indexer(config: dict[str, Any], architecture: Architecture) -> int:
    """Take off the indexer's backward pass, since the oracle's class runs it without a gradient."""
    indexed = [
        (layer.count, part)
        for layer in architecture.layers
        for part in layer.components
        if part.name == "indexed attention"
    ]
    surplus = 0
    for count, part in indexed:
        scores = part.mixing[1]
        width = scores.heads * scores.key_width
        weights = config["hidden_size"] * (width + scores.key_width)
        surplus += count * 4 * (weights + width * _LENGTH)
    return -surplus * _LENGTH


def _untrained_latent_indexer(config: dict[str, Any], architecture: Architecture) -> int:
    """Take off the indexer's backward pass; the class also sums scores by a product."""
    surplus = 0
    for layer in architecture.layers:
        for part in layer.components:
            for scores in (one for one in part.mixing if one.value_width == 0):
                width = scores.heads * scores.key_width
                weights = config["q_lora_rank"] * width
                weights += config["hidden_size"] * (scores.key_width + scores.heads)
                surplus += layer.count * 4 * (weights + width * _LENGTH)
                surplus -= layer.count * 2 * scores.heads * _LENGTH
    return -surplus * _LENGTH


def _convolutions(config: dict[str, Any], architecture: Architecture) -> int:
    """Take off the short convolutions, of which the library counts the backward pass as dense."""
    products = sum(
        layer.count * part.matrices
        for layer in architecture.layers
        for part in layer.components
        if part.name == CONVOLUTION
    )
    return -6 * products * _LENGTH


def _prompt(config: dict[str, Any], architecture: Architecture) -> int:
    """Add the prompt's positions, which the oracle's class puts before and gives no tokens for."""
    before = config.get("prompt_length", 32)
    length = _LENGTH + before
    longer = operations_per_token(architecture, length).full * length
    shorter = operations_per_token(architecture, _LENGTH).full * _LENGTH
    return int(longer - shorter - 6 * before * config["hidden_size"] * config["vocab_size"])


# Families in which the oracle's class does other work than is needed, and how much.
_ARGUED = {
    "diffllama": _scores_twice,
    "llama4_text": _every_expert,
    "minimax_m3_vl_text": _untrained_indexer,
    "inkling_text": _convolutions,
    "hy_v4": _untrained_latent_indexer,
    "axk2": _untrained_latent_indexer,
    "cpmant": _prompt,
}
_NOT_COUNTED: set[str] = set()


def _unused(config: dict[str, Any]) -> int:
    """Count weights that the oracle's class stores for experts that have none."""
    if config["model_type"] != "longcat_flash":
        return 0
    idle = config["num_layers"] * config["zero_expert_num"]
    return int(2 * idle * config["expert_ffn_hidden_size"] * config["hidden_size"])


def test_the_text_part_of_llama_4_has_its_published_counts() -> None:
    name = "meta-llama--Llama-4-Scout-17B-16E-Instruct"
    path = real_data("models", "configs", name, "config.json")
    config = json.loads(path.read_text(encoding="utf-8"))["text_config"]
    architecture = describe(config, "config.json")
    assert architecture.parameters_total == 107_769_861_120
    assert architecture.parameters_active == 17_172_894_720


def test_chunks_bound_what_a_token_sees() -> None:
    config = next(one for one in cases() if one["model_type"] == "llama4_text")
    chunked = operations_per_token(describe({**config, "attention_chunk_size": 16}), 256)
    whole = operations_per_token(describe({**config, "attention_chunk_size": None}), 256)
    assert chunked.full == whole.full
    assert chunked.causal < whole.causal


@pytest.mark.parametrize(
    ("config", "published"),
    [
        # Shapes of published models, counted by the published classes.
        (
            {"model_type": "exaone", "vocab_size": 102400, "hidden_size": 4096,
             "intermediate_size": 14336, "num_layers": 32, "num_attention_heads": 32,
             "num_key_value_heads": 8},
            7_818_448_896,
        ),
        (
            {"model_type": "openai-gpt", "vocab_size": 40478, "n_embd": 768, "n_layer": 12,
             "n_head": 12, "n_positions": 512},
            116_534_784,
        ),
        (
            {"model_type": "xglm", "vocab_size": 256008, "d_model": 1024, "ffn_dim": 4096,
             "num_layers": 24, "attention_heads": 16},
            564_463_616,
        ),
    ],
)  # fmt: skip
def test_a_published_shape_has_the_count_of_its_class(
    config: dict[str, Any], published: int
) -> None:
    assert describe(config).parameters_total == published


@pytest.mark.parametrize(
    ("model_type", "change", "fault"),
    [
        ("helium", {"head_dim": 24}, "not as wide as the stream"),
        ("diffllama", {"num_key_value_heads": 3}, "pairs of heads"),
        ("apertus1p5_text", {"output_vocab_size": 900, "tie_word_embeddings": True}, "tied head"),
        ("laguna", {"gating": "twice"}, "per-head or per-element"),
        ("laguna", {"num_attention_heads_per_layer": [6, 6, 6, 0]}, "a list of whole numbers"),
        ("hy_v3", {"mlp_layer_types": ["wide"] * 4}, "expected dense or sparse"),
        ("hy_v3", {"q_lora_rank": 8}, "does not belong to this family"),
        ("llama4_text", {"layer_types": ["sliding_attention"] * 4}, "no layers of the kind"),
        ("gemma3n_text", {"intermediate_size": [200, 200]}, "expected 4 entries"),
        ("gemma3n_text", {"intermediate_size": [200, 200, 0, 200]}, "for each layer"),
        ("gemma4_text", {"per_layer_config": {"0": {"head_dim": 8}}}, "settings of single layers"),
        ("gemma4_text", {"use_bidirectional_attention": "all"}, "without a causal order"),
        ("mimo_v2_flash", {"hybrid_layer_pattern": [0, 1, 1, 1]}, "state each layer's kind"),
        ("mimo_v2_flash", {"num_key_value_heads": 8}, "too many key heads"),
        ("minimax_m3_vl_text", {"moe_layer_freq": [0, 1, 1, 1]}, "state each layer's kind"),
        ("doge", {"is_moe": True}, "products of keys"),
    ],
)
def test_what_is_not_covered_is_refused(
    model_type: str, change: dict[str, Any], fault: str
) -> None:
    config = next(one for one in cases() if one["model_type"] == model_type)
    with pytest.raises(InputError, match=fault):
        describe({**config, **change}, "config.json")
