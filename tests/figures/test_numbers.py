"""Amounts and dates for people."""

from __future__ import annotations

import doctest
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.facts import wording
from chapterv.facts.wording import Amount
from chapterv.figures import exact, long_date, percent, scientific, svg

RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def test_the_examples_in_the_docstrings_hold() -> None:
    for module in (wording, svg):
        assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (144 * 10**21, 3, "1.44 × 10²³"),
        (Decimal("1e25"), 3, "10²⁵"),
        (10**25 - 1, 3, "1.00 × 10²⁵"),
        (3 * 10**24, 3, "3 × 10²⁴"),
        (Fraction(28 * 10**23, 3), 3, "9.33 × 10²³"),
        (999_999, 2, "1.0 × 10⁶"),
        (Fraction(1, 1000), 3, "10⁻³"),
        (7, 3, "7 × 10⁰"),
        (0, 3, "0"),
    ],
)
def test_amounts_are_written_as_mantissa_and_power(value: Amount, digits: int, text: str) -> None:
    assert plain(scientific(value, digits)) == text


@given(st.integers(1, 10**40), st.integers(1, 15))
def test_a_written_amount_is_within_half_a_unit_of_its_last_digit(value: int, digits: int) -> None:
    match = re.fullmatch(r"(?:([\d.]+) × )?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", plain(scientific(value, digits)))
    assert match is not None
    power = Fraction(10) ** int(match[2].translate(RAISED))
    error = abs(Fraction(match[1] or "1") * power - value)
    assert error <= power / Fraction(10) ** (digits - 1) / 2


@given(st.integers(0, 10**59))
def test_the_exact_form_of_an_integer_holds_every_digit(value: int) -> None:
    assert exact(value).replace("\u202f", "") == str(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+25"), "10 000 000 000 000 000 000 000 000"),
        (Decimal("1234.50"), "1 234.5"),
        (Fraction(1, 8), "0.125"),
        (Fraction(10_000, 3), "10 000 / 3"),
    ],
)
def test_the_exact_form_ends_in_decimals_or_stays_a_fraction(value: Amount, text: str) -> None:
    assert plain(exact(value)) == text


@pytest.mark.parametrize(
    "value",
    [
        *(1.5, True, "1", None),
        *(-1, 10**110, Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999999")),
        *(Decimal("0e999999999"), Decimal("1e-999999999"), Fraction(1, 10**200)),
    ],
)
def test_what_is_no_exact_amount_is_refused(value: Amount) -> None:
    with pytest.raises(InputError):
        scientific(value)


def test_digits_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="0 significant digits"):
        scientific(1, 0)


def test_other_languages_bring_mark_months_and_order() -> None:
    assert plain(scientific(144 * 10**21, decimal_mark=",")) == "1,44 × 10²³"
    texts = {"month.3": "März", "date.long": "{day}. {month} {year}"}
    assert long_date(date(2026, 3, 2), texts) == "2. März 2026"
    assert plain(percent(Fraction(1, 8), ",")) == "12,5 %"
