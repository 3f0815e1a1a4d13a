"""GGUF: key-value head and tensor list of a weight file of llama.cpp, never its tensors.

Layout (GGUF specification, versions 2 and 3): magic, version, number of tensors, number of keys;
typed keys and values; for each tensor a name, its dimensions with the fastest first, a type and an
offset; then the data, aligned. Version 1 and files with the bytes the other way round are refused.
Names of people and organisations that the head may hold are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from typing import Any

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.formats.gguf_head import Head, TensorInfo, read_head
from chapterv.evidence.formats.licence import licence_name
from chapterv.evidence.formats.safetensors import Kind, Shard
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.results import Note, Part

__all__ = ["TYPES", "read_gguf"]

TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}  # fmt: skip
"""Name, values in a block and bytes of a block, by the number of the type."""

_TABLES = re.compile(r"^rope_(freqs|factors_long|factors_short)\.weight$")
"""Fixed factors of the rotary embedding, which are stored as tensors and are no parameters."""

_FIX = "Download the file again, or convert the model again."


@reader("gguf", version="1", suffixes=(".gguf",))
def read_gguf(artefact: Artefact) -> Iterator[Found]:
    """Read what the head says of the model; all shards become facts on weights together."""
    head = read_head(artefact)
    tensors = _tensors(head, artefact)
    kind = _text(head.values.get("general.type")) or "model"
    if kind != "model":
        yield Note(artefact.path, f"a file of the kind {kind[:40]!r} beside a model: not counted")
        return
    yield from _facts(artefact, head)
    left_out = [name for name in tensors if _TABLES.match(name)]
    if left_out:
        yield Note(artefact.path, f"{len(left_out)} tables of the rotary embedding are not counted")
    kept = {name: kind for name, kind in tensors.items() if not _TABLES.match(name)}
    elements: dict[str, int] = {}
    for each in kept.values():
        elements[each.dtype] = elements.get(each.dtype, 0) + each.elements
    shard = Shard(
        artefact.digest or "",
        artefact.digest_of or "header",
        artefact.reader or "",
        sum(each.size or 0 for each in tensors.values()),
        kept,
        elements,
        {},
    )
    yield Part("weights", artefact.folder, artefact.path, shard)


def _tensors(head: Head, artefact: Artefact) -> dict[str, Kind]:
    """Check types and extents.

    Raises:
        InputError: two tensors of one name, an unknown type, overlaps, or data that are cut off.
    """
    kinds: dict[str, Kind] = {}
    extents = []
    for info in head.tensors:
        if info.name in kinds:
            raise _wrong(artefact, info, "stands twice in the list")
        kind = kinds[info.name] = _kind(artefact, info)
        extents.append((info.offset, info.offset + (kind.size or 0), info.name))
    extents.sort()
    at = 0
    for begin, end, name in extents:
        if begin < at or begin % head.alignment:
            what = f"the data of {name[:80]!r} overlap others or are not aligned"
            raise InputError(what, f"{artefact.path}: header", _FIX)
        at = end
    if at > artefact.size - head.data_start:
        what = f"the tensors need {at} bytes, the file holds {artefact.size - head.data_start}"
        raise InputError(f"{what}: it is cut off", f"{artefact.path}: header", _FIX)
    return kinds


def _kind(artefact: Artefact, info: TensorInfo) -> Kind:
    known = TYPES.get(info.type)
    if known is None:
        raise _wrong(artefact, info, f"has the type {info.type}, which is not known")
    name, block, size = known
    # The file lists dimensions with the fastest first, other formats list it last.
    shape = tuple(reversed(info.dimensions))
    elements = prod(shape)
    if info.dimensions and info.dimensions[0] % block:
        raise _wrong(artefact, info, f"has rows that are no whole blocks of {name}")
    return Kind(name, shape, elements, elements // block * size)


def _wrong(artefact: Artefact, info: TensorInfo, what: str) -> InputError:
    return InputError(f"the tensor {info.name[:80]!r} {what}", f"{artefact.path}: header", _FIX)


def _facts(artefact: Artefact, head: Head) -> Iterator[Found]:
    values = head.values
    for key, name in (("model.name", "general.name"), ("model.version", "general.version")):
        text = _text(values.get(name))
        if text:
            yield artefact.fact(key, text, name, basis="declared")
    licence = _text(values.get("general.license"))
    if licence and licence.lower() != "other":
        named = licence_name(licence)
        yield artefact.fact("model.licence", named, "general.license", basis="declared")
    family = _text(values.get("general.architecture"))
    if not family:
        return
    yield artefact.fact("model.architecture_family", family, "general.architecture")
    for key, name in (
        ("model.context_length", f"{family}.context_length"),
        ("model.vocabulary_size", f"{family}.vocab_size"),
    ):
        number = values.get(name)
        if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**40:
            yield artefact.fact(key, number, name)
    tokens = values.get("tokenizer.ggml.tokens")
    if isinstance(tokens, range) and len(tokens):
        yield artefact.fact("model.tokenizer_size", len(tokens), "tokenizer.ggml.tokens")


def _text(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""
