"""Figures for documents: significant figures, orders of magnitude and the form's ranges.

All are derived from the exact amount and serve display alone: a threshold is compared with the
unrounded value. Halves are rounded away from zero, as people round by hand.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute.repairs import Exact, exact
from chapterv.errors import InputError

__all__ = [
    "ComputeFigures",
    "compute_figures",
    "duration_range",
    "order_of_magnitude",
    "parameter_range",
    "significant",
    "two_figures",
]

# Model documentation form, transparency chapter: the options as the form prints them.
_PARAMETERS = (
    ("1-500M", 500 * 10**6),
    ("500M-5B", 5 * 10**9),
    ("5B-15B", 15 * 10**9),
    ("15B-50B", 50 * 10**9),
    ("50B-100B", 100 * 10**9),
    ("100B-500B", 500 * 10**9),
    ("500B-1T", 10**12),
)
_MONTHS = (("< 1 month", 1), ("1-3 months", 3), ("3-6 months", 6))
_DAYS_A_MONTH = Fraction(3044, 100)


class ComputeFigures(msgspec.Struct, frozen=True):
    """One amount of compute as each audience gets it.

    Args:
        notification: two significant figures, for the Commission.
        ai_office: two significant figures, item c.flop.aio of the form.
        national_authorities: the order of magnitude, item c.flop.nca.
        downstream_providers: None, since the form gives them no item on compute.
    """

    notification: str
    ai_office: str
    national_authorities: str
    downstream_providers: None = None


def significant(amount: Exact, figures: int) -> Decimal:
    """Round an amount to significant figures.

    Args:
        amount: above zero.
        figures: from 1 on.

    Returns: a decimal with exactly so many digits.

    >>> significant(3_407_800_000_000_000_000_000_000, 2)
    Decimal('3.4E+24')
    """
    value = exact(amount)
    if value <= 0 or figures < 1:
        raise InputError("only an amount above zero can be rounded to figures", None, "Check it.")
    exponent = _exponent(value) - figures + 1
    scaled = value / Fraction(10) ** exponent
    digits = int(scaled + Fraction(1, 2))
    if digits == 10**figures:  # 9.96 became 10.0: one place up
        digits, exponent = digits // 10, exponent + 1
    return Decimal(digits).scaleb(exponent)


def two_figures(amount: Exact) -> str:
    """An amount to two significant figures, as ``3.4e24``.

    Source: Guidelines, Annex A.2, and model documentation form, section 7.

    >>> two_figures(10**25)
    '1.0e25'
    """
    rounded = significant(amount, 2)
    first, second = rounded.as_tuple().digits
    return f"{first}.{second}e{rounded.adjusted()}"


def order_of_magnitude(amount: Exact) -> str:
    """The power of ten at or below an amount, as ``10^24``.

    The form's example shows a bare power and does not say how to round; ours rounds down, so that
    the figure is one that the amount has reached.

    >>> order_of_magnitude(9_900_000_000_000_000_000_000_000)
    '10^24'
    """
    value = exact(amount)
    if value <= 0:
        raise InputError("only an amount above zero has an order of magnitude", None, "Check it.")
    return f"10^{_exponent(value)}"


def parameter_range(parameters: int) -> str:
    """The form's range for a number of parameters, upper ends included.

    Source: model documentation form, item p.size.range.

    >>> parameter_range(500_000_000), parameter_range(500_000_001)
    ('1-500M', '500M-5B')
    """
    if parameters < 1:
        raise InputError("a model has at least one parameter", None, "Check the number.")
    return next((name for name, most in _PARAMETERS if parameters <= most), ">1T")


def duration_range(days: Exact) -> str:
    """The form's range for a duration, upper ends included, a month taken as 30.44 days.

    Source: model documentation form, item c.time.nca.

    >>> duration_range(45)
    '1-3 months'
    """
    length = exact(days, "the duration")
    if length < 0:
        raise InputError("a duration cannot be negative", None, "Check it.")
    most = [(name, months * _DAYS_A_MONTH) for name, months in _MONTHS]
    return next((name for name, limit in most if length <= limit), "> 6 months")


def compute_figures(amount: Exact) -> ComputeFigures:
    """Derive from one amount what each audience of the form and the notification gets.

    Source: model documentation form, items c.flop.aio and c.flop.nca.
    """
    figures = two_figures(amount)
    return ComputeFigures(figures, figures, order_of_magnitude(amount))


def _exponent(value: Fraction) -> int:
    """The largest power of ten at or below a value."""
    exponent = len(str(value.numerator)) - len(str(value.denominator))
    return exponent if value >= Fraction(10) ** exponent else exponent - 1
