"""Energy of training and of inference, with the boundary of every figure stated.

Measured energy comes first, then hours and power, then operations and a stated efficiency. What is
not known comes in as a range from `data/energy.toml` that says so. The boundary is the chip, the
node around it, or the facility with cooling and losses; figures of different boundaries never mix.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import msgspec

from chapterv.compute.amounts import Amount, checked, product, total
from chapterv.compute.peaks import Chip
from chapterv.compute.reconciling_figures import two_figures
from chapterv.compute.repairs import Exact, exact
from chapterv.errors import InputError

__all__ = [
    "BOUNDARIES",
    "Energy",
    "PowerSegment",
    "Range",
    "energy_from_compute",
    "energy_from_power",
    "inference_operations",
    "measured_energy",
    "mwh_figures",
]

BOUNDARIES = ("chip", "node", "facility")
"""What a figure of energy contains: the accelerator, its server, or the whole site."""

_JOULES_A_KWH = 3_600_000


class Range(msgspec.Struct, frozen=True):
    """A factor that is not exactly known.

    Args:
        low: least.
        amount: the value used.
        high: most.
        source: where it comes from; says so where it was assumed.
    """

    low: Amount
    amount: Amount
    high: Amount
    source: str

    @classmethod
    def stated(cls, value: Amount, source: str) -> Range:
        """A factor that somebody states."""
        return cls(value, value, value, source)


class PowerSegment(msgspec.Struct, frozen=True):
    """Hours of units that drew power.

    Args:
        units: accelerator modules.
        seconds: gross duration: idle time and restarts draw power too.
        chip: the accelerator, for its power where none was measured.
        mean_watts: measured mean power of one module, or None.
    """

    units: int
    seconds: Amount
    chip: Chip | None = None
    mean_watts: Amount | None = None


class Energy(msgspec.Struct, frozen=True):
    """An amount of energy.

    Args:
        joules: exact.
        low: least, in joules.
        high: most, in joules.
        boundary: chip, node or facility.
        basis: measured, power or compute.
        notes: what was taken and from where.
    """

    joules: Exact
    low: Exact
    high: Exact
    boundary: str
    basis: str
    notes: tuple[str, ...] = ()

    @property
    def megawatt_hours(self) -> Fraction:
        """The amount in MWh, exactly."""
        return exact(self.joules) / (1000 * _JOULES_A_KWH)


def measured_energy(kilowatt_hours: Amount, boundary: str, source: str) -> Energy:
    """Energy that a meter counted.

    Args:
        kilowatt_hours: reading, kWh.
        boundary: what the meter saw.
        source: which meter, such as ``CodeCarbon, accelerator counters``.
    """
    joules = product(checked(kilowatt_hours, "the energy"), _JOULES_A_KWH)
    return Energy(joules, joules, joules, _boundary(boundary), "measured", (source,))


def energy_from_power(
    segments: Iterable[PowerSegment],
    boundary: str,
    node_overhead: Range | None = None,
    pue: Range | None = None,
) -> Energy:
    """Energy from hours and power, brought to a boundary.

    Args:
        segments: at least one; where no mean power was measured, the design power of the chip
            bounds it from above.
        boundary: how far the figure shall reach.
        node_overhead: power of a node divided by that of its accelerators; a range if None.
        pue: power of the facility divided by that of its nodes; a range if None.

    Returns: the sum with its range.

    Raises:
        InputError: no segment, no power, or a factor below 1.
    """
    parts = [_drawn(segment) for segment in segments]
    if not parts:
        raise InputError("no hours are given", None, "Give at least one segment.")
    sums = [total([amounts[end] for amounts, _ in parts]) for end in range(3)]
    notes = list(dict.fromkeys(note for _, note in parts))
    reach = BOUNDARIES.index(_boundary(boundary))
    factors = [node_overhead or _assumed("node_overhead"), pue or _assumed("pue")][:reach]
    for factor, name in zip(factors, ("node overhead", "PUE"), strict=False):
        ends = [checked(end, f"the {name}") for end in (factor.low, factor.amount, factor.high)]
        if not 1 <= ends[0] <= ends[1] <= ends[2]:
            raise InputError(f"the {name} must not be below 1", None, "Check it.")
        sums = [product(amount, end) for amount, end in zip(sums, ends, strict=True)]
        notes.append(f"{name} {_shown(factor)}: {factor.source}")
    return Energy(sums[1], sums[0], sums[2], boundary, "power", tuple(notes))


def energy_from_compute(operations: Exact, efficiency: Range, boundary: str) -> Energy:
    """Energy from operations and operations a joule.

    Args:
        operations: FLOP.
        efficiency: FLOP a joule that the hardware really reached at this boundary; the peak
            divided by the design power would make the energy far too small.
        boundary: what the efficiency refers to.
    """
    count = exact(operations, "the operations")
    if efficiency.low <= 0:
        raise InputError("the efficiency must be above zero", None, "Give FLOP a joule.")
    low, amount, high = (
        count / exact(value) for value in (efficiency.high, efficiency.amount, efficiency.low)
    )
    note = f"{_shown(efficiency)} FLOP a joule: {efficiency.source}"
    return Energy(amount, low, high, _boundary(boundary), "compute", (note,))


def inference_operations(
    active_parameters: int, layers: int, attention_width: int, prompt: int, generated: int
) -> int:
    """Operations of one request to a decoder that keeps keys and values.

    Args:
        active_parameters: weights that a token is multiplied with, output head included.
        layers: layers with full causal attention.
        attention_width: heads times head size.
        prompt: tokens read.
        generated: tokens written, each of which runs through the model once.

    Returns: FLOP, two a multiply-add: 2 · N a token, and 4 · width · layers for each key that a
        token attends, itself included.

    Source: model documentation form, item e.inf.flop (benchmarked compute for inference); closed
        form after Kaplan et al. 2020, section 2.1.

    >>> inference_operations(7_000_000_000, 32, 4096, 0, 100_000) > 2 * 7_000_000_000 * 100_000
    True
    """
    values = (active_parameters, layers, attention_width, prompt, generated)
    if any(isinstance(value, bool) or value < 0 for value in values):
        raise InputError("sizes and tokens must not be negative", None, "Check them.")
    tokens = prompt + generated
    keys = tokens * (tokens + 1) // 2
    return 2 * active_parameters * tokens + 4 * layers * attention_width * keys


def mwh_figures(energy: Energy) -> str:
    """Megawatt-hours to two significant figures, as ``1.0e2``.

    Source: model documentation form, item e.mwh.
    """
    return two_figures(energy.megawatt_hours)


def _drawn(segment: PowerSegment) -> tuple[tuple[Amount, Amount, Amount], str]:
    """Joules of a segment at the chip: least, taken, most."""
    units = checked(segment.units, "the number of units")
    seconds = checked(segment.seconds, "the seconds")
    if segment.mean_watts is not None:
        joules = product(units, seconds, checked(segment.mean_watts, "the mean power"))
        return (joules, joules, joules), "mean power of the accelerators as measured"
    chip = segment.chip
    watts = (chip.power_watts or chip.tdp_watts) if chip else 0
    if chip is None or not watts:
        raise InputError(
            "neither the mean power nor the design power of the accelerator is known", None,
            "State the mean power in watts.",
        )  # fmt: skip
    if chip.power_watts:
        joules = product(units, seconds, watts)
        return (joules, joules, joules), f"mean power of {chip.label} as its maker measured it"
    load = _assumed("load")
    low, amount, high = (
        product(units, seconds, watts, share) for share in (load.low, load.amount, load.high)
    )
    return (low, amount, high), f"design power of {chip.label}, {watts} W; load {load.source}"


def _boundary(name: str) -> str:
    if name not in BOUNDARIES:
        raise InputError(
            f"{name[:20]!r} is no boundary of energy", None, "Known: " + ", ".join(BOUNDARIES) + "."
        )
    return name


@cache
def _assumed(name: str) -> Range:
    """A factor's range from the table, marked as assumed."""
    from chapterv.facts import datafiles  # its front is slow, and only a table needs it

    row: dict[str, Any] = datafiles.load_tables("chapterv.compute", "energy")[name]
    low, amount, high = (Decimal(row[end]) for end in ("low", "amount", "high"))
    return Range(low, amount, high, f"assumed, {row['source']}")


def _shown(factor: Range) -> str:
    if factor.low == factor.high:
        return str(factor.amount)
    return f"{factor.low} to {factor.high}, {factor.amount} taken"
