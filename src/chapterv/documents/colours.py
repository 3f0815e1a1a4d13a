"""Colours of pages in both themes, those of the figures and a few grounds beside them.

A colour means a status and never speaks alone. Every pair of text and ground that a page uses is
listed in `PAIRS`, so that its contrast can be computed and not only looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chapterv.figures import DARK as FIGURES_DARK
from chapterv.figures import LIGHT as FIGURES_LIGHT

__all__ = ["DARK", "LIGHT", "PAIRS", "contrast", "theme_css"]

LIGHT: Final[Mapping[str, str]] = {
    **FIGURES_LIGHT,
    "raised": "#f5f7f9",
    "edge": "#7d8790",
}
DARK: Final[Mapping[str, str]] = {
    **FIGURES_DARK,
    "raised": "#1c2126",
    "edge": "#7a8591",
}

_STATUSES = ("done", "due", "soon", "late", "cannot-tell", "out-of-scope")
_TEXT = ("ink", "muted", "accent", *_STATUSES)
PAIRS: Final[tuple[tuple[str, str], ...]] = tuple(
    (role, ground) for role in _TEXT for ground in ("ground", "raised")
)
"""Text colour and the ground it stands on; 4.5 to 1 or more."""


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours.

    Args:
        one: such as "#1b1f24".
        other: the same.

    Source: Web Content Accessibility Guidelines 2.2, "contrast ratio" and "relative luminance".

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return round((light + 0.05) / (dark + 0.05), 2)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def theme_css() -> str:
    """Return the custom properties of both themes; paper is always light."""
    light, dark = _properties(LIGHT), _properties(DARK)
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root{{color-scheme:light;{light}}}}}\n"
    )


def _properties(colours: Mapping[str, str]) -> str:
    return ";".join(f"--{role}:{value}" for role, value in colours.items())
