"""The band of a forecast against a generator of runs that it does not know."""

from __future__ import annotations

import datetime
import random
import time
from fractions import Fraction

import pytest

from chapterv.compute.forecasting import Forecast, Limit, Point, forecast
from chapterv.compute.forecasting.bands import read_history, simulate
from tests.compute.training_worlds import Run, days_to_go, make_run, true_band

RUNS = 1_000
UNIT = 10**22
FIRST = datetime.date(2026, 1, 5)
MARGIN = Fraction(3, 10)
SHARE_HELD = 0.75
WIDTH_RATIO = 1.5


def foretold(run: Run) -> tuple[Forecast, datetime.date]:
    """Forecast a run as one would from its daily record; return the last day of the record too."""
    done, points = 0, [Point(datetime.datetime(2026, 1, 5), 0)]
    for index, day in enumerate(run.days):
        done += round(day * UNIT)
        points.append(Point(FIRST + datetime.timedelta(days=index), done))
    last = FIRST + datetime.timedelta(days=len(run.days) - 1)
    limit = Limit("threshold", done + round(run.left * UNIT))
    return forecast(points, [], [limit], MARGIN, last)[0], last


def test_band_holds_in_three_of_four_runs_and_is_not_much_wider_than_the_true_one() -> None:
    held = true_held = 0
    width = true_width = 0
    spent = 0.0
    for number in range(RUNS):
        dice = random.Random(f"forecast {number}")
        run = make_run(dice)
        low, high = true_band(run, dice)
        began = time.perf_counter()
        told, last = foretold(run)
        spent += time.perf_counter() - began
        assert told.method == "bootstrap"
        assert told.band.earliest is not None
        assert told.band.latest is not None
        days = days_to_go(run, dice)
        earliest, latest = (told.band.earliest - last).days, (told.band.latest - last).days
        held += earliest <= days <= latest
        true_held += low <= days <= high
        width += latest - earliest
        true_width += high - low
    figures = (
        f"held {held / RUNS:.3f} (true band {true_held / RUNS:.3f}), mean width "
        f"{width / RUNS:.1f} days, {width / true_width:.2f} times the true one; "
        f"{1000 * spent / RUNS:.1f} ms a forecast"
    )
    print(figures)
    assert held / RUNS >= SHARE_HELD, figures
    assert width / true_width <= WIDTH_RATIO, figures
    assert 0.75 <= true_held / RUNS <= 0.92, figures


def test_same_data_give_the_same_band() -> None:
    run = make_run(random.Random("again"))
    assert foretold(run) == foretold(run)


def test_fewer_than_seven_working_days_give_no_history() -> None:
    assert read_history([1.0] * 6) is None
    assert read_history([1.0] * 6 + [0.0] * 30) is None
    assert read_history([0.0] * 30) is None


def test_a_long_outage_is_one_and_not_a_new_level() -> None:
    history = read_history([1.0] * 20 + [0.05] * 8 + [1.0] * 10)
    assert history is not None
    assert history.outages == (8,)
    assert history.changes == ()
    assert abs(history.level) < 1e-9


def test_a_second_phase_at_half_the_pace_sets_the_level_and_is_one_change() -> None:
    noise = random.Random("noise")
    days = [dice * noise.uniform(0.95, 1.05) for dice in [2.0] * 40 + [1.2] * 20]
    history = read_history(days)
    assert history is not None
    assert history.level == pytest.approx(0.18, abs=0.05)
    assert len(history.changes) == 1
    assert history.changes[0] == pytest.approx(0.51, abs=0.06)


def test_the_climb_at_the_start_of_a_run_is_no_change_to_come() -> None:
    climb = [0.2 + 0.05 * day for day in range(16)]
    noise = random.Random("climb")
    history = read_history([one * noise.uniform(0.97, 1.03) for one in climb + [1.0] * 30])
    assert history is not None
    assert history.changes == ()
    assert history.level == pytest.approx(0, abs=0.05)


def test_bands_are_nested_when_targets_are() -> None:
    history = read_history(make_run(random.Random("nested")).days)
    assert history is not None
    told = simulate(history, [30.0, 10.0, 20.0], [1, 5, 9], 400)
    far, near, middle = told.crossings
    assert all(a <= b <= c for a, b, c in zip(near, middle, far, strict=True))
    assert [len(path) for path in told.paths] == [300, 300, 300]


def test_a_target_out_of_sight_is_later_than_the_horizon() -> None:
    history = read_history([1.0] * 30)
    assert history is not None
    assert set(simulate(history, [1e9], [], 50).crossings[0]) == {51}
