"""Signs for the states of duties: each has a shape of its own, so colour never speaks alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chapterv.figures.duties_entries import State
from chapterv.figures.style import LIGHT
from chapterv.figures.svg import Element, element

__all__ = ["ROLES", "glyph"]

ROLES: Final[Mapping[State, str]] = {
    "late": "late",
    "soon": "soon",
    "due": "due",
    "applies": "due",
    "grace": "due",
    "cannot_tell": "cannot-tell",
    "coming": "muted",
    "done": "done",
    "exempt": "out-of-scope",
    "not_applicable": "out-of-scope",
    "out_of_scope": "out-of-scope",
}

# Outlines around the origin, 12 units across. Filled signs are cleared from what is behind them by
# an edge in the colour of the ground.
_FILLED: Final[Mapping[State, str]] = {
    "late": "M0-7 7 0 0 7-7 0Z",
    "soon": "M0-7 6.5 5.5H-6.5Z",
    "due": "M-6 0A6 6 0 1 0 6 0 6 6 0 1 0-6 0Z",
    "applies": "M-5-6 6 0-5 6Z",
    "done": "M-6-6H6V6H-6Z",
}
_OPEN: Final[Mapping[State, str]] = {
    "grace": "M-6-5H3M-6 5H3M-6-5V5M6-7V7",
    "coming": "M-5 0A5 5 0 1 0 5 0 5 5 0 1 0-5 0Z",
    "cannot_tell": "M-5.5-5.5H5.5V5.5H-5.5Z",
    "exempt": "M-5 0H5",
    "not_applicable": "M-5 0H5",
    "out_of_scope": "M-5 0H5",
}


def glyph(state: State, x: float, y: float, hatch: str) -> Element:
    """The sign of a state.

    Args:
        state: the state.
        x: its middle, in user units.
        y: its middle, in user units.
        hatch: id of the hatch in the same drawing, for what cannot be told.
    Returns: a shape, or a group of shapes.
    """
    role = ROLES[state]
    if state in _FILLED:
        ink = {"class_": f"f-{role} s-ground", "fill": LIGHT[role], "stroke": LIGHT["ground"]}
        parts = [element("path", d=_FILLED[state], **ink)]
    else:
        ink = {"class_": f"f-ground s-{role}", "fill": LIGHT["ground"], "stroke": LIGHT[role]}
        parts = [element("path", d=_OPEN[state], stroke_width="1.6", **ink)]
    if state == "cannot_tell":
        parts.append(element("path", d=_OPEN[state], fill=f"url(#{hatch})"))
    if state == "done":
        tick = {"class_": "s-ground", "stroke": LIGHT["ground"], "fill": "none"}
        parts.append(element("path", d="M-3 .2-1 2.6 3-2.6", stroke_width="1.8", **tick))
    move = f"translate({x:.1f} {y:.1f})"
    if len(parts) > 1:
        return element("g", *parts, transform=move)
    parts[0].attributes["transform"] = move
    return parts[0]
