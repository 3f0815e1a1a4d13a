"""Small made-up configurations of further composed models that an oracle has counted.

`record_composed2.py` builds each of them in transformers and writes what it finds to
`verified_composed2.json`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CASES", "DEFAULTS", "LENGTH", "LONGER", "cases"]

LENGTH = 96
"""Tokens of the sequence that the operations are counted with, the picture's own among them."""

LONGER = {"deepseek_ocr2": 192}
"""Families whose pictures become more features than that."""

_TOKENS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
_TEXT = {
    "vocab_size": 1000, "hidden_size": 96, "intermediate_size": 200, "num_hidden_layers": 2,
    "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 512, **_TOKENS,
}  # fmt: skip
_VIT = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip
_PIXTRAL = {"model_type": "pixtral", **_VIT}
_IDS = {"image_token_id": 5, "video_token_id": 6, "vision_start_token_id": 7,
        "vision_end_token_id": 8}  # fmt: skip

_LATENT = {
    **_TEXT, "num_key_value_heads": 6, "kv_lora_rank": 24, "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8, "v_head_dim": 20, "moe_intermediate_size": 56, "n_routed_experts": 8,
    "n_shared_experts": 2, "n_group": 2, "num_experts_per_tok": 2, "topk_group": 1,
    "first_k_dense_replace": 1,
}  # fmt: skip
_NARROW = {**_LATENT, "q_lora_rank": 40}
_INDEXED = {**_LATENT, "index_topk": 16, "index_head_dim": 12, "index_n_heads": 3}
_QWEN_TOWER = {
    "depth": 3, "hidden_size": 48, "intermediate_size": 104, "num_heads": 4, "patch_size": 8,
    "out_hidden_size": 96, "num_position_embeddings": 16,
}  # fmt: skip
_QWEN4 = {
    **{key: value for key, value in _TEXT.items() if key != "intermediate_size"},
    "head_dim": 24, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "moe_intermediate_size": 56,
    "shared_expert_intermediate_size": 64, "num_experts": 8, "num_experts_per_tok": 2,
    "hc_count": 2, "hc_lowrank": 12, "indexer_n_heads": 2, "indexer_kv_heads": 1,
    "indexer_head_dim": 24, "indexer_budget": 32, "indexer_compress_ratio": 4,
    "layer_types": ["linear_attention", "indexed_attention"],
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0,
                        "mrope_section": [2, 2, 2], "partial_rotary_factor": 0.5},
}  # fmt: skip
_HUNYUAN_TOWER = {**_VIT, "image_size": None, "max_image_size": 32}
_HUNYUAN = {
    **_TEXT, "head_dim": 16,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
}  # fmt: skip
_MINIMAX = {
    **_TEXT, "head_dim": 24, "num_local_experts": 8, "num_experts_per_tok": 2,
    "dense_intermediate_size": 120, "shared_intermediate_size": 64, "rotary_dim": 8,
    "index_n_heads": 2, "index_head_dim": 12, "index_block_size": 8, "index_topk_blocks": 2,
}  # fmt: skip
_MOLMO_TOWER = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 4, "head_dim": 12, "image_size": [32, 32], "patch_size": 8,
}  # fmt: skip
_MOLMO_ADAPTER = {
    "hidden_size": 48, "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 12,
    "intermediate_size": 72, "text_hidden_size": 96, "vision_feature_layer": [2, 1],
}  # fmt: skip
_MOLMO = {**_TEXT, "head_dim": 16, "additional_vocab_size": 24}
_STEP_TOWER = {
    "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "image_size": 64,
    "patch_size": 8, "mlp_ratio": 2.2,
}  # fmt: skip
_STEP = {
    **_TEXT, "head_dim": 16, "n_routed_experts": 8, "num_experts_per_tok": 2,
    "moe_intermediate_size": 56, "share_expert_dim": 40, "sliding_window": 512,
    "layer_types": ["full_attention", "sliding_attention"], "mlp_layer_types": ["dense", "sparse"],
    "num_sliding_attention_heads": 8,
}  # fmt: skip
_PHI_TOWER = {**_VIT, "image_token_id": 5, "crop_size": 32}
_PHI_SOUND = {
    "hidden_size": 48, "intermediate_size": 104, "num_blocks": 2, "num_attention_heads": 4,
    "ext_pw_out_channel": 48, "depthwise_separable_out_channel": 48, "input_size": 16,
    "time_reduction": 4, "bias_max_distance": 30, "nemo_conv_channels": 10, "audio_token_id": 4,
}  # fmt: skip

