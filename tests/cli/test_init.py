"""`chapterv init`: the statement file and the interview."""

from __future__ import annotations

import json
from pathlib import Path

from chapterv.facts import read_statement
from tests.cli.running import run
from tests.dossier.folders import make_folder


def test_file_is_written_and_the_way_on_is_told(tmp_path: Path) -> None:
    result = run("init", make_folder(tmp_path))
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    words = " ".join(result.stdout.split())
    assert words.startswith(f"Written: {tmp_path}/chapterv.toml, with ")
    assert words.endswith(f"or: chapterv init {tmp_path} --ask")
    assert "model.architecture_family  llama" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines() if str(tmp_path) not in line) <= 80
    assert read_statement(tmp_path / "chapterv.toml").facts == ()


def test_second_run_says_that_nothing_was_changed(tmp_path: Path) -> None:
    run("init", make_folder(tmp_path))
    result = run("init", tmp_path)
    assert "holds everything already; nothing was changed." in " ".join(result.stdout.split())


def test_json_tells_what_was_found_and_added(tmp_path: Path) -> None:
    told = json.loads(run("init", make_folder(tmp_path), "--format", "json").stdout)
    assert told["created"] is True
    assert told["open_questions"] > 10
    found = {fact["key"]: fact for fact in told["found"]}
    assert found["model.parameters_total"]["basis"] == "computed"
    assert isinstance(found["model.parameters_total"]["value"], str)


def test_interview_keeps_each_answer_and_stops_when_asked(tmp_path: Path) -> None:
    make_folder(tmp_path)
    typed = "?\ntext, zzz\ntext\n\n\nq\n"
    result = run("init", tmp_path, "--ask", stdin=typed)
    assert result.returncode == 0, result.stderr
    assert "Enter skips, ? explains, q stops." in result.stdout
    assert "What can the model generate?" in result.stdout
    assert "model.modalities_out does not take 'zzz'" in " ".join(result.stdout.split())
    assert "Answered 1; " in result.stdout
    facts = read_statement(tmp_path / "chapterv.toml").facts
    assert [(fact.key, fact.value) for fact in facts] == [("model.modalities_out", ("text",))]


def test_end_of_input_stops_the_interview(tmp_path: Path) -> None:
    result = run("init", make_folder(tmp_path), "--ask", stdin="text")
    assert result.returncode == 0, result.stderr
    assert "Answered 1; " in result.stdout


def test_interview_takes_up_where_it_stopped(tmp_path: Path) -> None:
    run("init", make_folder(tmp_path), "--ask", stdin="text\nq\n")
    result = run("init", tmp_path, "--ask", stdin="q\n")
    assert "What can the model generate?" not in result.stdout


def test_interview_is_not_for_programs(tmp_path: Path) -> None:
    result = run("init", make_folder(tmp_path), "--ask", "--format", "json")
    assert result.returncode == 2
    assert result.stderr == (
        "Error: chapterv init: --ask speaks with a person. Leave --format json out.\n"
    )
    assert not (tmp_path / "chapterv.toml").exists()
