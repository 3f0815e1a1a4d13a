"""Further composed models against counts that transformers and torch gave."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapterv.compute import (
    NOTHING,
    Architecture,
    Span,
    Trained,
    UnknownFamily,
    describe,
    families,
    operations_per_token,
    sample_operations,
)
from chapterv.compute.images import image_shape
from chapterv.errors import Error, InputError
from tests.compute.cases_composed2 import CASES, DEFAULTS, LENGTH, cases
from tests.compute.inputs_composed2 import shape
from tests.compute.odd_values import broken_by

_TABLE = json.loads((Path(__file__).parent / "verified_composed2.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]


def _name(row: dict[str, Any]) -> str:
    return str(row["config"]["model_type"])


def _model(row: dict[str, Any]) -> Architecture:
    return describe(row["config"])


def _count(row: dict[str, Any], trained: Trained | None = None) -> int:
    architecture = _model(row)
    given = shape(row["config"], architecture)
    return sample_operations(architecture, given, trained or Trained()).full


def _alone(row: dict[str, Any]) -> int:
    architecture = _model(row)
    given = shape(row["config"], architecture)
    texts = {name: span for name, span in given.items() if "tokens" in name}
    return sample_operations(architecture, texts).full


# Text parts that have their own cases, on which the library counts otherwise than the closed form:
# indexers run without a gradient, recurrences by the products of a chunked scan.
_TEXT_DIFFERS = {
    "mistral_large4", "qwen4_exp", "hy_v4_vl", "minimax_m3_vl", "inkling_mm_model",
    "nemotron_h_omni", "glm5_next",
}  # fmt: skip
# Depthwise convolutions, whose backward pass the library counts as dense.
_BACKWARD_DIFFERS = {"florence2", "muse_spark", "fun_asr_nano"}


def _marks(row: dict[str, Any]) -> int:
    """Weights that a class multiplies with marks, and with a mean that could be taken later.

    A mark is one vector, so that what a matrix makes of it is known without multiplying it again.
    """
    config, architecture = row["config"], _model(row)
    if _name(row) == "hunyuan_vl":
        vision = config["vision_config"]
        rows = 32 // vision["patch_size"] // vision.get("spatial_merge_size", 2)
        return int(rows * 4 * vision["hidden_size"] * config["text_config"]["hidden_size"])
    if _name(row) == "phi4_multimodal":
        pooled = image_shape(architecture).features
        width, hidden = config["vision_config"]["hidden_size"], config["hidden_size"]
        return int((2 * round(pooled**0.5) + 1) * (width * hidden + hidden * hidden))
    if _name(row) == "florence2":
        vision = config["vision_config"]
        return int(vision["embed_dim"][-1] * vision["projection_dim"])
    return 0


def _means(row: dict[str, Any]) -> int:
    """Products of a mean over neighbours, which a class takes by a matrix that is not learned."""
    if _name(row) != "diffusion_gemma":
        return 0
    vision = row["config"]["vision_config"]
    patches = image_shape(_model(row), 32, 32).shape["patches"].length
    pooled = patches // vision["pooling_kernel_size"] ** 2
    return int(patches * pooled * vision["hidden_size"])


def _unlearned(row: dict[str, Any]) -> int:
    """Operations of a guess that is learned from a loss of its own, which the oracle leaves out."""
    inner = row["config"].get("density_router_hidden_size")
    if inner is None:
        return 0
    hidden = row["config"]["vision_config"]["hidden_size"]
    return int(4 * (image_shape(_model(row)).shape["patches"].length * hidden
                    + hidden * inner + inner))  # fmt: skip


def test_the_recorded_table_holds_every_case() -> None:
    assert [row["config"] for row in _ROWS] == cases()


def test_every_case_is_verified_with_at_least_two_configurations() -> None:
    assert min(len(some) for some in CASES.values()) >= 2
    assert set(CASES) <= set(families())


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    assert _model(row).parameters_total == row["parameters"]


@pytest.mark.parametrize("row", _TABLE["texts"], ids=_name)
def test_a_text_part_has_the_parameters_that_it_has_in_the_built_model(row: dict[str, Any]) -> None:
    assert _model(row).parameters_total == row["parameters"]


@pytest.mark.parametrize("name", DEFAULTS)
def test_sizes_that_a_file_leaves_out_are_those_of_its_classes(name: str) -> None:
    architecture = describe({"model_type": name, **DEFAULTS[name]})
    assert architecture.parameters_total == _TABLE["defaults"][name]


@pytest.mark.parametrize(
    "row",
    [row for row in _ROWS if _name(row) not in _TEXT_DIFFERS | _BACKWARD_DIFFERS],
    ids=_name,
)
def test_operations_equal_those_that_the_tensor_library_counts(row: dict[str, Any]) -> None:
    more = 6 * _marks(row) + 4 * _means(row) - _unlearned(row)
    assert _count(row) + more == row["operations"]


@pytest.mark.parametrize(
    "row",
    [row for row in _ROWS if "without" in row and _name(row) not in _BACKWARD_DIFFERS],
    ids=_name,
)
def test_a_picture_costs_what_the_tensor_library_counts_for_it(row: dict[str, Any]) -> None:
    expected = row["operations"] - row["without"]
    more = 6 * _marks(row) + 4 * _means(row) - _unlearned(row)
    assert _count(row) - _alone(row) + more == expected


@pytest.mark.parametrize("row", [row for row in _ROWS if "frozen" in row], ids=_name)
def test_parts_before_the_text_that_are_not_trained_cost_their_forward_pass(
    row: dict[str, Any],
) -> None:
    before = {part.name for part in _model(row).parts} - {"encoder", "prompt encoder"}
    counted = _count(row, Trained(frozen=frozenset(before)))
    # What the text part counts otherwise it counts so in both passes alike.
    text = 0 if _name(row) not in _TEXT_DIFFERS else _alone(row) - row["without"]
    assert counted - text + 2 * (_marks(row) + _means(row)) == row["frozen"]


@pytest.mark.parametrize("row", [row for row in _ROWS if "forward" in row], ids=_name)
def test_a_forward_pass_through_depthwise_convolutions_is_exact(row: dict[str, Any]) -> None:
    assert _count(row, NOTHING) + 2 * _marks(row) == row["forward"]


def _case(name: str, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = [row["config"] for row in _ROWS if _name(row) == name][place]
    return found


def test_an_indexer_without_a_gradient_is_all_that_mistral_large_differs_by() -> None:
    for row in _ROWS:
        if _name(row) == "mistral_large4":
            text = row["config"]["text_config"]
            heads, width = text["index_n_heads"], text["index_head_dim"]
            weights = text["hidden_size"] * (heads * width + width + heads)
            full = text.get("indexer_types", ["full"] * text["num_hidden_layers"]).count("full")
            backward = 4 * full * LENGTH * (weights + heads * width * LENGTH)
            # The class also sums the heads' scores by a product.
            summed = 2 * full * heads * LENGTH * LENGTH
            assert _alone(row) - row["without"] == backward - summed


def test_without_delta_layers_an_indexer_is_all_that_glm_differs_by() -> None:
    row = next(one for one in _ROWS if one["config"] == _case("glm5_next", 2))
    text = row["config"]["text_config"]
    heads, width = text["index_n_heads"], text["index_head_dim"]
    pools = LENGTH // text["index_kpool"]
    weights = text["q_lora_rank"] * heads * width + text["hidden_size"] * (2 * width + heads)
    full = text["indexer_types"].count("full")
    backward = 4 * full * LENGTH * (weights + heads * width * pools)
    summed = 2 * full * heads * pools * LENGTH
    assert _alone(row) - row["without"] == backward - summed


def test_features_of_a_picture_pass_through_experts_of_their_own() -> None:
    architecture = describe(_case("ernie4_5_vl_moe"))
    tokens = {"tokens": Span(LENGTH)}
    names = ("experts", "experts for pictures")
    widths = {
        one.name: one.used * one.matrices
        for one in architecture.main.components()
        if one.name in names
    }
    seen = image_shape(architecture, 32, 32)
    with_picture = sample_operations(architecture, {**tokens, **seen.shape})
    alone = sample_operations(architecture, tokens)
    decoder = {name: full for name, full, _ in with_picture.parts}["decoder"]
    before = {name: full for name, full, _ in alone.parts}["decoder"]
    assert decoder - before == 6 * seen.features * (
        widths["experts for pictures"] - widths["experts"]
    )


def test_more_picture_than_text_leaves_no_negative_work() -> None:
    architecture = describe(_case("ernie4_5_vl_moe"))
    shapes = {"tokens": Span(4), "patches": Span(4096)}
    parts = sample_operations(architecture, shapes).parts
    assert all(full >= causal > 0 for _, full, causal in parts)


def test_the_first_file_of_molmo_means_the_tower_cut_after_the_last_layer_used() -> None:
    older = _case("molmo2", 2)
    newer = {name: value for name, value in older.items() if name != "vit_config"}
    newer["vision_config"] = {**older["vit_config"], "num_hidden_layers": 3}
    newer["adapter_config"] = {**older["adapter_config"], "vision_feature_layer": [2, 1]}
    assert describe(newer).parameters_total == describe(older).parameters_total


def test_names_of_the_first_files_mean_the_same() -> None:
    plain = _case("hunyuan_vl")
    text = {**plain["text_config"], "attention_head_dim": plain["text_config"]["head_dim"]}
    del text["head_dim"]
    flat = {**text, **plain}
    del flat["text_config"]
    expected = describe(plain).parameters_total
    assert describe({**plain, "text_config": text}).parameters_total == expected
    assert describe(flat).parameters_total == expected
    molmo = _case("molmo2")
    vision = dict(molmo["vision_config"])
    vision["image_patch_size"] = vision.pop("patch_size")
    vision["image_default_input_size"] = vision.pop("image_size")
    assert describe({**molmo, "vision_config": vision}) == describe(molmo)


def test_settings_of_single_layers_are_read_where_they_say_no_more_than_the_kinds() -> None:
    step = _case("step3p7")
    stated = {**step["text_config"], "per_layer_config": {"01": {"num_attention_heads": 8}}}
    assert describe({**step, "text_config": stated}) == describe(step)
    canvas = _case("diffusion_gemma")
    text = dict(canvas["text_config"])
    text["per_layer_config"] = {"2": {"head_dim": text.pop("global_head_dim")}}
    saved = describe({**canvas, "text_config": text})
    assert saved.parameters_total == describe(canvas).parameters_total


def test_a_canvas_sees_the_last_of_a_long_prompt_where_layers_slide() -> None:
    architecture = describe(_case("diffusion_gemma", 1))
    canvas = {"tokens": Span(20)}
    near, far = (
        sample_operations(architecture, {**canvas, "prompt tokens": Span(length)})
        for length in (1000, 2000)
    )
    parts = [{name: full for name, full, _ in one.parts} for one in (near, far)]
    wide = architecture.layers[-1].components[0].mixing[1]
    pairs = 6 * 20 * 1000 * wide.heads * (wide.key_width + wide.value_width)
    assert parts[1]["decoder"] - parts[0]["decoder"] == pairs


def test_prediction_layers_of_step_are_named_and_left_out() -> None:
    architecture = describe(_case("step3p7", 2))
    assert architecture.parameters_mtp is None
    assert any("predict further tokens" in note for note in architecture.notes)


def _changed(config: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    *tables, key = path.split("/")
    changed = dict(config)
    here = changed
    for table in tables:
        here[table] = dict(here[table])
        here = here[table]
    here[key] = value
    return changed


_FAULTS: list[tuple[str, str, object, str]] = [
    ("mistral_large4", "text_config/kv_source_layers", [1, 1], "does not make its own"),
    ("mistral_large4", "text_config/no_rope_layers", [1], "expected 2 entries"),
    ("mistral_large4", "text_config/index_topk_freq", 4, "indexer_types"),
    ("mistral_large4", "text_config/indexer_types", ["full", "half"], "full or shared"),
    ("hunyuan_vl", "text_config/org_vocab_size", 999, "disagree"),
    ("hunyuan_vl", "vision_config/head_dim", 99, "share the width"),
    ("hy_v4_vl", "vision_config/out_hidden_size", 64, "another width"),
    ("molmo2", "text_config/tie_word_embeddings", True, "differ"),
    ("molmo2", "vision_config/num_position_embeddings", 9, "not those of the patches"),
    ("molmo2", "adapter_config/vision_feature_layer", [9], "no layer 9"),
    ("molmo2", "vit_config", {"patch_size": 8}, "described twice"),
    ("step3p7", "text_config/gating", "inner", "one a head"),
    ("step3p7", "text_config/per_layer_config", {"0": {"head_dim": 8}}, "otherwise than by"),
    ("step3p7", "text_config/sliding_window", None, "no window"),
    ("step3p7", "vision_config/mlp_ratio", "wide", "a ratio"),
    ("phi4_multimodal", "audio_config/chunk_size", 8, "by chunks"),
    ("phi4_multimodal", "audio_config/time_reduction", 6, "halves the frames"),
    ("phi4_multimodal", "audio_config/ext_pw_out_channel", 40, "another width"),
    ("phi4_multimodal", "vision_config", None, "vision_config is missing"),
    ("janus", "vq_config/double_latent", True, "half of the latent"),
    ("janus", "vision_config/projection_dim", 64, "another width"),
    ("ernie4_5_vl_moe", "text_config/moe_intermediate_size", 56, "two widths"),
    ("ernie4_5_vl_moe", "vision_config/temporal_merge_size", 3, "two pictures"),
    ("florence2", "vision_config/embed_dim", [24, 48, 96], "one entry for each stage"),
    ("florence2", "vision_config/patch_padding", [0, 1], "lose or add a row"),
    ("florence2", "tie_word_embeddings", False, "apart are not covered"),
    ("cosmos3_edge", "tie_word_embeddings", True, "apart"),
    ("cosmos3_edge", "vision_config/num_patches", 15, "not square"),
    ("cohere_compass", "tie_word_embeddings", None, "say which"),
    ("cohere_compass", "text_config/head_dim", 24, "stream's share"),
    ("granite4_vision", "spatial_target_layers", [0, 1, 2, 3], "replace each other"),
    ("granite4_vision", "downsample_rate", "half", "a rate such as"),
    ("granite4_vision", "vision_feature_select_strategy", "default", "class token"),
    ("granite_docling", "vision_config/scale_factor", 3, "share the rows"),
    ("muse_glimmer", "out_hidden_size", 48, "not as wide"),
    ("muse_spark", "text_config/tie_word_embeddings", True, "apart"),
    ("muse_spark", "audio_config/depths", [1], "each level"),
    ("deepseek_ocr2", "text_config/mlp_layer_types", None, "each layer's kind"),
    ("deepseek_ocr2", "vision_config/encoder_config/use_sliding_window", True, "windows"),
    ("unlimited_ocr", "vision_config/encoder_config/hidden_size", 48, "another width"),
    ("inkling_mm_model", "vision_config/patch_size", 2**20, "65536"),
    ("voxtral_realtime", "audio_config/num_key_value_heads", 2, "as many key heads"),
    ("fun_asr_nano", "adaptor_config/hidden_size", 64, "another width"),
    ("diffusion_gemma", "text_config/per_layer_config", {"1": {"head_dim": 8}}, "by their kind"),
    ("diffusion_gemma", "text_config/attention_bias", True, "of their own"),
    ("glm5_next", "text_config/qk_rope_head_dim", 8, "no part for positions"),
    ("glm5_next", "text_config/index_topk_freq", 4, "indexer_types"),
    ("vibevoice_asr", "acoustic_tokenizer_encoder_config/depths", [1], "one depth for each"),
    ("vibevoice_asr", "text_config/tie_word_embeddings", True, "apart"),
    ("diffusion_gemma", "tie_word_embeddings", False, "one matrix"),
    ("diffusion_gemma", "text_config/attention_k_eq_v", False, "otherwise"),
    ("nemotron_h_omni", "vision_hidden_size", 64, "another width"),
    ("nemotron_h_omni", "downsample_ratio", 0.3, "a whole number"),
    ("nemotron_h_omni", "vision_config/video_temporal_patch_size", 3, "number of pictures"),
]


@pytest.mark.parametrize(("name", "path", "value", "expected"), _FAULTS)
def test_what_would_change_the_count_is_refused(
    name: str, path: str, value: object, expected: str
) -> None:
    config = _changed(_case(name), path, value)
    if name == "florence2" and path == "tie_word_embeddings":
        config = _changed(config, "text_config/tie_word_embeddings", False)
    with pytest.raises((InputError, ExceptionGroup)) as refused:
        describe(config, "config.json")
    assert expected in "\n".join(str(one) for one in _each(refused.value))


def _each(error: BaseException) -> list[BaseException]:
    return list(getattr(error, "errors", [])) or [error]


@pytest.mark.parametrize("name", list(CASES))
def test_whatever_stands_under_a_key_the_answer_is_a_count_or_a_refusal(name: str) -> None:
    config = _case(name)
    assert not broken_by(config)
    for table in (key for key, value in config.items() if isinstance(value, dict)):
        for key in config[table]:
            for value in (None, -1, 2**40, float("nan"), "x", [None], [[1]], {"a": 1}):
                with contextlib.suppress(Error):
                    describe(_changed(config, f"{table}/{key}", value))


@pytest.mark.parametrize("name", list(CASES))
def test_a_file_without_its_text_or_tower_is_never_counted_as_the_whole(name: str) -> None:
    config = _case(name)
    for table in _TABLES:
        if config.get(table):
            rest = {key: value for key, value in config.items() if key != table}
            with pytest.raises((InputError, UnknownFamily, ExceptionGroup)):
                describe(rest)


_TABLES = (
    "text_config", "vision_config", "audio_config", "vq_config", "vit_config", "adapter_config",
    "adaptor_config",
)  # fmt: skip


def _sees(row: dict[str, Any]) -> bool:
    return any(stream.unit == "image" for stream in _model(row).streams)


@settings(max_examples=40, deadline=None)
@given(
    row=st.sampled_from([row for row in _ROWS if "without" in row and _sees(row)]),
    pictures=st.integers(1, 40),
    tokens=st.integers(64, 4096),
)
def test_pictures_add_and_never_take_off(row: dict[str, Any], pictures: int, tokens: int) -> None:
    architecture = _model(row)
    others = image_shape(architecture, 32, 32, pictures).shape
    sources = {
        stream.name: Span(tokens) for stream in architecture.streams if "tokens" in stream.name
    }
    bare = {"tokens": Span(tokens), **sources}
    seen = sample_operations(architecture, {**bare, **others})
    alone = sample_operations(architecture, bare)
    assert seen.full >= seen.causal
    if "experts for pictures" not in {one.name for one in architecture.main.components()}:
        assert seen.full > alone.full


def test_text_alone_is_counted_without_a_picture() -> None:
    architecture = describe(_case("molmo2"))
    assert operations_per_token(architecture, LENGTH).full * LENGTH == _alone(
        next(row for row in _ROWS if _name(row) == "molmo2")
    )
