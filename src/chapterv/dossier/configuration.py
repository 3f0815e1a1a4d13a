"""A model's configuration as a plain table: `config.json`, or a GPT-NeoX training file in YAML."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from chapterv.errors import InputError
from chapterv.evidence import decode_json, decode_text, decode_yaml

__all__ = ["read_configuration"]

MAX_BYTES = 4_000_000
YAML_SUFFIXES = (".yml", ".yaml")


def read_configuration(path: Path, where: str) -> dict[str, Any]:
    """Read a configuration within bounds.

    Args:
        path: the file.
        where: how it is named in errors.

    Raises:
        InputError: it cannot be read, is too large, broken, or no table of keys.
    """
    try:
        # Opening a pipe would wait for its writer for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError("not a regular file", where, "Name the model's config.json.")
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        what = f"cannot be read: {(getattr(error, 'strerror', None) or 'no such path').lower()}"
        raise InputError(what, where, "Check the path and its rights.") from None
    if len(data) > MAX_BYTES:
        what = f"larger than the {MAX_BYTES} bytes that a configuration may have"
        raise InputError(what, where, "Name the model's config.json.")
    if path.suffix.lower() in YAML_SUFFIXES:
        table = decode_yaml(decode_text(data, where), where)
    else:
        # Configurations come from Python's JSON writer, which writes limits as Infinity.
        table = decode_json(data, where, infinity=True)
    if not isinstance(table, dict):
        raise InputError("expected a table of keys", where, "Name the model's config.json.")
    return dict(table)
