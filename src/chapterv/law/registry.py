"""Rules register themselves here: one function a row, found by its identifier.

A rule is a pure function of a `Case`. It may also answer rows that say the same elsewhere (`also`),
for instance a section of the guidelines that repeats an article. Rules of one kind of subject
(`about="incident"`) run once for each such subject.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from chapterv.errors import LawDataError

if TYPE_CHECKING:
    from chapterv.law.case import Case
    from chapterv.law.types import Clock, Finding, Obligation

__all__ = [
    "CLOCKS",
    "OBLIGATIONS",
    "RULES",
    "Registered",
    "clock",
    "is_ruled",
    "obligation",
    "owner_of",
    "rule",
]


Function = TypeVar("Function", bound=Callable[[Any], Any])
RuleFunction = Callable[["Case"], "Finding"]
DutyFunction = Callable[["Case"], "Obligation"]
ClockFunction = Callable[["Case"], "Clock | None"]


class Registered(msgspec.Struct, frozen=True):
    """A registered function and what it speaks of."""

    id: str
    function: Callable[[Any], Any]
    about: str
    also: tuple[str, ...]


RULES: dict[str, Registered] = {}
OBLIGATIONS: dict[str, Registered] = {}
CLOCKS: dict[str, Registered] = {}
_OWNERS: dict[str, Registered] = {}
_DUTIES: set[str] = set()


def rule(
    row: str, *, also: tuple[str, ...] = (), about: str = "model"
) -> Callable[[RuleFunction], RuleFunction]:
    """Register the rule that answers a row.

    Args:
        row: identifier with the prefix of its document, such as "act:C03".
        also: rows that the same finding answers.
        about: kind of subject; "model" rules run once.
    """
    return _register(RULES, row, also, about)


def obligation(
    row: str, *, also: tuple[str, ...] = (), about: str = "model"
) -> Callable[[DutyFunction], DutyFunction]:
    """Register the function that gives the status of a duty."""
    return _register(OBLIGATIONS, row, also, about)


def clock(
    row: str, *, also: tuple[str, ...] = (), about: str = "model"
) -> Callable[[ClockFunction], ClockFunction]:
    """Register the function that gives a clock, or None where nothing has started it."""
    return _register(CLOCKS, row, also, about)


def owner_of(row: str) -> Registered:
    """Return the rule that answers a row, under its own name or under another."""
    try:
        return _OWNERS[row]
    except KeyError:
        raise LawDataError(f"no rule answers {row}") from None


def is_ruled(row: str) -> bool:
    """Tell whether a rule, duty or clock speaks for a row."""
    return row in _OWNERS or row in _DUTIES


def _register(
    table: dict[str, Registered], row: str, also: tuple[str, ...], about: str
) -> Callable[[Function], Function]:
    def keep(function: Function) -> Function:
        taken = {name for entry in table.values() for name in (entry.id, *entry.also)}
        for name in (row, *also):
            if name in taken:
                raise LawDataError(f"two rules answer {name}", function.__module__)
        table[row] = Registered(row, function, about, also)
        if table is RULES:
            _OWNERS.update(dict.fromkeys((row, *also), table[row]))
        else:
            _DUTIES.update((row, *also))
        return function

    return keep
