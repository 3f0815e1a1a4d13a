"""The catalogue of keys and the decoding of values by it."""

from __future__ import annotations

import datetime
import json
import tomllib
from decimal import Decimal
from typing import Any

import pytest

from chapterv.errors import ErrorGroup, InputError
from chapterv.facts import Key, World, catalogue, decode, encode, near_key, subject_kind

EXAMPLES = {key: entry.example for key, entry in catalogue().items() if entry.example}


@pytest.mark.parametrize("key", EXAMPLES)
def test_example_of_each_key_is_a_value_that_the_key_takes(key: str) -> None:
    value = tomllib.loads(f"x = {EXAMPLES[key]}", parse_float=Decimal)["x"]
    assert decode(key, decode(key, value)) == decode(key, value)


@pytest.mark.parametrize("key", EXAMPLES)
def test_value_survives_json(key: str) -> None:
    value = decode(key, tomllib.loads(f"x = {EXAMPLES[key]}", parse_float=Decimal)["x"])
    assert decode(key, json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize("key", catalogue())
def test_each_key_asks_one_short_question(key: str) -> None:
    entry: Key = catalogue()[key]
    assert entry.question.endswith("?")
    assert len(entry.question) <= 160
    assert entry.label
    assert entry.why
    assert entry.where
    assert entry.example
    assert set(entry.values_help) <= set(entry.values)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "model.licens",
            "MIT",
            "f: unknown key 'model.licens'. Did you mean 'model.licence'?",
        ),
        ("zzz.qqq", 1, "f: unknown key 'zzz.qqq'. List the keys with `chapterv schema keys`."),
        ("model.name", 3, "f: model.name takes a text in quotes, got 3."),
        ("model.name", "x" * 20_001, "f: model.name is longer than 20000 characters."),
        ("model.monetised", "yes", "f: model.monetised takes true or false, got 'yes'."),
        (
            "model.placed_on",
            "2026-02-30",
            "f: '2026-02-30' is not a date that exists. Write dates as 2026-03-02.",
        ),
        (
            "model.placed_on",
            "2026-W10-1",
            "f: model.placed_on takes a date such as 2026-03-02, got '2026-W10-1'.",
        ),
        (
            "model.placed_on",
            datetime.datetime(2026, 3, 2),
            "f: model.placed_on takes a date such as 2026-03-02, "
            "got datetime.datetime(2026, 3, 2, 0, 0).",
        ),
        ("model.training_compute", -1, "f: model.training_compute cannot be negative, got -1."),
        (
            "model.stage",
            "trainin",
            "f: model.stage does not take 'trainin'. Did you mean 'training'?",
        ),
        (
            "model.stage",
            "zzz",
            "f: model.stage does not take 'zzz'. "
            "It takes planned, training, trained, placed, withdrawn.",
        ),
        (
            "model.placing_routes",
            {"a": 1},
            "f: model.placing_routes takes a list of texts, got {'a': 1}.",
        ),
        (
            "provider.established_in",
            "Germany",
            'f: provider.established_in takes a two-letter country code such as "DE", '
            "got 'Germany'.",
        ),
        (
            "model.modification_compute",
            [1] * 10_001,
            "f: model.modification_compute has more than 10000 parts. Add some up.",
        ),
    ],
)
def test_wrong_value_is_named_with_the_way_out(key: str, value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        decode(key, value, "f")
    assert str(caught.value) == message


def test_parts_of_an_amount_add_up_exactly() -> None:
    parts = ["1e30", "0.5"]
    assert decode("model.modification_compute", parts) == Decimal("1" + "0" * 30 + ".5")


def test_single_text_counts_as_a_list_of_one() -> None:
    assert decode("model.placing_routes", "api") == ("api",)
    assert decode("model.placing_routes", ["api", "api"]) == ("api",)


def test_open_list_takes_other_words_only_when_they_are_marked() -> None:
    assert decode("model.modalities_out", ["text", "other:game_moves"])[1] == "other:game_moves"
    assert decode("model.languages", ["nds"]) == ("nds",)
    with pytest.raises(InputError, match="Did you mean 'text'"):
        decode("model.modalities_out", ["txet"])
    with pytest.raises(InputError, match="video, other:<name>"):
        decode("model.modalities_out", ["other:"])


def test_greece_has_one_code() -> None:
    assert decode("provider.established_in", "el") == "GR"


def test_key_belongs_to_the_kind_before_the_dot() -> None:
    assert subject_kind("model.licence_safety_terms.proportionate") == "model"
    assert near_key("modle.name") == "model.name"
    assert near_key("&&&") is None


def test_world_from_an_object_takes_bounds_and_leaves_null_unknown() -> None:
    world = World.from_object(
        {
            "model.cumulative_compute": {"value": "1e25", "relation": "at_least"},
            "model.name": None,
        }
    )
    held = world.keys["model.cumulative_compute"]
    assert (held.value, held.low, held.high) == (None, 10**25, None)
    assert "model.name" not in world.keys


def test_world_from_an_object_names_every_fault_at_once() -> None:
    with pytest.raises(ErrorGroup) as caught:
        World.from_object(
            {
                "model.nam": "x",
                "model.cumulative_compute": {"value": 1, "relation": "atleast"},
                "model.monetised": {"value": True, "relation": "at_least"},
            }
        )
    assert str(caught.value).splitlines() == [
        "model.nam: unknown key 'model.nam'. Did you mean 'model.name'?",
        "model.cumulative_compute: model.cumulative_compute has the relation 'atleast'. "
        "It is one of exactly, at_least, at_most.",
        "model.monetised: model.monetised is no amount, so it has no bound. Leave relation out.",
    ]
