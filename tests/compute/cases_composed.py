"""Small made-up configurations of composed models that an oracle has counted.

`record_composed.py` builds each of them in transformers and writes what it finds to
`verified_composed.json`. `SIZES` says how large a picture the operations were counted with, where
the configuration does not fix it.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CASES", "LENGTH", "cases"]

LENGTH = 96
"""Tokens of the sequence that the operations are counted with, the picture's own among them."""

_TOKENS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
_TEXT = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    **_TOKENS,
}
_LLAMA = {"model_type": "llama", **_TEXT}
_QWEN2 = {"model_type": "qwen2", **_TEXT}
_QWEN3 = {"model_type": "qwen3", **_TEXT, "head_dim": 24}
_GEMMA = {**_TEXT, "model_type": "gemma", "head_dim": 24}
_GEMMA3 = {**_TEXT, "model_type": "gemma3_text", "head_dim": 24, "sliding_window": 512}
_COHERE2 = {**_TEXT, "model_type": "cohere2"}
_MISTRAL = {"model_type": "mistral", **_TEXT}

_VIT = {
    "hidden_size": 48,
    "intermediate_size": 104,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
_CLIP = {"model_type": "clip_vision_model", **_VIT}
_SIGLIP = {"model_type": "siglip_vision_model", **_VIT, "vision_use_head": False}
_PIXTRAL = {"model_type": "pixtral", **_VIT}
_INTERN = {**_VIT, "image_size": [32, 32], "patch_size": [8, 8]}

_QWEN_TOWER = {
    "depth": 3,
    "hidden_size": 48,
    "intermediate_size": 104,
    "num_heads": 4,
    "patch_size": 8,
    "out_hidden_size": 96,
}
_QWEN3_TOWER = {**_QWEN_TOWER, "num_position_embeddings": 16, "deepstack_visual_indexes": [0, 1]}
_IMAGE = {"image_token_id": 5}
_INDEX = {"image_token_index": 5, "image_token_id": 5}
_QWEN_IDS = {**_IMAGE, "video_token_id": 6, "vision_start_token_id": 7, "vision_end_token_id": 8}
_SECTIONS = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}
_WIDE_SECTIONS = {**_SECTIONS, "mrope_section": [4, 4, 4]}
_MIXTURE = {
    **_TEXT,
    "head_dim": 24,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 56,
    "rope_parameters": _WIDE_SECTIONS,
}

_GLM_TOWER = {**_QWEN_TOWER, "image_size": 32}
_GLM_TEXT = {**_TEXT, "rope_parameters": {**_SECTIONS, "partial_rotary_factor": 1.0}}
_GLM_MIXTURE = {
    **_GLM_TEXT, "moe_intermediate_size": 56, "n_routed_experts": 8, "n_shared_experts": 1,
    "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1,
}  # fmt: skip
_MLLAMA_TOWER = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_global_layers": 2,
    "attention_heads": 4, "image_size": 32, "patch_size": 8, "max_num_tiles": 4,
    "vision_output_dim": 144, "intermediate_layers_indices": [0, 2],
}  # fmt: skip
_MLLAMA_TEXT = _TEXT
_LLAMA4_TOWER = {
    "hidden_size": 48, "intermediate_size": 192, "num_hidden_layers": 3, "num_attention_heads": 4,
    "image_size": 32, "patch_size": 8, "vision_output_dim": 64, "projector_input_dim": 64,
    "projector_output_dim": 64,
}  # fmt: skip
_LLAMA4_TEXT = {
    **_TEXT, "head_dim": 16, "intermediate_size_mlp": 120, "num_local_experts": 4,
    "num_experts_per_tok": 1,
}  # fmt: skip
_KIMI_TOWER = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "patch_size": 8, "pos_emb_height": 8, "pos_emb_width": 8,
}  # fmt: skip
_LATENT = {
    **_TEXT, "model_type": "deepseek_v3", "num_key_value_heads": 6, "kv_lora_rank": 24,
    "q_lora_rank": 40, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 20,
    "moe_intermediate_size": 56, "n_routed_experts": 8, "n_shared_experts": 2, "n_group": 2,
    "num_experts_per_tok": 2, "topk_group": 1, "first_k_dense_replace": 1,
}  # fmt: skip
_SIGLIP2 = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "patch_size": 8, "num_patches": 16, "vision_use_head": False,
}  # fmt: skip
_LFM2 = {
    **_TEXT, "model_type": "lfm2", "num_hidden_layers": 2,
    "layer_types": ["conv", "full_attention"],
    "block_auto_adjust_ff_dim": False,
}  # fmt: skip
_QWEN35_TOWER = {**_QWEN_TOWER, "num_position_embeddings": 16}
_GATED = {
    **_TEXT, "head_dim": 24, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4,
    "layer_types": ["linear_attention", "full_attention"],
    "rope_parameters": {**_SECTIONS, "mrope_section": [2, 2, 2], "partial_rotary_factor": 0.5},
}  # fmt: skip
_GATED_MIXTURE = {
    **_GATED, "moe_intermediate_size": 56, "shared_expert_intermediate_size": 64,
    "num_experts": 8, "num_experts_per_tok": 2,
}  # fmt: skip

