"""TOML as people write it: exact numbers, and every statement that cannot be read named at once."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal, DecimalException
from typing import Any

import msgspec

from chapterv.errors import Error, InputError
from chapterv.facts.places import Places, printable

__all__ = ["MAX_ERRORS", "Loaded", "first_errors", "load_toml"]

MAX_ERRORS = 100
MAX_SYNTAX_ERRORS = 20
LARGE = 100_000
"""Characters from which a text is parsed anew only once, since each time takes long."""


class Loaded(msgspec.Struct, frozen=True):
    """What could be read of a TOML text, and what could not."""

    tables: dict[str, Any]
    errors: list[Error]


_ANSWERS = {
    "Cannot overwrite a value": ("this key stands twice", "Keep one of the two."),
    "Duplicate inline table key": ("a key stands twice in one table", "Keep one of the two."),
    "Cannot declare": ("this table stands twice", "Join the two into one."),
    "Cannot mutate": ("this table stands twice", "Join the two into one."),
    "Invalid date or datetime": ("this date does not exist", "Write dates as 2026-03-02."),
    "Expected \"'": ("a text has no closing quote", "Add the quote."),
    "Unterminated string": ("a text has no closing quote", "Add the quote."),
    "Expected '='": ("a key has no value", 'Write name = "value".'),
    "Expected newline": ("something stands after the value", "Put texts in quotes."),
    "Invalid value": ("a value cannot be read", 'Put texts in quotes: name = "value".'),
    "Unescaped": ("a backslash stands in a text", "Write \\\\, or put the text in single quotes."),
    "Invalid statement": ("this line is no statement", 'Write name = "value".'),
    "Expected ']": ("a table name has no closing bracket", "Write [model]."),
    "Illegal character '\\n'": ("a text has no closing quote", "Add the quote."),
    "Invalid initial character": (
        "a key cannot be read",
        "Write name = value; a table in braces stands on one line.",
    ),
    "Illegal character": ("a control character stands here", "Delete it."),
}


def load_toml(text: str, artefact: str, places: Places) -> Loaded:
    """Parse TOML; a statement that cannot be read is blanked so that the rest is checked too.

    Args:
        text: a TOML document with line feeds alone.
        artefact: file named in the errors.
        places: where its statements stand.

    Returns: the tables of all that could be read, and an error for each statement that could not.
    """
    errors: list[Error] = []
    lines = text.split("\n")
    for _ in range(MAX_SYNTAX_ERRORS if len(text) < LARGE else 2):
        try:
            return Loaded(tomllib.loads("\n".join(lines), parse_float=_exact), errors)
        except tomllib.TOMLDecodeError as error:
            line = _line_of(str(error), places, lines)
            shown = printable(text.split("\n")[line - 1].strip()) if line else ""
            errors.append(_syntax_error(str(error), line, shown, artefact))
        except RecursionError:
            deep = InputError("values are nested too deeply", artefact, "Write fewer levels.")
            return Loaded({}, [*errors, deep])
        except ValueError:
            # Only the interpreter's own bound on digits raises this.
            line = next((n for n, one in enumerate(lines, 1) if re.search(r"\d{4000}", one)), None)
            what, fix = "a number has thousands of digits", "Write it as 1e25."
            errors.append(InputError(what, f"{artefact}:{line}", fix))
        if line is None or not _blank(lines, line, places):
            break
    return Loaded({}, errors)


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:
        return Decimal("NaN")


def _line_of(message: str, places: Places, lines: list[str]) -> int | None:
    """Return the line of an error; for an open text that reaches the end, where it begins."""
    if match := re.search(r"at line (\d+)", message):
        return int(match[1])
    return next((line for line in places.unclosed if lines[line - 1].strip()), None)


def _blank(lines: list[str], line: int, places: Places) -> bool:
    """Empty the statement at a line; a header takes what stands under it along."""
    statement = places.statement_at(line)
    first, last = (statement.first, statement.last) if statement else (line, line)
    if statement and statement.header:
        last = next((table.last for table in places.tables if table.line == first), last)
    last = min(last, len(lines))
    held = any(lines[first - 1 : last])
    lines[first - 1 : last] = [""] * (last - first + 1)
    return held


def _syntax_error(message: str, line: int | None, shown: str, artefact: str) -> InputError:
    place = f"{artefact}:{line}" if line else f"{artefact}, at its end"
    told = f": {shown if len(shown) <= 60 else shown[:57] + '...'}" if shown else ""
    for start, (what, fix) in _ANSWERS.items():
        if message.startswith(start):
            return InputError(what + told, place, fix)
    return InputError(f"this is not TOML{told}", place, f"{message.partition(' (at ')[0]}.")


def first_errors(errors: list[Error], artefact: str) -> list[Error]:
    """Keep the first errors in the order of their lines, and say how many more there are."""
    ordered = sorted(errors, key=_error_line)
    if len(ordered) <= MAX_ERRORS:
        return ordered
    rest = len(ordered) - MAX_ERRORS
    return [*ordered[:MAX_ERRORS], InputError(f"{rest} more errors are not shown", artefact)]


def _error_line(error: Error) -> int:
    match = re.search(r":(\d+)", error.where or "")
    return int(match[1]) if match else 0
