"""`chapterv explain`: one outcome each, whole labels, inputs of what was computed, the margin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.cli.test_assess import STATEMENT
from tests.dossier.folders import make_folder

COMPUTED = STATEMENT.replace('training_compute = "2e23"\n', "").replace(
    "derived_from", 'training_sequence_length = "64"\ntraining_tokens = "TOKENS"\nderived_from'
)
ON = ("--on", "2026-11-25")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokens = 10**23 * 11 // 10 // _per_token()
    return make_folder(tmp_path, COMPUTED.replace("TOKENS", str(tokens)))


def _per_token() -> int:
    from chapterv.compute import describe, operations_per_token
    from tests.dossier.folders import CONFIG

    return operations_per_token(describe(CONFIG), 64).causal


def test_computed_fact_shows_inputs_bound_and_margin(folder: Path) -> None:
    result = run("explain", "gl:G1.1", folder, *ON)
    assert result.returncode == 0, result.stderr
    text = " ".join(result.stdout.split())
    assert "· Training compute: 1.10 × 10²³ FLOP (± 30 %) computed from: " in text
    assert "Training tokens: " in text
    assert "Training sequence length: 64 tokens [chapterv.toml:line " in text
    assert "The margin reaches down to 7.70 × 10²² FLOP, across the threshold of 10²³ FLOP" in text


def test_labels_are_whole_and_lines_fit(folder: Path) -> None:
    result = run("explain", "act:O01", folder, *ON)
    assert "· Architecture information is public: yes" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_heading_says_each_outcome_once(folder: Path) -> None:
    first = " ".join(run("explain", "act:C06", folder, *ON).stdout.split("\n  model:")[0].split())
    assert first.count("answer: ") == 1
    assert first.count("; duty: ") == 1
    assert run("explain", "act:D03", folder, *ON).stdout.splitlines()[0].count(":") == 2


def test_json_holds_the_inputs_of_computed_facts(folder: Path) -> None:
    told = json.loads(run("explain", "gl:G1.1", folder, *ON, "--format", "json").stdout)
    facts = {fact["id"]: fact for fact in told["facts"]}
    computed = next(fact for fact in facts.values() if fact["key"] == "model.training_compute")
    assert set(computed["source"]["inputs"]) <= set(facts)
    assert computed["relation"] == "exactly"
    assert all(isinstance(one["text"], str) for one in told["explanation"]["finding"]["because"])
