"""Gathering: stated, read and derived facts of one dossier, merged on a day."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from chapterv.dossier import gather, open_dossier, read_configuration
from chapterv.errors import InputError
from tests.dossier.folders import gathered, make_folder
from tests.real_data import real_data

ON = datetime.date(2026, 6, 1)
NAMED = "[model]\nname = 'm'\nversion = '1'\n"


def test_stated_read_and_derived_facts_meet_in_one_world(tmp_path: Path) -> None:
    known = gathered(tmp_path, NAMED + "training_tokens = 1e9\n")
    world = known.merged(ON).world
    assert world.keys["model.name"].value == "m"
    assert world.keys["model.architecture_family"].value == "llama"
    assert world.keys["model.training_compute"].value is not None
    assert world.keys["model.cumulative_compute"].low is not None
    assert {fact.subject for fact in known.facts} == {"model:m@1"}


def test_every_input_of_a_derived_fact_is_a_fact_of_the_dossier(tmp_path: Path) -> None:
    known = gathered(tmp_path, NAMED + "training_tokens = 1e9\n")
    inputs = {one for fact in known.facts for one in fact.source.inputs}
    assert inputs
    assert inputs <= set(known.by_id)


def test_statement_is_listed_as_read_and_not_as_skipped(tmp_path: Path) -> None:
    known = gathered(tmp_path, NAMED)
    first = known.read[0]
    assert (first.artefact, first.facts) == ("chapterv.toml", 2)
    assert "chapterv.toml" not in {entry.artefact for entry in known.skipped}


def test_folders_of_the_program_are_not_listed(tmp_path: Path) -> None:
    for name in (".chapterv", "records"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.jsonl").write_text("{}")
    assert not gathered(tmp_path, NAMED).skipped


def test_statement_against_artefact_is_a_conflict_that_a_person_settles(tmp_path: Path) -> None:
    text = NAMED + "parameters_total = 5\n"
    known = gathered(tmp_path, text)
    (conflict,) = known.merged(ON).conflicts
    assert conflict.key == "model.parameters_total"
    settle = "[[settle]]\nkey = 'model.parameters_total'\nchoose = '{}'\nwhy = 'y'\n"
    for choice in ("chapterv.toml", conflict.chosen):
        known = gathered(tmp_path, text + settle.format(choice))
        merged = known.merged(ON)
        assert not merged.conflicts
    assert merged.world.keys["model.parameters_total"].value != 5


def test_choice_of_a_derived_fact_carries_on_to_what_follows_from_it(tmp_path: Path) -> None:
    text = NAMED + "training_tokens = 1e9\ntraining_compute = 2e25\n"
    settle = "[[settle]]\nkey = 'model.training_compute'\nchoose = '{}'\nwhy = 'y'\n"
    stated = gathered(tmp_path, text + settle.format("chapterv.toml"))
    assert stated.merged(ON).world.keys["model.cumulative_compute"].low == 2 * 10**25
    computed = gathered(tmp_path, text + settle.format("computed"))
    low = computed.merged(ON).world.keys["model.cumulative_compute"].low
    assert low is not None
    assert low < 10**20
    assert not computed.merged(ON).conflicts


def test_choice_that_fits_no_fact_is_a_note(tmp_path: Path) -> None:
    settle = "[[settle]]\nkey = 'model.licence'\nchoose = 'NOWHERE'\nwhy = 'y'\n"
    assert gathered(tmp_path, NAMED + settle).notes[-1] == (
        "chapterv.toml:4: no fact on model.licence comes from 'NOWHERE', so nothing is settled. "
        "Name an artefact, a stated source or a fact of the conflict."
    )


def test_earlier_scan_can_be_used_again(tmp_path: Path) -> None:
    first = gathered(tmp_path, NAMED)
    (tmp_path / "config.json").unlink()
    again = gather(open_dossier(tmp_path), scanned=first.scanned)
    assert again.merged(ON).world.keys.keys() == first.merged(ON).world.keys.keys()


def test_digests_are_taken_on_request(tmp_path: Path) -> None:
    make_folder(tmp_path, NAMED)
    told: list[str] = []
    known = gather(
        open_dossier(tmp_path), lambda stage, done, total: told.append(stage), digest=True
    )
    assert all(entry.digest for entry in known.read)
    assert "read" in told


def test_family_that_is_not_covered_is_told_and_the_rest_stands(tmp_path: Path) -> None:
    known = gathered(tmp_path, NAMED + "training_tokens = 1e9\n", model_type="invented")
    keys = known.merged(ON).world.keys
    assert keys["model.architecture_family"].value == "invented"
    assert "model.training_compute" not in keys
    assert any("invented" in note for note in known.notes)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.json", b"[1]", "c.json: expected a table of keys. Name the model's config.json."),
        (
            "c.json",
            b" " * 4_000_001,
            "c.json: larger than the 4000000 bytes that a configuration may have. "
            "Name the model's config.json.",
        ),
        ("c.yml", b"- 1", "c.yml: expected a table of keys. Name the model's config.json."),
    ],
)
def test_what_is_no_configuration_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_configuration(tmp_path / name, name)
    assert str(caught.value) == message


def test_real_folder_gives_an_estimate(tmp_path: Path) -> None:
    config = real_data("models", "configs", "Qwen--Qwen3-0.6B", "config.json")
    (tmp_path / "config.json").write_bytes(config.read_bytes())
    (tmp_path / "chapterv.toml").write_text(
        "[model]\ntraining_tokens = 36e12\ntraining_sequence_length = 4096\n"
    )
    held = gather(open_dossier(tmp_path)).merged(ON).world.keys
    assert held["model.parameters_total"].value == 596_049_920
    compute = held["model.training_compute"].value
    assert 6 * 596_049_920 * 36 * 10**12 < compute < 2 * 6 * 596_049_920 * 36 * 10**12
