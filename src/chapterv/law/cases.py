"""Cases of the law: a world, a day and what the law says of it, written beside the rules.

They prove the rules and show them: each rule has at least one world that meets it, one that does
not and one that leaves it open. They stand in `data/cases/` and start from a few base worlds.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import msgspec

from chapterv.errors import LawDataError
from chapterv.facts.datafiles import load_tables

__all__ = ["LawCase", "load_cases"]


class LawCase(msgspec.Struct, frozen=True):
    """One case: what is tested, the facts, and the answer, status or state expected."""

    row: str
    kind: Literal["rule", "obligation", "clock"]
    sentence: str
    on: datetime.date
    facts: Mapping[str, Any]
    expect: str
    starts: datetime.date | None = None
    due: datetime.date | None = None
    value: Mapping[str, Any] | None = None


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """A case as it stands in a data file."""

    row: str
    sentence: str
    on: datetime.date
    base: str
    expect: str
    kind: Literal["rule", "obligation", "clock"] = "rule"
    facts: dict[str, Any] = {}
    without: tuple[str, ...] = ()
    starts: datetime.date | None = msgspec.field(default=None, name="from")
    due: datetime.date | None = None
    value: dict[str, Any] | None = None


class _Base(msgspec.Struct, forbid_unknown_fields=True):
    """A world that cases start from."""

    id: str
    sentence: str
    facts: dict[str, Any] = {}


@cache
def load_cases() -> tuple[LawCase, ...]:
    """Return all cases in the order of the files.

    Raises:
        LawDataError: a case that does not fit its schema, or starts from a world not there.
    """
    tables = load_tables("chapterv.law", "cases")
    try:
        bases = {base.id: base for base in msgspec.convert(tables["base"], list[_Base])}
        written = msgspec.convert(tables["case"], list[_Written])
    except (KeyError, msgspec.ValidationError) as error:
        raise LawDataError(f"the cases do not fit their schema: {error}", "law cases") from error
    return tuple(_made(case, bases) for case in written)


def _made(case: _Written, bases: Mapping[str, _Base]) -> LawCase:
    """Put the facts of a case together: the base, less what is left out, and its own."""
    base = bases.get(case.base)
    if base is None:
        raise LawDataError(f"no base world is called {case.base!r}", f"law case of {case.row}")
    absent = [key for key in case.without if key not in base.facts]
    if absent:
        raise LawDataError(f"{absent} is not in {case.base!r}", f"law case of {case.row}")
    facts = {key: value for key, value in base.facts.items() if key not in case.without}
    return LawCase(
        case.row,
        case.kind,
        case.sentence,
        case.on,
        facts | case.facts,
        case.expect,
        case.starts,
        case.due,
        case.value,
    )
