"""What the drawings share: the frame with its title and description, lettering, the hatch."""

from __future__ import annotations

from collections.abc import Iterable

from chapterv.figures.figure import Layout
from chapterv.figures.style import FONT, LIGHT, fill
from chapterv.figures.svg import Element, element

__all__ = ["LARGE", "SIZE", "SMALL", "drawing", "hatch", "hatch_id", "lettering", "tooltip"]

SIZE = 13.0
LARGE = 14.0
SMALL = 12.0


def hatch_id(figure_id: str, layout: Layout) -> str:
    """The id of the hatch in one drawing; a hidden drawing cannot lend its hatch to the other."""
    return f"{figure_id}-{layout.name}-hatch"


def hatch(figure_id: str, layout: Layout) -> Element:
    """The hatch that stands for what cannot be told.

    Args:
        figure_id: id of the figure.
        layout: the drawing it is for.
    Returns: a `defs` element.
    """
    line = element(
        "path",
        d="M-1 1 1-1M0 6 6 0M5 7 7 5",
        stroke_width="1.6",
        class_="s-cannot-tell",
        stroke=LIGHT["cannot-tell"],
    )
    pattern = element(
        "pattern",
        line,
        id=hatch_id(figure_id, layout),
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
    )
    return element("defs", pattern)


def drawing(
    figure_id: str,
    layout: Layout,
    height: float,
    title: str,
    description: str,
    parts: Iterable[Element],
) -> str:
    """Frame the parts of a drawing as one image with a name and a description.

    Args:
        figure_id: id of the figure.
        layout: the drawing.
        height: height of the view box in user units.
        title: name of the image.
        description: what is drawn, for those who do not see it.
        parts: what is drawn, back to front.
    Returns: an `svg` element that refers to nothing outside itself.
    """
    stem = f"{figure_id}-{layout.name}"
    frame = element(
        "svg",
        element("title", title, id=f"{stem}-title"),
        element("desc", description, id=f"{stem}-desc"),
        hatch(figure_id, layout),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {layout.width:g} {height:.0f}",
        role="img",
        aria_labelledby=f"{stem}-title {stem}-desc",
        font_family=FONT,
        font_size=SIZE,
        **fill("ink"),
    )
    return str(frame)


def lettering(
    x: float,
    y: float,
    content: str,
    *,
    role: str = "ink",
    size: float = SIZE,
    anchor: str | None = None,
    bold: bool = False,
) -> Element:
    """Set one line of text.

    Args:
        x: where it begins, ends or has its middle, in user units.
        y: its base line.
        content: the line.
        role: colour, a key of the palette.
        size: font size in user units.
        anchor: `middle` or `end`; None begins at x.
        bold: set in bold.
    Returns: a `text` element.
    """
    # Size and ink are those of the whole drawing unless a line differs: that saves a third of it.
    colour = fill(role) if role != "ink" else {}
    return element(
        "text",
        content,
        x=x,
        y=y,
        font_size=None if size == SIZE else size,
        text_anchor=anchor,
        font_weight="600" if bold else None,
        **colour,
    )


def tooltip(words: str) -> Element:
    """A title inside a group, which browsers show when the pointer rests on it.

    Args:
        words: what it says.
    Returns: a `title` element.
    """
    return element("title", words)
