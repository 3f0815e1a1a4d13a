"""A text with one picture, and with sound where a model hears, for each family that is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chapterv.compute import Architecture, Span
from chapterv.compute.images import image_shape
from tests.compute.cases_composed2 import LENGTH, LONGER

__all__ = ["SIDE", "inputs", "shape"]

SIDE = 32
"""Pixels along each side of the picture, where its size is free."""
SOUNDS = 3
"""Positions of the text that stand for sound."""
TARGET = 20
"""Tokens that an encoder-decoder writes."""


def shape(config: dict[str, Any], architecture: Architecture) -> dict[str, Span]:
    """Return the streams of what `inputs` gives."""
    found = {"tokens": Span(LONGER.get(config["model_type"], LENGTH))}
    for stream in architecture.streams[1:]:
        if "tokens" in stream.name:
            found = {"tokens": Span(TARGET), stream.name: Span(LENGTH)}
    if config["model_type"] in _SOUNDS:
        found["frames"] = Span(_SOUNDS[config["model_type"]](config))
    if any(stream.unit == "image" for stream in architecture.streams):
        views = _VIEWS.get(config["model_type"], 1)
        found |= image_shape(architecture, SIDE, SIDE, views).shape
    return found


def inputs(config: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the model is called with, or None where no input is made."""
    import torch

    from chapterv.compute import describe

    architecture = describe(config)
    name = config["model_type"]
    tokens = torch.full((1, LONGER.get(name, LENGTH)), 9)
    if name not in _GIVEN:
        return {"input_ids": tokens}
    if any(stream.unit == "image" for stream in architecture.streams):
        features = image_shape(architecture, SIDE, SIDE).features * _VIEWS.get(name, 1)
        features += _MARKS.get(name, lambda config: 0)(config)
        tokens[0, 4 : 4 + features] = 5
    return {"input_ids": tokens, **_GIVEN[name](config, tokens, torch)}


