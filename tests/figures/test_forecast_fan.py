"""The fan of a forecast: places, bands, crossings, words, exact values."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.figures import CrossingDays, FanPoint, Figure, Threshold, forecast_fan
from tests.figures.drawings import SVG, TODAY, amounts, days, drawings, lines_of, texts

LIMIT = 10**25
ONE = timedelta(days=1)
RISK = Threshold("Systemic risk presumed", LIMIT)
PAST = [FanPoint(TODAY - n * ONE, 8 * LIMIT // 10 - n * 10**22) for n in range(60)]
AHEAD = [
    FanPoint(
        TODAY + n * ONE,
        8 * LIMIT // 10 + n * 10**23,
        8 * LIMIT // 10 + n * 8 * 10**22,
        LIMIT + n * 10**23,
    )
    for n in range(0, 40, 4)
]
CROSSING = CrossingDays(RISK, TODAY + 15 * ONE, TODAY + 21 * ONE, TODAY + 26 * ONE)


def figure(**changes: object) -> Figure:
    """The usual figure."""
    return forecast_fan(PAST, AHEAD, [CROSSING], TODAY, **changes)  # type: ignore[arg-type]


def test_caption_says_what_is_done_and_when_the_threshold_is_exceeded() -> None:
    caption = figure().caption.replace("\u202f", " ").replace("\u00a0", " ")
    assert caption == (
        "By 2 March 2026: 8 × 10²⁴ FLOP. More than 10²⁵ FLOP at this pace on 23 March 2026, "
        "between 17 March 2026 and 28 March 2026 in 80 % of futures."
    )


def test_a_crossing_without_a_band_says_its_day_alone() -> None:
    told = forecast_fan(PAST, AHEAD, [CrossingDays(RISK, None, TODAY + ONE)], TODAY)
    assert "on 3 March 2026." in told.caption


def test_a_threshold_out_of_sight_and_one_passed_say_so() -> None:
    low = CrossingDays(Threshold("indicator", 10**23))
    told = forecast_fan(PAST, AHEAD, [CrossingDays(RISK), low], TODAY)
    assert "not in sight" in told.caption
    assert told.caption.endswith("already.")
    assert told.table.rows[-2][0] == "out of sight"
    assert told.table.rows[-1][0] == "already above"


def test_later_days_lie_further_right_and_more_lies_higher() -> None:
    for svg in drawings(figure()):
        marks = list(svg.iter(f"{SVG}circle"))
        assert len(marks) == 1
        diamonds = [p for p in svg.iter(f"{SVG}path") if "l 7 7" in (p.get("d") or "")]
        assert len(diamonds) == 1
        _, x, y = (diamonds[0].get("d") or "").split()[:3]
        assert float(x) > float(marks[0].get("cx") or 0)
        assert float(y) < float(marks[0].get("cy") or 0)


def test_the_band_is_drawn_only_where_it_is_known() -> None:
    bare = [FanPoint(point.day, point.amount) for point in AHEAD]
    plain = forecast_fan(PAST, bare, [CROSSING], TODAY)
    assert 'fill-opacity="0.22"' in figure().svg
    assert 'fill-opacity="0.22"' not in plain.svg
    assert not any("of futures" in line for line in lines_of(drawings(plain)[0]))


def test_the_table_holds_every_number_exactly() -> None:
    rows = figure().table.rows
    assert len(rows) == len(PAST) + len(AHEAD) + 1
    plain = [tuple(cell.replace("\u202f", "") for cell in row) for row in rows]
    assert (
        TODAY.isoformat(), "done", "", str(8 * LIMIT // 10), "", ""
    ) in plain  # fmt: skip
    last = AHEAD[-1]
    assert (
        last.day.isoformat(), "at this pace", str(last.low), str(last.amount), str(last.high), ""
    ) in plain  # fmt: skip
    assert plain[-1] == (
        "2026-03-23", "threshold", "", str(LIMIT), "",
        "Systemic risk presumed 2026-03-17–2026-03-28",
    )  # fmt: skip


def test_nothing_known_says_that_there_is_nothing_yet() -> None:
    empty = forecast_fan([], [], [CROSSING], TODAY)
    assert lines_of(drawings(empty)[0]) == ["Nothing to show yet."]
    assert empty.caption == "Nothing to show yet."


@pytest.mark.parametrize(
    "point",
    [
        FanPoint(TODAY, 5, low=6),
        FanPoint(TODAY, 5, high=4),
        FanPoint(TODAY, -1),
        FanPoint(TODAY, 0.5),  # type: ignore[arg-type]
    ],
)
def test_a_band_that_leaves_its_amount_out_is_refused(point: FanPoint) -> None:
    with pytest.raises(InputError, match="2026-03-02"):
        forecast_fan([], [point], [], TODAY)


def test_a_third_without_a_last_digit_is_borne() -> None:
    third = Threshold("A third of the original", Fraction(10**25, 3))
    assert " / " in forecast_fan(PAST, AHEAD, [CrossingDays(third)], TODAY).table.rows[-1][3]


@given(
    st.lists(st.tuples(st.dates(), amounts), max_size=8),
    st.lists(st.tuples(days, amounts), max_size=8),
    texts,
    st.none() | days,
    st.none() | st.dates(),
)
def test_anything_that_is_accepted_gives_well_formed_drawings(
    past: list[tuple[date, int]],
    ahead: list[tuple[date, int]],
    label: str,
    central: date | None,
    latest: date | None,
) -> None:
    told = forecast_fan(
        [FanPoint(*one) for one in past],
        [FanPoint(day, amount, amount, amount) for day, amount in ahead],
        [CrossingDays(Threshold(label, LIMIT), central, central, latest)],
        TODAY,
    )
    for svg in drawings(told):
        for part in svg.iter():
            assert not any(
                "nan" in str(value) or "inf" in str(value) for value in part.attrib.values()
            )
