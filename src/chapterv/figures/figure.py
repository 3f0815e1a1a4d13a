"""What every figure is: two drawings of one content, its caption in words, its data as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from chapterv.errors import InputError
from chapterv.figures.svg import Element, element

__all__ = ["Figure", "Layout", "Table", "checked_id"]

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")

_LONGEST_CELL = 2000


class Layout(msgspec.Struct, frozen=True):
    """One of the two drawings of a figure.

    Args:
        name: `wide` or `narrow`, also the ending of the ids in it.
        width: width of the view box in user units.
        left: where the plot begins; what stands before it is the column of labels.
        right: where the plot ends.
        stacked: labels stand above their rows instead of beside them.
    """

    name: str
    width: float
    left: float
    right: float
    stacked: bool


class Table(msgspec.Struct, frozen=True):
    """The numbers of a figure, exact, as rows of texts; the first column heads its row.

    Args:
        header: column names.
        rows: as many cells a row as there are columns.
        numeric: the columns that hold figures and are set to the right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()

    def to_html(self) -> str:
        """Write the table with scopes for column and row headings.

        Returns: a `table` element; texts of more than 2 000 signs are cut with an ellipsis.
        """
        head = element("tr", *self._cells(self.header, "th", "col"))
        body = [
            element("tr", *self._cells(row[:1], "th", "row"), *self._cells(row[1:], "td", None, 1))
            for row in self.rows
        ]
        return str(element("table", element("thead", head), element("tbody", *body)))

    def _cells(
        self, texts: Sequence[str], tag: str, scope: str | None, start: int = 0
    ) -> list[Element]:
        return [
            element(
                tag,
                text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…",
                scope=scope,
                class_="fig-number" if column in self.numeric else None,
            )
            for column, text in enumerate(texts, start)
        ]


class Figure(msgspec.Struct, frozen=True):
    """A drawing with its words and its numbers.

    Args:
        id: unique on the page; the ids inside the drawings begin with it.
        title: what the figure is of, a few words.
        svg: the wide drawing, self-contained.
        svg_narrow: the same content for a narrow screen.
        caption: the result in words.
        table: the exact numbers.
        data_label: the word that opens the table.
    """

    id: str
    title: str
    svg: str
    svg_narrow: str
    caption: str
    table: Table
    data_label: str

    def to_html(self, *, data_open: bool = False) -> str:
        """Write caption, both drawings and the data table as one `figure` element.

        The page includes `chapterv.figures.stylesheet()` once: it shows one of the two drawings
        and hides the other from everyone, screen readers too. The caption comes first because
        HTML allows a `figcaption` only at the beginning or the end, and it holds the result.

        Args:
            data_open: show the table at once.
        Returns: HTML without scripts, inline styles and references to anything outside.
        """
        caption = element("figcaption", self.caption)
        return (
            f'<figure class="fig" id="{self.id}">{caption}'
            f'<div class="fig-wide">{self.svg}</div>'
            f'<div class="fig-narrow">{self.svg_narrow}</div>'
            f"{self._data(data_open)}</figure>"
        )

    def _data(self, data_open: bool) -> str:
        """The table, folded away; nothing where there are no rows."""
        if not self.table.rows:
            return ""
        opened = " open" if data_open else ""
        summary = element("summary", self.data_label, id=f"{self.id}-data")
        # A region that scrolls must be reachable by keyboard and have a name (WCAG 2.1.1).
        label = f'role="region" tabindex="0" aria-labelledby="{self.id}-data"'
        return (
            f'<details class="fig-data"{opened}>{summary}'
            f'<div class="fig-scroll" {label}>{self.table.to_html()}</div></details>'
        )


def checked_id(figure_id: str) -> str:
    """Check an id, which goes into attributes and references unescaped.

    Args:
        figure_id: begins with a letter; letters, digits, `_` and `-`; at most 64 signs.
    Returns: the same id.
    Raises: InputError if it is anything else.
    """
    if not _ID.fullmatch(figure_id):
        raise InputError(
            f"{figure_id[:80]!r} cannot be the id of a figure",
            fix="Use letters, digits, - and _, a letter first, 64 at most.",
        )
    return figure_id
