"""Pairs: one question that both encode, and the kinds of pair there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from tests.oracles.euaiact_case import Answer, Case, conjunction
from tests.oracles.euaiact_duties import status_of_duty
from tests.oracles.euaiact_fields import open_source_relief
from tests.oracles.euaiact_ours import WORDS, Result, answer_of, due_of, status_of
from tests.oracles.euaiact_questions import reached_by_power

Kind = Literal["answer", "status", "clock", "value"]
ALL_ANSWERS = ("met", "not_met", "cannot_tell")
DECIDED = ("met", "not_met")
ALL_STATUSES = ("off", "not_yet", "grace", "applies", "cannot_tell")
RELIEVED = (*ALL_STATUSES, "exempt")


def everywhere(case: Case) -> bool:
    """The pair is compared in every world."""
    return True


@dataclass(frozen=True)
class Pair:
    """One question that both encode."""

    rule: str
    article: str
    row: str
    kind: Kind
    asks: str
    expect: Callable[[Case], str]
    read: Callable[[Result], str]
    reaches: tuple[str, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    where: Callable[[Case], bool] = everywhere
    part: str = ""
    """Tells pairs of one rule and row apart, such as two areas of Article 113."""

    @property
    def name(self) -> str:
        """A short name for messages and test ids."""
        return " ".join(part for part in (self.rule, self.part, "=", self.row) if part)


def asked(rule: str, given: Mapping[str, Any], gate: str | None) -> Callable[[Case], str]:
    """The package's answer, once the part of the Act that holds the rule applies."""

    def expect(case: Case) -> str:
        begun: Answer = True if gate is None else case.begun(gate)
        return WORDS[conjunction(case.rule(rule, given), begun)]

    return expect


def answer(
    rule: str,
    article: str,
    row: str,
    asks: str,
    *,
    given: Mapping[str, Any] | None = None,
    gate: str | None = None,
    read: Callable[[Result], str] | None = None,
    reaches: tuple[str, ...] = ALL_ANSWERS,
    where: Callable[[Case], bool] = everywhere,
) -> Pair:
    """A pair whose answers are compared; `gate` is the area of Article 113 it belongs to."""
    given = given or {}
    expect = asked(rule, given, gate)
    read = read or answer_of(row)
    return Pair(rule, article, row, "answer", asks, expect, read, reaches, given, where)


def power(
    rule: str,
    article: str,
    row: str,
    asks: str,
    given: Mapping[str, Any],
    gate: str = "ALLGEMEIN",
) -> Pair:
    """A pair on a power of the Commission towards a provider whom the Act reaches."""

    def expect(case: Case) -> str:
        return WORDS[conjunction(reached_by_power(case, rule, given), case.begun(gate))]

    return Pair(rule, article, row, "answer", asks, expect, answer_of(row), ALL_ANSWERS, given)


def duty(
    rule: str,
    article: str,
    row: str,
    asks: str,
    *,
    relief: bool = False,
    own_condition: Callable[[Case], Answer] | None = None,
    reaches: tuple[str, ...] = ALL_STATUSES,
) -> Pair:
    """A pair whose duty is compared by status; the rule's own trigger must say the same."""

    def expect(case: Case) -> str:
        status = status_of_duty(
            case,
            relief=open_source_relief(case) if relief else False,
            own_condition=True if own_condition is None else own_condition(case),
        )
        triggered = case.rule(rule)
        # A duty that applies is one whose trigger the package finds, and the other way round.
        found = status in ("applies", "grace", "not_yet")
        if found and triggered is not True and not case.readings:
            raise AssertionError(f"{rule}: composed {status}, but its trigger says {triggered}")
        return status or "cannot_tell"

    return Pair(rule, article, row, "status", asks, expect, status_of(row), reaches)


def clock(
    rule: str,
    article: str,
    row: str,
    asks: str,
    start: Callable[[Case], date | None],
    *,
    where: Callable[[Case], bool] = everywhere,
    rolled: bool = False,
) -> Pair:
    """A pair whose last days are compared."""

    def expect(case: Case) -> str:
        return case.due(rule, start(case), rolled=rolled) or "none"

    read = due_of(row, "due_if_rolled" if rolled else "due")
    part = "rolled" if rolled else ""
    return Pair(rule, article, row, "clock", asks, expect, read, ("day",), {}, where, part)


def begins(area: str, article: str, row: str, asks: str) -> Pair:
    """A pair that compares the first day of application of a part of the Act."""
    return Pair(
        "AIA_113_ANWENDUNGSBEGINN",
        article,
        row,
        "answer",
        asks,
        lambda case: WORDS[case.begun(area)],
        answer_of(row),
        DECIDED,
        part=area,
    )


def term(paragraph: str, row: str, asks: str) -> Pair:
    """A pair that compares the first day by which a report is due (Art. 112)."""
    rule = f"AIA_112_{paragraph}_TERMIN"

    def expect(case: Case) -> str:
        first = str(case.figure(rule, {"evaluationszyklus_index": 0}))
        return WORDS[case.world.on >= date.fromisoformat(first)]

    article = f"112({int(paragraph)})"
    return Pair(rule, article, row, "answer", asks, expect, answer_of(row), DECIDED)
