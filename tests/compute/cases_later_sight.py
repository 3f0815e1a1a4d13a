"""Small made-up encoders of pictures."""

from __future__ import annotations

from typing import Any

__all__ = ["SIGHT"]

_SEEN = {"pixel_values": ["numbers", 1, 3, 32, 48]}
_SQUARE = {"pixel_values": ["numbers", 1, 3, 32, 32]}
_VIT = {
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 72,
    "image_size": 32,
    "patch_size": 8,
}
_DINO = {key: value for key, value in _VIT.items() if key != "intermediate_size"}
_WITH = "patches with class token"
_ONE = {"patches": 16, _WITH: 17}
_KEPT = "patches that are kept"
_TEXT = {
    "vocab_size": 500,
    "hidden_size": 36,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 64,
    "max_position_embeddings": 16,
    "bos_token_id": 0,
    "eos_token_id": 3,
}
_BOTH = {"input_ids": ["indices", 1, 12], **_SQUARE}
_VIT2 = {**{key: value for key, value in _VIT.items() if key != "image_size"}, "num_patches": 16}
_FLAT = {
    "pixel_values": ["numbers", 1, 12, 192],
    "pixel_attention_mask": ["marks", 1, 12],
    "spatial_shapes": ["sides", 3, 4],
}
_SWIN = {"embed_dim": 12, "depths": [2, 1, 1], "num_heads": [2, 3, 4], "window_size": 4,
         "image_size": [64, 128], "patch_size": 4}  # fmt: skip
_MERGED = {"patches": 512, "patches merged 4 to one": 128, "patches merged 16 to one": 32}
_LARGE = {"pixel_values": ["numbers", 1, 3, 64, 128]}
_NEXT = {"hidden_sizes": [8, 16], "depths": [2, 1], "image_size": [64, 128]}
_JEPA = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "mlp_ratio": 2.5,
    "crop_size": 32,
    "patch_size": 16,
    "frames_per_clip": 4,
    "pred_hidden_size": 12,
    "pred_num_attention_heads": 2,
    "pred_num_hidden_layers": 2,
    "pred_num_mask_tokens": 2,
}

