"""Writes small files in the containers of trackers and weights, good ones and broken ones."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from chapterv.evidence import Artefact, readers
from chapterv.evidence.checksums import masked_crc32c
from chapterv.evidence.formats.wandb_records import BLOCK, HEAD

RECORDED = Path(__file__).parent / "recorded"


def read_with(name: str, file: str, data: bytes, folder: str = "") -> list[Any]:
    """Hand one file to one reader, and return what it yields; its errors come through."""
    with tempfile.TemporaryDirectory() as root:
        location = Path(root) / file.replace("/", "_")
        location.write_bytes(data)
        path = f"{folder}/{file}" if folder else file
        artefact = Artefact(path, str(location), len(data), listing=lambda path: True)
        entry = readers()[name]
        artefact.reader = entry.label
        assert entry.read
        return list(entry.read(artefact))


# --- messages and logs --------------------------------------------------------------------------


def varint(value: int) -> bytes:
    """A whole number as Protocol Buffers write it."""
    out = b""
    value &= (1 << 64) - 1
    while True:
        out += bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
        value >>= 7
        if not value:
            return out


def field(number: int, value: int | bytes | str | float) -> bytes:
    """One field of a message: a varint, bytes, or eight bytes for a float."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tfrecord(data: bytes) -> bytes:
    """One record of an event file."""
    head = struct.pack("<Q", len(data))
    sums = [struct.pack("<I", masked_crc32c(part)) for part in (head, data)]
    return head + sums[0] + data + sums[1]


def event(time: float, step: int, **scalars: float) -> bytes:
    """One record with scalars; `__` in a name stands for a slash."""
    values = b"".join(
        field(1, field(1, name.replace("__", "/")) + b"\x15" + struct.pack("<f", value))
        for name, value in scalars.items()
    )
    return tfrecord(field(1, time) + field(2, step) + field(5, values))


def wandb_log(records: Iterable[bytes]) -> bytes:
    """A log of W&B."""
    log = bytearray(HEAD)
    for record in records:
        rest, first = record, True
        while first or rest:
            room = BLOCK - len(log) % BLOCK
            if room < 7:
                log += bytes(room)
                room = BLOCK
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if not rest else 2) if first else (4 if not rest else 3)
            check = zlib.crc32(piece, zlib.crc32(bytes([kind])))
            log += struct.pack("<IHB", check, len(piece), kind) + piece
            first = False
    return bytes(log)


def items(values: Mapping[str, Any], number: int = 1) -> bytes:
    """Items of a history, summary or settings record."""
    return b"".join(
        field(number, field(1, name) + field(16, json.dumps(value)))
        for name, value in values.items()
    )


def history(**values: Any) -> bytes:
    """A record of W&B's history; `__` in a name stands for a slash."""
    return field(2, items({name.replace("__", "/"): value for name, value in values.items()}))


def power(time: int, **watts: float) -> bytes:
    """A record of W&B's samples of the machine, `gpu0=300.0` for the first accelerator."""
    named = {f"gpu.{name[3:]}.powerWatts": value for name, value in watts.items()}
    return field(7, field(2, field(1, time)) + items(named, 3))


EXIT = field(18, b"")


# --- weights ------------------------------------------------------------------------------------


def text(value: str) -> bytes:
    """A text of a pickle."""
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def whole(value: int) -> bytes:
    """A whole number of a pickle."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    data = value.to_bytes(9, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def shape(sizes: Sequence[int]) -> bytes:
    """A tuple of whole numbers."""
    return b"(" + b"".join(whole(size) for size in sizes) + b"t"


def strides(sizes: Sequence[int]) -> tuple[int, ...]:
    """Strides of a tensor whose last dimension is the fastest."""
    return tuple(prod(sizes[at + 1 :]) for at in range(len(sizes)))


def tensor(
    key: str,
    sizes: Sequence[int],
    storage: str = "FloatStorage",
    length: int | None = None,
    offset: int = 0,
    steps: Sequence[int] | None = None,
) -> bytes:
    """A tensor as torch describes it in a pickle."""
    length = prod(sizes) if length is None else length
    place = (
        b"(" + text("storage") + b"ctorch\n" + storage.encode() + b"\n" + text(key) + text("cpu")
    )
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + place + whole(length) + b"tQ" + whole(offset)
        + shape(sizes) + shape(strides(sizes) if steps is None else steps)
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )  # fmt: skip


def table(values: Mapping[str, bytes]) -> bytes:
    """A table of a pickle, of values that are instructions already."""
    return b"}(" + b"".join(text(name) + value for name, value in values.items()) + b"u"


def pickled(root: bytes) -> bytes:
    """A whole pickle."""
    return b"\x80\x02" + root + b"."


def archive(
    root: bytes,
    storages: Mapping[str, int],
    more: Mapping[str, bytes] | None = None,
    method: int = zipfile.ZIP_STORED,
) -> bytes:
    """A file as torch.save writes it.

    Args:
        root: instructions of the pickle.
        storages: bytes of each storage.
        more: further entries.
        method: compression, which torch does not use.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        file.writestr("archive/data.pkl", pickled(root))
        for key, size in storages.items():
            file.writestr(f"archive/data/{key}", bytes(size))
        for name, data in (more or {"archive/version": b"3\n"}).items():
            file.writestr(name, data)
    return out.getvalue()


def gguf(
    values: Mapping[str, tuple[int, bytes]],
    tensors: Mapping[str, tuple[Sequence[int], int]],
    data: int = 0,
    version: int = 3,
) -> bytes:
    """A GGUF file.

    Args:
        values: type and bytes of each value.
        tensors: dimensions with the fastest first, and type; their data follow one another.
        data: bytes after the head.
        version: version of the format.
    """
    from chapterv.evidence.formats.gguf import TYPES

    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(values))
    for name, (kind, value) in values.items():
        out += gguf_text(name) + struct.pack("<I", kind) + value
    at = 0
    for name, (sizes, kind) in tensors.items():
        out += gguf_text(name) + struct.pack("<I", len(sizes))
        out += b"".join(struct.pack("<Q", size) for size in sizes) + struct.pack("<IQ", kind, at)
        _, block, size = TYPES.get(kind, ("", 1, 4))
        at += -(-prod(sizes) // block * size // 32) * 32
    return out + bytes(-len(out) % 32) + bytes(data)


def gguf_text(value: str) -> bytes:
    """A text of a GGUF file."""
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded
