"""Opening a dossier folder: the statement, and the paths that exist and stay inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapterv.dossier import open_dossier
from chapterv.errors import ErrorGroup, InputError


def test_folder_without_a_statement_is_a_dossier_with_a_note(tmp_path: Path) -> None:
    dossier = open_dossier(tmp_path)
    assert dossier.statement is None
    assert dossier.evidence == (tmp_path,)
    assert dossier.model == f"model:{tmp_path.name}@unstated"
    assert dossier.notes == (
        "chapterv.toml is not there yet: what people know is missing. "
        f"`chapterv init {tmp_path}` writes one with the open questions.",
    )


def test_model_is_named_by_the_statement(tmp_path: Path) -> None:
    (tmp_path / "chapterv.toml").write_text("[model]\nname = 'northlight'\nversion = '2'")
    assert open_dossier(tmp_path).model == "model:northlight@2"


def test_evidence_is_the_folder_itself_where_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "chapterv.toml").write_text("")
    assert open_dossier(tmp_path).evidence == (tmp_path,)


def test_patterns_give_what_exists_and_nothing_twice(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "weights" / name).mkdir(parents=True)
    (tmp_path / "card.md").write_text("")
    (tmp_path / "chapterv.toml").write_text(
        '[[evidence]]\npath = ["weights/*", "weights/a", "*.md"]\n'
        '[[evidence]]\npath = "weights"\n'
        '[[run]]\nid = "r"\npath = "weights/?"\n'
    )
    dossier = open_dossier(tmp_path)
    assert dossier.evidence == (tmp_path / "card.md", tmp_path / "weights")
    assert dossier.parts[0].paths == (tmp_path / "weights" / "a", tmp_path / "weights" / "b")
    assert dossier.notes == ()


def test_path_that_does_not_exist_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "chapterv.toml").write_text(
        '[[evidence]]\npath = "weights"\n[[run]]\npath = "runs/*"\n'
    )
    dossier = open_dossier(tmp_path)
    assert dossier.notes == (
        "chapterv.toml: the path 'weights' of evidence does not exist.",
        "chapterv.toml: the path 'runs/*' of run:1 does not exist.",
    )
    assert dossier.evidence == ()


def test_link_that_leads_out_is_left_out_with_a_note(tmp_path: Path) -> None:
    inside, outside = tmp_path / "dossier", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    (inside / "weights").symlink_to(outside)
    (inside / "chapterv.toml").write_text('[[evidence]]\npath = "weights"\n')
    dossier = open_dossier(inside)
    assert dossier.evidence == ()
    assert dossier.notes == (
        f"chapterv.toml: the path 'weights' of evidence leads out of {inside}.",
    )


def test_covered_folders_are_kept(tmp_path: Path) -> None:
    (tmp_path / "chapterv.toml").write_text('covers = ["../v1"]')
    assert open_dossier(tmp_path).covers == ("../v1",)


def test_missing_folder_and_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        open_dossier(tmp_path / "no")
    assert str(caught.value) == (
        f"{tmp_path}/no: this folder does not exist. Name the folder that holds the model."
    )
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="this is a file"):
        open_dossier(tmp_path / "file")


def test_faults_of_the_statement_are_raised_together(tmp_path: Path) -> None:
    (tmp_path / "chapterv.toml").write_text("[model]\nnam = 1\nstag = 2\n")
    with pytest.raises(ErrorGroup) as caught:
        open_dossier(tmp_path)
    assert len(caught.value.errors) == 2


def test_a_record_that_two_runs_claim_is_told(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "chapterv.toml").write_text(
        "[[run]]\nid = 'a'\npath = 'log'\n[[run]]\nid = 'b'\npath = 'log'\n"
    )
    dossier = open_dossier(tmp_path)
    assert dossier.runs == {"log": "run:b"}
    assert dossier.notes == (
        "chapterv.toml: 'log' is the record of run:a and of run:b; it is taken for the latter.",
    )
