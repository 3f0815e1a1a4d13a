"""The axis of computing power: places, bounds, thresholds, words, exact values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.figures import ComputeRow, Threshold, compute_axis, within
from chapterv.figures.axis import log_scale
from chapterv.figures.compute_rows import Relation, Side, interval, side
from chapterv.figures.flags import place_flags
from tests.figures.drawings import SVG, amounts, drawings, lines_of, rows

LIMIT = 10**25
PRESUMPTION = Threshold("Presumption", LIMIT, date(2025, 8, 2))


@pytest.mark.parametrize(
    ("amount", "relation", "found"),
    [
        (LIMIT - 1, "exactly", "not_above"),
        (LIMIT, "exactly", "not_above"),
        (LIMIT + 1, "exactly", "above"),
        (LIMIT, "at_least", "open"),
        (LIMIT + 1, "at_least", "above"),
        (LIMIT, "at_most", "not_above"),
        (LIMIT + 1, "at_most", "open"),
    ],
)
def test_the_side_of_a_threshold_is_exact_to_one_operation(
    amount: int, relation: Relation, found: Side
) -> None:
    assert side(interval(ComputeRow("x", amount, relation=relation)), PRESUMPTION) == found


def test_an_inclusive_threshold_is_reached_by_its_own_amount() -> None:
    inclusive = Threshold("x", LIMIT, inclusive=True)
    assert side(interval(ComputeRow("x", LIMIT)), inclusive) == "above"
    assert side(interval(ComputeRow("x", LIMIT - 1)), inclusive) == "not_above"
    assert side(interval(ComputeRow("x", LIMIT, relation="at_most")), inclusive) == "open"


@given(rows(), amounts.filter(bool))
def test_a_side_is_told_only_if_every_possible_value_is_on_it(
    row: ComputeRow, limit: int | Decimal | Fraction
) -> None:
    known, threshold = interval(row), Threshold("x", limit)
    points = [value for value in (known.low, known.middle, known.high) if value is not None]
    found = side(known, threshold)
    if found == "above":
        assert all(point > limit for point in points)
        assert known.low is not None
    elif found == "not_above":
        assert all(point <= limit for point in points)
        assert known.high is not None
    elif found == "unknown":
        assert not points


def test_a_bound_that_crosses_a_threshold_is_hatched_and_said_in_words() -> None:
    for amount, hatched in ((9 * 10**24, True), (2 * 10**25, False), (7 * 10**24, False)):
        figure = compute_axis([within("Training", amount, Decimal("0.3"))], [PRESUMPTION])
        for svg, name in zip(drawings(figure), ("wide", "narrow"), strict=True):
            fills = [path.get("fill") for path in svg.iter(f"{SVG}path")]
            assert (f"url(#compute-{name}-hatch)" in fills) == hatched
            assert any("crosses 10²⁵" in line for line in lines_of(svg)) == hatched
        assert ("one more assumption would move it" in figure.caption) == hatched


def test_a_threshold_meant_for_other_rows_is_not_compared() -> None:
    row = within("Modification", 9 * 10**24, Decimal("0.3"), key="modification")
    only = Threshold("x", LIMIT, applies_to=frozenset({"cumulative"}))
    figure = compute_axis([row], [only])
    assert "crosses" not in figure.caption
    assert figure.table.rows[0][5] == ""
    assert 'stroke-dasharray="1 4"' in figure.svg


def test_an_open_end_is_drawn_to_the_end_of_the_axis() -> None:
    figure = compute_axis([ComputeRow("Planned", 2 * LIMIT, relation="at_least")], [PRESUMPTION])
    assert "at least" in "".join(lines_of(drawings(figure)[0]))
    assert "L 900 " in figure.svg
    assert figure.table.rows[0][1:5] == (
        "at least",
        "20\u202f000\u202f000\u202f000\u202f000\u202f000\u202f000\u202f000\u202f000",
        "20\u202f000\u202f000\u202f000\u202f000\u202f000\u202f000\u202f000\u202f000",
        "open",
    )


def test_an_unknown_row_is_shown_as_not_known() -> None:
    figure = compute_axis([ComputeRow("Cumulative compute")], [PRESUMPTION])
    for svg in drawings(figure):
        assert "not known" in lines_of(svg)
        assert not list(svg.iter(f"{SVG}circle"))
    assert figure.caption == "Cumulative compute: not known."


def test_rows_that_are_all_unknown_need_no_axis() -> None:
    figure = compute_axis([ComputeRow("A"), ComputeRow("B")])
    assert lines_of(drawings(figure)[0]).count("not known") == 2
    assert not any("10" in line for line in lines_of(drawings(figure)[0]))


def test_no_rows_say_that_there_is_nothing_yet() -> None:
    figure = compute_axis([], [])
    assert lines_of(drawings(figure)[0]) == ["Nothing to show yet."]
    assert figure.table.rows == ()


def test_zero_points_off_the_left_end() -> None:
    svg = drawings(compute_axis([ComputeRow("Modification", 0)], [PRESUMPTION]))[0]
    assert not list(svg.iter(f"{SVG}circle"))
    assert "0\u00a0FLOP" in lines_of(svg)


@given(rows())
def test_the_table_holds_every_known_value_exactly(row: ComputeRow) -> None:
    cells = compute_axis([row]).table.rows[0]
    known = interval(row)
    for cell, value in zip(cells[2:5], (known.middle, known.low, known.high), strict=True):
        if value is not None:
            assert Fraction(cell.replace("\u202f", "").replace(" ", "")) == value


def test_the_table_dates_and_names_the_thresholds() -> None:
    last = compute_axis([ComputeRow("A", 1)], [PRESUMPTION]).table.rows[-1]
    assert last[0] == "Presumption"
    assert last[2].replace("\u202f", "") == str(LIMIT)
    assert last[6] == "from 2025-08-02"


@given(st.lists(amounts.filter(bool), min_size=2, max_size=20))
def test_more_computing_power_never_lies_further_left(
    values: list[int | Decimal | Fraction],
) -> None:
    exactly = sorted(Fraction(value) for value in values)
    scale = log_scale(exactly, 100, 900)
    assert scale is not None
    places = [scale.place(value) for value in exactly]
    assert places == sorted(places)
    assert all(100 < place < 900 for place in places)


@given(st.lists(st.tuples(st.floats(0, 360), st.floats(5, 160)), max_size=7))
def test_labels_of_thresholds_never_overlap(flags: list[tuple[float, float]]) -> None:
    placed = place_flags([x for x, _ in flags], [size for _, size in flags], 0, 360)
    for index, one in enumerate(placed):
        assert one.left >= -0.001
        assert one.right <= 360.001
        for other in placed[index + 1 :]:
            apart = one.right <= other.left or other.right <= one.left
            assert apart or one.level != other.level


@pytest.mark.parametrize(
    "positions", [(100, 102), (100, 100), (20, 100, 180), (100, 140, 141, 142), (5, 355)]
)
def test_no_line_runs_through_the_label_of_another(positions: tuple[float, ...]) -> None:
    flags = place_flags(positions, [80] * len(positions), 0, 360)
    for line in flags:
        for label in flags:
            low, high = min(label.x, label.left), max(label.x, label.right)
            assert line.level < label.level or not low < line.x < high


def test_labels_of_close_thresholds_hang_at_different_heights() -> None:
    figure = compute_axis(
        [ComputeRow("A", 10**24)],
        [Threshold(f"Threshold {n}", n * 10**23) for n in (1, 2, 3)],
    )
    svg = drawings(figure)[0]
    heads = {
        text.get("y") for text in svg.iter(f"{SVG}text") if (text.text or "").startswith("Thresh")
    }
    assert len(heads) >= 2


def test_rows_beyond_the_drawing_are_counted_and_stay_in_the_table() -> None:
    figure = compute_axis([ComputeRow(f"Method {n}", 10**24 + n) for n in range(45)])
    assert lines_of(drawings(figure)[0])[-1] == "and 25 more, in the data below"
    assert len(figure.table.rows) == 45
    assert len(figure.svg.encode()) < 30_000


@pytest.mark.parametrize(
    "row",
    [
        ComputeRow("x", 5, low=6),
        ComputeRow("x", 5, high=4),
        ComputeRow("x", None, low=2, high=1),
        ComputeRow("x", -1),
        ComputeRow("x", Decimal("NaN")),
    ],
)
def test_a_bound_that_leaves_its_amount_out_is_refused(row: ComputeRow) -> None:
    with pytest.raises(InputError, match=r"^x: "):
        compute_axis([row])


def test_a_relative_bound_above_one_is_refused() -> None:
    with pytest.raises(InputError, match="above 1"):
        within("x", 10, 30)


def test_an_uneven_bound_is_shown_by_its_ends() -> None:
    figure = compute_axis([ComputeRow("A", 2 * 10**23, low=10**23, high=4 * 10**23)])
    assert "(10²³ to 4\u202f×\u202f10²³)" in figure.caption
    between = compute_axis([ComputeRow("A", None, low=10**23, high=4 * 10**23)])
    assert "10²³ to 4\u202f×\u202f10²³\u00a0FLOP" in between.caption
