"""`chapterv schema`: JSON Schemas that fit what commands print, and the list of keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chapterv.cli.schema import SCHEMAS
from chapterv.cli.shapes import SHAPES
from chapterv.facts import catalogue
from tests.cli.running import run
from tests.cli.schemas import faults
from tests.cli.test_assess import STATEMENT
from tests.dossier.folders import make_folder


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_printed(name: str) -> None:
    result = run("schema", name)
    assert result.returncode == 0, result.stderr
    schema = json.loads(result.stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"$ref", "properties", "items"} & set(schema)


def test_names_are_listed() -> None:
    assert run("schema").stdout.split() == [*SCHEMAS, "keys"]


def test_keys_are_listed_within_the_page() -> None:
    lines = run("schema", "keys").stdout.splitlines()
    named = {line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "}
    assert named == set(catalogue())
    assert max(map(len, lines)) <= 110


def test_keys_as_json_carry_question_and_example() -> None:
    told = json.loads(run("schema", "keys", "--format", "json").stdout)
    assert told["model.licence"]["question"].endswith("?")
    assert set(told) == set(catalogue())


def test_names_of_help_are_those_of_the_shapes() -> None:
    assert tuple(SHAPES) == SCHEMAS


def test_near_name_is_suggested() -> None:
    assert "Did you mean 'scan'?" in run("schema", "sacn").stderr


CASES = [
    ("assess", ["assess", "FOLDER"], ""),
    ("assess", ["assess", "FOLDER", "--assume", "model.placing_routes=[api]"], ""),
    ("assess", ["assess", "FOLDER", "--on", "2026-04-01", "--assume", "model.stage="], ""),
    ("scan", ["scan", "FOLDER", "--digest"], ""),
    ("init", ["init", "FOLDER"], ""),
    ("explain", ["explain", "act:O01", "FOLDER"], ""),
    ("explain", ["explain", "act:C06", "FOLDER"], ""),
    ("explain", ["explain", "act:M01", "FOLDER"], ""),
    ("compute-estimate", ["compute", "estimate", "FOLDER/config.json", "--tokens", "1e12"], ""),
    ("compute-ledger", ["compute", "ledger", "FOLDER"], ""),
    ("compute-forecast", ["compute", "forecast", "FOLDER", "--no-record"], ""),
    ("law-rows", ["law", "show"], ""),
    ("law-show", ["law", "show", "act:C03"], ""),
    ("law-show", ["law", "show", "act:K06", "--on", "2024-01-01"], ""),
    (
        "law-changes",
        ["law", "changes", "--from", "2026-02-01", "--to", "2026-08-10", "FOLDER"],
        "",
    ),
    ("law-evaluate", ["law", "evaluate", "-"], '{"model.cumulative_compute": "2e25"}'),
    ("law-evaluate", ["law", "evaluate", "-", "--on", "2024-01-01"], "{}"),
]


@pytest.mark.parametrize(("name", "words", "typed"), CASES)
def test_what_a_command_prints_fits_its_schema(
    name: str, words: list[str], typed: str, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path, STATEMENT + "internal_only = true\nstage = 'training'\n")
    (folder / "broken.safetensors").write_bytes(b"\xff" * 40)
    filled = [word.replace("FOLDER", str(folder)) for word in words]
    result = run(*filled, "--format", "json", stdin=typed)
    assert result.returncode == 0, result.stderr
    schema = json.loads(run("schema", name).stdout)
    assert faults(json.loads(result.stdout), schema) == []


def test_facts_carry_every_field_of_the_contract(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STATEMENT)
    wanted = {"id", "subject", "key", "value", "relation", "unit", "basis", "bound", "as_of"}
    for words in (["scan", str(folder)], ["explain", "gl:G1.1", str(folder)]):
        told = json.loads(run(*words, "--format", "json").stdout)
        assert told["facts"]
        assert all(wanted <= set(fact) for fact in told["facts"])
