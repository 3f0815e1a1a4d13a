"""Pages: templates filled with values that are taken as hostile, in one file without requests.

Every value is escaped, unseen characters are written out and overlong texts are cut at the one
place where values enter a page. Styles and drawings stand in the page; it needs no script.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup, escape

from chapterv.documents.catalogue import Texts
from chapterv.documents.colours import theme_css
from chapterv.documents.harmless import cut, visible
from chapterv.documents.page_ids import slug
from chapterv.errors import RenderError
from chapterv.figures import stylesheet as figures_css
from chapterv.figures.glyphs import ROLES, glyph

__all__ = ["POLICY", "render_page"]

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
"""What the page allows itself to load: nothing."""

HATCH = "sign-hatch"


def render_page(template: str, words: Texts, **values: Any) -> str:
    """Fill a template.

    Args:
        template: name of a file in `templates/`.
        words: the language of the page.
        values: what the template shows.

    Raises:
        RenderError: a value or text that the template needs is missing.
    """
    environment = _environment()
    try:
        return environment.get_template(template).render(
            t=words,
            policy=POLICY,
            style=Markup(_style()),  # ours, no value in it
            signs=_signs(),
            **values,
        )
    except jinja2.TemplateError as error:
        raise RenderError(f"{type(error).__name__}: {error.message}", template) from error


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chapterv.documents"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters["cut"] = cut
    environment.filters["slug"] = slug
    environment.filters["ticked"] = ticked
    return environment


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return cut(visible(value))
    return "" if value is None else value


def ticked(text: str) -> Markup:
    """Return a text with what stands between backticks set as code; all of it is escaped."""
    return Markup(_TICKS.sub(r"<code>\1</code>", str(escape(_harmless(text)))))


_TICKS = re.compile("`([^`]+)`")


@cache
def _style() -> str:
    page = files("chapterv.documents").joinpath("styles", "page.css").read_text("utf-8")
    return "\n".join((theme_css(), figures_css(), _sign_css(), page))


def _sign_css() -> str:
    """Let the signs outside figures follow the theme as those inside do.

    Where a sign is used its drawing is copied, and rules that name an ancestor do not reach it.
    """
    roles = sorted({*ROLES.values(), "ground"})
    return "".join(
        f".f-{role}{{fill:var(--{role})}}.s-{role}{{stroke:var(--{role})}}" for role in roles
    )


@cache
def _signs() -> tuple[tuple[str, Markup], ...]:
    """Name and drawing of the sign of every state, as the timeline draws it."""
    return tuple((state, Markup(str(glyph(state, 0, 0, HATCH)))) for state in ROLES)
