"""The page on the meter: its example runs, and its words are those of the program."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from chapterv.meter import Meter

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "meter.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Examples of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def test_the_example_runs_and_is_read_back_as_the_page_says(tmp_path: Path) -> None:
    (example,) = blocks("python")
    (shown,) = blocks("console")
    run = subprocess.run([sys.executable, "-W", "error", "-c", example], cwd=tmp_path,
                         capture_output=True, text=True, check=True)  # fmt: skip
    command, *lines = shown.splitlines()
    program = [str(Path(sys.executable).with_name("chapterv")), *command.split()[2:]]
    out = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    words = [" ".join(line.split()) for line in out.splitlines()]
    for line in lines:
        wanted = " ".join(line.split()).replace("...", "*")
        assert [one for one in words if fnmatch(one, wanted)] or wanted == "*", out
    assert run.stdout.strip() in out.replace(" ", "")


def test_every_option_that_the_page_names_is_there() -> None:
    options = {*inspect.signature(Meter).parameters, *inspect.signature(Meter.step).parameters,
               *inspect.signature(Meter.rollout).parameters, "count", "callbacks"}  # fmt: skip
    named = set(re.findall(r"\b([a-z_]+)=(?=[\"\[{.\w])", PAGE)) - {"fullgraph", "config"}
    assert named - {"model"} <= options
    methods = set(re.findall(r"\bmeter\.([a-z_]+)\b", PAGE)) - {"jsonl", "rank3"}
    assert not [name for name in methods if not hasattr(Meter, name)]
