"""What one run took: for each activity every record's methods, and one of them chosen.

Parts that *one* record tells apart (phases of a meter, jobs of a table, attempts in a database) add
up. Parts that another record tells of the same hours stand beside that sum, and so do the run's own
records; nothing of them is ever added. Amounts that somebody states for an activity are one more
method of that activity, and not an activity of their own.

Source: Guidelines on obligations for general-purpose AI models, Annex A.1 and A.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import msgspec

from chapterv.compute.ledger import Entry
from chapterv.compute.reconciling import Reconciliation, reconcile
from chapterv.compute.repairs import Evidence, Exact, Method
from chapterv.dossier.run_hardware import jobs_method, unit_seconds
from chapterv.dossier.run_methods import (
    PART,
    ROLLOUTS,
    Known,
    RunContext,
    checked_method,
    methods_of,
)
from chapterv.dossier.run_records import METER, format_name
from chapterv.dossier.run_repeats import (
    REPEATED,
    UPDATES,
    RunResult,
    amount_of,
    is_meter,
    with_repeats,
)
from chapterv.dossier.run_sides import added, differences, of_one_format, side_by_side
from chapterv.dossier.run_views import COUNTING, GENERATING, RunView, activity_of
from chapterv.errors import InputError
from chapterv.facts import Amount, catalogue

__all__ = ["results_of", "tokens_of"]

# Methods whose amount holds whatever was done again: it used the hours, and a meter counts it.
_HOLD_REPEATS = ("measured", "hardware")


def results_of(view: RunView, context: RunContext) -> list[RunResult]:
    """Work out a run and its parts, activity by activity, nothing twice.

    Args:
        view: a run with its parts and records.
        context: the model around it.
    """
    kind = activity_of(view)
    kinds = [kind, *(activity_of(part, view) for part in view.parts), *_beside(view, kind)]
    found: list[RunResult] = []
    for each in dict.fromkeys(kinds):
        if each is None:
            notes = _unassigned(view)
            found.append(RunResult(view.subject, view.text("stage"), None, notes=notes))
        elif each != REPEATED or kind == REPEATED:
            found += _Activity(view, each, context).results()
    found = [one for each in found for one in with_repeats(view, each)]
    if kind != REPEATED:
        found += _stated_repeats(view, found, context)
    return [one for one in found if one.known or one.notes or one.entry]


def _beside(view: RunView, kind: str | None) -> Iterator[str]:
    """Activities of a run beside its own: samples drawn, and those that amounts are stated for."""
    if kind == UPDATES and (view.amount("tokens_generated") or view.amount("tokens_prompt")):
        yield ROLLOUTS
    for one in (view, *view.parts):
        for key in one.held:
            if key.startswith(PART):
                yield key.removeprefix(PART)


def tokens_of(view: RunView) -> tuple[Amount, tuple[str, ...]] | None:
    """Return the tokens that a run trained on, by the record that tells most.

    Args:
        view: a run with its parts and records.
    """
    stage = view.facts("stage", "activity")
    sums = []
    if activity_of(view) == UPDATES:
        sums = [_tokens([told]) for told in view.told]
    parts = [part for part in view.parts if activity_of(part, view) == UPDATES]
    sums += [_tokens(members) for members in _by_format(parts).values()]
    amount, facts = max(sums, key=lambda one: one[0], default=(0, ()))
    return (amount, (*facts, *stage)) if amount else None


def _tokens(members: Sequence[RunView]) -> tuple[Amount, tuple[str, ...]]:
    """Add up the tokens that one record tells of parts, the larger one where it tells two."""
    found: dict[str, tuple[Amount, tuple[str, ...]]] = {}
    for told in members:
        amount = told.amount("tokens") or 0
        if amount > found.get(told.subject, (0, ()))[0]:
            found[told.subject] = amount, told.facts("tokens", "stage", "activity")
    total = sum((Fraction(one) for one, _ in found.values()), Fraction(0))
    return amount_of(total), tuple(name for _, facts in found.values() for name in facts)


def _by_format(views: Iterable[RunView]) -> dict[str, list[RunView]]:
    """Return what each program's records tell of some runs."""
    found: dict[str, list[RunView]] = {}
    for view in views:
        for told in view.told:
            found.setdefault(told.record.format if told.record else "", []).append(told)
    return found


