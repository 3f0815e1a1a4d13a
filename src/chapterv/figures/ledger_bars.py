"""Where the compute went: one bar an activity, on a linear axis from zero, the largest first.

The inside of a bar tells which sums it counts for: filled for both, striped for one, empty for
neither; the same stands in words beside it. A bar too short to see is drawn as a mark, and its
number says how little it is. Which activity counts for what is the caller's matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, Literal

import msgspec

from chapterv.facts.wording import Amount, as_fraction, exact, percent
from chapterv.figures.canvas import LARGE, SMALL, drawing, lettering, tooltip
from chapterv.figures.compute_rows import ComputeRow, interval
from chapterv.figures.compute_words import amount_words, exact_words
from chapterv.figures.figure import Figure, Layout, Table, checked_id
from chapterv.figures.lettering import shorten, width, wrap
from chapterv.figures.style import fill, stroke
from chapterv.figures.svg import Element, element, path
from chapterv.figures.texts import Words

__all__ = ["MOST_BARS", "LedgerBar", "ledger_bars"]

Counts = Literal["both", "cumulative", "training", "neither"]

_WIDE = Layout("wide", 920, 300, 900, stacked=False)
_NARROW = Layout("narrow", 360, 6, 342, stacked=True)

# More bars are in the table only; the drawing says how many.
MOST_BARS = 20
_LINE = 17.0
_HALF = 7.0
# The wide drawing shrinks to three quarters before the narrow one takes its place, so this is what
# two pixels on the screen need.
_LEAST = 3.0
_ARROW = 16.0
_STRIPES: Final[Mapping[Counts, str]] = {
    "cumulative": "M-1 1 1-1M0 6 6 0M5 7 7 5",
    "training": "M3 0V6",
}


class LedgerBar(msgspec.Struct, frozen=True):
    """One activity and what it took.

    Args:
        label: its name for people.
        amount: central value in the unit of the axis.
        low: lowest value, or None for no bound of its own.
        high: highest value, or None for no bound of its own.
        open_above: the amount is a bound from below.
        counts: the sums that it counts for.
        group: run and stage, or whatever else tells it from others of its name.
        hedge: a warning in words, such as that a reading of the text would move it.
        note: how it was found, for tooltip and table.
    """

    label: str
    amount: Amount
    low: Amount | None = None
    high: Amount | None = None
    open_above: bool = False
    counts: Counts = "both"
    group: str = ""
    hedge: str = ""
    note: str = ""

    @property
    def row(self) -> ComputeRow:
        """The same as a row of the compute axis, for its words."""
        relation: Literal["at_least", "exactly"] = "at_least" if self.open_above else "exactly"
        return ComputeRow(self.label, self.amount, self.low, self.high, relation, self.note)


class _Scene(msgspec.Struct, frozen=True):
    """What both drawings are made from; `total` is the sum of all bars, drawn or not."""

    id: str
    title: str
    bars: tuple[LedgerBar, ...]
    left_out: int
    total: Fraction
    unit: str
    words: Words


class _Scale(msgspec.Struct, frozen=True):
    """A linear axis from zero.

    Args:
        last: amount at the right end.
        step: amount between two ticks.
        left: place of zero in user units.
        right: place of `last` in user units.
    """

    last: Fraction
    step: Fraction
    left: float
    right: float

    def place(self, amount: Fraction) -> float:
        """Where an amount lies."""
        return self.left + float(amount / self.last) * (self.right - self.left)


class _Line(msgspec.Struct, frozen=True):
    """A line of a bar's text and how it is set."""

    text: str
    size: float
    role: str
    bold: bool


class _Band(msgspec.Struct, frozen=True):
    """One bar with its place: top, height and the middle of the bar, in user units."""

    bar: LedgerBar
    top: float
    height: float
    middle: float
    lines: tuple[_Line, ...]


