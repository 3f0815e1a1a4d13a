"""Libraries of others, loaded when they are asked for, with one line where one is missing."""

from __future__ import annotations

import importlib
from typing import Any

from chapterv.errors import InputError

__all__ = ["library"]


def library(*names: str) -> Any:
    """Return the first of some modules that is installed.

    Args:
        names: such as "lightning.pytorch", "pytorch_lightning".

    Raises:
        InputError: none is, with the name of what to install.
    """
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    package = names[0].partition(".")[0]
    raise InputError(f"{package} is not installed", None, f"Install {package} to use this.")
