"""Compute from hardware use, segment by segment, and what the utilisation behind it is worth.

The Annex multiplies units, time, peak and utilisation. Three of them are facts; the utilisation is
where estimates go wrong, since monitors print other quantities under that name. So its origin is
asked: a share of busy time is refused, a hardware count is corrected for recomputation as a range,
and a figure of unknown origin gives a range that is too wide for the accuracy asked for, openly.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute.amounts import Amount, checked, plain, product, total
from chapterv.compute.peaks import Chip, find_chip
from chapterv.compute.repairs import Exact, Input, Method, exact
from chapterv.errors import InputError

__all__ = [
    "ORIGINS",
    "HardwareCompute",
    "Implied",
    "Segment",
    "SegmentCompute",
    "hardware_compute",
    "hardware_days",
    "implied_utilisation",
]

ORIGINS = ("model", "hardware", "busy", "unknown")
"""Origins of a utilisation: operations of the model, of the hardware, busy time, or unsaid."""

_DAY = 86_400
_PLAUSIBLE = (Decimal("0.05"), Decimal("0.65"))
# What large runs reach when nobody measured it. The middle is a middle, not a finding.
_UNKNOWN = (Decimal("0.25"), Decimal("0.375"), Decimal("0.5"))
# Recomputing everything adds one forward pass to a forward pass and two passes' worth of backward.
_RECOMPUTED = (Decimal("0.75"), Decimal("0.875"), Decimal(1))


class Segment(msgspec.Struct, frozen=True):
    """A time in which the same number of units of one kind worked for one run.

    Args:
        units: modules, or devices where ``counted`` says so.
        seconds: duration in seconds.
        chip: accelerator, or its name as a log has it.
        number_format: format of the matrix products, such as ``bf16``.
        utilisation: share of the peak, or None where nobody knows it.
        origin: one of ``ORIGINS``.
        recomputation: whether activations were recomputed, or None where unsaid.
        counted: ``modules`` or ``devices``; asked where a module holds several devices.
        place: where the figures come from.
    """

    units: int
    seconds: Amount
    chip: Chip | str
    number_format: str = "bf16"
    utilisation: Amount | None = None
    origin: str = "unknown"
    recomputation: bool | None = None
    counted: str = ""
    place: str = ""


class SegmentCompute(msgspec.Struct, frozen=True):
    """Compute of one segment.

    Args:
        chip: label of the accelerator.
        unit_seconds: units times seconds.
        peak: dense peak of one unit as counted, FLOP a second.
        low: operations at the lower end of the utilisation.
        amount: operations.
        high: operations at the upper end.
        notes: what a person should check.
    """

    chip: str
    unit_seconds: Amount
    peak: Amount
    low: Amount
    amount: Amount
    high: Amount
    notes: tuple[str, ...] = ()


class HardwareCompute(msgspec.Struct, frozen=True):
    """Compute of a run from its hardware use.

    Args:
        amount: operations, summed exactly over the segments.
        low: sum of the lower ends.
        high: sum of the upper ends.
        within_margin: whether low and high lie within the margin of the amount.
        segments: the parts.
        origins: origins of the utilisations, each once.
    """

    amount: Amount
    low: Amount
    high: Amount
    within_margin: bool
    segments: tuple[SegmentCompute, ...]
    origins: tuple[str, ...]

    def as_method(self, place: str = "") -> Method:
        """The same as one of the methods that are reconciled."""
        origin = self.origins[0] if len(self.origins) == 1 else "mixed"
        seconds = total([segment.unit_seconds for segment in self.segments])
        at_peak = total([product(part.unit_seconds, part.peak) for part in self.segments])
        share = exact(self.amount) / exact(at_peak)
        return Method(
            kind="hardware",
            amount=self.amount,
            low=self.low,
            high=self.high,
            inputs=(
                Input("units", 1),
                Input("seconds", seconds, place=place),
                Input("peak", exact(at_peak) / exact(seconds)),
                Input("utilisation", share, origin=origin),
            ),
            notes=tuple(note for segment in self.segments for note in segment.notes),
            place=place,
        )


class Implied(msgspec.Struct, frozen=True):
    """The utilisation that an amount of compute would mean for a stretch of hardware time.

    Args:
        value: exact share of the dense peak.
        plausible: whether large runs reach such a share.
        reasons: what is likely wrong where they do not.
    """

    value: Fraction
    plausible: bool
    reasons: tuple[str, ...]


def hardware_compute(segments: Iterable[Segment], margin: Amount) -> HardwareCompute:
    """Sum units, time, peak and utilisation over segments, with the range of each.

    Args:
        segments: at least one.
        margin: the Guidelines' accuracy as a share of the estimate; law data.

    Returns: the sum, its range, and whether the range is narrow enough.

    Raises:
        InputError: a share of busy time, a figure out of range, an ambiguous accelerator, or a
            module of several devices where nobody says what was counted.

    Source: Guidelines, Annex A.2.1 (C = N · L · H · U), summed by period.
    """
    given = list(segments)
    if not given:
        raise InputError("no segment of hardware use is given", None, "Give at least one.")
    parts = tuple(_segment(segment) for segment in given)
    low, amount, high = (
        total([getattr(part, name) for part in parts]) for name in ("low", "amount", "high")
    )
    share = exact(checked(margin, "the margin"))
    inside = exact(low) >= (1 - share) * exact(amount) and exact(high) <= (1 + share) * exact(
        amount
    )
    return HardwareCompute(
        amount=amount,
        low=low,
        high=high,
        within_margin=inside,
        segments=parts,
        origins=tuple(dict.fromkeys(_effective_origin(segment) for segment in given)),
    )


def implied_utilisation(operations: Exact, segments: Iterable[Segment]) -> Implied:
    """Divide operations by what the hardware could have done at its dense peak.

    Args:
        operations: of the run, by another method.
        segments: hardware use; their own utilisation is not looked at.

    Returns: the share and, outside 0.05 to 0.65, the likely reasons.

    Raises:
        InputError: no segment, or no time in them.
    """
    at_peak = Fraction(0)
    for segment in segments:
        _, units, peak = _counted(segment)
        at_peak += exact(units) * exact(checked(segment.seconds, "the seconds")) * exact(peak)
    if not at_peak:
        raise InputError("no hardware time is given", None, "Give units and seconds above zero.")
    value = exact(operations, "the operations") / at_peak
    low, high = (exact(end) for end in _PLAUSIBLE)
    if value > high:
        return Implied(value, False, _TOO_HIGH)
    if value < low:
        return Implied(value, False, _TOO_LOW)
    return Implied(value, True, ())


def hardware_days(segments: Iterable[Segment]) -> dict[str, Fraction]:
    """Days of each kind of accelerator, as modules.

    Args:
        segments: hardware use.

    Returns: units times days by the accelerator's label, exactly.

    Source: model documentation form, item c.time.aio (hardware days by accelerator type).
    """
    days: dict[str, Fraction] = {}
    for segment in segments:
        chip, units, _ = _counted(segment)
        modules = Fraction(units, chip.devices if segment.counted == "devices" else 1)
        spent = modules * exact(checked(segment.seconds, "the seconds")) / _DAY
        days[chip.label] = days.get(chip.label, Fraction(0)) + spent
    return days


_TOO_HIGH = (
    "hours are missing, such as those of another stage, of restarts or of part of the units",
    "the operations count all experts where a token uses a few",
    "the operations contain the training of a base model that other hardware did",
    "the matrix products ran in FP8, whose peak is twice that of BF16",
    "devices were counted as modules, so that a module of two has half its peak",
    "tokens or epochs were multiplied in twice",
)
_TOO_LOW = (
    "the hours are those of several runs, or contain idle time, evaluation and restarts",
    "words were counted where the model saw tokens, or epochs were left out",
    "the peak is the data sheet's figure for sparse matrices, twice the dense one",
    "the peak is that of FP8 while the matrix products ran in BF16",
    "two devices a module were counted, each with the peak of the module",
    "the backward pass was left out of the operations",
)


def _segment(segment: Segment) -> SegmentCompute:
    chip, units, peak = _counted(segment)
    unit_seconds = product(units, checked(segment.seconds, "the seconds"))
    (low, middle, high), notes = _utilisation(segment)
    least, amount, most = (product(unit_seconds, peak, share) for share in (low, middle, high))
    if chip.status == "U":
        notes = (*notes, f"the peak of {chip.label} was not checked against a document")
    return SegmentCompute(chip.label, unit_seconds, peak, least, amount, most, notes)


def _counted(segment: Segment) -> tuple[Chip, int, Amount]:
    """The accelerator, the units and the peak of one unit as it was counted."""
    units = checked(segment.units, "the number of units")
    if not isinstance(units, int) or units < 1:
        raise InputError("the number of units must be a whole number from 1", None, "Check it.")
    chip = segment.chip if isinstance(segment.chip, Chip) else find_chip(segment.chip)
    peak = chip.peak(segment.number_format)
    if chip.devices == 1 or segment.counted == "modules":
        return chip, units, peak
    if segment.counted != "devices":
        raise InputError(
            f"{chip.label} has {chip.devices} devices in a module, and it is not said which "
            "of them were counted", segment.place or None, 'State "modules" or "devices".',
        )  # fmt: skip
    return chip, units, plain(Decimal(peak) / chip.devices)


def _effective_origin(segment: Segment) -> str:
    """The origin, with an implausibly high model utilisation counted as unknown."""
    if segment.origin == "hardware" and segment.recomputation is False:
        return "model" if not _too_high(segment.utilisation) else "unknown"
    if segment.origin == "model" and _too_high(segment.utilisation):
        return "unknown"
    return segment.origin if segment.utilisation is not None else "unknown"


def _too_high(utilisation: Amount | None) -> bool:
    return utilisation is not None and utilisation > _PLAUSIBLE[1]


def _utilisation(segment: Segment) -> tuple[tuple[Amount, Amount, Amount], tuple[str, ...]]:
    """Lower end, middle and upper end of the model's own share of the peak."""
    share = segment.utilisation
    if segment.origin not in ORIGINS:
        raise InputError(
            f"{segment.origin[:20]!r} is no origin of a utilisation", segment.place or None,
            "Known: " + ", ".join(ORIGINS) + ".",
        )  # fmt: skip
    if segment.origin == "busy":
        raise InputError(
            "a share of busy time is no utilisation in the sense of the Annex: a device is busy "
            "while it reaches a fraction of its peak", segment.place or None,
            "Give the share of the peak that the model's operations reached, or none.",
        )  # fmt: skip
    if share is not None and not 0 < checked(share, "the utilisation") <= 1:
        raise InputError(
            "the utilisation must lie above 0 and at most at 1", segment.place or None,
            "Give 40 % as 0.4.",
        )  # fmt: skip
    origin = _effective_origin(segment)
    if origin == "unknown" or share is None:
        return _UNKNOWN, (_unknown_note(segment),)
    if origin == "hardware":
        low, middle, high = (product(share, part) for part in _RECOMPUTED)
        return (low, middle, high), (
            "a hardware count contains recomputed activations, which the Annex leaves out: all of "
            "the forward pass at most, so the model's share is three quarters to all of it",
        )
    notes: tuple[str, ...] = ()
    if share < _PLAUSIBLE[0]:
        notes = (f"a utilisation below {_PLAUSIBLE[0]} is implausible: check seconds and units",)
    return (share, share, share), notes


def _unknown_note(segment: Segment) -> str:
    low, _, high = _UNKNOWN
    said = "no utilisation is known" if segment.utilisation is None else (
        f"the utilisation of {segment.utilisation} is above {_PLAUSIBLE[1]}, which model "
        "operations have not been reported to reach"
        if _too_high(segment.utilisation)
        else f"the origin of the utilisation of {segment.utilisation} is not known"
    )  # fmt: skip
    return f"{said}: {low} to {high} is taken, which is too wide for the accuracy asked for"
