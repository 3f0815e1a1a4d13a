"""`chapterv scan`: facts, what was read, what was not and why."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import run
from tests.dossier.folders import make_folder


def test_text_form_fits_the_page_with_the_summary_first(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 40)
    result = run("scan", tmp_path)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].endswith("from 1 artefact; 1 file not read.")
    assert lines[-1].startswith("Next: ")
    assert "  broken.safetensors: " in result.stdout
    assert max(map(len, lines)) <= 80


def test_json_form_has_the_shape_that_others_rely_on(tmp_path: Path) -> None:
    make_folder(tmp_path)
    told = json.loads(run("scan", tmp_path, "--format", "json", "--digest").stdout)
    assert {"facts", "read", "skipped"} <= set(told)
    assert {"artefact", "reader", "facts"} <= set(told["read"][0])
    assert told["read"][0]["digest_of"] == "file"
    total = next(fact for fact in told["facts"] if fact["key"] == "model.parameters_total")
    assert total["value"].isdigit()


def test_several_paths_are_named_from_the_folder_around_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_folder(tmp_path / name)
    told = json.loads(
        run("scan", tmp_path / "a", tmp_path / "b" / "config.json", "--format", "json").stdout
    )
    assert [entry["artefact"] for entry in told["read"]] == ["a/config.json", "b/config.json"]
