"""`chapterv compute estimate`: exact counts, and the estimate with its interval."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chapterv.compute import describe, operations_per_token
from tests.cli.running import run
from tests.dossier.folders import CONFIG, make_folder
from tests.real_data import real_data


def test_json_form_has_the_shape_that_others_rely_on(tmp_path: Path) -> None:
    config = make_folder(tmp_path) / "config.json"
    result = run("compute", "estimate", config, "--tokens", "1e9", "--format", "json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    architecture = describe(CONFIG)
    operations = operations_per_token(architecture, 64)
    amount = operations.causal * 10**9
    assert told["family"] == "llama"
    assert told["parameters_total"] == str(architecture.parameters_total)
    assert told["parameters_active"] == str(architecture.parameters_active)
    assert told["operations_per_token"] == {
        "full": str(operations.full),
        "causal": str(operations.causal),
    }
    assert told["training_compute"]["amount"] == str(amount)
    assert told["training_compute"]["low"] == str(amount * 7 // 10)
    assert told["training_compute"]["high"] == str(amount * 13 // 10)
    assert isinstance(told["notes"], list)


def test_text_form_fits_the_page(tmp_path: Path) -> None:
    config = make_folder(tmp_path) / "config.json"
    result = run("compute", "estimate", config, "--tokens", "15e12", "--sequence-length", "32")
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if str(tmp_path) not in line]
    assert lines[0].startswith("Training compute: ")
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("changes", "words", "message"),
    [
        ({"model_type": "invented"}, ["--tokens", "1"], "invented"),
        ({}, ["--tokens", "many"], "--tokens: expected an amount, got 'many'."),
        ({}, ["--tokens", "1.5"], "--tokens: expected a whole number, got 1.5."),
        ({}, ["--tokens", "0"], "the number of tokens must lie between 1 and"),
        ({}, ["--tokens", "9", "--sequence-length", "x"], "--sequence-length: expected an amount"),
    ],
)
def test_what_cannot_be_estimated_exits_with_3(
    tmp_path: Path, changes: dict[str, object], words: list[str], message: str
) -> None:
    config = make_folder(tmp_path, **changes) / "config.json"
    result = run("compute", "estimate", config, *words)
    assert result.returncode == 3
    assert message in result.stderr
    assert result.stdout == ""


def test_yaml_configuration_is_read() -> None:
    config = real_data("models", "configs", "EleutherAI--pythia-1.4b", "pythia-1.4b.yml")
    result = run("compute", "estimate", config, "--tokens", "300e9", "--format", "json")
    assert json.loads(result.stdout)["parameters_total"] == "1414647808"


def test_configuration_with_infinity_is_refused_for_its_family(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"model_type": "invented", "time_step_limit": [0.0, Infinity]}')
    result = run("compute", "estimate", config, "--tokens", "1")
    assert result.returncode == 3
    assert "the family 'invented'" in result.stderr
