"""Energy from samples of accelerators' power, and how far off the sum may be.

Samples are joined by straight lines (trapezoids). How much that may miss is told by the sums that
take each step's lower and higher end: half their distance is the bound. Long silences are left
out, which makes the sum a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from chapterv.evidence.artefacts import Artefact, printable
from chapterv.evidence.results import Anomaly
from chapterv.facts import Fact, make_fact

__all__ = ["PowerSamples"]

MAX_UNITS = 4096
MAX_WATTS = 10_000
"""No accelerator draws as much; a larger value is in another unit."""
LONGEST_GAP = 600
"""Seconds. Trackers sample every 10 to 30 seconds; what a longer silence hides is not known."""
_JOULES_PER_KWH = 3_600_000


class _Unit:
    __slots__ = ("high", "joules", "low", "samples", "seconds", "time", "watts")

    def __init__(self, time: float, watts: float) -> None:
        self.time, self.watts = time, watts
        self.joules = self.low = self.high = self.seconds = 0.0
        self.samples = 1


class PowerSamples:
    """The samples of one run, added up as they come; each unit's in order of time.

    Args:
        artefact: the record.
        subject: subject of the facts.
    """

    def __init__(self, artefact: Artefact, subject: str) -> None:
        self.artefact = artefact
        self.subject = subject
        self.units: dict[str, _Unit] = {}
        self.gaps = self.backward = self.refused = 0
        self.silent = 0.0

    def add(self, unit: str, time: float, watts: float) -> None:
        """Take one sample.

        Args:
            unit: which accelerator.
            time: seconds, of any clock that all samples share.
            watts: power at that time.
        """
        # Comparisons that are false for what is not a number refuse that too.
        if not 0 <= watts <= MAX_WATTS or not 0 <= time < 1e11:
            self.refused += 1
            return
        known = self.units.get(unit)
        if known is None:
            if len(self.units) < MAX_UNITS:
                self.units[unit] = _Unit(time, watts)
            return
        self._step(known, time, watts)
        known.time, known.watts = time, watts
        known.samples += 1

    def join(self, other: PowerSamples) -> None:
        """Take the samples of other accelerators of the same run."""
        self.units.update(other.units)
        self.gaps += other.gaps
        self.backward += other.backward
        self.refused += other.refused
        self.silent += other.silent

    def _step(self, unit: _Unit, time: float, watts: float) -> None:
        seconds = time - unit.time
        if seconds < 0:
            self.backward += 1
        elif seconds > LONGEST_GAP:
            self.gaps += 1
            self.silent += seconds
        else:
            unit.joules += seconds * (unit.watts + watts) / 2
            unit.low += seconds * min(unit.watts, watts)
            unit.high += seconds * max(unit.watts, watts)
            unit.seconds += seconds

    def found(self, pointer: str) -> Iterator[Fact | Anomaly]:
        """Yield energy, its boundary and method, mean power, and what was wrong."""
        yield from self._anomalies(pointer)
        units = self.units.values()
        joules, seconds = sum(u.joules for u in units), sum(u.seconds for u in units)
        if not joules or not seconds:
            return
        spread = sum(unit.high - unit.low for unit in units) / 2 / joules
        source = self.artefact.source(printable(pointer))
        energy = make_fact(
            self.subject,
            "run.energy",
            Decimal(f"{joules / _JOULES_PER_KWH:.9f}"),
            source,
            basis="computed",
            # A run on several machines has accelerators that this record does not see.
            relation="at_least",
            bound=Decimal(f"{spread:.6f}"),
            note=f"{sum(u.samples for u in units)} samples of power on {len(self.units)} "
            "accelerators of the machine that wrote the record, joined by straight lines",
        )
        yield energy
        yield make_fact(
            self.subject,
            "run.mean_power",
            Decimal(f"{joules / seconds:.3f}"),
            source,
            basis="computed",
            bound=energy.bound,
        )
        # The trackers ask the driver for each device's draw: board power, nothing of the host.
        fact = self.artefact.fact
        yield fact("run.energy_boundary", "chip", pointer, subject=self.subject)
        yield fact("run.energy_method", "measured", pointer, subject=self.subject)

    def _anomalies(self, pointer: str) -> Iterator[Anomaly]:
        faults = (
            ("samples_missing", self.gaps, f"{self.gaps} silences of more than {LONGEST_GAP} s, "
             f"{self.silent:.0f} s together, lie between samples of power",
             "left out, so the energy is a lower bound"),
            ("clock_went_back", self.backward, f"the clock of the samples of power goes back "
             f"{self.backward} times", "those steps are left out, so the energy is a lower bound"),
            ("value_refused", self.refused, f"{self.refused} samples of power are no watts that "
             "an accelerator can draw", "passed over"),
        )  # fmt: skip
        for kind, times, text, effect in faults:
            if times:
                yield Anomaly(
                    self.artefact.path, kind, text, effect, pointer, "run.energy", times=times
                )
