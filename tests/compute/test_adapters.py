"""Adapters against what PEFT trains, published files, and what is refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import Architecture, Component, Layer, describe
from chapterv.compute.adapters import (
    adapter_parameters,
    adapter_parameters_of,
    ia3_parameters,
)
from chapterv.compute.architecture import Projection
from chapterv.errors import InputError
from tests.compute import cases as base
from tests.real_data import real_data

_TABLE = json.loads((Path(__file__).parent / "verified_adapters.json").read_text(encoding="utf-8"))

TINYLLAMA = {
    "model_type": "llama",
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_attention_heads": 32,
    "num_hidden_layers": 22,
    "num_key_value_heads": 4,
    "vocab_size": 32000,
}


def _first(model_type: str) -> Architecture:
    return describe(next(one for one in base.cases() if one["model_type"] == model_type))


def _name(row: dict[str, Any]) -> str:
    settings = row["settings"]
    return f"{row['config']['model_type']} {settings['peft_type']} {settings['target_modules']}"


@pytest.mark.parametrize("row", _TABLE["rows"], ids=_name)
def test_trained_weights_equal_those_that_peft_makes(row: dict[str, Any]) -> None:
    architecture = describe(row["config"])
    counted = adapter_parameters_of(architecture, row["settings"], experts=row["experts"])
    assert counted == row["trained"]


def test_a_published_settings_file_gives_the_trained_weights_of_its_run() -> None:
    path = real_data("models", "runs", "lora-tinyllama", "adapter_config.json")
    settings = json.loads(path.read_text(encoding="utf-8"))
    architecture = describe(TINYLLAMA)
    # In each of 22 layers: 8 * (2048 + 2048) for queries and 8 * (2048 + 256) for values.
    assert adapter_parameters_of(architecture, settings) == 22 * (32_768 + 18_432)
    assert adapter_parameters(architecture, 8, ["q_proj", "v_proj"]) == 1_126_400


def test_a_published_adapter_file_holds_as_many_weights_as_its_settings_give() -> None:
    folder = ("models", "runs", "lora-distilbert")
    settings = json.loads(real_data(*folder, "adapter_config.json").read_text(encoding="utf-8"))
    raw = real_data(*folder, "adapter_model.header-only.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    stored = 0
    for name, entry in header.items():
        if "lora_" in name:
            rows, columns = entry["shape"]
            stored += rows * columns
    names = ("q_lin", "k_lin", "v_lin", "out_lin")
    attention = Component(
        "attention", 4 * 768**2, projections=tuple(Projection(one, 768, 768) for one in names)
    )
    encoder = Architecture("distilbert", "distilbert", (Layer(6, (attention,)),), ())
    kept = {**settings, "modules_to_save": None}
    assert adapter_parameters_of(encoder, kept) == stored


def test_experts_that_are_modules_of_their_own_each_get_an_adapter() -> None:
    architecture = _first("qwen3_moe")
    # Four layers of eight experts: two matrices of 96 by 56 and one of 56 by 96.
    attention = adapter_parameters(architecture, 4, ["q_proj", "k_proj", "v_proj", "o_proj"])
    everything = adapter_parameters(architecture, 4, "all-linear", experts="apart")
    assert everything - attention == 4 * 8 * 3 * 4 * (96 + 56)


def test_where_targets_may_mean_experts_it_must_be_said_what_becomes_of_them() -> None:
    architecture = _first("qwen3_moe")
    for targets in ("all-linear", ["q_proj", "down_proj"]):
        with pytest.raises(InputError, match="the targets may mean experts"):
            adapter_parameters(architecture, 4, targets)
    assert adapter_parameters(architecture, 4, ["q_proj"]) > 0


def test_rank_zero_does_not_exist_and_ranks_add_up() -> None:
    architecture = _first("llama")
    one = adapter_parameters(architecture, 1, "all-linear")
    assert adapter_parameters(architecture, 7, "all-linear") == 7 * one
    with pytest.raises(InputError, match="the rank must be"):
        adapter_parameters(architecture, 0, "all-linear")


def test_matrices_divide_among_lists_of_targets() -> None:
    architecture = _first("gemma2")
    parts = [["q_proj", "k_proj"], ["v_proj", "o_proj"], ["gate_proj", "up_proj", "down_proj"]]
    whole = adapter_parameters(architecture, 3, "all-linear")
    assert sum(adapter_parameters(architecture, 3, part) for part in parts) == whole
    by_layer = [
        adapter_parameters(architecture, 3, "all-linear", layers=[index])
        for index in range(architecture.layer_count)
    ]
    assert sum(by_layer) == whole


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"targets": ["c_attn"]}, "no matrix of the family llama is called 'c_attn'"),
        ({"targets": ".*_proj"}, "a pattern for names"),
        ({"targets": []}, "no target is named"),
        ({"bias": "all"}, "training the model's own biases"),
        ({"modules_to_save": ["norm"]}, "a trained copy of 'norm' is not covered"),
        ({"expert_targets": ["experts.down_proj"]}, "no tensor of experts"),
        ({"rank_pattern": {"layers.0.q_proj": 2}}, "a rank for some layers alone"),
        ({"targets": ["embed_tokens"], "dora": True}, "beside a token table"),
    ],
)
def test_what_is_not_covered_is_refused(change: dict[str, Any], fault: str) -> None:
    values = {"targets": ["q_proj"], **change}
    with pytest.raises(InputError, match=fault):
        adapter_parameters(describe(TINYLLAMA), 8, **values)


def test_a_single_name_may_stand_without_a_list() -> None:
    architecture = describe(TINYLLAMA)
    assert adapter_parameters(architecture, 8, "q_proj") == (
        adapter_parameters(architecture, 8, ["self_attn.q_proj"])
    )
    with pytest.raises(InputError, match="no target is named"):
        adapter_parameters(architecture, 8, "")


def test_the_names_that_exist_are_shown() -> None:
    with pytest.raises(InputError) as refused:
        adapter_parameters(describe(TINYLLAMA), 8, ["query_key_value"])
    assert "q_proj" in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"peft_type": "ADALORA"}, "one of LORA, IA3"),
        ({"target_modules": "q.*"}, "expected a list of names"),
        ({"target_modules": [1]}, "expected a list of names"),
        ({"layer_replication": [[0, 4]]}, "this setting of adapters is not covered"),
        ({"r": -1}, "expected 1 to"),
    ],
)
def test_a_settings_file_is_read_strictly(settings: dict[str, Any], fault: str) -> None:
    whole = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj"], **settings}
    with pytest.raises(InputError, match=fault):
        adapter_parameters_of(describe(TINYLLAMA), whole, "adapter_config.json")


def test_half_of_a_joined_tensor_cannot_have_an_adapter() -> None:
    with pytest.raises(InputError, match="name both or none"):
        adapter_parameters(_first("qwen3_moe"), 4, ["gate_proj"], experts="converted")


def test_factors_stand_for_outputs_or_inputs() -> None:
    architecture = describe(TINYLLAMA)
    assert ia3_parameters(architecture, ["k_proj", "v_proj"]) == 22 * 512
    assert ia3_parameters(architecture, ["down_proj"], ["down_proj"]) == 22 * 5632
    assert ia3_parameters(architecture, ["down_proj"]) == 22 * 2048
