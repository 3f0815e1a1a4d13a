"""The catalogue of fact keys: one list, as data, of what can be known and how it is asked.

The list is `data/catalogue.toml`. A key is `<kind>.<name>`, where the kind is the kind of subject
(`provider`, `model`, `run`, `dataset` ...). Values are decoded by the type given there, never by
the shape of what comes in, so that "1e25" is an amount in one key and a name in another.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import msgspec

from chapterv.errors import InputError
from chapterv.facts.amounts import amount_text, exact_sum, parse_amount, shown
from chapterv.facts.datafiles import load_tables

__all__ = ["Key", "catalogue", "decode", "encode", "near_key", "subject_kind"]

MAX_TEXT = 20_000
MAX_ITEMS = 10_000


class Key(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the catalogue says of one key."""

    type: Literal["text", "bool", "date", "amount", "amounts", "number", "enum", "list", "country"]
    label: str
    values: tuple[str, ...] = ()
    open: bool = False
    """Values of the form `other:<name>` are taken too; any, where no values are listed."""
    unit: str | None = None
    tolerance: str = "0"
    """Relative difference below which two sources agree."""
    question: str = ""
    why: str = ""
    where: str = ""
    example: str = ""
    answered_by: str = "anyone"
    values_help: dict[str, str] = {}
    about: str = ""


@cache
def catalogue() -> Mapping[str, Key]:
    """Return all keys, in the order of the data file."""
    return msgspec.convert(load_tables("chapterv.facts", "catalogue"), dict[str, Key])


def subject_kind(key: str) -> str:
    """Return the kind of subject that a key speaks of."""
    return key.partition(".")[0]


def near_key(key: str) -> str | None:
    """Return the known key closest to a mistyped one, or None."""
    near = difflib.get_close_matches(key, catalogue(), n=1, cutoff=0.6)
    return near[0] if near else None


def decode(key: str, value: Any, where: str | None = None) -> Any:
    """Turn a value as it stands in TOML or JSON into the catalogue's type.

    Args:
        key: a key of the catalogue.
        value: string, number, boolean, date or list.
        where: place named in an error.

    Returns: `str`, `bool`, `datetime.date`, `int`, `Decimal`, or a tuple of `str`.

    Raises:
        InputError: unknown key, or a value that the key does not take.
    """
    entry = catalogue().get(key)
    if entry is None:
        near = near_key(key)
        raise InputError(
            f"unknown key {key!r}", where, f"Did you mean {near!r}?" if near else _LIST_KEYS
        )
    return _DECODERS[entry.type](key, entry, value, where)


def encode(value: Any) -> Any:
    """Turn a decoded value into plain JSON; amounts become decimal strings."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | Decimal):
        return amount_text(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return msgspec.to_builtins(value)


_LIST_KEYS = "List the keys with `chapterv schema keys`."


def _text(key: str, entry: Key, value: Any, where: str | None) -> str:
    if not isinstance(value, str):
        raise _wrong(key, entry, value, where)
    if len(value) > MAX_TEXT:
        raise InputError(f"{key} is longer than {MAX_TEXT} characters", where)
    return value.strip()


def _bool(key: str, entry: Key, value: Any, where: str | None) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(key, entry, value, where)


def _date(key: str, entry: Key, value: Any, where: str | None) -> datetime.date:
    if isinstance(value, datetime.datetime):
        raise _wrong(key, entry, value, where)
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            raise InputError(f"{value!r} is not a date that exists", where, _DATE) from None
    raise _wrong(key, entry, value, where)


def _amount(key: str, entry: Key, value: Any, where: str | None) -> int | Decimal:
    amount = parse_amount(value, where)
    if amount < 0:
        raise InputError(f"{key} cannot be negative, got {value}", where)
    return amount


def _amounts(key: str, entry: Key, value: Any, where: str | None) -> int | Decimal:
    """Several amounts of one key are parts of one total."""
    if isinstance(value, list | tuple):
        if len(value) > MAX_ITEMS:
            raise InputError(f"{key} has more than {MAX_ITEMS} parts", where, "Add some up.")
        return exact_sum(_amount(key, entry, part, where) for part in value)
    return _amount(key, entry, value, where)


def _number(key: str, entry: Key, value: Any, where: str | None) -> Decimal:
    return Decimal(parse_amount(value, where))


def _enum(key: str, entry: Key, value: Any, where: str | None) -> str:
    if isinstance(value, bool) and "true" in entry.values:
        value = "true" if value else "false"
    text = _text(key, entry, value, where)
    _check_value(key, entry, text, where)
    return text


def _list(key: str, entry: Key, value: Any, where: str | None) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or len(items) > MAX_ITEMS:
        raise _wrong(key, entry, value, where)
    texts = tuple(dict.fromkeys(_text(key, entry, item, where) for item in items))
    for text in texts:
        _check_value(key, entry, text, where)
    return texts


def _country(key: str, entry: Key, value: Any, where: str | None) -> str:
    text = _text(key, entry, value, where).upper()
    if len(text) != 2 or not text.isascii() or not text.isalpha():
        raise _wrong(key, entry, value, where)
    return "GR" if text == "EL" else text


def _check_value(key: str, entry: Key, text: str, where: str | None) -> None:
    if not entry.values or text in entry.values:
        return
    if entry.open and text.startswith("other:") and text != "other:":
        return
    near = difflib.get_close_matches(text, entry.values, n=1)
    listed = ", ".join([*entry.values, *(["other:<name>"] if entry.open else [])])
    fix = f"Did you mean {near[0]!r}?" if near else f"It takes {listed}."
    raise InputError(f"{key} does not take {text[:60]!r}", where, fix)


# `fromisoformat` alone would take week dates (2026-W10-1) too.
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE = "Write dates as 2026-03-02."
_EXPECTED = {
    "text": "a text in quotes",
    "bool": "true or false",
    "date": "a date such as 2026-03-02",
    "amount": 'a number or a decimal string such as "1.44e23"',
    "amounts": "an amount or a list of amounts",
    "number": "a number",
    "enum": "one of the listed words",
    "list": "a list of texts",
    "country": 'a two-letter country code such as "DE"',
}


def _wrong(key: str, entry: Key, value: Any, where: str | None) -> InputError:
    return InputError(f"{key} takes {_EXPECTED[entry.type]}, got {shown(value)}", where)


_DECODERS = {
    "text": _text,
    "bool": _bool,
    "date": _date,
    "amount": _amount,
    "amounts": _amounts,
    "number": _number,
    "enum": _enum,
    "list": _list,
    "country": _country,
}
