"""Computing power over time and to come: what is done, the pace carried forward, its band.

Time runs to the right, operations upwards on a logarithmic axis; thresholds are lines across, and a
crossing is a point on its line with the days between which it lies. Nothing is forecast here: days,
amounts and bands are the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction

import msgspec

from chapterv.errors import InputError
from chapterv.facts.wording import Amount, as_fraction, exact, percent
from chapterv.figures.axis import LogScale, TimeScale, log_scale, month_ticks, time_scale
from chapterv.figures.canvas import SIZE, SMALL, drawing, lettering, tooltip
from chapterv.figures.compute_rows import Threshold
from chapterv.figures.figure import Figure, Layout, Table, checked_id
from chapterv.figures.lettering import shorten, width
from chapterv.figures.style import LIGHT, fill, stroke
from chapterv.figures.svg import Element, element, path
from chapterv.figures.texts import Words

__all__ = ["CrossingDays", "FanPoint", "forecast_fan"]

_WIDE = Layout("wide", 920, 72, 900, stacked=False)
_NARROW = Layout("narrow", 360, 52, 346, stacked=True)
_TOP = 30.0
_HEIGHT = 250.0
_TICKS = 24.0

# Older and smaller amounts would press what decides into the last tenth of the axis.
_DECADES = 2


class FanPoint(msgspec.Struct, frozen=True):
    """An amount by the end of a day; the band where one is known.

    Args:
        day: the day.
        amount: done by then, or to come at the present pace.
        low: lowest amount of the band, or None.
        high: highest amount of the band, or None.
    """

    day: date
    amount: Amount
    low: Amount | None = None
    high: Amount | None = None


class CrossingDays(msgspec.Struct, frozen=True):
    """When a threshold will be exceeded; None is out of sight, or not known.

    Args:
        threshold: the threshold.
        earliest: first day of the band.
        central: day at the present pace.
        latest: last day of the band.
    """

    threshold: Threshold
    earliest: date | None = None
    central: date | None = None
    latest: date | None = None


class _Scene(msgspec.Struct, frozen=True):
    """What both drawings are made from."""

    id: str
    title: str
    past: tuple[FanPoint, ...]
    ahead: tuple[FanPoint, ...]
    crossings: tuple[CrossingDays, ...]
    today: date
    unit: str
    share: str
    words: Words


class _Plot(msgspec.Struct, frozen=True):
    """The two scales of one drawing."""

    time: TimeScale
    amounts: LogScale

    def x(self, day: date) -> float:
        """Place of a day."""
        return self.time.place(day)

    def y(self, amount: Amount) -> float:
        """Place of an amount; the axis grows upwards, and what is below it lies at its foot."""
        return _TOP + _HEIGHT - self.amounts.place(as_fraction(amount))


def forecast_fan(
    past: Sequence[FanPoint],
    ahead: Sequence[FanPoint],
    crossings: Sequence[CrossingDays],
    today: date,
    *,
    share: Fraction = Fraction(8, 10),
    id: str = "forecast",
    unit: str = "FLOP",
    title: str | None = None,
    caption: str | None = None,
    texts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw what is done and what is to come against thresholds.

    Args:
        past: amounts done, by day.
        ahead: amounts to come, by day, with their band.
        crossings: the thresholds with the days on which they will be exceeded.
        today: the day of the forecast.
        share: of futures that lie within the band.
        id: unique on the page.
        unit: unit of all amounts.
        title: name of the figure, or None for the usual one.
        caption: the result in words, or None to compose it from the numbers.
        texts: words of another language (keys of `chapterv.figures.texts.ENGLISH`).
    Returns: the figure; all numbers in its table are exact.
    Raises: InputError if an amount, a band or the id cannot be used.
    """
    words = Words(texts)
    scene = _Scene(
        id=checked_id(id),
        title=title or words("fan.title"),
        past=tuple(sorted(past, key=_day_of)),
        ahead=tuple(sorted(ahead, key=_day_of)),
        crossings=tuple(crossings),
        today=today,
        unit=unit,
        share=percent(share, words("decimal_mark")),
        words=words,
    )
    for point in (*scene.past, *scene.ahead):
        _check(point)
    return Figure(
        id=scene.id,
        title=scene.title,
        svg=_draw(scene, _WIDE),
        svg_narrow=_draw(scene, _NARROW),
        caption=caption if caption is not None else _caption(scene),
        table=_table(scene),
        data_label=words("figure.data"),
    )


