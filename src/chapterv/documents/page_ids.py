"""Identifiers on a page: letters, digits and hyphens, each once."""

from __future__ import annotations

__all__ = ["Anchors", "slug"]


def slug(text: str) -> str:
    """Return a text as the end of an HTML identifier.

    >>> slug("act:D08")
    'act-D08'
    """
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in text)


class Anchors:
    """Hands out identifiers of one kind, a number added where one would come twice."""

    __slots__ = ("kind", "taken")

    def __init__(self, kind: str) -> None:
        """Begin with none taken; `kind` is how each begins."""
        self.kind = kind
        self.taken: set[str] = set()

    def make(self, *parts: str) -> str:
        """Return an identifier made of parts; empty ones are left out."""
        wanted = "-".join([self.kind, *(slug(part) for part in parts if part)])
        made, number = wanted, 1
        while made in self.taken:
            number += 1
            made = f"{wanted}-{number}"
        self.taken.add(made)
        return made
