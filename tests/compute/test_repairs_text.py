"""Quantities in notes: read with their words, from any text in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute.repairs_text import READERS, Passage, read_quantities

_B = 10**9

_STATED = {
    ("active_parameters", "671B total parameters with 37B activated for each token"): 37 * _B,
    ("active_parameters", "16.50 billion active parameters"): 165 * 10**8,
    ("active_parameters", "6 * 37B (active params) * 14.8T"): 37 * _B,
    ("active_parameters", "Activated Parameters per Token: 45.9B"): 459 * 10**8,
    ("active_parameters", "80B-A3B"): 3 * _B,
    ("active_parameters", "FLOPs similar to that of a 3.3B dense model"): 33 * 10**8,
    ("tokens", "trained on 1.4T tokens"): 14 * 10**11,
    ("tokens", "36 trillion tokens"): 36 * 10**12,
    ("tokens", "1,500,000,000 text tokens"): 15 * 10**8,
    ("tokens", "Total tokens seen is about 1T"): 10**12,
    ("epochs", "for 3 epochs"): 3,
    ("epochs", "Epochs: 40"): 40,
    ("parameters", "a 6.7B parameter model"): 67 * 10**8,
    ("base_compute", "3.8e25 FLOP (base model) + 1.11e24 FLOP"): 38 * 10**24,
    ("base_compute", "Llama 70B: 8.1e+23"): 81 * 10**22,
    ("tokens_per_sample", "each image is 144 tokens"): 144,
    ("runs", "training all 12 models"): 12,
}


@pytest.mark.parametrize(("name", "text"), _STATED)
def test_a_stated_quantity_is_read(name: str, text: str) -> None:
    found = read_quantities(name, (Passage("note", text),))
    assert _STATED[name, text] in [quantity.value for quantity in found]
    assert all(quantity.place == "note" and quantity.quote for quantity in found)


def test_a_share_of_active_weights_is_a_share() -> None:
    text = "314B parameters with 25% of the weights active on a given token"
    (found,) = read_quantities("active_shares", (Passage("", text),))
    assert found.value * 4 == 1


@pytest.mark.parametrize("name", READERS)
def test_a_text_that_says_nothing_gives_nothing(name: str) -> None:
    passages = (Passage("", ""), Passage("", "The model was trained with care; see the paper."))
    assert read_quantities(name, passages) == ()


@pytest.mark.parametrize("name", READERS)
def test_a_heap_of_quantities_is_cut(name: str) -> None:
    text = "".join(
        f"{n} epochs, {n}B tokens, {n}B active, {n}B parameters. " for n in range(2, 300)
    )
    assert len(read_quantities(name, (Passage("", text),))) <= 16


@given(st.sampled_from(sorted(READERS)), st.text(max_size=300))
def test_any_text_is_read_without_an_error(name: str, text: str) -> None:
    read_quantities(name, (Passage("", text),))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "text",
    ["9" * 100_000, "1e99 " * 20_000, "base " * 20_000, "1 a " * 25_000, "Llama 1." * 12_000,
     "activates " * 10_000, "1,000" * 20_000, "tokens " * 14_000],
    ids=["digits", "exponents", "words", "numbers", "names", "verbs", "commas", "nouns"],
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_time(name: str, text: str) -> None:
    start = time.perf_counter()
    read_quantities(name, (Passage("", text),))
    assert time.perf_counter() - start < 5
