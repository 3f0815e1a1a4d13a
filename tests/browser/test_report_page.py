from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chapterv.dossier.report import render_html
from tests.dossier.report_cases import CASES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

Opener = Callable[..., "Page"]

WIDER_THAN_THE_SCREEN = """() => document.documentElement.scrollWidth - window.innerWidth"""

UNSEEN = """() => [...document.querySelectorAll("details")].filter(one =>
  [...one.children].some(child => child.tagName !== "SUMMARY"
    && child.textContent.trim() && !child.checkVisibility({contentVisibilityAuto: true}))
  && !one.closest(".fig")).map(one => one.id || one.className)"""

LOW_CONTRAST = """() => {
  const part = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
  const bright = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  const read = text => text.match(/[\\d.]+/g).map(Number);
  const ground = one => {
    for (let at = one; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.checkVisibility() || one.closest("svg, .unseen, .skip")) continue;
    const [dark, light] = [bright(read(getComputedStyle(one).color)), bright(ground(one))]
      .sort((a, b) => a - b);
    if ((light + .05) / (dark + .05) < 4.5) low.push(one.className + " " + one.textContent);
  }
  return low;
}"""

SMALL_TARGETS = """() => [...document.querySelectorAll("summary, nav a")].filter(one =>
  one.checkVisibility() && one.getBoundingClientRect().height < 44).map(one => one.textContent)"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of each case."""
    folder = tmp_path_factory.mktemp("pages")
    for name, made in CASES.items():
        (folder / f"{name}.html").write_text(render_html(made()), "utf-8")
    return folder


@pytest.fixture
def opened(chromium: Browser, pages: Path) -> Iterator[Opener]:
    """Opens the page of a case: `opened("small", width=390, scheme="dark")`."""
    contexts = []

    def open_page(case: str, width: int = 1280, **settings: Any) -> Page:
        scheme = settings.pop("scheme", "light")
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **settings
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto((pages / f"{case}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("case", CASES)
def test_no_request_leaves_the_page_and_nothing_is_refused(opened: Opener, case: str) -> None:
    page = opened("small")
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto(page.url.replace("small.html", f"{case}.html"))
    page.wait_for_timeout(100)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert told == []


def test_the_page_is_complete_without_scripts(opened: Opener) -> None:
    page = opened("small", java_script_enabled=False)
    assert page.locator("h1").inner_text().startswith("northlight-1b")
    assert page.locator("#verdict .sentence").is_visible()


def test_every_part_that_opens_can_be_reached_and_opened_by_keyboard(opened: Opener) -> None:
    page = opened("small")
    outer = page.locator("details:not(details details)").count()
    reached = set()
    for _ in range(2_000):
        page.keyboard.press("Tab")
        tag, place = page.evaluate(
            """() => { const at = document.activeElement; return [at.tagName,
            at.tagName === "SUMMARY" && !at.closest("details details")
              ? [...document.querySelectorAll("details")].indexOf(at.parentElement) : -1] }"""
        )
        if tag == "SUMMARY" and place >= 0 and place not in reached:
            reached.add(place)
            before = page.evaluate("() => document.activeElement.parentElement.open")
            page.keyboard.press("Enter")
            assert page.evaluate("() => document.activeElement.parentElement.open") != before
            page.keyboard.press("Enter")
        if tag == "BODY" or len(reached) == outer:
            break
    assert len(reached) == outer


def test_the_first_stop_leads_to_the_report(opened: Opener) -> None:
    page = opened("small")
    page.keyboard.press("Tab")
    assert page.locator(".skip").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_what_has_the_focus_is_marked(opened: Opener) -> None:
    page = opened("small")
    for _ in range(3):
        page.keyboard.press("Tab")
    width = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert float(width.removesuffix("px")) >= 2


def test_a_link_into_a_closed_part_opens_it(opened: Opener) -> None:
    page = opened("small")
    page.locator("#verdict .hedge a").first.click()
    assert page.locator("#finding-act-D08 > summary").is_visible()


@pytest.mark.parametrize("width", [320, 390, 700, 1024, 1280])
@pytest.mark.parametrize("case", CASES)
def test_the_page_never_scrolls_sideways(opened: Opener, case: str, width: int) -> None:
    page = opened(case, width=width)
    assert page.evaluate(WIDER_THAN_THE_SCREEN) <= 0
    page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate(WIDER_THAN_THE_SCREEN) <= 0


def test_targets_are_large_enough_for_a_finger(opened: Opener) -> None:
    page = opened("frontier", width=390, has_touch=True, is_mobile=True)
    assert page.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", ["small", "frontier", "conflicts"])
def test_every_text_can_be_read_in_both_themes(opened: Opener, case: str, scheme: str) -> None:
    page = opened(case, scheme=scheme)
    page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate(LOW_CONTRAST) == []
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signs_follow_the_theme(opened: Opener, scheme: str) -> None:
    page = opened("small", scheme=scheme)
    drawn = page.evaluate("() => getComputedStyle(document.querySelector('#sign-late path')).fill")
    assert drawn == ("rgb(179, 38, 30)" if scheme == "light" else "rgb(255, 143, 134)")


@pytest.mark.parametrize("case", ["small", "frontier"])
def test_on_paper_every_part_is_opened_and_the_ground_is_light(opened: Opener, case: str) -> None:
    page = opened(case, scheme="dark")
    assert page.evaluate(UNSEEN) != []
    page.emulate_media(media="print")
    page.wait_for_function(f"() => ({UNSEEN})().length === 0")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert not page.locator("nav.contents").is_visible()


def test_a_printed_report_holds_what_is_folded_on_the_screen(
    opened: Opener, tmp_path: Path
) -> None:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("no pdftotext: make setup installs poppler, as root on Debian")
    printed = tmp_path / "report.pdf"
    opened("small").pdf(path=printed, format="A4", prefer_css_page_size=True)
    text = subprocess.run([reader, printed, "-"], capture_output=True, check=True).stdout.decode()
    words = " ".join(text.split())
    assert "displays significant generality" in words
    assert "The comparison is strict" in words
    assert "Whether a change makes you a provider" in words


def test_the_first_screen_holds_the_answer(opened: Opener) -> None:
    page = opened("small")
    for part in ("h1", ".sentence", ".tiles", ".pair"):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900


def test_a_hostile_page_runs_nothing(opened: Opener) -> None:
    page = opened("hostile")
    assert page.evaluate("() => document.scripts.length") == 0
    assert page.evaluate("() => document.querySelectorAll('[onmouseover]').length") == 0
