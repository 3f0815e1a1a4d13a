"""When a threshold will be exceeded: by the plan, by the pace, in states, day by day."""

from __future__ import annotations

import datetime
import zoneinfo
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute.forecasting import (
    Forecast,
    Limit,
    PlanEntry,
    Point,
    brussels_day,
    daily_sums,
    forecast,
)
from chapterv.errors import InputError

Day = datetime.date
ONE = datetime.timedelta(days=1)
START = Day(2026, 9, 1)
DAILY = 10**23
LIMIT = 10**25
MARGIN = Decimal("0.30")


def midnight(day: Day) -> datetime.datetime:
    """The beginning of a day."""
    return datetime.datetime(day.year, day.month, day.day)


def steady(days: int, each: int = DAILY, start: Day = START, run: str = "") -> list[Point]:
    """A run with one point at the end of each day."""
    points = [Point(midnight(start), 0, run)]
    return points + [Point(start + n * ONE, each * (n + 1), run) for n in range(days)]


def told(
    points: list[Point],
    on: Day,
    plan: list[PlanEntry] | None = None,
    limit: int | Fraction = LIMIT,
    **options: object,
) -> Forecast:
    """Forecast one threshold."""
    return forecast(points, plan or [], [Limit("t", limit)], MARGIN, on, **options)[0]  # type: ignore[arg-type]


# --- the pace ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "after"),
    [(40 * DAILY - 1, 10), (40 * DAILY, 11), (40 * DAILY + 1, 11), (41 * DAILY, 12)],
)
def test_day_at_a_constant_pace_is_exact_to_one_operation(limit: int, after: int) -> None:
    last = START + 29 * ONE
    found = told(steady(30), last, limit=limit)
    assert found.band.central == last + after * ONE
    assert found.pace == DAILY
    assert found.band.earliest is not None
    assert found.band.latest is not None
    assert found.band.earliest <= found.band.central <= found.band.latest


@given(st.integers(3, 60), st.integers(1, 10**24), st.integers(0, 400), st.integers(-1, 1))
def test_day_at_a_constant_pace_is_that_of_counting_day_by_day(
    days: int, each: int, ahead: int, more: int
) -> None:
    limit = (days + ahead) * each + more
    found = told(steady(days, each), START + (days - 1) * ONE, limit=limit)
    amount, day = days * each, START + (days - 1) * ONE
    if amount > limit:
        assert found.state == "met"
        return
    while amount <= limit:
        amount, day = amount + each, day + ONE
    assert found.band.central == day


def test_threshold_itself_is_not_exceeded_and_one_operation_more_is() -> None:
    last = START + 99 * ONE
    assert told(steady(100), last).state == "expected"
    more = [*steady(100), Point(last, 1, "other")]
    assert told(more, last).state == "met"


def test_pace_is_the_mean_of_the_last_fourteen_days_with_gaps_included() -> None:
    points = [p for p in steady(40) if p.at not in {START + n * ONE for n in range(30, 37)}]
    assert told(points, START + 39 * ONE).pace == DAILY
    halted = [*steady(30), *(Point(START + n * ONE, 30 * DAILY) for n in range(30, 37))]
    assert told(halted, START + 36 * ONE).pace == DAILY // 2


def test_a_ramp_moves_the_day_earlier_than_its_slow_start_says() -> None:
    amount, points = 0, [Point(midnight(START), 0)]
    for n in range(40):
        amount += DAILY * min(n + 1, 20) // 20
        points.append(Point(START + n * ONE, amount))
    found = told(points, START + 39 * ONE)
    assert found.pace == DAILY
    assert found.method == "bootstrap"


def test_an_outage_makes_the_day_later_and_the_band_wider() -> None:
    # Both records have done the same amount in all.
    calm = told(steady(40), START + 39 * ONE, limit=10 * LIMIT)
    amount, points = 0, [Point(midnight(START), 0)]
    for n in range(44):
        amount += 0 if n in (10, 11, 25, 36) else DAILY
        points.append(Point(START + n * ONE, amount))
    rough = told(points, START + 43 * ONE, limit=10 * LIMIT)
    assert rough.amount == calm.amount
    assert calm.band.central is not None
    assert rough.band.central is not None
    assert rough.band.central - ONE * 4 > calm.band.central
    assert rough.pace is not None
    assert rough.pace < DAILY


