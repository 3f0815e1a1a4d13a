"""Shapes of what `chapterv compute ledger` prints as JSON; see `shapes` for the rules."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Anomaly", "Ledger"]


class Anomaly(msgspec.Struct):
    """Something wrong in the record of a run, and what the sums do about it."""

    artefact: str
    kind: str
    text: str
    effect: str
    pointer: str | None = None
    key: str | None = None
    amount: str | None = None
    times: int = 1


class LedgerEntry(msgspec.Struct):
    """One activity: what it took, and which sums it counts for by which provision."""

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
    open: list[Literal["training", "cumulative"]]
    why: str
    sources: list[str]
    note: str


class LedgerTotal(msgspec.Struct):
    """A sum in FLOP; `least` and `most` under the readings that the text leaves open.

    `notification` and `order_of_magnitude` are roundings for display, absent where the sum is 0.
    """

    amount: str
    low: str
    high: str | None
    relation: Literal["exactly", "at_least"]
    least: str
    most: str
    notification: str | None = None
    order_of_magnitude: str | None = None


class MethodInput(msgspec.Struct):
    """A figure that a method multiplied."""

    name: str
    value: str
    origin: str
    place: str


class LedgerMethod(msgspec.Struct):
    """One way of knowing what a run took; `ratio` to the chosen one."""

    subject: str
    activity: str
    method: str
    name: str
    amount: str
    low: str | None
    high: str | None
    ratio: str
    chosen: bool
    inputs: list[MethodInput]
    notes: list[str]
    place: str
    sources: list[str]


class LedgerRepair(msgspec.Struct):
    """Why two methods differ, and what would bring them together."""

    rule: str
    title: str
    says: str
    field: str
    amount: str
    quote: str
    place: str
    mends: bool


class LedgerGap(msgspec.Struct):
    """Two methods of one run that disagree."""

    subject: str
    first: str
    second: str
    ratio: str
    repairs: list[LedgerRepair]


class LedgerChosen(msgspec.Struct):
    """The method that a run's amount comes from, and whether its bound meets the law's margin."""

    subject: str
    activity: str
    method: str
    amount: str
    low: str | None
    high: str | None
    why: str
    bound_from: str
    within_margin: Literal["met", "not_met", "cannot_tell"]
    in_ledger: bool


class LedgerEnergy(msgspec.Struct):
    """Energy of a run; `megawatt_hours` to two significant figures."""

    subject: str
    megawatt_hours: str
    joules: str
    low: str
    high: str
    boundary: Literal["chip", "node", "facility"]
    basis: Literal["measured", "power", "compute"]
    notes: list[str]
    sources: list[str]


class Ledger(msgspec.Struct):
    """`compute ledger`."""

    entries: list[LedgerEntry]
    training_compute: LedgerTotal
    cumulative_compute: LedgerTotal
    complete: bool
    methods: list[LedgerMethod]
    gaps: list[LedgerGap]
    chosen: list[LedgerChosen]
    energy: list[LedgerEnergy]
    anomalies: list[Anomaly]
    notes: list[str]
