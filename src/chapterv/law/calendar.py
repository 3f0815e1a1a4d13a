"""Periods and days: calendar days, clamped months, and where a period may end later.

Conventions (ours, shown with every clock): the day of the event is not counted, weeks are seven
calendar days, months go by the calendar and are clamped to the last day of a month. A period that
ends on a Saturday, a Sunday or a holiday may run to the next working day under Regulation (EEC,
Euratom) No 1182/71, Article 3(4); that day is shown beside the plain one, never instead of it.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Collection

__all__ = ["add_days", "add_months", "add_years", "rolled"]

_SATURDAY = 5


def add_days(day: datetime.date, count: int) -> datetime.date:
    """Return the last day of a period of `count` calendar days; the day itself is not counted."""
    return day + datetime.timedelta(days=count)


def add_months(day: datetime.date, count: int) -> datetime.date:
    """Return the same day `count` months later, clamped to the last day of that month.

    >>> add_months(datetime.date(2026, 12, 31), 6)
    datetime.date(2027, 6, 30)
    """
    index = day.year * 12 + day.month - 1 + count
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def add_years(day: datetime.date, count: int) -> datetime.date:
    """Return the same day `count` years later; 29 February becomes 28 February."""
    return add_months(day, 12 * count)


def rolled(day: datetime.date, holidays: Collection[datetime.date] = frozenset()) -> datetime.date:
    """Return the day itself, or the next working day where it is a weekend day or holiday.

    Source: Regulation (EEC, Euratom) No 1182/71, Art. 3(4).

    >>> rolled(datetime.date(2025, 8, 16))
    datetime.date(2025, 8, 18)
    """
    while day.weekday() >= _SATURDAY or day in holidays:
        day += datetime.timedelta(days=1)
    return day
