from __future__ import annotations

import json
from pathlib import Path

import pytest

from chapterv.cli.running import run
from tests.dossier.folders import make_folder
from tests.dossier.report_cases import FRONTIER, SMALL, TUNER

ON = ("--on", "2026-11-25")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dossier folder of a small provider."""
    place = tmp_path / "my model"
    place.mkdir()
    return make_folder(place, SMALL)


def test_a_report_is_a_page_its_twin_and_the_questions(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "here"
    assert run(["report", str(folder), "--out", str(out), *ON]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "index.html",
        "questions.md",
        "report.json",
    ]
    printed = capsys.readouterr()
    assert "Indicated: general-purpose AI model" in printed.out
    assert "index.html" in printed.out
    assert printed.err == ""
    assert max(map(len, printed.out.replace(str(out), "").splitlines())) <= 80


def test_the_twin_on_standard_output_is_the_one_in_the_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(["report", str(folder), "--out", str(out), *ON, "--format", "json"]) == 0
    printed = capsys.readouterr().out
    assert printed == (out / "report.json").read_text("utf-8")
    assert json.loads(printed)["on"] == "2026-11-25"


def test_the_same_folder_and_day_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run(["report", str(folder), "--out", str(tmp_path / name), *ON]) == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("statement", "code"), [(SMALL, 1), (FRONTIER, 0), (TUNER, 0)], ids=["late", "ahead", "none"]
)
def test_a_strict_run_fails_where_a_duty_is_late(tmp_path: Path, statement: str, code: int) -> None:
    make_folder(tmp_path, statement)
    words = ["report", str(tmp_path), "--out", str(tmp_path / "out"), *ON]
    assert run([*words, "--strict"]) == code
    assert run(words) == 0


def test_a_report_replaces_an_earlier_one_and_leaves_nothing_half_written(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.html").write_text("old")
    (out / "mine.txt").write_text("kept")
    assert run(["report", str(folder), "--out", str(out), *ON]) == 0
    assert (out / "index.html").read_text("utf-8").startswith("<!doctype html>")
    assert (out / "mine.txt").read_text() == "kept"
    assert not [path for path in out.iterdir() if path.name.endswith(".new")]


def test_a_place_that_cannot_be_written_is_a_storage_error(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["report", str(folder), "--out", str(tmp_path / "file" / "x"), *ON]) == 4
    assert capsys.readouterr().err.startswith("Error: ")


def test_a_folder_without_a_statement_gets_a_report_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "bare"
    place.mkdir()
    assert run(["report", str(place), "--out", str(tmp_path / "out"), *ON]) == 0
    assert "Cannot tell whether this is a general-purpose AI model" in capsys.readouterr().out
