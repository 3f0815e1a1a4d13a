"""Plain objects of facts: flat keys, or objects that hold the keys below them."""

from __future__ import annotations

import pytest

from chapterv.errors import ErrorGroup
from chapterv.facts import World


def test_an_object_under_a_name_holds_the_keys_below_it() -> None:
    nested = World.from_object(
        {
            "model": {"placed_on": "2026-03-02"},
            "model.licence_safety_terms": {"proportionate": True},
            "notification": {"compute_text": "2.3x10^25"},
        }
    )
    flat = World.from_object(
        {
            "model.placed_on": "2026-03-02",
            "model.licence_safety_terms.proportionate": True,
            "notification.compute_text": "2.3x10^25",
        }
    )
    assert nested.keys == flat.keys
    assert nested.parts == flat.parts


def test_an_unknown_key_below_an_object_is_named_whole() -> None:
    with pytest.raises(ErrorGroup, match=r"model\.placed_onn"):
        World.from_object({"model": {"placed_onn": "2026-03-02"}})


def test_an_object_far_too_deep_is_an_error_and_no_crash() -> None:
    deep: dict[str, object] = {"x": 1}
    for _ in range(2000):
        deep = {"x": deep}
    with pytest.raises(ErrorGroup):
        World.from_object(deep)
