"""What may be counted twice or rests on a choice: copies, runs told twice, sources that disagree.

A record that is a copy of another run's record is that other run's. Two runs of one activity whose
different programs tell the same steps, tokens and day may be one run told twice; that is asked and
not decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chapterv.dossier.run_methods import RunContext
from chapterv.dossier.run_records import COUNTERS, STATED, Record
from chapterv.dossier.run_views import RunView, activity_of
from chapterv.facts import Conflict
from chapterv.facts.amounts import shown

__all__ = ["disputed", "told_twice", "without_copies"]

MOST_NOTES = 20

_SETTINGS = tuple(
    f"run.{key}"
    for key in (
        "stage", "activity", "configuration", "sequence_length", "parameters_trainable", "chip",
        "precision", "peak_flop_per_s", "mean_peak_flop_per_s", "utilisation",
        "utilisation_counts", "recomputation", "generator_parameters_active", "pue",
    )
)  # fmt: skip
"""Keys other than counters that an amount depends on."""


def without_copies(views: Iterable[RunView]) -> list[str]:
    """Take records that are copies of another run's out of the later run.

    Args:
        views: runs with their parts, changed in place.

    Returns: a note for each copy.
    """
    seen: dict[frozenset[tuple[str, str, str]], tuple[str, Record]] = {}
    notes: list[str] = []
    for top in views:
        for view in (top, *top.parts):
            kept: list[RunView] = []
            for told in view.records:
                record = told.record
                if record is None or not _identified(record):
                    kept.append(told)
                    continue
                owner, first = seen.setdefault(record.prints, (top.subject, record))
                if owner == top.subject:
                    kept.append(told)
                    continue
                notes.append(
                    f"{record.place} is a copy of {first.place}, so it is counted once, for "
                    f"{owner}, and not for {top.subject}."
                )
            if len(kept) < len(view.records):
                _keep(view, kept)
                view.copied = top.copied = True
    return list(dict.fromkeys(notes))


def _identified(record: Record) -> bool:
    return bool(record.prints) and all(digest for _, _, digest in record.prints)


def _keep(view: RunView, kept: Sequence[RunView]) -> None:
    """Leave a run with some of its records, and without what only the others counted."""
    facts = {name for told in kept for held in told.held.values() for name in held.facts}
    view.held = {
        key: held
        for key, held in view.held.items()
        if key not in COUNTERS or facts.issuperset(held.facts)
    }
    view.records = tuple(kept) or (RunView(view.subject, view.held, record=Record(STATED, "")),)


def told_twice(views: Iterable[RunView]) -> Iterator[str]:
    """Name runs that may be one run, which two programs recorded.

    Args:
        views: runs with their records.
    """
    seen: dict[tuple[object, ...], tuple[str, Record]] = {}
    count = 0
    for view in (one for one in views if activity_of(one) is not None):
        for told in view.records:
            day = told.held.get("run.started_on")
            numbers = (told.amount("tokens"), told.amount("steps"))
            if told.record is None or not told.record.format or day is None or None in numbers:
                continue
            key = (activity_of(view), *numbers, day.value)
            other, first = seen.setdefault(key, (view.subject, told.record))
            if other == view.subject or first.format == told.record.format or count >= MOST_NOTES:
                continue
            count += 1
            yield (
                f"{other} and {view.subject} have the same tokens, steps and first day by "
                f"{first.name} and {told.record.name}. If they are one run, name both paths in one "
                "[[run]]: now both are counted."
            )


def disputed(context: RunContext) -> Iterator[str]:
    """Say which settings that amounts rest on are told differently by different sources.

    Args:
        context: the conflicts, and the facts behind them.
    """
    found = [
        one for one in context.conflicts
        if one.subject.startswith("run:") and one.key in _SETTINGS
    ]  # fmt: skip
    for conflict in found[:MOST_NOTES]:
        yield (
            f"{conflict.subject}: sources disagree on {conflict.key} ({_values(conflict, context)})"
            ". The first is used; choose with [[settle]]."
        )
    if len(found) > MOST_NOTES:
        yield f"{len(found) - MOST_NOTES} more settings of runs are told differently."


def _values(conflict: Conflict, context: RunContext) -> str:
    facts = [context.by_id[name] for name in conflict.facts if name in context.by_id]
    told = [f"{shown(fact.value)} in {fact.source.artefact[:60]}" for fact in facts[:4]]
    return ", ".join(dict.fromkeys(told))
