"""Figures for documents are derived from the exact amount, one for each audience."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute.reconciling_figures import (
    compute_figures,
    duration_range,
    order_of_magnitude,
    parameter_range,
    significant,
    two_figures,
)
from chapterv.errors import InputError


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (10**25, "1.0e25"),
        (3_407_800 * 10**18, "3.4e24"),
        (9_949_999 * 10**18, "9.9e24"),
        (995 * 10**22, "1.0e25"),
        (Decimal("1.25"), "1.3e0"),
        (Fraction(1, 3), "3.3e-1"),
        (7, "7.0e0"),
    ],
)
def test_two_figures_round_halves_up(amount: int | Decimal | Fraction, text: str) -> None:
    assert two_figures(amount) == text


@given(st.integers(1, 10**40), st.integers(1, 12))
def test_figures_are_within_half_a_unit_of_the_last(amount: int, figures: int) -> None:
    rounded = significant(amount, figures)
    assert len(rounded.as_tuple().digits) == figures
    unit = Fraction(10) ** (rounded.adjusted() - figures + 1)
    assert abs(Fraction(rounded) - amount) <= unit / 2


@given(st.integers(1, 10**40))
def test_the_order_of_magnitude_is_one_that_the_amount_has_reached(amount: int) -> None:
    power = int(order_of_magnitude(amount).removeprefix("10^"))
    assert 10**power <= amount < 10 ** (power + 1)


def test_each_audience_gets_its_own_figure_from_one_amount() -> None:
    found = compute_figures(24_312 * 10**21)
    assert (found.ai_office, found.notification) == ("2.4e25", "2.4e25")
    assert found.national_authorities == "10^25"
    assert found.downstream_providers is None


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        (1, "1-500M"),
        (5 * 10**8, "1-500M"),
        (5 * 10**8 + 1, "500M-5B"),
        (7 * 10**9, "5B-15B"),
        (10**12, "500B-1T"),
        (10**12 + 1, ">1T"),
    ],
)
def test_a_number_of_parameters_falls_into_one_range(parameters: int, name: str) -> None:
    assert parameter_range(parameters) == name


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (0, "< 1 month"),
        (Decimal("30.44"), "< 1 month"),
        (31, "1-3 months"),
        (92, "3-6 months"),
        (183, "> 6 months"),
    ],
)
def test_a_duration_falls_into_one_range(days: int | Decimal, name: str) -> None:
    assert duration_range(days) == name


@pytest.mark.parametrize("amount", [0, -1, 1.0])
def test_what_cannot_be_rounded_is_refused(amount: object) -> None:
    with pytest.raises(InputError):
        two_figures(amount)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        order_of_magnitude(amount)  # type: ignore[arg-type]
