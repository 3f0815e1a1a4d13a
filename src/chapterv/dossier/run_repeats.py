"""What a run took, one result for each activity; and steps taken again after a restart.

A log's tokens leave steps taken again out, a meter's hold them; whether they count is open in the
text, so they are an entry of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute.ledger import Entry
from chapterv.compute.reconciling import Reconciliation
from chapterv.compute.repairs import Exact
from chapterv.dossier.run_methods import Known
from chapterv.dossier.run_records import METER
from chapterv.dossier.run_views import RunView, activity_of
from chapterv.facts import Amount

__all__ = ["REPEATED", "UPDATES", "RunResult", "amount_of", "is_meter", "with_repeats"]

UPDATES = "parameter_updates"
REPEATED = "repeated_steps"


class RunResult(msgspec.Struct, frozen=True):
    """One run's methods and what was chosen of them.

    Args:
        subject: the run.
        stage: as stated.
        kind: kind of activity, or None where nobody said.
        known: the methods with their facts, best first.
        reconciliation: methods side by side, or None where there is none.
        entry: what goes into the ledger.
        notes: what could not be worked out, and what a person should decide.
    """

    subject: str
    stage: str | None
    kind: str | None
    known: tuple[Known, ...] = ()
    reconciliation: Reconciliation | None = None
    entry: Entry | None = None
    notes: tuple[str, ...] = ()

    @property
    def chosen(self) -> Known | None:
        """The method that the entry rests on."""
        if self.reconciliation is None:
            return None
        return self.known[self.reconciliation.chosen.method]


def amount_of(value: Exact) -> Amount:
    """Return an amount that has a last digit: whole where the exact one is a fraction."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else round(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def with_repeats(view: RunView, result: RunResult) -> list[RunResult]:
    """Tell what was done again after a restart from what was done once.

    A log's tokens leave it out, a meter's hold it; it goes at the run's own rate.
    """
    best, entry = result.chosen, result.entry
    if entry is None or best is None or result.kind != UPDATES:
        return [result]
    share, facts = _share_repeated(view, result.subject, best)
    if not share:
        return [result]
    amount = Fraction(entry.amount) * share
    if best.told_by == METER and best.method.kind == "measured":
        result = msgspec.structs.replace(result, entry=_less(entry, share))
    elif not best.once:
        return [result]
    repeated = Entry(
        entry.subject, REPEATED, amount_of(amount),
        stage=entry.stage,
        method=entry.method,
        sources=(*entry.sources, *facts),
        note="tokens processed again, at the run's own operations for each token",
        open_above=entry.open_above,
    )  # fmt: skip
    return [result, RunResult(entry.subject, entry.stage, REPEATED, entry=repeated)]


def _share_repeated(view: RunView, subject: str, best: Known) -> tuple[Fraction, tuple[str, ...]]:
    """Return tokens processed again for each token counted, by the records the amount rests on."""
    views = [one for one in (view, *view.parts) if one.subject == subject]
    if subject == view.subject:
        views += [part for part in view.parts if activity_of(part, view) == UPDATES]
    told = [one for each in views for one in each.told]
    if best.told_by == METER or best.parts:
        told = [one for one in told if one.record and one.record.format == best.told_by]
        return _share(told)
    return max((_share([one]) for one in told if not is_meter(one)), default=(Fraction(0), ()))


def is_meter(view: RunView) -> bool:
    """Tell whether a record is the training meter's."""
    return view.record is not None and view.record.format == METER


def _share(told: Sequence[RunView]) -> tuple[Fraction, tuple[str, ...]]:
    known = [one for one in told if one.amount("tokens")]
    tokens = sum((Fraction(one.amount("tokens") or 0) for one in known), Fraction(0))
    again = sum((Fraction(one.amount("tokens_repeated") or 0) for one in known), Fraction(0))
    facts = tuple(name for one in known for name in one.facts("tokens_repeated"))
    return (again / tokens if tokens else Fraction(0)), facts


def _less(entry: Entry, share: Fraction) -> Entry:
    """Take a share off an entry and its ends."""
    rest = max(1 - share, Fraction(0))
    amount, low, high = (
        None if end is None else amount_of(Fraction(end) * rest)
        for end in (entry.amount, entry.low, entry.high)
    )
    assert amount is not None
    return msgspec.structs.replace(entry, amount=amount, low=low, high=high)
