"""How wide a text will be, and how it breaks into lines.

The reader's font is unknown, so widths are estimates on the wide side: a text may take less room
than planned, and hardly ever more. SVG does not wrap text; every line is placed here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chapterv.figures.svg import clean

__all__ = ["LONGEST", "shorten", "width", "wrap"]

# In ems, after the widest of the usual interface fonts.
_NARROW: Final = frozenset("ijl.,:;|!'`()[]{}/ \u202f\u2009\u00a0·-")
_WIDE: Final = frozenset("mwMW@%—×±")
_ELLIPSIS = "…"
_BREAKS = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")

# A label longer than this is cut before anything is measured: a megabyte of text in a card must
# not cost a megabyte of work a line.
LONGEST = 240


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate the width of a line.

    Args:
        text: one line.
        size: font size in user units.
        bold: set in bold, which is wider.
    Returns: width in user units, on the wide side.
    """
    return size * (1.12 if bold else 1.0) * sum(_ems(sign) for sign in text)


def _ems(sign: str) -> float:
    if sign in _NARROW:
        return 0.37
    if sign in _WIDE:
        return 0.95
    if sign.isascii():
        return 0.7 if sign.isupper() else 0.61
    if unicodedata.combining(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.05
    return 0.45 if sign in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻" else 0.72


def shorten(text: str, size: float, room: float) -> str:
    """Cut a line to a width, with an ellipsis where something is left out.

    Args:
        text: one line.
        size: font size in user units.
        room: width in user units.
    Returns: the line, or its beginning.
    """
    used, kept = 0.0, 0
    for count, sign in enumerate(text):
        used += _ems(sign) * size
        if used > room:
            return text[:kept].rstrip() + _ELLIPSIS
        if used + _ems(_ELLIPSIS) * size <= room:
            kept = count + 1
    return text


def wrap(text: str, size: float, room: float, lines: int) -> tuple[str, ...]:
    """Break a text into lines of a width; words longer than a line are cut through.

    Args:
        text: any text; white space is one space.
        size: font size in user units.
        room: width in user units.
        lines: the most lines, at least 1; the last one ends in an ellipsis if more would follow.
    Returns: one line or more.
    """
    cut = clean(text)
    if len(cut) > LONGEST:
        cut = cut[:LONGEST] + _ELLIPSIS
    # Thin and no-break spaces hold a number together and stay; only the breaking ones part words.
    words = [word for word in _BREAKS.split(cut) if word]
    done: list[str] = []
    current = ""
    for position, word in enumerate(words):
        candidate = f"{current} {word}" if current else word
        if width(candidate, size) <= room:
            current = candidate
            continue
        if len(done) == lines - 1:
            rest = " ".join([current, *words[position:]]) if current else " ".join(words[position:])
            return (*done, shorten(rest, size, room))
        if current:
            done.append(current)
        current = word
        while width(current, size) > room and len(done) < lines - 1:
            head = _fitting(current, size, room)
            done.append(current[:head])
            current = current[head:]
    return (*done, shorten(current, size, room))


def _fitting(word: str, size: float, room: float) -> int:
    """How many signs of a word fit into a line; at least one."""
    used = 0.0
    for count, sign in enumerate(word):
        used += _ems(sign) * size
        if used > room:
            return max(count, 1)
    return len(word)
