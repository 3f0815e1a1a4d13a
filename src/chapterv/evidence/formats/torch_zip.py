"""Weights that `torch.save` wrote: names, types and shapes from the pickle, which is never run.

Since release 1.6 torch writes a ZIP file: `data.pkl`, a pickle that names each tensor's storage,
and one entry for each storage. The pickle is walked as data (`torch_zip_opcodes`); one that names
anything beyond tensors and plain containers is refused with that name. Older files, which are one
pickle after another, and programs of TorchScript are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact, Window
from chapterv.evidence.formats.safetensors import Shard
from chapterv.evidence.formats.torch_zip_directory import Entry, read_directory, read_entry
from chapterv.evidence.formats.torch_zip_opcodes import walk_pickle
from chapterv.evidence.formats.torch_zip_tensors import (
    ALLOWED,
    DTYPES,
    Tensor,
    kind_of,
    model_tensors,
    stored,
    without_twins,
)
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Note, Part

__all__ = ["open_archive", "read_torch_zip", "shard_of"]

MAX_PICKLE = 64 * 1024 * 1024

_LEGACY = bytes.fromhex("80028a0a6cfc9c46f9206aa850")
_NOT_WEIGHTS = re.compile(r"^(optimizer|scheduler|rng_state|random_states|scaler)\b|_optim_states")
_DEEPSPEED = re.compile(r"_model_states\.pt$")
_SLICE = re.compile(r"^(consolidated)\.(\d\d)(\.pth)$")
_FIX = "Convert the weights to safetensors, or state model.parameters_total with a source."


@reader("torch-zip", version="1", suffixes=(".bin", ".pt", ".pth", ".ckpt"))
def read_torch_zip(artefact: Artefact) -> Iterator[Found]:
    """Read the tensors' names, types and shapes of one file of weights."""
    if _DEEPSPEED.search(artefact.name):
        raise Unclaimed
    if _NOT_WEIGHTS.search(artefact.name):
        raise InputError("state of an optimiser, not of a model", artefact.path, "Leave it out.")
    with artefact.opened() as window:
        start = window.read(0, 16)
        _refuse_others(artefact, start)
        root, entries, prefix = open_archive(artefact, window)
    try:
        tensors, place = model_tensors(root)
    except InputError as error:
        raise InputError(error.what, artefact.path, error.fix) from None
    if _has_slices(artefact):
        yield Note(
            artefact.path,
            "one of several slices of the same tensors, so parameters are not counted. State "
            "model.parameters_total with a source.",
        )
        return
    yield from shard_of(artefact, tensors, entries, prefix)
    if place:
        yield Note(artefact.path, f"a checkpoint of training: the weights are read from {place!r}")


def _refuse_others(artefact: Artefact, start: bytes) -> None:
    if start.startswith(b"PK\x03\x04"):
        return
    if start.startswith(_LEGACY):
        raise InputError(
            "a file in the layout of torch before release 1.6: a pickle, which can run code when "
            "it is opened. It was not opened",
            artefact.path,
            _FIX,
        )
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise InputError(
            "a pickle, which can run code when it is opened. It was not opened", artefact.path, _FIX
        )
    raise Unclaimed("neither a ZIP file of torch nor a pickle")


def open_archive(artefact: Artefact, window: Window) -> tuple[object, dict[str, Entry], str]:
    """Walk the pickle of an archive.

    Returns: what it describes, the entries of the archive, and the folder that all of them are in.

    Raises:
        InputError: no archive of torch, or a pickle that is refused.
    """
    entries, directory = read_directory(window)
    found = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(found) != 1:
        raise InputError("no archive of torch: it has no single data.pkl", artefact.path, _FIX)
    prefix = found[0].removesuffix("data.pkl")
    pickled = read_entry(window, entries[found[0]], MAX_PICKLE)
    artefact.keep_digest(directory + pickled, "header")
    try:
        root = walk_pickle(pickled, f"{artefact.path}: data.pkl", ALLOWED, stored)
    except InputError as error:
        raise InputError(error.what, error.where or artefact.path, error.fix) from None
    return root, entries, prefix


def shard_of(
    artefact: Artefact, tensors: dict[str, Tensor], entries: dict[str, Entry], prefix: str
) -> Iterator[Found]:
    """Yield the part of the weights, each value counted once.

    Raises:
        InputError: a storage is missing, or has another size than its tensors say.
    """
    _check_storages(artefact, tensors, entries, prefix)
    kept, twins = without_twins(tensors)
    if twins:
        some = ", ".join(sorted(twins)[:3])
        yield Note(
            artefact.path, f"{len(twins)} names stand for values of another name: {some[:200]}"
        )
    kinds = {name: kind_of(tensor.dtype, tensor.shape) for name, tensor in kept.items()}
    elements: dict[str, int] = {}
    for kind in kinds.values():
        elements[kind.dtype] = elements.get(kind.dtype, 0) + kind.elements
    shard = Shard(
        artefact.digest or "",
        artefact.digest_of or "header",
        artefact.reader or "",
        sum(kind.size or 0 for kind in kinds.values()),
        kinds,
        elements,
        {},
    )
    yield Part("weights", artefact.folder, artefact.path, shard)


def _check_storages(
    artefact: Artefact, tensors: dict[str, Tensor], entries: dict[str, Entry], prefix: str
) -> None:
    for name, tensor in tensors.items():
        storage = tensor.storage
        entry = entries.get(f"{prefix}data/{storage.key}")
        size = storage.length * (DTYPES[storage.type][1] if storage.type else 1)
        if entry is None or entry.size != size:
            held = "is missing" if entry is None else f"has {entry.size} bytes instead of {size}"
            what = f"the storage of {name[:80]!r} {held}"
            raise InputError(what, artefact.path, "Download the file again.")


def _has_slices(artefact: Artefact) -> bool:
    match = _SLICE.match(artefact.name)
    if not match:
        return False
    other = "01" if match[2] == "00" else "00"
    return artefact.beside(f"{match[1]}.{other}{match[3]}")
