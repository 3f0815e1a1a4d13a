"""Steps of reasoning in words, from the text catalogue of the pack."""

from __future__ import annotations

import datetime
import string
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from chapterv.errors import LawDataError
from chapterv.facts import catalogue
from chapterv.facts.wording import digits_apart, grouped, long_date, scientific
from chapterv.law.pack import Pack
from chapterv.law.types import Step

__all__ = ["code_of", "step_text", "value_text", "word"]

_FORMATTER = string.Formatter()
_PLAIN_BELOW = 10**7
_KEYS_OF_WORDS = {
    "restriction": "model.licence_restrictions",
    "right": "model.licence_rights",
    "payment": "model.monetisation",
}


def code_of(step: Step) -> str:
    """Return the key of the text catalogue under which a step's words stand."""
    code = str(step[0])
    return code if "." in code else f"step.{code}"


def step_text(pack: Pack, step: Step) -> str:
    """Return one step of reasoning as a sentence.

    Args:
        pack: the law pack whose texts are used.
        step: a code and its arguments, as findings and obligations carry them.

    Raises:
        LawDataError: a code without a text.
    """
    template = pack.texts.get(code_of(step))
    if template is None:
        raise LawDataError(f"the text catalogue has no words for the step {code_of(step)!r}")
    arguments = step[1:]
    digits = digits_apart(a for a in arguments if _is_number(a))
    words = []
    for literal, name, how, _ in _FORMATTER.parse(template):
        words.append(literal)
        if name is not None:
            words.append(_show(pack, arguments, int(name), how or "", digits))
    return "".join(words)


def word(pack: Pack, group: str, name: str) -> str:
    """Return a word of an enumeration, such as ("answer", "met")."""
    return pack.texts.get(f"{group}.{name}", name.replace("_", " "))


def value_text(pack: Pack, key: str, value: Any, digits: int = 3) -> str:
    """Return a fact's value as people write it, with the unit of its key."""
    if isinstance(value, bool):
        return word(pack, "word", "yes" if value else "no")
    if isinstance(value, datetime.date):
        return long_date(value)
    if _is_number(value):
        return amount_in_unit(key, value, digits)
    if isinstance(value, tuple | list):
        shown = ", ".join(_choice(key, str(item)) for item in value)
        return shown or word(pack, "word", "nothing")
    return _choice(key, str(value))


def amount_in_unit(key: str, value: Any, digits: int = 3) -> str:
    """Return an amount with the unit that the catalogue gives for its key."""
    entry = catalogue().get(key)
    unit = entry.unit if entry else None
    exact = _exact(value)
    small = abs(exact) < _PLAIN_BELOW and exact == exact.to_integral_value()
    shown = grouped(int(exact)) if small else scientific(exact, digits)
    return f"{shown} {unit}" if unit else shown


def _choice(key: str, value: str) -> str:
    """Return an enumeration's value as a reader knows it; free text stays as it is."""
    entry = catalogue().get(key)
    return value.replace("_", " ") if entry and value in entry.values else value


def _show(pack: Pack, arguments: Sequence[Any], index: int, how: str, digits: int) -> str:
    value = arguments[index]
    if how == "label":
        entry = catalogue().get(str(value))
        return entry.label if entry else str(value)
    if how == "value":
        return value_text(pack, str(arguments[0]), value, digits)
    if how == "amount":
        return amount_in_unit(str(arguments[0]), value, digits)
    if how == "flop":
        return f"{scientific(_exact(value), digits)} FLOP"
    if how == "eur":
        return f"EUR {grouped(value)}"
    if how == "date":
        return long_date(value)
    if how == "row":
        row = pack.rows.get(str(value))
        return f"{row.title} ({value})" if row else str(value)
    if how == "answer":
        return word(pack, "answer", str(value))
    if how in ("bound_low", "bound_high"):
        name = "at_least" if how == "bound_low" else "at_most"
        return pack.texts[f"word.{name}"] if value else ""
    if how in _KEYS_OF_WORDS:
        return _choice(_KEYS_OF_WORDS[how], str(value))
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool)


def _exact(value: Any) -> Decimal:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value)
