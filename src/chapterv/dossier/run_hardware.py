"""What the hardware of a run tells: operations by the Annex's hardware method, and energy.

A run's own units and time make one method, the jobs that a scheduler lists below it another: they
are two records of the same hours, and are never added.

Source: Guidelines on obligations for general-purpose AI models, Annex A.2.1; Annex XI, section 1,
point 2(e) of the Regulation for energy.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute.amounts import product
from chapterv.compute.energy import (
    Energy,
    PowerSegment,
    Range,
    energy_from_power,
    measured_energy,
)
from chapterv.compute.hardware import Segment, hardware_compute
from chapterv.compute.peaks import Chip, find_chip
from chapterv.compute.repairs import Input, Method
from chapterv.dossier.run_views import RunView
from chapterv.errors import InputError
from chapterv.facts import Amount

__all__ = ["RunEnergy", "energy_of", "hardware_methods"]

SECONDS_AN_HOUR = 3600
USUAL_FORMAT = "bf16"
USED = (
    "unit_hours", "units", "seconds", "chip", "precision", "utilisation", "utilisation_counts",
    "peak_flop_per_s", "mean_peak_flop_per_s", "recomputation", "throughput_per_unit",
)  # fmt: skip
_RECOMPUTED = (Fraction(3, 4), Fraction(7, 8), Fraction(1))


class RunEnergy(msgspec.Struct, frozen=True):
    """The energy of one run, with the facts that it rests on."""

    subject: str
    energy: Energy
    facts: tuple[str, ...]


def hardware_methods(run: RunView, margin: Decimal) -> Iterator[tuple[Method, tuple[str, ...]]]:
    """Work operations out from units and time, as far as they are known.

    Args:
        run: the run with its parts.
        margin: relative error that the guidelines accept.

    Raises:
        InputError: an accelerator or a utilisation that cannot be used.
    """
    own = _segment(run, run)
    if own is not None:
        yield hardware_compute([own], margin).as_method(), run.facts(*USED)
    by_rate = _by_throughput(run)
    if by_rate is not None:
        yield by_rate, run.facts(*USED)
    jobs = [part for part in run.parts if part.tells_hardware and not part.counts_operations]
    segments = [found for part in jobs if (found := _segment(part, run)) is not None]
    if segments and len(segments) == len(jobs):
        method = msgspec.structs.replace(
            hardware_compute(segments, margin).as_method(), name=f"{len(jobs)} jobs"
        )
        used = [name for part in jobs for name in part.facts(*USED)]
        yield method, (*used, *run.facts("chip", "precision", "utilisation", "peak_flop_per_s"))


def unit_seconds(run: RunView) -> tuple[int, Amount] | None:
    """Return units and seconds; hours of all units together count as one unit's."""
    hours = run.amount("unit_hours")
    if hours is not None:
        return 1, product(hours, SECONDS_AN_HOUR)
    units, seconds = run.amount("units"), run.amount("seconds")
    if units is None or seconds is None or units != int(units) or units < 1:
        return None
    return int(units), seconds


def _segment(part: RunView, run: RunView) -> Segment | None:
    """Return units, time and peak of a run or job; what a job does not say is its run's."""
    time = unit_seconds(part)
    chip = _chip(part) or _chip(run)
    if time is None or chip is None or not time[1]:
        return None
    share = part.amount("utilisation")
    source = part if share is not None else run
    share = share if share is not None else run.amount("utilisation")
    said = source.held.get("run.recomputation")
    return Segment(
        units=time[0],
        seconds=time[1],
        chip=chip,
        number_format=_format(part, run),
        utilisation=share,
        origin=source.text("utilisation_counts") or "unknown",
        recomputation=None if said is None else bool(said.value),
        # Schedulers and drivers count devices; people who state hours count what they pay for.
        counted="devices",
    )


def _format(part: RunView, run: RunView) -> str:
    named = (part.text("precision") or run.text("precision") or USUAL_FORMAT).lower()
    plain = "".join(sign for sign in named if sign.isalnum())
    return {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "bf16mixed": "bf16"}.get(
        plain, plain
    )


