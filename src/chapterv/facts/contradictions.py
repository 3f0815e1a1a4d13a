"""Statements that cannot all be true, though each is about a key of its own.

`merge` compares the sources of one key; here keys are compared with each other. A contradiction is
a conflict like any other: it is recorded, a person settles it with `[[settle]]`, and meanwhile one
side is used. That side is the one that says more (a date, a list or an amount rather than a yes or
no); between a licence's name and what is stated of it, the side that gives no exemption. The other
side is left out of the world, so that no rule reads it.

What it leaves out: whether a statement is true. What the law makes of licences and payments comes
in as data.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from chapterv.facts.merging import Merged
from chapterv.facts.types import Conflict, Fact
from chapterv.facts.world import Holding, World

__all__ = ["Readings", "reconcile"]

BEFORE_PLACING = ("planned", "training", "trained")
AFTER_PLACING = ("placed", "withdrawn")


class Readings(msgspec.Struct, frozen=True):
    """What the law pack says of the words that statements use.

    Args:
        free_licences: name of a licence to whether it is free and open; names that the law pack
            does not judge are not in it.
        paying_forms: forms of payment that make a model a monetised one.
    """

    free_licences: Mapping[str, bool] = {}
    paying_forms: Collection[str] = ()


def reconcile(
    merged: Merged,
    facts: Mapping[str, Fact],
    on: datetime.date,
    *,
    today: datetime.date | None = None,
    readings: Readings | None = None,
    settled: Mapping[tuple[str, str], str] | None = None,
) -> Merged:
    """Add the contradictions between keys to a merged world, and set the weaker sides aside.

    Args:
        merged: from `merge`.
        facts: by identifier, those of the world.
        on: the day asked for.
        today: the day on which this is asked; what is stated without a date is stated on it at the
            latest, so that the replay of an earlier day is no contradiction. `on` where left out.
        readings: of licences and payments.
        settled: (subject, key) to the fact that a person chose; its side is used, without conflict.

    Returns: the world without the sides set aside, and the conflicts.
    """
    known = _Known(merged.world, facts, on, today or on, readings or Readings())
    disputed = {conflict.key for conflict in merged.conflicts}
    choices = settled or {}
    found: list[Conflict] = []
    aside: dict[str, Holding | None] = {}
    for check in _CHECKS:
        held = [known.world.keys.get(key) for key in check.keys]
        sides = [one for one in held if one is not None and one.facts]
        if len(sides) < len(held) or not check.holds(known):
            continue
        chosen = [one for one in sides if choices.get((one.subject, one.key)) in one.facts]
        used = chosen[0] if len(chosen) == 1 else sides[0]
        aside.update({one.key: check.instead(known, one) for one in sides if one is not used})
        # A key whose own sources disagree is in a conflict already.
        if len(chosen) != 1 and not (check.amounts and disputed.intersection(check.keys)):
            found.append(_conflict(check, used, sides))
    return Merged(_without(known.world, aside), (*merged.conflicts, *found), merged.later)


def _conflict(check: _Check, used: Holding, sides: Iterable[Holding]) -> Conflict:
    others = tuple(fact for one in sides if one is not used for fact in one.facts)
    return Conflict(used.subject, used.key, (*used.facts, *others), "0", used.facts[0], check.why)


def _without(world: World, aside: Mapping[str, Holding | None]) -> World:
    if not aside:
        return world
    keys = {key: aside.get(key, held) for key, held in world.keys.items()}
    return World({key: held for key, held in keys.items() if held is not None}, world.parts)


class _Known:
    """What the checks read: values of keys, and the day on which a key was stated."""

    def __init__(
        self,
        world: World,
        facts: Mapping[str, Fact],
        on: datetime.date,
        today: datetime.date,
        readings: Readings,
    ) -> None:
        self.world = world
        self.facts = facts
        self.on = on
        self.today = today
        self.readings = readings

    def value(self, key: str) -> Any:
        """Return the value of a key that is known, None where only a bound is."""
        return self.world.keys[key].value

    def stated_by(self, key: str) -> datetime.date:
        """Return the last day on which a key may have been stated."""
        return self._day(key) or max(self.on, self.today)

    def stated_from(self, key: str) -> datetime.date:
        """Return the last day that a statement surely does not speak beyond."""
        return self._day(key) or min(self.on, self.today)

    def _day(self, key: str) -> datetime.date | None:
        fact = self.facts.get(self.world.keys[key].facts[0])
        return fact.as_of if fact else None

    def above(self, one: str, other: str) -> bool:
        """Tell whether an amount is above another by more than the errors of both explain."""
        low, high = self.world.keys[one].low, self.world.keys[other].high
        if low is None or high is None:
            return False
        return Decimal(low) * (1 - self._error(one)) > Decimal(high) * (1 + self._error(other))

    def _error(self, key: str) -> Decimal:
        facts = (self.facts.get(name) for name in self.world.keys[key].facts)
        return max((fact.bound for fact in facts if fact and fact.bound), default=Decimal(0))


class _Check(msgspec.Struct, frozen=True):
    """Keys that contradict each other, the one that is used first, and why it matters."""

    keys: tuple[str, ...]
    holds: Callable[[_Known], bool]
    why: str
    amounts: bool = False

    def instead(self, known: _Known, side: Holding) -> Holding | None:
        """Return what stays known of a side set aside: a sum is at least each of its parts."""
        if side.key != "model.cumulative_compute" or not self.amounts:
            return None
        part = known.world.keys["model.training_compute"]
        return Holding(side.key, None, part.facts, part.low, None, side.subject)


_CHECKS: list[_Check] = []


def _check(used: str, *others: str, why: str, amounts: bool = False) -> Callable[..., Any]:
    def register(holds: Callable[[_Known], bool]) -> Callable[[_Known], bool]:
        keys = tuple(f"model.{name}" for name in (used, *others))
        _CHECKS.append(_Check(keys, holds, why, amounts))
        return holds

    return register


# --- stage and days -------------------------------------------------------------------------------


@_check(
    "placed_on",
    "stage",
    why="the stage says that the model is placed, the day of placing lies ahead of that; duties "
    "run from the placing, and the day is used",
)
def _placed_ahead_of_its_day(known: _Known) -> bool:
    placed = known.value("model.stage") in AFTER_PLACING
    return placed and known.value("model.placed_on") > known.stated_by("model.stage")


@_check(
    "placed_on",
    "stage",
    why="the stage says that the model is not placed yet, the day of placing is past; duties run "
    "from the placing, and the day is used",
)
def _placed_and_not_yet(known: _Known) -> bool:
    before = known.value("model.stage") in BEFORE_PLACING
    return before and known.value("model.placed_on") <= known.stated_from("model.stage")


@_check(
    "placed_on",
    "version_placed_on",
    why="a version is placed before the model itself; the day decides whether there is time until "
    "2027 (Art. 111(3)), and that of the model is used",
)
def _version_before_model(known: _Known) -> bool:
    return bool(known.value("model.version_placed_on") < known.value("model.placed_on"))


@_check(
    "placed_on",
    "first_released_on",
    why="the first release anywhere lies after the placing on the Union market, which is a "
    "release; the day of placing is used",
)
def _released_after_placing(known: _Known) -> bool:
    return bool(known.value("model.first_released_on") > known.value("model.placed_on"))


# --- market and use -------------------------------------------------------------------------------


@_check(
    "placing_routes",
    "internal_only",
    why="the model is said to be used inside the organisation only, and to be supplied to others; "
    "purely internal use carries no duties (recital 97), and the ways of supply are used",
)
def _internal_and_supplied(known: _Known) -> bool:
    supplied = any(route != "internal" for route in known.value("model.placing_routes"))
    return supplied and known.value("model.internal_only") is True


@_check(
    "placed_on",
    "union_market",
    why="the model is said not to be on the Union market, and to be placed on it on a day; the "
    "market decides whether the Act reaches the provider (Art. 2(1)), and the day is used",
)
def _placed_on_no_market(known: _Known) -> bool:
    return bool(known.value("model.union_market") == "false")


# --- licence and payment --------------------------------------------------------------------------


@_check(
    "monetisation",
    "monetised",
    why="the model is said not to be monetised, and a form of payment is named that makes it so; "
    "a monetised model has no open-source relief (recital 103), and the form is used",
)
def _paid_and_not_monetised(known: _Known) -> bool:
    paying = set(known.readings.paying_forms).intersection(known.value("model.monetisation"))
    return bool(paying) and known.value("model.monetised") is False


@_check(
    "licence",
    "licence_free_and_open",
    why="a licence of this name is not free and open, as the statement says; the relief needs one "
    "(Art. 53(2)), and the name is used",
)
def _free_by_statement_alone(known: _Known) -> bool:
    return known.value("model.licence_free_and_open") is True and _free(known) is False


@_check(
    "licence_free_and_open",
    "licence",
    why="a licence of this name is free and open, and the statement says that it is not; the "
    "relief needs one (Art. 53(2)), and the statement is used",
)
def _free_by_name_alone(known: _Known) -> bool:
    return known.value("model.licence_free_and_open") is False and _free(known) is True


def _free(known: _Known) -> bool | None:
    return known.readings.free_licences.get(known.value("model.licence"))


# --- notification and compute ---------------------------------------------------------------------


@_check(
    "notified_on",
    "notified",
    why="the Commission is said not to have been notified, and a day of the notification is past; "
    "a clock of two weeks ends with it (Art. 52(1)), and the day is used",
)
def _notified_and_not(known: _Known) -> bool:
    past = known.value("model.notified_on") <= known.stated_from("model.notified")
    return past and known.value("model.notified") is False


@_check(
    "original_compute",
    "original_compute_known",
    why="the compute of the original model is said to be unknown, and is stated; one third of it "
    "is the threshold for modifiers, and the amount is used",
)
def _known_and_unknown(known: _Known) -> bool:
    return known.value("model.original_compute_known") is False


@_check(
    "training_compute",
    "cumulative_compute",
    why="training compute is a part of cumulative compute and cannot be above it; the threshold "
    "for systemic risk is measured in the latter, and training compute is used as its least value",
    amounts=True,
)
def _part_above_the_whole(known: _Known) -> bool:
    return known.above("model.training_compute", "model.cumulative_compute")


@_check(
    "parameters_total",
    "parameters_active",
    why="more parameters are said to be active for one token than there are; training compute "
    "follows from the active ones, and the total is used",
)
def _more_active_than_there_are(known: _Known) -> bool:
    return known.above("model.parameters_active", "model.parameters_total")