def _day_of(point: FanPoint) -> date:
    return point.day


def _check(point: FanPoint) -> None:
    values = [
        as_fraction(value, point.day.isoformat())
        for value in (point.low, point.amount, point.high)
        if value is not None
    ]
    if values != sorted(values):
        raise InputError(
            "the band does not hold the amount",
            point.day.isoformat(),
            "Give low <= amount <= high.",
        )


def _draw(scene: _Scene, layout: Layout) -> str:
    """One drawing: axes, band, lines, thresholds, crossings, and what the signs mean."""
    plot = _plot(scene, layout)
    if plot is None:
        empty = [lettering(0, SIZE + 4, scene.words("figure.empty"), role="muted")]
        return drawing(scene.id, layout, SIZE + 12, scene.title, _description(scene, plot), empty)
    parts: list[Element] = [
        *_axes(scene, layout, plot),
        *_band(scene, plot),
        *_today(scene, layout, plot),
        *_lines(scene, plot),
    ]
    for index, crossing in enumerate(scene.crossings):
        parts.append(_crossing(scene, layout, plot, crossing, index))
    parts.extend(_key(scene, layout))
    height = _TOP + _HEIGHT + _TICKS + 24
    return drawing(scene.id, layout, height, scene.title, _description(scene, plot), parts)


def _plot(scene: _Scene, layout: Layout) -> _Plot | None:
    points = (*scene.past, *scene.ahead)
    if not points:
        return None
    amounts = [as_fraction(c.threshold.amount, c.threshold.label) for c in scene.crossings]
    for point in points:
        amounts += [as_fraction(v) for v in (point.low, point.amount, point.high) if v is not None]
    largest = max(amounts)
    shown = [amount for amount in amounts if amount * 10**_DECADES >= largest]
    scale = log_scale(shown, 0, _HEIGHT)
    days = [point.day for point in points]
    days += [day for c in scene.crossings for day in (c.central, c.latest) if day is not None]
    time = time_scale(days, scene.today, layout.left, layout.right)
    return None if scale is None else _Plot(time, scale)


def _description(scene: _Scene, plot: _Plot | None) -> str:
    words = scene.words
    thresholds = ", ".join(
        f"{words.amount(c.threshold.amount)} {shorten(c.threshold.label, 1, 60)}".strip()
        for c in scene.crossings
    )
    thresholds = thresholds or words("compute.none")
    if plot is None:
        return words("fan.desc_empty", thresholds=thresholds)
    amount = words.amount(scene.past[-1].amount) if scene.past else words("compute.unknown")
    return words(
        "fan.desc",
        first=words.date(plot.time.first),
        last=words.date(plot.time.last),
        unit=scene.unit,
        low=words.amount(Fraction(10) ** plot.amounts.first),
        high=words.amount(Fraction(10) ** plot.amounts.last),
        today=words.date(scene.today),
        amount=amount,
        thresholds=thresholds,
    )


def _axes(scene: _Scene, layout: Layout, plot: _Plot) -> Iterator[Element]:
    """Powers of ten at the left, months below, and light rules between."""
    foot = _TOP + _HEIGHT
    yield lettering(0, 14, scene.words("fan.axis", unit=scene.unit), size=SMALL, role="muted")
    rules = []
    for exponent in range(plot.amounts.first, plot.amounts.last + 1):
        power = Fraction(10) ** exponent
        rules.append(path("M", layout.left, plot.y(power), "H", layout.right))
        text = scene.words.amount(power)
        yield lettering(layout.left - 8, plot.y(power) + 4, text, role="muted", anchor="end")
    yield element("path", d=" ".join(rules), **stroke("line"))
    yield element("path", d=path("M", layout.left, foot, "H", layout.right), **stroke("muted"))
    taken = 0.0
    for day in month_ticks(plot.time, 74):
        x = plot.x(day)
        yield element("path", d=path("M", x, foot, "v", 6), **stroke("muted"))
        name = f"{scene.words(f'month.short.{day.month}')} {day.year}"
        half = width(name, SMALL) / 2
        if x - half >= taken and x + half <= layout.width:
            yield lettering(x, foot + 20, name, size=SMALL, role="muted", anchor="middle")
            taken = x + half + 4


