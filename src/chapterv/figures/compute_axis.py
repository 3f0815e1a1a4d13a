"""Computing power on one logarithmic axis: each quantity in its bound, against dated thresholds.

A bound that crosses a threshold is hatched and says so in words: one more assumption would move
it. Which thresholds hold for which quantity is the caller's matter; nothing is judged here that is
not a comparison of two exact numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import msgspec

from chapterv.facts.wording import as_fraction
from chapterv.figures.axis import LogScale, log_scale
from chapterv.figures.canvas import LARGE, SMALL, drawing, hatch_id, lettering, tooltip
from chapterv.figures.compute_rows import ComputeRow, Threshold, crossed, interval
from chapterv.figures.compute_words import amount_words, caption_words, compute_table, exact_words
from chapterv.figures.figure import Figure, Layout, checked_id
from chapterv.figures.flags import MOST_FLAGS, Flag, place_flags
from chapterv.figures.lettering import shorten, width, wrap
from chapterv.figures.style import LIGHT, fill, stroke
from chapterv.figures.svg import Element, element, path
from chapterv.figures.texts import Words

__all__ = ["MOST_ROWS", "compute_axis"]

_WIDE = Layout("wide", 920, 290, 900, stacked=False)
_NARROW = Layout("narrow", 360, 18, 342, stacked=True)

# More rows are in the table only; the drawing says how many.
MOST_ROWS = 20
_LINE = 17.0
_BAR = 10.0


class _Scene(msgspec.Struct, frozen=True):
    """What both drawings are made from."""

    id: str
    title: str
    rows: tuple[ComputeRow, ...]
    left_out: int
    thresholds: tuple[Threshold, ...]
    unit: str
    words: Words


class _Line(msgspec.Struct, frozen=True):
    """A line of a row's text and how it is set."""

    text: str
    size: float
    role: str
    bold: bool


class _Band(msgspec.Struct, frozen=True):
    """One row with its place: top, height and the middle of its bar, in user units."""

    row: ComputeRow
    top: float
    height: float
    bar: float
    lines: tuple[_Line, ...]


class _Heads(msgspec.Struct, frozen=True):
    """Where the label of each threshold begins, and where all labels end, in user units."""

    tops: tuple[float, ...]
    bottom: float


