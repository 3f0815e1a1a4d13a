"""One world, asked of the independent package `euaiact`.

The package speaks German and takes each field as it is handed over. A field is one of three
things: derived from our facts (`euaiact_fields`), given because the question presupposes it
(`given` in the mapping), or the answer of another rule of the package itself, so that its rules
build on one another and never on an answer of ours. Unknown stays unknown (None) throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

import euaiact

from tests.oracles.euaiact_readings import Reading
from tests.oracles.euaiact_worlds import World

Answer = bool | None
TEXT_OF_2024 = "EUAIACT_2024_08_01"
TEXT_OF_2026 = "EUAIACT_2026_07_27"
AMENDED_ON = date(2026, 7, 27)
CHAPTER_V_DAY = date(2025, 8, 2)
LEGACY_MODELS_COMPLY_BY = date(2027, 8, 2)
# A calendar without holidays: comparisons of rolled days are made where no holiday can fall.
NO_HOLIDAYS = {"von": "2024-01-01", "bis": "2045-12-31", "feiertage": [], "bezug": "weekends only"}


def conjunction(*answers: Answer) -> Answer:
    """Three-valued "and": one False decides, else one unknown leaves it open."""
    if any(answer is False for answer in answers):
        return False
    return None if None in answers else True


def disjunction(*answers: Answer) -> Answer:
    """Three-valued "or": one True decides, else one unknown leaves it open."""
    if any(answer is True for answer in answers):
        return True
    return None if None in answers else False


def negation(answer: Answer) -> Answer:
    """Three-valued "not"."""
    return None if answer is None else not answer


class OracleError(AssertionError):
    """The package refused what was handed over: the mapping is wrong, not the law."""


@cache
def fields_of(rule: str) -> frozenset[str]:
    """All fields that a rule reads, those of the rules it builds on among them."""
    return frozenset(euaiact.eingabevertrag(rule)["felder"])


@cache
def _ask(rule: str, inputs: tuple[tuple[str, Any], ...]) -> Answer:
    """Ask the package once for each set of inputs; many worlds hand over the same ones."""
    result = euaiact.pruefe_tatbestand(rule, dict(inputs), quellenfassung=TEXT_OF_2026)
    answer: Answer = _value(result)
    return answer


@cache
def _begun(area: str, on: date) -> bool:
    text = TEXT_OF_2026 if on >= AMENDED_ON else TEXT_OF_2024
    return bool(_value(euaiact.pruefe_anwendungsbeginn(area, on.isoformat(), quellenfassung=text)))


class Case:
    """A world and what the package says of it; each rule is asked once."""

    def __init__(
        self,
        world: World,
        derivations: Mapping[str, Callable[[Case], Any]],
        readings: frozenset[Reading] = frozenset(),
    ) -> None:
        """Take a world, the derivations by German field name, and the readings that count."""
        self.world = world
        self.derivations = derivations
        self.readings = readings
        self._fields: dict[str, Any] = {}
        self._rules: dict[str, Answer] = {}

    def reads(self, reading: Reading) -> bool:
        """Whether one of our readings counts in this case."""
        return reading in self.readings

    def field(self, name: str) -> Any:
        """The value of one German field in this world, or None where it is unknown."""
        if name not in self._fields:
            self._fields[name] = self.derivations[name](self)
        return self._fields[name]

    def rule(self, rule: str, given: Mapping[str, Any] | None = None) -> Answer:
        """The package's answer to one of its rules, with some fields given."""
        if not given and rule in self._rules:
            return self._rules[rule]
        given = given or {}
        inputs = {
            name: given[name] if name in given else self.field(name) for name in fields_of(rule)
        }
        answer = _ask(rule, tuple(sorted(inputs.items())))
        if not given:
            self._rules[rule] = answer
        return answer

    def figure(self, rule: str, inputs: Mapping[str, Any]) -> Any:
        """The package's result of one of its calculations."""
        result = euaiact.berechne_regel(rule, dict(inputs), quellenfassung=TEXT_OF_2026)
        return _value(result)

    def begun(self, area: str) -> bool:
        """Whether a part of the Act applies on the day of this world (Art. 113)."""
        return _begun(area, self.world.on)

    def legacy(self) -> Answer:
        """Whether the model was placed before Chapter V applied (Art. 111(3))."""
        placed, day = self.field("modell_auf_unionmarkt_inverkehrgebracht"), None
        if placed is True:
            day = self.world.get("model.placed_on")
            if day is None and self.reads(Reading.PLACED_BY_NOW):
                # Placed by the day of the world, whenever that was.
                day = self.world.on.isoformat() if self.world.on < CHAPTER_V_DAY else None
        text = TEXT_OF_2026 if self.world.on >= AMENDED_ON else TEXT_OF_2024
        result = euaiact.pruefe_bestandsfrist(
            "GPAI_MODELL",
            self.world.on.isoformat(),
            ereignisse={"inverkehrbringen": {"erfolgt": placed, "datum": day}},
            quellenfassung=text,
        )
        answer: Answer = _value(result)["bestand"]
        return answer

    def due(self, rule: str, start: date | None, *, rolled: bool = False) -> str | None:
        """The last day of a period of the Act that starts with an event, or None without one."""
        if start is None:
            return None
        length = self.figure(rule, {})
        result = euaiact.berechne_frist(
            start.isoformat(),
            length["anzahl"],
            length["einheit"],
            modus="FRIST" if rolled else "FESTER_TERMIN",
            kalender=NO_HOLIDAYS,
            quellenfassung=TEXT_OF_2026,
        )
        return str(_value(result))


def _value(result: Mapping[str, Any]) -> Any:
    if result["status"] == "EINGABE_UNGUELTIG":
        raise OracleError(f"{result['regel_id']}: {'; '.join(result['hinweise'])}")
    return result["wert"]