def _today(scene: _Scene, layout: Layout, plot: _Plot) -> Iterator[Element]:
    x = plot.x(scene.today)
    line = path("M", x, _TOP - 6, "V", _TOP + _HEIGHT)
    yield element("path", d=line, stroke_dasharray="4 4", **stroke("muted"))
    said = scene.words("fan.today", date=scene.words.date(scene.today))
    half = width(said, SMALL, bold=True) / 2
    # The name of the axis stands at the left of the same line.
    taken = width(scene.words("fan.axis", unit=scene.unit), SMALL) + 10
    middle = max(min(max(x, half + taken), layout.width - half), half)
    yield lettering(middle, 14, said, size=SMALL, anchor="middle", bold=True)


def _band(scene: _Scene, plot: _Plot) -> Iterator[Element]:
    """The area between the lowest and the highest amounts."""
    known = [
        (p.day, p.low, p.high) for p in scene.ahead if p.low is not None and p.high is not None
    ]
    if len(known) < 2:
        return
    steps: list[str | float] = []
    for day, _, high in known:
        steps += ["L" if steps else "M", plot.x(day), plot.y(high)]
    for day, low, _ in reversed(known):
        steps += ["L", plot.x(day), plot.y(low)]
    yield element(
        "path", d=path(*steps, "Z"), class_="f-accent", fill=LIGHT["accent"], fill_opacity="0.22"
    )


def _lines(scene: _Scene, plot: _Plot) -> Iterator[Element]:
    """What is done as a heavy line, what is to come as a dashed one that goes on from it."""
    joined = (*scene.past[-1:], *scene.ahead)
    for points, options in (
        (joined, {"stroke_width": "2", "stroke_dasharray": "6 4"}),
        (scene.past, {"stroke_width": "3"}),
    ):
        steps: list[str | float] = []
        for point in points:
            steps += ["L" if steps else "M", plot.x(point.day), plot.y(point.amount)]
        if len(points) > 1:
            yield element("path", d=path(*steps), **options, **stroke("accent"))
    if scene.past:
        last = scene.past[-1]
        dot = {"class_": "f-accent s-ground", "fill": LIGHT["accent"], "stroke": LIGHT["ground"]}
        yield element("circle", cx=plot.x(last.day), cy=plot.y(last.amount), r=5, **dot)


def _crossing(
    scene: _Scene, layout: Layout, plot: _Plot, crossing: CrossingDays, index: int
) -> Element:
    """A threshold as a line with its name, and its crossing with the days around it."""
    threshold = crossing.threshold
    y = plot.y(threshold.amount)
    name = f"{scene.words.amount(threshold.amount)} {' '.join(threshold.label.split())}".strip()
    room = (layout.right - layout.left) * (0.8 if layout.stacked else 0.6)
    parts = [
        tooltip(f"{name[:200]}. {_days(scene, crossing)}"),
        element(
            "path", d=path("M", layout.left, y, "H", layout.right), stroke_width="1.5",
            **stroke("ink"),
        ),
        *_grounded(layout.left + 6, y - 6, shorten(name, SMALL, room), None),
    ]  # fmt: skip
    if crossing.central is not None and plot.time.holds(crossing.central):
        x = plot.x(crossing.central)
        if crossing.earliest is not None:
            end = plot.x(crossing.latest) if crossing.latest is not None else layout.right
            bar = path("M", plot.x(crossing.earliest), y - 5, "v", 10, "m 0 -5 H", end)
            bar += " m 0 -5 v 10" if crossing.latest is not None else ""
            parts.append(element("path", d=bar, stroke_width="2.5", **stroke("late")))
        mark = {"class_": "f-late s-ground", "fill": LIGHT["late"], "stroke": LIGHT["ground"]}
        parts.append(element("path", d=path("M", x, y - 7, "l 7 7 -7 7 -7 -7 z"), **mark))
        said = _days(scene, crossing, brief=layout.stacked)
        half = width(said, SMALL) / 2
        middle = min(max(x, layout.left + half + 4), layout.right - half)
        # Above its line there is more room, unless the name of the threshold stands there.
        free = middle - half > layout.left + min(width(name, SMALL), room) + 20
        parts.extend(_grounded(middle, y - 14 if free else y + 22, said, "middle"))
    return element("g", *parts)


