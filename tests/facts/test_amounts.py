"""Exact amounts: read from text, never through a binary float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.facts.amounts import MAX_DIGITS, amount_text, exact_sum, parse_amount, shown


@pytest.mark.parametrize(
    ("given_value", "amount"),
    [
        ("1e25", 10**25),
        (1e25, 10**25),
        (Decimal("1.44e23"), 144 * 10**21),
        ("36_000_000", 36_000_000),
        (" 7 ", 7),
        ("0.5", Decimal("0.5")),
        ("-0", 0),
        (10**25 + 1, 10**25 + 1),
    ],
)
def test_amount_is_taken_at_the_text_that_was_typed(given_value: object, amount: object) -> None:
    assert parse_amount(given_value) == amount
    assert type(parse_amount(given_value)) is type(amount)


@pytest.mark.parametrize(
    ("given_value", "message"),
    [
        (True, "x: expected an amount, got True."),
        (None, "x: expected an amount, got None."),
        ("much", "x: expected an amount, got 'much'."),
        ("nan", "x: expected a finite amount, got 'nan'."),
        (float("inf"), "x: expected a finite amount, got inf."),
        ("1e999", "x: expected a finite amount, got '1e999'."),
        ("1e-999", "x: expected a finite amount, got '1e-999'."),
        (10**MAX_DIGITS, f"x: the number has more than {MAX_DIGITS} digits."),
        ("9" * 200, f"x: the number has more than {MAX_DIGITS} digits."),
        ([1], "x: expected an amount, got [1]."),
    ],
)
def test_what_is_no_amount_is_refused(given_value: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_amount(given_value, "x")
    fix = ' Write a plain number or a decimal string such as "1.44e23".'
    assert str(caught.value) == message + fix


def test_number_too_long_to_be_written_is_refused_all_the_same() -> None:
    with pytest.raises(InputError, match="got a number of thousands of digits"):
        parse_amount([10**5000])
    assert shown("x" * 100) == "'" + "x" * 56 + "..."


@given(
    st.integers(-(10**60), 10**60) | st.decimals(allow_nan=False, allow_infinity=False, places=9)
)
def test_amount_survives_being_written_and_read(amount: Any) -> None:
    text = amount_text(parse_amount(amount))
    assert "e" not in text.lower()
    assert parse_amount(text) == parse_amount(amount)


@given(st.lists(st.integers(0, 10**40) | st.decimals("0", "1", places=6)))
def test_sum_is_exact_in_any_order(amounts: list[Any]) -> None:
    from fractions import Fraction

    total = exact_sum(amounts)
    assert Fraction(total) == sum(map(Fraction, amounts))
    assert exact_sum(reversed(amounts)) == total
