"""Running the command as a person does: a process of its own, or in this one where speed counts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = (sys.executable, "-c", "from chapterv.cli import main; main()")


def run(
    *words: str | Path, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `chapterv` in a process of its own.

    Args:
        words: what follows the program's name.
        stdin: what is typed.
        environment: variables that are set besides those of the tests.
    """
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
