"""Numbers and dates as people read them: 1.44 × 10²³ FLOP, 30 %, 2 March 2026, computed exactly.

Amounts are integers, decimals or fractions; only the position of a point on paper is a float.
Rounding is half to even. A mantissa keeps its trailing zeros only where something was rounded
away, so `10²⁵` is exactly that and `1.00 × 10²⁵` is near it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from chapterv.errors import InputError

__all__ = [
    "Amount",
    "as_fraction",
    "days_between",
    "digits_apart",
    "exact",
    "grouped",
    "log10",
    "long_date",
    "percent",
    "scientific",
    "superscript",
]

Amount = int | Decimal | Fraction

# Narrow and not breaking: a number never parts from its unit at the end of a line.
THIN_SPACE = "\u202f"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Far beyond any count of operations or bytes; it keeps a hostile exponent from becoming a
# thousand-digit integer.
_MOST_DIGITS = 110
_MOST_BITS = 400
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def as_fraction(amount: Amount, what: str = "amount") -> Fraction:
    """Turn an amount into an exact fraction, refusing what cannot be drawn.

    Args:
        amount: a non-negative integer, decimal or fraction.
        what: the name of the amount, for the message.
    Returns: the same number, exactly.
    Raises: InputError if it is a float or a truth value, negative, not finite, or longer than
        110 digits.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal | Fraction):
        raise InputError(
            f"expected an exact amount, got {type(amount).__name__}",
            what,
            "Give an int, a Decimal or a Fraction.",
        )
    if not _is_bounded(amount):
        raise InputError(
            f"the amount is not finite or has more than {_MOST_DIGITS} digits",
            what,
            "Check the unit and the exponent.",
        )
    if amount < 0:
        raise InputError("the amount is negative", what, "Give zero or more.")
    return Fraction(amount)


def _is_bounded(amount: Amount) -> bool:
    """Judge the size before any conversion: Fraction("1e999999999") would fill the memory."""
    if isinstance(amount, Decimal):
        parts = amount.as_tuple()
        if not isinstance(parts.exponent, int):
            return False
        if len(parts.digits) > _MOST_DIGITS or abs(parts.exponent) > _MOST_DIGITS:
            return False
    elif isinstance(amount, Fraction) and amount.denominator.bit_length() > _MOST_BITS:
        return False
    return bool(abs(amount) < 10**_MOST_DIGITS)


def log10(amount: Fraction) -> float:
    """Logarithm to base ten, for positions on paper only.

    Args:
        amount: a positive fraction.
    Returns: its logarithm, good to some 15 digits; nothing is decided by it.
    """
    return math.log10(amount.numerator) - math.log10(amount.denominator)


def _exponent(amount: Fraction) -> int:
    """The largest n with 10**n <= amount, exactly."""
    guess = math.floor(log10(amount))
    while _power(guess + 1) <= amount:
        guess += 1
    while _power(guess) > amount:
        guess -= 1
    return guess


def _power(exponent: int) -> Fraction:
    return Fraction(10) ** exponent


def superscript(number: int) -> str:
    """Write an integer in raised digits.

    >>> superscript(-23)
    '⁻²³'
    """
    return str(number).translate(_SUPERSCRIPTS)


def scientific(value: Amount, digits: int = 3, decimal_mark: str = ".") -> str:
    """Write an amount as a mantissa and a power of ten.

    Args:
        value: a non-negative exact amount.
        digits: significant digits kept, 1 to 110.
        decimal_mark: the sign between whole and decimal digits.
    Returns: text such as 1.44 × 10²³, with narrow spaces that do not break.
    Raises: InputError if the amount cannot be drawn or `digits` is out of range.

    >>> scientific(144 * 10**21).replace("\u202f", " ")
    '1.44 × 10²³'
    >>> scientific(10**25)
    '10²⁵'
    >>> scientific(10**25 + 1).replace("\u202f", " ")
    '1.00 × 10²⁵'
    """
    if not 1 <= digits <= _MOST_DIGITS:
        raise InputError(
            f"cannot round to {digits} significant digits", fix=f"Give 1 to {_MOST_DIGITS}."
        )
    amount = as_fraction(value)
    if amount == 0:
        return "0"
    exponent = _exponent(amount)
    scaled = amount / _power(exponent - digits + 1)
    rounded = round(scaled)
    if rounded == 10**digits:
        rounded, exponent = rounded // 10, exponent + 1
    figures = str(rounded)
    if rounded == scaled:
        figures = figures.rstrip("0")
    mantissa = figures[0] + (decimal_mark + figures[1:] if len(figures) > 1 else "")
    power = f"10{superscript(exponent)}"
    if mantissa == "1":
        return power
    return f"{mantissa}{THIN_SPACE}×{THIN_SPACE}{power}"


