"""The ledger of a dossier: every run and activity, what each took, and the two sums.

Each run's methods are put side by side and one is chosen, with the reason; what counts for which
sum is law data. What cannot be counted is listed, never left out in silence, and a sum of which
something could not be counted stays a bound from below whatever somebody states of the list.

Source: Guidelines on obligations for general-purpose AI models, Annex A.1 and A.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec

from chapterv.compute.energy import BOUNDARIES
from chapterv.compute.ledger import Counts, Entry, Ledger, add_up, counts_of
from chapterv.dossier.inherited import INHERITED, Inherited
from chapterv.dossier.run_doubts import disputed, told_twice, without_copies
from chapterv.dossier.run_hardware import RunEnergy, energies_of
from chapterv.dossier.run_methods import RunContext
from chapterv.dossier.run_records import format_name
from chapterv.dossier.run_repeats import REPEATED, UPDATES, RunResult, amount_of
from chapterv.dossier.run_results import results_of, tokens_of
from chapterv.dossier.run_sides import amount_shown
from chapterv.dossier.run_views import RunView, activity_of, group_runs
from chapterv.facts import Amount

__all__ = ["DossierLedger", "RunResult", "activity_counts", "amount_of", "build_ledger"]

SUBSTANTIAL = frozenset({UPDATES, REPEATED})
"""Kinds of which a run made from another model is a modification."""


class DossierLedger(msgspec.Struct, frozen=True):
    """The ledger with the runs behind it.

    Args:
        ledger: entries and sums.
        runs: every run, with its methods.
        notes: what is in no sum, and why.
        energies: energy of the runs whose compute counts for the model.
        tokens: tokens trained on, with the facts, of each run that tells them.
        energy_missing: runs that count and whose energy is not known.
    """

    ledger: Ledger
    runs: tuple[RunResult, ...] = ()
    notes: tuple[str, ...] = ()
    energies: tuple[RunEnergy, ...] = ()
    tokens: tuple[tuple[Amount, tuple[str, ...]], ...] = ()
    energy_missing: tuple[str, ...] = ()


def activity_counts() -> dict[str, Counts]:
    """Return which kinds of activity count for which of the two sums, as the law data have it.

    Source: Guidelines on obligations for general-purpose AI models, Annex A.1.
    """
    from chapterv.law import load_pack

    table: Any = load_pack().parameters["compute_activities"].value[-1].value
    return counts_of(table)


def build_ledger(context: RunContext, base: Inherited | None = None) -> DossierLedger:
    """Build the ledger of a dossier.

    Args:
        context: the model, what is known of it, and which kinds of activity count for which sum.
        base: what is known of the models that this one was made from.

    Returns: the ledger; runs of which nobody says what they did are in no sum, and in the notes.
    """
    base = base or Inherited()
    views = group_runs(
        context.world.parts.get("run", {}), context.by_id.values(), context.settled, context.owner
    )
    copies = without_copies(views)
    runs = [one for view in views for one in results_of(view, context)]
    # What is in no sum stands first.
    notes = [note for one in runs if one.entry is None for note in one.notes]
    notes += [*copies, *(note for one in runs if one.entry is not None for note in one.notes)]
    notes += [*told_twice(views), *disputed(context)]
    own = [one.entry for one in runs if one.entry is not None]
    entries, more = _with_base(own, base.entries)
    energies, missing, others = _energies(views, context.counts)
    notes += [*more, *others]
    stated = context.world.keys.get("model.compute_ledger_complete")
    said = stated is not None and stated.value is True
    unknown = base.unknown or any(_is_missing(one, context.counts) for one in runs)
    if said and unknown:
        notes.append(
            "Somebody states that the list of runs is complete, and the amounts of some are not "
            "known: both sums stay bounds from below."
        )
    return DossierLedger(
        add_up(entries, context.counts, said and not unknown),
        tuple(runs),
        tuple(dict.fromkeys(notes)),
        energies,
        tuple(found for view in views if (found := tokens_of(view)) is not None),
        missing,
    )


def _is_missing(run: RunResult, counts: Mapping[str, Counts]) -> bool:
    """Something that counts, or may count, was done and is in no sum."""
    if run.entry is not None or not (run.notes or run.known):
        return False
    if run.kind is None:
        return True
    found = counts.get(run.kind)
    return found is None or found.training or found.cumulative


def _with_base(own: Sequence[Entry], base: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """Put the compute of base models beside the runs, once where somebody states it for a run too.

    What is stated for a run and what is known of the base models may be the same weights.
    """
    within = [one for one in own if one.kind == INHERITED]
    named = [one for one in base if one.kind == INHERITED]
    if not within or not named:
        return [*own, *base], []
    first, second = (sum((Fraction(one.amount) for one in all_), Fraction(0)) for all_ in
                     (within, named))  # fmt: skip
    left_out, kept = (within, named) if second > first else (named, within)
    same = first == second
    counted = [
        one if same or one not in kept else msgspec.structs.replace(one, open_above=True)
        for one in (*own, *base)
        if one not in left_out
    ]
    note = (
        f"The compute of weights taken over is stated for {within[0].subject} "
        f"({amount_shown(first)} FLOP) and known for {named[0].subject} ({amount_shown(second)} "
        "FLOP). They may be the same weights, so they are not added: the larger counts."
    )
    return counted, [note]


def _energies(
    views: Iterable[RunView], counts: Mapping[str, Counts]
) -> tuple[tuple[RunEnergy, ...], tuple[str, ...], list[str]]:
    """Return one energy for each run that counts, those without one, and notes."""
    notes: list[str] = []
    found: list[list[RunEnergy]] = []
    missing: list[str] = []
    for view in views:
        own = activity_of(view)
        parts = [part for part in view.parts if _counts(activity_of(part, view), counts)]
        if not (_counts(own, counts) or (own is None and parts)):
            continue
        known, more = energies_of(view, parts)
        notes += more
        if known:
            found.append(known)
        elif not view.copied:
            missing.append(view.subject)
    chosen = _one_boundary(found)
    for one, all_ in zip(chosen, found, strict=True):
        others = [_said(other) for other in all_ if other is not one]
        if others:
            notes.append(
                f"{one.subject}: its energy is {_said(one)}; other records, which are never added "
                f"to it: {', '.join(others)}."
            )
    return tuple(chosen), tuple(missing), notes


def _counts(kind: str | None, counts: Mapping[str, Counts]) -> bool:
    return kind is not None and kind in counts and counts[kind].cumulative


def _one_boundary(found: Sequence[Sequence[RunEnergy]]) -> list[RunEnergy]:
    """Choose for each run the best energy, of one boundary for all where they have one in common.

    Figures of different boundaries cannot be added.
    """
    best = [one[0] for one in found]
    if len({one.energy.boundary for one in best}) > 1:
        for boundary in reversed(BOUNDARIES):
            same = [
                next((one for one in all_ if one.energy.boundary == boundary), None)
                for all_ in found
            ]
            known = [one for one in same if one is not None]
            if len(known) == len(found):
                return known
    return best


def _said(one: RunEnergy) -> str:
    least = "at least " if one.at_least else ""
    hours = amount_shown(one.energy.megawatt_hours * 1000)
    return f"{least}{hours} kWh ({one.energy.boundary}, {format_name(one.told_by)})"
