"""The timeline: groups, places, days in words, what has no date, what is set aside."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.figures import STATES, State, TimelineEntry, duties_timeline
from chapterv.figures.axis import month_ticks, time_scale
from chapterv.figures.duties_entries import SET_ASIDE
from chapterv.figures.glyphs import _FILLED, _OPEN, ROLES, glyph
from tests.figures.drawings import SVG, TODAY, days, drawings, entries, lines_of


def words_of(entry: TimelineEntry) -> str:
    """All text of the wide drawing, spaces made plain."""
    svg = drawings(duties_timeline([entry], TODAY))[0]
    return re.sub("[\u00a0\u202f]", " ", " | ".join(lines_of(svg)))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (TimelineEntry("A", "late", due=date(2026, 2, 28)), "2026-02-28 · 2 days late"),
        (TimelineEntry("A", "late", due=date(2026, 3, 1)), "2026-03-01 · 1 day late"),
        (TimelineEntry("A", "due", due=TODAY), "2026-03-02 · today"),
        (TimelineEntry("A", "soon", due=date(2026, 3, 3)), "2026-03-03 · in 1 day"),
        (TimelineEntry("A", "coming", due=date(2026, 8, 2)), "2026-08-02 · in 153 days"),
        (TimelineEntry("A", "coming", start=date(2026, 8, 2)), "from 2026-08-02"),
        (TimelineEntry("A", "applies", start=date(2025, 8, 2)), "since 2025-08-02"),
        (TimelineEntry("A", "grace", due=date(2027, 8, 2)), "until 2027-08-02 · in 518 days"),
        (TimelineEntry("A", "cannot_tell", due=date(2026, 2, 1)), "2026-02-01 · 29 days ago"),
        (TimelineEntry("A", "done", done_on=date(2026, 1, 1)), "done 2026-01-01"),
        (TimelineEntry("A", "done", due=date(2026, 1, 1)), "done"),
        (TimelineEntry("A", "coming", due=date(2060, 1, 1)), "in 12 358 days"),
    ],
)
def test_days_are_said_in_words(entry: TimelineEntry, said: str) -> None:
    assert said in words_of(entry)


@pytest.mark.parametrize("state", [s for s in STATES if s not in SET_ASIDE])
def test_every_state_has_its_word_and_its_sign(state: State) -> None:
    heading = duties_timeline([TimelineEntry("A", state, due=TODAY)], TODAY)
    assert "(1)" in " ".join(lines_of(drawings(heading)[0]))
    assert ROLES[state]


def test_no_two_states_that_are_drawn_share_a_shape() -> None:
    drawn = [state for state in STATES if state not in SET_ASIDE]
    shapes = {str(glyph(state, 0, 0, "h")) for state in drawn}
    outlines = {{**_FILLED, **_OPEN}[state] for state in drawn}
    assert len(shapes) == len(outlines) == len(drawn)


def test_groups_stand_in_the_order_of_urgency() -> None:
    states = ("done", "coming", "late", "due", "soon")
    figure = duties_timeline(
        [TimelineEntry(state, cast(State, state), due=TODAY) for state in states], TODAY
    )
    headings = [line for line in lines_of(drawings(figure)[0]) if line.endswith("(1)")]
    assert headings == ["Late (1)", "Due soon (1)", "Due (1)", "Not yet (1)", "Done (1)"]


def test_what_has_no_date_is_listed_with_its_state() -> None:
    figure = duties_timeline([TimelineEntry("Representative", "cannot_tell")], TODAY)
    for svg in drawings(figure):
        assert lines_of(svg) == ["Without a date", "Representative", "Cannot tell"]


def test_what_does_not_concern_the_model_is_named_together() -> None:
    several = [TimelineEntry(f"Duty {n}", "exempt", due=TODAY) for n in range(3)]
    lines = lines_of(drawings(duties_timeline(several, TODAY))[0])
    assert lines == ["Exempt (3)", "Duty 0; Duty 1; Duty 2"]


def test_a_clock_is_filled_as_far_as_it_has_run() -> None:
    clock = TimelineEntry("A", "due", "clock", TODAY - timedelta(10), TODAY + timedelta(30))
    svg = drawings(duties_timeline([clock], TODAY))[0]
    whole, run = (float(bar.get("width") or 0) for bar in svg.iter(f"{SVG}rect"))
    assert run / whole == pytest.approx(0.25, abs=0.02)


def test_a_grace_period_is_an_open_bar() -> None:
    grace = TimelineEntry("A", "grace", "duty", date(2025, 8, 2), date(2027, 8, 2))
    svg = drawings(duties_timeline([grace], TODAY))[0]
    bars = [p for p in svg.iter(f"{SVG}path") if p.get("class") == "s-due"]
    assert [bar.get("fill") for bar in bars] == ["none"]
    assert not list(svg.iter(f"{SVG}rect"))


def test_what_cannot_be_told_is_hatched() -> None:
    clock = TimelineEntry("A", "cannot_tell", "clock", TODAY - timedelta(9), TODAY + timedelta(9))
    figure = duties_timeline([clock], TODAY)
    assert figure.svg.count("url(#duties-wide-hatch)") == 3
    assert figure.svg_narrow.count("url(#duties-narrow-hatch)") == 3


def test_the_caption_counts_the_states_and_names_the_next_and_the_longest_late() -> None:
    figure = duties_timeline(
        [
            TimelineEntry("Summary", "late", due=date(2026, 1, 15)),
            TimelineEntry("Policy", "late", due=date(2026, 2, 15)),
            TimelineEntry("Notification", "soon", due=date(2026, 3, 6)),
        ],
        TODAY,
    )
    assert figure.caption.replace("\u00a0", " ") == (
        "On 2 March 2026: 2 late, 1 due soon. Longest late: Summary, 15 January 2026, 46 days "
        "late. Next: Notification, 6 March 2026, in 4 days."
    )


def test_no_entries_say_so() -> None:
    figure = duties_timeline([], TODAY)
    assert figure.caption == "On 2 March 2026: no duty and no clock."
    assert lines_of(drawings(figure)[0]) == ["Nothing to show yet."]


@given(st.lists(entries(), max_size=60))
def test_every_entry_is_in_the_table_and_in_any_order_gives_the_same_figure(
    some: list[TimelineEntry],
) -> None:
    figure = duties_timeline(some, TODAY)
    assert sorted(row[0] for row in figure.table.rows) == sorted(entry.label for entry in some)
    assert len(figure.table.rows) == len(some)


def test_the_table_holds_dates_in_digits_and_days_from_today() -> None:
    entry = TimelineEntry(
        "A", "late", "clock", date(2026, 1, 1), date(2026, 2, 28), None, "calendar days"
    )
    row = duties_timeline([entry], TODAY).table.rows[0]
    assert row == ("A", "clock", "Late", "2026-01-01", "2026-02-28", "", "−2", "calendar days")


def test_forty_entries_with_long_names_stay_small_and_apart() -> None:
    many = [
        TimelineEntry(
            f"Duty {n}: " + "keep up to date and make available the information " * 4,
            STATES[n % 8],
            "clock" if n % 3 else "duty",
            date(2025, 8, 2),
            TODAY + timedelta(days=9 * n),
            note="counted in calendar days " * 8,
        )
        for n in range(60)
    ]
    figure = duties_timeline(many, TODAY)
    assert "and 20 more" in figure.svg
    for svg, markup in zip(drawings(figure), (figure.svg, figure.svg_narrow), strict=True):
        assert len(markup.encode()) < 30_000
        left = [
            float(text.get("y") or 0)
            for text in svg.iter(f"{SVG}text")
            if float(text.get("x") or 0) < 30 and text.get("text-anchor") is None
        ]
        assert all(later - earlier >= 14 for earlier, later in pairwise(left))


@given(st.lists(days, min_size=1, max_size=30), days)
def test_a_later_day_never_lies_further_left(some: list[date], today: date) -> None:
    scale = time_scale(some, today, 100, 700)
    places = [scale.place(day) for day in sorted([*some, today])]
    assert places == sorted(places)
    assert scale.holds(today)
    assert all(100 <= place <= 700 for place in places)


@given(st.lists(st.dates(), max_size=5), st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_any_day_of_the_calendar_gives_an_axis_of_some_years(some: list[date], today: date) -> None:
    scale = time_scale(some, today, 0, 400)
    assert 0 < (scale.last - scale.first).days < 12 * 366
    ticks = month_ticks(scale, 74)
    assert list(ticks) == sorted(set(ticks))
    assert len(ticks) < 8


def test_a_day_beyond_the_axis_gets_an_arrow() -> None:
    near, far = (
        duties_timeline([TimelineEntry("A", "coming", due=day)], TODAY).svg
        for day in (date(2030, 1, 1), date(2060, 1, 1))
    )
    assert far.count("<path") == near.count("<path") + 1


def test_a_clock_that_ends_before_it_starts_is_refused() -> None:
    entry = TimelineEntry("A", "due", "clock", TODAY, TODAY - timedelta(days=1))
    with pytest.raises(InputError, match="due 2026-03-01 before its start 2026-03-02"):
        duties_timeline([entry], TODAY)


def test_an_unknown_state_is_refused_with_the_known_ones() -> None:
    entry = TimelineEntry("A", cast(State, "compliant"))
    with pytest.raises(InputError, match=r"unknown state 'compliant'.*late, soon"):
        duties_timeline([entry], TODAY)
