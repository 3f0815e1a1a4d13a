"""A dossier on an earlier day rests on what was known then, and says what was not."""

from __future__ import annotations

import datetime
from pathlib import Path

from chapterv.dossier import compare_days, gather, open_dossier
from tests.dossier.folders import gathered, make_folder

EARLY, LATE = datetime.date(2026, 6, 1), datetime.date(2026, 11, 25)
DATED = (
    "[model]\nname = 'm'\nversion = '1'\n"
    "planned_compute = { value = '2e25', as_of = 2026-11-20 }\n"
    "[[run]]\nid = 'r'\nstage = 'pre-training'\ntokens = { value = '1e9', as_of = 2026-11-20 }\n"
)


def test_what_became_known_later_is_left_out_and_named(tmp_path: Path) -> None:
    known = gathered(tmp_path, DATED)
    assert "model.planned_compute" not in known.merged(EARLY).world.keys
    assert known.notes_on(EARLY)[0] == (
        "Known only from 20 November 2026, so not used on 1 June 2026: "
        "model.cumulative_compute, model.planned_compute, model.training_compute, "
        "model.training_tokens, run.tokens of run:r."
    )
    assert known.merged(LATE).world.keys["model.planned_compute"].value == 2 * 10**25
    assert known.notes_on(LATE) == known.notes


def test_comparison_of_two_days_names_what_was_not_known_on_either(tmp_path: Path) -> None:
    known = gathered(tmp_path, DATED)
    (note,) = compare_days(known, EARLY, datetime.date(2026, 7, 1)).notes
    assert note.startswith(
        "Known only from 20 November 2026, so not used on 1 June 2026 and 1 July 2026: "
    )
    (note,) = compare_days(known, EARLY, LATE).notes
    assert note.startswith("Known only from 20 November 2026, so not used on 1 June 2026: ")


def test_contradiction_in_a_statement_is_a_conflict_of_the_dossier(tmp_path: Path) -> None:
    text = "[model]\nlicence = 'proprietary'\nlicence_free_and_open = true\nmonetised = false\n"
    known = gathered(tmp_path, text + "monetisation = ['price_for_access']\n")
    merged = known.merged(LATE)
    assert {conflict.key for conflict in merged.conflicts} == {
        "model.licence",
        "model.monetisation",
    }
    assert "model.monetised" not in merged.world.keys


def test_contradiction_is_settled_by_the_identifier_of_a_fact(tmp_path: Path) -> None:
    text = "[model]\nname = 'm'\ninternal_only = true\nplacing_routes = ['api']\n"
    (conflict,) = gathered(tmp_path, text).merged(LATE).conflicts
    settle = f"[[settle]]\nkey = '{conflict.key}'\nchoose = '{conflict.chosen}'\nwhy = 'y'\n"
    (tmp_path / "chapterv.toml").write_text(text + settle)
    known = gather(open_dossier(tmp_path))
    assert not known.merged(LATE).conflicts
    assert "model.internal_only" not in known.merged(LATE).world.keys


def test_stated_source_names_the_side_that_a_person_chooses(tmp_path: Path) -> None:
    text = (
        "[model]\nname = 'm'\ncontext_length = { value = '32', source = 'README.md' }\n"
        "[[settle]]\nkey = 'model.context_length'\nchoose = 'README.md'\nwhy = 'y'\n"
    )
    known = gathered(tmp_path, text)
    assert known.merged(LATE).world.keys["model.context_length"].value == 32
    assert not known.merged(LATE).conflicts
    assert not [note for note in known.notes if "nothing is settled" in note]


def test_artefact_goes_before_a_source_of_the_same_name(tmp_path: Path) -> None:
    text = (
        "[model]\nname = 'm'\ncontext_length = { value = '32', source = 'config.json' }\n"
        "[[settle]]\nkey = 'model.context_length'\nchoose = 'config.json'\nwhy = 'y'\n"
    )
    known = gather(open_dossier(make_folder(tmp_path, text)))
    assert known.merged(LATE).world.keys["model.context_length"].value == 64
