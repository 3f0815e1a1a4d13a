"""A text with one picture for each family whose operations are counted."""

from __future__ import annotations

from typing import Any

from chapterv.compute import Architecture, Span
from chapterv.compute.images import image_shape
from tests.compute.cases_composed import LENGTH

__all__ = ["SIDE", "SPECTRUM", "inputs", "shape"]

SIDE = 32
"""Pixels along each side of the picture."""

_QWEN = {
    "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe", "glm4v",
    "glm46v", "glmga", "glm4v_moe", "glm_ocr", "exaone4_5", "qwen2_5_omni_thinker",
    "qwen3_omni_moe_thinker", "hyperclovax_vision_v2", "cosmos3_omni",
}  # fmt: skip
_SIZED = {"mistral3", "lighton_ocr"}
_PLAIN = {
    "llava", "vipllava", "aya_vision", "cohere2_vision", "internvl", "qianfan_ocr", "gemma3",
    "shieldgemma2", "paligemma", "deepseek_vl", "blip-2", "got_ocr2", "pp_chart2table",
    "deepseek_vl_hybrid", "video_llava", "ovis2", "blip", "git", "chameleon",
}  # fmt: skip
_TILED = {"idefics2", "idefics3", "smolvlm"}


_HEARS = {
    "qwen2_audio", "voxtral", "glmasr", "qwen3_asr", "qwen2_5_omni_thinker",
    "qwen3_omni_moe_thinker",
}  # fmt: skip
SPECTRUM = 80
"""Columns of the spectrogram of the recording; of those heard in pieces, two pieces."""


def shape(config: dict[str, Any], architecture: Architecture) -> dict[str, Span]:
    """Return the streams of what `inputs` gives, the sound of the models that hear among them."""
    found = {"tokens": Span(LENGTH)}
    name = config["model_type"]
    if any(stream.unit == "image" for stream in architecture.streams):
        found |= image_shape(architecture, SIDE, SIDE).shape
    if name in _HEARS:
        found |= _sound(config, architecture)
    return found