def _plain(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    side = config["vision_config"].get("image_size", SIDE)
    side = side if isinstance(side, int) else side[0]
    return {"pixel_values": torch.ones(1, 3, side, side)}


def _sized(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    return {
        "pixel_values": torch.ones(1, 3, SIDE, SIDE),
        "image_sizes": torch.tensor([[SIDE, SIDE]]),
    }


def _any(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    return {"pixel_values": torch.ones(1, 3, SIDE, SIDE)}


def _grid(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    vision = config["vision_config"]
    across = SIDE // vision["patch_size"]
    colours = vision.get("num_channels", vision.get("in_channels", 3))
    # One class reads patches of one picture, the others of two in a row.
    frames = 1 if "max_image_size" in vision else vision.get("temporal_patch_size", 2)
    return {
        "pixel_values": torch.ones(across * across, colours * frames * vision["patch_size"] ** 2),
        "image_grid_thw": torch.tensor([[1, across, across]]),
        "mm_token_type_ids": (tokens == 5).long(),
    }


def _molmo(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    vision = config.get("vision_config") or config["vit_config"]
    patch = vision["patch_size"]
    count = (SIDE // patch) ** 2
    return {
        "pixel_values": torch.ones(1, count, 3 * patch * patch),
        "image_token_pooling": torch.arange(count).view(-1, 4),
        "image_grids": torch.tensor([[0, 0, SIDE // patch // 2, SIDE // patch // 2]]),
        "mm_token_type_ids": (tokens == 5).long(),
    }


def _phi(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    side = config["vision_config"]["image_size"]
    across = side // config["vision_config"]["patch_size"]
    return {
        "image_pixel_values": torch.ones(1, 2, 3, side, side),
        "image_sizes": torch.tensor([[side, side]]),
        "image_attention_mask": torch.ones(1, 2, across, across, dtype=torch.bool),
    }


def _ernie(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    given = _grid(config, tokens, torch)
    vision = config["vision_config"]
    pixels = vision.get("in_channels", 3) * vision["patch_size"] ** 2
    kinds = (tokens == 5).int()
    return given | {
        "pixel_values": torch.ones(given["pixel_values"].shape[0], pixels),
        "mm_token_type_ids": kinds,
        "moe_mm_token_type_ids": kinds,
    }


def _one_frame(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    given = _grid(config, tokens, torch)
    vision = config["vision_config"]
    pixels = vision.get("num_channels", 3) * vision["patch_size"] ** 2
    return given | {"pixel_values": torch.ones(given["pixel_values"].shape[0], pixels)}


def _muse(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    given = _grid(config, tokens, torch)
    vision = config["vision_config"]
    pixels = 3 * vision.get("patch_temporal", 2) * vision["patch_size"] ** 2
    del given["mm_token_type_ids"]
    return given | {"pixel_values": torch.ones(given["pixel_values"].shape[0], pixels)}


def _granite(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    side = config["vision_config"]["image_size"]
    # A picture of one tile is read whole and as that tile.
    return {
        "pixel_values": torch.ones(1, 2, 3, side, side),
        "image_sizes": torch.tensor([[side, side]]),
        "vision_feature_select_strategy": config["vision_feature_select_strategy"],
    }


def _docling(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    mask = torch.ones(1, 1, dtype=torch.bool)
    return {"pixel_values": torch.ones(1, 1, 3, SIDE, SIDE), "pixel_attention_mask": mask}


def _gathered(config: dict[str, Any]) -> int:
    asked, wide = config["downsample_rate"].split("/")
    vision = config["vision_config"]
    return int(vision["image_size"] // vision["patch_size"] // int(wide) * int(asked))


def _detail(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    side = config["vision_config"]["sam_config"]["image_size"]
    return {"pixel_values": torch.ones(1, 3, side, side), "num_local_patches": [0]}


def _folded(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    vision, sound = config["vision_config"], config["audio_config"]
    patch, frames = vision["patch_size"], vision["temporal_patch_size"]
    count = int((tokens == 5).sum())
    tokens[0, 60 : 60 + SOUNDS] = config["audio_token_id"]
    return {
        "pixel_values": torch.ones(count, frames, patch, patch, 3),
        "audio_input_ids": torch.ones(1, SOUNDS, sound["n_mel_bins"], dtype=torch.long),
    }


def _spark(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    samples = 1
    for one in config["audio_config"]["patch_sizes"]:
        samples *= one
    tokens[0, 60 : 60 + SOUNDS] = config["audio_token_id"]
    return {**_muse(config, tokens, torch), "input_values": torch.ones(1, SOUNDS * samples)}


def _streamed(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    columns = 2 * LENGTH * config.get("downsample_factor", 4)
    bins = config["audio_config"]["num_mel_bins"]
    return {"input_features": torch.ones(1, bins, columns), "num_delay_tokens": 3}


def _joined(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    sound = config["audio_config"]
    tokens[0, 60:72] = config["audio_token_id"]
    return {
        "input_features": torch.ones(1, 12, sound["num_mel_bins"] * sound["num_stacked_frames"]),
        "input_features_mask": torch.ones(1, 12, dtype=torch.long),
    }


def _radio(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    patch = config["vision_config"]["patch_size"]
    across = SIDE // patch
    return {
        "pixel_values": torch.ones(across * across, 3 * patch * patch),
        "image_grid_hw": torch.tensor([[across, across]]),
    }


def _canvas(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    import copy

    from transformers import AutoConfig, DynamicCache

    values = {name: value for name, value in config.items() if name != "model_type"}
    settings = AutoConfig.for_model(config["model_type"], **copy.deepcopy(values))
    patch = config["vision_config"]["patch_size"]
    across = SIDE // patch
    rows = torch.arange(across * across)
    return {
        "pixel_values": torch.ones(1, across * across, 3 * patch * patch),
        "image_position_ids": torch.stack([rows % across, rows // across], -1)[None],
        "mm_token_type_ids": (tokens == 5).long(),
        "decoder_input_ids": torch.full((1, TARGET), 9),
        "cache": DynamicCache(config=settings.get_text_config()),
    }


def _wave(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    tokens[0, 60 : 60 + SOUNDS] = config["audio_token_id"]
    return {"input_values": torch.ones(1, 1, 8 * SOUNDS)}


def _florence(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any]:
    return {**_any(config, tokens, torch), "decoder_input_ids": torch.full((1, TARGET), 9)}


def _rows(config: dict[str, Any]) -> int:
    vision = config["vision_config"]
    return int(SIDE // vision["patch_size"] // vision.get("spatial_merge_size", 2))


def _pooled(config: dict[str, Any]) -> int:
    vision = config["vision_config"]
    return int(-(-(vision["image_size"] // vision["patch_size"]) // 2))


_GIVEN: dict[str, Callable[[dict[str, Any], Any, Any], dict[str, Any]]] = {
    "mistral3": _sized,
    "mistral_large4": _sized,
    "qwen4_exp": _grid,
    "hunyuan_vl": _grid,
    "hy_v4_vl": _grid,
    "minimax_m3_vl": _grid,
    "molmo2": _molmo,
    "step3p7": _any,
    "phi4_multimodal": _phi,
    "janus": _plain,
    "ernie4_5_vl_moe": _ernie,
    "florence2": _florence,
    "cosmos3_edge": _one_frame,
    "cohere_compass": _grid,
    "granite4_vision": _granite,
    "granite_docling": _docling,
    "muse_glimmer": _muse,
    "deepseek_ocr2": _detail,
    "unlimited_ocr": _detail,
    "inkling_mm_model": _folded,
    "muse_spark": _spark,
    "voxtral_realtime": _streamed,
    "fun_asr_nano": _joined,
    "nemotron_h_omni": _radio,
    "diffusion_gemma": _canvas,
    "vibevoice_asr": _wave,
    "glm5_next": _grid,
}
# Views of one picture that a class reads.
_VIEWS = {"phi4_multimodal": 2, "granite4_vision": 2}
# Marks that a class puts among the features: at the end of each row, at both ends of a picture.
_MARKS: dict[str, Callable[[dict[str, Any]], int]] = {
    "hunyuan_vl": lambda config: _rows(config) + 2,
    "hy_v4_vl": _rows,
    "florence2": lambda config: 1,
    "granite4_vision": _gathered,
    "deepseek_ocr2": lambda config: 1,
    "unlimited_ocr": lambda config: 3,
    "phi4_multimodal": lambda config: 2 * _pooled(config) + 1,
}
# Frames of the sound that a model is given.
_SOUNDS: dict[str, Callable[[dict[str, Any]], int]] = {
    "inkling_mm_model": lambda config: SOUNDS,
    "muse_spark": lambda config: SOUNDS,
    "fun_asr_nano": lambda config: 12,
    "vibevoice_asr": lambda config: SOUNDS,
    "voxtral_realtime": lambda config: LENGTH * config.get("downsample_factor", 4),
}
