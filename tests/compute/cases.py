"""Small made-up configurations, several for each family, that an oracle has counted.

`record_counts.py` builds each of them in transformers and writes what it finds to
`verified_counts.json`; the tests compare with that file and need neither torch nor transformers.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CASES", "cases"]

_SMALL = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GROUPED = {**_SMALL, "num_key_value_heads": 2}
_GPT2 = {
    "vocab_size": 1000,
    "n_embd": 96,
    "n_layer": 3,
    "n_head": 6,
    "n_positions": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_MIXED = {**_GROUPED, "num_hidden_layers": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 56}
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
    "num_hidden_layers": 5,
    "moe_intermediate_size": 56,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 2,
    "n_group": 2,
    "topk_group": 1,
}
_INDEXED = {**_LATENT_MIXED, "index_n_heads": 4, "index_head_dim": 16, "index_topk": 32}
_V4 = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "moe_intermediate_size": 56,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "qk_rope_head_dim": 8,
    "q_lora_rank": 40,
    "o_groups": 4,
    "o_lora_rank": 16,
    "index_n_heads": 4,
    "index_head_dim": 16,
    "index_topk": 8,
    "n_routed_experts": 8,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "num_hash_layers": 2,
    "hc_mult": 4,
    "sliding_window": 16,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "compress_ratios": [0, 0, 4, 128, 4, 128, 0],
    "tie_word_embeddings": False,
}

# For each model_type: the common keys, then what each case changes (None takes a key away).
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "llama": (
        _GROUPED,
        [
            {},
            {"num_key_value_heads": None, "tie_word_embeddings": True},
            {"attention_bias": True, "mlp_bias": True, "head_dim": 24},
        ],
    ),
    "mistral": (_GROUPED, [{}, {"head_dim": 24, "sliding_window": None, "num_hidden_layers": 5}]),
    "ministral": (_GROUPED, [{"head_dim": 16}, {"head_dim": 24, "tie_word_embeddings": True}]),
    "qwen2": (_GROUPED, [{}, {"tie_word_embeddings": True, "num_key_value_heads": 6}]),
    "qwen3": (
        _GROUPED,
        [{}, {"head_dim": 24, "attention_bias": True, "tie_word_embeddings": True}],
    ),
    "granite": (_GROUPED, [{}, {"attention_bias": True, "mlp_bias": True}]),
    "smollm3": (_GROUPED, [{}, {"attention_bias": True, "tie_word_embeddings": False}]),
    "seed_oss": (
        _GROUPED,
        [
            {},
            {"attention_bias": False, "attention_out_bias": True, "mlp_bias": True, "head_dim": 8},
        ],
    ),
    "arcee": (_GROUPED, [{}, {"mlp_bias": True, "attention_bias": True}]),
    "olmo": (_GROUPED, [{}, {"attention_bias": True, "tie_word_embeddings": True}]),
    "olmo2": (_GROUPED, [{}, {"attention_bias": True, "num_key_value_heads": 3}]),
    "olmo3": (_GROUPED, [{}, {"num_hidden_layers": 8, "num_key_value_heads": 6}]),
    "nemotron": (_GROUPED, [{}, {"head_dim": 24, "mlp_bias": True, "attention_bias": True}]),
    "glm": (_GROUPED, [{}, {"head_dim": 16, "attention_bias": False}]),
    "glm4": (_GROUPED, [{}, {"head_dim": 16, "attention_bias": False}]),
    "phi3": (_GROUPED, [{}, {"sliding_window": 64, "tie_word_embeddings": True}]),
    "exaone4": (
        _GROUPED,
        [{"layer_types": ["full_attention"] * 3}, {"num_hidden_layers": 8, "head_dim": 24}],
    ),
    "ernie4_5": (_GROUPED, [{}, {"use_bias": True, "tie_word_embeddings": False, "head_dim": 16}]),
    "hunyuan_v1_dense": (_GROUPED, [{"head_dim": 16}, {"head_dim": 24, "attention_bias": True}]),
    "apertus": (_GROUPED, [{}, {"attention_bias": True, "num_key_value_heads": 3}]),
    "internlm3": (
        _GROUPED,
        [{"head_dim": 16}, {"head_dim": 24, "qkv_bias": True, "bias": True}],
    ),
    "ministral3": (_GROUPED, [{"head_dim": 16}, {"head_dim": 24, "tie_word_embeddings": True}]),
    "gemma": (
        {**_GROUPED, "head_dim": 32},
        [{}, {"attention_bias": True, "num_key_value_heads": 1}],
    ),
    "gemma2": (
        {**_GROUPED, "head_dim": 32},
        [{}, {"attention_bias": True, "num_hidden_layers": 4, "sliding_window": 64}],
    ),
    "gemma3_text": (
        {**_GROUPED, "head_dim": 32},
        [{}, {"num_hidden_layers": 8, "attention_bias": True, "sliding_window": 64}],
    ),
    "vaultgemma": ({**_GROUPED, "head_dim": 32}, [{}, {"attention_bias": True}]),
    "cohere": (_GROUPED, [{}, {"use_qk_norm": True, "attention_bias": True}]),
    "cohere2": (_GROUPED, [{}, {"head_dim": 24, "num_hidden_layers": 8, "attention_bias": True}]),
    "starcoder2": (_GROUPED, [{}, {"use_bias": False, "tie_word_embeddings": False}]),
    "stablelm": (
        _GROUPED,
        [
            {},
            {"use_qkv_bias": True, "use_parallel_residual": True},
            {"qk_layernorm": True, "tie_word_embeddings": True},
        ],
    ),
    "phi": (
        _GROUPED,
        [{}, {"qk_layernorm": True, "num_key_value_heads": None}],
    ),
    "persimmon": (_SMALL, [{}, {"qk_layernorm": False, "num_hidden_layers": 2}]),
    "gpt2": (_GPT2, [{}, {"n_inner": 100, "tie_word_embeddings": False}]),
    "gpt_bigcode": (_GPT2, [{}, {"multi_query": False, "n_inner": 100}]),
    "gptj": (
        {**_GPT2, "rotary_dim": 8},
        [{}, {"n_inner": 100, "tie_word_embeddings": True}],
    ),
    "codegen": ({**_GPT2, "n_head": 8, "rotary_dim": 8}, [{}, {"n_inner": 100}]),
    "gpt_neo": (
        {
            "vocab_size": 1000,
            "hidden_size": 96,
            "num_layers": 4,
            "num_heads": 6,
            "max_position_embeddings": 512,
            "attention_types": [[["global", "local"], 2]],
            "window_size": 32,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
        [{}, {"intermediate_size": 100, "attention_types": [[["global"], 4]]}],
    ),
    "gpt_neox": (_SMALL, [{}, {"attention_bias": False, "tie_word_embeddings": True}]),
    "bloom": (
        {"vocab_size": 1000, "hidden_size": 96, "n_layer": 3, "n_head": 6},
        [{}, {"n_layer": 5, "n_head": 4, "tie_word_embeddings": False}],
    ),
    "falcon": (
        {
            "vocab_size": 1000,
            "hidden_size": 96,
            "num_hidden_layers": 3,
            "num_attention_heads": 6,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
        [
            {},
            {"new_decoder_architecture": True, "num_kv_heads": 2, "bias": True},
            {"multi_query": False, "parallel_attn": False, "bias": True},
            {"new_decoder_architecture": True, "num_kv_heads": 3, "num_ln_in_parallel_attn": 1},
            {"ffn_hidden_size": 100, "tie_word_embeddings": False},
        ],
    ),
    "opt": (
        {
            "vocab_size": 1000,
            "hidden_size": 96,
            "ffn_dim": 200,
            "num_hidden_layers": 3,
            "num_attention_heads": 6,
            "max_position_embeddings": 512,
            "word_embed_proj_dim": 96,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
        [
            {},
            {"word_embed_proj_dim": 48, "do_layer_norm_before": False},
            {"enable_bias": False, "layer_norm_elementwise_affine": False},
        ],
    ),
    "biogpt": (_SMALL, [{}, {"tie_word_embeddings": False, "num_hidden_layers": 2}]),
    "mpt": (
        {"vocab_size": 1000, "d_model": 96, "n_layers": 3, "n_heads": 6, "max_seq_len": 512},
        [{}, {"n_heads": 4, "n_layers": 5}],
    ),
    "mixtral": (
        {**_GROUPED, "num_local_experts": 8, "num_experts_per_tok": 2},
        [{}, {"num_local_experts": 4, "num_experts_per_tok": 1, "tie_word_embeddings": True}],
    ),
    "olmoe": (
        {**_GROUPED, "num_experts": 8, "num_experts_per_tok": 3},
        [{}, {"attention_bias": True, "num_key_value_heads": 6}],
    ),
    "flex_olmo": (
        {**_GROUPED, "num_experts": 8, "num_experts_per_tok": 3},
        [{}, {"attention_bias": True, "num_key_value_heads": 6}],
    ),
    "granitemoe": (
        {**_GROUPED, "num_local_experts": 8, "num_experts_per_tok": 2},
        [{}, {"tie_word_embeddings": True, "attention_bias": True}],
    ),
    "granitemoeshared": (
        {**_GROUPED, "num_local_experts": 8, "num_experts_per_tok": 2},
        [{"shared_intermediate_size": 72}, {"shared_intermediate_size": 0}],
    ),
    "phimoe": (
        {**_GROUPED, "num_local_experts": 8, "num_experts_per_tok": 2},
        [{}, {"attention_bias": True, "lm_head_bias": True}],
    ),
    "minimax_m2": (
        # The oracle keeps the balancing bias as a buffer, so it is switched off here.
        {
            **_GROUPED,
            "head_dim": 24,
            "num_local_experts": 8,
            "num_experts_per_tok": 2,
            "use_routing_bias": False,
        },
        [{}, {"num_local_experts": 4, "num_key_value_heads": 6, "tie_word_embeddings": True}],
    ),
    "dbrx": (
        {
            "vocab_size": 1000,
            "d_model": 96,
            "n_heads": 6,
            "n_layers": 3,
            "max_seq_len": 512,
            "attn_config": {"kv_n_heads": 2, "rope_theta": 10000.0},
            "ffn_config": {"ffn_hidden_size": 56, "moe_num_experts": 8, "moe_top_k": 2},
        },
        [
            {},
            {
                "n_layers": 4,
                "attn_config": {"kv_n_heads": 3, "rope_theta": 10000.0},
                "ffn_config": {"ffn_hidden_size": 72, "moe_num_experts": 4, "moe_top_k": 1},
            },
        ],
    ),
    "qwen2_moe": (
        {**_MIXED, "num_experts": 8, "shared_expert_intermediate_size": 72},
        [{}, {"decoder_sparse_step": 2, "mlp_only_layers": [3], "qkv_bias": False}],
    ),
    "qwen3_moe": (
        {**_MIXED, "num_experts": 8},
        [{}, {"mlp_only_layers": [1], "head_dim": 24, "attention_bias": True}],
    ),
    "glm4_moe": (
        {**_MIXED, "n_routed_experts": 8, "n_shared_experts": 1, "n_group": 1, "topk_group": 1},
        [
            {"num_nextn_predict_layers": 1},
            {"use_qk_norm": True, "attention_bias": True, "first_k_dense_replace": 2},
        ],
    ),
    "dots1": (
        {**_MIXED, "n_routed_experts": 8, "n_shared_experts": 2, "n_group": 1, "topk_group": 1},
        [{"first_k_dense_replace": 1}, {"attention_bias": True, "num_key_value_heads": 6}],
    ),
    "ernie4_5_moe": (
        {**_MIXED, "num_experts_per_tok": None, "moe_num_experts": 8, "moe_k": 2},
        [
            {"moe_num_shared_experts": 2, "moe_layer_end_index": 3},
            {
                "use_bias": True,
                "moe_num_shared_experts": 1,
                "moe_layer_interval": 2,
                "moe_layer_start_index": 0,
                "moe_layer_end_index": -1,
            },
        ],
    ),
    "gpt_oss": (
        {**_GROUPED, "head_dim": 24, "num_local_experts": 8, "num_experts_per_tok": 2},
        [{}, {"num_hidden_layers": 4, "tie_word_embeddings": True, "sliding_window": 32}],
    ),
    "deepseek_v2": (
        {**_LATENT_MIXED, "n_group": 1},
        [
            {"first_k_dense_replace": 1},
            {"q_lora_rank": None, "attention_bias": True, "mlp_bias": True},
        ],
    ),
    "deepseek_v3": (
        _LATENT_MIXED,
        [{}, {"q_lora_rank": None, "attention_bias": True, "first_k_dense_replace": 1}],
    ),
    "deepseek_v32": (_INDEXED, [{}, {"first_k_dense_replace": 1, "n_shared_experts": 1}]),
    "glm4_moe_lite": (
        _LATENT_MIXED,
        [{}, {"mlp_layer_types": ["dense", "dense", "sparse", "sparse", "dense"]}],
    ),
    "glm_moe_dsa": (
        _INDEXED,
        [{}, {"indexer_types": ["full", "shared", "full", "shared", "shared"]}],
    ),
    "minicpm3": (_LATENT, [{}, {"attention_bias": True, "tie_word_embeddings": False}]),
    "deepseek_v4": (
        _V4,
        [{}, {"compress_ratios": [4, 4, 0, 128, 128, 4, 0], "n_routed_experts": 16, "hc_mult": 2}],
    ),
}


def cases() -> list[dict[str, Any]]:
    """Return every case as a configuration, in a fixed order."""
    found = []
    for model_type, (common, changes) in CASES.items():
        for change in changes:
            merged = {"model_type": model_type, **common, **change}
            taken = {name for name, value in change.items() if value is None}
            taken |= {name for name, value in common.items() if value is None}
            kept = {
                name: value
                for name, value in merged.items()
                if name not in taken or name in ("sliding_window", "q_lora_rank")
            }
            found.append(kept)
    return found
