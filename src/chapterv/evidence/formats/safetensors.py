"""safetensors: the header of a weight file, never its tensors.

Layout (format description of the safetensors project): eight bytes with the length of the header,
little-endian; the header, JSON, at most 100 MB; then the tensors' bytes without holes or overlaps.
A file that breaks one of these rules is refused, as other programs would refuse it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from math import prod
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact, Window
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.results import Part
from chapterv.evidence.strict import decode_json
from chapterv.facts.types import DigestOf

__all__ = ["BITS", "MAX_HEADER", "MAX_TENSORS", "Kind", "Shard", "read_safetensors"]

MAX_HEADER = 100_000_000
MAX_TENSORS = 250_000
"""Bound on one file. The largest published models have some 150 000 tensors in all their files."""

BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip
"""Bits of one element, by the name of its type."""

MAX_DIMENSIONS = 64
MAX_VALUES = 12 * MAX_TENSORS
_FIRST_READ = 1 << 14
_FIX = "Download the file again, or write it again with the program that made it."
_METADATA = b'{"__metadata__":'


class _Tensor(msgspec.Struct, frozen=True, gc=False):
    """What the header says of one tensor."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


class Kind(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Type and shape, shared by all tensors that are alike: a model has few kinds of tensors.

    `size` is in bytes, or None where the type is unknown or the shape is none.
    """

    dtype: str
    shape: tuple[int, ...]
    elements: int
    size: int | None


class Shard(msgspec.Struct, frozen=True):
    """The header of one weight file, with its digest."""

    digest: str
    digest_of: DigestOf
    reader: str
    data_bytes: int
    tensors: dict[str, Kind]
    elements_by_type: dict[str, int]
    """Elements of all tensors as stored, by the name of their type."""
    metadata: dict[str, str]


@reader("safetensors", version="1", suffixes=(".safetensors",))
def read_safetensors(artefact: Artefact) -> Iterator[Found]:
    """Read the header of one weight file; all shards of a model become facts together."""
    with artefact.opened() as window:
        raw = _header(window)
    artefact.keep_digest(raw, "header")
    metadata, described = _decode(raw[8:], artefact.path)
    data_bytes = artefact.size - len(raw)
    tensors = _checked(described, data_bytes, artefact.path)
    shard = Shard(
        artefact.digest or "",
        artefact.digest_of or "header",
        artefact.reader or "",
        data_bytes,
        tensors,
        _elements(tensors),
        metadata,
    )
    yield Part("weights", artefact.folder, artefact.path, shard)


def _header(window: Window) -> bytes:
    """Return the length and the header, checked against the size of the file."""
    start = window.read(0, _FIRST_READ)
    if len(start) < 8:
        raise InputError(
            f"the file has {window.size} bytes, too few for the length of a header",
            window.path,
            _FIX,
        )
    length = int.from_bytes(start[:8], "little")
    if length > MAX_HEADER:
        raise InputError(
            f"the header would have {length} bytes, more than the {MAX_HEADER} the format allows",
            f"{window.path}: bytes 0 to 8",
            _FIX,
        )
    if 8 + length > window.size:
        raise InputError(
            f"the header would have {length} bytes, the file has {window.size}",
            f"{window.path}: bytes 0 to 8",
            _FIX,
        )
    if len(start) >= 8 + length:
        return start[: 8 + length]
    return start + window.read(len(start), 8 + length - len(start))


@cache
def _decoder() -> msgspec.json.Decoder[dict[str, _Tensor]]:
    return msgspec.json.Decoder(dict[str, _Tensor])


def _decode(header: bytes, path: str) -> tuple[dict[str, str], dict[str, _Tensor]]:
    """Decode a header, the usual form fast, any other form carefully.

    A decoder that keeps the last of two equal keys cannot see duplicates. In the usual form, the
    three keys of a tensor are written as often as there are tensors and nothing is escaped, which
    leaves no room for a second one.
    """
    count = header.count(b'"data_offsets"')
    # Every value is followed by a comma or closes something, so this bounds memory in advance.
    if count > MAX_TENSORS or header.count(b",") > MAX_VALUES:
        raise InputError(
            f"more than {MAX_TENSORS} tensors, or as many values as they would need", path, _FIX
        )
    metadata, rest = _cut_metadata(header, path)
    plain = rest is not None and b"\\" not in rest
    if rest is not None and plain and count == rest.count(b'"data_offsets"'):
        try:
            tensors = _decoder().decode(rest)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            tensors = {}
        once = all(rest.count(word) == len(tensors) for word in (b'"dtype"', b'"shape"'))
        if tensors and once and len(tensors) == count:
            return metadata, tensors
    return _decode_carefully(header, path)


def _cut_metadata(header: bytes, path: str) -> tuple[dict[str, str], bytes | None]:
    """Take the free texts off the start of a header, where writers put them."""
    if not header.startswith(_METADATA):
        return {}, header
    end = header.find(b"}", len(_METADATA))
    block = header[len(_METADATA) : end + 1]
    following = header[end + 1 : end + 2]
    if block.count(b"{") != 1 or following not in (b",", b"}"):
        return {}, None
    try:
        metadata = _metadata(decode_json(block, path), path)
    except InputError:
        return {}, None  # a brace inside a text, or broken: the careful way finds out which
    rest = header[end + 1 :]
    return metadata, b"{" + rest[1:] if following == b"," else b"{" + rest


def _decode_carefully(header: bytes, path: str) -> tuple[dict[str, str], dict[str, _Tensor]]:
    table = decode_json(header, path, max_values=MAX_VALUES)
    if not isinstance(table, dict):
        raise InputError("the header is not a table of tensors", path, _FIX)
    metadata = _metadata(table.pop("__metadata__", {}), path)
    try:
        return metadata, msgspec.convert(table, dict[str, _Tensor])
    except msgspec.ValidationError as error:
        raise _wrong_tensor(table, error, path) from None


def _wrong_tensor(table: dict[str, Any], error: msgspec.ValidationError, path: str) -> InputError:
    """Name the first tensor that is described wrongly."""
    for name, value in table.items():
        try:
            msgspec.convert(value, _Tensor)
        except msgspec.ValidationError as own:
            what = str(own).replace("`", "")
            return InputError(
                f"the tensor {name[:80]!r} is described wrongly: {what}", f"{path}: header", _FIX
            )
    return InputError(str(error).replace("`", ""), f"{path}: header", _FIX)


def _metadata(value: Any, path: str) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return value
    raise InputError("__metadata__ is not a table of texts", f"{path}: header", _FIX)


@lru_cache(maxsize=65_536)
def _kind(dtype: str, *shape: int) -> Kind:
    bits = BITS.get(dtype)
    if bits is None or len(shape) > MAX_DIMENSIONS or not all(0 <= n < 2**63 for n in shape):
        return Kind(dtype, shape, 0, None)
    elements = prod(shape)
    return Kind(dtype, shape, elements, elements * bits // 8 if elements * bits % 8 == 0 else None)


def _checked(tensors: dict[str, _Tensor], data_bytes: int, path: str) -> dict[str, Kind]:
    """Check types, sizes and offsets.

    Returns: the kind of each tensor.

    Raises:
        InputError: the first rule that is broken.
    """
    kinds: dict[str, Kind] = {}
    begins, ends = [], []
    for name, tensor in tensors.items():
        begin, end = tensor.data_offsets
        kind = kinds[name] = _kind(tensor.dtype, *tensor.shape)
        if kind.size != end - begin:
            raise _wrong_size(name, tensor, kind, path)
        begins.append(begin)
        ends.append(end)
    begins.sort()
    ends.sort()
    covered = not begins or (begins[0] == 0 and begins[1:] == ends[:-1])
    if covered and (ends[-1] if ends else 0) == data_bytes:
        return kinds
    raise _wrong_cover(tensors, data_bytes, path)


def _elements(tensors: dict[str, Kind]) -> dict[str, int]:
    elements: dict[str, int] = {}
    for kind, count in Counter(tensors.values()).items():
        elements[kind.dtype] = elements.get(kind.dtype, 0) + count * kind.elements
    return elements


def _wrong_size(name: str, tensor: _Tensor, kind: Kind, path: str) -> InputError:
    where = f"{path}: header, tensor {name[:80]!r}"
    begin, end = tensor.data_offsets
    if tensor.dtype not in BITS:
        return InputError(f"the type {tensor.dtype[:20]!r} is not one of the format", where, _FIX)
    shape = str(tensor.shape) if len(tensor.shape) <= 8 else f"of {len(tensor.shape)} dimensions"
    if end < begin:
        return InputError("its data end before they begin", where, _FIX)
    if kind.size is None:
        what = f"no tensor of {tensor.dtype} has the shape {shape[:120]}"
        return InputError(what, where, _FIX)
    return InputError(
        f"its data have {_shown(end - begin)} bytes, where {tensor.dtype} of shape {shape} needs "
        f"{_shown(kind.size)}",
        where,
        _FIX,
    )


def _wrong_cover(tensors: dict[str, _Tensor], data_bytes: int, path: str) -> InputError:
    """Say where the tensors overlap, leave a hole, or pass the end of the file."""
    where = f"{path}: header"
    at, before = 0, "the header"
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        begin, end = tensor.data_offsets
        if begin < at:
            what = f"the data of {name[:80]!r} overlap those of {before[:80]!r}"
            places = f"they begin at {_shown(begin)}, those end at {_shown(at)}"
            return InputError(f"{what}: {places}", where, _FIX)
        if begin > at:
            what = f"the data of {name[:80]!r} leave a hole"
            return InputError(f"{what} of {_shown(begin - at)} bytes before them", where, _FIX)
        at, before = end, name
    if at > data_bytes:
        what = f"the tensors need {_shown(at)} bytes, the file holds {data_bytes}: it is cut off"
        return InputError(what, where, _FIX)
    return InputError(f"{data_bytes - at} bytes at the end belong to no tensor", where, _FIX)


def _shown(number: int) -> str:
    return str(number) if number < 10**30 else "more than 10^30"


def combined_digest(members: list[tuple[str, str]]) -> str:
    """Return one digest for several files: SHA-256 over lines of digest and name.

    Args:
        members: name and digest of each file.
    """
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(members))
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()
