"""Amounts of computing power as a report shows them, against the thresholds of the law.

The side on which an amount is follows from its value alone, as the rules take it. The bound beside
it is the error that the source gives, or the one that the guidelines accept for an estimate.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

from chapterv.documents import Texts
from chapterv.dossier.gathering import Gathered, estimate_margin
from chapterv.dossier.report_model import Quantity, ThresholdView
from chapterv.facts import Amount, Fact, Holding, World, amount_text, catalogue
from chapterv.facts.wording import digits_apart, scientific
from chapterv.law import Pack

__all__ = ["quantities_of", "thresholds_of"]

TRAINING = "model.training_compute"
CUMULATIVE = "model.cumulative_compute"
PLANNED = "model.planned_compute"
CHANGE = "model.modification_compute"
ORIGINAL = "model.original_compute"
AXIS = (TRAINING, CUMULATIVE, PLANNED, CHANGE, ORIGINAL)
COMPARED = {
    "gpai_indicator_compute": (TRAINING,),
    "systemic_risk_compute": (CUMULATIVE, PLANNED),
}
SHARE = "modification_share"


def thresholds_of(
    world: World, pack: Pack, on: datetime.date, words: Texts
) -> tuple[ThresholdView, ...]:
    """Return the thresholds of the day; a share of the original where its compute is known.

    Args:
        world: what is known.
        pack: the law.
        on: the day.
        words: short names for the axis.
    """
    made = []
    for name, keys in COMPARED.items():
        parameter = pack.parameters[name]
        value = parameter.on(on)
        made.append(
            ThresholdView(
                name,
                words(f"threshold.{name}"),
                amount_text(pack.on(on).values[name]),
                value.applies_from,
                parameter.citation,
                keys,
            )
        )
    original = world.keys.get(ORIGINAL)
    if original is not None and isinstance(original.value, int | Decimal) and original.value:
        made.append(_share(original.value, pack, on, words))
    return tuple(made)


def _share(original: Amount, pack: Pack, on: datetime.date, words: Texts) -> ThresholdView:
    parameter = pack.parameters[SHARE]
    share = Fraction(original) * pack.on(on).values[SHARE]
    # The third of an amount may have no last digit; below one operation nothing is decided here.
    amount = amount_text(share.numerator // share.denominator)
    day = parameter.on(on).applies_from
    return ThresholdView(
        SHARE, words(f"threshold.{SHARE}"), amount, day, parameter.citation, (CHANGE,)
    )


def quantities_of(
    world: World,
    gathered: Gathered,
    thresholds: tuple[ThresholdView, ...],
    pack: Pack,
    on: datetime.date,
    words: Texts,
) -> tuple[Quantity, ...]:
    """Return the amounts of the compute axis that are known.

    Args:
        world: what is known.
        gathered: the facts, for bounds, days and sources.
        thresholds: what the amounts are compared with.
        pack: the law, for the margin of an estimate.
        on: the day.
        words: words of the page.
    """
    held = [world.keys[key] for key in AXIS if key in world.keys]
    return tuple(_quantity(one, gathered, thresholds, words) for one in held)


def _quantity(
    held: Holding, gathered: Gathered, thresholds: tuple[ThresholdView, ...], words: Texts
) -> Quantity:
    facts = [gathered.by_id[name] for name in held.facts if name in gathered.by_id]
    fact = facts[0] if facts else None
    bound = _bound(held, fact)
    low, high = held.low, held.high
    if bound is not None and held.value is not None:
        spread = Fraction(held.value) * Fraction(bound)
        low, high = (_exact(Fraction(held.value) + sign * spread) for sign in (-1, 1))
    sides = tuple(
        (one.id, _side(held, Fraction(one.amount)))
        for one in thresholds
        if held.key in one.applies_to
    )
    return Quantity(
        held.key,
        catalogue()[held.key].label,
        _words(held, bound, thresholds, words),
        None if held.value is None else amount_text(held.value),
        None if low is None else amount_text(low),
        None if high is None else amount_text(high),
        _relation(held),
        None if bound is None else amount_text(bound),
        sides,
        fact.as_of if fact else None,
        fact.basis if fact else "assumed",
        _note(fact, words),
        held.facts,
    )


def _bound(held: Holding, fact: Fact | None) -> Decimal | None:
    if held.value is None:
        return None
    if fact is not None and fact.bound is not None:
        return min(fact.bound, Decimal(1))
    return estimate_margin()


def _relation(held: Holding) -> str:
    if held.value is not None or (held.low is not None and held.high is not None):
        return "exactly"
    return "at_least" if held.low is not None else "at_most"


def _exact(amount: Fraction) -> Amount:
    if amount.denominator == 1:
        return int(amount)
    return Decimal(amount.numerator) / Decimal(amount.denominator)


def _side(held: Holding, threshold: Fraction) -> str:
    """Tell on which side an amount is known to be; the comparison is strict."""
    if held.low is not None and held.low > threshold:
        return "above"
    if held.high is not None and held.high <= threshold:
        return "not_above"
    return "open"


def _words(
    held: Holding, bound: Decimal | None, thresholds: tuple[ThresholdView, ...], words: Texts
) -> str:
    """Return the amount as people read it, rounded no further than tells it from a threshold."""
    lines = [Decimal(one.amount) for one in thresholds]

    def show(amount: Amount | None) -> str:
        digits = max((digits_apart((amount or 0, line)) for line in lines), default=3)
        return scientific(amount or 0, digits)

    if held.value is None and held.low is not None and held.high is not None:
        return words("compute.between", low=show(held.low), high=show(held.high))
    if held.value is None:
        end = held.low if held.low is not None else held.high
        return words(f"compute.{_relation(held)}", amount=show(end))
    percent = f"{(bound * 100).normalize():f}" if bound is not None else "0"
    return words("compute.within", amount=show(held.value), percent=percent)


def _note(fact: Fact | None, words: Texts) -> str:
    if fact is None:
        return words("compute.assumed")
    basis = words.name("basis", fact.basis)
    source = words("compute.note", basis=basis, artefact=fact.source.artefact)
    error = "compute.own_bound" if fact.bound is not None else "compute.margin"
    return f"{source} {words(error)}"
