"""Data files of the package: written as TOML, compiled to JSON when the package is built.

Reading the TOML costs tens of milliseconds at each start, the JSON one. In a checkout the compiled
file is made by `make setup`; where it is missing or older than a source, the TOML is read.
"""

from __future__ import annotations

import importlib.resources
import tomllib
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["compile_tables", "load_tables", "read_folder"]


def load_tables(package: str, name: str) -> dict[str, Any]:
    """Return the tables of `data/<name>.toml`, or of all files in `data/<name>/`, merged.

    Args:
        package: package that owns the `data` folder.
        name: file stem or folder; in a folder, lists of one name are joined in file order.

    Returns: the tables, as plain objects; dates as ISO text where the compiled file was used.
    """
    root = Path(str(importlib.resources.files(package))) / "data"
    compiled = root / f"{name}.json"
    sources = _sources(root, name)
    try:
        made = compiled.stat().st_mtime_ns
        if all(source.stat().st_mtime_ns <= made for source in sources):
            tables: dict[str, Any] = msgspec.json.decode(compiled.read_bytes())
            return tables
    except FileNotFoundError:
        pass
    return _read(sources)


def read_folder(root: Path, name: str) -> dict[str, Any]:
    """Return the tables of `<root>/<name>.toml` or of the TOML files in `<root>/<name>/`."""
    return _read(_sources(root, name))


def compile_tables(root: Path, name: str) -> Path:
    """Write `data/<name>.json` from its TOML sources and return its path."""
    compiled = root / f"{name}.json"
    compiled.write_bytes(msgspec.json.encode(_read(_sources(root, name))))
    return compiled


def _sources(root: Path, name: str) -> list[Path]:
    folder = root / name
    return sorted(folder.glob("*.toml")) if folder.is_dir() else [root / f"{name}.toml"]


def _read(sources: list[Path]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for source in sources:
        for key, value in tomllib.loads(source.read_text("utf-8")).items():
            if isinstance(value, list) and key in tables:
                tables[key] = tables[key] + value
            elif isinstance(value, dict) and key in tables:
                tables[key] = tables[key] | value
            else:
                tables[key] = value
    return tables
