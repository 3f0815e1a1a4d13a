"""Picture models against counts that diffusers and torch gave, and pipelines of several parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import (
    Span,
    Trained,
    describe,
    picture_shape,
    pipeline_operations,
    sample_operations,
)
from chapterv.errors import InputError
from tests.compute.cases_denoisers import cases
from tests.compute.odd_values import broken_by
from tests.real_data import real_data

_TABLE = json.loads((Path(__file__).parent / "verified_denoisers.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]


def _name(row: dict[str, Any]) -> str:
    return str(row["config"]["_class_name"])


def _shape(row: dict[str, Any]) -> dict[str, Span]:
    return {name: Span(length) for name, length in row["shape"].items()}


def test_the_recorded_table_holds_every_case() -> None:
    kept = [(row["config"], row["inputs"], row["shape"]) for row in _ROWS]
    assert kept == [tuple(case) for case in cases()]


def test_every_class_is_verified_with_at_least_two_configurations() -> None:
    names = [_name(row) for row in _ROWS]
    assert min(names.count(name) for name in names) >= 2


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    assert describe(row["config"]).parameters_total == row["parameters"]


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_operations_equal_those_that_the_tensor_library_counts(row: dict[str, Any]) -> None:
    counted = sample_operations(describe(row["config"]), _shape(row))
    assert counted.full + _grouped(row) == row["operations"]


def _grouped(row: dict[str, Any]) -> int:
    """Operations that the library adds where a convolution stays within each channel.

    It counts the gradient of such weights as if every channel met every other.
    """
    config = row["config"]
    if config["_class_name"] != "SanaTransformer2DModel":
        return 0
    hidden = config["num_attention_heads"] * config["attention_head_dim"]
    channels = 2 * int(hidden * config.get("mlp_ratio", 2.5))
    once = 2 * 9 * channels * row["shape"]["patches"]
    return int(config["num_layers"] * once * (channels - 1))


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_adapters_reach_no_matrix_that_is_not_counted(row: dict[str, Any]) -> None:
    for part in describe(row["config"]).all_parts:
        for one in part.components():
            assert sum(p.inputs * p.outputs for p in one.projections) <= one.matrices


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"_class_name": "UNet2DConditionModel", "dual_cross_attention": True}, "dual_cross"),
        ({"_class_name": "UNet2DConditionModel", "class_embed_type": "odd"}, "class_embed_type"),
        ({"_class_name": "UNet2DConditionModel", "addition_embed_type": "image"}, "addition_embed"),
        ({"_class_name": "UNet2DConditionModel", "block_out_channels": "wide"}, "block_out"),
        ({"_class_name": "UNet2DConditionModel", "down_block_types": ["Odd"]}, "down_block_types"),
        ({"_class_name": "UNet2DConditionModel", "attention_head_dim": [1]}, "attention_head_dim"),
        ({"_class_name": "SD3Transformer2DModel", "caption_projection_dim": 7}, "caption"),
        ({"_class_name": "AutoencoderKL", "block_out_channels": [64, 64]}, "block_types"),
        ({"_class_name": "PixArtTransformer2DModel", "norm_type": "odd"}, "norm_type"),
    ],
)
def test_what_is_not_counted_is_named(config: dict[str, Any], word: str) -> None:
    with pytest.raises((InputError, ExceptionGroup), match=word):
        describe(config)


def _published(*path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        real_data("models", "configs", *path, "config.json").read_text(encoding="utf-8")
    )
    return loaded


# Sizes of published models, of which only what departs from the class's defaults is given.
_PUBLISHED: list[tuple[str, dict[str, Any], int]] = [
    ("UNet2DConditionModel", {"cross_attention_dim": 768}, 859_520_964),
    (
        "UNet2DConditionModel",
        {
            "cross_attention_dim": 1024,
            "attention_head_dim": [5, 10, 20, 20],
            "use_linear_projection": True,
        },
        865_910_724,
    ),
    ("FluxTransformer2DModel", {"guidance_embeds": True}, 11_901_408_320),
    (
        "SD3Transformer2DModel",
        {"num_layers": 24, "num_attention_heads": 24, "caption_projection_dim": 1536},
        2_028_328_000,
    ),
    (
        "SD3Transformer2DModel",
        {
            "num_layers": 38,
            "num_attention_heads": 38,
            "caption_projection_dim": 2432,
            "qk_norm": "rms_norm",
        },
        8_056_627_520,
    ),
    ("WanTransformer3DModel", {}, 14_288_491_584),
    (
        "WanTransformer3DModel",
        {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30},
        1_418_996_800,
    ),
    ("HunyuanVideoTransformer3DModel", {}, 12_821_012_544),
    ("QwenImageTransformer2DModel", {}, 20_430_401_088),
    ("LTXVideoTransformer3DModel", {}, 1_923_385_472),
    ("SanaTransformer2DModel", {}, 1_604_462_752),
    ("ZImageTransformer2DModel", {}, 6_154_908_736),
]


@pytest.mark.parametrize(("name", "config", "parameters"), _PUBLISHED)
def test_published_denoisers_have_their_published_size(
    name: str, config: dict[str, Any], parameters: int
) -> None:
    assert describe({"_class_name": name, **config}).parameters_total == parameters


_FLUX = "black-forest-labs--FLUX.1-schnell"
_SDXL = "stabilityai--stable-diffusion-xl-base-1.0"


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ((_FLUX, "transformer"), 11_891_178_560),
        ((_FLUX, "vae"), 83_819_683),
        ((_FLUX, "text_encoder_2"), 4_762_310_656),
        ((_SDXL, "unet"), 2_567_463_684),
        ((_SDXL, "text_encoder_2"), 694_659_840),
    ],
)
def test_published_parts_of_pipelines_are_exact(path: tuple[str, ...], parameters: int) -> None:
    assert describe(_published(*path)).parameters_total == parameters


def test_three_billion_parameters_of_flux_work_once_a_sample() -> None:
    architecture = describe(_published(_FLUX, "transformer"))
    once = sum(
        layer.count * sum(part.parameters for part in layer.components if part.stream == "sample")
        for layer in architecture.layers
    ) + sum(end.parameters for end in architecture.ends if end.stream == "sample")
    assert 3_200_000_000 < once < 3_300_000_000
    assert any("does not apply" in note for note in architecture.notes)
    shape = picture_shape(architecture, 1024, 1024, text_tokens=512)
    assert shape == {"patches": Span(4096), "text tokens": Span(512)}
    counted = sample_operations(architecture, shape).full
    short = 6 * architecture.parameters_total * (4096 + 512)
    # Weights for the text do not run over the picture either, nor those for the picture over it.
    assert 1.4 < short / counted < 1.5


def test_a_latent_is_an_eighth_of_the_picture_along_each_side() -> None:
    unet = describe(_published(_SDXL, "unet"))
    assert picture_shape(unet, 1024, 512, text_tokens=77) == {
        "latent": Span(128 * 64),
        "text tokens": Span(77),
    }
    assert picture_shape(unet, 1024, 512, factor=16) == {"latent": Span(64 * 32)}
    vae = describe(_published(_SDXL, "vae"))
    assert picture_shape(vae, 64, 32) == {"pixels": Span(2048)}
    with pytest.raises(InputError, match="height"):
        picture_shape(unet, 0, 64)
    with pytest.raises(InputError, match="works on no picture"):
        picture_shape(describe(_published(_SDXL, "text_encoder")), 64, 64)


def test_training_a_pipeline_adds_frozen_parts_forward_alone() -> None:
    index = json.loads(
        real_data("models", "configs", _FLUX, "model_index.json").read_text(encoding="utf-8")
    )
    folders = [name for name in index if name in ("transformer", "vae") or "text_enc" in name]
    parts = {name: _published(_FLUX, name) for name in folders}
    assert sorted(parts) == ["text_encoder", "text_encoder_2", "transformer", "vae"]
    whole = pipeline_operations(parts, 1024, 1024, 512)
    shares = {name: full for name, full, _ in whole.parts}
    assert whole.full == sum(shares.values())
    encoder = describe(parts["text_encoder_2"])
    frozen = Trained("none")
    assert shares["text_encoder_2"] == (
        sample_operations(encoder, {"tokens": Span(512)}, frozen).full
    )
    pixels = {"pixels": Span(1024 * 1024)}
    both = sample_operations(describe(parts["vae"]), pixels, frozen)
    assert shares["vae"] == {name: full for name, full, _ in both.parts}["encoder"]
    assert shares["transformer"] > 10 * (whole.full - shares["transformer"])
    kept = pipeline_operations(parts, 1024, 1024, 512, kept=["vae", "text_encoder_2"])
    assert kept.full == whole.full - shares["vae"] - shares["text_encoder_2"]
    assert any("made beforehand" in note for note in kept.notes)
    with pytest.raises(InputError, match="none of the parts is a denoiser"):
        pipeline_operations({"vae": parts["vae"]}, 64, 64, 77)


def test_a_frozen_denoiser_costs_a_third_and_less_than_half_of_training() -> None:
    architecture = describe(_published(_SDXL, "unet"))
    shape = picture_shape(architecture, 1024, 1024, text_tokens=77)
    forward = sample_operations(architecture, shape, Trained("none")).full
    assert 2.9 * forward < sample_operations(architecture, shape).full < 3 * forward


@pytest.mark.parametrize("name", sorted({row["config"]["_class_name"] for row in _ROWS}))
def test_odd_values_are_refused_and_break_nothing(name: str) -> None:
    first = next(row["config"] for row in _ROWS if row["config"]["_class_name"] == name)
    assert not broken_by(first)
