"""The ledger's sums: one list of activities, two totals, since the Guidelines define two amounts.

*Training compute* is what directly contributed to parameter updates. *Cumulative* training compute
is all that contributed to the model's capabilities. Which kind of activity counts for which is law
data and comes in as a table.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chapterv.compute.amounts import Amount, checked, total
from chapterv.errors import InputError

__all__ = ["Counted", "Counts", "Sums", "sum_parts"]


class Counts(msgspec.Struct, frozen=True):
    """Whether a kind of activity counts for each of the two sums."""

    training: bool
    cumulative: bool


class Counted(msgspec.Struct, frozen=True):
    """One activity as the sums took it."""

    kind: str
    amount: Amount
    counts: Counts


class Sums(msgspec.Struct, frozen=True):
    """The two totals and what they were made of.

    Args:
        training_compute: operations that directly contributed to parameter updates.
        cumulative: operations that contributed to capabilities.
        entries: the activities, in the order given.
    """

    training_compute: Amount
    cumulative: Amount
    entries: tuple[Counted, ...]

    @property
    def left_out(self) -> tuple[Counted, ...]:
        """Activities that count for neither sum, to be shown all the same."""
        return tuple(
            entry
            for entry in self.entries
            if not (entry.counts.training or entry.counts.cumulative)
        )


def sum_parts(parts: Mapping[str, Amount], counts: Mapping[str, Counts]) -> Sums:
    """Add activities into the two sums.

    Args:
        parts: operations by kind of activity.
        counts: for each kind, which sums it counts for.

    Returns: both sums.

    Raises:
        InputError: a kind that the table does not have, or a bad amount.

    Source: Annex A.1.
    """
    entries = [
        Counted(kind, checked(amount, f"the amount of {kind}"), _counts(kind, counts))
        for kind, amount in parts.items()
    ]
    return Sums(
        training_compute=total([e.amount for e in entries if e.counts.training]),
        cumulative=total([e.amount for e in entries if e.counts.cumulative]),
        entries=tuple(entries),
    )


def _counts(kind: str, counts: Mapping[str, Counts]) -> Counts:
    found = counts.get(kind)
    if found is not None:
        return found
    import difflib  # only an error needs it

    near = difflib.get_close_matches(kind, counts, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Known: " + ", ".join(sorted(counts)) + "."
    raise InputError(f"{kind[:60]!r} is not a kind of activity that the law data knows", None, hint)
