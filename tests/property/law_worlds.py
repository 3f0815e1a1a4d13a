"""Worlds for the properties of the law: bases of the cases, changed at random, on telling days."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from chapterv.facts import catalogue, parse_amount
from chapterv.law import load_pack
from chapterv.law import rules as rules_package
from chapterv.law.cases import load_cases

Facts = dict[str, Any]

KINDS = (
    "provider",
    "representative",
    "model",
    "system",
    "change",
    "notification",
    "incident",
    "complaint",
    "request",
)
"""Kinds of subject that rules ask of."""

COMPUTE = (
    "model.training_compute",
    "model.cumulative_compute",
    "model.planned_compute",
    "model.modification_compute",
)
AMOUNTS = (
    "0",
    "1",
    "1e22",
    "33333333333333333333333",
    "33333333333333333333334",
    "99999999999999999999999",
    "1e23",
    "100000000000000000000001",
    "1e24",
    "3333333333333333333333333",
    "3333333333333333333333334",
    "7692307692307692307692308",
    "9999999999999999999999999",
    "1e25",
    "10000000000000000000000001",
    "4.2e25",
    "1e27",
)
NUMBERS = ("0", "1", "9999", "10000", "10001", "499999999", "500000001", "1000000000", "7e10")
TEXTS = ("Northlight Research GmbH", "Quay Systems BV", "none")
LICENCES = ("MIT", "cc-by-nc-4.0", "llama3.1", "openrail", "A house licence")


def _sources() -> str:
    folder = Path(str(rules_package.__file__)).parent
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))


def keys_read() -> tuple[str, ...]:
    """Return the catalogue keys that the sources of the rules name, in the catalogue's order."""
    named = set(re.findall(rf'"((?:{"|".join(KINDS)})\.[a-z_.]+)"', _sources()))
    terms = {key for key in catalogue() if key.startswith("model.licence_safety_terms.")}
    return tuple(key for key in catalogue() if key in named | terms)


def law_days() -> tuple[datetime.date, ...]:
    """Return the days on which the law changes, each with the day before and the day after."""
    pack = load_pack()
    days: set[datetime.date] = set()
    for parameter in pack.parameters.values():
        for value in parameter.value:
            days.add(value.applies_from)
            if parameter.unit == "date":
                shown = value.value
                days |= {
                    day if isinstance(day, datetime.date) else datetime.date.fromisoformat(day)
                    for day in (shown.values() if isinstance(shown, Mapping) else [shown])
                }
    one = datetime.timedelta(days=1)
    return tuple(sorted({day + step for day in days for step in (-one, 0 * one, one)}))


KEYS = keys_read()
DAYS = law_days()
EVENT_DAYS = tuple(day for day in DAYS if day.year >= 2025)
BASES: tuple[Facts, ...] = tuple(
    {repr(sorted(case.facts.items())): dict(case.facts) for case in load_cases()}.values()
)


def values_of(key: str) -> list[Any]:
    """Return telling values that the catalogue takes for a key."""
    entry = catalogue()[key]
    if entry.type == "bool":
        return [True, False]
    if entry.type == "enum":
        return list(entry.values)
    if entry.type == "country":
        return ["DE", "US", "CH"]
    if entry.type == "date":
        return [day.isoformat() for day in EVENT_DAYS]
    if entry.type in ("amount", "amounts", "number"):
        return list(AMOUNTS if entry.unit == "FLOP" else NUMBERS)
    if entry.type == "list":
        return [[], *([value] for value in entry.values or ("other:thing",)), list(entry.values)]
    if key == "model.licence":
        return list(LICENCES)
    return ["2.3e25", "2x10^25"] if key == "notification.compute_text" else list(TEXTS)


def is_amount(key: str) -> bool:
    """Tell whether a key can be known as a bound."""
    return catalogue()[key].type in ("amount", "amounts", "number")


def value_strategy(key: str, bounds: bool = True) -> st.SearchStrategy[Any]:
    """Return values of a key, bounds among them where it takes them."""
    exact = st.sampled_from(values_of(key))
    if not (bounds and is_amount(key)):
        return exact
    relation = st.sampled_from(("at_least", "at_most"))
    bounded = st.fixed_dictionaries({"value": exact, "relation": relation})
    return st.one_of(exact, exact, bounded)


@st.composite
def worlds(draw: st.DrawFn, bounds: bool = True) -> Facts:
    """Return facts: those of a case, some taken away, some changed, some added."""
    facts = dict(draw(st.sampled_from(BASES)))
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=5, unique=True)):
        facts[key] = draw(value_strategy(key, bounds))
    if facts:
        for key in draw(st.lists(st.sampled_from(sorted(facts)), max_size=4, unique=True)):
            facts.pop(key, None)
    return facts


days = st.sampled_from((*DAYS, datetime.date(2026, 11, 25)))


def span(facts: Facts, key: str) -> tuple[Any, Any]:
    """Return what an amount is at least and at most in these facts."""
    given = facts.get(key)
    if given is None:
        return 0, None
    if isinstance(given, dict):
        amount = parse_amount(given["value"], key)
        return (0, amount) if given["relation"] == "at_most" else (amount, None)
    if isinstance(given, list):
        amount = sum(parse_amount(part, key) for part in given)
    else:
        amount = parse_amount(given, key)
    return amount, amount


def parts_fit_the_whole(facts: Facts) -> bool:
    """Tell whether training compute, a part, can be no more than cumulative compute, the whole."""
    part, _ = span(facts, "model.training_compute")
    _, whole = span(facts, "model.cumulative_compute")
    return whole is None or bool(part <= whole)
