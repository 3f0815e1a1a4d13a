"""Where the program keeps what only saves time: a folder of the user's own.

It is never inside the dossier, which may come from someone else: whoever could write there would
decide what a log says.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path | None:
    """Return the folder, or None where there is no home; it need not exist.

    Source: XDG Base Directory Specification (`XDG_CACHE_HOME`).
    """
    stated = os.environ.get("XDG_CACHE_HOME", "")
    if stated and os.path.isabs(stated):
        return Path(stated) / "chapterv"
    try:
        return Path.home() / ".cache" / "chapterv"
    except RuntimeError:
        return None
