"""What commands print: JSON for programs, 80 columns for people."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

__all__ = [
    "WIDTH",
    "bullet",
    "counted",
    "folder_argument",
    "format_option",
    "heading",
    "law_pack_option",
    "on_option",
    "print_json",
    "shown",
    "table",
    "width",
    "wrapped",
]

WIDTH = 80
NARROWEST = 40
ROOM = 12
"""Columns that the last text of a row needs, so that a table is one."""
SPACES = "\u202f\u2009\u00a0"
"""Spaces of our own texts, which `isprintable` counts as control characters."""
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def format_option(function: Decorated) -> Decorated:
    """Add `--format text|json` to a command, as the argument `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(function)


def folder_argument(function: Decorated) -> Decorated:
    """Add the argument FOLDER: an existing folder, as a path."""
    import pathlib

    kind = click.Path(exists=True, file_okay=False, path_type=pathlib.Path)
    return click.argument("folder", type=kind)(function)


def on_option(function: Decorated) -> Decorated:
    """Add `--on DATE` to a command, as a date; today where it is left out."""
    return click.option(
        "--on",
        "on",
        type=click.DateTime(["%Y-%m-%d"]),
        callback=lambda _context, _option, given: _day(given),
        help="The day asked for, such as 2026-11-25. Today where left out.",
    )(function)


def _day(given: Any) -> Any:
    """Return the date given, or today: the one place where a clock is read."""
    import datetime

    return given.date() if given is not None else datetime.date.today()


def law_pack_option(function: Decorated) -> Decorated:
    """Add `--law-pack PATH` to a command: another law pack than the one in the package."""
    import pathlib

    return click.option(
        "--law-pack",
        type=click.Path(exists=True, path_type=pathlib.Path),
        help="A law pack (folder or file) to use instead of the one that comes along.",
    )(function)


def print_json(content: object) -> None:
    """Print an object as indented JSON; structs, dates and exact amounts are taken.

    Args:
        content: amounts (`Decimal`, integers from 2**53) become decimal strings.
    """
    import msgspec

    from chapterv.facts import canonical_json

    pretty = msgspec.json.format(canonical_json(content), indent=2)
    click.echo(pretty.decode())


def width() -> int:
    """Return the columns of a line: those of the terminal, at most 80; 80 on a pipe."""
    if not sys.stdout.isatty():
        return WIDTH
    return max(min(shutil.get_terminal_size().columns, WIDTH), NARROWEST)


def heading(text: str) -> str:
    """Return a heading as it stands above a section."""
    return click.style(text, bold=True)


def wrapped(text: str, indent: int = 0, hanging: int | None = None) -> str:
    """Wrap running text to the width of a terminal page.

    Args:
        text: one paragraph.
        indent: columns before the first line.
        hanging: columns before the others; those of the first line where None.
    """
    rest = " " * (indent if hanging is None else hanging)
    return textwrap.fill(
        shown(text),
        width(),
        initial_indent=" " * indent,
        subsequent_indent=rest,
        break_on_hyphens=False,
    )


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as "1 file" or "2 files".

    Args:
        number: how many.
        noun: the singular.
        plural: the plural where it does not end with an s of its own.
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def bullet(text: str) -> str:
    """Return a wrapped item of a list."""
    return wrapped("· " + text, 2, 4)


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Align rows in columns; the last column is wrapped into what is left of the page.

    Args:
        rows: texts; all rows of one length.
        right: numbers of columns whose texts stand at their right edge.
    """
    if not rows:
        return ""
    cells = [[shown(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sides = set(right)
    room = width() - sum(widths[:-1]) - 2 * len(widths)
    if room < ROOM:
        return "\n".join(_stacked(row) for row in cells)
    lines: list[str] = []
    for row in cells:
        front = "".join(
            (text.rjust(broad) if number in sides else text.ljust(broad)) + "  "
            for number, (text, broad) in enumerate(zip(row[:-1], widths, strict=False))
        )
        parts = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        lines.append(("  " + front + parts[0]).rstrip())
        lines += [" " * (len(front) + 2) + part for part in parts[1:]]
    return "\n".join(lines)


def _stacked(row: Sequence[str]) -> str:
    """A row that has no room for its columns: the first text, the others below it."""
    first, *others = [text for text in row if text] or [""]
    return "\n".join([wrapped(first, 2, 4), *(wrapped(text, 4, 6) for text in others)])


def shown(text: str) -> str:
    """Return a text with control characters as escapes: a terminal obeys them."""
    return "".join(
        sign if sign.isprintable() or sign in SPACES else repr(sign)[1:-1] for sign in text
    )
