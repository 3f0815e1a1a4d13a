"""The command line: `chapterv COMMAND`. Commands hold no logic; they call the rooms and print.

`main` maps every error to one shape on standard error and to the exit code of its family:
0 done, 1 a strict run found something, 2 wrong use, 3 bad input, 4 storage, 5 rendering,
130 stopped by the user.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code.

    Args:
        arguments: words after the program's name; those of the process where None.
    """
    try:
        from chapterv.cli.running import run

        code = run(arguments)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was written.", file=sys.stderr)
        code = 130
    sys.exit(code)