def test_a_second_phase_with_another_model_adds_to_the_first_and_sets_the_pace() -> None:
    second = steady(20, 3 * DAILY, START + 30 * ONE, "second")
    found = told([*steady(30, run="first"), *second], START + 49 * ONE)
    assert found.amount == 90 * DAILY
    assert found.pace == 3 * DAILY
    assert found.band.central == START + 53 * ONE


def test_a_run_that_begins_with_a_full_counter_adds_to_the_amount_and_to_no_day() -> None:
    other = [
        Point(START + 20 * ONE, 50 * DAILY, "other"),
        Point(START + 29 * ONE, 50 * DAILY, "other"),
    ]
    found = told([*steady(30), *other], START + 29 * ONE)
    assert found.amount == 80 * DAILY
    assert found.pace == DAILY
    days = dict(daily_sums([*steady(30), *other], START + 29 * ONE).ends())
    assert days[START + 18 * ONE] == 19 * DAILY
    assert days[START + 25 * ONE] == 76 * DAILY


def test_a_lone_amount_later_than_the_record_counts_and_adds_no_days() -> None:
    last = START + 29 * ONE
    found = told([*steady(30), Point(last + 5 * ONE, 20 * DAILY, "stated")], last + 5 * ONE)
    assert found.amount == 50 * DAILY
    assert found.pace == DAILY
    assert found.band.central == last + 51 * ONE


def test_a_counter_that_goes_back_counts_on_from_there_and_says_so() -> None:
    points = steady(20)
    again = [Point(START + n * ONE, (n - 3) * DAILY) for n in range(20, 30)]
    found = told([*points, *again], START + 29 * ONE)
    assert found.amount == (20 + 9) * DAILY
    assert [one.kind for one in found.oddities] == ["counter_back"]
    assert found.oddities[0].before == 20 * DAILY
    assert found.oddities[0].after == 17 * DAILY


def test_a_clock_that_goes_back_stands_still_and_loses_nothing() -> None:
    points = steady(20)
    points[11] = Point(START + 2 * ONE, points[11].amount)
    found = told(points, START + 19 * ONE)
    assert found.amount == 20 * DAILY
    assert [one.kind for one in found.oddities] == ["clock_back"]


def test_points_after_the_day_asked_for_are_left_out() -> None:
    found = told(steady(30), START + 9 * ONE)
    assert found.amount == 10 * DAILY
    assert len(found.oddities) == 20


def test_no_data_and_no_plan_cannot_be_told() -> None:
    found = told([], START)
    assert found.state == "cannot_tell"
    assert found.pace is None
    assert found.crossings == ()


@pytest.mark.parametrize("days", [1, 2])
def test_one_or_two_days_of_data_give_an_amount_and_no_pace(days: int) -> None:
    found = told(steady(days), START + (days - 1) * ONE)
    assert (found.amount, found.pace, found.method) == (days * DAILY, None, "cannot_tell")
    assert found.state == "below"


def test_fewer_than_fourteen_days_give_a_band_of_quantiles() -> None:
    amounts = [2, 3, 4, 3, 3, 2, 4]
    points, done = [Point(midnight(START), 0)], 0
    for n, amount in enumerate(amounts):
        done += amount * DAILY
        points.append(Point(START + n * ONE, done))
    found = told(points, START + 6 * ONE)
    assert found.method == "quantiles"
    assert found.band.earliest == START + 26 * ONE, "79 days of work at four a day"
    assert found.band.central == START + 33 * ONE
    assert found.band.latest == START + 46 * ONE


def test_two_points_far_apart_give_a_day_and_no_band() -> None:
    found = told([Point(midnight(START), 0), Point(START + 39 * ONE, 40 * DAILY)], START + 39 * ONE)
    assert found.method == "cannot_tell"
    assert found.band.central == START + 100 * ONE
    assert found.band.earliest is None


def test_a_pace_of_zero_never_gets_there() -> None:
    points = [*steady(10), *(Point(START + n * ONE, 10 * DAILY) for n in range(10, 30))]
    found = told(points, START + 29 * ONE)
    assert found.pace == 0
    assert found.band.central is None
    assert found.state == "below"


