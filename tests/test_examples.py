"""The bundled examples: real formats, the same bytes every time, and the answers they are for.

What is expected of an example stands in ``tests/examples/NAME.json`` with the reason beside it.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import time
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chapterv.dossier import Gathered, assess_dossier, gather, open_dossier
from chapterv.facts import STATEMENT_NAME, read_statement
from chapterv.law import Assessment
from tests.cli.running import run

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("northlight-1b", "brook-legal-lora", "aurora-frontier")

BLOCK_BYTES = 512
MAX_DISK_BYTES = 30_000_000
MAX_SECONDS = 10


@cache
def expected(name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((ROOT / "tests" / "examples" / f"{name}.json").read_text())
    return table


def made(folder: Path) -> Path:
    command = [sys.executable, "scripts/make_examples.py", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="module")
def gathered(examples: Path) -> dict[str, Gathered]:
    return {name: gather(open_dossier(examples / name)) for name in NAMES}


@pytest.fixture(scope="module")
def assessed(gathered: dict[str, Gathered]) -> dict[str, Assessment]:
    return {name: assess_dossier(gathered[name], day_of(name)) for name in NAMES}


def script_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_examples", ROOT / "scripts" / "make_examples.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def day_of(name: str) -> datetime.date:
    return datetime.date.fromisoformat(expected(name)["on"])


def files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def start_of(path: Path) -> tuple[int, str]:
    """Size, and digest of the first 64 kB: all of a small file, the header of a weight file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.sha256(file.read(1 << 16)).hexdigest()


# --- the files ------------------------------------------------------------------------------------


def test_every_folder_of_the_tree_is_an_example_with_expectations() -> None:
    folders = {path.parent.name for path in (ROOT / "examples").glob(f"*/{STATEMENT_NAME}")}
    recorded = {path.stem for path in (ROOT / "tests" / "examples").glob("*.json")}
    assert folders == recorded == set(NAMES)


def test_making_is_quick_and_takes_little_room(tmp_path: Path) -> None:
    began = time.monotonic()
    folder = made(tmp_path / "examples")
    assert time.monotonic() - began < MAX_SECONDS
    held = sum(path.stat().st_blocks * BLOCK_BYTES for path in files(folder).values())
    assert held < MAX_DISK_BYTES


def test_making_twice_gives_the_same_bytes(examples: Path, tmp_path: Path) -> None:
    again = files(made(tmp_path / "examples"))
    first = files(examples)
    assert first.keys() == again.keys()
    assert {name: start_of(path) for name, path in first.items()} == {
        name: start_of(path) for name, path in again.items()
    }


def test_making_in_place_replaces_what_was_changed(tmp_path: Path) -> None:
    config = made(tmp_path / "examples") / "northlight-1b" / "config.json"
    before = config.read_bytes()
    config.write_text("{}")
    made(tmp_path / "examples")
    assert config.read_bytes() == before


def test_weights_read_as_zeros(examples: Path) -> None:
    path = examples / "brook-legal-lora" / "adapter_model.safetensors"
    content = path.read_bytes()
    header = int.from_bytes(content[:8], "little")
    assert header % 8 == 0
    assert not any(content[8 + header :])