def ledger_bars(
    bars: Sequence[LedgerBar],
    *,
    id: str = "ledger",
    unit: str = "FLOP",
    title: str | None = None,
    caption: str | None = None,
    texts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw what each activity took and which sums it counts for.

    Args:
        bars: the activities, in any order.
        id: unique on the page.
        unit: unit of all amounts.
        title: name of the figure, or None for the usual one.
        caption: the result in words, or None to compose it from the numbers.
        texts: words of another language (keys of `chapterv.figures.texts.ENGLISH`).
    Returns: the figure; all numbers in its table are exact.
    Raises: InputError if an amount, a bound or the id cannot be used.
    """
    words = Words(texts)
    for bar in bars:
        interval(bar.row)  # refuses what cannot be drawn
    ordered = tuple(sorted(bars, key=lambda bar: -as_fraction(bar.amount)))
    scene = _Scene(
        id=checked_id(id),
        title=title or words("bars.title"),
        bars=ordered[:MOST_BARS],
        left_out=max(len(ordered) - MOST_BARS, 0),
        total=sum((as_fraction(bar.amount) for bar in ordered), Fraction(0)),
        unit=unit,
        words=words,
    )
    return Figure(
        id=scene.id,
        title=scene.title,
        svg=_draw(scene, _WIDE),
        svg_narrow=_draw(scene, _NARROW),
        caption=caption if caption is not None else _caption(scene, ordered),
        table=_table(scene, ordered),
        data_label=words("figure.data"),
    )


# --- what it says ---------------------------------------------------------------------------------


def _share(part: Fraction, whole: Fraction, words: Words) -> str:
    """A share in per cent; what is little but not nothing never reads as nothing."""
    mark = words("decimal_mark")
    share = part / whole if whole else Fraction(0)
    tenth = Fraction(1, 1000)
    if 0 < share < tenth:
        return words("bars.share.under", share=percent(tenth, mark))
    if 1 - tenth < share < 1:
        return words("bars.share.over", share=percent(1 - tenth, mark))
    return percent(share, mark)


def _amount(bar: LedgerBar, scene: _Scene) -> str:
    """Amount, bound and share of a bar in words."""
    return scene.words(
        "bars.amount",
        amount=amount_words(bar.row, scene.unit, scene.words),
        share=_share(as_fraction(bar.amount), scene.total, scene.words),
    )


def _caption(scene: _Scene, ordered: Sequence[LedgerBar]) -> str:
    """What counts in each sum, and what took most."""
    words = scene.words
    if not ordered:
        return words("figure.empty")
    sums = {
        name: sum(
            (as_fraction(bar.amount) for bar in ordered if bar.counts in ("both", name)),
            Fraction(0),
        )
        for name in ("training", "cumulative")
    }
    values = {name: f"{words.amount(amount)}\u00a0{scene.unit}" for name, amount in sums.items()}
    first = ordered[0]
    return words(
        "bars.caption",
        total=f"{words.amount(scene.total)}\u00a0{scene.unit}",
        **values,
        training_share=_share(sums["training"], scene.total, words),
        cumulative_share=_share(sums["cumulative"], scene.total, words),
        label=_name(first),
        share=_share(as_fraction(first.amount), scene.total, words),
    )


def _name(bar: LedgerBar) -> str:
    parts = (" ".join(text.split()) for text in (bar.label, bar.group))
    return shorten(", ".join(filter(None, parts)), 1, 60)


def _description(scene: _Scene, scale: _Scale | None) -> str:
    words = scene.words
    if scale is None:
        return words("figure.empty")
    rows = "; ".join(
        f"{_name(bar)}: {_amount(bar, scene)}, {words(f'bars.counts.{bar.counts}')}"
        for bar in scene.bars
    )
    return words("bars.desc", unit=scene.unit, high=words.amount(scale.last), rows=rows)


def _table(scene: _Scene, ordered: Sequence[LedgerBar]) -> Table:
    """All numbers, exact."""
    words = scene.words
    names = ("label", "group", "counts", "relation", "amount", "low", "high", "share", "note")
    header = tuple(words(f"bars.column.{name}", unit=scene.unit) for name in names)
    rows = tuple(_table_row(bar, scene) for bar in ordered)
    return Table(header, rows, numeric=frozenset({4, 5, 6, 7}))


def _table_row(bar: LedgerBar, scene: _Scene) -> tuple[str, ...]:
    words = scene.words
    known = interval(bar.row)
    mark = words("decimal_mark")
    amount, low = as_fraction(bar.amount), known.low or Fraction(0)
    relation = "at_least" if bar.open_above else "exactly" if low == known.high else "about"
    return (
        bar.label,
        bar.group,
        words(f"bars.counts.{bar.counts}"),
        words(f"compute.relation.{relation}"),
        exact(amount, mark),
        exact(low, mark),
        words("compute.no_limit") if known.high is None else exact(known.high, mark),
        _share(amount, scene.total, words),
        ". ".join(filter(None, (bar.note.rstrip("."), bar.hedge))),
    )


# --- how it is drawn ------------------------------------------------------------------------------


def _draw(scene: _Scene, layout: Layout) -> str:
    """Lay out one drawing from top to bottom: bars, then the axis."""
    scale = _scale(scene, layout)
    parts: list[Element] = []
    foot = LARGE + 12
    if scale is None:
        parts.append(lettering(0, LARGE + 4, scene.words("figure.empty"), role="muted"))
    else:
        bands = tuple(_bands(scene, layout))
        foot = bands[-1].top + bands[-1].height
        parts.append(_patterns(scene, layout))
        parts.extend(_grid(scale, layout, bands))
        parts.extend(_group(scene, layout, scale, band) for band in bands)
        parts.extend(_axis(scene, layout, scale, foot))
        foot += 46
    if scene.left_out:
        foot += _LINE
        parts.append(lettering(0, foot - 4, scene.words.count("figure.more", scene.left_out)))
    return drawing(scene.id, layout, foot + 2, scene.title, _description(scene, scale), parts)


def _scale(scene: _Scene, layout: Layout) -> _Scale | None:
    """An axis from zero in steps of 1, 2 or 5 that holds every bar with its bound."""
    if not scene.bars:
        return None
    ends = [end for bar in scene.bars for end in (bar.amount, bar.high) if end is not None]
    most = max(as_fraction(end) for end in ends) or Fraction(1)
    step = _step(most, 3 if layout.stacked else 6)
    last = -(-most // step) * step
    return _Scale(Fraction(last), step, layout.left, layout.right - _ARROW)


def _step(most: Fraction, steps: int) -> Fraction:
    """The smallest of 1, 2 and 5 times a power of ten that needs no more steps than given."""
    # 10 ** digits is above the amount, and 10 ** (digits - 2) is below a sixth of it.
    digits = len(str(int(most.numerator // most.denominator))) if most >= 1 else _small(most)
    tries = (Fraction(10) ** (digits - 3 + n) * one for n in range(5) for one in (1, 2, 5))
    return next(step for step in tries if most <= step * steps)


def _small(most: Fraction) -> int:
    """How many digits stand before the point of an amount below one: zero or fewer."""
    digits = 0
    while most * 10 < 1:
        most, digits = most * 10, digits - 1
    return digits


def _bands(scene: _Scene, layout: Layout) -> Iterator[_Band]:
    """Stack the bars; a long text makes its band taller instead of running into the next."""
    room = layout.width if layout.stacked else layout.left - 24
    top = 0.0
    for bar in scene.bars:
        lines = tuple(_lines(bar, scene, room))
        height = len(lines) * _LINE + (44 if layout.stacked else 18)
        middle = top + (height - 20 if layout.stacked else height / 2)
        yield _Band(bar, top, height, middle, lines)
        top += height


def _lines(bar: LedgerBar, scene: _Scene, room: float) -> Iterator[_Line]:
    """Name, run and stage, amount with its share, what it counts for, warning."""
    counts = scene.words(f"bars.counts.{bar.counts}")
    for text, size, role, bold, most in (
        (bar.label, LARGE, "ink", False, 3),
        (bar.group, SMALL, "muted", False, 2),
        (_amount(bar, scene), LARGE, "ink", True, 3),
        (counts[:1].upper() + counts[1:], SMALL, "muted", False, 2),
        (bar.hedge, SMALL, "cannot-tell", False, 3),
    ):
        if text.strip():
            # Bold is wider than what the breaking of lines measures.
            lines = wrap(text, size, room / 1.12 if bold else room, most)
            yield from (_Line(line, size, role, bold) for line in lines)


def _patterns(scene: _Scene, layout: Layout) -> Element:
    """The stripes of bars that count for one sum alone."""
    return element(
        "defs",
        *(
            element(
                "pattern",
                element("path", d=d, stroke_width="1.8", **stroke("accent")),
                id=_stripes(scene, layout, counts),
                width=6,
                height=6,
                patternUnits="userSpaceOnUse",
            )
            for counts, d in _STRIPES.items()
        ),
    )


def _stripes(scene: _Scene, layout: Layout, counts: Counts) -> str:
    return f"{scene.id}-{layout.name}-{counts}"


def _grid(scale: _Scale, layout: Layout, bands: Sequence[_Band]) -> Iterator[Element]:
    """Light lines at the ticks; stacked bands hold text, so there they keep to the bars."""
    lines = []
    for tick in _ticks(scale):
        x = scale.place(tick)
        for band in bands:
            start, end = (
                (band.middle - 13, band.middle + 13)
                if layout.stacked
                else (band.top, band.top + band.height)
            )
            lines.append(path("M", x, start, "V", end))
    yield element("path", d=" ".join(lines), **stroke("line"))


def _ticks(scale: _Scale) -> Iterator[Fraction]:
    tick = Fraction(0)
    while tick <= scale.last:
        yield tick
        tick += scale.step


def _group(scene: _Scene, layout: Layout, scale: _Scale, band: _Band) -> Element:
    """One bar with its rule, its words and its bound."""
    parts = [element("path", d=path("M 0", band.top, "H", layout.right), **stroke("line"))]
    if not layout.stacked:
        parts.insert(0, tooltip(_tip(band.bar, scene)))
    for index, line in enumerate(band.lines):
        y = band.top + 21 + index * _LINE
        parts.append(lettering(0, y, line.text, size=line.size, role=line.role, bold=line.bold))
    parts.extend(_mark(scene, layout, scale, band))
    return element("g", *parts)


def _tip(bar: LedgerBar, scene: _Scene) -> str:
    said = f"{_name(bar)}: {exact_words(bar.row, scene.unit, scene.words)}"
    return ". ".join(filter(None, (said, bar.note[:240])))


def _mark(scene: _Scene, layout: Layout, scale: _Scale, band: _Band) -> Iterator[Element]:
    """The bar, filled by what it counts for, and its bound over it."""
    bar, y = band.bar, band.middle
    amount = as_fraction(bar.amount)
    long = max(scale.place(amount) - scale.left, _LEAST) if amount else 0.0
    role = "muted" if bar.counts == "neither" else "accent"
    outline = path("M", scale.left, y - _HALF, "h", long, "v", 2 * _HALF, "h", -long, "Z")
    yield element("path", d=outline, **fill("ground"))
    if bar.counts == "both":
        yield element("path", d=outline, **fill("accent"))
    elif bar.counts in _STRIPES:
        # A fill that is a reference, which no class may overrule.
        yield element("path", d=outline, fill=f"url(#{_stripes(scene, layout, bar.counts)})")
    yield element("path", d=outline, stroke_width="1.5", **stroke(role))
    whisker = _whisker(bar, scale, scale.left + long, y)
    if whisker:
        # A light edge keeps the whisker apart from a filled bar.
        yield element("path", d=whisker, stroke_width="4.5", **stroke("ground"))
        yield element("path", d=whisker, stroke_width="1.6", **stroke("ink"))


def _whisker(bar: LedgerBar, scale: _Scale, end: float, y: float) -> str:
    """The bound as a line with ends; an open end as an arrow. Empty where there is none."""
    known = interval(bar.row)
    if known.high is None:
        return path("M", end + 2, y, "h", _ARROW - 5, "m -5 -4 l 5 4 -5 4")
    if known.low is None or known.low == known.high:
        return ""
    start, stop = scale.place(known.low), scale.place(known.high)
    return path("M", start, y - 4, "v 8 m 0 -4 H", stop, "m 0 -4 v 8")


def _axis(scene: _Scene, layout: Layout, scale: _Scale, y: float) -> Iterator[Element]:
    """The axis with its ticks and its name."""
    ticks = [path("M", scale.place(tick), y, "v", 6) for tick in _ticks(scale)]
    line = " ".join([path("M", scale.left, y, "H", scale.right), *ticks])
    yield element("path", d=line, **stroke("muted"))
    for tick in _ticks(scale):
        text = scene.words.amount(tick)
        half = width(text, SMALL) / 2
        x = min(max(scale.place(tick), half), layout.width - half)
        yield lettering(x, y + 21, text, size=SMALL, role="muted", anchor="middle")
    name = scene.words("bars.axis", unit=scene.unit)
    yield lettering(layout.right, y + 41, name, size=SMALL, role="muted", anchor="end")
