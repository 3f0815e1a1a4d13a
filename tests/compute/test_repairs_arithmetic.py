"""Calculations in notes: read as people write them, refused where they are none."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute.repairs_arithmetic import read_calculations

# The values are those of the arithmetic, to three figures.
_CALCULATIONS = {
    "6 FLOP / parameter / token * 3 * 10^9 active parameters * 15 * 10^12 tokens": "2.70e23",
    "6ND = 6*13B*300B*3": "7.02e22",
    "6 * 37B (active params) * 14.8T for pre-training": "3.29e24",
    "(6 FLOP/token/parameter) * (23T tokens) * (32B active parameters)": "4.42e24",
    "11 hours * 4 GPUs * 125 teraFLOPS/GPU * 0.40 utilization": "7.92e18",
    "56.5% * 123 TFLOPS/s * 1024 chips * 57.7 days": "3.55e23",
    "100 days * 512 processors * 320 teraFLOPS/processor * 33% utilization": "4.67e23",
    "16 * 312tFLOP/s * 21 * 24 * 3600 * 0.3 (utilization assumption)": "2.72e21",
    "312 TFLOPS/GPU * 96 servers * 8 GPU/server * 2 months * 32.5% utilization": "4.04e23",
    "4*123e12*0.3*(7*24*3600)": "8.93e19",
    "(64) * (123* 10**12) * (7 * 24 * 3600) * (0.3)": "1.43e21",
    "140e3 ∗ 2e6 ∗ 66e9 ∗ 6": "1.11e23",
    "9938 PF-days * 3600 * 24 * 10^15": "8.59e23",
    "4095 petaFLOPS-days which equals": "3.54e23",
    "2048 * (512 + 256 * 1) * 20000": "3.15e10",
    "275 teraflops * 8700/2 * 24 * 3600 * 0.4": "4.13e22",
    "sqrt(4e24 * 1e24)": "2.00e24",
    "1,000,000 × 2 billion": "2.00e15",
    "6 weeks * 8 * 130 TFLOP/s": "3.77e21",
}


@pytest.mark.parametrize("text", _CALCULATIONS)
def test_a_calculation_is_worked_out(text: str) -> None:
    found = [calculation.value for calculation in read_calculations(text)]
    assert f"{float(found[-1]):.2e}".replace("e+", "e") == _CALCULATIONS[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "see table 6",
        "3.538*10^23 FLOP",
        "Qwen3-235B-A22B",
        "https://example.org/a?x=3*4",
        "version 1.2, 3 GPUs",
        "6ND",
        "1 / 0",
        "2 * 1e999",
        "((((((((((((((((1*2))))))))))))))))",
    ],
)
def test_what_is_no_calculation_gives_none(text: str) -> None:
    assert all(calculation.value < 100 for calculation in read_calculations(text))


def test_a_stated_result_that_differs_is_seen() -> None:
    right, wrong = read_calculations("2 * 3e20 = 6e20. 2 * 3e20 * MFU = 1e20.")
    assert (right.holds, wrong.holds) == (True, False)
    assert wrong.stated == 10**20


def test_a_number_that_is_the_result_already_is_seen() -> None:
    (found,) = read_calculations("1.656e24 FLOP [backbone] + 1.44e23 FLOP = 1.8e24 FLOP")
    assert found.restates


def test_no_digit_is_lost() -> None:
    (found,) = read_calculations("123456789012345678901 * 1.000000000000000000001")
    assert found.value == 123456789012345678901 * Fraction("1.000000000000000000001")


@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_calculations(text)


@given(st.text(alphabet="0123456789.,*/^+-()x%eTB \n", max_size=200))
def test_any_heap_of_digits_and_signs_is_read_without_an_error(text: str) -> None:
    read_calculations(text)


@pytest.mark.parametrize(
    "text",
    ["(" * 50_000, "1*" * 50_000, "9" * 100_000, "1 a " * 20_000, "sqrt" * 9_000, "9^" * 9_000],
)
def test_hostile_text_is_read_in_bounded_time(text: str) -> None:
    # The processor's time, which other programs do not lengthen: seconds would be minutes if the
    # reading were more than linear.
    start = time.process_time()
    read_calculations(text)
    assert time.process_time() - start < 5
