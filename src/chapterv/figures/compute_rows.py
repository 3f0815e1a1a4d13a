"""Amounts with their bounds, thresholds, and on which side of a threshold an amount is known to be.

Everything here is exact. A threshold that is exceeded only by more than its amount (Article 51(2):
"greater than") and one that is reached by its amount are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Literal

import msgspec

from chapterv.errors import InputError
from chapterv.facts.wording import Amount, as_fraction

__all__ = ["ComputeRow", "Interval", "Side", "Threshold", "crossed", "interval", "side", "within"]

Relation = Literal["exactly", "at_least", "at_most"]
Side = Literal["above", "not_above", "open", "unknown"]


class ComputeRow(msgspec.Struct, frozen=True):
    """One quantity or one method on the axis.

    Args:
        label: its name for people.
        amount: the central value in the unit of the axis, or None if not known.
        low: lowest value, or None for no bound of its own.
        high: highest value, or None for no bound of its own.
        relation: `at_least` leaves the upper end open, `at_most` the lower end.
        note: how it was found, for tooltip and table.
        key: its name for `Threshold.applies_to`.
    """

    label: str
    amount: Amount | None = None
    low: Amount | None = None
    high: Amount | None = None
    relation: Relation = "exactly"
    note: str = ""
    key: str = ""


class Threshold(msgspec.Struct, frozen=True):
    """A line that amounts are compared with.

    Args:
        label: its name for people.
        amount: its value in the unit of the axis, more than zero.
        applies_from: first day it applies, or None.
        inclusive: the amount itself is already on the upper side.
        applies_to: keys of the rows that it is meant for; empty for all.
    """

    label: str
    amount: Amount
    applies_from: date | None = None
    inclusive: bool = False
    applies_to: frozenset[str] = frozenset()

    def concerns(self, row: ComputeRow) -> bool:
        """Whether the threshold is meant for a row."""
        return not self.applies_to or row.key in self.applies_to


class Interval(msgspec.Struct, frozen=True):
    """What is known of an amount.

    Args:
        low: lowest possible value, or None if open.
        middle: central value, or None.
        high: highest possible value, or None if open.
    """

    low: Fraction | None
    middle: Fraction | None
    high: Fraction | None

    @property
    def known(self) -> bool:
        """Whether anything is known at all."""
        return not (self.low is None and self.middle is None and self.high is None)


def within(
    label: str, amount: Amount, bound: Amount, *, note: str = "", key: str = ""
) -> ComputeRow:
    """A row with a relative bound on both sides.

    Args:
        label: its name for people.
        amount: central value.
        bound: relative error, 0.3 for ± 30 %, at most 1.
        note: how it was found.
        key: its name for `Threshold.applies_to`.
    Returns: the row with the lowest and the highest value worked out exactly.
    Raises: InputError if an amount cannot be drawn or the bound is above 1.
    """
    middle, share = as_fraction(amount, label), as_fraction(bound, f"{label}, bound")
    if share > 1:
        raise InputError("the relative bound is above 1", label, "Give 0.3 for ± 30 %.")
    return ComputeRow(
        label, amount, low=middle * (1 - share), high=middle * (1 + share), note=note, key=key
    )


def interval(row: ComputeRow) -> Interval:
    """What a row says about its amount.

    Args:
        row: the row.
    Returns: lowest, central and highest value, exact.
    Raises: InputError if an amount cannot be drawn or the bound leaves the amount out.
    """
    low, middle, high = (
        None if value is None else as_fraction(value, row.label)
        for value in (row.low, row.amount, row.high)
    )
    known = [value for value in (low, middle, high) if value is not None]
    if known != sorted(known):
        raise InputError(
            "the bound does not hold the amount", row.label, "Give low <= amount <= high."
        )
    low = middle if low is None else low
    high = middle if high is None else high
    if row.relation == "at_least":
        return Interval(low, middle, None)
    if row.relation == "at_most":
        return Interval(None, middle, high)
    return Interval(low, middle, high)


def side(known: Interval, threshold: Threshold) -> Side:
    """On which side of a threshold an amount is.

    Args:
        known: what is known of the amount.
        threshold: the threshold.
    Returns: `above` or `not_above` if every possible value is on that side, `open` if the bound
        crosses the threshold, `unknown` if nothing is known.
    """
    if not known.known:
        return "unknown"
    limit = as_fraction(threshold.amount, threshold.label)
    low = known.low if known.low is not None else Fraction(0)
    if low > limit or (threshold.inclusive and low == limit):
        return "above"
    if known.high is not None and (
        known.high < limit or (known.high == limit and not threshold.inclusive)
    ):
        return "not_above"
    return "open"


def crossed(row: ComputeRow, thresholds: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """The thresholds of a row that its bound crosses.

    Args:
        row: the row.
        thresholds: all thresholds of the axis.
    Returns: those for which one more assumption would decide, in the order given.
    """
    known = interval(row)
    return tuple(t for t in thresholds if t.concerns(row) and side(known, t) == "open")
