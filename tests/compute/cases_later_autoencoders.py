"""Small made-up autoencoders of pictures and films."""

from __future__ import annotations

from typing import Any

__all__ = ["AUTOENCODERS"]

_SMALL = {"base_dim": 4, "z_dim": 3, "num_res_blocks": 1}
_AREA = 32 * 48
_FILM = {
    "pixels": [_AREA, 9],
    "pixels of 1 frame in 2": [_AREA, 5],
    "pixels of 1 frame in 4": [_AREA, 3],
    "pixels of later frames, 1 in 2": [_AREA, 4],
    "pixels of later frames, 1 in 4": [_AREA, 2],
}
_PICTURE = {
    "pixels": [_AREA, 1],
    "pixels of 1 frame in 2": [_AREA, 1],
    "pixels of 1 frame in 4": [_AREA, 1],
}
_SLOWED = {
    "pixels": [_AREA, 5],
    "pixels of 1 frame in 2": [_AREA, 3],
    "pixels of later frames, 1 in 2": [_AREA, 2],
}
_TINY = {"encoder_block_out_channels": [8, 8, 8], "decoder_block_out_channels": [8, 8, 8]}
_DEEP = {
    "latent_channels": 4,
    "attention_head_dim": 4,
    "encoder_block_types": ["ResBlock", "ResBlock", "EfficientViTBlock"],
    "decoder_block_types": ["ResBlock", "ResBlock", "EfficientViTBlock"],
    "encoder_block_out_channels": [8, 16, 16],
    "decoder_block_out_channels": [8, 8, 16],
    "encoder_layers_per_block": [1, 1, 2],
    "decoder_layers_per_block": [1, 2, 1],
    "encoder_qkv_multiscales": [[], [], [5]],
    "decoder_qkv_multiscales": [[], [], [3, 5]],
}


def _frames(count: int) -> dict[str, Any]:
    return {"sample": ["numbers", 1, 3, count, 32, 48]}


AUTOENCODERS: list[Any] = [
    ("AutoencoderKLWan", "AutoencoderKLWan", _frames(9), _FILM, _SMALL,
     [{}, {"decoder_base_dim": 6, "is_residual": True, "patch_size": 2, "in_channels": 12,
           "out_channels": 12, "num_res_blocks": 2, "dim_mult": [1, 2, 2],
           "temperal_downsample": [True, True]}]),
    ("AutoencoderKLWan", "AutoencoderKLWan", _frames(1), _PICTURE, _SMALL, [{}]),
    ("AutoencoderKLWan", "AutoencoderKLWan", _frames(5), _SLOWED, _SMALL,
     [{"dim_mult": [1, 2], "temperal_downsample": [True]}]),
    ("AutoencoderKLQwenImage", "AutoencoderKLQwenImage", _frames(9), _FILM, _SMALL,
     [{}, {"input_channels": 3, "num_res_blocks": 2, "dim_mult": [1, 2, 4],
           "temperal_downsample": [True, True]}]),
    ("AutoencoderTiny", "AutoencoderTiny", {"sample": ["numbers", 1, 3, 32, 48]},
     {"pixels": _AREA}, {**_TINY, "num_encoder_blocks": [1, 2, 1], "num_decoder_blocks": [1, 2, 1]},
     [{}, {"latent_channels": 6, "num_encoder_blocks": [2, 1, 1], "in_channels": 3}]),
    ("AutoencoderDC", "AutoencoderDC", {"sample": ["numbers", 1, 3, 64, 96]},
     {"pixels": 64 * 96}, _DEEP,
     [{}, {"encoder_layers_per_block": [0, 1, 2], "decoder_layers_per_block": [0, 2, 1],
           "decoder_norm_types": ["batch_norm", "batch_norm", "rms_norm"]},
      {"downsample_block_type": "conv", "upsample_block_type": "interpolate"},
      {"downsample_block_type": "conv", "upsample_block_type": "interpolate",
       "encoder_layers_per_block": [0, 1, 2], "decoder_layers_per_block": [0, 2, 1],
       "encoder_block_types": "ResBlock"}]),
    ("AutoencoderKLFlux2", "AutoencoderKLFlux2", {"sample": ["numbers", 1, 3, 32, 48]},
     {"pixels": _AREA},
     {"block_out_channels": [8, 16], "down_block_types": ["DownEncoderBlock2D"] * 2,
      "up_block_types": ["UpDecoderBlock2D"] * 2, "latent_channels": 4, "norm_num_groups": 4},
     [{}, {"decoder_block_out_channels": [12, 8], "layers_per_block": 1, "use_quant_conv": False,
           "mid_block_add_attention": False}]),
]  # fmt: skip
