"""From the files of a training meter to facts on runs, one run for each phase and activity.

Files of the ranks of one run are added, a copy of a file is left out. Operations are computed, not
taken over: from the sums and from the configuration that the record holds, where it holds one.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

import msgspec

from chapterv import compute
from chapterv.compute import Terms, terms_from, terms_of
from chapterv.errors import InputError
from chapterv.evidence.artefacts import printable
from chapterv.evidence.formats.meter_file import Entry, MeterFile, MeterKey
from chapterv.evidence.formats.safetensors import combined_digest
from chapterv.evidence.registry import Joined, Parts, joins
from chapterv.evidence.results import Anomaly, Note
from chapterv.facts import Fact, Relation, Source, make_fact

__all__ = ["join_meters"]

UPDATES = "parameter_updates"
_DIGITS = Context(prec=30)
# What every rank counts alike, since all take the same steps at the same time.
_SHARED = ("steps", "skipped", "steps_repeated", "microseconds", "step_microseconds", "last_step")


class Run(msgspec.Struct):
    """The files of one run, together.

    Args:
        files: by rank.
        first: the file of the lowest rank.
        complete: every rank's file is there.
    """

    files: list[MeterFile]
    first: MeterFile
    complete: bool


@joins("meter")
def join_meters(parts: Parts) -> Iterator[Joined | Note | Anomaly]:
    """Make facts of all files of meters."""
    files: list[MeterFile] = []
    seen: dict[str, MeterFile] = {}
    for folder in parts.folders("meter"):
        for part in parts.here("meter", folder):
            file: MeterFile = part.content
            known = seen.setdefault(str(file.header.get("id")), file)
            if known is not file:
                yield _copy(file, known)
                if file.lines <= known.lines:
                    continue
                files.remove(known)
                seen[str(file.header.get("id"))] = file
            files.append(file)
    for run in _runs(files):
        yield from _facts(run)


def _copy(file: MeterFile, known: MeterFile) -> Anomaly:
    return Anomaly(
        file.source.artefact, "copy",
        f"the same record as {known.source.artefact}, or an older or newer state of it",
        "the longer one counts, once",
    )  # fmt: skip


def _runs(files: list[MeterFile]) -> Iterator[Run]:
    """Put the files of ranks together; any other file is a run of its own."""
    groups: dict[tuple[Any, ...], list[MeterFile]] = {}
    for number, file in enumerate(files):
        header = file.header
        folder = file.source.artefact.rpartition("/")[0]
        alone = header.get("ranks") != "own"
        key = (
            (number,)
            if alone
            else (folder, str([header.get("run"), header.get("model"), file.works]))
        )
        groups.setdefault(key, []).append(file)
    for group in groups.values():
        group.sort(key=lambda file: str(file.header.get("rank")).zfill(9))
        world = group[0].header.get("world") if group[0].header.get("ranks") == "own" else 1
        yield Run(group, group[0], len(group) == world)


def _facts(run: Run) -> Iterator[Joined | Note | Anomaly]:
    names = tuple(file.source.artefact for file in run.files)
    if not run.complete:
        world = str(run.first.header.get("world"))[:10]
        yield Anomaly(
            names[0], "ranks_missing", f"{len(names)} files of {world} ranks are there",
            "amounts are bounds from below",
        )  # fmt: skip
    works = list(_works(run.first, names[0]))
    yield from (work for work in works if not isinstance(work, _Work))
    terms = [work for work in works if isinstance(work, _Work)]
    for (phase, activity), entries in _by_subject(run).items():
        made = _Making(run, phase, activity)
        yield from made.facts(entries, terms)


class _Work(msgspec.Struct):
    """One kind of pass: its terms, whether they are exact, how many weights it trains."""

    terms: Terms | None
    exact: bool
    parameters: int | None


def _works(file: MeterFile, name: str) -> Iterator[_Work | Note | Anomaly]:
    """Read the kinds of pass, and work them out anew from the configuration of the record."""
    architecture = None
    configuration = file.header.get("configuration")
    if isinstance(configuration, dict):
        try:
            architecture = compute.describe(configuration, name)
        except InputError as error:
            yield Note(name, f"the configuration of the record cannot be counted: {error}")
    elif file.header.get("model") is not None:
        yield Note(
            name,
            "the record holds no configuration, so operations rest on the terms that it states",
        )
    for table in file.works:
        try:
            work = _work(table, name)
        except (InputError, KeyError, TypeError, ValueError, AttributeError):
            yield Anomaly(
                name, "terms_unreadable", "a kind of pass cannot be read",
                "its operations are not counted",
            )  # fmt: skip
            yield _Work(None, False, None)
            continue
        if architecture is not None and work.terms is not None and work.exact:
            own = _again(architecture, table["trained"])
            if own is not None and own != work.terms:
                yield Anomaly(
                    name, "terms_differ",
                    "the operations of a pass are not those of the record's configuration",
                    "computed from the configuration", None, "run.operations",
                )  # fmt: skip
                if len(own.by_length) == len(work.terms.by_length):
                    work.terms = own
        yield work


def _work(table: dict[str, Any], name: str) -> _Work:
    given, trained = table["terms"], table["trained"]
    terms = None if given is None else terms_from(given, name)
    parameters = trained.get("parameters")
    return _Work(
        terms, trained.get("exact", True) is True, None if parameters is None else int(parameters)
    )


def _again(architecture: compute.Architecture, table: dict[str, Any]) -> Terms | None:
    try:
        trained = compute.Trained(
            table["weights"],
            frozenset(map(str, table.get("frozen", []))),
            int(table.get("frozen_layers", 0)),
            int(table.get("adapter_parameters", 0)),
        )
        return terms_of(architecture, trained, prediction=table.get("prediction") is True)
    except (InputError, KeyError, TypeError, ValueError):
        return None


def _by_subject(run: Run) -> dict[tuple[str, str], list[tuple[int, Entry]]]:
    """Return the sums of all ranks for each phase and activity, with their kind of pass."""
    merged: dict[MeterKey, Entry] = {}
    for file in run.files:
        for key, entry in file.totals.items():
            _add_rank(merged.setdefault(key, Entry()), entry)
    found: dict[tuple[str, str], list[tuple[int, Entry]]] = {}
    for (phase, activity, _, work), entry in merged.items():
        found.setdefault((phase, activity), []).append((work, entry))
    return found


def _add_rank(mine: Entry, other: Entry) -> None:
    before = {name: mine.counts.get(name, 0) for name in _SHARED}
    mine.add(other)
    for name in _SHARED:
        mine.counts[name] = max(before[name], other.counts.get(name, 0))
    mine.operations = _sum(mine.operations, other.operations)
    mine.first = min((day for day in (mine.first, other.first) if day), default=None)
    mine.last = max((day for day in (mine.last, other.last) if day), default=None)


def _sum(first: tuple[int, int] | None, second: tuple[int, int] | None) -> tuple[int, int] | None:
    if first is None or second is None:
        return first or second
    return first[0] + second[0], first[1] + second[1]


class _Making:
    """Makes the facts of one phase and activity."""

    def __init__(self, run: Run, phase: str, activity: str) -> None:
        self.run = run
        self.phase, self.activity = phase, activity
        self.names = tuple(file.source.artefact for file in run.files)
        name = phase if activity == UPDATES else f"{phase}.{activity}"
        self.subject = f"{run.first.run}.{printable(name)[:100]}"
        self.source = _source(run)
        self.least: Relation = "exactly" if run.complete else "at_least"

    def facts(
        self, entries: list[tuple[int, Entry]], works: list[_Work]
    ) -> Iterator[Joined | Note | Anomaly]:
        """Yield the facts and what is wrong with them."""
        counts: dict[str, int] = {}
        for _, entry in entries:
            for name, amount in entry.counts.items():
                counts[name] = counts.get(name, 0) + amount
        yield self._fact("run.stage", self.phase)
        try:
            yield self._fact("run.activity", self.activity)
        except InputError:
            yield Note(self.names[0], f"no known kind of activity: {self.activity[:60]!r}")
        yield self._fact("run.framework", str(self.run.first.header.get("made_by"))[:60])
        inputs = []
        for fact in self._amounts(counts):
            yield fact
            if fact.fact.key in ("run.tokens", "run.tokens_squared"):
                inputs.append(fact.fact.id)
        yield from self._times(entries, counts)
        yield from self._chips(counts)
        yield from self._operations(entries, works, counts, tuple(inputs))
        yield from self._energy(entries)
        trained = {works[n].parameters for n, _ in entries if n < len(works)} - {None}
        if len(trained) == 1:
            yield self._fact("run.parameters_trainable", trained.pop())

    def _amounts(self, counts: dict[str, int]) -> Iterator[Joined]:
        least = "at_least" if counts.get("uncounted") else self.least
        yield self._fact(
            "run.tokens", counts.get("tokens", 0), relation=least,
            note="positions processed, padding included",
        )  # fmt: skip
        for key, name in (
            ("run.tokens_padding", "padding"),
            ("run.tokens_squared", "squared"),
            ("run.tokens_repeated", "tokens_repeated"),
            ("run.tokens_prompt", "prompt"),
            ("run.tokens_generated", "generated"),
            ("run.steps_repeated", "steps_repeated"),
        ):
            if counts.get(name):
                yield self._fact(key, counts[name], relation=least)
        steps = counts.get("steps", 0) - counts.get("steps_repeated", 0)
        if steps > 0:
            skipped = counts.get("skipped", 0)
            note = (
                f"{skipped} further steps were skipped; their compute counts" if skipped else None
            )
            yield self._fact("run.steps", steps, note=note)

    def _times(self, entries: list[tuple[int, Entry]], counts: dict[str, int]) -> Iterator[Joined]:
        firsts = [entry.first for _, entry in entries if entry.first]
        lasts = [entry.last for _, entry in entries if entry.last]
        spent, inside = counts.get("microseconds", 0), counts.get("step_microseconds", 0)
        if spent:
            yield self._fact(
                "run.seconds", _seconds(spent), note="downtime between starts left out"
            )
        if inside and spent > inside:
            yield self._fact("run.idle_seconds", _seconds(spent - inside))
        if firsts:
            yield self._fact("run.started_on", min(firsts), note="the day by UTC")
        if lasts:
            yield self._fact("run.ended_on", max(lasts), note="the day by UTC")

    def _chips(self, counts: dict[str, int]) -> Iterator[Joined | Note]:
        starts = [session for file in self.run.files for session in file.sessions]
        chips = {str(one["chip"])[:100] for one in starts if one.get("chip")}
        if len(chips) == 1:
            yield self._fact("run.chip", chips.pop())
        elif chips:
            yield Note(self.names[0], f"{len(chips)} kinds of accelerators; state them one by one")
        units = {self._units(number) for number in range(len(self.run.first.sessions))}
        if len(units) == 1 and None not in units:
            yield self._fact("run.units", units.pop())
        elif counts.get("chip_microseconds"):
            hours = _DIGITS.divide(Decimal(counts["chip_microseconds"]), Decimal(3_600_000_000))
            known = None not in units and self.run.complete
            yield self._fact(
                "run.unit_hours", round(hours, 6), note="rounded",
                relation="exactly" if known else "at_least",
            )  # fmt: skip

    def _units(self, session: int) -> int | None:
        """Return the accelerators of all ranks in one session."""
        files = [file for file in self.run.files if len(file.sessions) > session]
        found = [file.sessions[session].get("units") for file in files]
        known = [one for one in found if isinstance(one, int) and 0 < one < 10**9]
        return sum(known) if len(known) == len(found) else None

    def _operations(
        self,
        entries: list[tuple[int, Entry]],
        works: list[_Work],
        counts: dict[str, int],
        inputs: tuple[str, ...],
    ) -> Iterator[Joined | Anomaly]:
        low, high = bool(counts.get("without_lengths")), bool(counts.get("sums_only"))
        low = low or bool(counts.get("uncounted")) or not self.run.complete
        causal = full = 0
        for number, entry in entries:
            work = works[number] if number < len(works) else _Work(None, False, None)
            if work.terms is None:
                return
            high = high or not work.exact
            try:
                amounts = _recomputed(work.terms, entry)
            except InputError as error:
                yield self._anomaly("pairs_unreadable", str(error), "no operations are counted")
                return
            if entry.operations is not None and amounts != entry.operations:
                differs = abs(amounts[0] - entry.operations[0])
                yield self._anomaly(
                    "operations_differ", "the operations written are not those of the sums",
                    "computed anew from the sums", "run.operations", differs,
                )  # fmt: skip
            causal, full = causal + amounts[0], full + amounts[1]
        yield from self._doubts(counts)
        if low and high:
            yield self._anomaly(
                "operations_unclear", "parts of the operations are known from above, others from "
                "below", "the amount may lie on either side", "run.operations", causal,
            )  # fmt: skip
            return
        relation: Relation = "at_least" if low else "at_most" if high else "exactly"
        yield self._fact(
            "run.operations", causal, basis="computed", relation=relation, inputs=inputs,
            note=f"attention counted causally; {full} if every token meets every other",
        )  # fmt: skip

    def _doubts(self, counts: dict[str, int]) -> Iterator[Anomaly]:
        for name, kind, text, effect, key in _DOUBTS:
            if counts.get(name):
                yield self._anomaly(kind, text, effect, key, counts[name])

    def _energy(self, entries: list[tuple[int, Entry]]) -> Iterator[Joined | Note]:
        used: dict[str, int] = {}
        for _, entry in entries:
            for name, amount in entry.energy.items():
                used[name] = used.get(name, 0) + amount
        if not used:
            return
        chips = "accelerator" in used
        names = ["accelerator"] if chips else sorted(used)
        amount = sum(used[name] for name in names)
        missing = any(not _counts_energy(s, names) for f in self.run.files for s in f.sessions)
        kwh = round(_DIGITS.divide(Decimal(amount), Decimal(3_600_000_000)), 9)
        yield self._fact(
            "run.energy", kwh, relation="at_least" if missing else self.least,
            note=f"{amount} millijoules by the counters of {', '.join(names)}; rounded",
        )  # fmt: skip
        yield self._fact("run.energy_boundary", "chip")
        yield self._fact("run.energy_method", "measured")
        others = {name: amount for name, amount in used.items() if name not in names}
        if others:
            text = ", ".join(f"{name} {amount} mJ" for name, amount in sorted(others.items()))
            yield Note(self.names[0], f"{self.subject}: processors used {text}, which is left out")

    def _anomaly(
        self, kind: str, text: str, effect: str, key: str | None = None, amount: int | None = None
    ) -> Anomaly:
        text = f"{self.subject}: {text}"
        return Anomaly(self.names[0], kind, text, effect, None, key, amount)

    def _fact(self, key: str, value: Any, **more: Any) -> Joined:
        source = self.source
        inputs = more.pop("inputs", ())
        if inputs:
            source = msgspec.structs.replace(source, inputs=inputs)
        fact: Fact = make_fact(self.subject, key, _plain(value), source, **more)
        return Joined(fact, self.names)


# Count, kind of anomaly, text, effect and key.
_DOUBTS = (
    ("without_lengths", "lengths_unknown", "no lengths were given for some tokens",
     "attention of these tokens is not counted", "run.tokens"),
    ("sums_only", "lengths_summed", "only sums of squared lengths were given for some tokens",
     "attention within windows is counted as an upper bound", "run.tokens"),
    ("uncounted", "steps_not_counted", "some steps were given in a way that cannot be counted",
     "not counted; amounts are bounds from below", "run.steps"),
)  # fmt: skip


def _counts_energy(session: dict[str, Any], kinds: list[str]) -> bool:
    given = session.get("energy_counters")
    held = {str(name).partition("-")[0] for name in given} if isinstance(given, list) else set()
    return held >= set(kinds)


def _recomputed(terms: Terms, entry: Entry) -> tuple[int, int]:
    counts = entry.counts
    pairs = entry.pairs or [(0, 0)] * len(terms.by_length)
    return terms.operations(
        counts.get("tokens", 0), counts.get("positions", 0), counts.get("squared", 0), pairs
    )


def _source(run: Run) -> Source:
    source = run.first.source
    if len(run.files) == 1:
        return source
    digest = combined_digest(
        [(f.source.artefact.rpartition("/")[2], f.source.digest or "") for f in run.files]
    )
    return Source(source.artefact, digest, "file", None, source.reader)


def _plain(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value


def _seconds(microseconds: int) -> Decimal:
    return Decimal(microseconds).scaleb(-6)
