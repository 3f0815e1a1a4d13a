"""Composed models against counts that transformers and torch gave; pictures and frozen towers."""

from __future__ import annotations

import csv
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
    describe,
    families,
    sample_operations,
    training_compute,
)
from chapterv.compute.images import image_shape
from chapterv.errors import ErrorGroup, InputError
from tests.compute.cases_composed import CASES, LENGTH, cases
from tests.compute.inputs_composed import SPECTRUM, shape
from tests.compute.published_composed import PUBLISHED
from tests.real_data import real_data

_TABLE = json.loads((Path(__file__).parent / "verified_composed.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]
_COUNTED = [row for row in _ROWS if row["operations"] is not None]

# Text parts on which the library is known to count otherwise than the closed form: depthwise
# convolutions backward as dense ones, recurrences by the products of a chunked scan, experts that
# a token is not meant for. The parts before the text are compared all the same.
_TEXT_DIFFERS = {"lfm2_vl", "qwen3_5", "qwen3_5_moe", "minicpmv4_6", "minicpm_ocr"}


def _name(row: dict[str, Any]) -> str:
    return str(row["config"]["model_type"])


def _surplus(row: dict[str, Any]) -> int:
    """Operations of the class that are no products of what it learned, all of them avoidable.

    One makes its mask by a product. One stretches its table of positions, and one takes means over
    neighbours, by a product with a matrix that is not learned, forward and back.
    """
    vision = row["config"].get("vision_config") or {}
    if _name(row) == "mllama":
        places = (vision["image_size"] // vision["patch_size"]) ** 2 + 1
        filled = -(-places // 8) * 8
        return int(2 * (vision["max_num_tiles"] * filled) ** 2)
    if _name(row) == "lfm2_vl":
        architecture = describe(row["config"])
        patches = shape(row["config"], architecture)["patches"].length
        return int(4 * patches * vision["num_patches"] * vision["hidden_size"])
    if _name(row) == "gemma4" and vision:
        architecture = describe(row["config"])
        patches = shape(row["config"], architecture)["patches"].length
        pooled = patches // vision["pooling_kernel_size"] ** 2
        return int(4 * patches * pooled * vision["hidden_size"])
    return 0


def _full(row: dict[str, Any], trained: Trained | None = None) -> int:
    architecture = describe(row["config"])
    return sample_operations(
        architecture, shape(row["config"], architecture), trained or Trained()
    ).full


def test_the_recorded_table_holds_every_case() -> None:
    assert [row["config"] for row in _ROWS] == cases()


def test_every_case_is_verified_with_at_least_two_configurations() -> None:
    assert min(len(some) for some in CASES.values()) >= 2
    assert set(CASES) <= set(families())


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    assert describe(row["config"]).parameters_total == row["parameters"]


@pytest.mark.parametrize(
    "row", [row for row in _COUNTED if _name(row) not in _TEXT_DIFFERS], ids=_name
)
def test_operations_equal_those_that_the_tensor_library_counts(row: dict[str, Any]) -> None:
    assert _full(row) + _surplus(row) == row["operations"]


@pytest.mark.parametrize("row", [row for row in _COUNTED if "without" in row], ids=_name)
def test_a_picture_costs_what_the_tensor_library_counts_for_it(row: dict[str, Any]) -> None:
    architecture = describe(row["config"])
    alone = sample_operations(architecture, {"tokens": Span(LENGTH)}).full
    assert _full(row) - alone + _surplus(row) == row["operations"] - row["without"]


@pytest.mark.parametrize("row", [row for row in _ROWS if "towers" in row], ids=_name)
def test_the_towers_alone_cost_what_the_tensor_library_counts(row: dict[str, Any]) -> None:
    architecture = describe(row["config"])
    alone = sample_operations(architecture, {"tokens": Span(LENGTH)}).full
    assert _full(row) - alone == row["towers"]


@pytest.mark.parametrize("row", [row for row in _ROWS if "forward" in row], ids=_name)
def test_a_tower_with_depthwise_convolutions_costs_forward_what_the_library_counts(
    row: dict[str, Any],
) -> None:
    architecture = describe(row["config"])
    frames = SPECTRUM if _name(row) == "granite_speech" else SPECTRUM // 4
    streams = {stream.name for stream in architecture.streams}
    given = {"tokens": Span(LENGTH), "frames": Span(frames), "patches": Span(16)}
    shapes = {name: span for name, span in given.items() if name in streams}
    parts = sample_operations(architecture, shapes, NOTHING).parts
    tower = "vision tower" if _name(row) == "lfm3_vl" else "audio tower"
    assert next(full for name, full, _ in parts if name == tower) == row["forward"]


@pytest.mark.parametrize("row", [row for row in _ROWS if "frozen" in row], ids=_name)
def test_a_frozen_tower_costs_what_the_tensor_library_counts(row: dict[str, Any]) -> None:
    name = "audio tower" if "audio_config" in row["config"] else "vision tower"
    assert _full(row, Trained(frozen=frozenset({name}))) == row["frozen"]


def _expected() -> list[dict[str, str]]:
    text = real_data("models", "expected.csv").read_text(encoding="utf-8")
    return [row for row in csv.DictReader(text.splitlines()) if "vision" in row["family"]]


def _config(row: dict[str, str]) -> dict[str, Any]:
    path = real_data("models", *row["config_file"].split("/"))
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_published_vision_models_are_exact() -> None:
    rows = [row for row in _expected() if row["grade"] == "A"]
    assert len(rows) == 6
    for row in rows:
        architecture = describe(_config(row), row["config_file"])
        assert architecture.parameters_total == int(row["total_params"])
        if row["active_params"]:
            assert architecture.parameters_active == int(row["active_params"])


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_file_has_the_parameters_that_are_listed_for_it(name: str) -> None:
    listed, config = PUBLISHED[name]
    assert describe(config, name).parameters_total == listed


def test_kimi_k2_5_is_counted_by_the_keys_of_its_publisher() -> None:
    row = next(row for row in _expected() if row["model"] == "moonshotai--Kimi-K2.5")
    architecture = describe(_config(row), row["config_file"])
    text = describe({**_config(row)["text_config"]}, "text")
    tower = sum(part.parameters for part in architecture.parts)
    assert architecture.parameters_total == text.parameters_total + tower
    assert tower == 471_143_920


def test_a_file_without_its_vision_section_is_refused_and_not_counted_as_the_whole() -> None:
    row = next(row for row in _expected() if "Scout" in row["model"])
    with pytest.raises(InputError, match="vision_config is missing"):
        describe(_config(row), row["config_file"])


def test_with_the_vision_section_that_its_publisher_states_scout_has_what_is_listed_for_it() -> (
    None
):
    row = next(row for row in _expected() if "Scout" in row["model"])
    vision = {
        "hidden_size": 1408, "intermediate_size": 5632, "num_hidden_layers": 34,
        "num_attention_heads": 16, "image_size": 336, "patch_size": 14, "pixel_shuffle_ratio": 0.5,
        "projector_input_dim": 4096, "projector_output_dim": 4096, "vision_output_dim": 4096,
    }  # fmt: skip
    architecture = describe({**_config(row), "vision_config": vision})
    assert architecture.parameters_total == int(row["total_params"])


QWEN3 = next(row["config"] for row in _ROWS if _name(row) == "qwen3_vl")
LLAVA = next(row["config"] for row in _ROWS if _name(row) == "llava")


def test_without_a_word_on_pictures_none_are_counted_and_the_estimate_says_so() -> None:
    estimate = training_compute(describe(QWEN3), 1000, LENGTH)
    assert any("no patches are counted" in note for note in estimate.notes)
    shapes = image_shape(describe(QWEN3), 32, 32).shape
    seen = training_compute(describe(QWEN3), 1000, LENGTH, others=shapes)
    assert seen.amount > estimate.amount


@pytest.mark.parametrize(
    ("height", "width", "patches", "features"),
    [(1024, 768, 3072, 768), (512, 512, 1024, 256), (1000, 1000, 3844, 961), (20, 20, 4, 1)],
)
def test_a_picture_of_any_size_becomes_patches_and_merged_tokens(
    height: int, width: int, patches: int, features: int
) -> None:
    config = {**QWEN3, "vision_config": {**QWEN3["vision_config"], "patch_size": 16}}
    pictures = image_shape(describe(config), height, width, images=3)
    assert pictures.shape == {"patches": Span(patches, 3)}
    assert pictures.features == features


def test_a_tower_for_squares_needs_no_size() -> None:
    pictures = image_shape(describe(LLAVA), images=2)
    assert pictures.shape["patches"] == Span(16, 2)
    assert pictures.shape["patches with class token"] == Span(17, 2)
    assert pictures.features == 16


def test_places_that_go_with_patches_are_counted_with_them() -> None:
    architecture = describe(LLAVA)
    patches = {"tokens": Span(LENGTH), "patches": Span(16, 2)}
    whole = {"tokens": Span(LENGTH), **image_shape(architecture, images=2).shape}
    assert sample_operations(architecture, patches) == sample_operations(architecture, whole)
    estimate = training_compute(architecture, 1000, LENGTH, others={"patches": Span(16, 2)})
    assert not any("are counted, since nobody" in note for note in estimate.notes)


def test_cross_attention_gives_the_text_no_tokens_of_the_picture() -> None:
    config = next(row["config"] for row in _ROWS if _name(row) == "mllama")
    assert image_shape(describe(config)).features == 0


def test_a_size_that_is_missing_is_asked_for() -> None:
    with pytest.raises(InputError, match="pictures of any size"):
        image_shape(describe(QWEN3))
    with pytest.raises(InputError, match="reads no pictures"):
        image_shape(describe(QWEN3["text_config"] | {"model_type": "qwen3"}), 32, 32)
    with pytest.raises(InputError, match="the height must be"):
        image_shape(describe(QWEN3), 0, 32)


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    outer = {name: value for name, value in config.items() if name != "text_config"}
    return {**config["text_config"], **outer}


@pytest.mark.parametrize("name", ["qwen2_vl", "qwen2_5_vl"])
def test_first_files_with_the_text_keys_outside_mean_the_same(name: str) -> None:
    for row in _ROWS:
        if _name(row) == name:
            flat = describe(_flat(row["config"]))
            assert flat.parameters_total == row["parameters"]


def test_an_unknown_shaping_key_of_a_tower_or_a_text_part_is_refused() -> None:
    for part in ("vision_config", "text_config"):
        config = {**LLAVA, part: {**LLAVA[part], "n_layer": 3}}
        with pytest.raises(InputError, match=f"/{part}/n_layer"):
            describe(config)


def test_a_tower_that_is_not_covered_is_named() -> None:
    vision = {**LLAVA["vision_config"], "model_type": "timm_wrapper"}
    with pytest.raises(InputError, match="the tower 'timm_wrapper'"):
        describe({**LLAVA, "vision_config": vision})


def test_a_text_part_that_is_not_covered_is_named() -> None:
    with pytest.raises(InputError, match="the family 'unheard_of'"):
        describe({**LLAVA, "text_config": {**LLAVA["text_config"], "model_type": "unheard_of"}})


def test_every_fault_of_every_part_is_named_at_once() -> None:
    config = {
        **LLAVA,
        "vision_config": {**LLAVA["vision_config"], "hidden_size": "48"},
        "text_config": {**LLAVA["text_config"], "num_hidden_layers": -1},
        "multimodal_projector_bias": 3,
    }
    with pytest.raises(ErrorGroup) as raised:
        describe(config)
    for place in (
        "/vision_config/hidden_size", "/text_config/num_hidden_layers",
        "/multimodal_projector_bias",
    ):  # fmt: skip
        assert place in str(raised.value)


def test_tables_that_disagree_on_tying_are_a_fault() -> None:
    text = {**LLAVA["text_config"], "tie_word_embeddings": False}
    with pytest.raises(InputError, match="not tied"):
        describe({**LLAVA, "text_config": text, "tie_word_embeddings": True})


def test_the_text_part_says_whether_it_is_tied_where_the_outer_table_does_not() -> None:
    for tied in (True, False):
        text = {**LLAVA["text_config"], "tie_word_embeddings": tied}
        assert describe({**LLAVA, "text_config": text}).tied is tied
    assert describe(LLAVA).tied is False


def test_a_model_that_also_speaks_is_refused_for_its_thinker_alone() -> None:
    row = next(row for row in _ROWS if _name(row) == "qwen2_5_omni")
    with pytest.raises(InputError, match="also speaks"):
        describe({**row["config"], "enable_audio_output": True})


def test_layers_above_the_chosen_one_cost_a_forward_pass_only() -> None:
    last = describe({**LLAVA, "vision_feature_layer": -1})
    early = describe({**LLAVA, "vision_feature_layer": -2})
    assert last.parameters_total == early.parameters_total
    saved = _tower(last) - _tower(early)
    # One layer of two matrices' worth: four of six operations for weights and for pairs.
    layer = early.parts[0].layers[-1].components
    weights = sum(one.multiplied for one in layer)
    mixing = layer[0].mixing[0]
    pairs = mixing.heads * (mixing.key_width + mixing.value_width) * 17 * 17
    assert saved == 4 * (17 * weights + pairs)


def _tower(architecture: Architecture) -> int:
    shapes = {"tokens": Span(LENGTH), **image_shape(architecture).shape}
    parts = sample_operations(architecture, shapes).parts
    return next(full for name, full, _ in parts if name == "vision tower")


@given(
    images=st.integers(1, 50),
    height=st.integers(1, 4000),
    width=st.integers(1, 4000),
)
def test_more_or_larger_pictures_never_cost_less(images: int, height: int, width: int) -> None:
    architecture = describe(QWEN3)

    def cost(count: int, tall: int) -> int:
        shapes = {"tokens": Span(LENGTH), **image_shape(architecture, tall, width, count).shape}
        return sample_operations(architecture, shapes).full

    assert cost(images + 1, height) > cost(images, height)
    assert cost(images, height + 16) >= cost(images, height)


_HOSTILE = st.sampled_from(
    [None, -1, 0, 1, 3, 2**40, 10**30, 1.5, True, "", "x", [], [0], ["a"], {}, {"a": 1}, [[1, 2]]]
)


def _places(config: dict[str, Any]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, value in config.items():
        found.append((name,))
        if isinstance(value, dict):
            found += [(name, *place) for place in _places(value)]
    return found


def _changed(config: dict[str, Any], place: tuple[str, ...], value: object) -> dict[str, Any]:
    name, *rest = place
    if not rest:
        return {**config, name: value}
    return {**config, name: _changed(config[name], tuple(rest), value)}


@given(data=st.data())
@settings(max_examples=600, deadline=None)
def test_a_hostile_value_anywhere_gives_a_count_or_a_named_fault(data: st.DataObject) -> None:
    config = data.draw(st.sampled_from(cases()))
    place = data.draw(st.sampled_from([one for one in _places(config) if one != ("model_type",)]))
    hostile = _changed(config, place, data.draw(_HOSTILE))
    try:
        architecture = describe(hostile, "config.json")
    except (InputError, ErrorGroup):
        return
    assert 0 < architecture.parameters_active <= architecture.parameters_total
