"""Runs every benchmark case beside this file and prints one table; exit 1 if one is over its limit.

``python -m bench.run [WORD...]`` runs only the cases whose module name holds one of the words.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.harness import Row

HEADINGS = ("name", "value", "baseline", "ratio", "limit", "ok")


def discover(words: Iterable[str]) -> list[str]:
    """Names of the case modules to run."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("case_*.py"))
    wanted = list(words)
    return [name for name in names if not wanted or any(word in name for word in wanted)]


def duration(seconds: float) -> str:
    """Seconds for a person."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table as texts."""
    baseline = f"{row.baseline} {duration(row.baseline_seconds)}"
    judged = "yes" if row.ok else "NO"
    value = duration(row.seconds)
    return (row.name, value, baseline, f"{row.ratio:.2f}", f"{row.limit:.2f}", judged)


def table(rows: Iterable[Row]) -> str:
    """All rows under their headings, columns aligned."""
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def main(words: list[str]) -> int:
    """Runs the cases and prints the table."""
    rows: list[Row] = []
    for name in discover(words):
        rows += importlib.import_module(f"bench.{name}").run()
    print(table(rows))
    return 0 if rows and all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