def compute_axis(
    rows: Sequence[ComputeRow],
    thresholds: Sequence[Threshold] = (),
    *,
    id: str = "compute",
    unit: str = "FLOP",
    title: str | None = None,
    caption: str | None = None,
    texts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw quantities of computing power against thresholds.

    Args:
        rows: quantities or methods, in the order shown.
        thresholds: lines to compare with; the first eight are drawn.
        id: unique on the page.
        unit: unit of all amounts.
        title: name of the figure, or None for the usual one.
        caption: the result in words, or None to compose it from the numbers.
        texts: words of another language (keys of `chapterv.figures.texts.ENGLISH`).
    Returns: the figure; all numbers in its table are exact.
    Raises: InputError if an amount, a bound or the id cannot be used.
    """
    words = Words(texts)
    for threshold in thresholds:
        as_fraction(threshold.amount, threshold.label)
    scene = _Scene(
        id=checked_id(id),
        title=title or words("compute.title"),
        rows=tuple(rows[:MOST_ROWS]),
        left_out=max(len(rows) - MOST_ROWS, 0),
        thresholds=tuple(thresholds[:MOST_FLAGS]),
        unit=unit,
        words=words,
    )
    return Figure(
        id=scene.id,
        title=scene.title,
        svg=_draw(scene, _WIDE),
        svg_narrow=_draw(scene, _NARROW),
        caption=caption if caption is not None else caption_words(rows, thresholds, unit, words),
        table=compute_table(rows, thresholds, unit, words),
        data_label=words("figure.data"),
    )


def _draw(scene: _Scene, layout: Layout) -> str:
    """Lay out one drawing from top to bottom: threshold labels, rows, axis."""
    words = scene.words
    scale = _scale(scene, layout)
    parts: list[Element] = []
    foot = LARGE + 12
    if scene.rows:
        flags, labels = _threshold_labels(scene, layout, scale)
        heads = _heads(flags, labels)
        bands = tuple(_bands(scene, layout, heads.bottom))
        foot = bands[-1].top + bands[-1].height
        parts.extend(_threshold_lines(scene, layout, flags, bands, heads) if flags else ())
        parts.extend(_flag_texts(flags, labels, heads))
        parts.extend(_row(scene, layout, scale, band) for band in bands)
        if scale:
            parts.extend(_axis(scene, scale, foot))
            foot += 46
    else:
        parts.append(lettering(0, LARGE + 4, words("figure.empty"), role="muted"))
    if scene.left_out:
        foot += _LINE
        parts.append(lettering(0, foot - 4, words.count("figure.more", scene.left_out)))
    return drawing(scene.id, layout, foot + 2, scene.title, _description(scene, scale), parts)


def _scale(scene: _Scene, layout: Layout) -> LogScale | None:
    amounts = [as_fraction(threshold.amount) for threshold in scene.thresholds]
    for row in scene.rows:
        known = interval(row)
        amounts.extend(v for v in (known.low, known.middle, known.high) if v is not None)
    return log_scale(amounts, layout.left, layout.right)


def _description(scene: _Scene, scale: LogScale | None) -> str:
    words = scene.words
    rows = ", ".join(shorten(row.label, 1, 60) for row in scene.rows) or words("compute.none")
    if scale is None:
        return words("compute.desc_unknown", rows=rows)
    return words(
        "compute.desc",
        unit=scene.unit,
        low=words.amount(Fraction(10) ** scale.first),
        high=words.amount(Fraction(10) ** scale.last),
        rows=rows,
        thresholds=", ".join(
            f"{words.amount(t.amount)} {shorten(t.label, 1, 60)}".strip() for t in scene.thresholds
        )
        or words("compute.none"),
    )


def _threshold_labels(
    scene: _Scene, layout: Layout, scale: LogScale | None
) -> tuple[tuple[Flag, ...], tuple[tuple[str, ...], ...]]:
    """The flags of the thresholds and the lines of text on each."""
    if scale is None or not scene.thresholds:
        return (), ()
    room, most = (124.0, 4) if layout.stacked else (148.0, 3)
    labels = tuple(_flag_lines(t, room, most, scene.words) for t in scene.thresholds)
    flags = place_flags(
        [scale.place(as_fraction(t.amount)) for t in scene.thresholds],
        [max(width(line, SMALL) for line in lines) for lines in labels],
        0.0,
        layout.width,
    )
    return flags, labels


def _flag_lines(threshold: Threshold, room: float, most: int, words: Words) -> tuple[str, ...]:
    """Amount, name in a few lines, and the day from which the threshold applies."""
    lines = [words.amount(threshold.amount)]
    if threshold.label.strip():
        lines.extend(wrap(threshold.label, SMALL, room, most))
    if threshold.applies_from is not None:
        lines.append(words("compute.from", date=words.date(threshold.applies_from)))
    return tuple(lines)


def _threshold_lines(
    scene: _Scene, layout: Layout, flags: Sequence[Flag], bands: Sequence[_Band], heads: _Heads
) -> Iterator[Element]:
    """Each threshold as a line: solid over the rows that it is meant for, dotted elsewhere."""
    for threshold, flag, head in zip(scene.thresholds, flags, heads.tops, strict=True):
        solid = [path("M", flag.x, head, "V", heads.bottom)]
        dotted: list[str] = []
        for band in bands:
            # Stacked rows hold text over their whole width, so the line keeps to the track.
            start, end = (
                (band.bar - 11, band.bar + 11)
                if layout.stacked
                else (band.top, band.top + band.height)
            )
            piece = path("M", flag.x, start, "V", end)
            (solid if threshold.concerns(band.row) else dotted).append(piece)
        yield element("path", d=" ".join(solid), stroke_width="1.5", **stroke("ink"))
        if dotted:
            yield element("path", d=" ".join(dotted), stroke_dasharray="1 4", **stroke("ink"))


def _flag_texts(
    flags: Sequence[Flag], labels: Sequence[tuple[str, ...]], heads: _Heads
) -> Iterator[Element]:
    """The labels of the thresholds, each on its own piece of ground."""
    for flag, lines, head in zip(flags, labels, heads.tops, strict=True):
        size = flag.right - flag.left
        yield element(
            "rect", x=flag.left, y=head, width=size, height=len(lines) * 15 + 2, **fill("ground")
        )
        x, anchor = (flag.right, "end") if flag.leftward else (flag.left, None)
        for index, line in enumerate(lines):
            role, y = ("muted" if index else "ink"), head + 11 + index * 15
            yield lettering(x, y, line, size=SMALL, anchor=anchor, bold=not index, role=role)


def _heads(flags: Sequence[Flag], labels: Sequence[tuple[str, ...]]) -> _Heads:
    """Where the labels of each flag begin: levels are as high as their tallest label."""
    heights = [0.0] * (1 + max((flag.level for flag in flags), default=-1))
    for flag, lines in zip(flags, labels, strict=True):
        heights[flag.level] = max(heights[flag.level], len(lines) * 15.0 + 8)
    total = sum(heights)
    return _Heads(tuple(total - sum(heights[: flag.level + 1]) for flag in flags), total + 4)


def _bands(scene: _Scene, layout: Layout, top: float) -> Iterator[_Band]:
    """Stack the rows; a long text makes its row taller instead of running into the next."""
    room = layout.width if layout.stacked else layout.left - 24
    for row in scene.rows:
        known = interval(row).known
        amount = amount_words(row, scene.unit, scene.words)
        lines = [_Line(text, LARGE, "ink", False) for text in wrap(row.label, LARGE, room, 3)]
        lines += [
            _Line(text, LARGE, "ink" if known else "muted", known)
            for text in wrap(amount, LARGE, room, 2)
        ]
        lines += [
            _Line(text, SMALL, "cannot-tell", False)
            for text in wrap(_hedge(row, scene), SMALL, room, 3)
            if text
        ]
        text_height = len(lines) * _LINE
        if layout.stacked:
            yield _Band(row, top, text_height + 40, top + text_height + 22, tuple(lines))
            top += text_height + 40
        else:
            yield _Band(row, top, text_height + 18, top + (text_height + 18) / 2, tuple(lines))
            top += text_height + 18


def _hedge(row: ComputeRow, scene: _Scene) -> str:
    """The warning of a row whose bound crosses a threshold."""
    open_ones = crossed(row, scene.thresholds)
    if not open_ones:
        return ""
    names = ", ".join(scene.words.amount(threshold.amount) for threshold in open_ones)
    return scene.words("compute.crosses", thresholds=names)


def _row(scene: _Scene, layout: Layout, scale: LogScale | None, band: _Band) -> Element:
    """One row: rule, name, value in words, warning, bar and point."""
    rule = path("M 0", band.top, "H", layout.right)
    parts = [element("path", d=rule, **stroke("line"))]
    if not layout.stacked:
        parts.insert(0, tooltip(_tip(band.row, scene)))
    for index, line in enumerate(band.lines):
        y = band.top + 21 + index * _LINE
        parts.append(lettering(0, y, line.text, size=line.size, role=line.role, bold=line.bold))
    if scale is not None and interval(band.row).known:
        parts.extend(_mark(scene, layout, scale, band))
    else:
        # An empty row is as visible as a full one.
        track = path("M", layout.left, band.bar, "H", layout.right)
        parts.append(element("path", d=track, stroke_dasharray="6 6", **stroke("muted")))
    return element("g", *parts)


def _tip(row: ComputeRow, scene: _Scene) -> str:
    exactly = exact_words(row, scene.unit, scene.words)
    return ". ".join(filter(None, (f"{shorten(row.label, 1, 120)}: {exactly}", row.note[:240])))


def _mark(scene: _Scene, layout: Layout, scale: LogScale, band: _Band) -> Iterator[Element]:
    """The bound as a bar, an open end as an arrow, the central value as a point."""
    known = interval(band.row)
    y = band.bar
    start = scale.place(known.low) if known.low is not None else scale.left
    end = scale.place(known.high) if known.high is not None else scale.right
    is_open = bool(crossed(band.row, scene.thresholds))
    role = "cannot-tell" if is_open else "accent"
    if end > start:
        outline = _bar_outline(start, end, y, known.low is None, known.high is None)
        yield element("path", d=outline, **fill("ground"))
        paint = f"url(#{hatch_id(scene.id, layout)})" if is_open else LIGHT[role]
        # The fill of a hatch is a reference, which no class may overrule.
        yield element(
            "path",
            d=outline,
            fill=paint,
            fill_opacity=None if is_open else "0.22",
            class_=None if is_open else f"f-{role}",
        )
        yield element(
            "path", d=outline, stroke_width="1.5", stroke_linejoin="round", **stroke(role)
        )
    if known.middle is not None:
        yield _point(scale, known.middle, y, role)


def _point(scale: LogScale, amount: Fraction, y: float, role: str) -> Element:
    """The central value; zero has no place on a logarithm, so it points off the left end."""
    edge = {"class_": f"f-{role} s-ground", "fill": LIGHT[role], "stroke": LIGHT["ground"]}
    x = scale.place(amount)
    if not amount:
        return element("path", d=path("M", x - 2, y, "l 11 -6 v 12 z"), **edge)
    return element("circle", cx=x, cy=y, r=5.5, stroke_width="1.5", **edge)


def _bar_outline(start: float, end: float, y: float, open_left: bool, open_right: bool) -> str:
    """A bar whose open end is drawn out to a point, however short the bar."""
    half = _BAR / 2
    tip = min(12.0, (end - start) / 2)
    parts: list[str | float] = ["M", start + (tip if open_left else 0), y - half]
    parts += ["H", end - (tip if open_right else 0)]
    parts += ["L", end, y, "L", end - tip, y + half] if open_right else ["V", y + half]
    parts += ["H", start + (tip if open_left else 0)]
    parts += ["L", start, y, "Z"] if open_left else ["Z"]
    return path(*parts)


def _axis(scene: _Scene, scale: LogScale, y: float) -> Iterator[Element]:
    """The axis with a tick a decade, fine ticks where they can be told apart, and its name."""
    line = [path("M", scale.left, y, "H", scale.right)]
    for exponent in range(scale.first, scale.last + 1):
        power = Fraction(10) ** exponent
        line.append(path("M", scale.place(power), y, "v", 7))
        if scale.decade >= 60 and exponent < scale.last:
            line.extend(path("M", scale.place(step * power), y, "v", 4) for step in range(2, 10))
    yield element("path", d=" ".join(line), **stroke("muted"))
    for exponent in scale.exponents(44):
        power = Fraction(10) ** exponent
        text = scene.words.amount(power)
        yield lettering(scale.place(power), y + 22, text, role="muted", anchor="middle")
    name = scene.words("compute.axis", unit=scene.unit)
    yield lettering(scale.right, y + 42, name, size=SMALL, role="muted", anchor="end")
