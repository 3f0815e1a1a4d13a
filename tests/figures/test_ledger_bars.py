"""The bars of the ledger: order, lengths, fills, bounds, words, exact values."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.figures import Figure, LedgerBar, ledger_bars
from chapterv.figures.ledger_bars import MOST_BARS, _step
from tests.figures.drawings import SVG, amounts, drawings, lines_of, texts

BIG = LedgerBar("Parameter updates", 9 * 10**24, 8 * 10**24, 10**25, group="pre-training, run a")
OWN = LedgerBar("Synthetic data", 9 * 10**23, counts="cumulative", note="hardware")
OUT = LedgerBar("Evaluation", 10**23, counts="neither")
TINY = LedgerBar("Steps again", 10**18, open_above=True, hedge="Another reading leaves it out.")
ALL = [TINY, OUT, BIG, OWN]


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def groups(svg: ET.Element) -> dict[str, list[ET.Element]]:
    """The paths of each bar, by its name."""
    found = {}
    for group in svg.iter(f"{SVG}g"):
        name = next(text.text or "" for text in group.iter(f"{SVG}text"))
        found[name] = list(group.iter(f"{SVG}path"))
    return found


def length(paths: list[ET.Element]) -> float:
    """How long the outline of a bar is; the first path is the rule above it."""
    words = (paths[1].get("d") or "").split()
    return float(words[words.index("h") + 1])


def figure(bars: list[LedgerBar] | None = None, **changes: object) -> Figure:
    """The usual figure."""
    return ledger_bars(ALL if bars is None else bars, **changes)  # type: ignore[arg-type]


def test_caption_says_what_counts_where_and_what_took_most() -> None:
    assert plain(figure().caption) == (
        "Of the 1.00 × 10²⁵ FLOP listed, 9.90 × 10²⁴ FLOP (99 %) count in cumulative compute and "
        "9.00 × 10²⁴ FLOP (90 %) in training compute. Largest: Parameter updates, pre-training, "
        "run a, 90 %."
    )


def test_the_largest_comes_first_in_drawings_and_table() -> None:
    names = [bar.label for bar in (BIG, OWN, OUT, TINY)]
    for svg in drawings(figure()):
        assert list(groups(svg)) == names
    assert [row[0] for row in figure().table.rows] == names


def test_the_axis_is_linear_from_zero() -> None:
    for svg in drawings(figure()):
        bars = groups(svg)
        assert length(bars[BIG.label]) == pytest.approx(10 * length(bars[OWN.label]), abs=0.6)
        assert "0" in lines_of(svg)


def test_a_small_amount_is_a_mark_of_two_pixels_and_its_number_says_how_small() -> None:
    for svg, narrowest in zip(drawings(figure()), (700, 288), strict=True):
        assert (
            length(groups(svg)[TINY.label])
            * narrowest
            / float((svg.get("viewBox") or "").split()[2])
            >= 2
        )
        said = plain(" ".join(lines_of(svg)))
        assert "at least 10¹⁸ FLOP, under 0.1 %" in said


def test_the_fill_tells_the_sums_and_the_words_beside_it_say_the_same() -> None:
    for svg in drawings(figure([*ALL, LedgerBar("Odd", 10**22, counts="training")])):
        bars = groups(svg)
        fills = {name: [path.get("fill") for path in paths[2:3]] for name, paths in bars.items()}
        assert fills[BIG.label] == ["#1f4e8c"]
        assert "cumulative" in (fills[OWN.label][0] or "")
        assert "training" in (fills["Odd"][0] or "")
        assert fills[OUT.label] == ["none"], "an outline alone"
        said = lines_of(svg)
        for words in ("both sums", "cumulative compute only", "training compute only", "neither"):
            assert any(words in line for line in said), words


def test_a_bound_is_drawn_over_its_bar_and_an_open_end_is_an_arrow() -> None:
    for svg in drawings(figure()):
        bars = groups(svg)
        assert len(bars[BIG.label]) == len(bars[OUT.label]) + 3
        assert (bars[TINY.label][-1].get("d") or "").endswith("l 5 4 -5 4")


def test_a_warning_stands_in_its_row() -> None:
    for svg in drawings(figure()):
        assert any("Another reading" in line for line in lines_of(svg))


def test_the_table_holds_every_number_exactly() -> None:
    rows = [tuple(cell.replace("\u202f", "") for cell in row) for row in figure().table.rows]
    assert rows[0] == (
        "Parameter updates", "pre-training, run a", "counts in both sums", "within its bound",
        str(9 * 10**24), str(8 * 10**24), str(10**25), "90%", "",
    )  # fmt: skip
    assert rows[1][-1] == "hardware"
    assert rows[3][3:7] == ("at least", str(10**18), str(10**18), "open")
    assert rows[3][-1] == "Another reading leaves it out."


def test_more_bars_than_fit_are_in_the_table_and_counted_in_the_drawing() -> None:
    many = [LedgerBar(f"Run {n}", 10**20 + n) for n in range(MOST_BARS + 7)]
    told = figure(many)
    assert len(told.table.rows) == len(many)
    for svg in drawings(told):
        assert len(groups(svg)) == MOST_BARS
        assert any("and 7 more" in line for line in lines_of(svg))


def test_nothing_listed_says_that_there_is_nothing_yet() -> None:
    assert lines_of(drawings(figure([]))[0]) == ["Nothing to show yet."]
    assert figure([]).caption == "Nothing to show yet."


def test_amounts_of_zero_are_borne() -> None:
    told = figure([LedgerBar("None", 0), LedgerBar("Nor this", 0)])
    assert told.table.rows[0][7].startswith("0")
    drawings(told)


def test_nearly_all_never_reads_as_all() -> None:
    told = figure([LedgerBar("Much", 10**25), LedgerBar("Little", 1)])
    assert plain(told.table.rows[0][7]) == "over 99.9 %"


@pytest.mark.parametrize(
    "bar",
    [
        LedgerBar("Wrong", -1),
        LedgerBar("Wrong", 5, low=6),
        LedgerBar("Wrong", 5, high=4),
        LedgerBar("Wrong", 0.5),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(bar: LedgerBar) -> None:
    with pytest.raises(InputError, match="Wrong"):
        figure([bar])


@given(st.integers(1, 10**30), st.integers(1, 10**30), st.sampled_from([3, 6]))
def test_ticks_are_few_and_reach_the_largest_amount(most: int, parts: int, steps: int) -> None:
    amount = Fraction(most, parts)
    step = _step(amount, steps)
    assert amount <= step * steps
    assert step * steps <= 6 * amount, "no axis is mostly empty"


@st.composite
def bars(draw: st.DrawFn) -> LedgerBar:
    """A bar with any bound that holds its amount."""
    low, middle, high = sorted(draw(st.lists(amounts, min_size=3, max_size=3)))
    return LedgerBar(
        draw(texts), middle, draw(st.sampled_from([None, low])),
        draw(st.sampled_from([None, high])), draw(st.booleans()),
        draw(st.sampled_from(["both", "cumulative", "training", "neither"])), draw(texts),
        draw(texts), draw(texts),
    )  # fmt: skip


@given(st.lists(bars(), max_size=6), texts)
def test_whatever_is_accepted_gives_well_formed_drawings_on_their_ground(
    some: list[LedgerBar], unit: str
) -> None:
    told = ledger_bars(some, unit=unit)
    for svg in drawings(told):
        for paths in groups(svg).values() if all(bar.label.strip() for bar in some) else ():
            words = (paths[1].get("d") or "").split()
            edge = float(words[1]) + float(words[words.index("h") + 1])
            assert edge <= float((svg.get("viewBox") or "").split()[2])
    ET.fromstring(told.to_html())
    assert all(len(row) == len(told.table.header) for row in told.table.rows)
