from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from chapterv.dossier.report import render_html
from tests.dossier.report_cases import CASES, HOSTILE_TEXTS, SMALL, report_of

MAX_BYTES = 2_000_000
VOID = frozenset({"meta", "link", "br", "img", "input", "hr", "wbr"})
OWN_CLOSE = frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "option"})
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls")


class Page(HTMLParser):
    """A page as elements with their attributes, and every fault of nesting."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"an attribute twice on {tag}")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


@pytest.fixture(scope="module", params=list(CASES))
def page(request: pytest.FixtureRequest) -> Page:
    """The page of each case, parsed."""
    return Page(render_html(CASES[request.param]()))


@pytest.fixture(scope="module", params=list(CASES))
def source(request: pytest.FixtureRequest) -> str:
    """The page of each case, as text."""
    return render_html(CASES[request.param]())


def test_every_element_is_closed_where_it_was_opened(page: Page) -> None:
    assert page.faults == []
    assert page.open == []


def test_identifiers_come_once(page: Page) -> None:
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []


def test_every_reference_inside_the_page_resolves(page: Page) -> None:
    known = set(page.ids)
    wanted = {
        name
        for _, attributes in page.elements
        for reference in REFERENCES
        for name in attributes.get(reference, "").split()
    }
    wanted |= {a["href"][1:] for _, a in page.elements if a.get("href", "").startswith("#")}
    assert wanted - known == set()


def test_nothing_is_loaded_from_anywhere(page: Page, source: str) -> None:
    assert page.all("script", "iframe", "object", "embed", "form", "base", "img", "source") == []
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), tag
        assert "src" not in attributes
        assert "srcset" not in attributes
        address = attributes.get("href", "#")
        if tag == "a":
            assert address.startswith(("#", "http://", "https://"))
        else:
            assert address.startswith(("#", "data:")), tag
    style = source.partition("<style>")[2].partition("</style>")[0]
    assert "@import" not in style
    assert "url(" not in style


def test_the_policy_is_the_first_thing_that_a_browser_reads(source: str) -> None:
    head = source[: source.index("<style>")]
    assert "default-src &#39;none&#39;" in head or "default-src 'none'" in head


def test_the_page_is_small(source: str) -> None:
    assert len(source.encode()) < MAX_BYTES


def test_there_is_one_first_heading_and_no_level_is_left_out(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_landmarks_are_there_and_navigation_has_a_name(page: Page) -> None:
    assert len(page.all("main")) == 1
    assert all(nav.get("aria-label") for nav in page.all("nav"))
    assert page.all("html")[0]["lang"] == "en"
    first = page.all("a")[0]
    assert (first["class"], first["href"]) == ("skip", "#main")


def test_every_section_is_named_by_its_heading(page: Page) -> None:
    for section in page.all("section"):
        assert section["aria-labelledby"] in page.ids


def test_every_details_has_a_summary_first(page: Page) -> None:
    following = pairwise(page.elements)
    firsts = [after for (tag, _), (after, _) in following if tag == "details"]
    assert firsts
    assert set(firsts) == {"summary"}


def test_headings_of_tables_say_what_they_head(page: Page) -> None:
    for heading in page.all("th"):
        assert heading.get("scope") in ("col", "row", "rowgroup")
    for table in page.all("table"):
        if "stacking" in table.get("class", ""):
            assert table["role"] == "table"
            assert table["aria-labelledby"] in page.ids


def test_signs_are_hidden_from_those_who_hear_the_page(page: Page) -> None:
    for sign in page.all("svg"):
        assert sign.get("aria-hidden") == "true" or sign.get("role") == "img"


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(page: Page) -> None:
    for tag, attributes in page.elements:
        if attributes.get("class") in ("frame", "fig-scroll"):
            assert attributes["tabindex"] == "0", tag
            assert attributes["aria-labelledby"] in page.ids


def test_hostile_texts_stay_texts() -> None:
    source = render_html(CASES["hostile"]())
    page = Page(source)
    assert page.faults == []
    assert page.all("script") == []
    shown = "".join(text for _, text in page.texts)
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7 * 7 }}" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", source)
    assert "W" * 5_000 not in source


def test_hostile_texts_are_whole_in_none_of_the_attributes() -> None:
    page = Page(render_html(CASES["hostile"]()))
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            if name not in ("d", "content"):
                assert len(value) < 4_200, (tag, name)
    assert HOSTILE_TEXTS[1] not in str([a.get("class") for _, a in page.elements])


def test_every_finding_duty_question_and_fact_has_its_place() -> None:
    report = report_of(SMALL)
    ids = set(Page(render_html(report)).ids)
    assert {one.anchor for one in report.findings} <= ids
    assert {one.anchor for one in report.duties} <= ids
    assert {f"fact-{fact.id}" for fact in report.facts} <= ids
    assert sum(name.startswith("question-") for name in ids) == len(report.questions)


def test_the_first_screen_comes_before_everything_else() -> None:
    report = report_of(SMALL)
    source = render_html(report)
    order = [
        source.index(text)
        for text in (
            "<h1>",
            report.verdict.sentence,
            'class="tiles"',
            'class="pair"',
            'id="compute"',
        )
    ]
    assert order == sorted(order)


def test_law_not_advice_and_limits_are_on_every_page(source: str) -> None:
    assert "Not legal advice." in source
    assert 'id="limits"' in source
    assert "Law pack" in source


def test_provisions_stand_with_their_check_and_our_reading_is_marked() -> None:
    source = render_html(report_of(SMALL))
    body = source[source.index('id="finding-act-D08"') :]
    body = body[: body.index("</details>")]
    assert "Art. 3(63)" in body
    assert "Checked: read in the official text" in body
    assert "<strong>Our reading</strong>" in body


def test_the_same_report_gives_the_same_page() -> None:
    report = report_of(SMALL)
    assert render_html(report) == render_html(report)
