from __future__ import annotations

import re
import unicodedata

import pytest

from chapterv.dossier.report import render_text
from tests.dossier.report_cases import CASES, FRONTIER, SMALL, report_of


def columns(line: str) -> int:
    return len(line) + sum(unicodedata.east_asian_width(sign) in "WF" for sign in line)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_page(case: str, width: int) -> None:
    lines = render_text(CASES[case](), width=width).splitlines()
    assert max(map(columns, lines)) <= width


@pytest.mark.parametrize("case", CASES)
def test_a_terminal_is_sent_no_control_character(case: str) -> None:
    text = render_text(CASES[case]())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_the_answer_comes_first_and_what_to_do_last() -> None:
    lines = render_text(report_of(SMALL)).splitlines()
    assert lines[0] == "northlight-1b 1.0 · Northlight Research GmbH · 25 November 2026"
    assert lines[2].startswith("Indicated: general-purpose AI model")
    at = lines.index("What to do next")
    assert lines[at + 1].startswith("  1. Do what is late")
    assert all(line.startswith("  ") for line in lines[at + 1 :])


def test_colour_adds_nothing_but_colour() -> None:
    for report in (report_of(SMALL), report_of(FRONTIER)):
        plain, coloured = render_text(report), render_text(report, color=True)
        assert plain != coloured
        assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain


def test_a_summary_leaves_the_details_out() -> None:
    report = report_of(SMALL)
    short, whole = render_text(report, details=False), render_text(report)
    assert len(short.splitlines()) < 40 < len(whole.splitlines())
    assert "What to do next" in short
    assert "\nDuties\n" in whole
    assert "\nDuties\n" not in short


def test_every_duty_is_named() -> None:
    for case in CASES.values():
        report = case()
        text = " ".join(render_text(report).split())
        assert all(duty.title in text for duty in report.duties)


def test_the_law_and_its_age_and_the_hedge_are_always_there() -> None:
    for case in CASES.values():
        report = case()
        text = " ".join(render_text(report, details=False).split())
        assert f"Law pack {report.law.version}" in text
        assert "Not legal advice." in text
