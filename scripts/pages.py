"""Writing pages that are made from the program, or checking that they are up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["write_or_check"]

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"


def write_or_check(pages: Iterable[tuple[str, str]], module: str) -> int:
    """Write every page that differs, or with `--check` name the stale ones and return 1.

    Args:
        pages: file name below `docs/reference` and text of each.
        module: name of the module to run, for the message.
    """
    check = "--check" in sys.argv[1:]
    stale = []
    for name, text in pages:
        path = FOLDER / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    if check and stale:
        print(f"stale: {', '.join(stale)}; run: python -m {module}")
        return 1
    return 0
