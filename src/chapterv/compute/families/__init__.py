"""Architecture families: one module for each group, found by looking into this folder.

A family is a function from a `Reader` to an `Architecture`, registered under the names that
configurations use for it (`model_type`). Modules are found by looking into this folder, so a new
family is one new file and no list anywhere; a plug-in names its module as an entry point of the
group `chapterv.families`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from chapterv.compute.architecture import Architecture
from chapterv.compute.reading import Reader

__all__ = [
    "ENTRY_POINTS",
    "FAULTS",
    "LANGUAGE_HEADS",
    "Describe",
    "Family",
    "Recognise",
    "by_class",
    "by_layout",
    "by_model_type",
    "family",
    "load",
]

Describe = Callable[[Reader], Architecture]
Recognise = Callable[[Mapping[str, Any]], bool]

LANGUAGE_HEADS = ("ForCausalLM", "LMHeadModel")
"""Ends of class names of text decoders with an output head."""


class Family(msgspec.Struct, frozen=True):
    """A registered family.

    Args:
        describe: from a configuration to an architecture.
        composed: it reads the tables of several parts, such as `text_config`, by itself.
        heads: ends of the class names under `architectures` whose head it counts.
        crosses: it counts cross-attention where the file adds some.
    """

    describe: Describe
    composed: bool = False
    heads: tuple[str, ...] = LANGUAGE_HEADS
    crosses: bool = False


_BY_MODEL_TYPE: dict[str, Family] = {}
_BY_CLASS: dict[str, Family] = {}
_BY_LAYOUT: list[tuple[Recognise, Family]] = []


def family(
    *model_types: str,
    layout: Recognise | None = None,
    classes: tuple[str, ...] = (),
    composed: bool = False,
    heads: tuple[str, ...] = LANGUAGE_HEADS,
    crosses: bool = False,
) -> Callable[[Describe], Describe]:
    """Register a family.

    Args:
        model_types: values of `model_type` that it reads.
        layout: for formats without a `model_type`, a test on the parsed file.
        classes: values of `_class_name`, as the parts of image models name themselves.
        composed: it reads the tables of several parts, such as `text_config`, by itself.
        heads: ends of the class names under `architectures` whose head it counts; a file that
            names another class is refused.
        crosses: it counts cross-attention where the file adds some.

    Returns: the decorator.

    Raises:
        ValueError: a name is taken already.
    """

    def register(describe: Describe) -> Describe:
        entry = Family(describe, composed, heads, crosses)
        for table, names in ((_BY_MODEL_TYPE, model_types), (_BY_CLASS, classes)):
            for name in names:
                if name in table:
                    raise ValueError(f"two families read {name!r}")
                table[name] = entry
        if layout is not None:
            _BY_LAYOUT.append((layout, entry))
        return describe

    return register


@cache
def load() -> tuple[str, ...]:
    """Import every family once, those of plug-ins last.

    Returns: the values of `model_type` and of `_class_name` that are covered, sorted.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    from importlib.metadata import entry_points  # slow, and most files need no plug-in

    for entry in sorted(entry_points(group=ENTRY_POINTS), key=_by_name):
        try:
            entry.load()
        except Exception as error:  # a plug-in may fail in any way, and must not stop a count
            FAULTS.append(f"the plug-in {entry.name!r} cannot be loaded: {error}"[:300])
    return tuple(sorted({**_BY_MODEL_TYPE, **_BY_CLASS}))


ENTRY_POINTS = "chapterv.families"
"""Group under which a plug-in names the module that registers its family."""

FAULTS: list[str] = []
"""What went wrong with plug-ins, one line each."""


def _by_name(entry: Any) -> str:
    return str(entry.name)


def _find(name: str, table: Mapping[str, Family]) -> Family | None:
    """Look a name up, importing first only the modules in whose text it stands.

    There are about a hundred modules, and reading them is twenty times faster than running them.
    """
    if name not in table and len(name) <= _LONGEST:
        wanted = f'"{name}"'.encode()
        for module in pkgutil.iter_modules(__path__):
            if name not in table and wanted in _source(module.name):
                importlib.import_module(f"{__name__}.{module.name}")
    if name not in table:
        load()
    return table.get(name)


_LONGEST = 100


@cache
def _source(module: str) -> bytes:
    """Return the text of a module, or nothing where only its compiled form is there."""
    try:
        return (Path(__path__[0]) / f"{module}.py").read_bytes()
    except OSError:
        return b""


def by_model_type(name: str) -> Family | None:
    """Return the family that reads this `model_type`."""
    return _BY_MODEL_TYPE.get(name) or _find(name, _BY_MODEL_TYPE)


def by_class(name: str) -> Family | None:
    """Return the family that reads this `_class_name`."""
    return _BY_CLASS.get(name) or _find(name, _BY_CLASS)


def by_layout(values: Mapping[str, Any]) -> Family | None:
    """Return the family that recognises the format of a file without `model_type`."""
    load()
    return next((entry for test, entry in _BY_LAYOUT if test(values)), None)