def test_silence_counts_as_no_work_only_where_the_record_is_known_to_be_complete() -> None:
    on = START + 36 * ONE
    assert told(steady(30), on).pace == DAILY
    assert told(steady(30), on, silent_until=on).pace == DAILY * 8 // 14 + 1


def test_a_crossing_is_never_told_for_a_day_that_is_over() -> None:
    found = told(steady(30), START + 60 * ONE, limit=35 * DAILY)
    assert found.band.central == START + 60 * ONE


def test_training_that_has_ended_has_no_pace() -> None:
    found = told(steady(90), START + 100 * ONE, ended=True)
    assert found.pace is None
    assert found.state == "watch"


def test_days_far_out_of_sight_are_not_told() -> None:
    found = told(steady(30, 10**20), START + 29 * ONE)
    assert found.band.central is None
    assert found.state == "below"


# --- readings with the margin -----------------------------------------------------------------


def test_margin_brings_the_day_forward_in_both_readings() -> None:
    last = START + 29 * ONE
    reported, estimate, truth = told(steady(30), last).crossings
    assert (reported.amount, estimate.amount) == (30 * DAILY, 39 * DAILY)
    assert truth.amount == -(-30 * DAILY * 10 // 7)
    assert reported.band.central == last + 71 * ONE
    # 1.3 C > T at 76.92... days of work, C / 0.7 > T at 70.
    assert estimate.band.central == last + 47 * ONE
    assert truth.band.central == last + 41 * ONE


# --- states -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        (LIMIT * 10 // 13, "below"),
        (LIMIT * 10 // 13 + 1, "watch"),
        (LIMIT, "watch"),
        (LIMIT + 1, "met"),
    ],
)
def test_state_without_a_pace_is_exact_to_one_operation(amount: int, state: str) -> None:
    assert told([Point(START, amount)], START).state == state


def test_expected_within_the_horizon_and_not_beyond_it() -> None:
    last = START + 29 * ONE
    assert told(steady(30), last, horizon_days=71).state == "expected"
    assert told(steady(30), last, horizon_days=70).state == "below"


def test_third_of_an_original_is_compared_exactly() -> None:
    third = Fraction(10**23, 3)
    assert told([Point(START, 33333333333333333333333)], START, limit=third).state == "watch"
    assert told([Point(START, 33333333333333333333334)], START, limit=third).state == "met"


def test_threshold_that_is_passed_already_says_since_when() -> None:
    found = told(steady(120), START + 119 * ONE)
    assert found.state == "met"
    assert found.met_on == START + 100 * ONE
    assert found.crossings == ()


# --- the plan ---------------------------------------------------------------------------------

APPROVED = START + 10 * ONE


@pytest.mark.parametrize(
    ("planned", "known"), [(LIMIT - 1, False), (LIMIT, False), (LIMIT + 1, True)]
)
def test_plan_is_known_to_exceed_from_the_day_of_approval(planned: int, known: bool) -> None:
    plan = [PlanEntry("all", planned, approved_on=APPROVED, whole=True)]
    found = told(steady(30), START + 29 * ONE, plan, horizon_days=1)
    assert found.by_plan == known
    assert found.state == ("expected" if known else "watch")
    assert found.known_on == (APPROVED if known else None)


def test_plan_counts_on_the_day_of_approval_and_not_the_day_before() -> None:
    plan = [PlanEntry("all", 2 * LIMIT, approved_on=APPROVED, whole=True)]
    before = told(steady(3), APPROVED - ONE, plan, horizon_days=1)
    assert before.state == "below"
    assert before.outlook.later == tuple(plan)
    assert told(steady(3), APPROVED, plan, horizon_days=1).state == "expected"


def test_phases_add_to_what_is_done_outside_of_them() -> None:
    plan = [
        PlanEntry("main", 60 * DAILY, approved_on=START, done=30 * DAILY),
        PlanEntry("long context", 40 * DAILY + 1, approved_on=APPROVED),
    ]
    found = told(steady(30), START + 29 * ONE, plan, horizon_days=1)
    assert found.planned == 100 * DAILY + 1
    assert found.known_on == APPROVED


def test_work_outside_the_plan_can_make_it_known_later() -> None:
    plan = [PlanEntry("next", 80 * DAILY, approved_on=START + 5 * ONE)]
    found = told(steady(30), START + 29 * ONE, plan, horizon_days=1)
    assert found.planned == 110 * DAILY
    assert found.known_on == START + 20 * ONE


