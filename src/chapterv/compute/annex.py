"""The forms of the Guidelines' Annex A.2, as it states them.

Thresholds and the margin are law data and come in as arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute.amounts import Amount, checked, interval, mean, product, total
from chapterv.errors import InputError

__all__ = [
    "HardwareEstimate",
    "Period",
    "architecture_method",
    "dense_approximation",
    "hardware_method",
    "within_margin",
]

# Model utilisation above this has not been reported for a large run; a higher figure usually counts
# recomputation, or is the share of time in which a device was busy at all.
_PLAUSIBLE_UTILISATION = (Decimal("0.05"), Decimal("0.65"))


class Period(msgspec.Struct, frozen=True):
    """A time in which the same number of units of one kind worked.

    Args:
        units: processing units.
        seconds: duration in seconds, as the Annex counts it.
        peak: theoretical peak of one unit, FLOP a second, without sparsity.
        utilisation: average share of the peak that the model's own operations reached.
        chip: name of the unit.
    """

    units: int
    seconds: Amount
    peak: Amount
    utilisation: Amount
    chip: str = ""


class HardwareEstimate(msgspec.Struct, frozen=True):
    """Compute from hardware use.

    Args:
        amount: operations, summed over all periods.
        periods: operations of each period.
        mean_peak: peak weighted by units, FLOP a second; for display, since the sum is taken by
            period.
        unit_seconds: units times seconds.
        notes: what a person should check.
    """

    amount: Amount
    periods: tuple[Amount, ...]
    mean_peak: Fraction
    unit_seconds: Amount
    notes: tuple[str, ...] = ()


def dense_approximation(parameters: Amount, tokens: Amount) -> Amount:
    """Approximate the training compute of a large dense transformer.

    Args:
        parameters: total parameters.
        tokens: training tokens, epochs multiplied in.

    Returns: operations. Not for mixtures of experts, whose total parameters overstate it.

    Source: Annex A.2.2 (C ≈ 6 · P · D).

    >>> dense_approximation(7_000_000_000, 2_000_000_000_000)
    84000000000000000000000
    """
    return product(6, checked(parameters, "parameters"), checked(tokens, "tokens"))


def architecture_method(passes: Amount, operations: Amount) -> Amount:
    """Multiply forward and backward passes with the operations of one.

    Args:
        passes: passes through the model.
        operations: operations of a full pass, forward and backward.

    Source: Annex A.2.2.
    """
    return product(checked(passes, "passes"), checked(operations, "operations"))


def hardware_method(periods: Iterable[Period]) -> HardwareEstimate:
    """Sum units, time, peak and utilisation over periods.

    Args:
        periods: each with one number and kind of units; together they cover the training.

    Returns: the sum, and what the Annex calls H for mixed hardware.

    Raises:
        InputError: no period, or a figure out of range.

    Source: Annex A.2.1 (C = N · L · H · U).
    """
    checked_periods = [_check(period) for period in periods]
    if not checked_periods:
        raise InputError("no period of hardware use is given", None, "Give at least one.")
    amounts = [product(p.units, p.seconds, p.peak, p.utilisation) for p in checked_periods]
    return HardwareEstimate(
        amount=total(amounts),
        periods=tuple(amounts),
        mean_peak=mean([(p.units, p.peak) for p in checked_periods]),
        unit_seconds=total([product(p.units, p.seconds) for p in checked_periods]),
        notes=_notes(checked_periods),
    )


def within_margin(reported: Amount, true: Amount, margin: Amount) -> bool:
    """Tell whether a true amount lies within a share of the reported estimate, ends included.

    Args:
        reported: the estimate, whose share the margin is.
        true: the amount that it is compared with.
        margin: share, such as Decimal("0.3").

    Source: Annex A.2.
    """
    low, high = interval(checked(reported, "the estimate"), margin)
    return low <= checked(true, "the true amount") <= high


def _check(period: Period) -> Period:
    units = checked(period.units, "the number of units")
    if not isinstance(units, int) or units < 1:
        raise InputError("the number of units must be a whole number from 1", None, "Check it.")
    checked(period.seconds, "the seconds")
    checked(period.peak, "the peak")
    if not 0 < checked(period.utilisation, "the utilisation") <= 1:
        raise InputError(
            "the utilisation must lie above 0 and at most at 1", None, "Give 40 % as 0.4."
        )
    return period


def _notes(periods: list[Period]) -> tuple[str, ...]:
    least, most = _PLAUSIBLE_UTILISATION
    notes = []
    if any(period.utilisation > most for period in periods):
        notes.append(
            f"a utilisation above {most} is implausible: it must be the share of the peak that the "
            "model's own operations reach, without recomputation"
        )
    if any(period.utilisation < least for period in periods):
        notes.append(f"a utilisation below {least} is implausible: check seconds and units")
    return tuple(notes)
