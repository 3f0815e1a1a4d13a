"""Distributed checkpoints: what their small files say of the model and of the steps taken.

Torch's format (DCP, `.metadata`) and DeepSpeed's (`*_model_states.pt`) describe all tensors in a
pickle, which is walked as data like any other (`torch_zip_opcodes`) and refused where it names
anything else. Megatron's says its format in `metadata.json`; its settings stand in a pickle of
arbitrary classes, which is never opened. The shards themselves are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.formats.safetensors import Kind, Shard
from chapterv.evidence.formats.torch_zip import open_archive, shard_of
from chapterv.evidence.formats.torch_zip_opcodes import Made, Name, walk_pickle
from chapterv.evidence.formats.torch_zip_tensors import (
    ALLOWED,
    DTYPES,
    PLACES,
    SIZE,
    as_table,
    kind_of,
    lengths,
    model_tensors,
)
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Note, Part
from chapterv.evidence.strict import decode_json

__all__ = ["read_dcp", "read_deepspeed", "read_latest", "read_megatron"]

MAX_METADATA = 64 * 1024 * 1024
MAX_SMALL = 64 * 1024
MAX_STEPS = 10**12

_DCP = "torch.distributed.checkpoint.metadata"
_DCP_NAMES = ALLOWED | {
    *(f"{_DCP}.{name}" for name in ("Metadata", "TensorStorageMetadata", "TensorProperties",
      "ChunkStorageMetadata", "BytesStorageMetadata", "_MEM_FORMAT_ENCODING", "MetadataIndex",
      "StorageMeta")),
    *(f"torch.distributed.checkpoint.filesystem.{name}" for name in ("_StorageInfo",
      "_StoragePrefix")),
    "torch.serialization._get_layout",
    *(f"{module}.{name}" for module in ("pathlib", "pathlib._local") for name in ("PosixPath",
      "PurePosixPath", "WindowsPath", "PureWindowsPath")),
}  # fmt: skip

_OTHER_STATE = re.compile(
    r"^(optim\w*|opt|lr_schedulers?|schedulers?|train_state|dataloader|rng\w*|step|epoch|iteration)"
    r"(\.|$)|\.(exp_avg|exp_avg_sq|max_exp_avg_sq|momentum_buffer)$|^state\..*\.step$"
)
"""Tensors that are no weights: what optimisers and loaders keep beside them."""

_RANK = re.compile(r"^(?:bf16_|fp16_)?(zero_pp_rank_(\d+)_)?mp_rank_(\d+)_model_states\.pt$")
_FIX = "State model.parameters_total with a source."


@reader("torch-distributed", version="1", names=(".metadata",))
def read_dcp(artefact: Artefact) -> Iterator[Found]:
    """Read names, types and shapes of all tensors of a distributed checkpoint of torch."""
    data = artefact.read(MAX_METADATA)
    if data[:1] != b"\x80":
        raise Unclaimed
    root = walk_pickle(data, artefact.path, _DCP_NAMES)
    state = _state(root, f"{_DCP}.Metadata")
    table = state.get("state_dict_metadata")
    if not isinstance(table, dict):
        raise InputError("no table of tensors is in it", artefact.path, _FIX)
    tensors = {str(name): _described(value, artefact) for name, value in table.items()}
    found = {name: kind for name, kind in tensors.items() if kind is not None}
    kinds = _weights(found)
    yield _part(artefact, kinds)
    left_out = len(found) - len(kinds)
    others = f", {left_out} tensors of optimisers and loaders left out" if left_out else ""
    yield Note(artefact.path, f"a distributed checkpoint of {len(kinds)} tensors{others}")


def _state(value: Any, name: str) -> dict[str, Any]:
    """Return the fields of a described object, empty for any other."""
    if isinstance(value, Made) and str(value.name) == name and isinstance(value.state, dict):
        return value.state
    return {}


def _described(value: Any, artefact: Artefact) -> Kind | None:
    state = _state(value, f"{_DCP}.TensorStorageMetadata")
    if not state:
        return None
    properties = state.get("properties")
    dtype: Any = None
    if isinstance(properties, Made):
        fields = properties.state
        # Releases before 2.0 keep a table, later ones a tuple that begins with the type.
        if isinstance(fields, dict):
            dtype = fields.get("dtype")
        elif isinstance(fields, tuple) and fields:
            dtype = fields[0]
    if not isinstance(dtype, Name) or dtype.name not in DTYPES:
        raise InputError("a tensor of a type that is not known", artefact.path, _FIX)
    try:
        return kind_of(dtype.name, lengths(state.get("size")))
    except InputError as error:
        raise InputError(error.what, artefact.path, _FIX) from None


def _weights(tensors: dict[str, Kind]) -> dict[str, Kind]:
    """Leave out what belongs to optimisers; where only the model is left, drop its prefix."""
    kept = {name: kind for name, kind in tensors.items() if not _OTHER_STATE.search(name)}
    if len(kept) == len(tensors):
        return kept
    for place in PLACES:
        if kept and all(name.startswith(f"{place}.") for name in kept):
            return {name.removeprefix(f"{place}."): kind for name, kind in kept.items()}
    return kept


def _part(artefact: Artefact, kinds: dict[str, Kind]) -> Part:
    elements: dict[str, int] = {}
    for kind in kinds.values():
        elements[kind.dtype] = elements.get(kind.dtype, 0) + kind.elements
    shard = Shard(
        artefact.digest or "",
        artefact.digest_of or "file",
        artefact.reader or "",
        sum(kind.size or 0 for kind in kinds.values()),
        kinds,
        elements,
        {},
    )
    return Part("weights", artefact.folder, artefact.path, shard)


@reader("deepspeed", version="1", names=("*_model_states.pt",))
def read_deepspeed(artefact: Artefact) -> Iterator[Found]:
    """Read the weights' shapes and the counters of a checkpoint of DeepSpeed."""
    match = _RANK.match(artefact.name)
    if match and int(match[2] or 0):
        yield Note(artefact.path, "says the same as the file of rank 0: not read")
        return
    with artefact.opened() as window:
        root, entries, prefix = open_archive(artefact, window)
    table = as_table(root) or {}
    yield from _counters(artefact, table)
    other = artefact.name.replace("mp_rank_00", "mp_rank_01")
    if match and (int(match[3]) or (other != artefact.name and artefact.beside(other))):
        yield Note(
            artefact.path,
            f"one of several slices of the same tensors, so parameters are not counted. {_FIX}",
        )
        return
    shapes = _shapes(table.get("param_shapes"))
    try:
        tensors, _ = model_tensors(root)
    except InputError:
        tensors = {}
    stored = sum(kind_of(t.dtype, t.shape).elements for t in tensors.values())
    if shapes and stored < sum(kind_of("float32", shape).elements for shape in shapes.values()):
        # With ZeRO stage 3 the tensors of this file are empty, and the shapes are listed apart.
        dtype = next(iter(tensors.values())).dtype if tensors else "float32"
        yield _part(artefact, {name: kind_of(dtype, shape) for name, shape in shapes.items()})
    elif tensors:
        yield from shard_of(artefact, tensors, entries, prefix)
    else:
        raise InputError("no tensors of a model are in it", artefact.path, _FIX)