def _sound(config: dict[str, Any], architecture: Architecture) -> dict[str, Span]:
    pieces = {stream.name for stream in architecture.streams} & {"pieces of sound"}
    if not pieces:
        return {"frames": Span(SPECTRUM // 2)}
    columns = 2 * config["audio_config"]["n_window"]
    frames = columns
    for _ in range(3):
        frames = (frames + 1) // 2
    return {"frames": Span(2 * frames), "pieces of sound": Span(2)}


def inputs(config: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the model is called with, or None where no input is made."""
    import torch

    from chapterv.compute import describe

    name = config["model_type"]
    architecture = describe(config)
    tokens = torch.full((1, LENGTH), 9)
    if name == "git":
        # The features of the picture are put before the text.
        tokens = tokens[:, image_shape(architecture).features :]
    given: dict[str, Any] = {"input_ids": tokens}
    if any(stream.unit == "image" for stream in architecture.streams):
        features = image_shape(architecture, SIDE, SIDE).features
        if "image_token_id" in config or "image_token_index" in config or name == "chameleon":
            tokens[0, 4 : 4 + features] = 5
        seen = _seen(config, tokens, torch)
        if seen is None:
            return None
        given |= seen
    if name in _HEARS:
        given |= _heard(config, architecture, tokens, torch)
    return given if len(given) > 1 else None


def _heard(
    config: dict[str, Any], architecture: Architecture, tokens: Any, torch: Any
) -> dict[str, Any]:
    length = shape(config, architecture)["frames"].length
    ends = [one for part in architecture.parts for one in part.ends if one.stream == "frames"]
    mark = config.get("audio_token_id")
    tokens[0, 40 : 40 + length // ends[-1].every] = mark
    bins = config["audio_config"]["num_mel_bins"]
    pieces = "n_window_infer" in config["audio_config"]
    columns = 4 * config["audio_config"]["n_window"] if pieces else SPECTRUM
    mask = torch.ones(1, columns, dtype=torch.long)
    name = "input_features_mask" if config["model_type"] in _MASKED else "feature_attention_mask"
    given = {"input_features": torch.ones(1, bins, columns)}
    return given if config["model_type"] == "voxtral" else {**given, name: mask}


_MASKED = {"glmasr", "qwen3_asr"}


def _seen(config: dict[str, Any], tokens: Any, torch: Any) -> dict[str, Any] | None:
    name, vision = config["model_type"], config.get("vision_config", {})
    pixels = torch.ones(1, vision.get("num_channels", 3), SIDE, SIDE)
    if name in _SIZED or vision.get("model_type") == "pixtral":
        given = {"pixel_values": pixels, "image_sizes": torch.tensor([[SIDE, SIDE]])}
    elif name in _PLAIN:
        given = {"pixel_values" if name != "video_llava" else "pixel_values_images": pixels}
        if name == "deepseek_vl_hybrid":
            given["high_res_pixel_values"] = pixels
    elif name in _TILED:
        given = {"pixel_values": pixels[None]}
    elif name in _QWEN:
        given = {**_grid(vision, torch), "mm_token_type_ids": (tokens == 5).long()}
    elif name in _OTHERS:
        given = _OTHERS[name](config, vision, torch)
    else:
        return None
    if name in ("gemma3", "shieldgemma2", "paligemma"):
        given["token_type_ids"] = (tokens == 5).long()
    return given


def _mllama(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    tiles = vision["max_num_tiles"]
    return {
        "pixel_values": torch.ones(1, 1, tiles, 3, SIDE, SIDE),
        "aspect_ratio_ids": torch.ones(1, 1, dtype=torch.long),
        "aspect_ratio_mask": torch.ones(1, 1, tiles, dtype=torch.long),
        "cross_attention_mask": torch.ones(1, LENGTH, 1, tiles, dtype=torch.long),
    }


def _kimi(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    across = SIDE // vision["patch_size"]
    return {
        "pixel_values": torch.ones(across * across, 3, vision["patch_size"], vision["patch_size"]),
        "image_grid_thw": torch.tensor([[1, across, across]]),
    }


def _paddle(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    given = _kimi(config, vision, torch)
    features = (SIDE // vision["patch_size"] // vision.get("spatial_merge_size", 2)) ** 2
    kinds = torch.zeros(1, LENGTH, dtype=torch.long)
    kinds[0, 4 : 4 + features] = 1
    return {**given, "mm_token_type_ids": kinds}


def _siglip2(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    across = SIDE // vision["patch_size"]
    return {
        "pixel_values": torch.ones(1, across * across, 3 * vision["patch_size"] ** 2),
        "spatial_shapes": torch.tensor([[across, across]]),
        "pixel_attention_mask": torch.ones(1, across * across, dtype=torch.long),
    }


def _video(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    across = SIDE // vision["patch_size"]
    pixels = vision.get("num_channels", 3) * vision["patch_size"] ** 2
    return {
        "pixel_values": torch.ones(across * across, pixels),
        "image_grid_thw": torch.tensor([[1, across, across]]),
        "image_merge_sizes": torch.tensor([1]),
    }


def _kosmos(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    mask = torch.zeros(1, LENGTH, dtype=torch.long)
    mask[0, 4 : 4 + config["latent_query_num"]] = 1
    return {"pixel_values": torch.ones(1, 3, SIDE, SIDE), "image_embeds_position_mask": mask}


def _aria(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    mask = torch.ones(1, SIDE, SIDE, dtype=torch.bool)
    return {"pixel_values": torch.ones(1, 3, SIDE, SIDE), "pixel_mask": mask}


def _gemma4(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    across, patch = SIDE // vision["patch_size"], vision["patch_size"]
    rows = torch.arange(across * across)
    places = torch.stack([rows % across, rows // across], -1)[None]
    features = (across // vision["pooling_kernel_size"]) ** 2
    kinds = torch.zeros(1, LENGTH, dtype=torch.long)
    kinds[0, 4 : 4 + features] = 1
    return {
        "pixel_values": torch.ones(1, across * across, 3 * patch * patch),
        "image_position_ids": places,
        "mm_token_type_ids": kinds,
    }


def _grid(vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    patch, merge = vision["patch_size"], vision.get("spatial_merge_size", 2)
    across = max(1, round(SIDE / (patch * merge))) * merge
    colours = vision.get("in_channels", 3) * vision.get("temporal_patch_size", 2)
    return {
        "pixel_values": torch.ones(across * across, colours * patch * patch),
        "image_grid_thw": torch.tensor([[1, across, across]]),
    }


def _fuyu(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    across = SIDE // config["patch_size"]
    pixels = config.get("num_channels", 3) * config["patch_size"] ** 2
    return {"pixel_values": torch.ones(1, across * across, pixels)}


def _unified(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    side = vision["patch_size"] * vision["pooling_kernel_size"]
    across = SIDE // side
    rows = torch.arange(across * across)
    kinds = torch.zeros(1, LENGTH, dtype=torch.long)
    kinds[0, 4 : 4 + across * across] = 1
    return {
        "pixel_values": torch.ones(1, across * across, 3 * side * side),
        "image_position_ids": torch.stack([rows % across, rows // across], -1)[None],
        "mm_token_type_ids": kinds,
    }


def _minicpm(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    patch = vision["patch_size"]
    across = SIDE // patch
    return {
        "pixel_values": torch.ones(1, 3, patch, patch * across * across),
        "target_sizes": torch.tensor([[across, across]]),
    }


def _idefics(config: dict[str, Any], vision: dict[str, Any], torch: Any) -> dict[str, Any]:
    return {
        "pixel_values": torch.ones(1, 1, 3, SIDE, SIDE),
        "image_attention_mask": torch.ones(1, LENGTH, 1, dtype=torch.long),
    }


_OTHERS = {
    "gemma4_unified": _unified,
    "minicpmv4_6": _minicpm,
    "minicpm_ocr": _minicpm,
    "idefics": _idefics,
    "fuyu": _fuyu,
    "video_llama_3": _video,
    "mllama": _mllama,
    "kimi_k25": _kimi,
    "paddleocr_vl": _paddle,
    "lfm2_vl": _siglip2,
    "kosmos-2": _kosmos,
    "aria": _aria,
    "gemma4": _gemma4,
}
