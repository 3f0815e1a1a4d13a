from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.documents.harmless import LONGEST, cut, visible


@pytest.mark.parametrize(
    ("sign", "shown"),
    [
        ("\x00", "[U+0000]"),
        ("\x1b", "[U+001B]"),
        ("\u202e", "[U+202E]"),
        ("\u2066", "[U+2066]"),
        ("\u200b", "[U+200B]"),
        ("\ufeff", "[U+FEFF]"),
        ("\ud800", "[U+D800]"),
        ("\ue000", "[U+E000]"),
        ("\U000e0041", "[U+E0041]"),
    ],
)
def test_what_cannot_be_seen_is_written_out(sign: str, shown: str) -> None:
    assert visible(f"a{sign}b") == f"a{shown}b"


def test_scripts_of_the_world_and_our_thin_spaces_stay() -> None:
    text = "Größe 1\u202f000 × 10²³, 模型, मॉडल, نموذج, क्\u200dष, \U0001f600"
    assert visible(text) == text


@given(st.text())
def test_a_visible_text_can_be_written_as_utf_8_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert visible(shown) == shown


def test_a_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert cut("x" * 10_000, 20) == "x" * 20 + "… (10\u202f000 characters)"
    assert cut("x" * LONGEST) == "x" * LONGEST
