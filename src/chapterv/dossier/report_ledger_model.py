"""The ledger as a report holds it: the shape that `chapterv compute ledger` prints, and beside it
the figures that documents take from it and those of a notification to the Commission.

Amounts are decimal strings; what people read is made where it is drawn.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

__all__ = [
    "DocumentFigure",
    "DraftAmount",
    "LedgerAnomaly",
    "LedgerChosen",
    "LedgerEnergy",
    "LedgerEntry",
    "LedgerGap",
    "LedgerMethod",
    "LedgerSum",
    "LedgerView",
    "NotificationDraft",
    "Repair",
]

Day = datetime.date


class LedgerEntry(msgspec.Struct, frozen=True):
    """One activity, what it took, and which sums it counts for by which row of the law."""

    subject: str
    stage: str | None
    activity: str
    amount: str
    low: str | None
    high: str | None
    at_least: bool
    method: str
    training: bool
    cumulative: bool
    rule: str
    open: tuple[str, ...]
    """Sums of which the text does not say it expressly."""
    why: str
    sources: tuple[str, ...]
    note: str


class LedgerSum(msgspec.Struct, frozen=True):
    """One of the two sums; `least` and `most` are its readings where the text is silent."""

    amount: str
    low: str
    high: str | None
    relation: str
    least: str
    most: str
    notification: str | None = None
    order_of_magnitude: str | None = None


class LedgerMethod(msgspec.Struct, frozen=True):
    """One way of knowing what a run took; `ratio` is to the one that was chosen."""

    subject: str
    activity: str
    method: str
    name: str
    amount: str
    low: str | None
    high: str | None
    ratio: str
    chosen: bool
    inputs: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    place: str
    sources: tuple[str, ...]


class Repair(msgspec.Struct, frozen=True):
    """A reason why two methods differ."""

    rule: str
    title: str
    says: str
    field: str
    amount: str
    quote: str
    place: str
    mends: bool


class LedgerGap(msgspec.Struct, frozen=True):
    """Two methods of a run that disagree, and why."""

    subject: str
    first: str
    second: str
    ratio: str
    repairs: tuple[Repair, ...]


class LedgerChosen(msgspec.Struct, frozen=True):
    """The estimate that a run's entry rests on."""

    subject: str
    activity: str
    method: str
    amount: str
    low: str | None
    high: str | None
    why: str
    bound_from: str
    within_margin: str
    in_ledger: bool


class LedgerEnergy(msgspec.Struct, frozen=True):
    """Energy of a run with its boundary."""

    subject: str
    megawatt_hours: str
    joules: str
    low: str
    high: str
    boundary: str
    basis: str
    notes: tuple[str, ...]
    sources: tuple[str, ...]


class LedgerAnomaly(msgspec.Struct, frozen=True):
    """Something wrong in a record, and what it does to the sums."""

    artefact: str
    kind: str
    text: str
    effect: str
    pointer: str | None = None
    key: str | None = None
    amount: str | None = None
    times: int = 1


class DocumentFigure(msgspec.Struct, frozen=True):
    """A figure as one document takes it, rounded from an exact amount; never typed.

    Args:
        document: notification, ai_office, national_authorities, downstream_providers or energy.
        item: where in the document.
        quantity: what is rounded, empty where the document has no such item.
        value: the figure, None where there is none.
        unit: of the figure.
        exact: the amount it is rounded from.
        relation: exactly, at_least or at_most.
        rounding: two_figures, order_of_magnitude, or no_item.
        facts: that hold the exact amount.
    """

    document: str
    item: str
    quantity: str
    value: str | None
    unit: str
    exact: str | None
    relation: str
    rounding: str
    facts: tuple[str, ...] = ()


class DraftAmount(msgspec.Struct, frozen=True):
    """An amount of a notification: as it would be written, exact, and the facts that hold it."""

    quantity: str
    value: str
    exact: str
    low: str | None
    high: str | None
    relation: str
    facts: tuple[str, ...]


class NotificationDraft(msgspec.Struct, frozen=True):
    """What a notification to the Commission would say of computing power, in one place.

    Args:
        above: threshold.
        amounts: expected by the plan, done so far.
        methods: how each counted activity was estimated: run, activity, method, reason.
        assumptions: of the methods, sentences.
        readings: of the law where its text is silent: activity and what our reading rests on.
        margin: accepted error.
        started_by: plan, met or pace.
        known_on: first day of the two weeks, None where it cannot be told.
        due: last day.
        state: of the two weeks.
        days_left: to that day.
        evidence: facts that it rests on.
    """

    above: str
    amounts: tuple[DraftAmount, ...]
    methods: tuple[tuple[str, str, str, str], ...]
    assumptions: tuple[str, ...]
    readings: tuple[tuple[str, str], ...]
    margin: str
    started_by: str
    known_on: Day | None
    due: Day | None
    state: str
    days_left: int | None
    evidence: tuple[str, ...]


class LedgerView(msgspec.Struct, frozen=True):
    """The ledger of a dossier.

    Args:
        entries: every activity.
        training_compute: what directly contributed to parameter updates.
        cumulative_compute: all that contributed to capabilities.
        complete: somebody states that nothing is missing.
        margin: accepted error of an estimate, as a share of it.
        methods: of all runs.
        gaps: between methods that disagree.
        chosen: one for each run.
        energy: of the runs that count.
        anomalies: in the records.
        notes: what is in no sum, and why.
        documents: figures that documents take.
    """

    entries: tuple[LedgerEntry, ...]
    training_compute: LedgerSum
    cumulative_compute: LedgerSum
    complete: bool
    margin: str = "0"
    methods: tuple[LedgerMethod, ...] = ()
    gaps: tuple[LedgerGap, ...] = ()
    chosen: tuple[LedgerChosen, ...] = ()
    energy: tuple[LedgerEnergy, ...] = ()
    anomalies: tuple[LedgerAnomaly, ...] = ()
    notes: tuple[str, ...] = ()
    documents: tuple[DocumentFigure, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing is known of any run."""
        return not (self.entries or self.notes or self.anomalies)
