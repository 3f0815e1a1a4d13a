"""`chapterv compute ledger`: sums, bars, and what a terminal without signs gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapterv.cli.ledger_text import BLOCKS
from tests.cli.running import run
from tests.dossier.folders import make_folder
from tests.dossier.report_cases import RUNS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dossier with runs."""
    return make_folder(tmp_path, RUNS)


def bars(text: str) -> dict[str, str]:
    """The bar of each activity."""
    block = text.partition("Where it went")[2].partition("\n\n")[0]
    found = {}
    for line in block.splitlines()[1:-1]:
        name, _, bar = line.rpartition("%")
        found[name.split(",")[0].strip()] = bar.strip()
    return found


def test_bars_are_as_long_as_their_amounts_and_the_least_is_a_mark(folder: Path) -> None:
    text = run("compute", "ledger", folder).stdout
    drawn = bars(text)
    assert drawn["parameter updates"].strip("█") == ""
    assert len(drawn["parameter updates"]) > 20
    assert drawn["synthetic private forward"] == "▒"
    assert drawn["evaluation red teaming"] == "░"
    assert "99." in text
    assert "< 0.1 %" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_fills_are_named_below(folder: Path) -> None:
    text = " ".join(run("compute", "ledger", folder).stdout.split())
    assert "█ counts in both sums" in text
    assert "▒ counts in cumulative compute only" in text
    assert "░ counts in neither sum" in text


@pytest.mark.parametrize("how", ["option", "ascii", "latin-1"])
def test_a_terminal_without_signs_gets_ascii(folder: Path, how: str) -> None:
    asked = ["--ascii"] if how == "option" else []
    more = {} if asked else {"PYTHONIOENCODING": how}
    result = run("compute", "ledger", folder, *asked, **more)
    assert result.returncode == 0, result.stderr
    text = result.stdout
    assert text.isascii()
    assert "7.0" in text
    assert "e24 FLOP" in text
    assert bars(text)["parameter updates"].strip("#") == ""
    assert bars(text)["synthetic private forward"] == "="
    assert not set(text) & set(BLOCKS.strip())
    assert max(map(len, text.splitlines())) <= 80


def test_an_empty_ledger_says_what_to_do(tmp_path: Path) -> None:
    text = run("compute", "ledger", make_folder(tmp_path)).stdout
    assert "The ledger is empty" in text
    assert 'path = "runs/pretrain"' in text
    assert "Where it went" not in text
