"""Configurations, tokenizers, adapters, pipelines, pointers: good files and broken ones."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from chapterv.evidence import scan
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

DEEP = '{"a":' * 100 + "1" + "}" * 100

BROKEN_JSON = {
    "empty": (b"", "empty|not JSON"),
    "a_list": (b"[1]", "expected a table"),
    "cut_off": (b'{"model_type": "lla', "not JSON: unterminated string"),
    "a_comment": (b'{"a": 1} // why', "extra data at line 1, column 10"),
    "single_quotes": (b"{'a': 1}", "not JSON: expecting property name"),
    "duplicate_key": (b'{"hidden_size": 1, "hidden_size": 2}', "'hidden_size' stands twice"),
    "nan": (b'{"hidden_size": NaN}', "NaN is not a number"),
    "float_overflow": (b'{"rope_theta": 1e999}', "1e999 is too large"),
    "integer_of_5000_digits": (b'{"hidden_size": ' + b"9" * 5000 + b"}", "thousands of digits"),
    "nested_100_deep": (DEEP.encode(), "nested more than 64"),
    "nested_100000_deep": (b"[" * 100_000, "nested more than 64"),
    "utf16": ('{"a": 1}'.encode("utf-16"), "byte order mark, or UTF-16"),
    "utf16_without_mark": ('{"a": 1}'.encode("utf-16-le"), "byte order mark, or UTF-16"),
    "utf8_with_mark": (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
    "latin1": ('{"author": "Müller"}'.encode("latin-1"), "not UTF-8: byte 0xfc at offset 13"),
    "half_a_character": (b'{"model_type": "\\ud800"}', "half of a character"),
}


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "adapter_config.json"])
@pytest.mark.parametrize("defect", BROKEN_JSON)
def test_broken_json_is_skipped_with_what_is_wrong(name: str, defect: str, tmp_path: Path) -> None:
    content, expected = BROKEN_JSON[defect]
    found = scanned(tmp_path, {name: content, "model_index.json": {"_class_name": "Example"}})
    assert any(part in reasons(found)[name] for part in expected.split("|"))
    assert values(found, "model.architecture") == ["Example"], "the rest is still read"


def test_a_configuration_gives_what_stands_in_it_and_what_follows(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"config.json": LLAMA}, subject="model:example@1.0")
    facts = {fact.key: fact for fact in found.facts}
    total = facts["model.parameters_total"]
    assert (total.value, total.basis) == (LLAMA_PARAMETERS, "computed")
    assert facts["model.architecture_family"].id in total.source.inputs
    assert total.source.digest_of == "file"
    assert facts["model.context_length"].value == 512
    assert facts["model.context_length"].source.pointer == "/max_position_embeddings"
    assert facts["model.weights_dtype"].basis == "declared"
    assert {fact.subject for fact in found.facts} == {"model:example@1.0"}


def test_an_unknown_family_is_read_and_named(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"config.json": {**LLAMA, "model_type": "zorp"}})
    assert values(found, "model.architecture_family") == ["zorp"]
    assert values(found, "model.parameters_total") == []
    assert "'zorp' (read at /model_type) is not covered yet" in notes(found)


def test_a_contradictory_configuration_is_read_and_every_fault_named(tmp_path: Path) -> None:
    config = {**LLAMA, "hidden_size": "64", "num_hidden_layers": -1}
    found = scanned(tmp_path, {"config.json": config})
    assert values(found, "model.parameters_total") == []
    assert "/hidden_size" in notes(found)
    assert "/num_hidden_layers" in notes(found)


def test_encoders_tell_what_a_model_takes_in(tmp_path: Path) -> None:
    config: dict[str, Any] = {"model_type": "zorp", "vision_config": {}, "text_config": LLAMA}
    found = scanned(tmp_path, {"config.json": config})
    assert values(found, "model.modalities_in") == [("text", "image")]
    assert values(found, "model.context_length") == [512]


def test_infinity_in_a_configuration_is_what_python_writes(tmp_path: Path) -> None:
    text = b'{"model_type": "zorp", "time_step_limit": [0.0, Infinity]}'
    found = scanned(tmp_path, {"config.json": text})
    assert values(found, "model.architecture_family") == ["zorp"]


@pytest.mark.parametrize("context", [0, -1, 2**50, "512", 512.0, True, None])
def test_a_senseless_context_length_is_not_taken(context: object, tmp_path: Path) -> None:
    found = scanned(tmp_path, {"config.json": {**LLAMA, "max_position_embeddings": context}})
    assert values(found, "model.context_length") == []


def test_two_context_lengths_that_disagree_are_not_taken(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"config.json": {**LLAMA, "n_positions": 99}})
    assert values(found, "model.context_length") == []


def test_a_training_file_of_gpt_neox_is_read_and_other_yaml_is_not(tmp_path: Path) -> None:
    neox = real_data("models", "configs", "EleutherAI--pythia-1.4b", "pythia-1.4b.yml")
    files = {"pythia.yml": neox.read_bytes(), "ci.yaml": "hidden: attention layers\n"}
    found = scanned(tmp_path, files)
    assert values(found, "model.parameters_total") == [1_414_647_808]
    assert reasons(found) == {"ci.yaml": "a format that is not known"}


def test_real_configurations_are_counted_as_expected_or_refused() -> None:
    with real_data("models", "expected.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    root = real_data("models")
    found = scan(["configs"], root)
    computed = {
        fact.source.artefact: fact.value
        for fact in found.facts
        if fact.key == "model.parameters_total"
    }
    sure = {
        row["config_file"]: int(row["total_params"])
        for row in rows
        if row["grade"] == "A" and row["total_params"] and row["config_file"] in computed
    }
    assert len(sure) >= 15
    assert sure == {path: computed[path] for path in sure}
    refused = {note.artefact for note in found.notes if "not covered yet" in note.text}
    assert not refused & computed.keys()


def test_a_tokenizer_gives_its_size_and_kind(tmp_path: Path) -> None:
    model = {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}
    added = [{"id": 2, "content": "<end>"}, {"id": 0, "content": "a"}]
    found = scanned(tmp_path, {"tokenizer.json": {"model": model, "added_tokens": added}})
    assert values(found, "model.tokenizer_size") == [3]
    assert values(found, "model.tokenizer_class") == ["BPE"]


def test_a_unigram_tokenizer_holds_its_vocabulary_as_pairs(tmp_path: Path) -> None:
    model = {"type": "Unigram", "vocab": [["a", -1.5], ["b", -2.0]]}
    found = scanned(tmp_path, {"tokenizer.json": {"model": model}})
    assert values(found, "model.tokenizer_size") == [2]


@pytest.mark.parametrize(
    "content", [b'{"model": {"vocab": {"a": "b"}}}', b"[" * 100_000, b"{}", b"\xff", b'{"model":']
)
def test_a_broken_tokenizer_is_skipped(content: bytes, tmp_path: Path) -> None:
    found = scanned(tmp_path, {"tokenizer.json": content})
    assert reasons(found)["tokenizer.json"].endswith(".")


def test_the_class_of_a_tokenizer_comes_from_its_settings_where_it_stands_alone(
    tmp_path: Path,
) -> None:
    settings = {"tokenizer_class": "ExampleTokenizer", "model_max_length": 10**30}
    found = scanned(tmp_path, {"tokenizer_config.json": settings})
    assert values(found, "model.tokenizer_class") == ["ExampleTokenizer"]
    assert "model_max_length" not in notes(found)


def test_an_adapter_names_its_base_model(tmp_path: Path) -> None:
    table = {"base_model_name_or_path": "example/base", "r": 16, "target_modules": ["v", "q"]}
    found = scanned(tmp_path, {"adapter_config.json": table})
    assert values(found, "model.derived_from") == [("example/base",)]
    assert values(found, "model.derivation") == ["adapter"]
    assert values(found, "model.adapter_rank") == [16]
    assert values(found, "model.adapter_targets") == [("q", "v")]


@pytest.mark.parametrize("place", ["/data/base", "./base", "../base", "C:\\base", "~/base"])
def test_a_base_model_on_somebodys_machine_is_not_named(place: str, tmp_path: Path) -> None:
    found = scanned(tmp_path, {"adapter_config.json": {"base_model_name_or_path": place}})
    assert values(found, "model.derived_from") == []
    assert "State model.derived_from" in notes(found)


def test_a_pipeline_without_a_class_is_skipped(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"model_index.json": {"vae": []}})
    assert "no class is named" in reasons(found)["model_index.json"]


POINTER = (
    "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 2669283096\n"
)


def test_a_pointer_is_said_to_be_one_and_gives_no_parameters(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"model.safetensors": POINTER, "pytorch_model.bin": POINTER})
    assert values(found, "model.parameters_total") == []
    assert values(found, "model.weights_size") == [2669283096, 2669283096]
    assert "a Git LFS pointer, not the file: 2669283096 bytes with SHA-256 abab" in notes(found)
    assert "git lfs pull" in notes(found)


def test_shards_of_which_some_are_pointers_are_a_lower_bound(tmp_path: Path) -> None:
    files = {
        "model-00001-of-00002.safetensors": safetensors(header_of({"a": ("BF16", [8])})),
        "model-00002-of-00002.safetensors": POINTER,
    }
    found = scanned(tmp_path, files)
    (fact,) = [f for f in found.facts if f.key == "model.parameters_total"]
    assert (fact.value, fact.relation) == (8, "at_least")


def test_a_pointer_without_a_size_is_skipped(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"model.safetensors": POINTER.replace("size", "bytes")})
    assert "without oid or size" in reasons(found)["model.safetensors"]


def test_pickles_are_named_and_not_opened(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"pytorch_model.bin": b"\x80\x04.", "training_args.bin": b"\x80"})
    assert all("a pickle, which can run code" in reason for reason in reasons(found).values())
    assert len(found.skipped) == 2


def test_records_of_runs_are_recognised(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"results_1.json": "{}", "weights.onnx": b"onnx"})
    assert all("recognised, not read yet" in reason for reason in reasons(found).values())


def test_weights_below_their_configuration_are_compared_with_it(tmp_path: Path) -> None:
    files = {
        "config.json": {**LLAMA, "tie_word_embeddings": True},
        "weights/model.safetensors": safetensors(header_of(llama_tensors())),
    }
    assert (
        values(scanned(tmp_path, files), "model.parameters_total") == [LLAMA_PARAMETERS - 6400] * 2
    )
