"""Exact amounts: FLOP, bytes, tokens, parameters, euro. Integers or decimals, never binary floats.

`1e25` as a binary float is not 10^25, so a threshold test on floats would flip at the threshold
itself. Numbers are read from their text; a float that comes in is taken at the shortest decimal
text that names it, which is what its writer typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation

from chapterv.errors import InputError

__all__ = ["MAX_DIGITS", "Amount", "amount_text", "exact_sum", "parse_amount", "shown"]

Amount = int | Decimal

MAX_DIGITS = 100
"""Longest number read. The largest real amount here, 10^30 FLOP, has 31 digits."""

_EXACT = Context(prec=10 * MAX_DIGITS, Emax=10_000, Emin=-10_000, traps=[InvalidOperation, Inexact])
_CONTEXT = Context(prec=MAX_DIGITS, Emax=10_000, Emin=-10_000, traps=[InvalidOperation, Inexact])


def parse_amount(value: object, where: str | None = None) -> Amount:
    """Read an exact amount from a decimal string, an integer, a decimal or a float.

    Args:
        value: such as "1.44e23", "36_000_000", 10**25.
        where: place named in an error.

    Returns: an `int` where the value is whole, else a `Decimal`.

    Raises:
        InputError: not a finite number, or longer than `MAX_DIGITS` digits.

    >>> parse_amount("1e25") == 10**25
    True
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise InputError(f"expected an amount, got {shown(value)}", where, _HOW)
    if isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            raise InputError(f"the number has more than {MAX_DIGITS} digits", where, _HOW)
        return value
    text = repr(value) if isinstance(value, float) else str(value).strip().replace("_", "")
    if len(text) > MAX_DIGITS + 10:
        raise InputError(f"the number has more than {MAX_DIGITS} digits", where, _HOW)
    try:
        number = _CONTEXT.create_decimal(text)
    except (DecimalException, ValueError):
        raise InputError(f"expected an amount, got {shown(value)}", where, _HOW) from None
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise InputError(f"expected a finite amount, got {shown(value)}", where, _HOW)
    return _whole(number)


def amount_text(amount: Amount) -> str:
    """Return the exact amount as a plain decimal string, for JSON.

    >>> amount_text(Decimal("15000000.03"))
    '15000000.03'
    """
    return str(amount) if isinstance(amount, int) else format(amount, "f")


def exact_sum(amounts: Iterable[Amount]) -> Amount:
    """Return the sum of exact amounts; the default arithmetic of decimals would round it.

    >>> exact_sum([10**30, Decimal("0.5")])
    Decimal('1000000000000000000000000000000.5')
    """
    total: Amount = 0
    for amount in amounts:
        if isinstance(total, int) and isinstance(amount, int):
            total += amount
        else:
            total = _EXACT.add(Decimal(total), Decimal(amount))
    return total if isinstance(total, int) else _whole(total)


def _whole(number: Decimal) -> Amount:
    return int(number) if number == number.to_integral_value() else number


_HOW = 'Write a plain number or a decimal string such as "1.44e23".'


def shown(value: object) -> str:
    """Return a foreign value as it stands in an error: short, and whatever it is."""
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except ValueError:
        # The interpreter refuses to write integers of more than 4 300 digits.
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."