_JANUS_TOWER = {
    "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "image_size": 32,
    "patch_size": 8, "projection_dim": 96, "mlp_ratio": 2.2,
}  # fmt: skip
_CODES = {
    "embed_dim": 4, "num_embeddings": 60, "latent_channels": 32, "base_channels": 32,
    "channel_multiplier": [1, 2], "num_res_blocks": 1, "projection_dim": 96,
    "image_token_embed_dim": 96,
}  # fmt: skip
_ERNIE = {
    **_TEXT, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0,
                                 "mrope_section": [3, 3, 2]},
    "moe_intermediate_size": [56, 24], "moe_k": 2, "moe_num_experts": 8,
}  # fmt: skip
_ERNIE_TOWER = {
    "depth": 3, "hidden_size": 48, "intermediate_size": 104, "num_heads": 4, "patch_size": 8,
}  # fmt: skip
_FLORENCE_TOWER = {
    "depths": [1, 2], "patch_size": [7, 3], "patch_stride": [4, 2], "patch_padding": [3, 1],
    "patch_prenorm": [False, True], "embed_dim": [24, 48], "num_heads": [2, 4],
    "num_groups": [3, 4], "window_size": 4, "projection_dim": 96, "drop_path_rate": 0.0,
}  # fmt: skip
_BART = {
    "model_type": "bart", "vocab_size": 1000, "d_model": 96, "encoder_layers": 2,
    "decoder_layers": 1, "encoder_ffn_dim": 200, "decoder_ffn_dim": 120,
    "encoder_attention_heads": 6, "decoder_attention_heads": 4, "max_position_embeddings": 256,
    **_TOKENS, "decoder_start_token_id": 2,
}  # fmt: skip

