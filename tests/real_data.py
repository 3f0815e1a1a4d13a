"""Finds the folder with artefacts that others made, which the project does not hold.

The folder is named by the environment variable ``CHAPTERV_REAL_DATA``, or is ``../shared/data``
beside the checkout. Tests that need it skip, with that reason, on a machine that has neither.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parent.parent


def real_data_root() -> Path | None:
    """The folder with real artefacts, or None where this machine has none."""
    named = os.environ.get("CHAPTERV_REAL_DATA")
    root = Path(named) if named else _CHECKOUT.parent / "shared" / "data"
    return root if root.is_dir() else None


def real_data(*parts: str) -> Path:
    """The path of one real artefact; skips the calling test or module where there is none.

    Args:
        parts: path below the folder, such as ``"models", "expected.csv"``.
    Returns: an existing file or folder.
    """
    root = real_data_root()
    if root is None:
        pytest.skip(
            "no real data: set CHAPTERV_REAL_DATA, or put it in ../shared/data beside the checkout",
            allow_module_level=True,
        )
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data without {'/'.join(parts)}", allow_module_level=True)
    return path
