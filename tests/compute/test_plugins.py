"""A family of someone else's: one file, found by its entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FAMILY = '''
from chapterv.compute import Architecture
from chapterv.compute.blocks import embedding
from chapterv.compute.families import family

@family("invented_net")
def describe_invented(reader):
    """Count an invented network."""
    size = reader.integer("size")
    return Architecture("invented", "invented_net", (), (embedding(size, size),))
'''

PROGRAM = """
import sys
from chapterv.compute import describe
from chapterv.compute.families import FAULTS
try:
    print(describe({"model_type": sys.argv[1], "size": 7}).parameters_total)
except Exception as error:
    print(error)
print(FAULTS)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "invented_plugin.py").write_text(FAMILY)
    info = tmp_path / "invented_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: invented-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[chapterv.families]\ninvented = invented_plugin\n")
    return tmp_path


def run(site: Path, name: str) -> str:
    program = f"import sys; sys.path.insert(0, {str(site)!r})\n{PROGRAM}"
    command = [sys.executable, "-c", program, name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_plug_in_adds_a_family_in_one_file(site: Path) -> None:
    assert run(site, "invented_net") == "49\n[]\n"


def test_a_plug_in_that_fails_stops_no_count_and_is_told(site: Path) -> None:
    (site / "invented_plugin.py").write_text("raise OSError('broken')")
    told = run(site, "other_net")
    assert "'other_net'" in told
    assert "the plug-in 'invented' cannot be loaded: broken" in told


def test_a_family_is_found_without_importing_the_others() -> None:
    program = (
        "import sys; from chapterv.compute import describe\n"
        "describe({'model_type': 'bloom', 'vocab_size': 8, 'hidden_size': 8, 'n_layer': 1, "
        "'n_head': 1})\n"
        "print(sum(name.startswith('chapterv.compute.families.') for name in sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert int(out) < 10
