"""What explains a difference between a configuration's count and the tensors of its files."""

from __future__ import annotations

import json
from math import ceil
from typing import Any

import pytest

from chapterv.compute import Architecture, compare_with_weights, describe
from chapterv.errors import InputError
from tests.real_data import real_data

Tensors = list[tuple[str, str, tuple[int, ...]]]

_GPT2 = {"model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 16,
         "vocab_size": 100}  # fmt: skip


def _gpt2(config: dict[str, Any]) -> Tensors:
    wide, places = config["n_embd"], config["n_positions"]
    tensors: Tensors = [
        ("wte.weight", "F32", (config["vocab_size"], wide)),
        ("wpe.weight", "F32", (places, wide)),
        ("ln_f.weight", "F32", (wide,)),
        ("ln_f.bias", "F32", (wide,)),
    ]
    shapes = {
        "ln_1.weight": (wide,),
        "ln_1.bias": (wide,),
        "attn.c_attn.weight": (wide, 3 * wide),
        "attn.c_attn.bias": (3 * wide,),
        "attn.c_proj.weight": (wide, wide),
        "attn.c_proj.bias": (wide,),
        "ln_2.weight": (wide,),
        "ln_2.bias": (wide,),
        "mlp.c_fc.weight": (wide, 4 * wide),
        "mlp.c_fc.bias": (4 * wide,),
        "mlp.c_proj.weight": (4 * wide, wide),
        "mlp.c_proj.bias": (wide,),
    }
    for layer in range(config["n_layer"]):
        tensors += [(f"h.{layer}.{name}", "F32", shape) for name, shape in shapes.items()]
    return tensors


def _masks(config: dict[str, Any]) -> Tensors:
    places = config["n_positions"]
    return [
        (f"h.{layer}.attn.bias", "F32", (1, 1, places, places))
        for layer in range(config["n_layer"])
    ]


def test_the_bare_tensors_of_a_model_agree() -> None:
    comparison = compare_with_weights(describe(_GPT2), _gpt2(_GPT2))
    assert comparison.verdict == "agrees"
    assert comparison.stored == comparison.configured
    assert comparison.explained == ()


def test_masks_explain_the_published_count_of_gpt2() -> None:
    path = real_data("models", "configs", "openai-community--gpt2", "config.json")
    config = json.loads(path.read_text(encoding="utf-8"))
    comparison = compare_with_weights(describe(config), _gpt2(config) + _masks(config))
    assert comparison.verdict == "explained"
    assert comparison.stored == 137_022_720  # as listed for the published file
    assert comparison.explained[0].amount == 12 * 1024 * 1024
    assert comparison.explained[0].tensors == 12


def test_masks_and_frequencies_explain_the_published_count_of_pythia() -> None:
    config = {
        "model_type": "gpt_neox",
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_attention_heads": 16,
        "num_hidden_layers": 24,
        "vocab_size": 50304,
    }
    wide = 2048
    tensors: Tensors = [
        ("gpt_neox.embed_in.weight", "F16", (50304, wide)),
        ("embed_out.weight", "F16", (50304, wide)),
        ("gpt_neox.final_layer_norm.weight", "F16", (wide,)),
        ("gpt_neox.final_layer_norm.bias", "F16", (wide,)),
    ]
    shapes = {
        "input_layernorm.weight": (wide,),
        "input_layernorm.bias": (wide,),
        "post_attention_layernorm.weight": (wide,),
        "post_attention_layernorm.bias": (wide,),
        "attention.query_key_value.weight": (3 * wide, wide),
        "attention.query_key_value.bias": (3 * wide,),
        "attention.dense.weight": (wide, wide),
        "attention.dense.bias": (wide,),
        "mlp.dense_h_to_4h.weight": (4 * wide, wide),
        "mlp.dense_h_to_4h.bias": (4 * wide,),
        "mlp.dense_4h_to_h.weight": (wide, 4 * wide),
        "mlp.dense_4h_to_h.bias": (wide,),
        "attention.bias": (1, 1, 2048, 2048),
        "attention.rotary_emb.inv_freq": (16,),
    }
    for layer in range(24):
        prefix = f"gpt_neox.layers.{layer}"
        tensors += [(f"{prefix}.{name}", "F16", shape) for name, shape in shapes.items()]
    comparison = compare_with_weights(describe(config), tensors)
    assert comparison.verdict == "explained"
    assert comparison.configured == 1_414_647_808
    assert comparison.stored == 1_515_311_488  # as listed for the published file


def test_a_tied_head_that_is_stored_again_explains_itself() -> None:
    tensors = [*_gpt2(_GPT2), ("lm_head.weight", "F32", (100, 32))]
    comparison = compare_with_weights(describe(_GPT2), tensors)
    assert comparison.verdict == "explained"
    assert "tied" in comparison.explained[0].cause
    assert comparison.explained[0].amount == 3200


def test_a_head_of_its_own_in_a_model_that_should_be_tied_in_another_shape_disagrees() -> None:
    tensors = [*_gpt2(_GPT2), ("lm_head.weight", "F32", (104, 32))]
    comparison = compare_with_weights(describe(_GPT2), tensors)
    assert comparison.verdict == "disagrees"
    assert comparison.unexplained == 104 * 32


