"""The ledger: one list of activities, two totals, since the Guidelines define two amounts.

*Training compute* is what directly contributed to parameter updates. *Cumulative* training compute
is all that contributed to the model's capabilities. Which kind of activity counts for which is law
data and comes in as a table. Where the Guidelines are silent on a kind, the table says so, and each
total is given under every reading: as we read it, as the reading that leaves most out, and as the
one that takes most in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from chapterv.compute.amounts import Amount, checked, total
from chapterv.errors import InputError

__all__ = [
    "Counted",
    "Counts",
    "Entry",
    "Ledger",
    "Line",
    "Sums",
    "Total",
    "add_up",
    "counts_of",
    "sum_parts",
]


class Counts(msgspec.Struct, frozen=True):
    """Whether a kind of activity counts for each of the two sums.

    Args:
        training: it counts in training compute.
        cumulative: it counts in cumulative training compute.
        row: the provision, as the law data number it.
        open: the sums, "training" or "cumulative", of which the text does not say it expressly, so
            that the other reading is possible.
        why: what the text says, and what our reading rests on.
    """

    training: bool
    cumulative: bool
    row: str = ""
    open: tuple[str, ...] = ()
    why: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One activity and what it took.

    Args:
        subject: what it is about, such as "run:pretrain".
        kind: kind of activity, a word of the law data.
        amount: operations, the central estimate.
        low: lower end, or None where it is the amount.
        high: upper end, or None where it is the amount; see `open_above`.
        stage: stage of training, as stated.
        method: how the amount is known.
        sources: facts that it rests on.
        note: what a person should know.
        open_above: the amount is a bound from below, and nothing is known of the upper end.
    """

    subject: str
    kind: str
    amount: Amount
    low: Amount | None = None
    high: Amount | None = None
    stage: str | None = None
    method: str = "stated"
    sources: tuple[str, ...] = ()
    note: str = ""
    open_above: bool = False


class Line(msgspec.Struct, frozen=True):
    """An entry with what the law makes of it."""

    entry: Entry
    counts: Counts


class Total(msgspec.Struct, frozen=True):
    """One of the two sums.

    Args:
        amount: sum of the central estimates, as we read the text.
        low: sum of the lower ends.
        high: sum of the upper ends, or None where some entry has none.
        least: sum of the central estimates under the reading that leaves most out.
        most: the same under the reading that takes most in.
    """

    amount: Amount
    low: Amount
    high: Amount | None
    least: Amount
    most: Amount

    @property
    def depends_on_reading(self) -> bool:
        """Readings of the text differ on the amount."""
        return self.least != self.most


class Ledger(msgspec.Struct, frozen=True):
    """All activities with both totals.

    Args:
        lines: the activities, in the order given.
        training: operations that directly contributed to parameter updates.
        cumulative: operations that contributed to capabilities.
        complete: somebody states that no activity is missing; otherwise both totals are bounds
            from below.
    """

    lines: tuple[Line, ...]
    training: Total
    cumulative: Total
    complete: bool = False

    @property
    def left_out(self) -> tuple[Line, ...]:
        """Activities that count for neither sum, to be shown all the same."""
        return tuple(
            line for line in self.lines if not (line.counts.training or line.counts.cumulative)
        )


def counts_of(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Counts]:
    """Turn the law data's table of activities into what the ledger takes.

    Args:
        table: for each kind `training`, `cumulative`, `row` and perhaps `open` and `why`.
    """
    return {
        kind: Counts(
            entry["training"],
            entry["cumulative"],
            entry.get("row", ""),
            tuple(entry.get("open", ())),
            entry.get("why", ""),
        )
        for kind, entry in table.items()
    }


def add_up(
    entries: Iterable[Entry], counts: Mapping[str, Counts], complete: bool = False
) -> Ledger:
    """Add activities into the two sums.

    Args:
        entries: the activities.
        counts: for each kind, which sums it counts for.
        complete: somebody states that no activity is missing.

    Returns: the ledger; sums are exact.

    Raises:
        InputError: a kind that the table does not have, a bad amount, or ends on the wrong side.

    Source: Annex A.1.
    """
    lines = tuple(Line(_checked(entry), _counts(entry.kind, counts)) for entry in entries)
    return Ledger(lines, _total(lines, "training"), _total(lines, "cumulative"), complete)


def _checked(entry: Entry) -> Entry:
    what = f"the amount of {entry.kind}"
    amount = checked(entry.amount, what)
    low = amount if entry.low is None else checked(entry.low, what)
    high = amount if entry.high is None else checked(entry.high, what)
    if not low <= amount <= high:
        raise InputError(
            f"the ends of {entry.kind} do not enclose its amount", entry.subject, "Check them."
        )
    return entry


def _total(lines: tuple[Line, ...], name: str) -> Total:
    ours = [line.entry for line in lines if getattr(line.counts, name)]
    open_ = {id(line) for line in lines if name in line.counts.open}
    least = [
        line.entry.amount for line in lines if getattr(line.counts, name) and id(line) not in open_
    ]
    most = [line.entry.amount for line in lines if getattr(line.counts, name) or id(line) in open_]
    ends = [None if one.open_above else _or(one.high, one.amount) for one in ours]
    known = [end for end in ends if end is not None]
    return Total(
        amount=total([one.amount for one in ours]),
        low=total([_or(one.low, one.amount) for one in ours]),
        high=total(known) if len(known) == len(ends) else None,
        least=total(least),
        most=total(most),
    )


def _or(end: Amount | None, amount: Amount) -> Amount:
    return amount if end is None else end


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
    """Add amounts by kind of activity into the two sums.

    Args:
        parts: operations by kind of activity.
        counts: for each kind, which sums it counts for.

    Returns: both sums.

    Raises:
        InputError: a kind that the table does not have, or a bad amount.

    Source: Annex A.1.
    """
    ledger = add_up((Entry("parts", kind, amount) for kind, amount in parts.items()), counts)
    return Sums(
        training_compute=ledger.training.amount,
        cumulative=ledger.cumulative.amount,
        entries=tuple(
            Counted(line.entry.kind, line.entry.amount, line.counts) for line in ledger.lines
        ),
    )


def _counts(kind: str, counts: Mapping[str, Counts]) -> Counts:
    found = counts.get(kind)
    if found is not None:
        return found
    import difflib  # only an error needs it

    near = difflib.get_close_matches(kind, counts, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Known: " + ", ".join(sorted(counts)) + "."
    raise InputError(f"{kind[:60]!r} is not a kind of activity that the law data knows", None, hint)
