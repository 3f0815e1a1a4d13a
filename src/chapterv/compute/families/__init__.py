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

from chapterv.compute.architecture import Architecture
from chapterv.compute.reading import Reader

__all__ = ["Describe", "Recognise", "by_layout", "by_model_type", "family", "load"]

Describe = Callable[[Reader], Architecture]
Recognise = Callable[[Mapping[str, Any]], bool]

_BY_MODEL_TYPE: dict[str, Describe] = {}
_BY_LAYOUT: list[tuple[Recognise, Describe]] = []


def family(*model_types: str, layout: Recognise | None = None) -> Callable[[Describe], Describe]:
    """Register a family.

    Args:
        model_types: values of `model_type` that it reads.
        layout: for formats without a `model_type`, a test on the parsed file.

    Returns: the decorator.

    Raises:
        ValueError: a name is taken already.
    """

    def register(describe: Describe) -> Describe:
        for name in model_types:
            if name in _BY_MODEL_TYPE:
                raise ValueError(f"two families read {name!r}")
            _BY_MODEL_TYPE[name] = describe
        if layout is not None:
            _BY_LAYOUT.append((layout, describe))
        return describe

    return register


@cache
def load() -> tuple[str, ...]:
    """Import every family once.

    Returns: the values of `model_type` that are covered, sorted.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted(_BY_MODEL_TYPE))


def by_model_type(name: str) -> Describe | None:
    """Return the family that reads this `model_type`."""
    load()
    return _BY_MODEL_TYPE.get(name)


def by_layout(values: Mapping[str, Any]) -> Describe | None:
    """Return the family that recognises the format of a file without `model_type`."""
    load()
    return next((describe for test, describe in _BY_LAYOUT if test(values)), None)
