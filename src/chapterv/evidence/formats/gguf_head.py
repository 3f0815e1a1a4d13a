"""The head of a GGUF file, walked within bounds: keys and values, then the list of tensors."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact, Window

__all__ = ["MAX_HEAD", "Head", "TensorInfo", "read_head"]

MAX_HEAD = 64 * 1024 * 1024
"""Vocabularies stand in it: some 10 MB for 256 000 tokens with their merges."""
MAX_KEYS = 100_000
MAX_TENSORS = 250_000
MAX_DIMENSIONS = 8
MAX_DEPTH = 4
MAX_NAME = 65_536
_BUFFER = 1 << 20

_FIX = "Download the file again, or convert the model again."
_NUMBERS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
_TEXT, _LIST = 8, 9


class TensorInfo(msgspec.Struct, frozen=True, gc=False):
    """What the list says of one tensor: dimensions with the fastest first, offset in the data."""

    name: str
    dimensions: tuple[int, ...]
    type: int
    offset: int


class Head(msgspec.Struct, frozen=True):
    """All that stands before the data.

    Args:
        version: version of the format.
        values: numbers and texts by key; a list stands as the range of its indices, because only
            its length is of use.
        tensors: in the order of the file.
        alignment: bytes that every tensor's offset is a multiple of.
        data_start: offset of the data in the file.
    """

    version: int
    values: dict[str, Any]
    tensors: list[TensorInfo]
    alignment: int
    data_start: int


def read_head(artefact: Artefact) -> Head:
    """Read the head of a GGUF file, and keep its digest.

    Raises:
        InputError: not GGUF, a version that is not known, cut off, or bounds passed.
    """
    with artefact.opened() as window:
        cursor = _Cursor(window)
        version, tensors, keys = _start(cursor)
        values: dict[str, Any] = {}
        for _ in range(keys):
            name = cursor.text(MAX_NAME)
            if name in values:
                raise cursor.error(f"the key {name[:60]!r} stands twice")
            values[name] = cursor.value(cursor.number("<I"), 0)
        infos = [_info(cursor) for _ in range(tensors)]
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or isinstance(alignment, bool) or not 0 < alignment <= 65536:
        raise InputError("the alignment is no small whole number", artefact.path, _FIX)
    artefact.digest = artefact.digest or cursor.digest.hexdigest()
    artefact.digest_of = artefact.digest_of or "header"
    start = -(-cursor.at // alignment) * alignment
    return Head(version, values, infos, alignment, start)


def _start(cursor: _Cursor) -> tuple[int, int, int]:
    magic = cursor.take(4)
    if magic != b"GGUF":
        raise cursor.error("the file does not begin with GGUF")
    version = cursor.number("<I")
    if version not in (2, 3):
        other = version >> 24 in (2, 3) and not version & 0xFFFF
        what = "the bytes stand the other way round" if other else f"version {version}"
        raise cursor.error(f"{what}: versions 2 and 3 with the low byte first are read")
    tensors, keys = cursor.number("<Q"), cursor.number("<Q")
    if tensors > MAX_TENSORS or keys > MAX_KEYS:
        raise cursor.error(f"{tensors} tensors and {keys} keys: more than a model has")
    return version, tensors, keys


def _info(cursor: _Cursor) -> TensorInfo:
    name = cursor.text(MAX_NAME)
    count = cursor.number("<I")
    if count > MAX_DIMENSIONS:
        raise cursor.error(f"the tensor {name[:80]!r} has {count} dimensions")
    dimensions = tuple(cursor.number("<Q") for _ in range(count))
    if any(size >= 1 << 40 for size in dimensions):
        raise cursor.error(f"the tensor {name[:80]!r} is absurdly large")
    return TensorInfo(name, dimensions, cursor.number("<I"), cursor.number("<Q"))


class _Cursor:
    """Walks through a file in pieces, within a bound, and takes the digest of what it passed."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.at = 0
        self.buffer = b""
        self.start = 0
        self.digest = hashlib.sha256()

    def take(self, length: int) -> bytes:
        """Return the next bytes."""
        begin = self.at - self.start
        if begin + length > len(self.buffer):
            self._fill(length)
            begin = 0
        data = self.buffer[begin : begin + length]
        self.at += length
        self.digest.update(data)
        return data

    def _fill(self, length: int) -> None:
        if length > self.window.size - self.at:
            raise self.error("the file ends inside its head")
        if self.at + length > MAX_HEAD:
            raise self.error(f"the head has more than {MAX_HEAD} bytes")
        self.buffer = self.window.read(self.at, max(length, _BUFFER))
        self.start = self.at
        if len(self.buffer) < length:
            raise self.error("the file ends inside its head")

    def number(self, form: str) -> Any:
        """Return the next number."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self, limit: int) -> str:
        """Return the next text."""
        length = self.number("<Q")
        if length > limit:
            raise self.error(f"a text of {length} bytes, more than {limit}")
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int, depth: int) -> Any:
        """Return the next value, of a list only the range of its indices."""
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == _TEXT:
            return self.text(MAX_HEAD)
        if kind != _LIST:
            raise self.error(f"a value of the type {kind}, which is not known")
        if depth >= MAX_DEPTH:
            raise self.error(f"lists nested more than {MAX_DEPTH} levels deep")
        return self._list(depth)

    def _list(self, depth: int) -> range:
        kind, count = self.number("<I"), self.number("<Q")
        if count > MAX_HEAD:
            raise self.error(f"a list of {count} values")
        if kind in _NUMBERS:
            self._skip(count * struct.calcsize(_NUMBERS[kind]))
        else:
            for _ in range(count):
                if kind == _TEXT:
                    self._skip(self.number("<Q"))
                else:
                    self.value(kind, depth + 1)
        return range(count)

    def _skip(self, length: int) -> None:
        if length > self.window.size - self.at:
            raise self.error("the file ends inside its head")
        while length:
            step = min(length, _BUFFER)
            self.take(step)
            length -= step

    def error(self, what: str) -> InputError:
        """Return an error at the present place."""
        return InputError(what, f"{self.window.path}: byte {self.at}", _FIX)
