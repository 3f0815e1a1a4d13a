"""Answers as people type them, and how they reach the file."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.dossier import (
    assess_dossier,
    gather,
    open_dossier,
    open_questions,
    parse_answer,
    with_answer,
    write_statement,
)
from chapterv.errors import InputError
from chapterv.facts import Question, catalogue, decode, parse_statement
from tests.dossier.folders import gathered

ON = datetime.date(2026, 6, 1)


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("model.monetised", "Yes", True),
        ("model.monetised", "n", False),
        ("model.placed_on", "2026-03-02", datetime.date(2026, 3, 2)),
        ("model.training_tokens", "15e12", 15 * 10**12),
        ("model.training_tokens", '"15 000"', 15_000),
        ("model.placing_routes", "api, repository", ("api", "repository")),
        ("model.placing_routes", '["api"]', ("api",)),
        ("provider.code_chapters_signed", "[]", ()),
        ("model.union_market", "no", "false"),
        ("model.union_market", "excluded", "excluded"),
        ("provider.established_in", "de", "DE"),
        ("model.name", '"northlight"', "northlight"),
        ("model.name", "true", "true"),
    ],
)
def test_answer_is_read_by_the_type_of_its_key(key: str, typed: str, value: Any) -> None:
    assert parse_answer(key, typed) == value


@pytest.mark.parametrize(
    ("key", "typed", "message"),
    [
        ("model.monetised", "perhaps", "model.monetised takes true or false, got 'perhaps'."),
        (
            "model.placed_on",
            "March",
            "model.placed_on takes a date such as 2026-03-02, got 'March'.",
        ),
        ("model.stage", "placd", "model.stage does not take 'placd'. Did you mean 'placed'?"),
    ],
)
def test_answer_that_does_not_fit_says_what_does(key: str, typed: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_answer(key, typed)
    assert str(caught.value) == message


def test_questions_stand_in_the_order_of_what_they_settle(tmp_path: Path) -> None:
    known = gathered(tmp_path, "[model]\nname = 'm'\n")
    settling = assess_dossier(known, ON).questions
    asked = open_questions(known, settling, all_keys=False)
    settles = [question.settles for question in asked]
    assert settles == sorted(settles, reverse=True)
    assert "model.name" not in {question.key for question in asked}


def test_inputs_of_training_compute_are_asked_before_it(tmp_path: Path) -> None:
    known = gathered(tmp_path)
    keys = [one.key for one in open_questions(known, assess_dossier(known, ON).questions)]
    at = keys.index("model.training_compute")
    assert keys[at - 2 : at] == ["model.training_tokens", "model.training_sequence_length"]


def test_questions_on_parts_are_asked_only_of_parts_that_are_stated(tmp_path: Path) -> None:
    question = Question("run.tokens", "run:r", "How many?", (), "")
    known = gathered(tmp_path)
    assert "run.tokens" not in {one.key for one in open_questions(known, [question])}
    (tmp_path / "chapterv.toml").write_text("[[run]]\nid = 'r'\n")
    known = gather(open_dossier(tmp_path))
    assert open_questions(known, [question])[0].key == "run.tokens"


def test_key_of_which_only_a_bound_is_known_is_still_asked(tmp_path: Path) -> None:
    text = "[model]\ncumulative_compute = { value = 1e24, relation = 'at_least' }\n"
    known = gathered(tmp_path, text)
    assert "model.cumulative_compute" in {one.key for one in open_questions(known)}


def test_answer_stands_below_its_question(tmp_path: Path) -> None:
    known = gathered(tmp_path)
    write_statement(known, open_questions(known))
    text = (tmp_path / "chapterv.toml").read_text()
    new = with_answer(text, "provider", "provider.size", "small")
    assert re.search(r'# size = "small".*\nsize = "small"\n', new)
    assert new.replace('size = "small"\n', "", 1).count("\n") == text.count("\n")


def test_answer_makes_its_table_where_there_is_none() -> None:
    assert with_answer("# x\n", "model:m@1", "model.monetised", False) == (
        "# x\n\n[model]\nmonetised = false\n"
    )


def test_answer_on_a_part_goes_to_its_entry() -> None:
    text = "[[run]]\nid = 'a'\n# note\n\n[[run]]\nid = 'b'\n"
    assert with_answer(text, "run:a", "run.tokens", 5) == (
        "[[run]]\nid = 'a'\n# note\ntokens = \"5\"\n\n[[run]]\nid = 'b'\n"
    )
    assert with_answer(text, "run:b", "run.tokens", 5) == text + 'tokens = "5"\n'
    with pytest.raises(InputError) as caught:
        with_answer(text, "run:c", "run.tokens", 5)
    assert str(caught.value) == "run:c is not in the statement. Add [[run]] first."


@given(st.text(max_size=60))
def test_any_text_survives_the_file(answer: str) -> None:
    try:
        value = decode("model.name", answer.encode("utf-8", "ignore").decode())
    except InputError:
        return
    if not value:
        return
    text = with_answer("[model]\n", "model:m@1", "model.name", value)
    assert [fact.value for fact in parse_statement(text).facts] == [value]


@pytest.mark.parametrize(
    "key", [k for k in catalogue() if k.split(".")[0] in ("provider", "model")]
)
def test_example_of_each_key_can_be_typed_as_an_answer(key: str) -> None:
    value = parse_answer(key, catalogue()[key].example)
    text = with_answer("", key.split(".")[0], key, value)
    assert [fact.value for fact in parse_statement(text).facts] == [value]