def test_without_holes_a_pointer_has_the_digest_of_the_whole_file(
    examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = script_module()
    monkeypatch.setattr(script, "holes_beside", lambda path: False)
    folder = tmp_path / "brook-legal-lora"
    script.copy_written(folder.name, folder)
    script.make_brook(folder)
    content = (examples / folder.name / "adapter_model.safetensors").read_bytes()
    pointer = (folder / "adapter_model.safetensors").read_text().splitlines()
    assert pointer[1] == f"oid sha256:{hashlib.sha256(content).hexdigest()}"
    assert pointer[2] == f"size {len(content)}"
    keys = gather(open_dossier(folder)).merged(day_of(folder.name)).world.keys
    assert keys["model.weights_size"].value == len(content)


def test_the_tokenizer_has_one_number_for_each_piece_and_builds_pieces_from_pieces(
    examples: Path,
) -> None:
    tokenizer = json.loads((examples / "northlight-1b" / "tokenizer.json").read_text("utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    known = {piece for piece, number in vocabulary.items() if number < 260}
    for merge in tokenizer["model"]["merges"]:
        first, second = merge.split(" ")
        assert {first, second} <= known
        known.add(first + second)
    assert known == set(vocabulary)


def test_the_training_record_gives_the_operations_that_the_statement_gives(examples: Path) -> None:
    folder = examples / "brook-legal-lora"
    record = json.loads((folder / "trainer_state.json").read_text())
    statement = read_statement(folder / STATEMENT_NAME)
    stated = next(f.value for f in statement.facts if f.key == "model.modification_compute")
    assert int(record["total_flos"]) == stated


@pytest.mark.parametrize("name", NAMES)
def test_everything_stated_of_an_example_says_that_it_is_invented(name: str) -> None:
    folder = ROOT / "examples" / name
    for path in (*folder.rglob("*.md"), folder / STATEMENT_NAME):
        assert "invented" in path.read_text(encoding="utf-8"), path.name


# --- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_artefact_is_read_or_passed_over_with_a_known_reason(
    name: str, gathered: dict[str, Gathered]
) -> None:
    held = gathered[name]
    unread = {entry.artefact for entry in held.skipped}
    documents = {"documents/copyright-policy.md", "plans/training-plan.md", "trainer_state.json"}
    assert unread <= documents
    assert not held.dossier.notes


@pytest.mark.parametrize("name", NAMES)
def test_an_example_reads_the_same_by_a_relative_path(
    name: str, examples: Path, gathered: dict[str, Gathered], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(examples)
    assert gather(open_dossier(Path(name))).facts == gathered[name].facts


@pytest.mark.parametrize("name", NAMES)
def test_amounts_are_the_ones_that_the_files_amount_to(
    name: str, gathered: dict[str, Gathered]
) -> None:
    keys = gathered[name].merged(day_of(name)).world.keys
    wanted = expected(name)["amounts"]
    assert {key: Decimal(str(keys[key].value)) for key in wanted} == {
        key: Decimal(amount) for key, amount in wanted.items()
    }


def test_northlight_lies_just_above_the_criterion_by_the_short_formula_too(
    gathered: dict[str, Gathered],
) -> None:
    keys = gathered["northlight-1b"].merged(day_of("northlight-1b")).world.keys
    parameters, tokens = keys["model.parameters_total"].value, keys["model.training_tokens"].value
    assert parameters is not None
    assert tokens is not None
    assert 105 * 10**21 < 6 * int(parameters) * int(tokens) < 130 * 10**21


# --- what the law says ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_as_expected(name: str, assessed: dict[str, Assessment]) -> None:
    answers = {finding.rule: finding.answer for finding in assessed[name].findings}
    wanted = {rule: answer for rule, (answer, _) in expected(name)["findings"].items()}
    assert {rule: answers[rule] for rule in wanted} == wanted


@pytest.mark.parametrize("name", NAMES)
def test_obligations_are_as_expected(name: str, assessed: dict[str, Assessment]) -> None:
    found = {duty.id: (duty.status, iso(duty.due)) for duty in assessed[name].obligations}
    wanted = {
        duty: (status, due) for duty, (status, due, _) in expected(name)["obligations"].items()
    }
    assert {duty: found[duty] for duty in wanted} == wanted


@pytest.mark.parametrize("name", NAMES)
def test_late_duties_are_as_expected(name: str, assessed: dict[str, Assessment]) -> None:
    late = [duty.id for duty in assessed[name].obligations if duty.late(day_of(name))]
    assert late == expected(name)["late"]


@pytest.mark.parametrize("name", NAMES)
def test_clocks_are_as_expected(name: str, assessed: dict[str, Assessment]) -> None:
    found = {
        clock.id: [clock.state, iso(clock.started_on), iso(clock.due)]
        for clock in assessed[name].clocks
    }
    assert found == {clock: row[:3] for clock, row in expected(name)["clocks"].items()}


@pytest.mark.parametrize("name", NAMES)
def test_conflicts_are_as_expected(name: str, assessed: dict[str, Assessment]) -> None:
    assert [conflict.key for conflict in assessed[name].conflicts] == list(
        expected(name)["conflicts"]
    )


@pytest.mark.parametrize(
    ("day", "state"),
    [("2026-12-01", "running"), ("2026-12-02", "due"), ("2026-12-03", "late")],
)
def test_the_notice_of_aurora_is_due_on_its_last_day_and_late_after_it(
    day: str, state: str, gathered: dict[str, Gathered]
) -> None:
    assessment = assess_dossier(gathered["aurora-frontier"], datetime.date.fromisoformat(day))
    assert [clock.state for clock in assessment.clocks if clock.id == "act:C06"] == [state]


def test_aurora_has_nothing_to_notify_before_the_longer_plan_was_known(
    gathered: dict[str, Gathered],
) -> None:
    assessment = assess_dossier(gathered["aurora-frontier"], datetime.date(2026, 11, 17))
    assert not [clock for clock in assessment.clocks if clock.id == "act:C06"]


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_says_the_same(
    name: str, examples: Path, assessed: dict[str, Assessment]
) -> None:
    day = expected(name)["on"]
    result = run("assess", examples / name, "--on", day, "--format", "json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert {row["rule"]: row["answer"] for row in told["findings"]} == {
        finding.rule: finding.answer for finding in assessed[name].findings
    }
    assert {row["id"]: row["status"] for row in told["obligations"]} == {
        duty.id: duty.status for duty in assessed[name].obligations
    }


def iso(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None


# --- the tutorial ---------------------------------------------------------------------------------

STEP = re.compile(
    r"^```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)^```"
    r"|Add\s+at\s+the\s+end\s+of\s+`(?P<file>[^`]+)`:\n\n```toml\n(?P<addition>.*?)^```",
    re.M | re.S,
)


def test_every_command_of_the_tutorial_prints_what_the_tutorial_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    steps = list(STEP.finditer(page))
    assert len(steps) > 5
    for step in steps:
        if step["file"]:
            with Path(step["file"]).open("a", encoding="utf-8") as file:
                file.write("\n" + step["addition"])
            continue
        program, *words = step["command"].split()
        if program == "python":
            made(Path(words[1]).absolute())
            continue
        result = run(*words, COLUMNS="80", NO_COLOR="1")
        assert result.returncode == ("--strict" in words), f"{step['command']}: {result.stderr}"
        shown_in_order(step["command"], step["output"], result.stdout)


def shown_in_order(command: str, shown: str, printed: str) -> None:
    """Every line that a page shows is printed, in that order."""
    lines = iter(printed.splitlines())
    for line in shown.splitlines():
        if line != "...":
            assert line in lines, f"{command}: {line!r} is not printed there"


def test_settling_as_the_tutorial_does_ends_the_conflict(tmp_path: Path) -> None:
    folder = made(tmp_path) / "northlight-1b"
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    addition = next(step["addition"] for step in STEP.finditer(page) if step["file"])
    with (folder / STATEMENT_NAME).open("a", encoding="utf-8") as file:
        file.write("\n" + addition)
    held = gather(open_dossier(folder))
    assert not held.merged(day_of("northlight-1b")).conflicts
    assert held.settled


@pytest.mark.parametrize("page", ["docs/tutorial.md", "examples/README.md"])
def test_links_of_the_pages_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert links
    assert not [link for link in links if not (path.parent / link).exists()]
