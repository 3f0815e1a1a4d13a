"""The ledger of a dossier: every run and activity, what each took, and the two sums.

Each run's methods are put side by side and one is chosen, with the reason; what counts for which
sum is law data. What cannot be counted is listed, never left out in silence.

Source: Guidelines on obligations for general-purpose AI models, Annex A.1 and A.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from chapterv.compute.ledger import Counts, Entry, Ledger, add_up, counts_of
from chapterv.compute.reconciling import Reconciliation, reconcile
from chapterv.compute.repairs import Evidence, Exact
from chapterv.dossier.run_hardware import RunEnergy, energy_of
from chapterv.dossier.run_methods import Known, RunContext, methods_of
from chapterv.dossier.run_views import GENERATING, RunView, activity_of, group_runs
from chapterv.facts import Amount, catalogue

__all__ = ["DossierLedger", "RunResult", "activity_counts", "build_ledger"]

PART = "run.compute."
UPDATES = "parameter_updates"
REPEATED = "repeated_steps"
SUBSTANTIAL = frozenset({UPDATES, REPEATED})
"""Kinds of which a run made from another model is a modification."""


class RunResult(msgspec.Struct, frozen=True):
    """One run's methods and what was chosen of them.

    Args:
        subject: the run.
        stage: as stated.
        kind: kind of activity, or None where nobody said.
        known: the methods with their facts, best first.
        reconciliation: methods side by side, or None where there is none.
        entry: what goes into the ledger.
        notes: what could not be worked out.
    """

    subject: str
    stage: str | None
    kind: str | None
    known: tuple[Known, ...] = ()
    reconciliation: Reconciliation | None = None
    entry: Entry | None = None
    notes: tuple[str, ...] = ()


class DossierLedger(msgspec.Struct, frozen=True):
    """The ledger with the runs behind it.

    Args:
        ledger: entries and sums.
        runs: every run, with its methods.
        notes: what is in no sum, and why.
        energies: energy of the runs whose compute counts for the model.
    """

    ledger: Ledger
    runs: tuple[RunResult, ...] = ()
    notes: tuple[str, ...] = ()
    energies: tuple[RunEnergy, ...] = ()


def activity_counts() -> dict[str, Counts]:
    """Return which kinds of activity count for which of the two sums, as the law data have it.

    Source: Guidelines on obligations for general-purpose AI models, Annex A.1.
    """
    from chapterv.law import load_pack

    table: Any = load_pack().parameters["compute_activities"].value[-1].value
    return counts_of(table)


def build_ledger(context: RunContext, more: Iterable[Entry] = ()) -> DossierLedger:
    """Build the ledger of a dossier.

    Args:
        context: the model, what is known of it, and which kinds of activity count for which sum.
        more: entries from elsewhere, such as the compute of inherited weights.

    Returns: the ledger; runs of which nobody says what they did are in no sum, and in the notes.
    """
    counts = context.counts
    stated = context.world.keys.get("model.compute_ledger_complete")
    entries: list[Entry] = []
    runs: list[RunResult] = []
    notes: list[str] = []
    energies: list[RunEnergy] = []
    for view in group_runs(context.world.parts.get("run", {})):
        for one in _results(view, context):
            runs.append(one)
            notes.extend(one.notes)
            if one.entry is not None:
                entries.append(one.entry)
        energy, more_notes = _energy(view, counts)
        energies += energy
        notes += more_notes
        entries.extend(_stated(view, counts))
        for part in view.parts:
            entries.extend(_stated(part, counts))
    complete = stated is not None and stated.value is True
    ledger = add_up([*entries, *more], counts, complete)
    return DossierLedger(ledger, tuple(runs), tuple(notes), tuple(energies))


def _energy(view: RunView, counts: Mapping[str, Counts]) -> tuple[list[RunEnergy], list[str]]:
    """Return the energy of a run that counts for the model."""
    kind = activity_of(view) or next(
        (kind for part in view.parts if (kind := activity_of(part))), None
    )
    if kind is None or kind not in counts or not counts[kind].cumulative:
        return [], []
    found, notes = energy_of(view)
    return [found] if found is not None else [], notes


def _stated(view: RunView, counts: Mapping[str, Counts]) -> list[Entry]:
    """Amounts that somebody states for a kind of activity within a run."""
    found = []
    for key, held in view.held.items():
        kind = key.removeprefix(PART)
        if not key.startswith(PART) or kind not in counts:
            continue
        amount = held.value if held.value is not None else held.low
        if amount is None:
            continue
        found.append(
            Entry(
                view.subject,
                kind,
                amount,
                stage=view.text("stage"),
                sources=held.facts,
                open_above=held.value is None,
            )
        )
    return found


def _results(view: RunView, context: RunContext) -> list[RunResult]:
    """Work out a run and its parts, none of them twice."""
    kind = activity_of(view)
    counting = [part for part in view.parts if part.counts_operations]
    same = [part for part in counting if (activity_of(part, view) or kind) == kind]
    others = [part for part in counting if part not in same]
    own = view.counts_operations or not same
    found: list[RunResult] = []
    if own:
        found.append(_result(view, kind, context, _summed(same, kind, context)))
    else:
        found += [_result(part, activity_of(part, view), context) for part in same]
    found += [_result(part, activity_of(part, view), context) for part in others]
    if kind == UPDATES:
        found += _again(view, found, context)
    return [one for one in found if one.known or one.notes or one.entry]


def _summed(parts: list[RunView], kind: str | None, context: RunContext) -> Known | None:
    """Add up parts that count the same activity as their run, as one further method of it."""
    if kind is None or not parts:
        return None
    chosen = [_result(part, kind, context) for part in parts]
    entries = [one.entry for one in chosen if one.entry is not None]
    if len(entries) < len(parts):
        return None
    first = next(one for one in chosen if one.reconciliation is not None)
    assert first.reconciliation is not None
    method = first.reconciliation.methods[0]
    total = sum((Fraction(one.amount) for one in entries), Fraction(0))
    facts = tuple(name for one in entries for name in one.sources)
    summed = msgspec.structs.replace(
        method, amount=total, low=None, high=None, inputs=(),
        name=f"{len(parts)} parts added up",
    )  # fmt: skip
    return Known(summed, facts, any(one.open_above for one in entries))


def _result(
    view: RunView, kind: str | None, context: RunContext, more: Known | None = None
) -> RunResult:
    stage = view.text("stage")
    if kind is None:
        return RunResult(view.subject, stage, None, notes=_unassigned(view, stage))
    known, notes = methods_of(view, kind, context)
    known += [more] if more is not None else []
    usable = [one for one in known if Fraction(one.method.amount) > 0]
    if not usable:
        notes += _uncounted(view, kind, context) if not notes else []
        return RunResult(view.subject, stage, kind, notes=tuple(notes))
    side_by_side = reconcile(
        (one.method for one in usable), _evidence(view, context),
        tolerance=context.margin, margin=context.margin,
    )  # fmt: skip
    ordered = tuple(next(one for one in usable if one.method == m) for m in side_by_side.methods)
    entry = _entry(view, kind, ordered, side_by_side)
    if entry is None:
        notes.append(
            f"{view.subject}: only a tool's own count is known, which is never used unchecked. "
            "State run.tokens with a source."
        )
    return RunResult(view.subject, stage, kind, ordered, side_by_side, entry, tuple(notes))


def _evidence(view: RunView, context: RunContext) -> Evidence:
    """Return what is known of a run that tells why methods differ."""
    said = view.held.get("run.recomputation")
    derivation = context.world.keys.get("model.derivation")
    trainable, architecture = view.amount("parameters_trainable"), context.of(view)
    partly = trainable is not None and (
        architecture is None or trainable < architecture.parameters_total
    )
    known: dict[str, Exact] = {}
    if said is not None and said.value is True:
        known["recomputation"] = 1
    if partly or (derivation is not None and derivation.value == "adapter"):
        known["frozen_weights"] = 1
    return Evidence(known=known)


def _uncounted(view: RunView, kind: str, context: RunContext) -> list[str]:
    """Say of a run that counts for a sum that nothing tells how much it computed."""
    counts = context.counts.get(kind)
    stated = any(key.startswith(PART) for key in view.held)
    if stated or counts is None or not (counts.training or counts.cumulative):
        return []
    more = (
        "run.configuration or run.generator_parameters_active"
        if kind in GENERATING
        else ("a configuration that is covered, or run.operations")
    )
    return [
        f"{view.subject} counts as {kind.replace('_', ' ')}, and nothing tells how much it took. "
        f"State run.tokens and {more}."
    ]


def _entry(
    view: RunView, kind: str, known: tuple[Known, ...], found: Reconciliation
) -> Entry | None:
    chosen = found.chosen
    best = known[chosen.method]
    if best.method.kind == "tool":
        return None
    amount = amount_of(chosen.amount)
    low = None if chosen.low is None else min(amount_of(chosen.low), amount)
    high = None if chosen.high is None else max(amount_of(chosen.high), amount)
    return Entry(
        view.subject, kind, amount, low, high,
        stage=view.text("stage"),
        method=best.method.kind,
        sources=best.facts,
        note=chosen.why,
        open_above=best.open_above,
    )  # fmt: skip


def _unassigned(view: RunView, stage: str | None) -> tuple[str, ...]:
    """Say of what is known of a run that it is in no sum, since nobody says what it did."""
    named = f"the stage {stage!r}, which is not known" if stage else "no stage"
    told = [f"run.{key}" for key in ("operations", "tokens", "unit_hours") if view.amount(key)]
    if not told and not view.parts:
        return ()
    label = catalogue()[told[0]].label.lower() if told else "record"
    verb = "are" if label.endswith("s") or told == ["run.tokens"] else "is"
    return (
        f"{view.subject} has {named}, so its {label} {verb} in no sum. State run.stage or "
        "run.activity.",
    )


def _again(view: RunView, found: list[RunResult], context: RunContext) -> list[RunResult]:
    """The compute of tokens that were processed again after a restart, at the run's own rate."""
    again, tokens = view.amount("tokens_repeated"), view.amount("tokens")
    entry = next((one.entry for one in found if one.subject == view.subject), None)
    if not again or not tokens or entry is None:
        return []
    amount = amount_of(Fraction(entry.amount) * Fraction(again) / Fraction(tokens))
    repeated = Entry(
        view.subject, REPEATED, amount,
        stage=view.text("stage"),
        method=entry.method,
        sources=(*entry.sources, *view.facts("tokens_repeated")),
        note="tokens processed again, at the run's own operations for each token",
    )  # fmt: skip
    return [RunResult(view.subject, view.text("stage"), REPEATED, entry=repeated, notes=())]


def amount_of(value: Exact) -> Amount:
    """Return an amount that has a last digit: whole where the exact one is a fraction."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else round(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value