def _chip(run: RunView) -> Chip | str | None:
    """Return the accelerator: its stated peak goes before the table."""
    stated = run.amount("peak_flop_per_s") or run.amount("mean_peak_flop_per_s")
    name = run.text("chip")
    if stated is None:
        return name
    peak = int(stated)
    formats = dict.fromkeys((USUAL_FORMAT, _format(run, run)), peak)
    label = name or "the accelerator as stated"
    return Chip(
        id="stated", maker="", name=label, family=(), peaks=formats, released="", source="stated",
        status="V",
    )  # fmt: skip


def _by_throughput(run: RunView) -> Method | None:
    """Return units, time and the rate that the log gives for one unit."""
    rate, time = run.amount("throughput_per_unit"), unit_seconds(run)
    if rate is None or time is None or not time[1] or not rate:
        return None
    amount = product(time[0], time[1], rate)
    counts = run.text("tool_operations_counts") or run.text("utilisation_counts") or "unknown"
    inputs = (
        Input("units", time[0]),
        Input("seconds", time[1]),
        Input("throughput", rate, origin=counts),
    )
    note = "units, time and the rate that the log gives for one unit"
    if counts == "model":
        return Method("hardware", amount, inputs=inputs, notes=(note,), name="throughput")
    low, middle, high = (Fraction(amount) * share for share in _RECOMPUTED)
    note += "; it may hold recomputation, so three quarters to all of it count"
    return Method("hardware", middle, low, high, inputs=inputs, notes=(note,), name="throughput")


def energy_of(run: RunView) -> tuple[RunEnergy | None, list[str]]:
    """Return the energy of a run: measured, or from hours and power.

    Args:
        run: the run with its parts.

    Returns: the energy, or None where neither is known, and notes.
    """
    own = _measured(run)
    if own is not None:
        return own, []
    parts = [found for part in run.parts if (found := _measured(part)) is not None]
    if parts and len({found.energy.boundary for found in parts}) == 1:
        joules = sum((Fraction(found.energy.joules) for found in parts), Fraction(0))
        first = parts[0].energy
        whole = msgspec.structs.replace(first, joules=joules, low=joules, high=joules)
        used = tuple(name for found in parts for name in found.facts)
        return RunEnergy(run.subject, whole, used), []
    try:
        return _from_power(run), []
    except InputError as error:
        return None, [f"{run.subject}: {error}"]


def _measured(run: RunView) -> RunEnergy | None:
    amount = run.amount("energy")
    if amount is None:
        return None
    boundary = run.text("energy_boundary")
    how = run.text("energy_method") or "measured"
    found = measured_energy(amount, boundary or "node", how)
    if boundary is None:
        note = "nobody states what the figure covers; taken as whole nodes"
        found = msgspec.structs.replace(found, notes=(*found.notes, note))
    return RunEnergy(run.subject, found, run.facts("energy", "energy_boundary", "energy_method"))


def _from_power(run: RunView) -> RunEnergy | None:
    segments = [found for part in (run, *run.parts) if (found := _power(part, run)) is not None]
    own = _power(run, run)
    if own is not None:
        segments = [own]
    if not segments:
        return None
    pue = run.held.get("run.pue")
    stated = None if pue is None or pue.value is None else Range.stated(pue.value, "stated")
    boundary = "node" if stated is None else "facility"
    used = run.facts("unit_hours", "units", "seconds", "idle_seconds", "chip", "mean_power", "pue")
    return RunEnergy(run.subject, energy_from_power(segments, boundary, pue=stated), used)


def _power(part: RunView, run: RunView) -> PowerSegment | None:
    time = unit_seconds(part)
    if time is None or not time[1]:
        return None
    watts = part.amount("mean_power") or run.amount("mean_power")
    name = part.text("chip") or run.text("chip")
    if watts is None and name is None:
        return None
    chip = None if watts is not None or name is None else find_chip(name)
    idle = part.amount("idle_seconds") if part.amount("unit_hours") is None else None
    return PowerSegment(time[0], time[1] + (idle or 0), chip, watts)
