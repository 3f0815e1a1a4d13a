"""Architecture families: one module for each group, found by looking into this folder.

A family is a function from a `Reader` to an `Architecture`, registered under the names that
configurations use for it (`model_type`). Every module of this package is imported on the first
question, so a new family is one new file and no list anywhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from chapterv.compute.architecture import Architecture
from chapterv.compute.reading import Reader

__all__ = [
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
    """

    describe: Describe
    composed: bool = False
    heads: tuple[str, ...] = LANGUAGE_HEADS


_BY_MODEL_TYPE: dict[str, Family] = {}
_BY_CLASS: dict[str, Family] = {}
_BY_LAYOUT: list[tuple[Recognise, Family]] = []


def family(
    *model_types: str,
    layout: Recognise | None = None,
    classes: tuple[str, ...] = (),
    composed: bool = False,
    heads: tuple[str, ...] = LANGUAGE_HEADS,
) -> Callable[[Describe], Describe]:
    """Register a family.

    Args:
        model_types: values of `model_type` that it reads.
        layout: for formats without a `model_type`, a test on the parsed file.
        classes: values of `_class_name`, as the parts of image models name themselves.
        composed: it reads the tables of several parts, such as `text_config`, by itself.
        heads: ends of the class names under `architectures` whose head it counts; a file that
            names another class is refused.

    Returns: the decorator.

    Raises:
        ValueError: a name is taken already.
    """

    def register(describe: Describe) -> Describe:
        entry = Family(describe, composed, heads)
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
    """Import every family once.

    Returns: the values of `model_type` and of `_class_name` that are covered, sorted.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted({**_BY_MODEL_TYPE, **_BY_CLASS}))


def by_model_type(name: str) -> Family | None:
    """Return the family that reads this `model_type`."""
    load()
    return _BY_MODEL_TYPE.get(name)


def by_class(name: str) -> Family | None:
    """Return the family that reads this `_class_name`."""
    load()
    return _BY_CLASS.get(name)


def by_layout(values: Mapping[str, Any]) -> Family | None:
    """Return the family that recognises the format of a file without `model_type`."""
    load()
    return next((entry for test, entry in _BY_LAYOUT if test(values)), None)
