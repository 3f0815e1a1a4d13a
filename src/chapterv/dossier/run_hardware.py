"""What the hardware of a run tells: operations by the Annex's hardware method, and energy.

The units and time of each record make a method, and so do the jobs that a scheduler lists: they are
records of the same hours, and are never added. The same holds for energy: of several records of a
run one counts, and the others are named beside it.

Source: Guidelines on obligations for general-purpose AI models, Annex A.2.1; Annex XI, section 1,
point 2(e) of the Regulation for energy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute.amounts import product
from chapterv.compute.energy import (
    BOUNDARIES,
    Energy,
    PowerSegment,
    Range,
    energy_from_power,
    measured_energy,
)
from chapterv.compute.hardware import Segment, hardware_compute
from chapterv.compute.peaks import Chip, find_chip
from chapterv.compute.repairs import Input, Method
from chapterv.dossier.run_records import METER, format_name
from chapterv.dossier.run_views import RunView
from chapterv.errors import InputError
from chapterv.facts import Amount

__all__ = ["USED", "RunEnergy", "energies_of", "hardware_methods", "jobs_method"]

SECONDS_AN_HOUR = 3600
USUAL_FORMAT = "bf16"
USED = (
    "unit_hours", "units", "seconds", "chip", "precision", "utilisation", "utilisation_counts",
    "peak_flop_per_s", "mean_peak_flop_per_s", "recomputation", "throughput_per_unit",
)  # fmt: skip
_RECOMPUTED = (Fraction(3, 4), Fraction(7, 8), Fraction(1))


class RunEnergy(msgspec.Struct, frozen=True):
    """The energy of one run as one record has it, with the facts that it rests on.

    Args:
        subject: the run.
        energy: with its boundary.
        facts: identifiers.
        at_least: it is a bound from below.
        told_by: format of the record.
        estimated: the record itself works it out from ratings.
    """

    subject: str
    energy: Energy
    facts: tuple[str, ...]
    at_least: bool = False
    told_by: str = ""
    estimated: bool = False


def hardware_methods(run: RunView, margin: Decimal) -> Iterator[tuple[Method, tuple[str, ...]]]:
    """Work operations out from units and time, as far as they are known.

    Args:
        run: the run as one record tells it.
        margin: relative error that the guidelines accept.

    Raises:
        InputError: an accelerator or a utilisation that cannot be used.
    """
    by_rate = _by_throughput(run)
    if by_rate is not None:
        yield by_rate, run.facts(*USED)
    own = _segment(run, run)
    if own is not None:
        yield hardware_compute([own], margin).as_method(), run.facts(*USED)


def jobs_method(
    run: RunView, jobs: Sequence[RunView], margin: Decimal
) -> tuple[Method, tuple[str, ...], bool] | None:
    """Work operations out from the jobs that one record lists for a run.

    Args:
        run: the run, for what a job does not say.
        jobs: as the record tells them.
        margin: relative error that the guidelines accept.

    Returns: the method, its facts, and whether it is a bound from below; None where no job names
        an accelerator.

    Raises:
        InputError: an accelerator or a utilisation that cannot be used.
    """
    found = [(job, segment) for job in jobs if (segment := _segment(job, run)) is not None]
    if not found:
        return None
    method = hardware_compute([segment for _, segment in found], margin).as_method()
    used = [name for job, _ in found for name in job.facts(*USED)]
    used += run.facts("chip", "precision", "utilisation", "peak_flop_per_s")
    bounded = len(found) < len(jobs) or any(job.only_bounded(*USED) for job in jobs)
    name = f"{len(found)} jobs" if len(found) > 1 else "1 job"
    return msgspec.structs.replace(method, name=name), tuple(dict.fromkeys(used)), bounded


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
    chip = _chip_of(part, run)
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


def _chip_of(part: RunView, run: RunView) -> Chip | str | None:
    """Return a job's accelerator, by the run's fuller name where it is the same one."""
    own, whole = _chip(part), _chip(run)
    if isinstance(own, str) and isinstance(whole, str) and own.casefold() in whole.casefold():
        return whole
    return own or whole


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
    if peak < 1:
        raise InputError(
            "a peak of less than one operation a second", None, "Write FLOP per second: 989e12."
        )
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


def energies_of(run: RunView, parts: Iterable[RunView]) -> tuple[list[RunEnergy], list[str]]:
    """Return the energy of a run as each of its records has it, the best one first.

    Measured goes before worked out, and of these the wider boundary, then the larger amount.

    Args:
        run: the run.
        parts: those of its parts whose energy is that of the run.

    Returns: the energies, which must not be added, and notes.
    """
    found: list[RunEnergy] = []
    notes: list[str] = []
    formats: dict[str, list[RunView]] = {}
    for part in parts:
        for told in part.told:
            formats.setdefault(_format_of(told), []).append(told)
    groups = [*([told] for told in run.told), *formats.values()]
    for place, members in enumerate(groups):
        measured = _measured(members[0]) if place < len(run.told) else _added(run, members)
        found += [measured] if measured is not None else []
        try:
            worked_out = _from_power(run, members)
        except InputError as error:
            notes.append(f"{run.subject}: {error}")
        else:
            found += [worked_out] if worked_out is not None else []
    if any(one.energy.basis == "measured" for one in found):
        found = [one for one in found if one.energy.basis == "measured"]
    return sorted(_joined(found), key=_best_first), notes


def _format_of(view: RunView) -> str:
    return view.record.format if view.record is not None else ""


def _best_first(one: RunEnergy) -> tuple[bool, bool, int, Fraction]:
    reach = BOUNDARIES.index(one.energy.boundary)
    estimated = one.energy.basis != "measured"
    return estimated, one.estimated, -reach, -Fraction(one.energy.joules)


def _joined(found: Iterable[RunEnergy]) -> list[RunEnergy]:
    """Keep one energy of each format and boundary: those of a meter's files add up."""
    kept: dict[tuple[str, str], RunEnergy] = {}
    for one in found:
        key = (one.told_by, one.energy.boundary)
        other = kept.get(key)
        if other is None:
            kept[key] = one
        elif one.told_by == METER:
            kept[key] = _sum([other, one])
        elif one.energy.joules != other.energy.joules:
            larger = max(one, other, key=lambda each: Fraction(each.energy.joules))
            note = (
                f"{format_name(one.told_by)} has several figures: the largest, a bound from below"
            )
            energy = larger.energy
            energy = msgspec.structs.replace(energy, notes=(*energy.notes, note))
            kept[key] = msgspec.structs.replace(larger, energy=energy, at_least=True)
    return list(kept.values())


