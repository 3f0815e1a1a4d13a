"""`chapterv assess --assume`: what would differ, duties first, and what is wrong with a guess."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.dossier.folders import make_folder

STATEMENT = """\
[provider]
established_in = "DE"
[model]
name = "m"
placed_on = 2026-03-02
union_market = true
commercial_activity = true
sole_scientific_research = false
placing_routes = ["repository"]
derived_from = []
modalities_out = ["text"]
training_compute = "2e23"
cumulative_compute = { value = "2e23", as_of = 2026-05-01 }
licence = "MIT"
monetised = false
weights_public = true
architecture_public = true
usage_info_public = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path, STATEMENT)


@pytest.mark.parametrize(
    ("assumption", "message"),
    [
        ("planned_compute=1", "unknown key 'planned_compute'. Did you mean"),
        ("planned_compute=", "unknown key 'planned_compute'. Did you mean 'model.planned_compute'"),
        ("model.stage=placd", "model.stage does not take 'placd'. Did you mean 'placed'?"),
    ],
)
def test_assumption_that_no_key_takes_is_bad_input(
    folder: Path, assumption: str, message: str
) -> None:
    result = run("assess", folder, "--assume", assumption)
    assert result.returncode == 3
    assert result.stderr.startswith(f"Error: --assume {assumption}: ")
    assert message in result.stderr
    assert result.stdout == ""


def test_every_wrong_assumption_is_told_at_once(folder: Path) -> None:
    result = run("assess", folder, "--assume", "a=1", "--assume", "b=2")
    assert result.stderr.count("Error: ") == 2


def test_assumption_without_a_value_is_wrong_use(folder: Path) -> None:
    assert run("assess", folder, "--assume", "model.stage").returncode == 2


def test_duty_stands_on_one_line_before_the_answers_and_says_that_it_is_late(
    folder: Path,
) -> None:
    result = run("assess", folder, "--on", "2026-11-25", "--assume", "model.monetised=yes")
    text = " ".join(result.stdout.split())
    assert text.startswith("If model.monetised = yes, 2 duties and ")
    assert (
        "· Technical documentation (act:O01): exempt → applies, from 2 March 2026, "
        "due 2 March 2026: late at once." in text
    )
    assert text.count("act:O01") == 1
    assert text.index("Duties ·") < text.index("Answers ·")


def test_assumption_that_changes_nothing_says_so(folder: Path) -> None:
    result = run("assess", folder, "--assume", "model.licence=MIT")
    assert result.stdout.startswith("If model.licence = MIT, nothing would differ.")


def test_json_names_what_was_not_known_on_the_day(folder: Path) -> None:
    words = ("assess", folder, "--format", "json", "--on")
    early, late = (json.loads(run(*words, day).stdout) for day in ("2026-04-01", "2026-11-25"))
    assert early["notes"][0] == (
        "Known only from 1 May 2026, so not used on 1 April 2026: model.cumulative_compute."
    )
    assert "Known only" not in " ".join(late["notes"])


def test_contradiction_fails_a_strict_run(folder: Path) -> None:
    with (folder / "chapterv.toml").open("a") as file:
        file.write("internal_only = true\n")
    result = run("assess", folder, "--on", "2026-11-25", "--format", "json", "--strict")
    assert result.returncode == 1
    assert [c["key"] for c in json.loads(result.stdout)["conflicts"]] == ["model.placing_routes"]