def _grounded(x: float, y: float, text: str, anchor: str | None) -> Iterator[Element]:
    """A line of text on its own piece of ground, so that lines behind it stay off it."""
    size = width(text, SMALL)
    left = x - size / 2 if anchor else x
    yield element(
        "rect", x=left - 2, y=y - 11, width=size + 4, height=15, fill_opacity="0.85",
        **fill("ground"),
    )  # fmt: skip
    yield lettering(x, y, text, size=SMALL, anchor=anchor)


def _days(scene: _Scene, crossing: CrossingDays, *, brief: bool = False) -> str:
    words = scene.words
    if _passed(scene, crossing):
        return words("fan.passed")
    if crossing.central is None:
        return words("fan.out_of_sight")
    central = words.date(crossing.central)
    if crossing.earliest is None or brief:
        return words("fan.crossing", central=central)
    latest = crossing.latest
    return words(
        "fan.crossing_band",
        central=central,
        earliest=words.date(crossing.earliest),
        latest=words.date(latest) if latest is not None else words("fan.out_of_sight"),
    )


def _key(scene: _Scene, layout: Layout) -> Iterator[Element]:
    """The three signs, directly below the axis."""
    y = _TOP + _HEIGHT + _TICKS + 16
    entries = [("fan.done", {"stroke_width": "3"})]
    if scene.ahead:
        entries.append(("fan.central", {"stroke_width": "2", "stroke_dasharray": "6 4"}))
    if any(one.low is not None for one in scene.ahead):
        entries.append(("fan.band", {"stroke_width": "10", "stroke_opacity": "0.22"}))
    x = layout.left if not layout.stacked else 0.0
    for name, options in entries:
        text = scene.words(name, share=scene.share)
        yield element("path", d=path("M", x, y - 4, "h", 22), **options, **stroke("accent"))
        yield lettering(x + 28, y, text, size=SMALL, role="muted")
        x += 28 + width(text, SMALL) + 18


def _caption(scene: _Scene) -> str:
    words = scene.words
    if not scene.past and not scene.ahead:
        return words("figure.empty")
    told = []
    if scene.past:
        last = scene.past[-1]
        told.append(
            words(
                "fan.caption.done",
                date=words.date(last.day),
                amount=words.amount(last.amount),
                unit=scene.unit,
            )
        )
    for crossing in scene.crossings:
        told.append(_crossing_words(scene, crossing))
    return " ".join(told)


def _passed(scene: _Scene, crossing: CrossingDays) -> bool:
    """Whether what is done is above the threshold already."""
    return bool(scene.past) and as_fraction(scene.past[-1].amount) > as_fraction(
        crossing.threshold.amount
    )


def _crossing_words(scene: _Scene, crossing: CrossingDays) -> str:
    words = scene.words
    amount = f"{words.amount(crossing.threshold.amount)}\u00a0{scene.unit}"
    if _passed(scene, crossing):
        return words("fan.caption.passed", amount=amount)
    if crossing.central is None:
        return words("fan.caption.none", amount=amount)
    central = words.date(crossing.central)
    if crossing.earliest is None:
        return words("fan.caption.crossing", amount=amount, central=central)
    latest = crossing.latest
    return words(
        "fan.caption.crossing_band",
        amount=amount,
        central=central,
        earliest=words.date(crossing.earliest),
        latest=words.date(latest) if latest is not None else words("fan.out_of_sight"),
        share=scene.share,
    )


def _table(scene: _Scene) -> Table:
    """All numbers, exact: days done, days to come, thresholds with their days."""
    words = scene.words
    names = ("day", "kind", "low", "amount", "high", "note")
    header = tuple(words(f"fan.column.{name}", unit=scene.unit) for name in names)
    mark = words("decimal_mark")
    rows = []
    for kind, points in (("done", scene.past), ("ahead", scene.ahead)):
        for point in points:
            cells = [
                "" if value is None else exact(value, mark)
                for value in (point.low, point.amount, point.high)
            ]
            rows.append((point.day.isoformat(), words(f"fan.kind.{kind}"), *cells, ""))
    for crossing in scene.crossings:
        threshold = crossing.threshold
        amount = exact(as_fraction(threshold.amount), mark)
        day = crossing.central.isoformat() if crossing.central else _days(scene, crossing)
        ends = [one.isoformat() if one else "" for one in (crossing.earliest, crossing.latest)]
        note = " ".join([threshold.label, *(["–".join(ends)] if any(ends) else [])])
        rows.append((day, words("fan.kind.threshold"), "", amount, "", note))
    return Table(header, tuple(rows), numeric=frozenset({2, 3, 4}))
