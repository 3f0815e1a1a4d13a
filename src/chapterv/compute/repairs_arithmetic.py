"""Reads the calculations that people write into their notes, such as ``6 * 37B * 14.8T``.

The parser is its own and knows numbers, scale words, the operators ``+ - * / ^``, brackets, square
roots and units of time; nothing is ever executed. A product with a rate and a time is brought to
seconds, unless the writer did it. All values are exact fractions.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache, lru_cache

import msgspec

from chapterv.compute.repairs_time import RATE_DAYS, seconds_missing

__all__ = ["Calculation", "Factor", "read_calculations", "scaled"]

MAX_TEXT = 20_000
_MAX_DEPTH = 12
_MAX_EXPONENT = 60
_MAX_UNIT_WORDS = 8
_MAX_NUMBERS = 64

_SCALES = {
    "k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "bn": 9, "billion": 9,
    "t": 12, "trillion": 12, "quadrillion": 15,
}  # fmt: skip
_RATES = {"k": 3, "m": 6, "mega": 6, "g": 9, "giga": 9, "t": 12, "tera": 12, "p": 15, "peta": 15,
          "e": 18, "exa": 18}  # fmt: skip

_TOKEN = r"""(?P<skip>https?://\S+|\[[^\]\n]{0,200}\]|[ \t\u00a0]+)
      |(?P<number>(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d{1,60})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?
         (?:(?P<percent>\s?%)
           |\s?(?P<rate>exa|peta|tera|giga|mega|[EPTGMKptgmk])[ -]?(?=F(?:LOP|lop)|flop)
           |\s?(?P<scale>thousand|million|billion|trillion|quadrillion|[kKMBTbt]|bn)(?![\w]))?
         (?=(?P<stuck>[A-Za-z]*)))
      |(?P<power>\*\*|\^)
      |(?P<times>\*|×|∗|·|(?<=\s)x(?=\s)|\bx(?=\s?\d))
      |(?P<over>//?|÷)
      |(?P<plus>\+)
      |(?P<minus>-|−|–)
      |(?P<equals>~?=|≈|~)
      |(?P<open>\()
      |(?P<close>\))
      |(?P<word>[A-Za-zµ_][\w'-]*)
      |(?P<stop>.|\n)"""


class Factor(msgspec.Struct, frozen=True):
    """One number of a product and the words behind it."""

    value: Fraction
    unit: str = ""


class Calculation(msgspec.Struct, frozen=True):
    """A calculation as a text has it.

    Args:
        text: the words, cut to a readable length.
        value: what it comes to.
        factors: numbers of its outermost product, empty for a sum.
        stated: result that the text gives behind the equals sign, if any.
        numbers: every number that went in, powers of ten taken with the number before them.
    """

    text: str
    value: Fraction
    factors: tuple[Factor, ...]
    stated: Fraction | None
    numbers: tuple[Fraction, ...]

    @property
    def restates(self) -> bool:
        """Whether one of its numbers is the result already, or most of it."""
        return any(7 * self.value <= 10 * number <= 13 * self.value for number in self.numbers)

    @property
    def holds(self) -> bool:
        """Whether the stated result, if there is one, is what the numbers come to within 5 %."""
        if self.stated is None:
            return True
        return abs(self.stated - self.value) * 20 <= self.value


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int
    value: Fraction | None = None


class _Node(msgspec.Struct, frozen=True):
    value: Fraction
    factors: tuple[Factor, ...]
    numbers: tuple[Fraction, ...]
    end: int


class _Unreadable(Exception):
    """The tokens at this place are no calculation."""


def scaled(number: str, scale: str | None = None) -> Fraction:
    """The value of a number with a scale letter or word, such as ``("1.5", "T")``.

    The caller bounds the exponent, which has two digits at most in every pattern.
    """
    mantissa, _, exponent = number.replace(",", "").lower().partition("e")
    power = int(exponent or 0) + (_SCALES[scale.lower()] if scale else 0)
    return Fraction(mantissa) * Fraction(10) ** power


@lru_cache(maxsize=64)  # each repair of a gap asks for the same few texts again
def read_calculations(text: str) -> tuple[Calculation, ...]:
    """Find and work out every calculation of a text.

    Args:
        text: notes; what lies behind the first 20 000 characters is not read.

    Returns: the calculations with at least two numbers and an operator, in order.
    """
    text = text[:MAX_TEXT]
    tokens = _tokens(text)
    found = []
    position = 0
    while position < len(tokens):
        if tokens[position].kind not in ("number", "open") and tokens[position].text != "sqrt":
            position += 1
            continue
        try:
            node = _sum(tokens, position, 0)
        except (_Unreadable, ZeroDivisionError):
            position += 1
            continue
        if len(node.numbers) > 1 or _is_amount(node):
            found.append(_calculation(text, tokens, position, node))
        position = max(node.end, position + 1)
    return tuple(found)


def _is_amount(node: _Node) -> bool:
    """Whether a single number is an amount already: a rate times a time in its unit."""
    return len(node.factors) == 1 and bool(RATE_DAYS.search(node.factors[0].unit))


def _calculation(text: str, tokens: list[_Token], start: int, node: _Node) -> Calculation:
    quote = " ".join(text[tokens[start].start : tokens[node.end - 1].end].split())
    return Calculation(
        text=quote if len(quote) <= 240 else quote[:239] + "…",
        value=node.value,
        factors=node.factors,
        stated=_stated(tokens, node.end),
        numbers=node.numbers,
    )


def _stated(tokens: list[_Token], position: int) -> Fraction | None:
    while position < len(tokens) and tokens[position].kind == "word":
        position += 1
    if position >= len(tokens) or tokens[position].kind != "equals":
        return None
    try:
        return _sum(tokens, position + 1, 0).value
    except (_Unreadable, ZeroDivisionError):
        return None


@cache
def _pattern() -> re.Pattern[str]:
    """Compiled at the first use, which most runs never reach."""
    return re.compile(_TOKEN, re.X)


def _tokens(text: str) -> list[_Token]:
    tokens = []
    for match in _pattern().finditer(text):
        kind = match.lastgroup or ""
        if match["number"] is not None:
            tokens.append(_number(match))
        elif match["skip"] is None:
            kind = next(name for name in _KINDS if match[name] is not None)
            if kind == "stop" and match["stop"] == "\n" and _open_ended(tokens):
                continue
            tokens.append(_Token(kind, match[0], match.start(), match.end()))
    return tokens


_KINDS = ("power", "times", "over", "plus", "minus", "equals", "open", "close", "word", "stop")


def _open_ended(tokens: list[_Token]) -> bool:
    return bool(tokens) and tokens[-1].kind in ("times", "over", "plus", "power", "open", "equals")


def _number(match: re.Match[str]) -> _Token:
    """A number token; one with letters stuck to it, as in ``6ND``, is a word."""
    end = match.end()
    stuck = match["stuck"]
    if stuck and not match["rate"] and not _UNIT_STUCK.fullmatch(stuck):
        return _Token("word", match["number"] + stuck, match.start(), end)
    digits = re.match(r"[\d,]+(?:\.\d+)?(?:[eE][+-]?\d+)?", match["number"])
    value = _plain(digits[0] if digits else match["number"])
    if value is None:
        return _Token("stop", match["number"], match.start(), end)
    if match["percent"]:
        value /= 100
    if match["rate"]:
        value *= 10 ** _RATES[match["rate"].lower()]
    if match["scale"]:
        value *= 10 ** _SCALES[match["scale"].lower()]
    return _Token("number", match["number"], match.start(), end, value)


_UNIT_STUCK = re.compile(r"(?:h|hrs?|hours?|days?|d|s|secs?|FLOPS?|flops?|FLOPs|GPUs?|TPUs?)")


def _plain(number: str) -> Fraction | None:
    """A number without scale, or None where its exponent is absurd."""
    mantissa, _, exponent = number.replace(",", "").lower().partition("e")
    power = int(exponent or 0)
    return Fraction(mantissa) * Fraction(10) ** power if abs(power) <= _MAX_EXPONENT else None


def _sum(tokens: list[_Token], position: int, depth: int) -> _Node:
    node = _product(tokens, position, depth)
    while _kind(tokens, node.end) in ("plus", "minus"):
        try:
            right = _product(tokens, node.end + 1, depth)
        except _Unreadable:
            break
        if len(node.numbers) + len(right.numbers) > _MAX_NUMBERS:
            raise _Unreadable
        sign = 1 if tokens[node.end].kind == "plus" else -1
        node = _Node(node.value + sign * right.value, (), node.numbers + right.numbers, right.end)
    return node


def _product(tokens: list[_Token], position: int, depth: int) -> _Node:
    node = _power(tokens, position, depth)
    factors = list(node.factors)
    value, numbers, end = node.value, node.numbers, node.end
    while _kind(tokens, end) in ("times", "over"):
        try:
            right = _power(tokens, end + 1, depth)
        except _Unreadable:
            break
        if tokens[end].kind == "times":
            value *= right.value
            factors += right.factors
            if not right.numbers and numbers:
                numbers = (*numbers[:-1], numbers[-1] * right.value)
        else:
            value /= right.value
            factors += [Factor(1 / factor.value, factor.unit) for factor in right.factors]
        numbers, end = numbers + right.numbers, right.end
        if len(numbers) > _MAX_NUMBERS:
            raise _Unreadable
    if len(numbers) > 1 or len(factors) == 1:
        value *= seconds_missing([(factor.value, factor.unit) for factor in factors])
    return _Node(value, tuple(factors), numbers, end)


def _power(tokens: list[_Token], position: int, depth: int) -> _Node:
    base = _atom(tokens, position, depth)
    if _kind(tokens, base.end) != "power":
        return base
    exponent = _atom(tokens, base.end + 1, depth)
    power = exponent.value
    chained = _kind(tokens, exponent.end) == "power"
    if chained or abs(power) > _MAX_EXPONENT or abs(base.value) > 10**12 or power.denominator > 2:
        raise _Unreadable
    value = (
        _root(base.value**power.numerator) if power.denominator == 2 else base.value ** int(power)
    )
    unit = exponent.factors[0].unit if exponent.factors else ""
    # Ten to a power only scales the number before it: both together are one number.
    return _Node(value, (Factor(value, unit),), () if base.value == 10 else (value,), exponent.end)


def _atom(tokens: list[_Token], position: int, depth: int) -> _Node:
    if depth > _MAX_DEPTH or position >= len(tokens):
        raise _Unreadable
    token = tokens[position]
    if token.kind == "number" and token.value is not None:
        end, unit = _unit(tokens, position + 1)
        return _Node(token.value, (Factor(token.value, unit),), (token.value,), end)
    if token.text == "sqrt":
        inner = _atom(tokens, position + 1, depth + 1)
        return _Node(_root(inner.value), (), inner.numbers, inner.end)
    if token.kind != "open":
        raise _Unreadable
    inner = _sum(tokens, position + 1, depth + 1)
    if _kind(tokens, inner.end) != "close":
        raise _Unreadable
    end, unit = _unit(tokens, inner.end + 1)
    factors = inner.factors or (Factor(inner.value, unit),)
    if len(inner.factors) == 1:
        factors = (Factor(inner.value, unit or inner.factors[0].unit),)
    return _Node(inner.value, factors, inner.numbers, end)


def _unit(tokens: list[_Token], position: int) -> tuple[int, str]:
    """Words behind a number up to the next operator, remarks in brackets left out."""
    words: list[str] = []
    start = position
    while position < len(tokens) and len(words) < _MAX_UNIT_WORDS:
        kind = tokens[position].kind
        if kind == "word":
            words.append(tokens[position].text)
            position += 1
        elif kind in ("over", "times", "minus") and _kind(tokens, position + 1) == "word":
            words.append(tokens[position].text + tokens[position + 1].text)
            position += 2
        elif kind == "open" and (remark := _remark(tokens, position)):
            position = remark
        else:
            break
    follows = _kind(tokens, position)
    if words and follows not in ("times", "over", "plus", "close", "equals", "power"):
        # The words belong to the sentence; only the first few can be a unit.
        return start, " ".join(words[:4])
    return position, " ".join(words)


def _remark(tokens: list[_Token], position: int) -> int:
    """The place behind a bracket that holds words only, or 0."""
    for place in range(position + 1, min(position + 14, len(tokens))):
        kind = tokens[place].kind
        if kind == "close":
            return place + 1 if place > position + 1 else 0
        if kind in ("number", "open", "times", "plus"):
            return 0
    return 0


def _kind(tokens: list[_Token], position: int) -> str:
    return tokens[position].kind if position < len(tokens) else ""


def _root(value: Fraction) -> Fraction:
    """A square root to some 20 figures, which is what a geometric mean in notes needs."""
    import math

    if value < 0:
        raise _Unreadable
    scale = 10**40
    return Fraction(math.isqrt(int(value * scale * scale)), scale)
