"""The law pack: provisions and parameters as dated data, with the version and date of their state.

Written as TOML in `data/`, one idea a file; every value has the day from which it applies and a
reference. A pack is data only: rules ask for a value on a date and hold no number themselves.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from chapterv.errors import LawDataError
from chapterv.facts import parse_amount
from chapterv.facts.datafiles import load_tables, read_folder

__all__ = [
    "LawOnDate",
    "Pack",
    "Parameter",
    "Row",
    "RowVersion",
    "SourceDocument",
    "compile_pack",
    "load_pack",
]


class SourceDocument(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A text that rows rest on."""

    id: str
    title: str
    date: datetime.date | None = None
    url: str | None = None
    status: str = "U"
    note: str = ""


class RowVersion(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a row says from a day on."""

    applies_from: datetime.date
    text: str
    reference: str
    changed_by: str | None = None
    repealed: bool = False


class Row(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One numbered statement of the law or of the guidelines, in our words."""

    id: str
    title: str
    citation: str
    status: Literal["V", "S", "U", "D"]
    topic: str
    version: tuple[RowVersion, ...]
    effect: bool = False
    """It creates, ends, conditions or dates a duty, right, power, status, exemption or ceiling."""
    wrong: bool = False
    """The title is a statement that is often met and does not hold."""
    checked: str = ""
    our_reading: str | None = None
    open_question: str | None = None
    see: tuple[str, ...] = ()

    def on(self, day: datetime.date) -> RowVersion | None:
        """Return the version in force on a day, or None before the first."""
        current = None
        for version in self.version:
            if version.applies_from <= day:
                current = version
        return current


class ParameterValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value and the day from which it applies."""

    applies_from: datetime.date
    value: Any
    reference: str


class Parameter(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A number, date or list that rules read, by the day from which it applies."""

    id: str
    title: str
    citation: str
    rows: tuple[str, ...]
    unit: str
    value: tuple[ParameterValue, ...]
    relation: str = "is"

    def on(self, day: datetime.date) -> ParameterValue:
        """Return the value on a day; before the first one, the first that is to come."""
        current = self.value[0]
        for value in self.value:
            if value.applies_from <= day:
                current = value
        return current


class Duty(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the data say of an obligation: whose it is and what discharges it."""

    id: str
    title: str
    actor: str
    rows: tuple[str, ...] = ()
    discharged_by: tuple[str, ...] = ()
    standing: bool = False
    """It is owed all the time from its start and has no day by which it is done."""
    value: dict[str, Any] | None = None


class Pack(msgspec.Struct, frozen=True):
    """A version of the law as data."""

    name: str
    version: str
    state_date: datetime.date
    title: str
    covers: tuple[str, ...]
    rows: Mapping[str, Row]
    parameters: Mapping[str, Parameter]
    duties: Mapping[str, Duty]
    texts: Mapping[str, str]
    sources: Mapping[str, SourceDocument]
    days: dict[datetime.date, LawOnDate] = {}

    def on(self, day: datetime.date) -> LawOnDate:
        """Return the pack as of a day; the last few days asked for are kept."""
        law = self.days.get(day)
        if law is None:
            if len(self.days) > 64:
                self.days.clear()
            law = self.days[day] = LawOnDate(self, day)
        return law


class LawOnDate:
    """The values of all parameters on one day."""

    __slots__ = ("day", "pack", "values")

    def __init__(self, pack: Pack, day: datetime.date) -> None:
        """Resolve every parameter of `pack` on `day`."""
        self.pack = pack
        self.day = day
        self.values: dict[str, Any] = {
            name: _typed(parameter.on(day).value, parameter.unit)
            for name, parameter in pack.parameters.items()
        }


_TEXT_UNITS = ("catalogue words", "catalogue keys", "ISO 3166-1 codes", "licence names")


def _typed(value: Any, unit: str) -> Any:
    """Turn a value as written into dates, exact amounts, fractions and frozen sets."""
    if unit == "date":
        if isinstance(value, dict):
            return {name: _typed(day, unit) for name, day in value.items()}
        return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
    if unit == "fraction":
        return Fraction(value["numerator"], value["denominator"])
    if unit in _TEXT_UNITS or unit == "activities":
        return tuple(value) if isinstance(value, list) else value
    amount = parse_amount(value, unit)
    return Fraction(amount) if isinstance(amount, Decimal) else amount


@cache
def load_pack(place: Path | None = None) -> Pack:
    """Load a law pack.

    Args:
        place: folder of another pack in the same layout, or a file made by `compile_pack`; None
            for the one in the package.

    Raises:
        LawDataError: unknown key, duplicate identifier or date, missing reference, with the place.
    """
    tables = _tables(place)
    try:
        head = tables["pack"]["pack"]
        pack = Pack(
            name=head["name"],
            version=head["version"],
            state_date=msgspec.convert(head["state_date"], datetime.date),
            title=head["title"],
            covers=tuple(head["covers"]),
            rows=_indexed(tables["rows"].get("row", []), Row),
            parameters=_indexed(tables["parameters"].get("parameter", []), Parameter),
            duties=_indexed(tables["obligations"].get("obligation", []), Duty),
            texts=_texts(tables["texts"]),
            sources=_indexed(tables["rows"].get("source", []), SourceDocument),
        )
    except (KeyError, msgspec.ValidationError) as error:
        raise LawDataError(
            f"the law pack does not fit its schema: {error}", str(place or "law pack")
        ) from error
    _check(pack)
    return pack


_PARTS = ("pack", "rows", "parameters", "obligations", "texts")


def _tables(place: Path | None) -> dict[str, dict[str, Any]]:
    if place is None:
        return {part: load_tables("chapterv.law", part) for part in _PARTS}
    if place.is_dir():
        return {part: read_folder(place, part) for part in _PARTS}
    return _packed(place)


def _packed(place: Path) -> dict[str, dict[str, Any]]:
    """Read a pack from one file and check the digest that it carries."""
    if place.stat().st_size > _MAX_FILE:
        raise LawDataError(f"a law pack is not larger than {_MAX_FILE} bytes", str(place))
    try:
        content = msgspec.json.decode(place.read_bytes())
        parts: dict[str, dict[str, Any]] = content["parts"]
        stated = content["sha256"]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise LawDataError("this file is not a law pack", str(place), _HOW_PACKED) from None
    if stated != _digest(parts):
        raise LawDataError("the content does not match the digest in it", str(place), _HOW_PACKED)
    return parts


def compile_pack(place: Path | None = None) -> bytes:
    """Return a law pack as one file: its parts and the SHA-256 over their canonical JSON.

    Args:
        place: folder of a pack; None for the one in the package.
    """
    load_pack(place)
    parts = msgspec.to_builtins(_tables(place))
    return msgspec.json.encode({"sha256": _digest(parts), "parts": parts})


def _digest(parts: dict[str, dict[str, Any]]) -> str:
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


_MAX_FILE = 20_000_000
_HOW_PACKED = "Fetch it again, or make it with `chapterv law pack`."


def _indexed(entries: list[Any], kind: type[Any]) -> dict[str, Any]:
    index: dict[str, Any] = {}
    for entry in entries:
        try:
            made = msgspec.convert(entry, kind)
        except msgspec.ValidationError as error:
            raise LawDataError(f"{entry.get('id', '?')}: {error}") from error
        if made.id in index:
            raise LawDataError(f"{made.id} stands twice in the pack")
        index[made.id] = made
    return index


def _texts(tables: Mapping[str, Any]) -> dict[str, str]:
    """Flatten the text tables: [group] name = "..." becomes "group.name"."""
    flat: dict[str, str] = {}
    for group, texts in tables.items():
        for name, text in texts.items():
            flat[f"{group}.{name}"] = text
    return flat


def _check(pack: Pack) -> None:
    dated: list[tuple[str, tuple[Any, ...]]] = [
        *((row.id, row.version) for row in pack.rows.values()),
        *((parameter.id, parameter.value) for parameter in pack.parameters.values()),
    ]
    for name, versions in dated:
        days = [version.applies_from for version in versions]
        if not days or days != sorted(set(days)):
            raise LawDataError(f"{name}: versions must be dated, ascending and not twice a day")
        for version in versions:
            if version.reference not in pack.sources:
                raise LawDataError(f"{name}: reference {version.reference!r} is not a source")
