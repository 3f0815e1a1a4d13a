"""The catalogue of texts: every word that a person reads in a document, by language.

A text may hold `{name}` for a value. Where a count changes the form of a word, the key has the
endings `.one` and `.other`. A language that lacks a key falls back to English.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from chapterv.errors import RenderError
from chapterv.facts.datafiles import load_tables
from chapterv.facts.wording import grouped

__all__ = ["ENGLISH", "Texts", "texts"]

ENGLISH = "en"


class Texts:
    """The words of one language, called by key."""

    __slots__ = ("language", "words")

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        """Hold `words` (key to text) of `language` (as in the HTML attribute `lang`)."""
        self.language = language
        self.words = words

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values filled in.

        Raises:
            RenderError: no such text, or a value that it needs is missing.
        """
        text = self.words.get(key)
        if text is None:
            raise RenderError(f"the text catalogue has no {key!r}", self.language)
        if not values:
            return text
        try:
            return text.format(**values)
        except (KeyError, IndexError, ValueError) as error:
            raise RenderError(
                f"the text {key!r} cannot be filled: {error}", self.language
            ) from None

    def count(self, key: str, count: int, **values: object) -> str:
        """Return the form of a text that goes with a count, which is its value `count`."""
        ending = "one" if count == 1 else "other"
        return self(f"{key}.{ending}", count=grouped(count), **values)

    def name(self, group: str, word: str) -> str:
        """Return how a word of an enumeration is written, the word itself where nothing is said."""
        return self.words.get(f"{group}.{word}", word.replace("_", " "))


@cache
def texts(language: str = ENGLISH) -> Texts:
    """Return the texts of a language, English where it lacks one.

    Args:
        language: such as "en".

    Raises:
        RenderError: no texts in that language.
    """
    tables = load_tables("chapterv.documents", "texts")
    if language not in tables:
        known = ", ".join(sorted(tables))
        raise RenderError(f"no texts in the language {language!r}", None, f"There are: {known}.")
    return Texts(language, {**dict(_flat(tables[ENGLISH])), **dict(_flat(tables[language]))})


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, content in table.items():
        if isinstance(content, Mapping):
            yield from _flat(content, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", content
