from __future__ import annotations

import re

import pytest
from markupsafe import Markup

from chapterv.documents import page, texts
from chapterv.documents.page import POLICY, render_page, ticked
from chapterv.documents.page_ids import Anchors
from chapterv.errors import RenderError


def test_the_frame_allows_nothing_to_be_loaded() -> None:
    made = render_page("base.html", texts())
    assert POLICY.startswith("default-src 'none'")
    assert re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', made)
    assert "script" not in made.lower()


def test_the_frame_asks_for_no_address() -> None:
    made = render_page("base.html", texts())
    addresses = re.findall(r"(?:src|href)=\"([^\"]*)\"", made)
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "url(http" not in made
    assert "@import" not in made


def test_every_sign_of_a_state_is_drawn_once() -> None:
    made = render_page("base.html", texts())
    signs = re.findall(r'id="(sign-[^"]+)"', made)
    assert len(signs) == len(set(signs))
    assert {"sign-late", "sign-met", "sign-hatch"} <= set(signs)


def test_a_missing_value_is_a_fault_and_not_an_empty_place() -> None:
    with pytest.raises(RenderError, match=r"report\.html"):
        render_page("report.html", texts())


def test_ticks_become_code_and_everything_else_is_escaped() -> None:
    assert ticked("run `a <b>` & go") == Markup("run <code>a &lt;b&gt;</code> &amp; go")


def test_values_are_made_harmless_where_they_enter() -> None:
    assert page._harmless("\u202ex") == "[U+202E]x"
    assert page._harmless(Markup("\u202ex")) == "\u202ex"
    assert page._harmless(None) == ""
    assert len(page._harmless("x" * 10_000)) < 4_100


def test_anchors_never_come_twice() -> None:
    anchors = Anchors("finding")
    made = [anchors.make("act:D08"), anchors.make("act-D08"), anchors.make("act:D08", "a b")]
    assert made == ["finding-act-D08", "finding-act-D08-2", "finding-act-D08-a-b"]