_WHISPER = {
    "d_model": 48, "encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 104,
    "num_mel_bins": 16, "max_source_positions": 40,
}  # fmt: skip
_VOXTRAL = {
    "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 192,
    "num_mel_bins": 16, "max_source_positions": 40,
}  # fmt: skip
_GLMASR = {**_VOXTRAL, "max_position_embeddings": 40}
_OMNI = {**_WHISPER, "n_window": 10, "output_dim": 96}
_OMNI_SIGHT = {**_QWEN_TOWER, "fullatt_block_indexes": [1], "window_size": 32}
_OMNI_TEXT = {**_TEXT, "rope_parameters": _SECTIONS}
_PIECES = {
    **_WHISPER, "n_window": 50, "n_window_infer": 200, "output_dim": 96,
    "downsample_hidden_size": 20,
}  # fmt: skip
_ASR = {**_PIECES, "max_position_embeddings": 13}
_SOUND = {"audio_token_id": 5, "audio_token_index": 5}
_OMNI_IDS = {
    "audio_token_id": 4, "image_token_id": 5, "video_token_id": 6, "audio_token_index": 4,
    "image_token_index": 5, "video_token_index": 6, "vision_start_token_id": 7,
    "audio_start_token_id": 8,
}  # fmt: skip

_PERCEIVER = {
    "hidden_size": 96, "resampler_n_latents": 8, "resampler_depth": 2, "resampler_n_heads": 4,
    "resampler_head_dim": 16, "num_key_value_heads": 2,
}  # fmt: skip
_BLIP_TOWER = _VIT
_FORMER = {
    "vocab_size": 200, "hidden_size": 40, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 72, "encoder_hidden_size": 48, "max_position_embeddings": 64,
}  # fmt: skip
_OPT = {
    "model_type": "opt", "vocab_size": 1000, "hidden_size": 96, "num_hidden_layers": 2,
    "ffn_dim": 200, "num_attention_heads": 6, "max_position_embeddings": 512,
    "word_embed_proj_dim": 96, **_TOKENS,
}  # fmt: skip
_SAM = {
    "hidden_size": 48, "output_channels": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
    "image_size": 32, "patch_size": 8, "window_size": 3, "global_attn_indexes": [1], "mlp_dim": 104,
}  # fmt: skip

_OVIS = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "image_size": 32, "patch_size": 8, "vocab_size": 80,
}  # fmt: skip
_PERSIMMON = {**_TEXT, "model_type": "persimmon", "qk_layernorm": True}
_ARIA = {**_TEXT, "model_type": "aria_text", "moe_num_experts": 4, "moe_topk": 2}
_KOSMOS = {
    "vocab_size": 1000, "embed_dim": 96, "layers": 2, "ffn_dim": 200, "attention_heads": 6,
    "max_position_embeddings": 512,
}  # fmt: skip
_KOSMOS_TOWER = {
    "hidden_size": 48, "patch_embed_hidden_size": 108, "intermediate_size": 104, "head_dim": 12,
    "num_hidden_layers": 3, "num_attention_heads": 4, "max_num_patches": 20,
}  # fmt: skip
_GIT = {
    "vocab_size": 1000, "hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 6,
    "intermediate_size": 200, "max_position_embeddings": 512, **_TOKENS,
}  # fmt: skip
_BLIP_TEXT = {
    "vocab_size": 1000, "hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 6,
    "intermediate_size": 200, "max_position_embeddings": 512, "encoder_hidden_size": 48, **_TOKENS,
}  # fmt: skip
_GEMMA4_SIGHT = {
    "model_type": "gemma4_vision", "hidden_size": 48, "intermediate_size": 104,
    "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 12,
    "patch_size": 8, "position_embedding_size": 32, "pooling_kernel_size": 2,
}  # fmt: skip
_GEMMA4_SOUND = {
    "model_type": "gemma4_audio", "hidden_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "subsampling_conv_channels": [16, 8], "output_proj_dims": 40,
    "attention_chunk_size": 5, "attention_context_left": 6,
}  # fmt: skip
_GEMMA4 = {
    **_TEXT, "model_type": "gemma4_text", "head_dim": 24, "sliding_window": 512,
    "layer_types": ["sliding_attention", "full_attention"], "hidden_size_per_layer_input": 8,
    "vocab_size_per_layer_input": 1000,
}  # fmt: skip
_GEMMA4_IDS = {"image_token_id": 5, "video_token_id": 6, "audio_token_id": 4}

_MINICPM = _VIT
_MINICPM_IDS = {**_INDEX, "insert_layer_id": 0}
_GATED_TEXT = {**_GATED, "model_type": "qwen3_5_text"}
_CONFORMER = {
    "input_dim": 20, "num_layers": 2, "hidden_dim": 48, "feedforward_mult": 2, "num_heads": 4,
    "dim_head": 10, "output_dim": 14, "context_size": 20, "max_pos_emb": 32,
    "conv_kernel_size": 5,
}  # fmt: skip
_SPEECH_FORMER = {**_FORMER, "model_type": "blip_2_qformer"}
_IDEFICS_TOWER = {
    "embed_dim": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip

# Digits are written as letters there.
_NAMES = {
    "<image>": 5,
    **{f"IMGIMG{''.join('ABCDEFGHIJ'[int(one)] for one in str(code))}Z": 100 + code
       for code in range(40)},
}  # fmt: skip
_CODES = {
    "embed_dim": 12, "num_embeddings": 40, "latent_channels": 12, "resolution": 32,
    "base_channels": 32, "channel_multiplier": [1, 1, 2], "num_res_blocks": 2,
}  # fmt: skip

_UNIFIED_SIGHT = {
    "patch_size": 4, "pooling_kernel_size": 2, "mm_embed_dim": 48, "mm_posemb_size": 10,
    "output_proj_dims": 48,
}  # fmt: skip
_UNIFIED = {
    **_TEXT, "model_type": "gemma4_unified_text", "head_dim": 24, "sliding_window": 512,
    "layer_types": ["sliding_attention", "full_attention"],
}  # fmt: skip
_LFM3_TOWER = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "patch_size": 8,
}  # fmt: skip
_LFM3 = {
    **_TEXT, "model_type": "lfm3", "head_dim": 16, "layer_types": ["conv", "full_attention"],
}  # fmt: skip

