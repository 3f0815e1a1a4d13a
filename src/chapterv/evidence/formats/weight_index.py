"""Weight indexes (`*.safetensors.index.json`, `*.bin.index.json`): hints, never counts.

Published indexes say too little or too much: sizes of 0, sizes as binary floats, totals that count
a tied output head twice. They tell which files belong together; headers tell what is in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.results import Note, Part
from chapterv.evidence.strict import decode_json

__all__ = ["MAX_INDEX", "Index", "read_weight_index"]

MAX_INDEX = 64 * 1024 * 1024
MAX_VALUES = 500_000


class Index(msgspec.Struct, frozen=True):
    """What an index says of the weight files."""

    files: tuple[str, ...]
    tensors: frozenset[str]


@reader("weight-index", version="1", names=("*.safetensors.index.json", "*.bin.index.json"))
def read_weight_index(artefact: Artefact) -> Iterator[Found]:
    """Read which tensors stand in which files, and what the index claims of their size."""
    table = decode_json(artefact.read(MAX_INDEX), artefact.path, max_values=MAX_VALUES)
    weight_map = table.get("weight_map") if isinstance(table, dict) else None
    if not isinstance(weight_map, dict) or not all(isinstance(v, str) for v in weight_map.values()):
        raise InputError(
            "weight_map is not a table from tensor to file",
            f"{artefact.path}#/weight_map",
            "Write the index again with the program that made it.",
        )
    metadata = table.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    size, remark = _total_size(metadata.get("total_size"))
    if remark:
        yield Note(artefact.path, remark)
    parameters = metadata.get("total_parameters")
    if isinstance(parameters, int) and 1 < parameters < 10**18:
        yield Note(
            artefact.path,
            f"total_parameters is {parameters}: a hint only, since indexes count tied weights "
            "and buffers as often as they are stored",
        )
    files = tuple(sorted(set(weight_map.values())))
    index = Index(files, frozenset(weight_map))
    yield Part("index", artefact.folder, artefact.path, index)
    if size:
        yield artefact.fact("model.weights_size", size, "/metadata/total_size", basis="declared")


def _total_size(value: Any) -> tuple[int | None, str]:
    """Return the size that an index claims, and what is wrong with it."""
    if value is None:
        return None, ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**63:
        return None, "total_size is not a number of bytes, so it is not used"
    if value == 0:
        return None, "total_size is 0, so it is not used"
    if isinstance(value, float):
        if value != int(value) or value > 2**53:
            return None, "total_size is a binary float that is not exact, so it is not used"
        return int(Decimal(value)), "total_size is written as a binary float; it is a whole number"
    return value, ""