class _Activity:
    """One activity of a run: methods gathered from its records, and from those of its parts."""

    def __init__(self, view: RunView, kind: str, context: RunContext) -> None:
        self.view = view
        self.kind = kind
        self.context = context
        self.known: list[Known] = []
        self.notes: list[str] = []

    def results(self) -> list[RunResult]:
        """Work it out: one result, or one for each part where one record alone tells of them."""
        parts = [part for part in self.view.parts if activity_of(part, self.view) == self.kind]
        counting = [part for part in parts if part.counts_operations]
        self._take_own()
        self._take_jobs([part for part in parts if not part.counts_operations])
        self._take_stated()
        formats = _by_format(counting)
        if len(formats) == 1 and not self.known:
            apart = (_Part(part, self.kind, self.context) for part in counting)
            return [self._only_notes(), *(one.result() for one in apart)]
        for name, members in formats.items():
            self._take_sum(name, members)
        return [self.result()]

    def _only_notes(self) -> RunResult:
        stage, said = self.view.text("stage"), self._said
        return RunResult(self.view.subject, stage, self.kind, notes=said)

    def _take_own(self) -> None:
        """The methods that the run's own records allow, those of each program together."""
        own = activity_of(self.view)
        drawn = self.kind == ROLLOUTS and own == UPDATES
        if self.kind != own and not drawn:
            return
        for members in _by_format([self.view]).values():
            records = []
            for told in members:
                known, notes = methods_of(told, self.kind, self.context)
                # Hours and counts of a run that updates weights are no figures of its samples.
                kinds = ("architecture", "six_per_parameter")
                records.append([one for one in known if not drawn or one.method.kind in kinds])
                self.notes += notes
            self._take(records)

    def _take(self, records: list[list[Known]]) -> None:
        known, notes = of_one_format(self.view.subject, records)
        self.known += known
        self.notes += notes

    def _take_jobs(self, jobs: Sequence[RunView]) -> None:
        """Jobs that tell of hardware only, those of one program together."""
        subject = self.view.subject
        for name, members in _by_format(jobs).items():
            timed = [job for job in members if unit_seconds(job) is not None]
            if not timed:
                continue
            try:
                made = jobs_method(self.view, timed, self.context.margin)
            except InputError as error:
                self.notes.append(f"{subject}: {error}")
                continue
            if made is None:
                self.notes.append(
                    f"{subject}: jobs of {format_name(name)} name no accelerator, so their hours "
                    "give no operations. State run.chip."
                )
                continue
            method, facts, bounded = made
            self.known.append(Known(method, facts, bounded, told_by=name))

    def _take_stated(self) -> None:
        """The amount that somebody states for this activity, within the run or its parts."""
        key = f"{PART}{self.kind}"
        own = [self.view.held[key]] if key in self.view.held else []
        parts = [part.held[key] for part in self.view.parts if key in part.held]
        found = []
        for held in (own, parts):
            low = sum((Fraction(one.low or 0) for one in held), Fraction(0))
            if low:
                facts = tuple(name for one in held for name in one.facts)
                bounded = any(one.value is None for one in held)
                try:
                    method = checked_method(self.context.stated(low, facts))
                except InputError as error:
                    self.notes.append(f"{self.view.subject}: {key}: {error}")
                    continue
                found.append([Known(method, facts, bounded)])
            elif any(one.value is None for one in held):
                self.notes.append(_upper(self.view.subject, key))
        self._take(found)

    def _take_sum(self, name: str, members: Sequence[RunView]) -> None:
        """Parts that one program tells apart, added up."""
        told: dict[str, list[RunView]] = {}
        for one in members:
            told.setdefault(one.subject, []).append(one)
        chosen = []
        for subject, records in told.items():
            part = RunView(subject, records[0].held, [], tuple(records))
            result = _Part(part, self.kind, self.context).result()
            if result.entry is not None and result.chosen is not None:
                chosen.append(result.chosen)
        if len(chosen) < len(told):
            lost = f"{len(told) - len(chosen)} of {len(told)} parts"
            self.notes.append(
                f"{self.view.subject}: {lost} in the record of {format_name(name)} tell nothing "
                f"that can be counted{', so their sum is a bound from below' if chosen else ''}."
            )
        if chosen:
            whole = added(chosen)
            told_apart = f"{len(chosen)} parts added up" if len(chosen) > 1 else "one part"
            method = msgspec.structs.replace(whole.method, notes=(*whole.method.notes, told_apart))
            least = whole.open_above or len(chosen) < len(told)
            self.known.append(msgspec.structs.replace(whole, method=method, open_above=least))

    @property
    def _said(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.notes))

    def result(self) -> RunResult:
        """Put the methods side by side and choose one."""
        view, margin = self.view, self.context.margin
        stage = view.text("stage")
        usable = side_by_side(one for one in self.known if Fraction(one.method.amount) > 0)
        if not usable:
            zero = self._zero()
            if zero is None and not self.notes:
                self.notes += self._uncounted()
            return RunResult(view.subject, stage, self.kind, entry=zero, notes=self._said)
        found = reconcile(
            (one.method for one in usable), self._evidence(), tolerance=margin, margin=margin,
            doubted=self._cut_short(usable),
        )  # fmt: skip
        ordered = tuple(next(one for one in usable if one.method == m) for m in found.methods)
        entry = self._entry(ordered, found)
        if entry is not None:
            self.notes += [f"{view.subject}: {reading}." for reading in self._reading()]
        self.notes += differences(view.subject, ordered, margin)
        if entry is None:
            self.notes.append(
                f"{view.subject}: only a tool's own count is known, which is never used unchecked. "
                "State run.tokens with a source."
            )
        return RunResult(view.subject, stage, self.kind, ordered, found, entry, self._said)

    def _cut_short(self, usable: Iterable[Known]) -> dict[Method, str]:
        """Return meters that saw a part of the run only, as the tokens in another record show."""
        parts = [one for one in self.view.parts if activity_of(one, self.view) == self.kind]
        seen = [_tokens([told])[0] for told in self.view.told if is_meter(told)]
        seen.append(_tokens(_by_format(parts).get(METER, []))[0])
        read = [one for one in self.view.told if one.record and one.record.format and not
                is_meter(one)]  # fmt: skip
        most, name = max(
            ((_tokens([told])[0], told.record.name if told.record else "") for told in read),
            default=(0, ""),
        )
        if not max(seen) or most <= (1 + Fraction(self.context.margin)) * Fraction(max(seen)):
            return {}
        why = f"the meter was passed over, since {name} tells of more tokens"
        return {one.method: why for one in usable if one.method.kind == "measured"}

    def _zero(self) -> Entry | None:
        """An activity of which somebody states that it took nothing."""
        held = self.view.held.get(f"{PART}{self.kind}")
        if held is None or held.value is None or held.value != 0:
            return None
        stage = self.view.text("stage")
        return Entry(self.view.subject, self.kind, 0, stage=stage, sources=held.facts)

    def _evidence(self) -> Evidence:
        """Return what is known of the run that tells why methods differ."""
        view, context = self.view, self.context
        said = view.held.get("run.recomputation")
        derivation = context.world.keys.get("model.derivation")
        trainable = view.amount("parameters_trainable")
        try:
            architecture = context.of(view)
        except InputError:
            architecture = None
        partly = trainable is not None and (
            architecture is None or trainable < architecture.parameters_total
        )
        known: dict[str, Exact] = {}
        if said is not None and said.value is True:
            known["recomputation"] = 1
        if partly or (derivation is not None and derivation.value == "adapter"):
            known["frozen_weights"] = 1
        return Evidence(known=known)

    def _uncounted(self) -> list[str]:
        """Say of an activity that counts for a sum that nothing tells how much it took."""
        view, kind = self.view, self.kind
        counts = self.context.counts.get(kind)
        if view.copied or counts is None or not (counts.training or counts.cumulative):
            return []
        for key in COUNTING:
            held = view.held.get(f"run.{key}")
            if held is not None and held.low is None:
                return [_upper(view.subject, f"run.{key}")]
        more = (
            "run.configuration or run.generator_parameters_active"
            if kind in GENERATING
            else "a configuration that is covered, or run.operations"
        )
        return [
            f"{view.subject} counts as {kind.replace('_', ' ')}, and nothing tells how much it "
            f"took. State run.tokens and {more}."
        ]

    def _entry(self, known: tuple[Known, ...], found: Reconciliation) -> Entry | None:
        chosen = found.chosen
        best = known[chosen.method]
        if best.method.kind == "tool":
            return None
        amount = amount_of(chosen.amount)
        low = None if chosen.low is None else min(amount_of(chosen.low), amount)
        high = None if chosen.high is None else max(amount_of(chosen.high), amount)
        return Entry(
            self.view.subject, self.kind, amount, low, high,
            stage=self.view.text("stage"),
            method=best.method.kind,
            sources=best.facts,
            note="; ".join([chosen.why, *self._reading()]),
            open_above=best.open_above,
        )  # fmt: skip

    def _reading(self) -> Iterator[str]:
        """What we took the stage of the run for, where its name leaves it open."""
        stage, reading = self.view.text("stage"), _READINGS.get(self.kind)
        named = self.view.text("activity") is not None or f"{PART}{self.kind}" in self.view.held
        if stage is not None and reading is not None and not named:
            yield f"our reading of the stage {stage!r}: {reading}"


