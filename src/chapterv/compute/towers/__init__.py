"""Towers of composed models: what turns pictures, frames of a film or sound into features.

A tower is a function from the `Reader` of its own table to a `Tower`, registered under the names
that configurations use for it. A composed family calls `describe_tower`, adds its projector and
joins both to a text decoder, so one tower serves every family that has it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from functools import cache

import msgspec

from chapterv.compute.architecture import Part, Stream
from chapterv.compute.describing import UnknownFamily
from chapterv.compute.reading import MAX_LAYERS, Reader, shown

__all__ = [
    "FRAMES",
    "PATCHES",
    "Select",
    "Tower",
    "describe_tower",
    "selected",
    "side",
    "tower",
    "towers",
    "used_layers",
]

_FIX = "Give the whole configuration, or state `model.parameters_total` with a source."

PATCHES = "patches"
"""Name of the stream of what a picture is cut into."""

FRAMES = "frames"
"""Name of the stream of the spectrogram of a recording."""

Select = int | Sequence[int]
"""Which layers' outputs are used: 0 stands before the first layer, -1 for the last one's."""


class Tower(msgspec.Struct, frozen=True):
    """A tower as its configuration describes it.

    Args:
        part: its components, which work on the streams.
        width: width of the features that it gives.
        stream: stream of the features that it gives.
        streams: all streams that its components work on.
        every: positions of the stream that it has merged into one feature.
    """

    part: Part
    width: int
    stream: str
    streams: tuple[Stream, ...]
    every: int = 1


Describe = Callable[[Reader, Select], Tower]

_TOWERS: dict[str, Describe] = {}


def tower(*model_types: str) -> Callable[[Describe], Describe]:
    """Register a tower under values of `model_type`.

    Raises:
        ValueError: a name is taken already.
    """

    def register(describe: Describe) -> Describe:
        for name in model_types:
            if name in _TOWERS:
                raise ValueError(f"two towers read {name!r}")
            _TOWERS[name] = describe
        return describe

    return register


@cache
def towers() -> tuple[str, ...]:
    """Import every tower once, and return the names that are covered, sorted."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted(_TOWERS))


def describe_tower(
    reader: Reader,
    default: str,
    *,
    key: str = "vision_config",
    select: Select = -1,
    known_as: dict[str, str] | None = None,
) -> Tower:
    """Count the tower that a composed model has under a key.

    Args:
        reader: the composed model's configuration.
        default: `model_type` where the table names none.
        key: the tower's table.
        select: the layers whose outputs are used.
        known_as: names to read under another one, since they mean the same.

    Raises:
        UnknownFamily: the table is missing, or no tower of this name is covered.
    """
    child = reader.child(key)
    if not child.values:
        raise _missing(reader, key)
    own = child.value("model_type")
    name = default if own is None else own
    if not isinstance(name, str):
        child.expected("a text", "model_type", name)
        name = default
    name = (known_as or {}).get(name, name)
    towers()
    found = _TOWERS.get(name)
    if found is None:
        raise UnknownFamily(
            f"the tower {shown(name)} (read at {reader.pointer}/{key}/model_type) is not covered "
            "yet",
            reader.where,
            _FIX,
        )
    settled = Reader(
        {**child.values, "model_type": name}, reader.where, child.pointer, child.faults
    )
    counted = found(settled, select)
    settled.foreign()
    return counted


def _missing(reader: Reader, key: str) -> UnknownFamily:
    name = shown(reader.values.get("model_type"))
    return UnknownFamily(
        f"the family {name} has a tower that the file does not describe ({reader.pointer}/{key} is "
        "missing), and is not covered yet without it: the count of the rest is not the count of "
        "the model",
        reader.where,
        _FIX,
    )


def side(reader: Reader, name: str, default: int | None = None) -> int:
    """Return the side of a square, stated as one number or as two that are equal."""
    value = reader.value(name)
    if isinstance(value, list) and value and all(entry == value[0] for entry in value):
        reader = Reader({name: value[0]}, reader.where, reader.pointer, reader.faults)
    return reader.integer(name, default=default)


def used_layers(layers: int, select: Select) -> int:
    """Return the number of first layers whose outputs are used; those above run for nothing."""
    wanted = [select] if isinstance(select, int) else list(select)
    return max((one if one >= 0 else layers + 1 + one for one in wanted), default=layers)


def selected(reader: Reader, name: str, default: Select) -> tuple[Select, int]:
    """Return the layers that a composed model takes features from, and how many there are."""
    value = reader.value(name)
    if value is None:
        value = default
    plain = [value] if isinstance(value, int) and not isinstance(value, bool) else value
    if (
        not isinstance(plain, list | tuple)
        or not plain
        or len(plain) > MAX_LAYERS
        or any(isinstance(one, bool) or not isinstance(one, int) for one in plain)
    ):
        reader.expected("a layer number or a list of them", name, value)
        return default, 1
    return tuple(plain), len(plain)
