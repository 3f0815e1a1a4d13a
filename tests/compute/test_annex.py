"""The forms of Annex A.2 and the worked examples of Annex A.3."""

from __future__ import annotations

import csv
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest

from chapterv.compute import (
    Period,
    architecture_method,
    dense_approximation,
    hardware_method,
    within_margin,
)
from chapterv.errors import InputError
from tests.real_data import real_data

_EXAMPLES = list(
    csv.DictReader(real_data("models", "annex_a3.csv").read_text(encoding="utf-8").splitlines())
)
_MARGIN = Decimal("0.3")
_TRUNCATED = {"D", "G", "H"}  # stated values that the text cuts off instead of rounding


def _figures(value: Decimal, figures: int, rounding: str) -> Decimal:
    place = Decimal(1).scaleb(value.adjusted() - figures + 1)
    return value.quantize(place, rounding=rounding)


def _computed(row: dict[str, str]) -> Decimal:
    if row["method"] == "architecture":
        return Decimal(dense_approximation(Decimal(row["params"]), Decimal(row["tokens"])))
    period = Period(
        units=1,
        seconds=3600 * Decimal(row["gpu_hours"]),
        peak=Decimal(row["peak_flop_per_s"]),
        utilisation=Decimal(row["utilisation"]),
    )
    return Decimal(hardware_method([period]).amount)


@pytest.mark.parametrize("row", _EXAMPLES, ids=lambda row: row["id"])
def test_a_worked_example_comes_out_at_its_stated_figures(row: dict[str, str]) -> None:
    figures = int(row["stated_significant_figures"])
    rounding = ROUND_DOWN if row["id"] in _TRUNCATED else ROUND_HALF_UP
    assert _figures(_computed(row), figures, rounding) == Decimal(row["stated_flop"])


@pytest.mark.parametrize("row", _EXAMPLES, ids=lambda row: row["id"])
def test_a_worked_example_lies_within_eight_per_cent_of_its_stated_value(
    row: dict[str, str],
) -> None:
    assert within_margin(Decimal(row["stated_flop"]), _computed(row), Decimal("0.08"))


def test_the_two_hardware_examples_are_exact_before_rounding() -> None:
    exact = {row["id"]: _computed(row) for row in _EXAMPLES}
    assert exact["B"] == 108 * 10**21
    assert exact["H"] == Decimal("6.58674e23")


def test_hardware_is_summed_by_period_and_chip() -> None:
    old = Period(100, 36_000, Decimal("312e12"), Decimal("0.4"), "old")
    new = Period(300, 72_000, Decimal("989.4e12"), Decimal("0.35"), "new")
    estimate = hardware_method([old, new])
    first = 100 * 10 * 3600 * 312 * 10**12 * 4 // 10
    second = 300 * 20 * 3600 * 9894 * 10**11 * 35 // 100
    assert estimate.periods == (first, second)
    assert estimate.amount == first + second
    assert estimate.unit_seconds == 7000 * 3600
    assert estimate.mean_peak == Fraction(100 * 3120 + 300 * 9894, 400) * 10**11
    assert estimate.notes == ()


def test_equal_periods_make_the_weighted_form_and_the_sum_agree() -> None:
    share = Decimal("0.5")
    periods = [Period(1, 8, Decimal(100), share), Period(3, 8, Decimal(200), share)]
    estimate = hardware_method(periods)
    assert Fraction(estimate.amount) == 4 * 8 * estimate.mean_peak / 2


@pytest.mark.parametrize(("share", "word"), [("0.9", "recomputation"), ("0.01", "seconds")])
def test_an_implausible_utilisation_is_noted_and_not_refused(share: str, word: str) -> None:
    estimate = hardware_method([Period(1, 1, 10**12, Decimal(share))])
    assert word in estimate.notes[0]


@pytest.mark.parametrize(
    "period",
    [
        Period(0, 1, 1, Decimal("0.5")),
        Period(True, 1, 1, Decimal("0.5")),
        Period(1, -1, 1, Decimal("0.5")),
        Period(1, 1, 1, Decimal("1.1")),
        Period(1, 1, 1, Decimal(0)),
        Period(1, Decimal("NaN"), 1, Decimal("0.5")),
        Period(1, Decimal("Infinity"), 1, Decimal("0.5")),
    ],
)
def test_impossible_hardware_figures_are_refused(period: Period) -> None:
    with pytest.raises(InputError):
        hardware_method([period])


def test_a_binary_float_is_refused_since_its_digits_are_not_exact() -> None:
    imprecise: Any = 0.5
    with pytest.raises(InputError, match="float"):
        hardware_method([Period(1, 1, 1, imprecise)])
    with pytest.raises(InputError, match="float"):
        dense_approximation(imprecise, 10)


def test_no_period_is_refused() -> None:
    with pytest.raises(InputError, match="no period"):
        hardware_method([])


def test_passes_multiply_with_the_operations_of_one() -> None:
    assert architecture_method(1000, Decimal("1.5")) == 1500


@pytest.mark.parametrize(
    ("true", "inside"),
    [
        (7 * 10**24, True),
        (7 * 10**24 - 1, False),
        (13 * 10**24, True),
        (13 * 10**24 + 1, False),
        (10**25, True),
    ],
)
def test_the_margin_is_a_share_of_the_reported_estimate_and_includes_its_ends(
    true: int, inside: bool
) -> None:
    assert within_margin(10**25, true, _MARGIN) is inside


def test_a_margin_above_one_is_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        within_margin(1, 1, 30)
