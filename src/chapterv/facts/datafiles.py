"""Data files of the package: written as TOML, compiled to JSON when the package is built.

Reading the TOML costs tens of milliseconds at each start, the JSON one. In a checkout the compiled
file is made by `scripts/compile_data.py`; where it is missing or was made from other sources, the
TOML is read. Importing this module needs the standard library alone, so that the build can use it.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.resources
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["COMPILED", "compile_all", "compile_tables", "load_tables", "read_folder"]

COMPILED = ".compiled.json"
"""End of the names of compiled files, which are made and never edited."""


def load_tables(package: str, name: str) -> dict[str, Any]:
    """Return the tables of `data/<name>.toml`, or of all files in `data/<name>/`, merged.

    Args:
        package: package that owns the `data` folder.
        name: file stem or folder; in a folder, lists of one name are joined in file order.

    Returns: the tables, as plain objects; dates as ISO text where the compiled file was used.
    """
    import msgspec

    root = Path(str(importlib.resources.files(package))) / "data"
    sources = _contents(root, name)
    try:
        compiled = msgspec.json.decode((root / f"{name}{COMPILED}").read_bytes())
        if compiled["digest"] == _digest(sources):
            tables: dict[str, Any] = compiled["tables"]
            return tables
    except (FileNotFoundError, msgspec.DecodeError, KeyError, TypeError):
        pass
    return _merged(sources)


def read_folder(root: Path, name: str) -> dict[str, Any]:
    """Return the tables of `<root>/<name>.toml` or of the TOML files in `<root>/<name>/`."""
    return _merged(_contents(root, name))


def compile_tables(root: Path, name: str) -> Path:
    """Write the compiled form of one file or folder of data and return its path.

    Args:
        root: a `data` folder.
        name: file stem or folder in it.
    """
    sources = _contents(root, name)
    content = {"digest": _digest(sources), "tables": _merged(sources)}
    compiled = root / f"{name}{COMPILED}"
    new = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_iso)
    fresh = compiled.with_name(compiled.name + ".new")
    fresh.write_text(new, "utf-8")
    fresh.replace(compiled)
    return compiled


def compile_all(package: Path) -> Iterator[Path]:
    """Compile the data of every room.

    Args:
        package: the folder of the package.

    Returns: the files written, in order.
    """
    for root in sorted(package.glob("**/data")):
        for entry in sorted(root.iterdir()):
            if entry.suffix == ".toml" or (entry.is_dir() and any(entry.glob("*.toml"))):
                yield compile_tables(root, entry.name.removesuffix(".toml"))


def _contents(root: Path, name: str) -> list[tuple[str, bytes]]:
    """The names and bytes of the sources, in the order in which they are merged."""
    folder = root / name
    sources = sorted(folder.glob("*.toml")) if folder.is_dir() else [root / f"{name}.toml"]
    return [(source.name, source.read_bytes()) for source in sources]


def _digest(sources: list[tuple[str, bytes]]) -> str:
    """Name what was compiled: times of files say nothing after a checkout or an installation."""
    digest = hashlib.sha256()
    for name, content in sources:
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _merged(sources: list[tuple[str, bytes]]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for _, content in sources:
        for key, value in tomllib.loads(content.decode("utf-8")).items():
            if isinstance(value, list) and key in tables:
                tables[key] = tables[key] + value
            elif isinstance(value, dict) and key in tables:
                tables[key] = tables[key] | value
            else:
                tables[key] = value
    return tables


def _iso(value: object) -> str:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a data file")
