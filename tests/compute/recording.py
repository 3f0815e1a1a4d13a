"""Recorded counts: where the tables lie, and how they are written, one configuration a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["GROUPS", "recorded", "table", "write"]

HERE = Path(__file__).parent

GROUPS = tuple(sorted(path.stem.removeprefix("record_") for path in HERE.glob("record_*.py")))
"""Groups of configurations: `record_<group>.py` counts, `verified_<group>.json` keeps."""


def table(group: str) -> Path:
    """Return the file of a group."""
    return HERE / f"verified_{group}.json"


def recorded(group: str) -> dict[str, Any]:
    """Read what was recorded of a group."""
    found: dict[str, Any] = json.loads(table(group).read_text(encoding="utf-8"))
    return found


def write(group: str, document: dict[str, Any]) -> None:
    """Write a table: single values first, then each list with one entry a line."""
    single = {name: value for name, value in document.items() if not isinstance(value, list)}
    text = json.dumps(single, indent=1).removesuffix("\n}")
    for name, rows in document.items():
        if isinstance(rows, list):
            body = ",\n".join("  " + json.dumps(row) for row in rows)
            text += f',\n "{name}": [\n{body}\n ]'
    table(group).write_text(text + "\n}\n", encoding="utf-8")