_EDGE = {**_TEXT, "head_dim": 24, "rope_parameters": {
    "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 4, 4]}}  # fmt: skip
_EDGE_TOWER = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "patch_size": 8, "num_patches": 16,
}  # fmt: skip
_COMPASS_TOWER = {**_QWEN_TOWER, "deepstack_visual_indexes": [0, 1]}
_COMPASS = {
    **_TEXT, "layer_norm_eps": 1e-5, "rope_parameters": {
        kind: {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}
        for kind in ("full_attention", "sliding_attention")
    },
}  # fmt: skip
_SQUARE64 = {
    "hidden_size": 128, "intermediate_size": 104, "num_hidden_layers": 4, "num_attention_heads": 4,
    "image_size": 64, "patch_size": 8,
}  # fmt: skip
_SIGLIP64 = {"model_type": "siglip_vision_model", "vision_use_head": False, **_SQUARE64}
_FORMER = {
    "model_type": "blip_2_qformer", "num_hidden_layers": 3, "cross_attention_frequency": 2,
    "intermediate_size": 72, "use_qformer_text_input": False,
}  # fmt: skip
_SIX = {**_TEXT, "num_hidden_layers": 6}
_GRANITE_EYES = {
    "image_token_index": 5, "downsample_rate": "2/4", "deepstack_layer_map": [[1, 0], [3, 1]],
    "spatial_target_layers": [2, 3, 4, 5], "image_grid_pinpoints": [[64, 64]],
    "projector_dropout": 0.0,
}  # fmt: skip
_DOCLING_TOWER = {**_VIT, "scale_factor": 2, "out_hidden_size": 96,
                  "deepstack_visual_indexes": [0, 2]}  # fmt: skip
_MUSE_TOWER = {
    "patch_size": 8, "pos_emb_height": 2, "pos_emb_width": 2, "num_attention_heads": 4,
    "num_hidden_layers": 5, "hidden_size": 48, "intermediate_size": 104,
    "max_position_embeddings": 4,
}  # fmt: skip
_MUSE = {**_TEXT, "head_dim": 24, "sliding_window": 512, "num_hidden_layers": 5}

_DETAIL = {
    "hidden_size": 48, "output_channels": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
    "image_size": 64, "patch_size": 8, "window_size": 3, "global_attn_indexes": [1],
    "downsample_channels": [40, 56],
}  # fmt: skip
_OCR = {**_TEXT, "n_routed_experts": 8, "n_shared_experts": 2, "num_experts_per_tok": 2,
        "moe_intermediate_size": 56, "mlp_layer_types": ["dense", "sparse"]}  # fmt: skip
_FOLDS = {"patch_size": 8, "temporal_patch_size": 2, "num_channels": 3}
_SHORT = {
    **_TEXT, "num_hidden_layers": 2, "head_dim": 16, "swa_num_attention_heads": 4,
    "swa_num_key_value_heads": 2, "swa_head_dim": 24, "sliding_window_size": 16, "d_rel": 4,
    "rel_extent": 20, "mlp_layer_types": ["dense", "sparse"], "n_routed_experts": 8,
    "num_experts_per_tok": 2, "moe_intermediate_size": 56, "n_shared_experts": 1,
    "layer_types": ["hybrid_sliding", "hybrid"],
}  # fmt: skip
_SPARK = {**_MUSE, "moe_hidden_size": 40, "moe_intermediate_size": 56, "num_local_experts": 8,
          "num_experts_per_tok": 2, "num_hidden_layers": 5}  # fmt: skip
_PYRAMID = {
    "patch_sizes": [4, 3], "hidden_sizes": [12, 24], "depths": [1, 2], "num_hidden_layers": 2,
    "mlp_ratio": 2.5, "conv_kernel_size": 5, "out_hidden_size": 96,
}  # fmt: skip
_STREAMED = {
    "hidden_size": 48, "intermediate_size": 104, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_mel_bins": 16, "head_dim": 10, "sliding_window": 1000,
}  # fmt: skip
_REALTIME = {**_TEXT, "head_dim": 24, "sliding_window": 512}
_JOINS = {
    "num_mel_bins": 4, "num_stacked_frames": 5, "hidden_size": 48, "num_attention_heads": 4,
    "intermediate_size": 104, "num_hidden_layers": 4, "num_timestamp_prediction_layers": 1,
    "fsmn_kernel_size": 3,
}  # fmt: skip
_ADAPTOR = {
    "hidden_size": 96, "num_attention_heads": 4, "intermediate_size": 24, "num_hidden_layers": 2,
    "projector_hidden_size": 64,
}  # fmt: skip
_RADIO = {
    "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "patch_size": 8,
    "max_img_size": 64, "video_temporal_patch_size": 2, "mlp_ratio": 2.2,
}  # fmt: skip
_NEMOTRON = {
    "model_type": "nemotron_h", **_TEXT, "head_dim": 24, "layers_block_type": [
        "mamba", "attention", "moe"],
    "mamba_num_heads": 4, "mamba_head_dim": 16, "n_groups": 2, "ssm_state_size": 8,
    "n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 56,
    "moe_shared_expert_intermediate_size": 40, "n_group": 1, "topk_group": 1,
}  # fmt: skip
del _NEMOTRON["num_hidden_layers"]
_HEARD = {
    "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 104,
    "subsampling_conv_channels": 8, "num_mel_bins": 16, "subsampling_factor": 4,
    "projection_hidden_size": 56, "projection_bias": False,
}  # fmt: skip
_CANVAS_SIGHT = {
    "model_type": "gemma4_vision", "hidden_size": 48, "intermediate_size": 104,
    "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 12,
    "patch_size": 8, "position_embedding_size": 32, "pooling_kernel_size": 2,
}  # fmt: skip
_CANVAS = {
    **_TEXT, "num_hidden_layers": 3, "head_dim": 16, "global_head_dim": 24, "sliding_window": 512,
    "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
    "num_experts": 8, "top_k_experts": 2, "moe_intermediate_size": 56,
}  # fmt: skip
_CONES = {
    "model_type": "vibevoice_acoustic_tokenizer_encoder", "hidden_size": 20, "kernel_size": 3,
    "num_filters": 6, "downsampling_ratios": [2, 4], "depths": [1, 2, 1], "ffn_expansion": 3,
}  # fmt: skip
_GLM_SIGHT = {
    "depth": 3, "hidden_size": 48, "intermediate_size": 104, "num_heads": 4, "patch_size": 8,
    "out_hidden_size": 96, "image_size": 32, "projection_intermediate_size": 72,
}  # fmt: skip
_GLM_NEXT = {
    **_NARROW, "qk_rope_head_dim": 0, "num_hidden_layers": 4, "index_topk": 16,
    "index_head_dim": 12, "index_n_heads": 3, "index_kpool": 4, "linear_head_dim": 12,
    "linear_num_heads": 4, "hc_mult": 2, "n_group": 1,
    "layer_types": ["linear_attention", "indexed_attention"] * 2,
    "mlp_layer_types": ["dense", "dense", "sparse", "sparse"],
}  # fmt: skip
del _GLM_NEXT["first_k_dense_replace"]
_READS = {
    "hidden_size": 56, "intermediate_size": 104, "num_hidden_layers": 2, "num_attention_heads": 4,
}  # fmt: skip

CASES: dict[str, list[dict[str, Any]]] = {
    "mistral4": [
        {**_NARROW, "first_k_dense_replace": 0},
        {**_NARROW, "first_k_dense_replace": 1, "attention_bias": True, "q_lora_rank": None,
         "tie_word_embeddings": True},
    ],
    "mistral3": [
        {"vision_config": _PIXTRAL, "text_config": {"model_type": "mistral4", **_NARROW},
         "spatial_merge_size": 2, "image_token_index": 5, "image_token_id": 5,
         "tie_word_embeddings": False},
        {"vision_config": _PIXTRAL, "text_config": {"model_type": "mistral4", **_NARROW},
         "multimodal_projector_bias": True, "image_token_index": 5, "image_token_id": 5,
         "tie_word_embeddings": False},
    ],
    "mistral_large4": [
        {"vision_config": _PIXTRAL, "text_config": _INDEXED, "image_token_index": 5,
         "image_token_id": 5},
        {"vision_config": _PIXTRAL, "image_token_index": 5, "image_token_id": 5,
         "text_config": {
             **_INDEXED, "num_hidden_layers": 5, "attention_bias": True,
             "no_rope_layers": [1, 0, 1, 1, 0], "kv_source_layers": [0, 1, 0, 3, 1],
             "indexer_types": ["full", "shared", "full", "shared", "full"],
             "tie_word_embeddings": True,
         },
         "tie_word_embeddings": True},
    ],
    "qwen4_exp": [
        {"vision_config": _QWEN_TOWER, "text_config": _QWEN4, **_IDS},
        {"vision_config": {**_QWEN_TOWER, "depth": 1}, **_IDS,
         "text_config": {**_QWEN4, "num_hidden_layers": 3,
                         "layer_types": ["linear_attention"] * 2 + ["indexed_attention"]},
         "tie_word_embeddings": True},
    ],
    "hunyuan_vl": [
        {"vision_config": _HUNYUAN_TOWER, "text_config": _HUNYUAN, "image_token_id": 5},
        {"vision_config": {**_HUNYUAN_TOWER, "num_channels": 1, "max_image_size": 64},
         "text_config": {**_HUNYUAN, "attention_bias": True, "tie_word_embeddings": False},
         "tie_word_embeddings": False, "image_token_id": 5},
    ],
    "hy_v4_vl": [
        {"vision_config": {**_HUNYUAN_TOWER, "out_hidden_size": 96}, "image_token_id": 5,
         "text_config": {**_NARROW, **{key: _INDEXED[key] for key in _INDEXED if "index" in key},
                         "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0,
                                             "mrope_section": [2, 1, 1]}}},
        {"vision_config": {**_HUNYUAN_TOWER, "out_hidden_size": 96, "spatial_merge_size": 4},
         "text_config": {**_NARROW, **{key: _INDEXED[key] for key in _INDEXED if "index" in key},
                         "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0,
                                             "mrope_section": [2, 1, 1]},
                         "indexer_types": ["full", "shared"], "hc_mult": 2},
         "image_token_id": 5},
    ],
    "minimax_m3_vl": [
        {"vision_config": _VIT, "text_config": _MINIMAX, "projector_hidden_size": 80,
         "image_token_index": 5},
        {"vision_config": {**_VIT, "num_hidden_layers": 1, "temporal_patch_size": 1},
         "text_config": {**_MINIMAX, "layer_types": ["full_attention", "minimax_m3_sparse"],
                         "mlp_layer_types": ["dense", "sparse"], "tie_word_embeddings": True},
         "tie_word_embeddings": True, "projector_hidden_size": 72, "image_token_index": 5},
    ],
    "molmo2": [
        {"vision_config": _MOLMO_TOWER, "adapter_config": _MOLMO_ADAPTER, "text_config": _MOLMO,
         "image_patch_id": 5},
        {"vision_config": {**_MOLMO_TOWER, "attention_bias": False},
         "adapter_config": {**_MOLMO_ADAPTER, "vision_feature_layer": [-1, 0, 1],
                            "attention_bias": False, "mlp_bias": True, "num_key_value_heads": 2},
         "text_config": {**_MOLMO, "attention_bias": True, "qk_norm_type": "olmo",
                         "norm_after": True}, "image_patch_id": 5},
        {"vit_config": _MOLMO_TOWER, "image_patch_id": 5, "text_config": _MOLMO,
         "adapter_config": {**_MOLMO_ADAPTER, "vision_feature_layer": [-2, -3]}},
    ],
    "step3p7": [
        {"vision_config": _STEP_TOWER, "text_config": _STEP, "image_token_id": 5},
        {"vision_config": {"width": 48, "layers": 1, "heads": 4, "image_size": 32, "patch_size": 4},
         "text_config": {
             **_STEP, "num_hidden_layers": 5, "mlp_layer_types": None, "layer_types": None,
             "num_sliding_attention_heads": None, "moe_layers_enum": "2,3", "attention_bias": True,
             "mlp_bias": True,
         }, "tie_word_embeddings": True, "projector_bias": True, "image_token_id": 5},
        {"vision_config": _STEP_TOWER, "image_token_id": 5, "text_config": {
            **_STEP, "num_sliding_attention_heads": None,
            "attention_other_setting": {"num_attention_heads": 4}, "num_nextn_predict_layers": 1,
            "layer_types": ["full_attention", "sliding_attention", "full_attention"],
            "mlp_layer_types": ["dense", "sparse", "dense"]}},
    ],
    "phi4_multimodal": [
        {**_TEXT, "vision_config": _PHI_TOWER, "audio_config": _PHI_SOUND},
        {**_TEXT, "tie_word_embeddings": True,
         "vision_config": {**_PHI_TOWER, "image_size": 40, "crop_size": 40, "feature_layer": -1},
         "audio_config": {**_PHI_SOUND, "time_reduction": 8, "bias_symmetric": True,
                          "depthwise_multiplier": 2, "kernel_size": 5}},
    ],
    "janus": [
        {"vision_config": _JANUS_TOWER, "vq_config": _CODES, "image_token_id": 5,
         "text_config": {"model_type": "llama", **_TEXT}, "tie_word_embeddings": False},
        {"vision_config": {**_JANUS_TOWER, "depth": 3, "use_qk_norm": True,
                           "num_attention_heads": 1, "attention_bias": False},
         "vq_config": {**_CODES, "num_res_blocks": 2, "channel_multiplier": [1, 1, 3],
                       "num_hidden_layers": 1},
         "text_config": {"model_type": "llama", **_TEXT, "tie_word_embeddings": True},
         "image_token_id": 5, "tie_word_embeddings": True},
    ],
    "ernie4_5_vl_moe": [
        {"vision_config": _ERNIE_TOWER, "text_config": _ERNIE, **_IDS},
        {"vision_config": {**_ERNIE_TOWER, "depth": 1, "in_channels": 1}, **_IDS,
         "text_config": {**_ERNIE, "use_bias": True, "moe_num_shared_experts": 0,
                         "mlp_layer_types": ["sparse", "sparse"], "tie_word_embeddings": False},
         "tie_word_embeddings": False},
    ],
    "florence2": [
        {"vision_config": _FLORENCE_TOWER, "text_config": _BART, "image_token_id": 5},
        {"vision_config": {**_FLORENCE_TOWER, "qkv_bias": False, "patch_prenorm": [True, False],
                           "mlp_ratio": 3.0, "window_size": 2, "max_position_embeddings": 20},
         "text_config": {**_BART, "encoder_layers": 1}, "image_token_id": 5},
    ],
    "cosmos3_edge": [
        {"vision_config": _EDGE_TOWER, "text_config": _EDGE, "projector_hidden_size": 72, **_IDS},
        {"vision_config": {**_EDGE_TOWER, "num_channels": 1, "num_hidden_layers": 1}, **_IDS,
         "text_config": {**_EDGE, "attention_bias": True, "mlp_bias": True},
         "projector_hidden_size": 40},
    ],
    "cohere_compass": [
        {"vision_config": _COMPASS_TOWER, "text_config": _COMPASS, **_IDS,
         "tie_word_embeddings": True},
        {"vision_config": {**_COMPASS_TOWER, "deepstack_visual_indexes": [1]}, **_IDS,
         "text_config": {**_COMPASS, "tie_word_embeddings": False, "attention_bias": True,
                         "layer_types": ["full_attention", "sliding_attention"],
                         "sliding_window": 512},
         "tie_word_embeddings": False},
    ],
    "granite4_vision": [
        {"vision_config": _SIGLIP64, "text_config": _SIX, **_GRANITE_EYES,
         "vision_feature_select_strategy": "full"},
        {"vision_config": {"model_type": "clip_vision_model", **_SQUARE64}, "text_config": _SIX,
         **_GRANITE_EYES, "vision_feature_select_strategy": "default", "qformer_config": _FORMER,
         "downsample_rate": "1/2", "deepstack_layer_map": [[-2, 0]], "spatial_vision_layer": -2},
    ],
    "granite_docling": [
        {"vision_config": _DOCLING_TOWER, "text_config": _TEXT, "image_token_id": 5},
        {"vision_config": {**_DOCLING_TOWER, "use_fine_route": False, "scale_factor": 1,
                           "deepstack_visual_indexes": [1]},
         "text_config": {**_TEXT, "tie_word_embeddings": False, "attention_bias": True,
                         "mlp_bias": True},
         "tie_word_embeddings": False, "image_token_id": 5},
        {"vision_config": _DOCLING_TOWER, "text_config": _TEXT, "image_token_id": 5,
         "density_router_hidden_size": 20},
    ],
    "muse_glimmer": [
        {"vision_config": _MUSE_TOWER, "text_config": _MUSE, "out_hidden_size": 192,
         "projector_hidden_size": 72, "image_token_id": 5, "video_token_id": 6},
        {"vision_config": {**_MUSE_TOWER, "patch_temporal": 1, "merge_size": 1, "layer_types": [
            "window_attention"] * 2 + ["full_attention"] * 3},
         "text_config": {**_MUSE, "attention_bias": True, "num_hidden_layers": 2,
                         "layer_types": ["full_attention", "sliding_attention"],
                         "tie_word_embeddings": True},
         "tie_word_embeddings": True,
         "out_hidden_size": 48, "projector_hidden_size": 40, "image_token_id": 5,
         "video_token_id": 6},
    ],
    "deepseek_ocr2": [
        {"vision_config": {"sam_config": {**_DETAIL, "mlp_dim": 104},
                           "encoder_config": {**_READS, "num_key_value_heads": 2}},
         "text_config": _OCR, "image_token_id": 5},
        {"vision_config": {"sam_config": {**_DETAIL, "mlp_ratio": 2.0, "use_abs_pos": False},
                           "encoder_config": {**_READS, "num_key_value_heads": 4}},
         "text_config": {**_OCR, "attention_bias": True, "mlp_bias": True,
                         "tie_word_embeddings": True},
         "tie_word_embeddings": True, "image_token_id": 5},
    ],
    "unlimited_ocr": [
        {"vision_config": {"sam_config": {**_DETAIL, "mlp_dim": 104},
                           "encoder_config": {**_READS, "image_size": 16, "patch_size": 8}},
         "text_config": {**_OCR, "mlp_layer_types": None, "first_k_dense_replace": 1,
                         "num_key_value_heads": 6},
         "image_token_id": 5},
        {"vision_config": {"sam_config": {**_DETAIL, "mlp_dim": 72, "use_rel_pos": False},
                           "encoder_config": {**_READS, "image_size": 32, "patch_size": 8}},
         "text_config": {**_OCR, "attention_bias": True, "mlp_bias": True, "sliding_window": 64,
                         "num_key_value_heads": 6},
         "image_token_id": 5},
    ],
    "inkling_mm_model": [
        {"vision_config": {**_FOLDS, "num_hidden_layers": 7}, "text_config": _SHORT,
         "audio_config": {"n_mel_bins": 6, "mel_vocab_size": 10}, "image_token_id": 5,
         "audio_token_id": 4},
        {"vision_config": {**_FOLDS, "patch_size": 12, "num_hidden_layers": 3},
         "text_config": _SHORT, "image_token_id": 5, "audio_token_id": 4,
         "audio_config": {"n_mel_bins": 4, "mel_vocab_size": 12}},
        {"vision_config": {**_FOLDS, "patch_size": 10, "temporal_patch_size": 4,
                           "num_hidden_layers": 2},
         "text_config": _SHORT, "image_token_id": 5, "audio_token_id": 4,
         "audio_config": {"n_mel_bins": 4, "mel_vocab_size": 12}},
    ],
    "muse_spark": [
        {"vision_config": _MUSE_TOWER, "text_config": _SPARK, "audio_config": _PYRAMID,
         "out_hidden_size": 192, "projector_hidden_size": 72, "image_token_id": 5,
         "video_token_id": 6, "audio_token_id": 4},
        {"vision_config": _MUSE_TOWER, "audio_config": {**_PYRAMID, "depths": [2, 1]},
         "text_config": {**_SPARK, "num_hidden_layers": 2, "attention_bias": True,
                         "mlp_layer_types": ["dense", "sparse"],
                         "layer_types": ["full_attention", "sliding_attention"]},
         "out_hidden_size": 192, "projector_hidden_size": 40, "image_token_id": 5,
         "video_token_id": 6, "audio_token_id": 4},
    ],
    "voxtral_realtime": [
        {"audio_config": _STREAMED, "text_config": _REALTIME},
        {"audio_config": {**_STREAMED, "num_hidden_layers": 1, "head_dim": None},
         "text_config": {**_REALTIME, "tie_word_embeddings": False},
         "tie_word_embeddings": False, "downsample_factor": 2},
    ],
    "fun_asr_nano": [
        {"audio_config": _JOINS, "adaptor_config": _ADAPTOR, "audio_token_id": 4,
         "text_config": {"model_type": "qwen3", **_TEXT, "head_dim": 24},
         "tie_word_embeddings": False},
        {"audio_config": {**_JOINS, "num_hidden_layers": 2, "num_timestamp_prediction_layers": 1},
         "adaptor_config": {**_ADAPTOR, "num_hidden_layers": 1}, "audio_token_id": 4,
         "text_config": {"model_type": "qwen3", **_TEXT, "head_dim": 24,
                         "tie_word_embeddings": True},
         "tie_word_embeddings": True},
    ],
    "nemotron_h_omni": [
        {"vision_config": {"model_type": "radio", **_RADIO}, "text_config": _NEMOTRON,
         "audio_config": None, "vision_hidden_size": 48, "projector_hidden_size": 72,
         "image_token_id": 5, "video_token_id": 6, "audio_token_id": 4},
        {"vision_config": {"model_type": "radio", **_RADIO, "use_swiglu_ffn": True,
                           "qkv_bias": False, "num_registers": 2},
         "text_config": _NEMOTRON, "audio_config": {"model_type": "parakeet_encoder", **_HEARD},
         "vision_hidden_size": 48, "projector_hidden_size": 40, "image_token_id": 5,
         "video_token_id": 6, "audio_token_id": 4},
        {"vision_config": {"model_type": "radio", **_RADIO}, "vision_hidden_size": 48,
         "text_config": {**_NEMOTRON, "num_nextn_predict_layers": 1},
         "audio_config": {"model_type": "parakeet_encoder", **_HEARD, "projection_bias": True,
                          "attention_bias": True, "convolution_bias": False},
         "projector_hidden_size": 40, "image_token_id": 5, "video_token_id": 6,
         "audio_token_id": 4},
    ],
    "diffusion_gemma": [
        {"vision_config": _CANVAS_SIGHT, "text_config": _CANVAS, "image_token_id": 5,
         "canvas_length": 20},
        {"vision_config": {**_CANVAS_SIGHT, "num_hidden_layers": 1}, "image_token_id": 5,
         "text_config": {**_CANVAS, "num_global_key_value_heads": 1,
                         "num_hidden_layers": 2, "sliding_window": 8,
                         "layer_types": ["sliding_attention", "full_attention"]},
         "canvas_length": 20},
    ],
    "vibevoice_asr": [
        {"acoustic_tokenizer_encoder_config": _CONES, "acoustic_tokenizer_chunk_size": 80,
         "semantic_tokenizer_encoder_config": {**_CONES, "hidden_size": 24},
         "text_config": {"model_type": "qwen2", **_TEXT}, "audio_token_id": 4},
        {"acoustic_tokenizer_encoder_config": {**_CONES, "kernel_size": 5, "depths": [2, 1, 3]},
         "semantic_tokenizer_encoder_config": _CONES, "acoustic_tokenizer_chunk_size": 80,
         "text_config": {"model_type": "qwen2", **_TEXT}, "audio_token_id": 4},
    ],
    "glm5_next": [
        {"vision_config": _GLM_SIGHT, "text_config": _GLM_NEXT, **_IDS},
        {"vision_config": {**_GLM_SIGHT, "attention_bias": False, "depth": 1}, **_IDS,
         "text_config": {**_GLM_NEXT, "hc_mult": 3, "attention_bias": True,
                         "layer_types": ["linear_attention", *["indexed_attention"] * 2,
                                         "linear_attention"],
                         "indexer_types": ["full", "full", "shared", "full"],
                         "tie_word_embeddings": True},
         "tie_word_embeddings": True},
        {"vision_config": _GLM_SIGHT, **_IDS,
         "text_config": {**_GLM_NEXT, "layer_types": ["indexed_attention"] * 4,
                         "indexer_types": ["full", "shared", "full", "shared"]}},
    ],
}  # fmt: skip


