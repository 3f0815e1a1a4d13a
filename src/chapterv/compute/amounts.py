"""Exact arithmetic on amounts: integers and decimals, never binary floats."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

from chapterv.errors import InputError

__all__ = ["Amount", "checked", "interval", "mean", "plain", "product", "total"]

# As in `facts`, whose front would bring the reading of statements along.
Amount = int | Decimal

_MAX_DIGITS = 100
# Any rounding is an error here: an amount must never change without a word.
_EXACT = Context(prec=1000, Emax=100_000, Emin=-100_000, traps=[InvalidOperation, Inexact])


def checked(value: object, what: str) -> Amount:
    """Return a finite amount that is not negative.

    Args:
        value: an integer or a decimal.
        what: name of the quantity, for messages.

    Raises:
        InputError: a binary float, a negative, an infinite or an absurdly long number.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        kind = type(value).__name__
        raise InputError(
            f"{what} must be an integer or a decimal, got {kind}", None,
            "Read it from its text, so that no digit is lost.",
        )  # fmt: skip
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _MAX_DIGITS:
            raise InputError(f"{what} must be a finite number", None, "Check it.")
        if len(value.as_tuple().digits) > _MAX_DIGITS:
            raise InputError(f"{what} has more than {_MAX_DIGITS} digits", None, "Check it.")
    elif abs(value) >= 10**_MAX_DIGITS:
        raise InputError(f"{what} has more than {_MAX_DIGITS} digits", None, "Check it.")
    if value < 0:
        raise InputError(f"{what} must not be negative", None, "Check its sign.")
    return value


def plain(value: Amount) -> Amount:
    """Return an integer where a decimal is whole."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def product(*factors: Amount) -> Amount:
    """Multiply exactly."""
    result: Amount = 1
    for factor in factors:
        if isinstance(result, int) and isinstance(factor, int):
            result *= factor
        else:
            result = _EXACT.multiply(_decimal(result), _decimal(factor))
    return plain(result)


def total(values: list[Amount]) -> Amount:
    """Add exactly."""
    result: Amount = 0
    for value in values:
        if isinstance(result, int) and isinstance(value, int):
            result += value
        else:
            result = _EXACT.add(_decimal(result), _decimal(value))
    return plain(result)


def interval(amount: Amount, margin: Amount) -> tuple[Amount, Amount]:
    """Return amount less and amount plus a share of itself, exactly.

    Args:
        amount: the estimate.
        margin: share, from 0 to 1.

    Raises:
        InputError: a margin outside 0 to 1.

    >>> interval(10**25, Decimal("0.3"))
    (7000000000000000000000000, 13000000000000000000000000)
    """
    share = checked(margin, "the margin")
    if share > 1:
        raise InputError("the margin must lie between 0 and 1", None, "Give 30 % as 0.3.")
    one = Decimal(1)
    low = product(amount, _EXACT.subtract(one, _decimal(share)))
    return low, product(amount, _EXACT.add(one, _decimal(share)))


def mean(pairs: list[tuple[Amount, Amount]]) -> Fraction:
    """Return the mean of values by their weights, as an exact fraction."""
    weights = sum((Fraction(weight) for weight, _ in pairs), Fraction(0))
    weighted = sum((Fraction(weight) * Fraction(value) for weight, value in pairs), Fraction(0))
    return weighted / weights


def _decimal(value: Amount) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)
