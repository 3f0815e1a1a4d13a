"""Units of time in written calculations: what is missing to bring a product to seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["RATE_DAYS", "seconds_missing"]

RATE_DAYS = re.compile(r"^(?:p(?:eta)?-?f(?:lops?|s)?|flops?)(?:/s(?:ec)?)?[ ·*-]+days?\b", re.I)
"""Petaflop/s-days, the unit of the first published tables of training compute."""

_TIME = re.compile(
    r"(?:^|[\s-])(years?|months?|weeks?|days?|hours?|hrs?|h|minutes?|mins?)\b(?!\s?[/])", re.I
)
_PER_TIME = re.compile(r"/\s?(?:day|hour|h|d|week|month|year|min)\b|\bper (?:day|hour|week)", re.I)
_RATE = re.compile(r"flop", re.I)
_DAY, _HOUR = 86_400, 3_600
_RANK = ["minute", "hour", "day", "week", "month", "year"]


def seconds_missing(factors: Sequence[tuple[Fraction, str]]) -> Fraction:
    """The factor by which a product of rate and time falls short of seconds.

    Args:
        factors: numbers with the words behind them.

    Returns: 1 where the writer converted, or where no time or no rate is in it.
    """
    days = [value for value, unit in factors if RATE_DAYS.search(unit)]
    values = [value for value, _ in factors]
    if days:
        # The scale may stand in the number already: as a prefix, or as a factor of its own.
        scale = 1 if 10**15 in values or max(days) >= 10**15 else 10**15
        return Fraction(scale) * (_day_seconds(values))
    if not any(value >= 10**10 or _RATE.search(unit) for value, unit in factors):
        return Fraction(1)
    units = [named for value, unit in factors if (named := _time(unit)) is not None]
    if not units:
        return Fraction(1)
    return _missing(max(units, key=_RANK.index), values)


def _missing(unit: str, values: list[Fraction]) -> Fraction:
    if unit == "minute":
        return Fraction(1 if 60 in values else 60)
    if unit == "hour":
        return _hour_seconds(values)
    seconds = _day_seconds(values)
    if unit == "week":
        return seconds * (1 if 7 in values else 7)
    if unit == "month":
        return seconds * (1 if any(28 <= value <= 31 for value in values) else 30)
    if unit == "year":
        return seconds * (1 if 365 in values or Fraction(1461, 4) in values else Fraction(1461, 4))
    return seconds


def _day_seconds(values: list[Fraction]) -> Fraction:
    if _DAY in values:
        return Fraction(1)
    return (1 if 24 in values else 24) * _hour_seconds(values)


def _hour_seconds(values: list[Fraction]) -> Fraction:
    return Fraction(1 if _HOUR in values or values.count(Fraction(60)) > 1 else _HOUR)


def _time(unit: str) -> str | None:
    if _PER_TIME.search(unit):
        return None
    match = _TIME.search(unit)
    if match is None:
        return None
    name = match[1].lower().rstrip("s")
    return {"h": "hour", "hr": "hour", "min": "minute"}.get(name, name)
