"""What holds for every figure, whatever it is of."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.figures import (
    DARK,
    ENGLISH,
    LIGHT,
    ComputeRow,
    CrossingDays,
    FanPoint,
    Figure,
    LedgerBar,
    Table,
    Threshold,
    TimelineEntry,
    compute_axis,
    duties_timeline,
    forecast_fan,
    ledger_bars,
    stylesheet,
    within,
)
from tests.figures.drawings import SVG, TODAY, drawings, entries, ids_of, rows, texts

HOSTILE = "<script>alert('x')</script>&\"\x00\x1b\u202e\ud800\ufffe]]>"


def compute(label: str = "Training compute", id: str = "c") -> Figure:
    return compute_axis(
        [within(label, 144 * 10**21, Decimal("0.3"), note=label), ComputeRow(label)],
        [Threshold(label, 10**23, TODAY)],
        id=id,
    )


def duties(label: str = "Publish the summary", id: str = "d") -> Figure:
    return duties_timeline(
        [
            TimelineEntry(label, "late", "clock", TODAY, TODAY, note=label),
            TimelineEntry(label, "cannot_tell"),
            TimelineEntry(label, "exempt"),
        ],
        TODAY,
        id=id,
    )


def fan(label: str = "Systemic risk", id: str = "f") -> Figure:
    return forecast_fan(
        [FanPoint(TODAY, 8 * 10**24)],
        [FanPoint(TODAY + timedelta(days=40), 2 * 10**25, 10**25, 3 * 10**25)],
        [
            CrossingDays(Threshold(label, 10**25), TODAY, TODAY + timedelta(days=9)),
            CrossingDays(Threshold(label, 10**23)),
        ],
        TODAY,
        id=id,
    )


def bars(label: str = "Parameter updates", id: str = "l") -> Figure:
    return ledger_bars(
        [
            LedgerBar(label, 9 * 10**24, 8 * 10**24, 10**25, group=label, hedge=label, note=label),
            LedgerBar(label, 10**24, counts="cumulative", open_above=True),
            LedgerBar(label, 10**20, counts="neither"),
        ],
        id=id,
    )


makers = pytest.mark.parametrize("make", [compute, duties, fan, bars])


@makers
def test_both_drawings_are_well_formed_and_named(make: Callable[..., Figure]) -> None:
    for svg in drawings(make()):
        assert svg.get("role") == "img"
        names = (svg.get("aria-labelledby") or "").split()
        found = {child.get("id"): child.text for child in svg if child.tag != f"{SVG}defs"}
        assert len(names) == 2
        assert all(found[name] for name in names)
        assert [child.tag for child in svg][:2] == [f"{SVG}title", f"{SVG}desc"]


@makers
def test_hostile_labels_stay_text(make: Callable[..., Figure]) -> None:
    figure = make(HOSTILE)
    page = figure.to_html()
    assert "<script" not in page
    assert not re.search("[\x00-\x08\x1b\u202e\ud800-\udfff\ufffe]", page)
    page.encode("utf-8")
    for svg in drawings(figure):
        assert {tag.tag.removeprefix(SVG) for tag in svg.iter()} <= {
            *("svg", "title", "desc", "defs", "pattern", "path", "g", "text", "rect", "circle")
        }


@makers
def test_a_figure_refers_to_nothing_outside_and_brings_no_script_or_style(
    make: Callable[..., Figure],
) -> None:
    page = make().to_html()
    assert not re.search(r"href|<script|<style| style=|@import| on[a-z]+=", page)
    assert set(re.findall(r"https?://[^\"]+", page)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids_of(page))


def test_ids_on_a_page_are_unique_and_follow_the_figure() -> None:
    page = "".join(
        figure.to_html() for figure in (compute(id="a"), compute(id="b"), duties(), duties(id="e"))
    )
    assert len(ids_of(page)) == len(set(ids_of(page)))


@pytest.mark.parametrize("wrong", ["", "1a", "a b", 'a"', "a" * 65, "ä"])
def test_an_id_that_could_break_out_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="id of a figure"):
        compute(id=wrong)


@makers
def test_the_same_input_gives_the_same_bytes(make: Callable[..., Figure]) -> None:
    assert make().to_html() == make().to_html()


def test_the_same_bytes_come_whatever_the_seed_of_hashes() -> None:
    code = (
        "from tests.figures.test_figure import compute, duties;"
        "print(compute().to_html() + duties().to_html())"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    assert first


@makers
def test_the_page_form_holds_caption_drawings_and_a_scoped_table(
    make: Callable[..., Figure],
) -> None:
    figure = make()
    page = ET.fromstring(figure.to_html())
    assert [child.tag for child in page] == ["figcaption", "div", "div", "details"]
    assert page.findtext("figcaption") == figure.caption
    heads = page.findall(".//thead/tr/th")
    assert [head.text or "" for head in heads] == list(figure.table.header)
    assert {head.get("scope") for head in heads} == {"col"}
    body = page.findall(".//tbody/tr")
    assert [row.find("th[@scope='row']") is not None for row in body] == [True] * len(body)
    assert [tuple(cell.text or "" for cell in row) for row in body] == list(figure.table.rows)


def test_the_table_opens_on_request_and_is_absent_without_rows() -> None:
    assert '<details class="fig-data" open>' in compute().to_html(data_open=True)
    assert "<details" not in compute_axis([]).to_html()


def test_a_cell_of_a_megabyte_is_cut() -> None:
    assert len(Table(("a",), (("x" * 10**6,),)).to_html()) < 3000


def test_a_label_of_a_megabyte_makes_no_large_drawing() -> None:
    for make in (compute, duties, bars):
        figure = make("word " * 200_000)
        assert len(figure.to_html()) < 40_000


def test_captions_and_titles_can_be_given() -> None:
    chosen = compute_axis([], caption="In short.", title="Named")
    assert (chosen.caption, chosen.title) == ("In short.", "Named")
    assert duties_timeline([], TODAY, caption="In short.").caption == "In short."


def test_every_word_can_be_replaced() -> None:
    marked = {
        key: text if key in ("decimal_mark", "date.long") else f"§{text}"
        for key, text in ENGLISH.items()
    }
    figure = compute_axis([ComputeRow("A")], texts=marked)
    assert figure.title == "§Computing power against the thresholds"
    assert "§not known" in figure.svg
    assert duties_timeline([TimelineEntry("A", "late")], TODAY, texts=marked).svg.count("§") > 2


def test_a_text_under_an_unknown_key_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown keys: compute\.titel"):
        compute_axis([], texts={"compute.titel": "x"})


@given(st.lists(rows(), max_size=8), st.lists(entries(), max_size=8), texts)
def test_anything_that_is_accepted_gives_well_formed_drawings(
    some_rows: list[ComputeRow], some_entries: list[TimelineEntry], unit: str
) -> None:
    for figure in (
        compute_axis(some_rows, [Threshold(unit, 10**25)], unit=unit),
        duties_timeline(some_entries, TODAY),
    ):
        drawings(figure)
        ET.fromstring(figure.to_html())
        assert all(len(row) == len(figure.table.header) for row in figure.table.rows)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_of_a_text_stands_out_from_its_ground(palette: dict[str, str]) -> None:
    ground = luminance(palette["ground"])
    for role in set(palette) - {"ground", "line"}:
        high, low = sorted((luminance(palette[role]), ground), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, role


def test_the_style_sheet_rules_every_class_that_the_drawings_use() -> None:
    css = stylesheet()
    page = compute().to_html() + duties().to_html() + bars().to_html()
    used = {name for names in re.findall(r'class="([^"]+)"', page) for name in names.split()}
    assert [name for name in sorted(used) if f".{name}" not in css] == []
    assert "url(" not in css
    assert "@import" not in css
    assert css.count("{") == css.count("}")
