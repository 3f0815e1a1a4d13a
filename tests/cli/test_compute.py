"""`chapterv compute estimate`: exact counts, and the estimate with its interval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


TOWER = {
    "model_type": "llava",
    "architectures": ["LlavaForConditionalGeneration"],
    "image_token_index": 7,
    "text_config": {
        "model_type": "llama",
        "vocab_size": 100,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": 64,
    },
    "vision_config": {
        "model_type": "clip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
        "projection_dim": 16,
    },
}


def told(tmp_path: Path, config: dict[str, Any], *words: str) -> dict[str, Any]:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    result = run("compute", "estimate", str(path), *words, "--format", "json")
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def amount(found: dict[str, Any]) -> int:
    return int(found["training_compute"]["amount"])


def test_pictures_are_counted_where_somebody_says_how_many_there_are(tmp_path: Path) -> None:
    without = told(tmp_path, TOWER, "--tokens", "6400")
    assert any("are counted" in note for note in without["notes"])
    seen = told(tmp_path, TOWER, "--tokens", "6400", "--images", "2")
    assert amount(seen) > amount(without)
    frozen = told(tmp_path, TOWER, "--tokens", "6400", "--images", "2", "--frozen", "vision tower")
    assert amount(without) < amount(frozen) < amount(seen)


def test_adapters_frozen_layers_and_inference_cost_less(tmp_path: Path) -> None:
    text = TOWER["text_config"]
    assert isinstance(text, dict)
    whole = amount(told(tmp_path, text, "--tokens", "6400"))
    adapter = ("--adapter-rank", "4", "--adapter-targets", "q_proj,v_proj")
    some = amount(told(tmp_path, text, "--tokens", "6400", *adapter))
    given = amount(told(tmp_path, text, "--tokens", "6400", "--adapter-parameters", "1024"))
    assert given == some < whole
    assert 3 * amount(told(tmp_path, text, "--tokens", "6400", "--forward-only")) == whole
    below = told(tmp_path, text, "--tokens", "64", "--frozen-layers", "1")
    assert amount(below) < amount(told(tmp_path, text, "--tokens", "64"))


def test_a_run_can_be_counted_in_samples(tmp_path: Path) -> None:
    found = told(tmp_path, TOWER, "--samples", "100", "--sequence-length", "64", "--images", "2")
    assert found["samples"] == "100"
    assert amount(found) == 100 * sum(int(part["causal"]) for part in found["parts"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give either --tokens or --samples"),
        (("--tokens", "5", "--samples", "5"), "give either --tokens or --samples"),
        (("--tokens", "5", "--length", "nonsense"), "names no length"),
        (("--tokens", "5", "--length", "frames=3"), "no further stream called 'frames'"),
        (("--tokens", "5", "--image-size", "big"), "is no size"),
        (("--tokens", "5", "--frozen", "wings"), "no part called 'wings'"),
        (("--tokens", "5", "--adapter-rank", "4"), "targets are not known"),
        (("--tokens", "5", "--adapter-targets", "q_proj"), "rank is not known"),
        (("--tokens", "5", "--forward-only", "--adapter-rank", "4"), "nothing is trained"),
        (("--tokens", "5", "--adapter-parameters", "4", "--frozen-layers", "1"), "model frozen"),
    ],
)
def test_options_that_do_not_fit_say_what_would(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(TOWER))
    result = run("compute", "estimate", str(path), *words)
    assert result.returncode == 3
    assert message in " ".join(result.stderr.split())
