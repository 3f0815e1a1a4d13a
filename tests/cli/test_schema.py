"""`chapterv schema`: JSON Schemas that fit what commands print, and the list of keys."""

from __future__ import annotations

import json

import pytest

from chapterv.cli.schema import SCHEMAS
from chapterv.facts import catalogue
from tests.cli.running import run


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_printed(name: str) -> None:
    result = run("schema", name)
    assert result.returncode == 0, result.stderr
    schema = json.loads(result.stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "$ref" in schema or "properties" in schema


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