SIGHT: list[Any] = [
    ("vit", "ViTModel", _SQUARE, _ONE, _VIT, [{}, {"qkv_bias": False, "pooler_output_size": 20}]),
    ("vit", "ViTForImageClassification", _SQUARE, _ONE, _VIT,
     [{"id2label": {"0": "a", "1": "b", "2": "c"}}]),
    ("deit", "DeiTModel", _SQUARE, {"patches": 16, _WITH: 18}, _VIT, [{}]),
    ("deit", "DeiTForImageClassificationWithTeacher", _SQUARE, {"patches": 16, _WITH: 18}, _VIT,
     [{"qkv_bias": False}]),
    ("vit_msn", "ViTMSNModel", _SQUARE, _ONE, _VIT, [{}]),
    ("vit_msn", "ViTMSNForImageClassification", _SQUARE, _ONE, _VIT, [{"num_hidden_layers": 2}]),
    ("ijepa", "IJepaModel", _SQUARE, {"patches": 16}, _VIT, [{}]),
    ("ijepa", "IJepaForImageClassification", _SQUARE, {"patches": 64}, _VIT, [{"patch_size": 4}]),
    ("dinov2", "Dinov2Model", _SQUARE, _ONE, _DINO,
     [{}, {"use_swiglu_ffn": True, "use_mask_token": False, "mlp_ratio": 3}]),
    ("dinov2", "Dinov2ForImageClassification", _SQUARE, _ONE, _DINO,
     [{"id2label": {"0": "a", "1": "b", "2": "c"}}]),
    ("dinov2_with_registers", "Dinov2WithRegistersModel", _SQUARE, {"patches": 16, _WITH: 21},
     _DINO, [{}, {"use_swiglu_ffn": True}]),
    ("dinov2_with_registers", "Dinov2WithRegistersForImageClassification", _SQUARE,
     {"patches": 16, _WITH: 19}, _DINO, [{"num_register_tokens": 2}]),
    ("dinov3_vit", "DINOv3ViTModel", _SEEN, {"patches": 24, _WITH: 25}, _VIT,
     [{}, {"use_gated_mlp": True, "mlp_bias": False, "key_bias": True, "query_bias": False,
           "proj_bias": False}]),
    ("dinov3_vit", "DINOv3ViTModel", _SEEN, {"patches": 24, _WITH: 29}, _VIT,
     [{"num_register_tokens": 4, "value_bias": False}]),
    ("clip_vision_model", "CLIPVisionModel", _SQUARE, _ONE, _VIT, [{}]),
    ("clip_vision_model", "CLIPVisionModelWithProjection", _SQUARE, _ONE, _VIT,
     [{"projection_dim": 20}]),
    ("siglip_vision_model", "SiglipVisionModel", _SQUARE, {"patches": 16}, _VIT,
     [{}, {"vision_use_head": False, "num_attention_heads": 3}]),
    ("vit_mae", "ViTMAEModel", _SQUARE, {"patches": 16, _KEPT: 5}, _VIT, [{}]),
    ("vit_mae", "ViTMAEForPreTraining", _SQUARE, {"patches": 16, _KEPT: 7, _WITH: 17},
     {**_VIT, "decoder_hidden_size": 32, "decoder_num_hidden_layers": 2,
      "decoder_num_attention_heads": 2, "decoder_intermediate_size": 40},
     [{"mask_ratio": 0.6}, {"mask_ratio": 0.6, "qkv_bias": False}]),
    ("clip", "CLIPModel", _BOTH, {"tokens": 12, **_ONE},
     {"text_config": _TEXT, "vision_config": _VIT},
     [{"projection_dim": 20}, {"text_config_dict": {**_TEXT, "num_hidden_layers": 1}}]),
    ("siglip", "SiglipModel", _BOTH, {"tokens": 12, "patches": 16},
     {"text_config": _TEXT, "vision_config": _VIT},
     [{"text_config": {**_TEXT, "hidden_size": 48}},
      {"text_config": {**_TEXT, "projection_size": 48}}]),
    ("siglip2_vision_model", "Siglip2VisionModel", _FLAT, {"patches": 12, "pictures": 1}, _VIT2,
     [{}, {"vision_use_head": False, "num_attention_heads": 3}]),
    ("siglip2", "Siglip2Model", {**_BOTH, **_FLAT, "pixel_values": _FLAT["pixel_values"]},
     {"tokens": 12, "patches": 12},
     {"text_config": {**_TEXT, "hidden_size": 48}, "vision_config": _VIT2},
     [{}, {"vision_config": {**_VIT2, "num_hidden_layers": 1}}]),
    ("siglip2_text_model", "Siglip2TextModel", {"input_ids": ["indices", 1, 12]}, {"tokens": 12},
     _TEXT, [{}, {"projection_size": 20}]),
    ("swin", "SwinModel", _LARGE, _MERGED, _SWIN,
     [{}, {"qkv_bias": False, "window_size": 2, "mlp_ratio": 2.5}]),
    ("swin", "SwinForImageClassification", _LARGE, _MERGED, _SWIN,
     [{"num_labels": 3, "depths": [2, 1], "num_heads": [2, 3]}]),
    ("donut-swin", "DonutSwinModel", _LARGE, _MERGED, _SWIN, [{}, {"qkv_bias": False}]),
    *((name, f"{kind}Model", _LARGE, {"patches": 512, "patches merged 4 to one": 128},
       {**_NEXT, **({} if name == "dinov3_convnext" else {"num_stages": 2})},
       [{}, {**more, "hidden_sizes": [12, 20]}])
      for name, kind, more in (("convnext", "ConvNext", {"layer_scale_init_value": 0.0}),
                               ("convnextv2", "ConvNextV2", {}),
                               ("dinov3_convnext", "DINOv3ConvNext", {}))),
    ("convnextv2", "ConvNextV2ForImageClassification", _LARGE,
     {"patches": 512, "patches merged 4 to one": 128}, {**_NEXT, "num_stages": 2},
     [{"num_labels": 5}]),
    ("vjepa2", "VJEPA2Model", {"pixel_values_videos": ["numbers", 1, 4, 3, 32, 32]},
     {"patches": 8, "patches of the predictor": 16, "patches to predict": 8}, _JEPA,
     [{}, {"qkv_bias": False, "pred_mlp_ratio": 2, "num_hidden_layers": 3}]),
    ("beit", "BeitModel", _SQUARE, _ONE, _VIT,
     [{"use_relative_position_bias": True}, {"use_shared_relative_position_bias": True,
                                             "layer_scale_init_value": 0.0}]),
    ("beit", "BeitForImageClassification", _SQUARE, _ONE, _VIT,
     [{"use_absolute_position_embeddings": True, "use_mean_pooling": False,
       "use_mask_token": True}]),
    ("data2vec-vision", "Data2VecVisionModel", _SQUARE, _ONE, _VIT,
     [{"use_relative_position_bias": True}, {"use_mean_pooling": False}]),
    ("data2vec-vision", "Data2VecVisionForImageClassification", _SQUARE, _ONE, _VIT,
     [{"use_shared_relative_position_bias": True, "num_labels": 4}]),
]  # fmt: skip
