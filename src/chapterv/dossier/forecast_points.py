"""From a dossier to what a forecast needs: dated points for each quantity, and the plan.

A run gives points from its own record where that has times, else its beginning and its end; work
that a statement counts beyond the listed runs is part of the amount and of no day. What cannot be
dated counts in the amount and not in the pace.

Source: guidelines on obligations for general-purpose AI models, Annex A.1 (what counts).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from chapterv.compute import Architecture, describe, operations_per_token
from chapterv.compute.forecasting import PlanEntry, Point, brussels_day, wall_clock
from chapterv.compute.ledger import Entry
from chapterv.dossier.configuration import read_configuration
from chapterv.dossier.forecast_logs import Followed, Seen
from chapterv.dossier.gathering import Gathered
from chapterv.dossier.inherited import INHERITED
from chapterv.dossier.run_repeats import REPEATED
from chapterv.dossier.run_views import STAGES, plain_stage
from chapterv.errors import InputError
from chapterv.facts import Amount, Holding, World
from chapterv.facts.amounts import exact_sum

__all__ = ["Inputs", "Quantity", "Work", "read_inputs"]

Day = datetime.date
Held = Mapping[str, Holding]
Quantity = Literal["training", "cumulative", "modification"]

STATED = {
    "training": "model.training_compute",
    "cumulative": "model.cumulative_compute",
    "modification": "model.modification_compute",
}
AFTER_TRAINING = ("trained", "placed", "withdrawn")
BEYOND = "not in a listed run"
UPDATES = "parameter_updates"


class Work(msgspec.Struct, frozen=True):
    """Points of one run and which kind of activity it was."""

    subject: str
    activity: str
    points: tuple[Point, ...]


class Inputs(msgspec.Struct, frozen=True):
    """What a dossier gives for forecasts.

    Args:
        work: points by run and activity.
        points: points of each quantity, what is stated beyond the runs included.
        plan: planned phases, and the plan as a whole (of cumulative compute alone).
        ended: training is over.
        notes: what is missing or was assumed.
    """

    work: tuple[Work, ...]
    points: Mapping[Quantity, tuple[Point, ...]]
    plan: Mapping[Quantity, tuple[PlanEntry, ...]]
    ended: bool
    notes: tuple[str, ...]


def read_inputs(
    gathered: Gathered,
    records: Iterable[Followed],
    counts: Mapping[str, Mapping[str, Any]],
    on: Day,
) -> Inputs:
    """Collect points and plan.

    Args:
        gathered: facts of the dossier.
        records: records of runs as far as they were followed.
        counts: for each kind of activity whether it counts as training and as cumulative compute
            (law data).
        on: the day asked for.
    """
    reading = _Reading(gathered, on)
    work = reading.dated(tuple(reading.work(list(records))))
    points: dict[Quantity, tuple[Point, ...]] = {}
    for quantity in ("training", "cumulative", "modification"):
        chosen = [
            point for one in work if _counts(counts, one.activity, quantity) for point in one.points
        ]
        points[quantity] = (*reading.beyond(quantity, chosen), *chosen)
    phases = tuple(reading.phases(work))
    return Inputs(
        work,
        points,
        {
            "training": phases,
            "cumulative": (*phases, *reading.whole_plan()),
            "modification": phases,
        },
        reading.ended(),
        tuple(dict.fromkeys(reading.notes)),
    )


def _counts(counts: Mapping[str, Mapping[str, Any]], activity: str, quantity: Quantity) -> bool:
    """Tell whether an activity counts; a modification is what was trained on the weights taken."""
    if quantity == "modification":
        return activity != INHERITED and _counts(counts, activity, "training")
    return bool(counts.get(activity, {}).get(quantity))


def _covered(entry: Entry, recorded: set[tuple[str, str]]) -> bool:
    """Tell whether the record of a run holds an entry; its parts have the name of the run."""
    return any(
        entry.kind == activity and (entry.subject == run or entry.subject.startswith(f"{run}."))
        for run, activity in recorded
    )


class _Reading:
    """One pass over the facts of a dossier on a day."""

    def __init__(self, gathered: Gathered, on: Day) -> None:
        self.gathered = gathered
        self.on = on
        self.world: World = gathered.merged(on).world
        self.notes: list[str] = []
        self.undated: set[str] = set()
        self._architecture: Architecture | None = None
        self._looked = False

    # --- work -----------------------------------------------------------------------------------

    def work(self, records: list[Followed]) -> Iterator[Work]:
        """Points of every run that is known, by its record or by its facts."""
        recorded: set[tuple[str, str]] = set()
        for run in dict.fromkeys(record.run for record in records):
            found = list(self._from_records(run, [one for one in records if one.run == run]))
            recorded |= {(run, one.activity) for one in found}
            if any(one.meter and one.seen for one in records if one.run == run):
                recorded.add((run, REPEATED))  # a meter's count holds what was done again
            yield from found
        ledger = self.gathered.ledger
        for line in ledger.ledger.lines if ledger is not None else ():
            if not _covered(line.entry, recorded):
                yield from self._from_entry(line.entry)
        self.notes += ledger.notes if ledger is not None else ()

    def _from_records(self, run: str, records: list[Followed]) -> Iterator[Work]:
        """The meter's files of a run, else its logs as one: a restart goes on in another file."""
        held = self.world.parts.get("run", {}).get(run, {})
        for record in records:
            if record.undated and not record.seen:
                self.notes.append(f"{record.name} has no times, so it gives no pace.")
            if record.replaced:
                self.notes.append(f"{record.name} was replaced or cut and has been read anew.")
        meters = {one.meter: one for one in records if one.meter and one.seen}
        if meters:
            for record in meters.values():
                yield from self._works(run, record.name, held, record.seen)
            return
        seen = [one for record in records for one in record.seen]
        names = ", ".join(record.name for record in records if record.seen)
        yield from self._works(run, names, held, sorted(seen, key=_wall))

    def _works(self, run: str, name: str, held: Held, seen: list[Seen]) -> Iterator[Work]:
        parts: dict[str, list[Seen]] = {}
        for one in seen:
            parts.setdefault(one.part, []).append(one)
        for part, own in parts.items():
            points: list[Point] = []
            most: Amount = 0
            for one, amount in self._amounts(name, held, own):
                if amount is not None:
                    # Steps taken again after a restart do not take away what was counted.
                    most = max(most, amount)
                    points.append(Point(one.at, most, f"{name}#{part}" if part else name))
            if points:
                yield Work(run, own[0].activity or _activity(held) or UPDATES, tuple(points))

    def _amounts(self, name: str, held: Held, seen: list[Seen]) -> list[tuple[Seen, Amount | None]]:
        """Operations at each time: by tokens and architecture, else by the record's own count."""
        if seen[0].activity is not None:
            return [(one, one.operations) for one in seen]
        each = self._each_token(held) if any(one.tokens is not None for one in seen) else None
        if each is not None:
            return [(one, None if one.tokens is None else one.tokens * each) for one in seen]
        if any(one.operations is not None for one in seen):
            self.notes.append(
                f"{name}: the program's own count of operations is used, which may leave "
                "attention out or count recomputation. Give the configuration and the tokens."
            )
        else:
            self.notes.append(
                f"{name} gives steps but no operations: the model's configuration and the "
                "length of sequences would turn its tokens into operations."
            )
        return [(one, one.operations) for one in seen]

    def _from_entry(self, entry: Entry) -> Iterator[Work]:
        """An entry of the ledger, from the first to the last day of its run."""
        known = [self._as_of_fact(one) for one in entry.sources]
        as_of = max((day for day in known if day is not None), default=None)
        if as_of is not None and as_of > self.on:
            return  # not known yet on this day
        yield Work(entry.subject, entry.kind, tuple(self._span(entry, as_of)))

    def _span(self, entry: Entry, as_of: Day | None) -> Iterator[Point]:
        name = f"{entry.subject} {entry.kind}"
        held = self._held(entry.subject)
        start, end = _day(held, "run.started_on"), _day(held, "run.ended_on") or as_of
        stage = held.get("run.stage")
        if start is None and stage is not None and _plain(stage) == "pretraining":
            start = _day(self.world.keys, "model.training_started_on")
        if start is None or end is None or start > min(end, self.on):
            if entry.kind != INHERITED:
                self.notes.append(
                    f"{entry.subject} has no first and last day (run.started_on, run.ended_on, or "
                    "the day of the amount), so it counts in the amount and gives no pace."
                )
            if end is None and start is None:
                self.undated.add(name)
            yield Point(min(end or start or self.on, self.on), entry.amount, name)
            return
        yield Point(datetime.datetime(start.year, start.month, start.day), 0, name)
        yield Point(min(end, self.on), entry.amount, name)

    def dated(self, work: tuple[Work, ...]) -> tuple[Work, ...]:
        """Put what has no day to the beginning of all: it was there by any day that is told."""
        begun = _day(self.world.keys, "model.training_started_on")
        days = [_day_of(one) for one in work if one.points[0].run not in self.undated]
        at = min([*days, self.on, *([begun] if begun is not None else [])])
        return tuple(
            msgspec.structs.replace(one, points=(msgspec.structs.replace(one.points[0], at=at),))
            if one.points[0].run in self.undated
            else one
            for one in work
        )

    def _held(self, subject: str) -> Held:
        """What is known of a run; a part of a run has the days of the whole where it has none."""
        runs = self.world.parts.get("run", {})
        names = [name for name in runs if subject == name or subject.startswith(f"{name}.")]
        found: dict[str, Holding] = {}
        for name in sorted(names, key=len):
            found.update(runs[name])
        return found

    def _as_of(self, holding: Holding) -> Day | None:
        found = (self._as_of_fact(one) for one in holding.facts)
        return max((day for day in found if day is not None), default=None)

    def _as_of_fact(self, name: str) -> Day | None:
        fact = self.gathered.by_id.get(name)
        return fact.as_of if fact is not None else None

    def _each_token(self, held: Held) -> int | None:
        """Operations of one token in training, causal attention."""
        architecture = self.architecture
        if architecture is None:
            return None
        stated = (held.get("run.sequence_length"), self.world.keys.get(_LENGTH))
        values = [int(one.value) for one in stated if one is not None and one.value]
        length = values[0] if values else architecture.context_length
        if length is None:
            return None
        if not values:
            self.notes.append(
                f"The length of sequences is not stated: {length} tokens, the configured context, "
                "are taken."
            )
        try:
            return int(operations_per_token(architecture, length).causal)
        except InputError as error:
            self.notes.append(str(error))
            return None

    @property
    def architecture(self) -> Architecture | None:
        """The architecture that the model's counted facts were read from."""
        if not self._looked:
            self._looked = True
            self._architecture = self._described()
        return self._architecture

    def _described(self) -> Architecture | None:
        places = {
            fact.source.artefact
            for fact in self.gathered.facts
            if fact.subject == self.gathered.dossier.model
            and fact.key in ("model.parameters_total", "model.architecture_family")
            and fact.basis != "declared"
        }
        for place in sorted(places, key=lambda place: (place.count("/"), place)):
            try:
                path = self.gathered.dossier.folder / place
                return describe(read_configuration(path, place), place)
            except InputError:
                continue  # weights, or a family that is not covered; the scan has said so
        return None

    def beyond(self, quantity: Quantity, points: list[Point]) -> Iterator[Point]:
        """What somebody states for the whole beyond the runs that are listed.

        It is part of the amount from its day on; on which days it was done nobody says. Of a bound
        from below, at least that much was done.
        """
        holding = self.world.keys.get(STATED[quantity])
        if holding is None or holding.low is None or not self._is_declared(holding):
            return
        day = min(self._as_of(holding) or self.on, self.on)
        last: dict[str, Amount] = {}
        for point in points:
            last[point.run] = point.amount
        more = exact_sum([holding.low, *(-one for one in last.values())])
        if more > 0:
            begun = _day(self.world.keys, "model.training_started_on")
            yield Point(begun if begun is not None and begun < day else day, more, BEYOND)

    def _is_declared(self, holding: Holding) -> bool:
        found = (self.gathered.by_id.get(one) for one in holding.facts)
        return any(one is not None and one.basis in ("declared", "measured") for one in found)

    def ended(self) -> bool:
        """Tell whether training is over: by its stage, or because every run has ended."""
        stage = self.world.keys.get("model.stage")
        if stage is not None and stage.value is not None:
            return stage.value in AFTER_TRAINING
        ends = [_day(held, "run.ended_on") for held in self.world.parts.get("run", {}).values()]
        return bool(ends) and all(day is not None and day <= self.on for day in ends)

    # --- the plan -------------------------------------------------------------------------------

    def whole_plan(self) -> Iterator[PlanEntry]:
        """The stated plan as a whole; what is known of it is known since the stated day."""
        holding = self.world.keys.get("model.planned_compute")
        if holding is None or holding.low is None:
            return
        ends = [
            day
            for held in self.world.parts.get("plan", {}).values()
            if (day := _day(held, "plan.ends_on")) is not None
        ]
        known_on = _day(self.world.keys, "model.compute_known_on")
        yield PlanEntry(
            "the plan as a whole",
            holding.low,
            ends=max(ends, default=None),
            approved_on=known_on,
            whole=True,
        )

    def phases(self, work: Iterable[Work]) -> Iterator[PlanEntry]:
        """Planned phases with what is done of them: the points of the run that carries them out."""
        done: dict[str, Amount] = {}
        for one in work:
            done[one.subject] = exact_sum([done.get(one.subject, 0), one.points[-1].amount])
        for subject, held in self.world.parts.get("plan", {}).items():
            amount = _low(held, "plan.operations")
            if amount is None and (tokens := _low(held, "plan.tokens")) is not None:
                each = self._each_token(held)
                amount = None if each is None else int(tokens) * each
            name = subject.partition(":")[2]
            if amount is None:
                self.notes.append(f"The planned phase {name} has no operations: it is left out.")
                continue
            run = held.get("plan.run")
            yield PlanEntry(
                name,
                amount,
                starts=_day(held, "plan.starts_on"),
                ends=_day(held, "plan.ends_on"),
                approved_on=_day(held, "plan.approved_on"),
                done=done.get(f"run:{run.value}", 0) if run is not None else 0,
            )


_LENGTH = "model.training_sequence_length"


def _wall(seen: Seen) -> datetime.datetime:
    return wall_clock(seen.at)


def _day_of(work: Work) -> Day:
    at = work.points[0].at
    return brussels_day(at) if isinstance(at, datetime.datetime) else at


def _activity(held: Held) -> str | None:
    stated, stage = held.get("run.activity"), held.get("run.stage")
    if stated is not None and stated.value is not None:
        return str(stated.value)
    return STAGES.get(_plain(stage)) if stage is not None else None


def _plain(stage: Holding) -> str:
    return plain_stage(str(stage.value))


def _low(held: Held, key: str) -> Amount | None:
    found = held.get(key)
    return found.low if found is not None else None


def _day(held: Held, key: str) -> Day | None:
    found = held.get(key)
    return found.value if found is not None and isinstance(found.value, Day) else None
