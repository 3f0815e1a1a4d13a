"""GGUF: logical parameters and what the head says."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from chapterv.errors import InputError
from chapterv.evidence import Part, scan

from .containers import RECORDED, gguf, gguf_text, read_with
from .writing import notes, reasons, scanned, values

F32, Q4_K, Q8_0 = 0, 12, 8
BASIC: dict[str, tuple[int, bytes]] = {
    "general.architecture": (8, gguf_text("llama")),
    "general.name": (8, gguf_text("Northlight 1B")),
    "general.license": (8, gguf_text("apache-2.0")),
    "general.author": (8, gguf_text("Ada Lovelace")),
    "llama.context_length": (4, struct.pack("<I", 8192)),
    "tokenizer.ggml.tokens": (
        9,
        struct.pack("<IQ", 8, 3) + b"".join(gguf_text(token) for token in "abc"),
    ),
}
TENSORS: dict[str, tuple[list[int], int]] = {
    "token_embd.weight": ([256, 100], Q4_K),
    "output_norm.weight": ([256], F32),
}
DATA = 100 * 144 + 256 * 4


def refused(data: bytes) -> str:
    """The error of a file that is refused."""
    with pytest.raises(InputError) as caught:
        read_with("gguf", "a.gguf", data)
    return str(caught.value)


def test_packed_values_are_counted_as_parameters(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"northlight.gguf": gguf(BASIC, TENSORS, DATA)})
    assert values(found, "model.parameters_total") == [256 * 100 + 256]
    assert values(found, "model.weights_dtype") == ["q4_k"]
    assert values(found, "model.weights_size") == [DATA]


def test_the_head_gives_name_licence_context_and_vocabulary(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"northlight.gguf": gguf(BASIC, TENSORS, DATA)})
    said = {fact.key: fact.value for fact in found.facts}
    assert said["model.name"] == "Northlight 1B"
    assert said["model.licence"] == "Apache-2.0"
    assert (said["model.context_length"], said["model.tokenizer_size"]) == (8192, 3)
    assert "Ada" not in str(found.to_json())


def test_shapes_are_turned_round() -> None:
    (part,) = (
        i for i in read_with("gguf", "a.gguf", gguf(BASIC, TENSORS, DATA)) if isinstance(i, Part)
    )
    assert part.content.tensors["token_embd.weight"].shape == (100, 256)


def test_the_recorded_file_counts_every_value() -> None:
    found = scan(["weights/model.gguf"], RECORDED)
    assert values(found, "model.parameters_total") == [8128 + 64 * 32]


def test_a_file_with_a_vocabulary_only_has_no_parameters(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"vocabulary.gguf": gguf(BASIC, {})})
    assert not values(found, "model.parameters_total")
    assert values(found, "model.tokenizer_size") == [3]
    assert "no tensor is in it" in notes(found)


def test_tables_of_the_rotary_embedding_are_no_parameters(tmp_path: Path) -> None:
    tensors = TENSORS | {"rope_freqs.weight": ([64], F32)}
    found = scanned(tmp_path, {"a.gguf": gguf(BASIC, tensors, DATA + 256)})
    assert values(found, "model.parameters_total") == [256 * 101]
    assert "1 tables of the rotary embedding" in notes(found)


@pytest.mark.parametrize("kind", ["mmproj", "adapter", "imatrix"])
def test_files_beside_a_model_are_not_counted(tmp_path: Path, kind: str) -> None:
    head = BASIC | {"general.type": (8, gguf_text(kind))}
    found = scanned(tmp_path, {"a.gguf": gguf(head, TENSORS, DATA)})
    assert not found.facts
    assert kind in notes(found)


def test_parts_of_a_split_file_are_counted_together(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "a-00001-of-00002.gguf": gguf(BASIC, {"token_embd.weight": ([256, 100], Q4_K)}, 14_400),
        "a-00002-of-00002.gguf": gguf({}, {"output_norm.weight": ([256], F32)}, 1024),
    }
    assert values(scanned(tmp_path, files), "model.parameters_total") == [256 * 101]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"GGML" + bytes(30), "does not begin with GGUF"),
        (gguf(BASIC, TENSORS, DATA, version=1), "version 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "the other way round"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), "more than a model has"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**60), "a text of"),
        (gguf({"a": (8, struct.pack("<Q", 2**50))}, {}), "a text of|ends inside"),
        (gguf({"a": (9, struct.pack("<IQ", 8, 2**50))}, {}), "a list of"),
        (gguf({"a": (9, struct.pack("<IQ", 8, 2**20))}, {}), "ends inside its head"),
        (gguf({"a": (99, b"")}, {}), "the type 99"),
        (gguf({"a": (9, struct.pack("<IQ", 9, 1) * 6)}, {}), "nested more than"),
        (gguf({}, {"a": ([2**50], F32)}), "absurdly large"),
        (gguf({}, {"a": ([1] * 9, F32)}), "9 dimensions"),
        (gguf({}, {"a": ([4], 77)}, 64), "the type 77"),
        (gguf({}, {"a": ([100], Q4_K)}, 64), "no whole blocks"),
        (gguf(BASIC, TENSORS, DATA - 1), "it is cut off"),
        (gguf({"general.alignment": (4, bytes(4))}, {}), "alignment"),
    ],
)
def test_broken_and_hostile_files_are_refused(data: bytes, what: str) -> None:
    error = refused(data)
    assert any(word in error for word in what.split("|"))


def test_two_tensors_of_one_name_or_place_are_refused() -> None:
    data = bytearray(gguf({}, {"a": ([8], F32), "b": ([8], F32)}, 64))
    at = data.rindex(b"b" + struct.pack("<I", 1))
    data[at] = ord("a")
    assert "stands twice" in refused(bytes(data))
    data[at] = ord("b")
    data[at + 17 : at + 25] = bytes(8)
    assert "overlap" in refused(bytes(data))


def test_a_key_that_stands_twice_is_refused() -> None:
    one = gguf_text("a") + struct.pack("<IB", 0, 1)
    assert "stands twice" in refused(b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + one + one)


def test_a_cut_file_is_a_line(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"a.gguf": gguf(BASIC, TENSORS, DATA)[:100]})
    assert "ends inside its head" in reasons(found)["a.gguf"]