def _bare(**tables: str) -> dict[str, Any]:
    return {f"{key}_config": {"model_type": name} for key, name in tables.items()}


# Files that say nothing but which tables there are: every size is the class's own.
DEFAULTS: dict[str, dict[str, Any]] = {
    "mistral_large4": _bare(vision="pixtral", text="mistral_large4_text"),
    "hy_v4_vl": _bare(vision="hy_v4_vl_vision", text="hy_v4_vl_text")
    | {"text_config": {"hidden_size": 6144}},
    "minimax_m3_vl": _bare(vision="minimax_m3_vl_vision", text="minimax_m3_vl_text"),
    "step3p7": _bare(vision="step3p5_vision", text="step3p5"),
    "phi4_multimodal": {
        "vision_config": {"image_size": 448},
        "audio_config": {"num_blocks": 24},
    },
    "ernie4_5_vl_moe": _bare(vision="ernie4_5_vl_moe_vision", text="ernie4_5_vl_moe_text"),
    "florence2": {
        "vision_config": {"projection_dim": 1024},
        "text_config": {"model_type": "bart", "d_model": 1024, "vocab_size": 50265},
    },
    "cosmos3_edge": _bare(vision="cosmos3_edge_vision", text="cosmos3_edge_text"),
    "granite_docling": _bare(vision="granite_docling_vision", text="granite_docling_text"),
    "muse_glimmer": _bare(vision="muse_glimmer_vision", text="muse_glimmer_text"),
    "muse_spark": _bare(
        vision="muse_spark_vision", text="muse_spark_text", audio="muse_spark_audio"
    ),
    "unlimited_ocr": {
        "vision_config": {
            "sam_config": {"hidden_size": 768}, "encoder_config": {"hidden_size": 1024}
        },
        "text_config": {"hidden_size": 1280},
    },
    "voxtral_realtime": _bare(audio="voxtral_realtime_encoder", text="voxtral_realtime_text"),
    "janus": {
        "vision_config": {"projection_dim": 2048},
        "vq_config": {"projection_dim": 2048},
        "text_config": {"model_type": "llama", "hidden_size": 2048},
        "tie_word_embeddings": False,
    },
    "molmo2": {
        "vision_config": {"hidden_size": 1152},
        "adapter_config": {"text_hidden_size": 4096},
        "text_config": {"hidden_size": 4096},
    },
    "glm5_next": {
        "vision_config": {"out_hidden_size": 4096},
        "text_config": {"model_type": "glm5_next_text"},
    },
    "mistral3": {
        **_bare(vision="pixtral", text="mistral4"),
        "tie_word_embeddings": False,
    },
}  # fmt: skip


def cases() -> list[dict[str, Any]]:
    """Return every case as a configuration, in a fixed order."""
    return [
        {"model_type": name, **_said(config)} for name, some in CASES.items() for config in some
    ]


def _said(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is null, but for towers that are not there and a narrow latent that is not."""
    return {
        key: _said(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if value is not None or key.endswith("_config") or key == "q_lora_rank"
    }