def _sum(found: Sequence[RunEnergy]) -> RunEnergy:
    first = found[0]
    joules, low, high = (
        sum((Fraction(getattr(one.energy, end)) for one in found), Fraction(0))
        for end in ("joules", "low", "high")
    )
    notes = tuple(dict.fromkeys(note for one in found for note in one.energy.notes))
    energy = msgspec.structs.replace(first.energy, joules=joules, low=low, high=high, notes=notes)
    return msgspec.structs.replace(
        first,
        energy=energy,
        facts=tuple(dict.fromkeys(name for one in found for name in one.facts)),
        at_least=any(one.at_least for one in found),
        estimated=any(one.estimated for one in found),
    )


def _added(run: RunView, parts: Sequence[RunView]) -> RunEnergy | None:
    """Add up what one record measured of the parts of a run, where it covers one thing."""
    found = [one for part in parts if (one := _measured(part)) is not None]
    if not found or len({one.energy.boundary for one in found}) > 1:
        return None
    whole = _sum(found)
    missing = len({one.subject for one in found}) < len({part.subject for part in parts})
    return msgspec.structs.replace(whole, subject=run.subject, at_least=whole.at_least or missing)


def _measured(run: RunView) -> RunEnergy | None:
    amount = run.amount("energy")
    if not amount:
        return None
    boundary = run.text("energy_boundary")
    how = run.text("energy_method") or "measured"
    by = _format_of(run)
    found = measured_energy(amount, boundary or "node", f"{how}, {format_name(by)}")
    if boundary is None:
        note = "nobody states what the figure covers; taken as whole nodes"
        found = msgspec.structs.replace(found, notes=(*found.notes, note))
    facts = run.facts("energy", "energy_boundary", "energy_method")
    least = run.only_bounded("energy")
    return RunEnergy(run.subject, found, facts, least, by, how == "estimated")


def _from_power(run: RunView, told: Sequence[RunView]) -> RunEnergy | None:
    """Work the energy out from hours and power, as one record has them."""
    drawn = [found for one in told if (found := _power(one, run)) is not None]
    if not drawn:
        return None
    pue = run.held.get("run.pue")
    stated = None if pue is None or pue.value is None else Range.stated(pue.value, "stated")
    boundary = "node" if stated is None else "facility"
    keys = ("unit_hours", "units", "seconds", "idle_seconds", "chip", "mean_power", "pue")
    used = tuple(dict.fromkeys(name for one in (*told, run) for name in one.facts(*keys)))
    least = len(drawn) < len(told) or any(one.only_bounded(*keys) for one in told)
    energy = energy_from_power(drawn, boundary, pue=stated)
    return RunEnergy(run.subject, energy, used, least, _format_of(told[0]))


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
