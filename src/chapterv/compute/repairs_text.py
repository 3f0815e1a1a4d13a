"""Reads quantities out of notes: active parameters, tokens, epochs, the compute of a base model.

Each reader returns values with the words they stand in. None of them guesses: where a text does not
say it, nothing comes back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache

import msgspec

from chapterv.compute.repairs_arithmetic import MAX_TEXT, read_calculations, scaled

__all__ = ["READERS", "Passage", "Quantity", "read_quantities"]

_MAX_QUANTITIES = 16

_N = (
    r"(?<![\w.,])(\d{1,40}(?:,\d{3}){0,12}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?)"
    r"(?:\s?[*×x]\s?10\s?(?:\^|\*\*)\s?(\d{1,2}))?"
    r"\s?(thousand|million|billion|trillion|[kKMBT]|bn)?(?![\w])"
)
_ACTIVE = (
    _N + r"[)\]]?,? ?\(?(?:of )?(?:parameters? )?(?:\w+ ){0,2}?(?:are )?activ(?:e|ated)\b",
    r"activat(?:es|ing|ions?|ed)(?: parameters?)?(?: \w+){0,3}?:?[ ~∼]{0,2}" + _N,
    r"applies (?:only )?" + _N,
    r"-A(\d+(?:\.\d+)?)()(B)\b",
    r"(?:similar to|comparable to|equivalent to)(?: that of)?(?: an?)? " + _N + r" dense",
    _N + r"[^.\d]{0,30}active per",
)
_ACTIVE_SHARE = r"(\d{1,2}(?:\.\d+)?)% of (?:the )?(?:weights|parameters)(?: are)? active"
_TOKENS = (
    _N + r"\+?(?: \w[\w-]*){0,4}? (?:tokens|gradient updates)\b",
    r"tokens? ?(?:seen|processed)?[^.\d]{0,24}(?:about|approximately|is|of|:|=|to) ?" + _N,
)
_PARAMETERS = (
    _N + r"(?:[ -]\w[\w-]*){0,3}?[ -]param(?:eter)?s?\b",
    r"param(?:eter)?s?(?: count)?(?: is|:| of| =)? ?" + _N,
)
_EPOCHS = (
    r"(?<![\w.])(\d{1,5}(?:\.\d+)?)()()(?: full| training| \w+)? ?(?:epochs|passes)\b",
    r"epochs?(?: of|:| =| is|\s)*(\d{1,5}(?:\.\d+)?)()()\b",
)
_SCIENTIFIC = r"(?<![\w.])(\d{1,40}(?:\.\d{1,40})?[eE]\+?\d{1,2})()()"
_BASE = (
    _SCIENTIFIC + r"(?: FLOPs?)? ?[\[(]?(?:\w[\w.-]* ){0,3}?(?:base|backbone)",
    r"(?:base(?: model| LLM)?|backbone|pre-?trained|Llama|Qwen)[^.=+*]{0,60}?" + _SCIENTIFIC,
    r"(?<![\w.])(\d{1,40}(?:\.\d{1,40})?)\s?[*×]\s?10\^?(\d{2})()[^.=+]{0,12}\(?base",
)
_NOT_EMBEDDING = (
    _N + r"(?: \w+)? non-embedding",
    r"non-embedding(?: parameters?)?[: ]{1,3}" + _N,
)
_PER_SAMPLE = (
    _N + r"(?: \w[\w-]*){0,2}? (?:tokens|words|patches|frames|characters) ?(?:/|per|an?|each)\b",
    r"(?:length|tokens per (?:sequence|image|sample))(?: of| is|:|=)? ?" + _N,
    r"[Ee]ach \w+ (?:is|has) " + _N + r" tokens",
)
_RUNS = (
    r"(?<![\w.])(\d{1,3})()() (?:\w+ ){0,2}?(?:runs|models|trials|variants)\b",
)  # fmt: skip


class Passage(msgspec.Struct, frozen=True):
    """A text about a run.

    Args:
        place: where it stands, such as a file and field.
        text: its words.
    """

    place: str
    text: str


class Quantity(msgspec.Struct, frozen=True):
    """A value that a text states."""

    value: Fraction
    quote: str
    place: str


def read_quantities(name: str, passages: tuple[Passage, ...]) -> tuple[Quantity, ...]:
    """Read one kind of quantity from texts.

    Args:
        name: a key of ``READERS``.
        passages: the texts, in the order of their weight.

    Returns: distinct values, in the order in which they stand, at most 16.
    """
    found: dict[Fraction, Quantity] = {}
    for passage in passages:
        for value, quote in READERS[name](passage.text[:MAX_TEXT]):
            found.setdefault(value, Quantity(value, " ".join(quote.split())[:160], passage.place))
            if len(found) >= _MAX_QUANTITIES:
                return tuple(found.values())
    return tuple(found.values())


_Reader = Callable[[str], Iterator[tuple[Fraction, str]]]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled at the first use, which most runs never reach."""
    return re.compile(pattern, re.I)


def _matches(patterns: tuple[str, ...], least: int, most: int) -> _Reader:
    def read(text: str) -> Iterator[tuple[Fraction, str]]:
        for pattern in patterns:
            for match in _compiled(pattern).finditer(text):
                number, power, scale = match[1], match[2], match[3]
                if len(number) > 40:
                    continue
                value = scaled(number, scale or None) * 10 ** int(power or 0)
                if least <= value <= most:
                    yield value, match[0]

    return read


def _token_calculations(text: str) -> Iterator[tuple[Fraction, str]]:
    for calculation in read_calculations(text):
        units = " ".join(factor.unit for factor in calculation.factors).lower()
        small = all(factor.value < 10**10 for factor in calculation.factors)
        if calculation.holds and small and "flop" not in units and calculation.value >= 10**6:
            yield calculation.value, calculation.text


def _active_shares(text: str) -> Iterator[tuple[Fraction, str]]:
    for match in re.finditer(_ACTIVE_SHARE, text):
        yield Fraction(match[1]) / 100, match[0]


READERS: dict[str, _Reader] = {
    "active_parameters": _matches(_ACTIVE, 10**6, 10**14),
    "active_shares": _active_shares,
    "tokens": _matches(_TOKENS, 10**6, 10**16),
    "token_calculations": _token_calculations,
    "parameters": _matches(_PARAMETERS, 10**3, 10**14),
    "epochs": _matches(_EPOCHS, 1, 10**5),
    "base_compute": _matches(_BASE, 10**12, 10**28),
    "non_embedding_parameters": _matches(_NOT_EMBEDDING, 10**3, 10**14),
    "tokens_per_sample": _matches(_PER_SAMPLE, 2, 10**6),
    "runs": _matches(_RUNS, 2, 200),
}
"""Readers by the name that the table of repairs uses."""
