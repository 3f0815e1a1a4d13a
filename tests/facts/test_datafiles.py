"""Data files: the compiled form is used only where it was made from the sources that are there."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from chapterv.facts.datafiles import COMPILED, compile_all, compile_tables, load_tables, read_folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a package made for one test."""
    package = tmp_path / "invented_package"
    (package / "data" / "rows").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "data" / "pack.toml").write_text("state = 2026-11-25\n[pack]\nname = 'x'\n")
    (package / "data" / "rows" / "a.toml").write_text("[[row]]\nid = 1\n[t]\na = 1\n")
    (package / "data" / "rows" / "b.toml").write_text("[[row]]\nid = 2\n[t]\nb = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "invented_package", raising=False)
    importlib.invalidate_caches()
    return package / "data"


def test_files_of_a_folder_are_merged_in_their_order(data: Path) -> None:
    assert read_folder(data, "rows") == {"row": [{"id": 1}, {"id": 2}], "t": {"a": 1, "b": 2}}


def test_compiled_form_says_the_same_with_dates_as_text(data: Path) -> None:
    assert [path.name for path in compile_all(data.parent)] == [
        f"pack{COMPILED}",
        f"rows{COMPILED}",
    ]
    assert load_tables("invented_package", "rows") == read_folder(data, "rows")
    assert load_tables("invented_package", "pack")["state"] == "2026-11-25"


def test_compiled_form_of_other_sources_is_left_aside(data: Path) -> None:
    compile_tables(data, "rows")
    (data / "rows" / "b.toml").unlink()
    assert load_tables("invented_package", "rows")["row"] == [{"id": 1}]
    (data / "rows" / "a.toml").write_text("[[row]]\nid = 9\n[t]\na = 1\n")
    assert load_tables("invented_package", "rows")["row"] == [{"id": 9}]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_broken_compiled_form_is_left_aside(data: Path, content: bytes) -> None:
    (data / f"rows{COMPILED}").write_bytes(content)
    assert load_tables("invented_package", "rows")["t"] == {"a": 1, "b": 2}


def test_compiling_twice_gives_the_same_bytes(data: Path) -> None:
    first = compile_tables(data, "pack").read_bytes()
    assert compile_tables(data, "pack").read_bytes() == first
    assert json.loads(first)["tables"]["pack"] == {"name": "x"}
