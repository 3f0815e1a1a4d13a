"""Reruns the commands that the README shows and writes their real output below them.

Between ``<!-- begin demo -->`` and ``<!-- end demo -->`` stands a fenced block whose first line is
``$ chapterv ...``; the rest of the block is what that command prints at 80 columns. ``--check``
rewrites nothing and fails where the output differs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(
    r"(?P<head><!-- begin demo -->\n+```[a-z]*\n\$ (?P<command>chapterv [^\n]*)\n)"
    r".*?(?P<tail>```\n+<!-- end demo -->)",
    re.S,
)


def make_examples() -> None:
    """Writes the bundled examples where the commands look for them."""
    command = [sys.executable, "scripts/make_examples.py", "build/examples"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def output_of(command: str) -> str:
    """What a chapterv command prints.

    Raises: CalledProcessError if the command fails.
    """
    words = shlex.split(command)
    words[0] = str(Path(sys.executable).with_name("chapterv"))
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    result = subprocess.run(
        words, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return result.stdout


def with_output(page: str) -> str:
    """The page with each shown command's output as it is now."""
    return BLOCK.sub(lambda m: f"{m['head']}{output_of(m['command'])}{m['tail']}", page)


def main() -> int:
    """Rewrites the README, or with ``--check`` says whether it is up to date."""
    page = README.read_text(encoding="utf-8")
    if not BLOCK.search(page):
        return 0
    make_examples()
    wanted = with_output(page)
    if "--check" not in sys.argv[1:]:
        README.write_text(wanted, encoding="utf-8")
        return 0
    if wanted != page:
        print(f"README.md shows old output. Run: python {Path(__file__).relative_to(ROOT)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