def test_a_head_that_is_missing_is_hinted_at() -> None:
    untied = describe({**_GPT2, "tie_word_embeddings": False})
    comparison = compare_with_weights(untied, _gpt2(_GPT2))
    assert comparison.verdict == "disagrees"
    assert comparison.unexplained == -3200
    assert "tied" in comparison.hints[0]


@pytest.mark.parametrize(
    "name",
    ["h.0.attn.masked_bias", "h.0.attn.rotary_emb.inv_freq", "embeddings.position_ids"],
)
def test_other_buffers_are_no_parameters(name: str) -> None:
    shape = (1,) if name.endswith("masked_bias") else (16,)
    comparison = compare_with_weights(describe(_GPT2), [*_gpt2(_GPT2), (name, "F32", shape)])
    assert comparison.verdict == "explained"
    assert "buffer" in comparison.explained[0].cause


def test_one_tensor_too_few_disagrees_by_its_size() -> None:
    comparison = compare_with_weights(describe(_GPT2), _gpt2(_GPT2)[:-1])
    assert comparison.verdict == "disagrees"
    assert comparison.unexplained == -32


def test_more_layers_than_configured_disagree_and_are_no_prediction_layers() -> None:
    comparison = compare_with_weights(describe(_GPT2), _gpt2({**_GPT2, "n_layer": 3}))
    assert comparison.verdict == "disagrees"
    assert comparison.unexplained == 12_704
    assert "beyond those that the configuration names" in comparison.hints[0]


def test_an_adapter_is_called_one() -> None:
    tensors: Tensors = [
        ("base_model.model.h.0.attn.c_attn.lora_A.weight", "F32", (8, 32)),
        ("base_model.model.h.0.attn.c_attn.lora_B.weight", "F32", (96, 8)),
    ]
    comparison = compare_with_weights(describe(_GPT2), tensors)
    assert comparison.verdict == "disagrees"
    assert "adapter" in comparison.hints[0]


