"""Encoders, BERT's line, pairs of models and autoencoders against an oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import (
    ALL,
    NOTHING,
    Span,
    Trained,
    UnknownFamily,
    describe,
    families,
    film_shape,
    sample_operations,
    spectrogram_shape,
)
from chapterv.errors import InputError
from chapterv.facts import datafiles
from tests.compute.cases_later import cases
from tests.compute.cases_later_defaults import defaults
from tests.compute.odd_values import broken_by

_TABLE = json.loads((Path(__file__).parent / "verified_later.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]


def _family(row: dict[str, Any]) -> str:
    return str(row["config"].get("model_type") or row["config"]["_class_name"])


def _name(row: dict[str, Any]) -> str:
    return str(row["class"])


def _shape(row: dict[str, Any]) -> dict[str, Span]:
    names = {stream.name for stream in describe(row["config"]).streams}
    return {name: _span(length) for name, length in row["shape"].items() if name in names}


def _span(length: int | list[int]) -> Span:
    return Span(*length) if isinstance(length, list) else Span(length)


def test_the_recorded_table_holds_every_case() -> None:
    assert [(row["config"], row["class"], row["shape"]) for row in _ROWS] == [
        (config, name, shape) for config, name, _, shape in cases()
    ]


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    assert describe(row["config"]).parameters_total == row["parameters"]


def test_the_recorded_table_holds_every_configuration_without_sizes() -> None:
    assert [(row["config"], row["class"]) for row in _TABLE["defaults"]] == defaults()


@pytest.mark.parametrize("row", _TABLE["defaults"], ids=_name)
def test_sizes_that_a_file_leaves_out_are_those_of_its_class(row: dict[str, Any]) -> None:
    assert describe(row["config"]).parameters_total == row["parameters"]


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_operations_equal_those_that_the_tensor_library_counts(row: dict[str, Any]) -> None:
    counted = sample_operations(describe(row["config"]), _shape(row), _trained(row))
    # What convolutions of several groups, or of even size, make the library count too much.
    assert counted.full + _compared(row) == row["operations"] - row.get("surplus", 0)


def _trained(row: dict[str, Any]) -> Trained:
    """One class rounds its latent to bytes when it runs whole, so that no gradient passes."""
    cut = row["class"] == "AutoencoderTiny"
    return Trained(frozen=frozenset({"encoder"})) if cut else ALL


def _compared(row: dict[str, Any]) -> int:
    """Operations that are no part of a model's work, as it is counted here.

    A product of each text of a batch with each picture, and a table of positions that is stretched
    to the picture by a product with a matrix of zeros but for a few neighbours.
    """
    config = row["config"]
    sight = config.get("vision_config", config)
    width = int(sight.get("hidden_size", 0))
    stretched: int = 4 * row["shape"].get("patches", 0) * width * int(sight.get("num_patches", 0))
    if row["class"] == "CLIPModel":
        return 2 * int(config.get("projection_dim", 512))
    if row["class"] in ("SiglipModel", "Siglip2Model"):
        return 2 * width + stretched
    return stretched


# Sizes of published models, as their cards or files state them.
_DINO = {"model_type": "dinov2", "image_size": 518, "patch_size": 14}
_PUBLISHED: list[tuple[dict[str, Any], int]] = [
    ({"model_type": "vit", "architectures": ["ViTForImageClassification"],
      "id2label": {str(place): "a" for place in range(1000)}}, 86_567_656),
    ({**_DINO, "hidden_size": 768}, 86_580_480),
    ({**_DINO, "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16},
     304_368_640),
    ({**_DINO, "hidden_size": 1536, "num_hidden_layers": 40, "num_attention_heads": 24,
      "use_swiglu_ffn": True}, 1_136_480_768),
    ({"model_type": "dinov3_vit", "hidden_size": 4096, "num_hidden_layers": 40,
      "num_attention_heads": 32, "intermediate_size": 8192, "num_register_tokens": 4,
      "use_gated_mlp": True, "query_bias": False, "value_bias": False}, 6_716_035_072),
    ({"model_type": "clip", "vision_config": {"patch_size": 32}, "text_config": {}}, 151_277_313),
    ({"model_type": "clip", "projection_dim": 768,
      "vision_config": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
                        "intermediate_size": 4096, "patch_size": 14},
      "text_config": {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}},
     427_616_513),
    ({"model_type": "siglip", "vision_config": {"image_size": 224}, "text_config": {}},
     203_155_970),
    # TrOCR, small.
    ({"model_type": "vision-encoder-decoder",
      "encoder": {"model_type": "deit", "hidden_size": 384, "image_size": 384,
                  "intermediate_size": 1536, "num_attention_heads": 6},
      "decoder": {"model_type": "trocr", "d_model": 256, "decoder_layers": 6,
                  "decoder_attention_heads": 8, "decoder_ffn_dim": 1024, "vocab_size": 64044,
                  "cross_attention_hidden_size": 384, "tie_word_embeddings": False}}, 61_596_672),
    ({"model_type": "albert", "architectures": ["AlbertModel"], "hidden_size": 768,
      "num_attention_heads": 12, "intermediate_size": 3072}, 11_683_584),
]  # fmt: skip


@pytest.mark.parametrize(("config", "parameters"), _PUBLISHED)
def test_published_models_have_their_published_size(
    config: dict[str, Any], parameters: int
) -> None:
    assert describe(config).parameters_total == parameters


def _row(name: str, **more: Any) -> dict[str, Any]:
    return next(
        row for row in _ROWS if row["class"] == name and more.items() <= row["config"].items()
    )


def test_a_decoder_that_sees_the_past_needs_half_of_the_pairs() -> None:
    config = _row("BertLMHeadModel")["config"]
    writes = sample_operations(describe(config), {"tokens": Span(24)})
    reads = sample_operations(
        describe({**config, "is_decoder": False, "architectures": ["BertForMaskedLM"]}),
        {"tokens": Span(24)},
    )
    assert reads.full == reads.causal == writes.full > writes.causal


def test_no_gradient_goes_back_into_a_half_that_is_not_trained() -> None:
    row = _row("VisionEncoderDecoderModel")
    architecture = describe(row["config"])
    whole = sample_operations(architecture, _shape(row))
    frozen = sample_operations(architecture, _shape(row), Trained(frozen=frozenset({"encoder"})))
    ran = sample_operations(architecture, _shape(row), NOTHING)
    parts = {name: full for name, full, _ in frozen.parts}
    assert parts["encoder"] == {name: full for name, full, _ in ran.parts}["encoder"]
    assert frozen.full < whole.full


def test_a_language_has_adapters_of_its_own_and_a_token_passes_through_one() -> None:
    architecture = describe(_row("XmodForMaskedLM")["config"])
    adapters = next(
        part for part in architecture.main.components() if part.name == "language adapters"
    )
    assert (adapters.stored, adapters.used) == (3, 1)
    assert architecture.parameters_active < architecture.parameters_total


def test_a_spectrogram_is_halved_by_each_convolution() -> None:
    row = _row("ParakeetForCTC")
    found = spectrogram_shape(row["config"], 50)
    assert {name: span.length for name, span in found.items()} == row["shape"]
    with pytest.raises(InputError, match="number of frames"):
        spectrogram_shape(row["config"], 0)


def test_a_film_is_counted_by_its_frames() -> None:
    row = _row("AutoencoderKLWan")
    architecture = describe(row["config"])
    shape = film_shape(architecture, 32, 48, 9)
    assert {name: [span.length, span.count] for name, span in shape.items()} == row["shape"]
    one = film_shape(architecture, 32, 48, 1)
    assert not any("later" in name for name in one)
    for frames in (8, 0):
        with pytest.raises(InputError, match="frames"):
            film_shape(architecture, 32, 48, frames)
    with pytest.raises(InputError, match="reads no films"):
        film_shape(describe({"model_type": "vit"}), 32, 48, 9)


_NEEDED: dict[str, str] = datafiles.load_tables("chapterv.compute", "refused")["needed"]


def test_no_family_that_is_said_to_be_refused_is_covered() -> None:
    assert not set(_NEEDED) & set(families())


@pytest.mark.parametrize("name", sorted(_NEEDED))
def test_a_known_family_is_refused_with_what_a_count_would_need(name: str) -> None:
    key = "_class_name" if name.startswith(("Autoencoder", "UNet", "VQ")) else "model_type"
    for more in ({}, {"text_config": {"hidden_size": 8}}, {"is_encoder_decoder": True}):
        with pytest.raises(UnknownFamily) as refused:
            describe({key: name, **more}, "config.json")
        assert _NEEDED[name] in str(refused.value)
        assert "not covered yet" in str(refused.value)


def test_a_name_that_nobody_knows_is_refused_in_general() -> None:
    with pytest.raises(UnknownFamily, match=r"is not covered yet\b(?!:)"):
        describe({"model_type": "unheard_of"}, "config.json")


def test_a_part_of_a_known_family_is_refused_with_what_a_count_would_need() -> None:
    config = {"model_type": "llava", "vision_config": {}, "text_config": {"model_type": "xlnet"}}
    with pytest.raises(UnknownFamily) as refused:
        describe({**config, "vision_config": {"model_type": "clip_vision_model"}})
    assert _NEEDED["xlnet"] in str(refused.value)


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"model_type": "vit", "architectures": ["ViTForMaskedImageModeling"]}, "MaskedImage"),
        ({"model_type": "dinov3_vit", "architectures": ["DINOv3ViTForImageClassification"]},
         "head that is not counted"),
        ({"model_type": "vit", "patch_size": 300}, "larger than the picture"),
        ({"model_type": "clip", "text_config": {"model_type": "bert"}}, "another family"),
        ({"model_type": "siglip", "text_config": {"projection_size": 7}}, "two widths"),
        ({"model_type": "vit_mae", "mask_ratio": 2}, "share below 1"),
        ({"model_type": "wavlm", "add_adapter": True}, "add_adapter"),
        ({"model_type": "parakeet_ctc", "encoder_config": {"num_mel_bins": 81}}, "pitches"),
        ({"model_type": "bert", "is_decoder": False, "add_cross_attention": True,
          "hidden_size": 8, "num_attention_heads": 2, "vocab_size": 9}, "cross-attention"),
        ({"model_type": "big_bird", "is_decoder": True, "add_cross_attention": True,
          "hidden_size": 8, "num_attention_heads": 2, "vocab_size": 9}, "cross-attention"),
        ({"model_type": "gpt_bigcode", "add_cross_attention": True}, "add_cross_attention"),
        ({"model_type": "llama", "add_cross_attention": True}, "add_cross_attention"),
        ({"model_type": "encoder-decoder", "encoder": {"model_type": "bert"},
          "decoder": {"model_type": "llama"}}, "not covered yet in that place"),
        ({"model_type": "encoder-decoder", "encoder": {"model_type": "llama"},
          "decoder": {"model_type": "bert"}}, "half that reads"),
        ({"model_type": "encoder-decoder"}, "not covered yet in that place"),
        ({"model_type": "t5gemma2", "encoder": {"vision_config": {"hidden_size": 8}},
          "decoder": {"hidden_size": 8}}, "one size"),
        ({"model_type": "albert", "num_hidden_groups": 20}, "more groups"),
    ],
)  # fmt: skip
def test_what_is_not_counted_is_named(config: dict[str, Any], word: str) -> None:
    with pytest.raises((InputError, ExceptionGroup)) as refused:
        describe(config)
    faults = getattr(refused.value, "exceptions", (refused.value,))
    assert any(word in str(fault) for fault in faults)


@pytest.mark.parametrize("name", sorted({_family(row) for row in _ROWS}))
def test_odd_values_are_refused_and_break_nothing(name: str) -> None:
    first = next(row["config"] for row in _ROWS if _family(row) == name)
    assert not broken_by(first)
    for key in ("text_config", "vision_config", "encoder_config", "decoder_config", "encoder"):
        if isinstance(first.get(key), dict):
            assert not _broken_inside(first, key)


_ODD: tuple[Any, ...] = (None, -1, 0, 7, 2**31, 1.5, True, "x", [], {})


def _broken_inside(config: dict[str, Any], key: str) -> list[str]:
    """Return what breaks when values of a part's own table are odd."""
    found = []
    for name in config[key]:
        for value in _ODD:
            try:
                describe({**config, key: {**config[key], name: value}}, "config.json")
            except (InputError, ExceptionGroup):
                continue
            except Exception as error:
                found.append(f"{key}/{name} = {value!r:.40}: {error!r:.80}")
    return found
