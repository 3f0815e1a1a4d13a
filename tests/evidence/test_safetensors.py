"""Weight files: what a header gives, and what is wrong with a broken one."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from chapterv.facts import merge
from tests.evidence.writing import (
    LLAMA,
    LLAMA_PARAMETERS,
    header_of,
    llama_tensors,
    notes,
    reasons,
    safetensors,
    scanned,
    values,
)
from tests.real_data import real_data

GOOD = header_of({"a": ("BF16", [2, 3]), "b": ("F32", [4])})


def broken(**changes: Any) -> dict[str, Any]:
    """The good header with other values for tensor b."""
    return {**GOOD, "b": {**GOOD["b"], **changes}}


BROKEN = {
    "shorter_than_a_length": (b"\x01\0\0", "3 bytes, too few"),
    "length_beyond_the_file": (safetensors(GOOD, length=10**6), "would have 1000000 bytes"),
    "length_of_exabytes": (safetensors(GOOD, length=2**64 - 1), "more than the 100000000"),
    "no_json": (safetensors(b"{oops", 0), "not JSON"),
    "not_utf8": (safetensors(b'{"\xff": 1}', 0), "not UTF-8"),
    "a_list": (safetensors(b"[]", 0), "not a table of tensors"),
    "a_number_as_tensor": (safetensors(b'{"a": 1}', 0), "'a' is described wrongly"),
    "without_offsets": (
        safetensors(b'{"a": {"dtype": "F32", "shape": []}}', 0),
        "missing required field data_offsets",
    ),
    "unknown_type": (safetensors(broken(dtype="F99"), 28), "type 'F99' is not one"),
    "size_against_shape": (safetensors(broken(shape=[5]), 28), "16 bytes, where F32 of shape [5]"),
    "negative_shape": (safetensors(broken(shape=[-2, -2]), 28), "no tensor of F32 has the shape"),
    "shape_of_65_dimensions": (safetensors(broken(shape=[1] * 65), 28), "of 65 dimensions"),
    "shape_of_a_thousand_digits": (
        safetensors(json.dumps(GOOD).replace("[4]", "[" + "9" * 1000 + "]").encode(), 28),
        "no tensor of F32 has the shape",
    ),
    "end_before_begin": (safetensors(broken(data_offsets=[28, 12]), 28), "end before they begin"),
    "overlap": (safetensors(broken(data_offsets=[8, 24]), 24), "'b' overlap those of 'a'"),
    "hole": (safetensors(broken(data_offsets=[20, 36]), 36), "a hole of 8 bytes"),
    "cut_off": (safetensors(GOOD, 20), "need 28 bytes, the file holds 20"),
    "bytes_of_no_tensor": (safetensors(GOOD, 30), "2 bytes at the end belong to no tensor"),
    "the_same_tensor_twice": (
        safetensors(
            b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
            b'"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
            1,
        ),
        "'a' stands twice",
    ),
    "the_same_tensor_twice_escaped": (
        safetensors(
            b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
            b'"\\u0061":{"dtype":"U8","shape":[1],"\\u0064ata_offsets":[0,1]}}',
            1,
        ),
        "'a' stands twice",
    ),
    "a_key_twice_in_a_tensor": (
        safetensors(b'{"a":{"dtype":"F32","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
        "'dtype' stands twice",
    ),
    "nan_in_the_header": (
        safetensors(b'{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,1]}}', 1),
        "NaN is not a number",
    ),
    "metadata_of_numbers": (safetensors({**GOOD, "__metadata__": {"a": 1}}, 28), "table of texts"),
    "nested_without_end": (safetensors(b"[" * 5000, 0), "nested more than"),
}


@pytest.mark.parametrize("defect", BROKEN)
def test_a_broken_weight_file_is_skipped_with_what_and_what_to_do(
    defect: str, tmp_path: Path
) -> None:
    content, expected = BROKEN[defect]
    found = scanned(tmp_path, {"model.safetensors": content, "config.json": LLAMA})
    reason = reasons(found)["model.safetensors"]
    assert expected in reason
    assert reason.endswith(".")
    assert values(found, "model.parameters_total") == [LLAMA_PARAMETERS], "the rest is still read"


def test_a_header_alone_is_read_and_its_digest_kept(tmp_path: Path) -> None:
    content = safetensors(header_of(llama_tensors()))
    found = scanned(tmp_path, {"model.safetensors": content})
    (fact,) = [fact for fact in found.facts if fact.key == "model.parameters_total"]
    assert (fact.value, fact.basis) == (LLAMA_PARAMETERS, "measured")
    assert fact.source.digest_of == "header"
    assert fact.source.reader == "safetensors 1"
    assert values(found, "model.weights_dtype") == ["bfloat16"]
    assert values(found, "model.weights_size") == [LLAMA_PARAMETERS * 2]


@pytest.mark.parametrize("indent", [None, 2])
def test_metadata_may_stand_anywhere_and_hold_braces(tmp_path: Path, indent: int | None) -> None:
    for number, place in enumerate(("first", "last")):
        header = header_of({"a": ("BF16", [2, 3])})
        free = header.pop("__metadata__") | {"note": 'a "} brace'}
        if place == "first":
            header = {"__metadata__": free, **header}
        else:
            header["__metadata__"] = free
        text = json.dumps(header, indent=indent).encode()
        found = scanned(tmp_path / str(number), {"model.safetensors": safetensors(text, 12)})
        assert values(found, "model.parameters_total") == [6]


def test_an_empty_header_gives_no_parameters(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"model.safetensors": safetensors({}, 0)})
    assert [entry.artefact for entry in found.read] == ["model.safetensors"]
    assert values(found, "model.parameters_total") == []


def sharded(count: int, shuffled: int = 0) -> dict[str, bytes]:
    """The tensors of the small model in several files."""
    tensors = list(llama_tensors().items())
    random.Random(shuffled).shuffle(tensors)
    return {
        f"model-{n + 1:05}-of-{count:05}.safetensors": safetensors(
            header_of(dict(tensors[n::count]))
        )
        for n in range(count)
    }


def test_shards_become_one_set_of_facts(tmp_path: Path) -> None:
    found = scanned(tmp_path, sharded(3))
    (fact,) = [fact for fact in found.facts if fact.key == "model.parameters_total"]
    assert fact.value == LLAMA_PARAMETERS
    assert fact.source.artefact == "model-*-of-00003.safetensors"
    assert [entry.facts for entry in found.read] == [3, 3, 3]


def test_a_missing_shard_makes_the_count_a_lower_bound(tmp_path: Path) -> None:
    files = sharded(3)
    files.pop("model-00002-of-00003.safetensors")
    found = scanned(tmp_path, files)
    (fact,) = [fact for fact in found.facts if fact.key == "model.parameters_total"]
    assert fact.relation == "at_least"
    assert fact.value < LLAMA_PARAMETERS
    assert "2 of 3 files were read" in notes(found)
    assert values(found, "model.weights_size") == []


def test_slices_of_one_tensor_in_several_files_are_not_counted(tmp_path: Path) -> None:
    half = safetensors(header_of({"w": ("BF16", [8])}))
    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    found = scanned(tmp_path, dict.fromkeys(names, half))
    assert values(found, "model.parameters_total") == []
    assert "slices of one tensor or copies" in notes(found)


def test_files_named_by_an_index_belong_together(tmp_path: Path) -> None:
    one, two = header_of({"a": ("BF16", [8])}), header_of({"b": ("BF16", [4])})
    index = {
        "metadata": {"total_size": 24},
        "weight_map": {"a": "one.safetensors", "b": "two.safetensors"},
    }
    found = scanned(
        tmp_path,
        {
            "one.safetensors": safetensors(one),
            "two.safetensors": safetensors(two),
            "model.safetensors.index.json": index,
        },
    )
    assert values(found, "model.parameters_total") == [12]


def test_weight_files_that_nothing_joins_are_not_counted(tmp_path: Path) -> None:
    one, two = header_of({"a": ("BF16", [8])}), header_of({"b": ("BF16", [4])})
    files = {"one.safetensors": safetensors(one), "two.safetensors": safetensors(two)}
    found = scanned(tmp_path, files)
    assert values(found, "model.parameters_total") == []
    assert "without an index that lists both" in notes(found)


def test_of_two_layouts_of_one_model_the_usual_one_is_counted(tmp_path: Path) -> None:
    other = {f"layers.{n}": ("BF16", [4]) for n in range(3)}
    files = {**sharded(2), "consolidated.safetensors": safetensors(header_of(other))}
    found = scanned(tmp_path, files)
    assert values(found, "model.parameters_total") == [LLAMA_PARAMETERS]
    assert "consolidated.safetensors: stands beside other weight files" in notes(found)


def test_a_second_number_format_of_the_same_weights_is_no_second_model(tmp_path: Path) -> None:
    full = {name: ("F32", shape) for name, (_, shape) in llama_tensors().items()}
    files = {
        "model.safetensors": safetensors(header_of(full)),
        "model.fp16.safetensors": safetensors(header_of(llama_tensors())),
    }
    found = scanned(tmp_path, files)
    assert values(found, "model.parameters_total") == [LLAMA_PARAMETERS] * 2


def test_a_configuration_that_disagrees_with_the_weights_is_a_conflict(tmp_path: Path) -> None:
    import datetime

    config = {**LLAMA, "num_hidden_layers": 3}
    files = {"config.json": config, "model.safetensors": safetensors(header_of(llama_tensors()))}
    found = scanned(tmp_path, files)
    totals = [fact for fact in found.facts if fact.key == "model.parameters_total"]
    assert {fact.basis for fact in totals} == {"measured", "computed"}
    merged = merge(found.facts, datetime.date(2026, 1, 1))
    (conflict,) = [c for c in merged.conflicts if c.key == "model.parameters_total"]
    assert conflict.why == "measured before computed"
    assert merged.world.keys["model.parameters_total"].value == LLAMA_PARAMETERS
    assert "fewer than config.json gives" in notes(found)


def test_a_tied_head_stored_twice_is_explained_away(tmp_path: Path) -> None:
    config = {**LLAMA, "tie_word_embeddings": True}
    files = {"config.json": config, "model.safetensors": safetensors(header_of(llama_tensors()))}
    found = scanned(tmp_path, files)
    assert values(found, "model.parameters_total") == [LLAMA_PARAMETERS - 6400] * 2
    assert "6400 values in 1 tensors are not counted: tied output head" in notes(found)


def test_buffers_and_scales_are_not_counted_without_a_configuration_either(tmp_path: Path) -> None:
    tensors = llama_tensors()
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = ("F32", [8])
    tensors["model.layers.0.mlp.up_proj.weight_scale_inv"] = ("F32", [1, 1])
    found = scanned(tmp_path, {"model.safetensors": safetensors(header_of(tensors))})
    assert values(found, "model.parameters_total") == [LLAMA_PARAMETERS]
    assert "counted without a configuration" in notes(found)


def test_many_tensors_are_counted_as_few_are(tmp_path: Path) -> None:
    plain: dict[str, tuple[str, list[int]]] = {
        f"model.layers.{layer}.mlp.experts.{expert}.w.weight": ("BF16", [2])
        for layer in range(110)
        for expert in range(100)
    }
    found = scanned(tmp_path / "plain", {"model.safetensors": safetensors(header_of(plain))})
    assert values(found, "model.parameters_total") == [22_000]
    plain["model.layers.7.self_attn.rotary_emb.inv_freq"] = ("F32", [8])
    found = scanned(tmp_path / "more", {"model.safetensors": safetensors(header_of(plain))})
    assert values(found, "model.parameters_total") == [22_000]


def test_weights_of_an_adapter_are_not_those_of_a_model(tmp_path: Path) -> None:
    tensors = {f"base_model.model.q.lora_{side}.weight": ("F32", [8, 4]) for side in "AB"}
    files = {
        "adapter_model.safetensors": safetensors(header_of(tensors)),
        "adapter_config.json": {"base_model_name_or_path": "example/base", "r": 8},
    }
    found = scanned(tmp_path, files)
    assert values(found, "model.adapter_parameters") == [64]
    assert values(found, "model.parameters_total") == []


def test_components_of_a_pipeline_are_not_the_model(tmp_path: Path) -> None:
    files = {
        "model_index.json": {"_class_name": "FluxPipeline", "vae": ["diffusers", "AutoencoderKL"]},
        "vae/config.json": {"_class_name": "AutoencoderKL"},
        "vae/diffusion_pytorch_model.safetensors": safetensors(header_of({"a": ("BF16", [8])})),
    }
    found = scanned(tmp_path, files)
    assert values(found, "model.parameters_total") == []
    assert values(found, "model.architecture") == ["FluxPipeline"]
    assert "a component of a pipeline: 8 values stored" in notes(found)


def test_an_index_that_lists_other_tensors_is_noted(tmp_path: Path) -> None:
    files = {
        "model.safetensors": safetensors(header_of({"a": ("BF16", [8])})),
        "model.safetensors.index.json": {
            "metadata": {"total_size": 0, "total_parameters": 99},
            "weight_map": {"a": "model.safetensors", "gone": "model.safetensors"},
        },
    }
    said = notes(scanned(tmp_path, files))
    assert "lists 1 tensors that no file holds" in said
    assert "total_size is 0" in said
    assert "a hint only" in said


@pytest.mark.parametrize(
    ("size", "value", "said"),
    [
        (16, [16], ""),
        (16.0, [16], "binary float"),
        (16.5, [], "not exact"),
        (-1, [], "not a number of bytes"),
        ("16", [], "not a number of bytes"),
        (True, [], "not a number of bytes"),
    ],
)
def test_the_size_in_an_index_is_a_claim_or_nothing(
    size: object, value: list[int], said: str, tmp_path: Path
) -> None:
    index = {"metadata": {"total_size": size}, "weight_map": {"a": "x.bin"}}
    found = scanned(tmp_path, {"pytorch_model.bin.index.json": index})
    assert values(found, "model.weights_size") == value
    assert said in notes(found)


def test_an_index_without_a_map_is_skipped(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"model.safetensors.index.json": {"weight_map": ["a"]}})
    assert "weight_map is not a table" in reasons(found)["model.safetensors.index.json"]


def test_a_real_header_whose_data_were_cut_off_is_refused() -> None:
    from chapterv.evidence import scan

    path = real_data("models", "runs", "lora-distilbert")
    reason = reasons(scan(["adapter_model.header-only.safetensors"], path))
    assert "the file holds 0: it is cut off" in next(iter(reason.values()))
