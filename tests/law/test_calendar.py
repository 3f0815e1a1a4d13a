"""Periods: the day of the event is not counted, months are clamped, weekends roll beside."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.law.calendar import add_days, add_months, add_years, rolled

Day = datetime.date
days = st.dates(Day(2000, 1, 1), Day(2100, 1, 1))


def test_the_day_of_the_event_is_not_counted() -> None:
    assert add_days(Day(2025, 8, 2), 14) == Day(2025, 8, 16)
    assert add_days(Day(2026, 12, 31), 1) == Day(2027, 1, 1)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (Day(2026, 1, 15), 6, Day(2026, 7, 15)),
        (Day(2026, 8, 31), 6, Day(2027, 2, 28)),
        (Day(2027, 8, 31), 6, Day(2028, 2, 29)),
        (Day(2026, 12, 31), 6, Day(2027, 6, 30)),
        (Day(2026, 7, 1), 6, Day(2027, 1, 1)),
        (Day(2026, 12, 1), 12, Day(2027, 12, 1)),
        (Day(2026, 11, 30), 1, Day(2026, 12, 30)),
    ],
)
def test_months_go_by_the_calendar_and_are_clamped(start: Day, months: int, end: Day) -> None:
    assert add_months(start, months) == end


def test_ten_years_from_a_leap_day_end_on_the_last_of_february() -> None:
    assert add_years(Day(2028, 2, 29), 10) == Day(2038, 2, 28)
    assert add_years(Day(2025, 9, 1), 10) == Day(2035, 9, 1)


def test_a_weekend_rolls_to_monday_and_a_working_day_stays() -> None:
    assert rolled(Day(2025, 8, 16)) == Day(2025, 8, 18)
    assert rolled(Day(2025, 8, 17)) == Day(2025, 8, 18)
    assert rolled(Day(2025, 8, 18)) == Day(2025, 8, 18)


def test_a_holiday_rolls_and_so_does_a_weekend_before_it() -> None:
    easter_monday = Day(2026, 4, 6)
    assert rolled(Day(2026, 4, 4), {easter_monday}) == Day(2026, 4, 7)
    assert rolled(Day(2026, 12, 25), {Day(2026, 12, 25)}) == Day(2026, 12, 28)


@given(days, st.integers(0, 600), st.integers(0, 600))
def test_a_longer_period_never_ends_earlier(start: Day, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert start <= add_months(start, shorter) <= add_months(start, longer)
    assert add_days(start, shorter) <= add_days(start, longer)


@given(days, st.frozensets(days, max_size=20))
def test_what_is_rolled_is_a_working_day_and_rolls_no_further(
    day: Day, holidays: frozenset[Day]
) -> None:
    end = rolled(day, holidays)
    assert end >= day
    assert end.weekday() < 5
    assert end not in holidays
    assert rolled(end, holidays) == end
