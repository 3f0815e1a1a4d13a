"""From the description of a pickle to named tensors: what is the model's, and how large it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import prod
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.formats.safetensors import Kind
from chapterv.evidence.formats.torch_zip_opcodes import Made, Name

__all__ = ["ALLOWED", "DTYPES", "SIZE", "Stored", "Tensor", "kind_of", "model_tensors", "stored"]

DTYPES = {
    "float64": ("F64", 8), "float32": ("F32", 4), "float16": ("F16", 2), "bfloat16": ("BF16", 2),
    "int64": ("I64", 8), "int32": ("I32", 4), "int16": ("I16", 2), "int8": ("I8", 1),
    "uint64": ("U64", 8), "uint32": ("U32", 4), "uint16": ("U16", 2), "uint8": ("U8", 1),
    "bool": ("BOOL", 1), "complex64": ("C64", 8), "float8_e4m3fn": ("F8_E4M3", 1),
    "float8_e5m2": ("F8_E5M2", 1), "float8_e8m0fnu": ("F8_E8M0", 1),
    "float8_e4m3fnuz": ("F8_E4M3FNUZ", 1), "float8_e5m2fnuz": ("F8_E5M2FNUZ", 1),
}  # fmt: skip
"""Name in safetensors' words and bytes of one value, by torch's name of the type."""

_STORAGES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32",
    "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
}  # fmt: skip
_UNTYPED = "UntypedStorage"

ORDERED = "collections.OrderedDict"
SIZE = "torch.Size"
_V2, _V3 = "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3"
_PARAMETER = "torch._utils._rebuild_parameter"
_SETS = ("builtins.set", "__builtin__.set")

ALLOWED = frozenset(
    [ORDERED, SIZE, _V2, _V3, _PARAMETER, *_SETS, f"torch.storage.{_UNTYPED}", f"torch.{_UNTYPED}"]
    + [f"torch.{name}" for name in (*_STORAGES, *DTYPES)]
)
"""All names that a file of weights needs."""

PLACES = ("model", "state_dict", "module", "model_state_dict", "model_state", "weights", "params")
"""Where training programs put the weights beside other things, in the order they are looked for."""

MAX_DEPTH = 16
MAX_VISITED = 2_000_000
MAX_DIMENSIONS = 64
_FIX = "Write the file again with torch.save, or as safetensors."


class Stored(msgspec.Struct, frozen=True):
    """A storage: torch's name of its type or None, its file in the archive, its length.

    The length is in values, of a storage without a type in bytes.
    """

    type: str | None
    key: str
    length: int


class Tensor(msgspec.Struct, frozen=True):
    """A view of a storage."""

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    storage: Stored


def stored(identifier: Any) -> Stored:
    """Describe a storage from its identifier: five values, the first one a word.

    Raises:
        InputError: the identifier is another one.
    """
    match identifier:
        case ("storage", Name() as name, str() as key, str(), int() as length) if length >= 0:
            return Stored(_STORAGES.get(name.name), key, length)
    raise InputError("a storage is described wrongly", None, _FIX)


def kind_of(dtype: str, shape: tuple[int, ...]) -> Kind:
    """Return type, shape and size of a tensor."""
    name, size = DTYPES[dtype]
    elements = prod(shape)
    return Kind(name, shape, elements, elements * size)


def model_tensors(root: Any) -> tuple[dict[str, Tensor], str]:
    """Return the tensors of the model by name, and where in the file they stand.

    Args:
        root: the description of the whole pickle.

    Returns: the tensors, and the name of the table that holds them, empty for the whole file.

    Raises:
        InputError: no tensors where models have them, or more than fit.
    """
    table = as_table(root)
    if table is None:
        raise InputError("the file holds no table of tensors", None, _FIX)
    direct = {str(key): value for key, value in table.items() if isinstance(key, str)}
    tensors = dict(_direct(direct))
    if tensors:
        return tensors, ""
    for place in PLACES:
        tensors = dict(_nested(direct.get(place)))
        if tensors:
            return tensors, place
    raise InputError(
        f"no tensors at its top or in {', '.join(PLACES)}",
        None,
        "Export the weights alone, or state model.parameters_total with a source.",
    )


def as_table(value: Any) -> dict[Any, Any] | None:
    """Return a plain or ordered table, or None for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Made) and str(value.name) == ORDERED:
        return value.items
    return None


def _direct(table: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    for name, value in table.items():
        tensor = _tensor(value)
        if tensor:
            yield name, tensor


def _nested(value: Any) -> Iterator[tuple[str, Tensor]]:
    """Walk through tables in tables; one that stands in many places is counted each time."""
    pending: list[tuple[str, Any, int]] = [("", value, 0)]
    visited = 0
    while pending:
        prefix, here, depth = pending.pop()
        table = as_table(here)
        if table is None:
            continue
        visited += len(table) + 1
        if visited > MAX_VISITED or depth > MAX_DEPTH:
            raise InputError("more tables in tables than a model has", None, _FIX)
        for key, inner in table.items():
            if not isinstance(key, str):
                continue
            tensor = _tensor(inner)
            if tensor:
                yield prefix + key, tensor
            elif as_table(inner) is not None:
                pending.append((f"{prefix}{key}."[-1000:], inner, depth + 1))


def _tensor(value: Any) -> Tensor | None:
    if not isinstance(value, Made):
        return None
    name = str(value.name)
    if name == _PARAMETER and value.arguments:
        inner = value.arguments[0]
        return _tensor(inner) if isinstance(inner, Made) and inner.name != value.name else None
    if name not in (_V2, _V3):
        return None
    match value.arguments:
        case (Stored() as storage, int() as offset, size, stride, *rest):
            return _view(storage, offset, lengths(size), lengths(stride), name, rest)
    raise InputError("a tensor is described wrongly", None, _FIX)


def lengths(value: Any) -> tuple[int, ...]:
    """Return a shape, as a tuple or as the class that torch has for it.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, Made) and str(value.name) == SIZE and value.arguments:
        value = value.arguments[0]
    if (
        not isinstance(value, tuple | list)
        or len(value) > MAX_DIMENSIONS
        or not all(type(size) is int and 0 <= size < 1 << 63 for size in value)
    ):
        raise InputError("a shape that is none", None, _FIX)
    return tuple(value)


def _view(
    storage: Stored,
    offset: int,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    name: str,
    rest: list[Any],
) -> Tensor:
    dtype = storage.type
    if name == _V3:
        named = rest[2] if len(rest) > 2 else None
        dtype = named.name if isinstance(named, Name) else None
    if dtype not in DTYPES:
        raise InputError("a tensor of a type that is not known", None, _FIX)
    length = storage.length // (1 if storage.type else DTYPES[dtype][1])
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=False))
    elements = prod(shape)
    # More values than the storage has, as of a row shown a thousand times, are no parameters.
    if len(shape) != len(stride) or offset < 0 or elements > length:
        raise InputError("a tensor that is larger than its storage", None, _FIX)
    if elements and last >= length:
        raise InputError("a tensor that passes the end of its storage", None, _FIX)
    return Tensor(dtype, shape, stride, offset, storage)


def without_twins(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], Collection[str]]:
    """Keep one of several names for the same values, and return the other names as well."""
    seen: set[Tensor] = set()
    kept: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if tensor in seen:
            continue
        if prod(tensor.shape):
            seen.add(tensor)
        kept[name] = tensor
    return kept, tensors.keys() - kept.keys()