def test_plan_without_a_day_of_approval_counts_and_gives_no_day() -> None:
    found = told(steady(3), START + 2 * ONE, [PlanEntry("all", 2 * LIMIT, whole=True)])
    assert (found.state, found.by_plan, found.known_on) == ("expected", True, None)


def test_plan_that_ends_below_rules_a_crossing_by_the_pace_out() -> None:
    last = START + 29 * ONE
    below = [PlanEntry("all", 50 * DAILY, approved_on=START, whole=True)]
    assert told(steady(30), last, below).state == "below"
    ends = [PlanEntry("all", 50 * DAILY, ends=last + 70 * ONE, approved_on=START, whole=True)]
    assert told(steady(30), last, ends).state == "below"
    later = [PlanEntry("all", 50 * DAILY, ends=last + 71 * ONE, approved_on=START, whole=True)]
    assert told(steady(30), last, later).state == "expected", "faster than planned"


def test_plan_that_work_has_overtaken_says_nothing_any_more() -> None:
    plan = [PlanEntry("all", 20 * DAILY, approved_on=START, whole=True)]
    assert told(steady(30), START + 29 * ONE, plan).state == "expected"


def test_more_done_or_planned_never_makes_a_state_weaker() -> None:
    order = ["cannot_tell", "below", "watch", "expected", "met"]
    states = [
        order.index(told([Point(START, n * DAILY)], START, limit=60 * DAILY).state)
        for n in range(0, 90, 3)
    ]
    assert states == sorted(states)
    plans = [
        order.index(
            told(steady(3), START + 2 * ONE, [PlanEntry("all", n * DAILY, whole=True)]).state
        )
        for n in range(4, 200, 7)
    ]
    assert plans == sorted(plans)


# --- days and bad input -----------------------------------------------------------------------


@given(
    st.datetimes(
        datetime.datetime(2000, 1, 1), datetime.datetime(2090, 12, 31),
        timezones=st.just(datetime.UTC),
    )
)  # fmt: skip
def test_days_of_brussels_are_those_of_the_zone_table(instant: datetime.datetime) -> None:
    try:
        zone = zoneinfo.ZoneInfo("Europe/Brussels")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("this machine has no zone table")
    if instant.year < 2037:
        assert brussels_day(instant) == instant.astimezone(zone).date()


def test_an_instant_before_midnight_in_london_is_the_next_day_in_brussels() -> None:
    instant = datetime.datetime(2026, 3, 2, 23, 30, tzinfo=datetime.UTC)
    assert brussels_day(instant) == Day(2026, 3, 3)


def test_points_within_days_give_the_same_sums_as_points_at_their_ends() -> None:
    fine = [
        Point(midnight(START) + datetime.timedelta(hours=n), DAILY * n // 24)
        for n in range(24 * 20 + 1)
    ]
    coarse = steady(20)
    assert daily_sums(fine, START + 19 * ONE).sums == daily_sums(coarse, START + 19 * ONE).sums


def test_order_of_runs_changes_nothing() -> None:
    one, two = steady(20, run="a"), steady(25, 2 * DAILY, run="b")
    mixed = [point for pair in zip(one, two, strict=False) for point in pair] + two[len(one) :]
    on = START + 24 * ONE
    assert told([*one, *two], on) == told([*two, *one], on) == told(mixed, on)


@pytest.mark.parametrize(
    "amount", [-1, 1.5, True, Decimal("NaN"), Decimal("Infinity"), 10**200, "5"]
)
def test_amount_that_is_no_exact_number_is_refused(amount: object) -> None:
    with pytest.raises(InputError):
        told([Point(START, amount)], START)  # type: ignore[arg-type]


@pytest.mark.parametrize("days", [0, -1, 2_000])
def test_horizon_out_of_bounds_is_refused(days: int) -> None:
    with pytest.raises(InputError, match="horizon"):
        told(steady(3), START + 2 * ONE, horizon_days=days)


@pytest.mark.parametrize("day", [Day.min, Day.max - ONE, Day.max])
def test_days_at_the_ends_of_the_calendar_are_borne(day: Day) -> None:
    points = [Point(Day.min, 1), Point(datetime.datetime.max, 10**24), Point(day, 10**24)]
    assert told(points, day).state in ("below", "expected")
