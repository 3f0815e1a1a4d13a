"""What the tests of the figures share: parsing a drawing, entries and rows to draw."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta

from hypothesis import strategies as st

from chapterv.figures import STATES, ComputeRow, Figure, TimelineEntry

SVG = "{http://www.w3.org/2000/svg}"
TODAY = date(2026, 3, 2)

texts = st.text(max_size=80)
amounts = st.one_of(
    st.integers(0, 10**30),
    st.decimals(0, 10**30, allow_nan=False, allow_infinity=False, places=3),
    st.fractions(0, 10**30, max_denominator=1000),
)
days = st.dates(date(2024, 1, 1), date(2029, 12, 31))


@st.composite
def rows(draw: st.DrawFn) -> ComputeRow:
    """A row with any bound that holds its amount."""
    low, middle, high = sorted(draw(st.lists(amounts, min_size=3, max_size=3)))
    return ComputeRow(
        draw(texts),
        draw(st.sampled_from([None, middle])),
        draw(st.sampled_from([None, low])),
        draw(st.sampled_from([None, high])),
        draw(st.sampled_from(["exactly", "at_least", "at_most"])),
        draw(texts),
    )


@st.composite
def entries(draw: st.DrawFn) -> TimelineEntry:
    """An entry in any state, with or without dates."""
    start = draw(st.none() | days | st.dates())
    term = draw(st.none() | st.integers(0, 900))
    due = draw(days) if start is None else None
    if start is not None and term is not None and start < date(9990, 1, 1):
        due = start + timedelta(days=term)
    return TimelineEntry(
        draw(texts),
        draw(st.sampled_from(STATES)),
        draw(st.sampled_from(["duty", "clock"])),
        start,
        draw(st.sampled_from([None, due])),
        draw(st.none() | days),
        draw(texts),
    )


def drawings(figure: Figure) -> tuple[ET.Element, ET.Element]:
    """Parse both drawings as XML."""
    return ET.fromstring(figure.svg), ET.fromstring(figure.svg_narrow)


def lines_of(svg: ET.Element) -> list[str]:
    """Every line of text in a drawing."""
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def ids_of(markup: str) -> list[str]:
    """Every id in a piece of markup."""
    return re.findall(r' id="([^"]+)"', markup)