def digits_apart(amounts: Iterable[Amount], digits: int = 3) -> int:
    """Return how many figures tell different amounts apart, from `digits` on.

    Rounded to three figures, a value just above a threshold would read as the threshold itself.

    Args:
        amounts: non-negative exact amounts; equal ones need not be told apart.
        digits: the fewest figures wanted.

    >>> digits_apart([10**25, 10**25 + 10**18])
    8
    """
    different = {as_fraction(amount) for amount in amounts}
    for count in range(digits, _MOST_DIGITS):
        if len({_rounded(amount, count) for amount in different}) == len(different):
            return count
    return _MOST_DIGITS


def _rounded(amount: Fraction, digits: int) -> Fraction:
    unit = _power(_exponent(amount) - digits + 1) if amount else Fraction(1)
    return round(amount / unit) * unit


def exact(value: Amount, decimal_mark: str = ".") -> str:
    """Write every digit of an amount, in groups of three.

    Args:
        value: a non-negative exact amount.
        decimal_mark: the sign between whole and decimal digits.
    Returns: all digits; a fraction that no decimal ends is written as numerator / denominator.
    Raises: InputError if the amount cannot be drawn.

    >>> exact(41792).replace("\u202f", " ")
    '41 792'
    """
    amount = as_fraction(value)
    rest = amount.denominator
    places = 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        places = max(places, count)
    if rest != 1:
        return f"{grouped(amount.numerator)} / {grouped(amount.denominator)}"
    whole, part = divmod(amount.numerator * 10**places // amount.denominator, 10**places)
    decimals = f"{decimal_mark}{part:0{places}d}" if places else ""
    return grouped(whole) + decimals


def grouped(number: int | Decimal) -> str:
    """Write an integer in groups of three digits.

    >>> grouped(13209).replace("\u202f", " ")
    '13 209'
    """
    return f"{number:,}".replace(",", THIN_SPACE)


def percent(share: Fraction, decimal_mark: str = ".") -> str:
    """Write a share as per cent with at most one decimal.

    Args:
        share: one is the whole.
    Returns: text such as 30 %.

    >>> percent(Fraction(3, 10)).replace("\u202f", " ")
    '30 %'
    """
    tenths = round(share * 1000)
    whole, part = divmod(tenths, 10)
    text = f"{whole}{decimal_mark}{part}" if part else str(whole)
    return f"{text}{THIN_SPACE}%"


def long_date(day: date, texts: Mapping[str, str] | None = None) -> str:
    """Write a date with the month in words.

    Args:
        day: the date.
        texts: words of another language: `month.1` to `month.12` and the pattern `date.long`.
    Returns: text such as 2 March 2026.

    >>> long_date(date(2026, 3, 2))
    '2 March 2026'
    """
    words = texts or {}
    month = words.get(f"month.{day.month}", _MONTHS[day.month - 1])
    pattern = words.get("date.long", "{day} {month} {year}")
    return pattern.format(day=day.day, month=month, year=day.year)


def days_between(today: date, day: date) -> str:
    """Return how far a day lies from another, in words.

    >>> days_between(date(2026, 3, 2), date(2026, 3, 16))
    'in 14 days'
    """
    count = (day - today).days
    if count == 0:
        return "today"
    unit = "day" if abs(count) == 1 else "days"
    return f"in {grouped(count)} {unit}" if count > 0 else f"{grouped(-count)} {unit} ago"
