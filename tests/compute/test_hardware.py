"""Compute from hardware use: exact sums, and utilisations that say where they come from."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from chapterv.compute.hardware import (
    Segment,
    hardware_compute,
    hardware_days,
    implied_utilisation,
)
from chapterv.errors import InputError

_MARGIN = Decimal("0.3")


def _segment(**changes: object) -> Segment:
    fields: dict[str, object] = {
        "units": 1024,
        "seconds": 86_400,
        "chip": "h100-sxm",
        "utilisation": Decimal("0.4"),
        "origin": "model",
    }
    return Segment(**(fields | changes))  # type: ignore[arg-type]


def test_a_segment_with_model_utilisation_is_an_exact_product() -> None:
    found = hardware_compute([_segment()], _MARGIN)
    expected = 1024 * 86_400 * 989_400_000_000_000 * 4 // 10
    assert (found.low, found.amount, found.high) == (expected, expected, expected)
    assert found.within_margin


def test_segments_of_several_chips_are_summed_exactly() -> None:
    parts = [
        _segment(),
        _segment(units=64, seconds=Decimal("0.1"), chip="NVIDIA A100-SXM4-80GB"),
        _segment(chip="mi300x", number_format="fp8", utilisation=Decimal("0.123456789")),
    ]
    found = hardware_compute(parts, _MARGIN)
    alone = sum(Fraction(hardware_compute([part], _MARGIN).amount) for part in parts)
    assert Fraction(found.amount) == alone


def test_a_share_of_busy_time_is_refused() -> None:
    with pytest.raises(InputError, match="busy"):
        hardware_compute([_segment(origin="busy")], _MARGIN)


def test_a_hardware_count_becomes_a_range_from_three_quarters_to_all() -> None:
    found = hardware_compute([_segment(origin="hardware")], _MARGIN)
    whole = hardware_compute([_segment()], _MARGIN).amount
    assert Fraction(found.low) == Fraction(whole) * 3 / 4
    assert found.high == whole
    assert found.within_margin


def test_a_hardware_count_without_recomputation_is_the_models_own() -> None:
    found = hardware_compute([_segment(origin="hardware", recomputation=False)], _MARGIN)
    assert found.low == found.high == hardware_compute([_segment()], _MARGIN).amount


@pytest.mark.parametrize(
    "changes",
    [
        {"utilisation": None},
        {"origin": "unknown"},
        {"utilisation": Decimal("0.66")},
        {"utilisation": Decimal("0.9"), "origin": "hardware", "recomputation": False},
    ],
    ids=["none", "unsaid", "implausible", "implausible count"],
)
def test_what_is_not_known_is_too_wide_for_the_accuracy_and_says_so(
    changes: dict[str, object],
) -> None:
    found = hardware_compute([_segment(**changes)], _MARGIN)
    peak = 1024 * 86_400 * 989_400_000_000_000
    assert (Fraction(found.low), Fraction(found.high)) == (Fraction(peak, 4), Fraction(peak, 2))
    assert not found.within_margin
    assert "0.25 to 0.5" in " ".join(found.segments[0].notes)


def test_a_utilisation_at_the_upper_limit_is_still_taken() -> None:
    assert hardware_compute([_segment(utilisation=Decimal("0.65"))], _MARGIN).within_margin


def test_a_module_of_two_devices_asks_what_was_counted() -> None:
    with pytest.raises(InputError, match="2 devices in a module"):
        hardware_compute([_segment(chip="mi250x")], _MARGIN)
    modules = hardware_compute([_segment(chip="mi250x", counted="modules")], _MARGIN)
    devices = hardware_compute([_segment(chip="mi250x", counted="devices")], _MARGIN)
    assert Fraction(modules.amount) == 2 * Fraction(devices.amount)


def test_a_peak_that_nobody_checked_is_noted() -> None:
    found = hardware_compute([_segment(chip="mi100", number_format="fp16")], _MARGIN)
    assert "not checked" in found.segments[0].notes[0]


@pytest.mark.parametrize("utilisation", [0.4, float("nan")])
def test_a_binary_float_is_refused(utilisation: float) -> None:
    with pytest.raises(InputError, match="float"):
        hardware_compute([_segment(utilisation=utilisation)], _MARGIN)


@pytest.mark.parametrize("changes", [{"units": 0}, {"utilisation": Decimal(0)}, {"seconds": -1}])
def test_a_figure_out_of_range_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        hardware_compute([_segment(**changes)], _MARGIN)


def test_no_segment_is_refused() -> None:
    with pytest.raises(InputError, match="no segment"):
        hardware_compute([], _MARGIN)


@pytest.mark.parametrize(
    ("operations", "gpu_hours", "chip", "share"),
    [
        ("3.8e25", 30_840_000, "h100-sxm", Decimal("0.35")),
        ("3.3e24", 2_788_000, "h800-sxm", Decimal("0.33")),
    ],
    ids=["dense 405B", "mixture 671B"],
)
def test_large_published_runs_imply_a_plausible_utilisation(
    operations: str, gpu_hours: int, chip: str, share: Decimal
) -> None:
    hours = Segment(1, gpu_hours * 3600, chip)
    found = implied_utilisation(Decimal(operations), [hours])
    assert found.plausible
    assert abs(found.value - Fraction(share)) < Fraction(1, 100)


def test_too_much_and_too_little_come_with_their_likely_reasons() -> None:
    day = [Segment(8, 86_400, "h100-sxm")]
    peak = 8 * 86_400 * 989_400_000_000_000
    high = implied_utilisation(peak, day)
    low = implied_utilisation(peak // 100, day)
    assert (high.value, high.plausible) == (1, False)
    assert any("all experts" in reason for reason in high.reasons)
    assert not low.plausible
    assert any("several runs" in reason for reason in low.reasons)


def test_the_hardware_method_keeps_the_origin_of_its_utilisation() -> None:
    method = hardware_compute([_segment()], _MARGIN).as_method("job.csv")
    origins = {given.name: given.origin for given in method.inputs}
    assert origins["utilisation"] == "model"
    product = Fraction(1)
    for name in ("units", "seconds", "peak", "utilisation"):
        product *= method.value_of(name) or 0
    assert product == Fraction(method.amount)


def test_days_are_added_by_accelerator_and_devices_brought_to_modules() -> None:
    days = hardware_days(
        [
            _segment(units=8, seconds=43_200),
            _segment(units=8, seconds=86_400),
            _segment(units=4, chip="mi250x", counted="devices"),
        ]
    )
    assert days == {"NVIDIA H100 SXM5 80 GB": 12, "AMD Instinct MI250X OAM": 2}
