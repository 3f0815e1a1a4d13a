"""Numbers and dates for people: 1.44 × 10²³ FLOP, 36 trillion, 2 March 2026."""

from __future__ import annotations

import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from chapterv.facts.amounts import Amount

__all__ = ["days_between", "grouped", "long_date", "scientific"]

THIN_SPACE = "\u202f"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


def scientific(amount: Amount, digits: int = 3) -> str:
    """Return an amount as mantissa and power of ten, trailing zeros cut.

    Args:
        amount: any exact amount.
        digits: significant figures to round to, for display only.

    >>> scientific(144 * 10**21)
    '1.44 × 10²³'
    >>> scientific(10**25)
    '10²⁵'
    """
    number = Decimal(amount)
    if number == 0:
        return "0"
    exponent = number.adjusted()
    mantissa = number.scaleb(-exponent).quantize(
        Decimal(1).scaleb(1 - digits), rounding=ROUND_HALF_EVEN
    )
    if abs(mantissa) >= 10:
        mantissa, exponent = mantissa / 10, exponent + 1
    text = format(mantissa.normalize(), "f")
    power = "10" + str(exponent).translate(_SUPERSCRIPT)
    if text in ("1", "-1"):
        return text.replace("1", "") + power
    return f"{text} × {power}"


def grouped(amount: Amount) -> str:
    """Return a number with thin spaces between groups of three digits.

    >>> grouped(41792).replace(THIN_SPACE, " ")
    '41 792'
    """
    return format(amount, ",").replace(",", THIN_SPACE)


def long_date(day: datetime.date) -> str:
    """Return a date as it stands in running text.

    >>> long_date(datetime.date(2026, 3, 2))
    '2 March 2026'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def days_between(today: datetime.date, day: datetime.date) -> str:
    """Return how far a day lies from another, in words.

    >>> days_between(datetime.date(2026, 3, 2), datetime.date(2026, 3, 16))
    'in 14 days'
    """
    count = (day - today).days
    if count == 0:
        return "today"
    unit = "day" if abs(count) == 1 else "days"
    return f"in {grouped(count)} {unit}" if count > 0 else f"{grouped(-count)} {unit} ago"
