"""Colours of the figures and the style sheet that lets a page's theme rule them.

Colours stand in the SVG as presentation attributes for light ground, so a figure is right on its
own, in a viewer without CSS and under a content security policy without inline styles. Where a
page brings the style sheet, its classes win, and read the page's custom properties (`--ink`,
`--done`, `--late` ...) before their own values for light, dark and paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["DARK", "LIGHT", "fill", "stroke", "stylesheet"]

LIGHT: Final[Mapping[str, str]] = {
    "ground": "#ffffff",
    "ink": "#1b1f24",
    "muted": "#59636e",
    "line": "#d0d7de",
    "accent": "#1f4e8c",
    "done": "#1a7f4b",
    "due": "#1f4e8c",
    "soon": "#8a5a00",
    "late": "#b3261e",
    "cannot-tell": "#5b4b8a",
    "out-of-scope": "#59636e",
}
DARK: Final[Mapping[str, str]] = {
    "ground": "#14171a",
    "ink": "#e6e8eb",
    "muted": "#9aa4af",
    "line": "#3a424b",
    "accent": "#8ab8f0",
    "done": "#5cc98f",
    "due": "#8ab8f0",
    "soon": "#e2ae4a",
    "late": "#ff8f86",
    "cannot-tell": "#b9a8ee",
    "out-of-scope": "#9aa4af",
}

FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"

# Below this width of the figure's own box, in CSS pixels, the wide layout's text would fall under
# some 10 pixels. Paper always takes the wide layout: a narrow one would waste the page.
_NARROW_BELOW = 700

_SWITCH = ".fig-wide{display:none}.fig-narrow{display:block}"

_STATIC = f"""
.fig{{margin:1.5rem 0;container-type:inline-size;color:var(--fig-ink)}}
.fig figcaption{{margin-bottom:.75rem;max-width:70ch;overflow-wrap:anywhere}}
.fig svg{{display:block;width:100%;height:auto}}
.fig svg text{{font-variant-numeric:tabular-nums}}
.fig-wide{{max-width:920px}}
.fig-narrow{{display:none;max-width:480px}}
@media screen and (max-width:{_NARROW_BELOW}px){{{_SWITCH}}}
@media screen{{@container (max-width:{_NARROW_BELOW}px){{{_SWITCH}}}}}
.fig-data{{margin-top:.75rem}}
.fig-data summary{{cursor:pointer;min-height:44px;display:flex;align-items:center}}
.fig-data summary::before{{content:"\\25b8";margin-right:.5em}}
.fig-data[open] summary::before{{content:"\\25be"}}
.fig-scroll{{overflow-x:auto}}
.fig-data table{{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}}
.fig-data th,.fig-data td{{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;\
border-bottom:1px solid var(--fig-line)}}
.fig-data thead th{{color:var(--fig-muted);font-weight:600}}
.fig-data tbody th{{font-weight:400;min-width:11rem}}
.fig-data td:not(.fig-number){{min-width:7rem}}
.fig-data .fig-number{{text-align:right;white-space:nowrap}}
@media print{{.fig{{break-inside:avoid;background:var(--fig-ground)}}
.fig-data:not([open]){{display:none}}}}
"""


def fill(role: str) -> dict[str, str]:
    """Attributes that fill a shape or a text in the colour of a role.

    Args:
        role: a key of `LIGHT`.
    Returns: class and presentation attribute.
    """
    return {"class_": f"f-{role}", "fill": LIGHT[role]}


def stroke(role: str) -> dict[str, str]:
    """Attributes that draw an outline in the colour of a role and leave the inside empty.

    Args:
        role: a key of `LIGHT`.
    Returns: class and presentation attributes.
    """
    return {"class_": f"s-{role}", "stroke": LIGHT[role], "fill": "none"}


def _properties(colours: Mapping[str, str], *, own: bool) -> str:
    """Custom properties of the figures; `own` values do not look at the page's."""
    return ";".join(
        f"--fig-{role}:{value if own else f'var(--{role},{value})'}"
        for role, value in colours.items()
    )


def stylesheet() -> str:
    """The CSS that a page with figures includes once.

    Returns: rules for colours in light, dark, forced colours and print, for the choice between
        the two layouts, and for the data table. A page's own `--ink`, `--ground`, `--done` and so
        on win over the figures' values, except on paper, which is always light.
    """
    forced = {role: "Canvas" if role == "ground" else "CanvasText" for role in LIGHT}
    rules = [
        f".fig{{{_properties(LIGHT, own=False)}}}",
        f"@media (prefers-color-scheme:dark){{.fig{{{_properties(DARK, own=False)}}}}}",
        f'[data-theme="light"] .fig{{{_properties(LIGHT, own=False)}}}',
        f'[data-theme="dark"] .fig{{{_properties(DARK, own=False)}}}',
        f"@media print{{.fig.fig{{{_properties(LIGHT, own=True)}}}}}",
        f"@media (forced-colors:active){{.fig.fig{{{_properties(forced, own=True)}}}}}",
    ]
    for role in LIGHT:
        rules.append(f".fig .f-{role}{{fill:var(--fig-{role})}}")
        rules.append(f".fig .s-{role}{{stroke:var(--fig-{role})}}")
    return "\n".join(rules) + _STATIC