def _counters(artefact: Artefact, table: dict[Any, Any]) -> Iterator[Found]:
    """State the counters as lower bounds: the run may have gone on after the checkpoint."""
    for key, name in (("run.steps", "global_steps"), ("run.samples", "global_samples")):
        value = table.get(name)
        if type(value) is int and 0 < value < MAX_STEPS * 1000:
            yield artefact.fact(
                key, value, name, relation="at_least", note="when the checkpoint was written"
            )


def _shapes(value: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes by name, from the tables of all groups of parameters."""
    shapes: dict[str, tuple[int, ...]] = {}
    for group in value if isinstance(value, list) else [value]:
        for name, shape in (as_table(group) or {}).items():
            if isinstance(name, str) and isinstance(shape, Made) and str(shape.name) == SIZE:
                shapes[name] = lengths(shape)
    return shapes


@reader("checkpoint-pointer", version="1", names=("latest", "latest_checkpointed_iteration.txt"))
def read_latest(artefact: Artefact) -> Iterator[Found]:
    """Read the step of the last checkpoint, from the file that points to it."""
    if artefact.size > MAX_SMALL:
        raise Unclaimed
    text = artefact.read(MAX_SMALL).decode("utf-8", "replace").strip()
    match = re.fullmatch(r"(?:global_step|iter_)?([0-9]{1,12})", text)
    if match and int(match[1]):
        yield artefact.fact(
            "run.steps",
            int(match[1]),
            "line 1",
            relation="at_least",
            note="when the last checkpoint was written",
        )
    elif text == "release":
        yield Note(artefact.path, "a released checkpoint, which names no step")
    elif not match:
        raise Unclaimed


@reader("megatron-checkpoint", version="1", names=("metadata.json",))
def read_megatron(artefact: Artefact) -> Iterator[Found]:
    """Read the format of a distributed checkpoint of Megatron."""
    if artefact.size > MAX_SMALL:
        raise Unclaimed
    table = decode_json(artefact.read(MAX_SMALL), artefact.path)
    backend = table.get("sharded_backend") if isinstance(table, dict) else None
    if not isinstance(backend, str):
        raise Unclaimed
    yield Note(
        artefact.path,
        f"a distributed checkpoint in the format {backend[:40]!r}. Its settings are a pickle, "
        f"which is not opened. {_FIX}",
    )
