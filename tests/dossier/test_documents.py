"""`[[document]]`: what is there is partial evidence, what is not is a remark with a way out."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from chapterv.dossier import assess_dossier
from chapterv.dossier.documents import document_kinds, document_notes, found_kinds
from tests.dossier.folders import gathered

ON = datetime.date(2026, 11, 25)


def entry(kind: str, path: str) -> str:
    return f"[[document]]\nkind = {kind!r}\npath = {path!r}\n"


def test_kinds_are_those_that_the_duties_ask_for() -> None:
    assert {"copyright_policy", "annex_xii", "training_content_summary"} <= set(document_kinds())


def test_document_that_exists_is_found_and_is_partial_evidence(tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_text("x")
    known = gathered(tmp_path, entry("copyright_policy", "policy.md"))
    assert "policy.md: found, not checked (copyright_policy)." in known.notes
    assert found_kinds(known.dossier) == {"copyright_policy"}
    duties = {duty.id: duty.evidence for duty in assess_dossier(known, ON).obligations}
    assert duties["act:O03"] == "partial"
    assert duties["act:O04"] == "missing"


@pytest.mark.parametrize(
    ("kind", "path", "message"),
    [
        ("copyrightpolicy", "config.json", "Did you mean 'copyright_policy'?"),
        ("zzz", "config.json", "no duty asks for a document of the kind 'zzz'. Known: "),
        ("copyright_policy", "no.md", "the file 'no.md' does not exist."),
        ("copyright_policy", "../x.md", "leads out of the folder. Put the document into it."),
        ("copyright_policy", "/etc/hostname", "leads out of the folder."),
        ("copyright_policy", ".", "the file '.' does not exist."),
        ("copyright_policy", "", "it needs kind and path"),
    ],
)
def test_what_is_wrong_with_a_document_is_a_remark(
    tmp_path: Path, kind: str, path: str, message: str
) -> None:
    known = gathered(tmp_path, entry(kind, path))
    (note,) = document_notes(known.dossier)
    assert note.startswith("chapterv.toml: [[document]] 1: ")
    assert message in note
    assert note in known.notes
    assert not found_kinds(known.dossier)


def test_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "dossier"
    folder.mkdir()
    (tmp_path / "secret.md").write_text("x")
    (folder / "policy.md").symlink_to("../secret.md")
    known = gathered(folder, entry("copyright_policy", "policy.md"))
    assert "leads out of the folder" in document_notes(known.dossier)[0]