class _Part(_Activity):
    """A part of a run, by itself."""

    def __init__(self, part: RunView, kind: str, context: RunContext) -> None:
        super().__init__(part, kind, context)
        for members in _by_format([part]).values():
            found = [methods_of(told, kind, context) for told in members]
            self._take([known for known, _ in found])
            self.notes += [note for _, notes in found for note in notes]


_READINGS = {
    "synthetic_private_forward": "nobody states whether these data are public, so they count as "
    "not public; state run.activity where they are",
    "exploratory_research": "it helped only by what people learned; state run.activity where its "
    "weights or data went into the model",
}
"""Kinds of activity that a stage's name does not settle, and what we take it for."""


def _upper(subject: str, key: str) -> str:
    return (
        f"{subject}: of {key} only an upper bound is known, which is in no sum. State the amount, "
        "or a bound from below."
    )


def _unassigned(view: RunView) -> tuple[str, ...]:
    """Say of what is known of a run that it is in no sum, since nobody says what it did."""
    stage = view.text("stage")
    named = f"the stage {stage!r}, which is not known" if stage else "no stage"
    views = [view, *(part for part in view.parts if activity_of(part, view) is None)]
    keys = (*COUNTING, "unit_hours", "seconds", "energy")
    told = [key for key in keys if any(one.amount(key) is not None for one in views)]
    if not told:
        return ()
    label = catalogue()[f"run.{told[0]}"].label.lower()
    verb = "are" if label.endswith("s") or told[0] == "tokens" else "is"
    if len(told) > 1:
        label, verb = f"{label} and all else that is known of it", "are"
    return (
        f"{view.subject} has {named}, so its {label} {verb} in no sum. State run.stage or "
        "run.activity.",
    )


def _stated_repeats(
    view: RunView, found: Sequence[RunResult], context: RunContext
) -> list[RunResult]:
    """What somebody states for steps taken again, unless an amount holds it already."""
    key = f"{PART}{REPEATED}"
    if not any(key in one.held for one in (view, *view.parts)):
        return []
    subject, stage = view.subject, view.text("stage")
    holds = [
        one.chosen.method.kind
        for one in found
        if one.kind == UPDATES
        and one.chosen is not None
        and one.chosen.method.kind in _HOLD_REPEATS
    ]
    if holds or any(one.kind == REPEATED for one in found):
        note = f"{subject}: {key} is stated, and not counted beside what the records tell of it."
        return [RunResult(subject, stage, REPEATED, notes=(note,))]
    return _Activity(view, REPEATED, context).results()