def test_packed_four_bit_weights_count_by_their_values() -> None:
    packed: Tensors = []
    for name, dtype, shape in _gpt2(_GPT2):
        if name.endswith("c_fc.weight"):
            packed.append((name, "U8", (shape[0], shape[1] // 2)))
            packed.append((f"{name}_scale", "F8_E4M3", (shape[0], shape[1] // 16)))
            packed.append((name.replace(".weight", ".weight_scale_2"), "F32", ()))
        else:
            packed.append((name, dtype, shape))
    comparison = compare_with_weights(describe(_GPT2), packed)
    assert comparison.verdict == "explained"
    assert {cause.cause.split()[0] for cause in comparison.explained} == {"packed", "scale"}
    assert comparison.stored < comparison.configured


def test_weights_packed_into_words_need_their_bits() -> None:
    packed: Tensors = []
    for name, dtype, shape in _gpt2(_GPT2):
        if name.endswith("c_fc.weight"):
            packed.append((name.replace("weight", "qweight"), "I32", (shape[0] // 4, shape[1])))
            packed.append((name.replace("weight", "scales"), "F16", (1, shape[1])))
            packed.append((name.replace("weight", "qzeros"), "I32", (1, shape[1] // 4)))
            packed.append((name.replace("weight", "g_idx"), "I32", (shape[0],)))
        else:
            packed.append((name, dtype, shape))
    assert compare_with_weights(describe(_GPT2), packed, packed_bits=8).verdict == "explained"
    assert compare_with_weights(describe(_GPT2), packed, packed_bits=4).verdict == "disagrees"


def _deepseek(architecture: Architecture, config: dict[str, Any]) -> Tensors:
    """List the tensors of DeepSeek-V3 as published: 8-bit floats in blocks, one layer ahead."""
    wide, heads = config["hidden_size"], config["num_attention_heads"]
    latent, rope = config["kv_lora_rank"], config["qk_rope_head_dim"]
    nope, value, narrow = config["qk_nope_head_dim"], config["v_head_dim"], config["q_lora_rank"]
    vocabulary = config["vocab_size"]
    tensors: Tensors = [
        ("model.embed_tokens.weight", "BF16", (vocabulary, wide)),
        ("lm_head.weight", "BF16", (vocabulary, wide)),
        ("model.norm.weight", "BF16", (wide,)),
    ]

    def quantised(name: str, rows: int, columns: int) -> None:
        tensors.append((f"{name}.weight", "F8_E4M3", (rows, columns)))
        tensors.append((f"{name}.weight_scale_inv", "F32", (ceil(rows / 128), ceil(columns / 128))))

    def gated(name: str, inner: int) -> None:
        quantised(f"{name}.gate_proj", inner, wide)
        quantised(f"{name}.up_proj", inner, wide)
        quantised(f"{name}.down_proj", wide, inner)

    for index in range(architecture.layer_count + 1):
        layer = f"model.layers.{index}"
        quantised(f"{layer}.self_attn.q_a_proj", narrow, wide)
        quantised(f"{layer}.self_attn.q_b_proj", heads * (nope + rope), narrow)
        quantised(f"{layer}.self_attn.kv_a_proj_with_mqa", latent + rope, wide)
        quantised(f"{layer}.self_attn.kv_b_proj", heads * (nope + value), latent)
        quantised(f"{layer}.self_attn.o_proj", wide, heads * value)
        for name, width in (
            ("self_attn.q_a_layernorm", narrow),
            ("self_attn.kv_a_layernorm", latent),
            ("input_layernorm", wide),
            ("post_attention_layernorm", wide),
        ):
            tensors.append((f"{layer}.{name}.weight", "BF16", (width,)))
        if index < config["first_k_dense_replace"]:
            gated(f"{layer}.mlp", config["intermediate_size"])
            continue
        tensors.append((f"{layer}.mlp.gate.weight", "BF16", (config["n_routed_experts"], wide)))
        bias = (f"{layer}.mlp.gate.e_score_correction_bias", "F32", (config["n_routed_experts"],))
        tensors.append(bias)
        gated(f"{layer}.mlp.shared_experts", config["moe_intermediate_size"])
        for expert in range(config["n_routed_experts"]):
            gated(f"{layer}.mlp.experts.{expert}", config["moe_intermediate_size"])
    ahead = f"model.layers.{architecture.layer_count}"
    tensors.append((f"{ahead}.embed_tokens.weight", "BF16", (vocabulary, wide)))
    tensors.append((f"{ahead}.shared_head.head.weight", "BF16", (vocabulary, wide)))
    tensors.append((f"{ahead}.eh_proj.weight", "BF16", (wide, 2 * wide)))
    for name in ("enorm", "hnorm", "shared_head.norm"):
        tensors.append((f"{ahead}.{name}.weight", "BF16", (wide,)))
    return tensors


def test_scales_a_prediction_layer_and_copies_explain_the_published_count_of_deepseek_v3() -> None:
    path = real_data("models", "configs", "deepseek-ai--DeepSeek-V3", "config.json")
    config = json.loads(path.read_text(encoding="utf-8"))
    architecture = describe(config)
    comparison = compare_with_weights(architecture, _deepseek(architecture, config))
    assert comparison.verdict == "explained"
    amounts = {cause.cause: cause.amount for cause in comparison.explained}
    assert amounts["layer that predicts further tokens"] == architecture.parameters_mtp
    assert sum(amounts.values()) == comparison.stored - 671_026_404_352
    assert comparison.stored == 684_531_386_000  # as listed for the published file


def test_a_prediction_layer_of_another_size_disagrees() -> None:
    path = real_data("models", "configs", "deepseek-ai--DeepSeek-V3", "config.json")
    config = json.loads(path.read_text(encoding="utf-8"))
    architecture = describe(config)
    tensors = [t for t in _deepseek(architecture, config) if not t[0].endswith("eh_proj.weight")]
    comparison = compare_with_weights(architecture, tensors)
    assert comparison.verdict == "disagrees"
    assert comparison.unexplained == -2 * 7168 * 7168


def test_a_family_that_counts_its_balancing_bias_agrees_with_it_stored() -> None:
    config = {
        "model_type": "minimax_m2",
        "hidden_size": 32,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "head_dim": 8,
        "num_local_experts": 2,
        "num_experts_per_tok": 1,
        "vocab_size": 100,
    }
    layer = "model.layers.0"
    square = [(f"{layer}.self_attn.{name}_proj.weight", "BF16", (32, 32)) for name in "qkvo"]
    expert = [
        (f"{layer}.block_sparse_moe.experts.{index}.{name}.weight", "BF16", (16, 32))
        for index in (0, 1)
        for name in ("w1", "w2", "w3")
    ]
    vectors = [
        (f"{layer}.{name}.weight", "BF16", (32,))
        for name in (
            "self_attn.q_norm",
            "self_attn.k_norm",
            "input_layernorm",
            "post_attention_layernorm",
        )
    ]
    tensors: Tensors = [
        ("model.embed_tokens.weight", "BF16", (100, 32)),
        ("lm_head.weight", "BF16", (100, 32)),
        ("model.norm.weight", "BF16", (32,)),
        (f"{layer}.block_sparse_moe.gate.weight", "BF16", (2, 32)),
        (f"{layer}.block_sparse_moe.e_score_correction_bias", "F32", (2,)),
        *square,
        *expert,
        *vectors,
    ]
    assert compare_with_weights(describe(config), tensors).verdict == "agrees"


@pytest.mark.parametrize("shape", [(-1, 2), (True,), ("2",), (2.0,)])
def test_a_shape_that_is_none_is_refused(shape: Any) -> None:
    with pytest.raises(InputError, match="shape"):
        compare_with_weights(describe(_GPT2), [("wte.weight", "F32", shape)])


def test_a_tensor_listed_twice_is_refused() -> None:
    tensors = _gpt2(_GPT2)
    with pytest.raises(InputError, match="twice"):
        compare_with_weights(describe(_GPT2), [*tensors, tensors[0]])