CASES: dict[str, list[dict[str, Any]]] = {
    "qwen2_vl": [
        {
            "vision_config": {
                "depth": 2, "embed_dim": 48, "hidden_size": 96, "mlp_ratio": 3, "num_heads": 4,
                "patch_size": 8,
            },
            "text_config": {**_TEXT, "rope_parameters": _SECTIONS},
            **_QWEN_IDS,
        },
        {
            "vision_config": {
                "depth": 3, "embed_dim": 32, "hidden_size": 96, "num_heads": 2, "patch_size": 4,
                "spatial_merge_size": 3, "in_channels": 1,
            },
            "text_config": {**_TEXT, "rope_parameters": _SECTIONS},
            "tie_word_embeddings": True,
            **_QWEN_IDS,
        },
    ],
    "qwen2_5_vl": [
        {
            "vision_config": {**_QWEN_TOWER, "fullatt_block_indexes": [1], "window_size": 32},
            "text_config": {**_TEXT, "rope_parameters": _SECTIONS},
            **_QWEN_IDS,
        },
        {
            "vision_config": {**_QWEN_TOWER, "fullatt_block_indexes": [], "window_size": 16},
            "text_config": {**_TEXT, "rope_parameters": _SECTIONS},
            "tie_word_embeddings": True,
            **_QWEN_IDS,
        },
    ],
    "qwen3_vl": [
        {
            "vision_config": _QWEN3_TOWER,
            "text_config": {**_TEXT, "head_dim": 24, "rope_parameters": _WIDE_SECTIONS},
            **_QWEN_IDS,
        },
        {
            "vision_config": {
                **_QWEN3_TOWER, "deepstack_visual_indexes": [], "temporal_patch_size": 1,
            },
            "text_config": {
                **_TEXT, "head_dim": 16, "attention_bias": True, "num_key_value_heads": 6,
                "rope_parameters": _SECTIONS,
            },
            "tie_word_embeddings": True,
            **_QWEN_IDS,
        },
    ],
    "qwen3_vl_moe": [
        {"vision_config": _QWEN3_TOWER, "text_config": _MIXTURE, **_QWEN_IDS},
        {
            "vision_config": {**_QWEN3_TOWER, "spatial_merge_size": 1},
            "text_config": {**_MIXTURE, "mlp_only_layers": [0], "attention_bias": True},
            "tie_word_embeddings": True,
            **_QWEN_IDS,
        },
    ],
    "llava": [
        {"vision_config": _CLIP, "text_config": _LLAMA, **_INDEX},
        {
            "vision_config": _CLIP, "text_config": _LLAMA, "vision_feature_layer": [-2, 1],
            "multimodal_projector_bias": False, "vision_feature_select_strategy": "full", **_INDEX,
        },
        {
            "vision_config": _SIGLIP, "text_config": _QWEN2, "vision_feature_layer": -1,
            "vision_feature_select_strategy": "full", "tie_word_embeddings": True, **_INDEX,
        },
        {
            "vision_config": _PIXTRAL, "text_config": _MISTRAL, "vision_feature_layer": -1,
            "vision_feature_select_strategy": "full", **_INDEX,
        },
    ],
    "llava_next": [
        {"vision_config": _CLIP, "text_config": _LLAMA, **_INDEX},
        {"vision_config": _CLIP, "text_config": _MISTRAL, "vision_feature_layer": -1, **_INDEX},
    ],
    "llava_next_video": [
        {"vision_config": _CLIP, "text_config": _LLAMA, **_INDEX},
        {
            "vision_config": _CLIP, "text_config": _LLAMA, "multimodal_projector_bias": False,
            **_INDEX,
        },
    ],
    "llava_onevision": [
        {"vision_config": _SIGLIP, "text_config": _QWEN2, **_INDEX},
        {
            "vision_config": {**_SIGLIP, "vision_use_head": True}, "text_config": _QWEN2,
            "tie_word_embeddings": True, **_INDEX,
        },
    ],
    "vipllava": [
        {
            "vision_config": _CLIP, "text_config": _LLAMA, "vision_feature_layer": [-2, -3, 1],
            **_INDEX,
        },
        {"vision_config": _CLIP, "text_config": _LLAMA, "vision_feature_layer": -1, **_INDEX},
    ],
    "aya_vision": [
        {"vision_config": _SIGLIP, "text_config": _COHERE2, **_INDEX},
        {
            "vision_config": _SIGLIP, "text_config": _COHERE2, "downsample_factor": 4,
            "alignment_intermediate_size": 120, "vision_feature_layer": -2, **_INDEX,
        },
    ],
    "cohere2_vision": [
        {
            "vision_config": _SIGLIP, "text_config": _COHERE2, "alignment_intermediate_size": 128,
            **_IMAGE,
        },
        {
            "vision_config": {**_SIGLIP, "vision_use_head": True}, "text_config": _COHERE2,
            "alignment_intermediate_size": 60, "downsample_factor": 4, **_IMAGE,
        },
    ],
    "idefics3": [
        {
            "vision_config": {"model_type": "idefics3_vision", **_VIT}, "text_config": _LLAMA,
            **_IMAGE,
        },
        {
            "vision_config": {"model_type": "idefics3_vision", **_VIT}, "text_config": _LLAMA,
            "scale_factor": 4, "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "smolvlm": [
        {
            "vision_config": {"model_type": "smolvlm_vision", **_VIT}, "text_config": _LLAMA,
            **_IMAGE,
        },
        {
            "vision_config": {"model_type": "smolvlm_vision", **_VIT, "num_hidden_layers": 1},
            "text_config": _LLAMA, "scale_factor": 4, "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "internvl": [
        {
            "vision_config": _INTERN, "text_config": _QWEN2, "tie_word_embeddings": False,
            **_IMAGE,
        },
        {
            "vision_config": {
                **_INTERN, "attention_bias": True, "use_qk_norm": True, "norm_type": "rms_norm",
                "use_mean_pooling": False, "use_mask_token": True,
            },
            "text_config": _LLAMA, "tie_word_embeddings": True, "downsample_ratio": 0.25, **_IMAGE,
        },
    ],
    "qianfan_ocr": [
        {"vision_config": _INTERN, "text_config": _QWEN3, **_IMAGE},
        {
            "vision_config": {**_INTERN, "attention_bias": False, "use_qk_norm": True},
            "text_config": _QWEN3, "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "mistral3": [
        {
            "vision_config": _PIXTRAL, "text_config": _MISTRAL, "tie_word_embeddings": False,
            **_INDEX,
        },
        {
            "vision_config": _PIXTRAL, "text_config": _MISTRAL, "tie_word_embeddings": True,
            "multimodal_projector_bias": True, "vision_feature_layer": -2, **_INDEX,
        },
    ],
    "lighton_ocr": [
        {
            "vision_config": _PIXTRAL, "text_config": _QWEN3, "tie_word_embeddings": True,
            **_IMAGE,
        },
        {
            "vision_config": _PIXTRAL, "text_config": _QWEN3, "tie_word_embeddings": False,
            "spatial_merge_size": 4, **_IMAGE,
        },
    ],
    "gemma3": [
        {
            "vision_config": _SIGLIP, "text_config": _GEMMA3, "mm_tokens_per_image": 4, **_INDEX,
        },
        {
            "vision_config": {**_SIGLIP, "vision_use_head": True},
            "text_config": {**_GEMMA3, "attention_bias": True}, "mm_tokens_per_image": 16,
            "tie_word_embeddings": False, **_INDEX,
        },
    ],
    "paligemma": [
        {
            "vision_config": {**_SIGLIP, "projection_dim": 96}, "text_config": _GEMMA,
            "projection_dim": 96, **_INDEX,
        },
        {
            "vision_config": {**_SIGLIP, "projection_dim": 96},
            "text_config": {**_GEMMA, "model_type": "gemma2"}, "projection_dim": 96, **_INDEX,
        },
    ],
    "deepseek_vl": [
        {
            "vision_config": _SIGLIP, "text_config": _LLAMA, "tie_word_embeddings": False,
            **_IMAGE,
        },
        {
            "vision_config": {**_SIGLIP, "vision_use_head": True}, "text_config": _LLAMA,
            "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "glm4v": [
        {"vision_config": _GLM_TOWER, "text_config": _GLM_TEXT, **_QWEN_IDS},
        {
            "vision_config": {**_GLM_TOWER, "attention_bias": True, "spatial_merge_size": 4},
            "text_config": _GLM_TEXT, "tie_word_embeddings": True, **_QWEN_IDS,
        },
    ],
    "glm46v": [
        {
            "vision_config": {"model_type": "glm4v_vision", **_GLM_TOWER},
            "text_config": {"model_type": "glm4v_text", **_GLM_TEXT}, **_QWEN_IDS,
        },
        {
            "vision_config": {"model_type": "glm4v_moe_vision", **_GLM_TOWER},
            "text_config": {"model_type": "glm4v_moe_text", **_GLM_MIXTURE}, **_QWEN_IDS,
        },
    ],
    "glmga": [
        {
            "vision_config": {"model_type": "glm4v_vision", **_GLM_TOWER},
            "text_config": {"model_type": "glm4v_text", **_GLM_TEXT}, **_QWEN_IDS,
        },
        {
            "vision_config": {"model_type": "glm4v_vision", **_GLM_TOWER, "depth": 1},
            "text_config": {"model_type": "glm4v_text", **_GLM_TEXT},
            "tie_word_embeddings": True, **_QWEN_IDS,
        },
    ],
    "glm4v_moe": [
        {"vision_config": _GLM_TOWER, "text_config": _GLM_MIXTURE, **_QWEN_IDS},
        {
            "vision_config": _GLM_TOWER, **_QWEN_IDS,
            "text_config": {
                **_GLM_MIXTURE, "attention_bias": False, "head_dim": 24, "n_shared_experts": 2,
                "rope_parameters": {**_WIDE_SECTIONS, "partial_rotary_factor": 1.0},
            },
        },
    ],
    "glm_ocr": [
        {"vision_config": _GLM_TOWER, "text_config": _GLM_TEXT, **_QWEN_IDS},
        {
            "vision_config": {**_GLM_TOWER, "attention_bias": False}, "text_config": _GLM_TEXT,
            "tie_word_embeddings": True, **_QWEN_IDS,
        },
    ],
    "exaone4_5": [
        {
            "vision_config": {
                **_QWEN_TOWER, "num_key_value_heads": 2, "window_size": 32,
                "fullatt_block_indexes": [0],
            },
            "text_config": {"model_type": "exaone4", **_TEXT}, **_QWEN_IDS,
        },
        {
            "vision_config": {
                **_QWEN_TOWER, "num_key_value_heads": 4, "window_size": 32,
                "fullatt_block_indexes": [],
            },
            "text_config": {"model_type": "exaone4", **_TEXT, "num_key_value_heads": 6},
            "tie_word_embeddings": True, **_QWEN_IDS,
        },
    ],
    "mllama": [
        {
            "vision_config": _MLLAMA_TOWER,
            "text_config": {**_MLLAMA_TEXT, "cross_attention_layers": [1]}, **_INDEX,
        },
        {
            "vision_config": {
                **_MLLAMA_TOWER, "intermediate_layers_indices": [0], "vision_output_dim": 96,
                "max_num_tiles": 2, "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]],
            },
            "text_config": {
                **_MLLAMA_TEXT, "cross_attention_layers": [0, 2], "num_hidden_layers": 3,
            },
            **_INDEX,
        },
    ],
    "kimi_k25": [
        {
            "vision_config": _KIMI_TOWER, "text_config": _LATENT, "projection_hidden_size": 48,
            "tie_word_embeddings": False, **_IMAGE,
        },
        {
            "vision_config": {**_KIMI_TOWER, "merge_kernel_size": [4, 4], "pos_emb_height": 6},
            "text_config": {**_LATENT, "first_k_dense_replace": 0}, "projection_hidden_size": 48,
            "tie_word_embeddings": False, **_IMAGE,
        },
    ],
    "paddleocr_vl": [
        {
            "vision_config": _VIT,
            "text_config": {
                **_TEXT, "head_dim": 24, "tie_word_embeddings": False,
                "rope_parameters": _WIDE_SECTIONS,
            },
            "tie_word_embeddings": False, **_QWEN_IDS,
        },
        {
            "vision_config": {**_VIT, "spatial_merge_size": 4},
            "text_config": {
                **_TEXT, "head_dim": 24, "use_bias": True, "rope_parameters": _WIDE_SECTIONS,
            },
            "tie_word_embeddings": True, **_QWEN_IDS,
        },
    ],
    "video_llama_3": [
        {"vision_config": _VIT, "text_config": _QWEN2, **_IMAGE},
        {
            "vision_config": {**_VIT, "num_channels": 1}, "text_config": _LLAMA,
            "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "lfm2_vl": [
        {"vision_config": _SIGLIP2, "text_config": _LFM2, "projector_hidden_size": 72, **_IMAGE},
        {
            "vision_config": {**_SIGLIP2, "vision_use_head": True}, "text_config": _LFM2,
            "projector_hidden_size": 80, "projector_bias": False, "projector_use_layernorm": False,
            "downsample_factor": 4, **_IMAGE,
        },
    ],
    "qwen3_5": [
        {"vision_config": _QWEN35_TOWER, "text_config": _GATED, **_QWEN_IDS},
        {
            "vision_config": {**_QWEN35_TOWER, "depth": 1}, "text_config": _GATED,
            "tie_word_embeddings": True, **_QWEN_IDS,
        },
    ],
    "qwen3_5_moe": [
        {"vision_config": _QWEN35_TOWER, "text_config": _GATED_MIXTURE, **_QWEN_IDS},
        {
            "vision_config": {**_QWEN35_TOWER, "spatial_merge_size": 4},
            "text_config": {**_GATED_MIXTURE, "num_experts": 4}, "tie_word_embeddings": True,
            **_QWEN_IDS,
        },
    ],
    "idefics2": [
        {
            "vision_config": {"model_type": "idefics2_vision", **_VIT}, "text_config": _MISTRAL,
            "perceiver_config": _PERCEIVER, "tie_word_embeddings": False, **_IMAGE,
        },
        {
            "vision_config": {"model_type": "idefics2_vision", **_VIT}, "text_config": _MISTRAL,
            "perceiver_config": {
                **_PERCEIVER, "num_key_value_heads": 4, "resampler_depth": 1,
                "resampler_head_dim": 20,
            },
            "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "blip-2": [
        {
            "vision_config": _BLIP_TOWER, "qformer_config": _FORMER, "text_config": _OPT,
            "num_query_tokens": 8, **_INDEX,
        },
        {
            "vision_config": {**_BLIP_TOWER, "qkv_bias": False},
            "qformer_config": {**_FORMER, "cross_attention_frequency": 1}, "text_config": _OPT,
            "num_query_tokens": 6, **_INDEX,
        },
    ],
    "instructblip": [
        {
            "vision_config": _BLIP_TOWER, "qformer_config": _FORMER, "text_config": _OPT,
            "num_query_tokens": 8, **_INDEX,
        },
        {
            "vision_config": _BLIP_TOWER, "qformer_config": {**_FORMER, "num_hidden_layers": 2},
            "text_config": _OPT, "num_query_tokens": 6, **_INDEX,
        },
    ],
    "instructblipvideo": [
        {
            "vision_config": _BLIP_TOWER, "qformer_config": _FORMER, "text_config": _OPT,
            "num_query_tokens": 8, **_INDEX,
        },
        {
            "vision_config": {**_BLIP_TOWER, "num_hidden_layers": 1}, "qformer_config": _FORMER,
            "text_config": _OPT, "num_query_tokens": 6, **_INDEX,
        },
    ],
    "hyperclovax_vision_v2": [
        {
            "vision_config": {**_OMNI_SIGHT, "model_type": "qwen2_5_vl_vision"},
            "text_config": {**_TEXT, "model_type": "hyperclovax"}, "tie_word_embeddings": True,
            **_QWEN_IDS,
        },
        {
            "vision_config": {
                **_OMNI_SIGHT, "out_hidden_size": 56, "model_type": "qwen2_5_vl_vision",
            },
            "text_config": {**_TEXT, "model_type": "hyperclovax", "use_post_norm": False},
            "tie_word_embeddings": False, **_QWEN_IDS,
        },
    ],
    "got_ocr2": [
        {"vision_config": _SAM, "text_config": _QWEN2, "tie_word_embeddings": True, **_INDEX},
        {
            "vision_config": {
                **_SAM, "use_rel_pos": False, "qkv_bias": False, "use_abs_pos": False,
                "global_attn_indexes": [],
            },
            "text_config": _QWEN2, "tie_word_embeddings": False, **_INDEX,
        },
    ],
    "pp_chart2table": [
        {"vision_config": _SAM, "text_config": _QWEN2, "tie_word_embeddings": True, **_INDEX},
        {
            "vision_config": {**_SAM, "global_attn_indexes": [0, 1, 2]}, "text_config": _QWEN2,
            "tie_word_embeddings": False, **_INDEX,
        },
    ],
    "video_llava": [
        {"vision_config": _CLIP, "text_config": _LLAMA, **_INDEX},
        {
            "vision_config": _CLIP, "text_config": _LLAMA, "multimodal_projector_bias": False,
            "vision_feature_layer": -1, **_INDEX,
        },
    ],
    "deepseek_vl_hybrid": [
        {
            "vision_config": _SIGLIP, "text_config": _LLAMA, "tie_word_embeddings": False,
            "high_res_vision_config": {**_SAM, "model_type": "sam_vision_model"}, **_IMAGE,
        },
        {
            "vision_config": {**_SIGLIP, "vision_use_head": True}, "text_config": _LLAMA,
            "high_res_vision_config": {
                **_SAM, "model_type": "sam_vision_model", "output_channels": 24,
            },
            "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "llama4": [
        {"vision_config": _LLAMA4_TOWER, "text_config": _LLAMA4_TEXT, **_INDEX},
        {
            "vision_config": {**_LLAMA4_TOWER, "num_hidden_layers": 1},
            "text_config": {**_LLAMA4_TEXT, "interleave_moe_layer_step": 2}, **_INDEX,
        },
    ],
    "cosmos3_omni": [
        {
            "vision_config": _QWEN3_TOWER,
            "text_config": {**_TEXT, "head_dim": 24, "rope_parameters": _WIDE_SECTIONS},
            **_QWEN_IDS,
        },
        {
            "vision_config": {**_QWEN3_TOWER, "depth": 2},
            "text_config": {**_TEXT, "head_dim": 24, "rope_parameters": _WIDE_SECTIONS},
            "tie_word_embeddings": True, **_QWEN_IDS,
        },
    ],
    "ovis2": [
        {
            "vision_config": _OVIS, "text_config": _QWEN2, "hidden_size": 96, "vocab_size": 1000,
            "tie_word_embeddings": True, **_IMAGE,
        },
        {
            "vision_config": {
                **_OVIS, "hidden_stride": 2, "qkv_bias": True, "mlp_bias": True,
                "num_visual_indicator_tokens": 3,
            },
            "text_config": _QWEN2, "hidden_size": 96, "vocab_size": 1000,
            "tie_word_embeddings": False, "visual_indicator_token_ids": [20, 21, 22], **_IMAGE,
        },
    ],
    "fuyu": [
        {"text_config": _PERSIMMON, "patch_size": 8, "image_size": 32, **_IMAGE},
        {
            "text_config": {**_PERSIMMON, "qk_layernorm": False}, "patch_size": 8,
            "image_size": 32, "num_channels": 1, "tie_word_embeddings": True, **_IMAGE,
        },
    ],
    "aria": [
        {
            "vision_config": {"model_type": "idefics3_vision", **_VIT}, "text_config": _ARIA,
            "projector_patch_to_query_dict": {"16": 4, "64": 8}, **_INDEX,
        },
        {
            "vision_config": {"model_type": "idefics3_vision", **_VIT},
            "text_config": {**_ARIA, "moe_num_shared_experts": 1}, "vision_feature_layer": -2,
            "projector_patch_to_query_dict": {"16": 6}, **_INDEX,
        },
    ],
    "kosmos-2": [
        {"vision_config": _VIT, "text_config": _KOSMOS, "latent_query_num": 8},
        {
            "vision_config": {**_VIT, "num_hidden_layers": 1},
            "text_config": {**_KOSMOS, "layers": 3, "tie_word_embeddings": False},
            "latent_query_num": 5, "tie_word_embeddings": False,
        },
    ],
    "kosmos-2.5": [
        {"vision_config": _KOSMOS_TOWER, "text_config": _KOSMOS, "latent_query_num": 8},
        {
            "vision_config": {**_KOSMOS_TOWER, "head_dim": 16},
            "text_config": {**_KOSMOS, "layers": 3, "tie_word_embeddings": False},
            "latent_query_num": 5, "tie_word_embeddings": False,
        },
    ],
    "git": [
        {"vision_config": _VIT, **_GIT},
        {
            "vision_config": {**_VIT, "num_hidden_layers": 1}, **_GIT,
            "num_image_with_embedding": 3, "tie_word_embeddings": True,
        },
    ],
    "blip": [
        {"vision_config": _VIT, "text_config": _BLIP_TEXT},
        {
            "vision_config": {**_VIT, "num_hidden_layers": 1},
            "text_config": {**_BLIP_TEXT, "num_hidden_layers": 1, "tie_word_embeddings": False},
            "tie_word_embeddings": False,
        },
    ],
    "gemma4": [
        {
            "vision_config": _GEMMA4_SIGHT, "audio_config": None, "text_config": _GEMMA4,
            **_GEMMA4_IDS,
        },
        {
            "vision_config": {**_GEMMA4_SIGHT, "num_key_value_heads": 2, "pooling_kernel_size": 2},
            "audio_config": {**_GEMMA4_SOUND, "num_hidden_layers": 1},
            "text_config": {**_GEMMA4, "hidden_size_per_layer_input": 0}, **_GEMMA4_IDS,
        },
        {
            "vision_config": None, "audio_config": _GEMMA4_SOUND, "text_config": _GEMMA4,
            **_GEMMA4_IDS,
        },
    ],
    "moss_transcribe_diarize": [
        {
            "audio_config": _WHISPER, "text_config": _QWEN3, "tie_word_embeddings": False,
            **_SOUND,
        },
        {
            "audio_config": _WHISPER, "text_config": _QWEN3,
            "audio_merge_size": 2, "projector_bias": False, "tie_word_embeddings": True, **_SOUND,
        },
    ],
    "minicpmv4_6": [
        {"vision_config": _MINICPM, "text_config": _GATED_TEXT, **_MINICPM_IDS},
        {
            "vision_config": {**_MINICPM, "num_hidden_layers": 2}, "text_config": _GATED_TEXT,
            "tie_word_embeddings": True, **_MINICPM_IDS, "insert_layer_id": 1,
        },
    ],
    "minicpmv4_7": [
        {"vision_config": _MINICPM, "text_config": _GATED_TEXT, **_MINICPM_IDS},
        {
            "vision_config": _MINICPM, "text_config": _GATED_TEXT, "merger_times": 2,
            **_MINICPM_IDS,
        },
    ],
    "minicpm_ocr": [
        {
            "vision_config": _MINICPM, "text_config": _GATED_TEXT, "tie_word_embeddings": True,
            **_MINICPM_IDS,
        },
        {
            "vision_config": _MINICPM, "text_config": _GATED_TEXT, "tie_word_embeddings": False,
            "downsample_mode": "16x", **_MINICPM_IDS,
        },
    ],
    "chameleon": [
        {**_TEXT, "vq_config": _CODES, "vocabulary_map": _NAMES},
        {
            **_TEXT, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True,
            "vq_config": {
                **_CODES, "channel_multiplier": [1, 2, 2], "num_res_blocks": 1,
                "latent_channels": 8,
            },
            "vocabulary_map": _NAMES,
        },
    ],
    "gemma4_unified": [
        {
            "vision_config": _UNIFIED_SIGHT, "audio_config": {"audio_embed_dim": 20},
            "text_config": _UNIFIED, **_GEMMA4_IDS,
        },
        {
            "vision_config": {**_UNIFIED_SIGHT, "mm_embed_dim": 40, "output_proj_dims": 40},
            "audio_config": None, "text_config": {**_UNIFIED, "num_hidden_layers": 3,
            "layer_types": ["full_attention"] * 3}, **_GEMMA4_IDS,
        },
    ],
    "lfm3_vl": [
        {"vision_config": _LFM3_TOWER, "text_config": _LFM3, "projector_hidden_size": 72, **_IMAGE},
        {
            "vision_config": {**_LFM3_TOWER, "layer_types": ["conv", "full_attention", "conv"]},
            "text_config": _LFM3, "projector_hidden_size": 80, "projector_bias": False,
            "tie_word_embeddings": False, **_IMAGE,
        },
    ],
    "granite_speech_plus": [
        {
            "encoder_config": {**_CONFORMER, "cat_hidden_layers": [1]},
            "projector_config": {**_SPEECH_FORMER, "encoder_hidden_size": 96},
            "text_config": {"model_type": "granite", **_TEXT}, "tie_word_embeddings": False,
            **_SOUND,
        },
        {
            "encoder_config": {**_CONFORMER, "num_layers": 3}, "projector_config": _SPEECH_FORMER,
            "text_config": {"model_type": "granite", **_TEXT}, "tie_word_embeddings": True,
            **_SOUND,
        },
    ],
    "granite_speech": [
        {
            "encoder_config": _CONFORMER, "projector_config": _SPEECH_FORMER,
            "text_config": {"model_type": "granite", **_TEXT}, "tie_word_embeddings": False,
            **_SOUND,
        },
        {
            "encoder_config": {**_CONFORMER, "conv_expansion_factor": 1, "num_layers": 3},
            "projector_config": {**_SPEECH_FORMER, "cross_attention_frequency": 1},
            "text_config": {"model_type": "granite", **_TEXT}, "window_size": 10,
            "tie_word_embeddings": True, **_SOUND,
        },
    ],
    "idefics": [
        {
            "vision_config": _IDEFICS_TOWER, **_TEXT, "num_key_value_heads": None,
            "cross_layer_interval": 2, "freeze_text_layers": False,
            "freeze_vision_layers": False,
        },
        {
            "vision_config": _IDEFICS_TOWER, **_TEXT, "num_key_value_heads": None,
            "additional_vocab_size": 7, "qk_layer_norms": True, "use_resampler": True,
            "freeze_text_layers": False, "freeze_vision_layers": False,
            "perceiver_config": {
                "resampler_n_latents": 6, "resampler_depth": 2, "resampler_n_heads": 3,
                "resampler_head_dim": 10, "qk_layer_norms_perceiver": True,
                "use_resampler": True,
            },
        },
    ],
    "qwen2_audio": [
        {"audio_config": _WHISPER, "text_config": _QWEN2, **_SOUND},
        {
            "audio_config": {**_WHISPER, "num_mel_bins": 80, "encoder_layers": 1},
            "text_config": _LLAMA, **_SOUND,
        },
    ],
    "voxtral": [
        {"audio_config": _VOXTRAL, "text_config": _LLAMA, **_SOUND},
        {
            "audio_config": {**_VOXTRAL, "intermediate_size": 96, "num_hidden_layers": 1},
            "text_config": _MISTRAL, **_SOUND,
        },
    ],
    "glmasr": [
        {
            "audio_config": {**_GLMASR, "num_key_value_heads": 4}, "text_config": _LLAMA,
            "tie_word_embeddings": False, **_SOUND,
        },
        {
            "audio_config": {**_GLMASR, "num_key_value_heads": 2}, "text_config": _LLAMA,
            "tie_word_embeddings": True, **_SOUND,
        },
    ],
    "qwen3_asr": [
        {
            "audio_config": _ASR, "text_config": _QWEN3, "tie_word_embeddings": False, **_SOUND,
        },
        {
            "audio_config": {**_ASR, "num_mel_bins": 40, "downsample_hidden_size": 24},
            "text_config": _QWEN3, "tie_word_embeddings": True, **_SOUND,
        },
    ],
    "qwen2_5_omni_thinker": [
        {
            "audio_config": _OMNI, "vision_config": _OMNI_SIGHT, "text_config": _OMNI_TEXT,
            **_OMNI_IDS,
        },
        {
            "audio_config": {**_OMNI, "encoder_layers": 1}, "vision_config": _OMNI_SIGHT,
            "text_config": _OMNI_TEXT, "tie_word_embeddings": True, **_OMNI_IDS,
        },
    ],
    "qwen3_omni_moe_thinker": [
        {
            "audio_config": _PIECES, "vision_config": _QWEN3_TOWER, "text_config": _MIXTURE,
            **_OMNI_IDS,
        },
        {
            "audio_config": {**_PIECES, "n_window_infer": 100}, "vision_config": _QWEN3_TOWER,
            "text_config": {**_MIXTURE, "mlp_only_layers": [1]}, "tie_word_embeddings": True,
            **_OMNI_IDS,
        },
    ],
    "qwen2_5_omni": [
        {
            "enable_audio_output": False,
            "thinker_config": {
                "audio_config": _OMNI, "vision_config": _OMNI_SIGHT, "text_config": _OMNI_TEXT,
                **_OMNI_IDS,
            },
        },
        {
            "enable_audio_output": False,
            "thinker_config": {
                "audio_config": _OMNI, "vision_config": {**_OMNI_SIGHT, "depth": 1},
                "text_config": {**_OMNI_TEXT, "num_hidden_layers": 3}, **_OMNI_IDS,
            },
        },
    ],
    "qwen3_omni_moe": [
        {
            "enable_audio_output": False,
            "thinker_config": {
                "audio_config": _PIECES, "vision_config": _QWEN3_TOWER, "text_config": _MIXTURE,
                **_OMNI_IDS,
            },
        },
        {
            "enable_audio_output": False,
            "thinker_config": {
                "audio_config": {**_PIECES, "encoder_layers": 1}, "vision_config": _QWEN3_TOWER,
                "text_config": {**_MIXTURE, "num_experts": 4}, **_OMNI_IDS,
            },
        },
    ],
    "shieldgemma2": [
        {
            "vision_config": _SIGLIP, "text_config": _GEMMA3, "mm_tokens_per_image": 4, **_INDEX,
        },
        {
            "vision_config": {**_SIGLIP, "num_hidden_layers": 1}, "text_config": _GEMMA3,
            "mm_tokens_per_image": 16, **_INDEX,
        },
    ],
}  # fmt: skip


def cases() -> list[dict[str, Any]]:
    """Return every case as a configuration, in a fixed order."""
    return [
        {"model_type": name, **{key: value for key, value in config.items() if _said(key, value)}}
        for name, some in CASES.items()
        for config in some
    ]


def _said(key: str, value: object) -> bool:
    """Keep nulls where they say that a tower is not there."""
    return value is not None or key.endswith("_config")
