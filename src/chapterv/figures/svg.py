"""A small builder of SVG and HTML elements that escapes everything it is given.

Texts and attribute values come from model cards, statement files and web forms, so they are taken
as hostile: markup is escaped, and characters that XML forbids, or that reorder the text around
them, are replaced. Elements that are built from the same input give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

__all__ = ["Child", "Element", "Value", "clean", "element", "escape", "path"]

Value = str | int | float | Decimal

# Control characters, lone surrogates and non-characters are not XML 1.0 characters (§2.2); the
# bidirectional embeddings and isolates are, but one of them in a label can turn round its
# neighbours on the page.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\r": " "}
)


def clean(text: str) -> str:
    """Replace what neither XML nor a reader can bear by the replacement character.

    Args:
        text: any string, lone surrogates included.
    Returns: the text with each unsafe character as U+FFFD.
    Source: XML 1.0, section 2.2 (Char); Unicode Standard Annex 9 (explicit formatting characters).
    """
    return _UNSAFE.sub("\ufffd", text)


def escape(text: str) -> str:
    """Clean a text and escape it for use in content and in quoted attributes.

    Args:
        text: any string.
    Returns: text that is safe between tags and between double quotes, in XML and in HTML.
    """
    return clean(text).translate(_ESCAPES)


def _number(value: Value) -> str:
    """Write a coordinate with at most one decimal, so that bytes stay few and stable."""
    if isinstance(value, str):
        return value
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


class Element:
    """One element with its attributes in the order given.

    Args:
        tag: element name.
        attributes: name to value; None leaves the attribute out.
        children: elements and texts; texts are escaped when written.
    """

    __slots__ = ("attributes", "children", "tag")

    def __init__(
        self, tag: str, attributes: dict[str, Value | None], children: tuple[Child, ...]
    ) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children = children

    def __str__(self) -> str:
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        yield f"<{self.tag}"
        for name, value in self.attributes.items():
            if value is not None:
                yield f' {name}="{escape(_number(value))}"'
        # A self-closed tag is right for SVG only; HTML elements here always have content or an
        # end tag.
        if not self.children and self.tag in _EMPTY:
            yield "/>"
            return
        yield ">"
        for child in self.children:
            if isinstance(child, Element):
                yield from child._pieces()
            else:
                yield escape(child)
        yield f"</{self.tag}>"


_EMPTY = frozenset({"circle", "line", "path", "rect"})

Child = Element | str


def element(tag: str, *children: Child | None, **attributes: Value | None) -> Element:
    """Build an element; `class_` is written as class, underscores as hyphens.

    Args:
        tag: element name.
        children: elements or texts; None is left out.
        attributes: attribute values; None leaves the attribute out.
    Returns: the element.
    """
    named = {
        name.rstrip("_").replace("_", "-") if name != "viewBox" else name: value
        for name, value in attributes.items()
    }
    return Element(tag, named, tuple(child for child in children if child is not None))


def path(*parts: str | float) -> str:
    """Join path commands and coordinates into path data.

    Args:
        parts: command letters and coordinates in user units.
    Returns: the `d` attribute.

    >>> path("M", 1.0, 2.25, "h", -0.01)
    'M 1 2.2 h 0'
    """
    return " ".join(_number(part) for part in parts)
