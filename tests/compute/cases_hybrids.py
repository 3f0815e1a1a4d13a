"""Small made-up configurations of hybrids and state-space models, which an oracle has counted.

`record_hybrids.py` builds each of them in transformers and writes what it finds to
`verified_hybrids.json`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CASES", "SCANS", "WITH_VALUES", "cases"]

_IDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
_SMALL = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    **_IDS,
}
_NEMOTRON = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 24,
    "ssm_state_size": 16,
    "mamba_num_heads": 12,
    "mamba_head_dim": 8,
    "n_groups": 2,
    "max_position_embeddings": 512,
    **_IDS,
}
_NEMOTRON_MIXED = {
    **_NEMOTRON,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 56,
    "moe_shared_expert_intermediate_size": 72,
}

_DELTA = {
    "linear_num_key_heads": 3,
    "linear_num_value_heads": 6,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 20,
}
_LATENT = {
    **_SMALL,
    "num_key_value_heads": 6,
    "kv_lora_rank": 24,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 20,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 56,
    "n_group": 2,
    "topk_group": 1,
}

# For each model_type: the common keys, then what each case changes (None takes a key away,
# but stays for key heads, where it means as many as heads).
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "nemotron_h": (
        _NEMOTRON,
        [
            {"hybrid_override_pattern": "M-M*-", "num_hidden_layers": 5},
            {
                "hybrid_override_pattern": "M-*",
                "use_bias": True,
                "mlp_bias": True,
                "use_conv_bias": False,
            },
            {**_NEMOTRON_MIXED, "hybrid_override_pattern": "MEM*E-"},
            {
                **_NEMOTRON_MIXED,
                "layers_block_type": ["mamba", "moe", "attention"],
                "moe_latent_size": 40,
                "mlp_bias": True,
                "n_group": 2,
                "topk_group": 1,
            },
        ],
    ),
    "mamba": (
        {"vocab_size": 1000, "hidden_size": 96, "num_hidden_layers": 3, **_IDS},
        [
            {},
            {
                "state_size": 8,
                "expand": 3,
                "conv_kernel": 3,
                "use_bias": True,
                "use_conv_bias": False,
                "time_step_rank": 10,
                "tie_word_embeddings": False,
            },
        ],
    ),
    "falcon_mamba": (
        {"vocab_size": 1000, "hidden_size": 96, "num_hidden_layers": 3, **_IDS},
        [{}, {"state_size": 8, "expand": 3, "use_bias": True, "tie_word_embeddings": False}],
    ),
    "mamba2": (
        {
            "vocab_size": 1000,
            "hidden_size": 96,
            "num_hidden_layers": 3,
            "num_heads": 12,
            "head_dim": 16,
            "n_groups": 2,
            "state_size": 16,
            **_IDS,
        },
        [
            {},
            {
                "use_bias": True,
                "use_conv_bias": False,
                "tie_word_embeddings": True,
                "n_groups": 1,
                "conv_kernel": 3,
            },
        ],
    ),
    "bamba": (
        {**_SMALL, "mamba_n_heads": 12, "mamba_d_head": 16, "mamba_d_state": 16},
        [
            {"attn_layer_indices": [1, 3]},
            {
                "attn_layer_indices": [2],
                "mamba_proj_bias": True,
                "mamba_conv_bias": False,
                "attention_bias": True,
                "mlp_bias": True,
                "mamba_n_groups": 2,
                "num_key_value_heads": None,
                "tie_word_embeddings": True,
            },
        ],
    ),
    "falcon_h1": (
        {**_SMALL, "mamba_n_heads": 12, "mamba_d_head": 8, "mamba_d_ssm": 96, "mamba_d_state": 16},
        [
            {},
            {
                "mamba_proj_bias": True,
                "projectors_bias": True,
                "mamba_conv_bias": False,
                "attention_bias": True,
                "mlp_bias": True,
                "mamba_n_groups": 2,
                "mamba_rms_norm": True,
                "tie_word_embeddings": True,
                "head_dim": 24,
            },
        ],
    ),
    "granitemoehybrid": (
        {
            **_SMALL,
            "mamba_n_heads": 12,
            "mamba_d_head": 16,
            "mamba_d_state": 16,
            "shared_intermediate_size": 72,
        },
        [
            {"layer_types": ["mamba", "attention", "mamba", "mamba"]},
            {
                "num_local_experts": 0,
                "mamba_proj_bias": True,
                "attention_bias": True,
                "layer_types": ["linear_attention", "full_attention"] * 2,
                "tie_word_embeddings": True,
            },
            {"num_local_experts": 4, "num_experts_per_tok": 3, "num_key_value_heads": None},
        ],
    ),
    "jamba": (
        {**_SMALL, "num_experts": 4, "mamba_d_state": 8},
        [
            {"attn_layer_period": 4, "attn_layer_offset": 2},
            {
                "attn_layer_period": 2,
                "attn_layer_offset": 1,
                "mamba_proj_bias": True,
                "mamba_conv_bias": False,
                "mamba_dt_rank": 10,
                "expert_layer_period": 4,
                "expert_layer_offset": 3,
                "tie_word_embeddings": True,
            },
            {"num_experts": 1},
        ],
    ),
    "zamba": (
        {
            **_SMALL,
            "num_key_value_heads": 6,
            "num_hidden_layers": 10,
            "attn_layer_period": 3,
            "attn_layer_offset": 1,
            "mamba_dt_rank": 6,
        },
        [
            {},
            {
                "mamba_proj_bias": True,
                "mamba_conv_bias": False,
                "n_mamba_heads": 4,
                "num_hidden_layers": 4,
                "num_key_value_heads": 2,
                "layers_block_type": ["mamba", "hybrid", "mamba", "hybrid"],
            },
        ],
    ),
    "zamba2": (
        {
            **_SMALL,
            "num_key_value_heads": 6,
            "num_hidden_layers": 6,
            "n_mamba_heads": 12,
            "mamba_d_state": 16,
            "adapter_rank": 8,
            "layers_block_type": ["mamba", "hybrid", "mamba", "hybrid", "hybrid", "mamba"],
        },
        [
            {},
            {
                "num_mem_blocks": 2,
                "use_shared_attention_adapter": True,
                "add_bias_linear": True,
                "mamba_ngroups": 2,
                "num_key_value_heads": None,
            },
        ],
    ),
    "qwen3_next": (
        {
            **_SMALL,
            **_DELTA,
            "head_dim": 24,
            "num_experts": 8,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 56,
            "shared_expert_intermediate_size": 72,
        },
        [
            {},
            {
                "mlp_only_layers": [1],
                "decoder_sparse_step": 2,
                "attention_bias": True,
                "full_attention_interval": 2,
                "tie_word_embeddings": True,
            },
            {"layer_types": ["full_attention", "linear_attention"] * 2},
        ],
    ),
    "qwen3_5_text": (
        {**_SMALL, **_DELTA, "head_dim": 24},
        [{}, {"attention_bias": True, "full_attention_interval": 2, "tie_word_embeddings": True}],
    ),
    "qwen3_5_moe_text": (
        {
            **_SMALL,
            **_DELTA,
            "head_dim": 24,
            "num_experts": 8,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 56,
            "shared_expert_intermediate_size": 72,
        },
        [{}, {"attention_bias": True, "full_attention_interval": 2, "tie_word_embeddings": True}],
    ),
    "qwen4_exp_text": (
        {
            **_SMALL,
            **_DELTA,
            "intermediate_size": None,
            "head_dim": 16,
            "num_experts": 8,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 56,
            "shared_expert_intermediate_size": 72,
            "hc_count": 3,
            "hc_lowrank": 10,
            "indexer_n_heads": 4,
            "indexer_kv_heads": 1,
            "indexer_head_dim": 16,
            "indexer_budget": 32,
            "indexer_compress_ratio": 4,
        },
        [
            {},
            {
                "ple_layer_ids": [1, 3],
                "ple_embed_dim": 32,
                "ngram_size": 3,
                "heads_per_ngram": 2,
                "ngram_vocab_size_base": 1000,
                "split_ngram_parts": 4,
                "make_ngram_vocab_size_divisible_by": 16,
                "attention_bias": True,
                "tie_word_embeddings": True,
                "full_attention_interval": 2,
            },
        ],
    ),
    "lara_mini": (
        {
            **_SMALL,
            **_DELTA,
            "num_hidden_layers": 5,
            "head_dim": 16,
            "num_experts": 8,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 56,
            "shared_expert_intermediate_size": 72,
        },
        [
            {},
            {
                "attention_bias": True,
                "head_dim": 24,
                "tie_word_embeddings": False,
                "num_hidden_layers": 2,
                "layer_types": ["full_attention", "linear_attention"],
            },
        ],
    ),
    "olmo_hybrid": (
        {**_SMALL, "linear_num_key_heads": 6, "linear_num_value_heads": 6},
        [
            {},
            {
                "attention_bias": True,
                "tie_word_embeddings": True,
                "num_hidden_layers": 2,
                "linear_num_key_heads": 3,
                "linear_key_head_dim": 16,
                "linear_value_head_dim": 40,
                "num_key_value_heads": None,
            },
            {"layer_types": ["full_attention", "linear_attention"] * 2},
        ],
    ),
    "kimi_linear": (
        {**_LATENT, "num_hidden_layers": 5},
        [
            {"linear_head_dim": 16, "linear_num_heads": 6},
            {
                "linear_attn_config": {
                    "head_dim": 12,
                    "num_heads": 4,
                    "short_conv_kernel_size": 3,
                    "full_attn_layers": [2, 5],
                    "kda_layers": [1, 3, 4],
                },
                "q_lora_rank": 40,
                "attention_bias": True,
                "n_shared_experts": 2,
                "first_k_dense_replace": 2,
            },
        ],
    ),
    "bailing_hybrid": (
        {
            **_LATENT,
            "num_hidden_layers": 4,
            "head_dim": 16,
            "layer_group_size": 2,
            "first_k_dense_replace": 1,
            "num_mtp_layers": 0,
        },
        [
            {},
            {
                "q_lora_rank": 40,
                "attention_bias": True,
                "n_shared_experts": 2,
                "mlp_layer_types": ["dense", "sparse", "dense", "sparse"],
            },
        ],
    ),
    "lfm2": (
        _SMALL,
        [
            {"layer_types": ["conv", "full_attention", "conv", "conv"]},
            {
                "full_attn_idxs": [0, 3],
                "conv_bias": True,
                "conv_L_cache": 4,
                "block_auto_adjust_ff_dim": False,
                "tie_embedding": False,
            },
            {
                "block_multiple_of": 16,
                "block_ffn_dim_multiplier": 1.3,
                "block_ff_dim": 300,
                "intermediate_size": None,
            },
        ],
    ),
    "lfm2_moe": (
        {
            **_SMALL,
            "num_experts": 8,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 56,
            "layer_types": ["conv", "full_attention", "conv", "full_attention"],
        },
        [
            {},
            {
                "num_dense_layers": 1,
                "conv_bias": True,
                "use_expert_bias": False,
                "tie_word_embeddings": False,
            },
        ],
    ),
    "lfm3": (
        {**_SMALL, "num_hidden_layers": 5, "head_dim": 16},
        [
            {},
            {
                "use_sandwich_norm": False,
                "use_attention_gate": False,
                "attention_bias": True,
                "conv_bias": True,
                "tie_word_embeddings": False,
                "head_dim": 24,
            },
            {"layer_types": ["conv", "full_attention", "sliding_attention", "conv", "conv"]},
        ],
    ),
    "recurrent_gemma": (
        {**_SMALL, "num_hidden_layers": 5, "lru_width": 96},
        [
            {},
            {
                "lru_width": 120,
                "attention_bias": True,
                "num_key_value_heads": None,
                "conv1d_width": 3,
                "tie_word_embeddings": False,
                "block_types": ["attention", "recurrent"],
            },
        ],
    ),
    "minimax": (
        {**_SMALL, "num_local_experts": 4},
        [
            {},
            {
                "head_dim": 24,
                "num_key_value_heads": 6,
                "tie_word_embeddings": True,
                "layer_types": [
                    "linear_attention",
                    "linear_attention",
                    "full_attention",
                    "linear_attention",
                ],
            },
        ],
    ),
    "rwkv": (
        {
            "vocab_size": 1000,
            "hidden_size": 96,
            "num_hidden_layers": 3,
            "context_length": 512,
            **_IDS,
        },
        [{}, {"attention_hidden_size": 128, "intermediate_size": 200, "tie_word_embeddings": True}],
    ),
    "xlstm": (
        {"vocab_size": 1000, "hidden_size": 128, "num_hidden_layers": 3, "num_heads": 4, **_IDS},
        [
            {},
            {
                "weight_mode": "fused",
                "use_bias": True,
                "qk_dim_factor": 1.0,
                "v_dim_factor": 2.0,
                "ffn_proj_factor": 1.7,
                "ffn_round_up_to_multiple_of": 16,
            },
        ],
    ),
    "zaya": (
        {
            **_SMALL,
            "intermediate_size": None,
            "head_dim": 16,
            "num_experts": 4,
            "moe_intermediate_size": 56,
            "router_hidden_size": 24,
        },
        [
            {},
            {
                "attention_bias": True,
                "lm_head_bias": True,
                "head_dim": 24,
                "cca_time0": 3,
                "cca_time1": 4,
                "tie_word_embeddings": False,
                "sliding_window": 64,
                "layer_types": ["hybrid", "hybrid_sliding", "hybrid", "hybrid_sliding"],
            },
        ],
    ),
}

# Families that pick positions one by one: with values only.
WITH_VALUES = ("qwen4_exp_text",)

# Classes in which the library's count stands for the projections only.
SCANS: dict[str, tuple[str, ...]] = {
    "nemotron_h": ("NemotronHMamba2Mixer",),
    "mamba": ("MambaMixer",),
    "falcon_mamba": ("FalconMambaMixer",),
    "mamba2": ("Mamba2Mixer",),
    "bamba": ("BambaMixer",),
    "falcon_h1": ("FalconH1Mixer",),
    "granitemoehybrid": ("GraniteMoeHybridMambaLayer",),
    "jamba": ("JambaMambaMixer",),
    "zamba": ("ZambaMambaMixer",),
    "zamba2": ("Zamba2MambaMixer",),
    "qwen3_next": ("Qwen3NextGatedDeltaNet",),
    "qwen3_5_text": ("Qwen3_5GatedDeltaNet",),
    "qwen3_5_moe_text": ("Qwen3_5MoeGatedDeltaNet",),
    "qwen4_exp_text": ("Qwen4ExpTextGatedDeltaNet", "Qwen4ExpTextPLELayer"),
    "lara_mini": ("LaraMiniGatedDeltaNet",),
    "olmo_hybrid": ("OlmoHybridGatedDeltaNet",),
    "kimi_linear": ("KimiLinearDeltaAttention",),
    "bailing_hybrid": ("BailingHybridDeltaAttention",),
    "lfm2": ("Lfm2ShortConv",),
    "lfm2_moe": ("Lfm2MoeShortConv",),
    "lfm3": ("Lfm3ShortConv",),
    "recurrent_gemma": ("Conv1d",),
    "minimax": ("MiniMaxLightningAttention",),
    "xlstm": ("xLSTMBackend",),
    "zaya": ("Conv1d",),
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
                if value is not None or name == "num_key_value_heads"
            }
            found.append(kept)
    return found
