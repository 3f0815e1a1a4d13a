"""Small made-up configurations of further decoders, which an oracle has counted.

`record_decoders.py` builds each of them in transformers and writes what it finds to
`verified_decoders.json`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CASES", "SCANS", "WITH_VALUES", "cases"]

_SMALL = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_MIXED = {**_SMALL, "num_experts_per_tok": 2, "moe_intermediate_size": 56}
_LATENT = {
    **_SMALL,
    "num_key_value_heads": 6,
    "kv_lora_rank": 24,
    "q_lora_rank": 40,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 20,
}
_LATENT_MIXED = {
    **_LATENT,
    "moe_intermediate_size": 56,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 2,
    "n_group": 2,
    "topk_group": 1,
}

# For each model_type: the common keys, then what each case changes (None takes a key away).
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "apertus1p5_text": (
        _SMALL,
        [{}, {"output_vocab_size": 900, "attention_bias": True, "num_key_value_heads": 6}],
    ),
    "exaone": (
        _SMALL,
        [
            {},
            {
                "attention_bias": True,
                "mlp_bias": True,
                "num_hidden_layers": None,
                "num_layers": 3,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "iquestcoder": (_SMALL, [{}, {"attention_bias": True, "mlp_bias": True, "head_dim": 24}]),
    "cwm": (
        {**_SMALL, "head_dim": 16},
        [
            {},
            {"mlp_bias": True, "num_hidden_layers": 6, "head_dim": 24, "tie_word_embeddings": True},
        ],
    ),
    "helium": (
        {**_SMALL, "head_dim": 16},
        [{}, {"attention_bias": True, "mlp_bias": True, "num_key_value_heads": 6}],
    ),
    "bitnet": (_SMALL, [{}, {"attention_bias": True, "tie_word_embeddings": True}]),
    "diffllama": (_SMALL, [{}, {"attention_bias": True, "head_dim": 24}]),
    "granite_swa": (
        _SMALL,
        [{}, {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": False}],
    ),
    "hyperclovax": (
        {**_SMALL, "head_dim": 16},
        [{}, {"use_post_norm": False, "attention_bias": True, "mlp_bias": True, "head_dim": 24}],
    ),
    "jais2": (
        {**_SMALL, "head_dim": 16},
        [{}, {"attention_bias": False, "mlp_bias": False, "head_dim": 24}],
    ),
    "nanochat": (_SMALL, [{}, {"attention_bias": True, "tie_word_embeddings": True}]),
    "youtu": (_LATENT, [{}, {"q_lora_rank": None, "tie_word_embeddings": False}]),
    "axk1": (
        _LATENT_MIXED,
        [
            {},
            {
                "attention_bias": True,
                "n_shared_experts": 1,
                "mlp_layer_types": ["dense", "sparse", "dense", "sparse"],
            },
        ],
    ),
    "sarvam_mla": (
        {**_LATENT_MIXED, "q_lora_rank": None},
        [{}, {"first_k_dense_replace": 2, "attention_bias": True, "n_shared_experts": 1}],
    ),
    "afmoe": (
        {**_MIXED, "num_experts": 8, "head_dim": 16},
        [
            {},
            {
                "num_shared_experts": 1,
                "num_dense_layers": 2,
                "attention_bias": True,
                "head_dim": 24,
                "global_attn_every_n_layers": 2,
                "sliding_window": 64,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "exaone_moe": (
        {**_MIXED, "num_experts": 8, "n_group": 2, "topk_group": 1},
        [
            {},
            {
                "num_shared_experts": 2,
                "first_k_dense_replace": 2,
                "head_dim": 24,
                "sliding_window_pattern": 2,
                "tie_word_embeddings": True,
            },
            {"mlp_layer_types": ["sparse", "dense", "sparse", "sparse"]},
        ],
    ),
    "hy_v3": (
        {**_MIXED, "num_experts": 8, "head_dim": 16},
        [
            {},
            {
                "num_shared_experts": 2,
                "attention_bias": True,
                "mlp_bias": True,
                "head_dim": 24,
                "mlp_layer_types": ["sparse", "dense", "sparse", "dense"],
            },
        ],
    ),
    "laguna": (
        {**_MIXED, "num_experts": 8, "head_dim": 16, "shared_expert_intermediate_size": 72},
        [
            {},
            {
                "num_attention_heads_per_layer": [6, 4, 6, 8],
                "gating": "per-element",
                "attention_bias": True,
                "mlp_layer_types": ["sparse", "dense", "sparse", "sparse"],
                "layer_types": ["full_attention", "sliding_attention"] * 2,
            },
        ],
    ),
    "mellum": (
        {**_MIXED, "num_experts": None, "num_local_experts": 8, "head_dim": 16},
        [
            {},
            {
                "attention_bias": True,
                "head_dim": 24,
                "tie_word_embeddings": True,
                "mlp_layer_types": ["sparse", "dense", "sparse", "dense"],
                "layer_types": ["full_attention", "sliding_attention"] * 2,
            },
        ],
    ),
    "flint": (
        {
            **_MIXED,
            "num_hidden_layers": 5,
            "num_experts": 8,
            "head_dim": 16,
            "shared_expert_intermediate_size": 72,
        },
        [
            {},
            {
                "attention_bias": True,
                "head_dim": 24,
                "mlp_only_layers": [3],
                "decoder_sparse_step": 2,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "kolibri1": (
        {
            **_MIXED,
            "num_hidden_layers": 6,
            "num_local_experts": 8,
            "head_dim": 16,
            "shared_expert_intermediate_size": 72,
        },
        [{}, {"head_dim": 24, "tie_word_embeddings": True, "num_experts_per_tok": 3}],
    ),
    "solar_open": (
        {**_MIXED, "n_routed_experts": 8, "head_dim": 16, "n_group": 2, "topk_group": 1},
        [
            {},
            {
                "attention_bias": True,
                "head_dim": 24,
                "n_shared_experts": 2,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "sarvam_moe": (
        {**_MIXED, "n_routed_experts": 8, "head_dim": 16, "n_group": 2, "topk_group": 1},
        [
            {},
            {
                "attention_bias": True,
                "head_dim": 24,
                "n_shared_experts": 2,
                "use_qk_norm": False,
                "first_k_dense_replace": 2,
            },
        ],
    ),
    "aria_text": (
        {**_SMALL, "moe_num_experts": 8, "moe_topk": 2, "head_dim": 16},
        [
            {},
            {"attention_bias": True, "mlp_bias": True, "moe_num_shared_experts": 1, "head_dim": 24},
        ],
    ),
    "granitemoe_swa": (
        {**_SMALL, "num_local_experts": 8, "num_experts_per_tok": 2},
        [{}, {"attention_bias": True, "shared_intermediate_size": 72, "tie_word_embeddings": True}],
    ),
    "hunyuan_v1_moe": (
        {**_SMALL, "num_experts": 8, "moe_topk": 2, "head_dim": 16},
        [{}, {"attention_bias": True, "head_dim": 24, "tie_word_embeddings": True}],
    ),
    "cohere2_moe": (
        {**_SMALL, "num_experts": 8, "num_experts_per_tok": 2, "head_dim": 16},
        [
            {},
            {
                "num_shared_experts": 2,
                "attention_bias": True,
                "head_dim": 24,
                "first_k_dense_replace": 2,
                "prefix_dense_intermediate_size": 120,
            },
            {"tie_word_embeddings": False, "first_k_dense_replace": 1},
        ],
    ),
    "gemma3n_text": (
        {
            **_SMALL,
            "head_dim": 16,
            "vocab_size_per_layer_input": 900,
            "laurel_rank": 12,
            "hidden_size_per_layer_input": 24,
            "num_kv_shared_layers": 2,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
        },
        [
            {},
            {
                "attention_bias": True,
                "intermediate_size": [200, 120, 80, 160],
                "num_kv_shared_layers": 0,
                "altup_num_inputs": 3,
                "sliding_window": 64,
            },
        ],
    ),
    "gemma4_text": (
        {
            **_SMALL,
            "head_dim": 16,
            "global_head_dim": 32,
            "vocab_size_per_layer_input": 900,
            "hidden_size_per_layer_input": 24,
            "num_kv_shared_layers": 2,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
        },
        [
            {},
            {
                "hidden_size_per_layer_input": 0,
                "num_kv_shared_layers": 0,
                "enable_moe_block": True,
                "num_experts": 8,
                "top_k_experts": 2,
                "moe_intermediate_size": 56,
                "attention_k_eq_v": True,
                "num_global_key_value_heads": 1,
                "attention_bias": True,
            },
            {"use_double_wide_mlp": True, "tie_word_embeddings": False},
        ],
    ),
    "gemma4_unified_text": (
        {
            **_SMALL,
            "head_dim": 16,
            "global_head_dim": 32,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
        },
        [
            {},
            {
                "num_kv_shared_layers": 2,
                "use_double_wide_mlp": True,
                "attention_k_eq_v": True,
                "num_global_key_value_heads": 3,
            },
        ],
    ),
    "llama4_text": (
        {**_SMALL, "head_dim": 16, "intermediate_size_mlp": 144, "num_local_experts": 4},
        [
            {},
            {
                "interleave_moe_layer_step": 2,
                "attention_bias": True,
                "head_dim": 24,
                "attention_chunk_size": 64,
                "tie_word_embeddings": True,
            },
            {"moe_layers": [1], "num_experts_per_tok": 2, "no_rope_layers": [1, 0, 1, 0]},
        ],
    ),
    "minimax_m3_vl_text": (
        {
            **_SMALL,
            "head_dim": 16,
            "dense_intermediate_size": 144,
            "num_local_experts": 8,
            "num_experts_per_tok": 2,
            "shared_intermediate_size": 72,
        },
        [
            {},
            {
                "mlp_layer_types": ["dense", "sparse", "sparse", "sparse"],
                "head_dim": 24,
                "layer_types": ["full_attention", "minimax_m3_sparse"] * 2,
                "index_n_heads": 2,
                "index_head_dim": 16,
                "index_block_size": 32,
                "index_topk_blocks": 2,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "mimo_v2_flash": (
        {
            **_MIXED,
            "num_attention_heads": 8,
            "n_routed_experts": 8,
            "head_dim": 24,
            "v_head_dim": 16,
            "n_group": 2,
            "topk_group": 1,
        },
        [
            {},
            {
                "attention_bias": True,
                "mlp_layer_types": ["sparse", "dense", "sparse", "sparse"],
                "layer_types": ["sliding_attention", "full_attention"] * 2,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "doge": (
        _SMALL,
        [
            {},
            {
                "attention_bias": True,
                "mlp_bias": True,
                "num_key_value_heads": 6,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "modernbert-decoder": (
        {**_SMALL, "num_key_value_heads": None},
        [
            {},
            {
                "norm_bias": True,
                "attention_bias": True,
                "mlp_bias": True,
                "decoder_bias": False,
                "classifier_bias": True,
                "tie_word_embeddings": False,
                "local_attention": 32,
            },
        ],
    ),
    "openai-gpt": (
        {"vocab_size": 1000, "n_embd": 96, "n_layer": 3, "n_head": 6, "n_positions": 512},
        [{}, {"n_layer": 2, "n_head": 4, "tie_word_embeddings": False}],
    ),
    "xglm": (
        {
            "vocab_size": 1000,
            "d_model": 96,
            "ffn_dim": 200,
            "num_layers": 3,
            "attention_heads": 6,
            "max_position_embeddings": 512,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "pad_token_id": 1,
        },
        [{}, {"num_layers": 2, "tie_word_embeddings": False}],
    ),
    "ctrl": (
        {
            "vocab_size": 1000,
            "n_embd": 96,
            "dff": 200,
            "n_layer": 3,
            "n_head": 6,
            "n_positions": 512,
        },
        [{}, {"n_layer": 2, "tie_word_embeddings": False}],
    ),
    "gpt_neox_japanese": (
        {**_SMALL, "num_key_value_heads": None, "intermediate_size": None},
        [{}, {"intermediate_multiple_size": 2, "tie_word_embeddings": False}],
    ),
    "cpmant": (
        {
            "vocab_size": 1000,
            "hidden_size": 96,
            "num_attention_heads": 6,
            "dim_head": 16,
            "dim_ff": 200,
            "num_hidden_layers": 3,
        },
        [
            {},
            {
                "dim_head": 24,
                "prompt_types": 4,
                "prompt_length": 8,
                "segment_types": 8,
                "position_bias_num_buckets": 64,
            },
        ],
    ),
    "gpt-sw3": (
        {
            "vocab_size": 1000,
            "n_embd": 96,
            "n_layer": 3,
            "n_head": 6,
            "n_positions": 512,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
        [{}, {"n_inner": 100}],
    ),
    "jetmoe": (
        {
            **_SMALL,
            "num_attention_heads": 4,
            "kv_channels": 16,
            "num_local_experts": 8,
            "num_experts_per_tok": 2,
        },
        [
            {},
            {
                "num_key_value_heads": 3,
                "num_attention_heads": 9,
                "num_experts_per_tok": 3,
                "kv_channels": 24,
                "tie_word_embeddings": False,
            },
        ],
    ),
    "longcat_flash": (
        {
            **_LATENT,
            "intermediate_size": None,
            "num_hidden_layers": None,
            "num_layers": 2,
            "ffn_hidden_size": 200,
            "expert_ffn_hidden_size": 56,
            "n_routed_experts": 8,
            "zero_expert_num": 4,
            "moe_topk": 3,
            "head_dim": 8,
        },
        [
            {},
            {
                "router_bias": True,
                "attention_bias": True,
                "zero_expert_num": 2,
                "tie_word_embeddings": False,
            },
        ],
    ),
    "moshi": (
        {**_SMALL, "intermediate_size": None, "ffn_dim": 200, "head_dim": 16},
        [{}, {"num_key_value_heads": 6, "head_dim": 24, "sliding_window": 64}],
    ),
    "hy_v4": (
        {
            **_LATENT_MIXED,
            "n_group": 1,
            "num_hidden_layers": 5,
            "index_n_heads": 4,
            "index_head_dim": 16,
            "index_topk": 32,
            "hc_mult": 3,
        },
        [
            {},
            {
                "attention_bias": True,
                "n_shared_experts": 1,
                "hc_mult": 2,
                "indexer_types": ["full", "shared", "shared", "full", "shared"],
                "mlp_layer_types": ["sparse", "dense", "sparse", "sparse", "dense"],
                "tie_word_embeddings": True,
            },
        ],
    ),
    "axk2": (
        {
            **_LATENT_MIXED,
            "index_n_heads": 4,
            "index_head_dim": 16,
            "index_topk": 32,
            "gated_norm_rank": 8,
        },
        [
            {},
            {
                "attention_bias": True,
                "n_shared_experts": 1,
                "gated_norm_rank": 12,
                "mlp_layer_types": ["sparse", "dense", "sparse", "dense"],
                "tie_word_embeddings": True,
            },
        ],
    ),
    "dory": (
        {
            **_SMALL,
            "num_hidden_layers": 6,
            "head_dim": 16,
            "n_input_layers": 1,
            "n_output_layers": 2,
        },
        [
            {},
            {
                "attention_bias": True,
                "mlp_bias": True,
                "head_dim": 24,
                "n_recurrent_loops": 3,
                "tie_word_embeddings": True,
                "n_input_layers": 2,
                "n_recurrent_layers": 2,
            },
            {
                "num_hidden_layers": 8,
                "n_input_layers": 2,
                "n_output_layers": 2,
                "n_recurrent_layers": 4,
                "n_recurrent_loops": 1,
                "layer_types": ["sliding_attention", "mlp", "full_attention", "mlp"] * 2,
            },
        ],
    ),
    "inkling_text": (
        {
            **_MIXED,
            "n_routed_experts": 8,
            "head_dim": 16,
            "swa_num_attention_heads": 4,
            "swa_num_key_value_heads": 4,
            "swa_head_dim": 24,
            "d_rel": 8,
            "rel_extent": 64,
            "sliding_window_size": 32,
            "layer_types": ["hybrid_sliding", "hybrid", "hybrid_sliding", "hybrid"],
        },
        [
            {},
            {
                "mlp_layer_types": ["dense", "sparse", "sparse", "dense"],
                "n_shared_experts": 1,
                "conv_kernel_size": 3,
                "num_experts_per_tok": 3,
            },
        ],
    ),
}

# Families whose experts are run one by one, on as many tokens as picked them: with values only.
WITH_VALUES = ("jetmoe", "longcat_flash")

# Families of which only the forward pass is counted, and classes in it where the count stands for
# the projections alone.
SCANS: dict[str, tuple[str, ...]] = {
    "inkling_text": ("InklingShortConvolution",),
    "diffllama": (),  # a step of its backward pass copies values, which a shape does not have
}


def cases() -> list[dict[str, Any]]:
    """Return every case as a configuration, in a fixed order."""
    found = []
    for model_type, (common, changes) in CASES.items():
        for change in changes:
            merged = {"model_type": model_type, **common, **change}
            kept = {
                name: value
                for name, value in merged.items()
                if value is not None or name == "q_lora_rank"
            }
            found.append(kept)
    return found
