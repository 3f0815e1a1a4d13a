"""Energy: exact, with its boundary, and with ranges where something was assumed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from chapterv.compute.energy import (
    PowerSegment,
    Range,
    energy_from_compute,
    energy_from_power,
    inference_operations,
    measured_energy,
    mwh_figures,
)
from chapterv.compute.peaks import find_chip
from chapterv.errors import InputError

_HOUR = 3600
_ONE = Range.stated(1, "stated")


def test_a_meter_reading_is_taken_as_it_is() -> None:
    found = measured_energy(Decimal("123456.789"), "node", "rack meter")
    assert found.megawatt_hours == Fraction(123456789, 10**6)
    assert (found.boundary, found.basis) == ("node", "measured")
    assert mwh_figures(found) == "1.2e2"


def test_hours_and_mean_power_are_multiplied_exactly() -> None:
    found = energy_from_power([PowerSegment(8, 10 * _HOUR, mean_watts=Decimal("512.5"))], "chip")
    assert found.megawatt_hours == Fraction(41, 1000)
    assert found.low == found.high == found.joules


def test_a_stated_overhead_and_pue_reach_the_facility() -> None:
    found = energy_from_power(
        [PowerSegment(1000, _HOUR, mean_watts=1000)],
        "facility",
        Range.stated(Decimal("1.5"), "measured at the node"),
        Range.stated(Decimal("1.2"), "site report"),
    )
    assert found.megawatt_hours == Fraction(18, 10)
    assert any("site report" in note for note in found.notes)


def test_what_nobody_stated_is_a_range_that_says_so() -> None:
    chip = find_chip("h100-sxm")
    found = energy_from_power([PowerSegment(8, _HOUR, chip)], "facility")
    assert found.low < found.joules < found.high
    assert sum("assumed" in note for note in found.notes) == 3


def test_the_design_power_bounds_the_chip_from_above() -> None:
    found = energy_from_power([PowerSegment(1, _HOUR, find_chip("h100-sxm"))], "chip")
    assert found.high == 700 * _HOUR


def test_a_maker_that_measured_the_mean_is_believed() -> None:
    found = energy_from_power([PowerSegment(4, _HOUR, find_chip("tpu-v4"))], "chip")
    assert found.low == found.high == 4 * 170 * _HOUR


def test_a_chip_without_power_is_refused() -> None:
    with pytest.raises(InputError, match="power"):
        energy_from_power([PowerSegment(1, _HOUR, find_chip("tpu-v5p"))], "chip")


def test_operations_and_efficiency_give_energy() -> None:
    efficiency = Range(2 * 10**11, 4 * 10**11, 8 * 10**11, "measured on one node")
    found = energy_from_compute(10**24, efficiency, "node")
    assert found.joules == Fraction(10**24, 4 * 10**11)
    assert (found.low, found.high) == (found.joules / 2, found.joules * 2)


@pytest.mark.parametrize("boundary", ["", "rack", "Facility"])
def test_a_boundary_that_is_not_one_is_refused(boundary: str) -> None:
    with pytest.raises(InputError, match="boundary"):
        measured_energy(1, boundary, "meter")


def test_a_factor_below_one_is_refused() -> None:
    segment = PowerSegment(1, _HOUR, mean_watts=400)
    with pytest.raises(InputError, match="PUE"):
        energy_from_power([segment], "facility", _ONE, Range.stated(Decimal("0.9"), "stated"))


def test_a_binary_float_is_refused() -> None:
    with pytest.raises(InputError, match="float"):
        measured_energy(1.5, "chip", "meter")  # type: ignore[arg-type]


def test_a_binary_float_in_a_factor_is_refused() -> None:
    factor = Range.stated(1.2, "stated")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="float"):
        energy_from_power([PowerSegment(1, _HOUR, mean_watts=400)], "node", factor)


def test_inference_is_two_a_weight_and_four_a_key() -> None:
    assert inference_operations(1000, 0, 0, 3, 2) == 2 * 1000 * 5
    by_hand = sum(4 * 2 * 16 * keys for keys in range(1, 6))
    assert inference_operations(0, 2, 16, 3, 2) == by_hand


def test_splitting_a_request_into_prompt_and_answer_changes_nothing() -> None:
    whole = inference_operations(10**9, 24, 2048, 100, 900)
    assert whole == inference_operations(10**9, 24, 2048, 1000, 0)


@pytest.mark.parametrize("tokens", [-1, True])
def test_tokens_that_are_none_are_refused(tokens: int) -> None:
    with pytest.raises(InputError):
        inference_operations(1, 1, 1, tokens, 1)
