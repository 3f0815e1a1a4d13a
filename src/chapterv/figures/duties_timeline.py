"""Duties and clocks over time, with today's line: what is late, due, coming, done, untold.

Entries stand in groups by state, each group under its sign and its word, so that forty of them can
still be read. Text keeps to its own columns and never lies on a bar. What has no date is listed
under the timeline; what does not concern the model is named there in one paragraph a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from chapterv.figures.axis import TimeScale, month_ticks, time_scale
from chapterv.figures.canvas import LARGE, SIZE, SMALL, drawing, hatch_id, lettering, tooltip
from chapterv.figures.duties_entries import (
    SET_ASIDE,
    STATES,
    TimelineEntry,
    caption_words,
    counts,
    duties_table,
    ordered,
    when_words,
)
from chapterv.figures.figure import Figure, Layout, checked_id
from chapterv.figures.glyphs import ROLES, glyph
from chapterv.figures.lettering import shorten, width, wrap
from chapterv.figures.style import LIGHT, fill, stroke
from chapterv.figures.svg import Element, element, path
from chapterv.figures.texts import Words

__all__ = ["MOST_ENTRIES", "duties_timeline"]

_WIDE = Layout("wide", 920, 300, 696, stacked=False)
_NARROW = Layout("narrow", 360, 12, 340, stacked=True)

# More entries are in the table only; the drawing says how many.
MOST_ENTRIES = 40
_LINE = 17.0
_WHEN = 204.0


class _Scene(msgspec.Struct, frozen=True):
    """What both drawings are made from."""

    id: str
    title: str
    dated: tuple[TimelineEntry, ...]
    undated: tuple[TimelineEntry, ...]
    aside: tuple[TimelineEntry, ...]
    left_out: int
    today: date
    words: Words


class _Block(msgspec.Struct, frozen=True):
    """A stacked piece of a drawing: its elements and where the next one begins.

    Args:
        parts: elements, back to front.
        bottom: lower edge in user units.
        track: middle of the time track, in user units, or None if it has none.
    """

    parts: tuple[Element, ...]
    bottom: float
    track: float | None = None


def duties_timeline(
    entries: Iterable[TimelineEntry],
    today: date,
    *,
    id: str = "duties",
    title: str | None = None,
    caption: str | None = None,
    texts: Mapping[str, str] | None = None,
) -> Figure:
    """Draw duties and clocks over time.

    Args:
        entries: duties and clocks in any order, each with the state it has today.
        today: the day of the assessment.
        id: unique on the page.
        title: name of the figure, or None for the usual one.
        caption: the result in words, or None to compose it from the entries.
        texts: words of another language (keys of `chapterv.figures.texts.ENGLISH`).
    Returns: the figure; every entry is in its table.
    Raises: InputError if a state, a pair of days or the id cannot be used.
    """
    words = Words(texts)
    everything = ordered(entries)
    concerned = tuple(entry for entry in everything if entry.state not in SET_ASIDE)
    drawn = concerned[:MOST_ENTRIES]
    scene = _Scene(
        id=checked_id(id),
        title=title or words("duties.title"),
        dated=tuple(entry for entry in drawn if entry.dates),
        undated=tuple(entry for entry in drawn if not entry.dates),
        aside=tuple(entry for entry in everything if entry.state in SET_ASIDE),
        left_out=len(concerned) - len(drawn),
        today=today,
        words=words,
    )
    return Figure(
        id=scene.id,
        title=scene.title,
        svg=_draw(scene, _WIDE),
        svg_narrow=_draw(scene, _NARROW),
        caption=caption if caption is not None else caption_words(everything, today, words),
        table=duties_table(everything, today, words),
        data_label=words("figure.data"),
    )


def _draw(scene: _Scene, layout: Layout) -> str:
    """Lay out one drawing from top to bottom: axis, groups, what has no date, what is set aside."""
    days = [day for entry in scene.dated for day in entry.dates]
    scale = time_scale(days, scene.today, layout.left, layout.right)
    blocks: list[_Block] = []
    y = 44.0 if scene.dated else 4.0
    for block in _groups(scene, layout, scale, y):
        blocks.append(block)
        y = block.bottom
    behind = list(_calendar(scene, layout, scale, blocks, y)) if scene.dated else []
    for block in _below(scene, layout, y):
        blocks.append(block)
        y = block.bottom
    parts = [part for block in blocks for part in block.parts]
    if not parts:
        parts = [lettering(0, SIZE + 4, scene.words("figure.empty"), role="muted")]
        y = SIZE + 10
    description = _description(scene, scale)
    return drawing(scene.id, layout, y + 4, scene.title, description, [*behind, *parts])


def _description(scene: _Scene, scale: TimeScale) -> str:
    words = scene.words
    states = ", ".join(counts((*scene.dated, *scene.undated, *scene.aside), words))
    if not scene.dated:
        return words("duties.desc_undated", states=states)
    return words(
        "duties.desc",
        first=words.date(scale.first),
        last=words.date(scale.last),
        today=words.date(scene.today),
        states=states,
    )


def _groups(scene: _Scene, layout: Layout, scale: TimeScale, y: float) -> Iterator[_Block]:
    """The dated entries, a heading and its rows for each state that occurs."""
    for state in STATES:
        members = [entry for entry in scene.dated if entry.state == state]
        if not members:
            continue
        heading = scene.words(
            "duties.set_aside", state=scene.words(f"duties.state.{state}"), count=len(members)
        )
        role = ROLES[state]
        sign = glyph(state, 8, y + 19, hatch_id(scene.id, layout))
        yield _Block(
            (sign, lettering(22, y + 24, heading, role=role, bold=True, size=LARGE)), y + 32
        )
        y += 32
        for entry in members:
            block = _entry(scene, layout, scale, entry, y)
            yield block
            y = block.bottom


def _entry(
    scene: _Scene, layout: Layout, scale: TimeScale, entry: TimelineEntry, y: float
) -> _Block:
    """One row: name, bar and sign on the track, the day in words."""
    room = layout.width if layout.stacked else layout.left - 22
    label = wrap(entry.label, SIZE, room, 2)
    when = when_words(entry, scene.today, scene.words, long=layout.stacked)
    parts: list[Element] = []
    hidden = _hidden(entry, label)
    # The narrow drawing is for touch, where nothing rests on a row; it stays light without titles.
    if hidden and not layout.stacked:
        parts.append(tooltip(hidden))
    for index, line in enumerate(label):
        parts.append(lettering(0, y + 14 + index * 16, line))
    if layout.stacked:
        text_height = len(label) * 16
        said = shorten(when, SIZE, room)
        parts.append(lettering(0, y + 14 + text_height, said, role=ROLES[entry.state]))
        track, bottom = y + text_height + 32, y + text_height + 46
    else:
        lines = wrap(when, SIZE, _WHEN, 2)
        bottom = y + max(len(label), len(lines)) * 16 + 10
        track = y + 9.5
        for index, line in enumerate(lines):
            x, role = layout.right + 20, ROLES[entry.state]
            parts.append(lettering(x, y + 14 + index * 16, line, role=role))
    parts.extend(_mark(scene, layout, scale, entry, track))
    return _Block((element("g", *parts),), bottom, track)


def _hidden(entry: TimelineEntry, label: Sequence[str]) -> str:
    """What the row itself does not show: a name that was cut, and the note."""
    name = " ".join(entry.label.split()) if label[-1].endswith("…") else ""
    return shorten(". ".join(filter(None, (name, entry.note))), 1, 70)


def _mark(
    scene: _Scene, layout: Layout, scale: TimeScale, entry: TimelineEntry, y: float
) -> Iterator[Element]:
    """The stretch of time of an entry, then its sign at the day that counts."""
    role, hatch = ROLES[entry.state], hatch_id(scene.id, layout)
    today = scale.place(scene.today)
    # What has no end runs on to the end of the axis; what has no start is only its sign.
    end_day = entry.due or (entry.done_on if entry.state == "done" else None)
    end = scale.place(end_day) if end_day else scale.right
    start = scale.place(entry.start) if entry.start else end
    is_clock = entry.kind == "clock" and entry.start is not None and end_day is not None
    if is_clock:
        yield from _clock_bar(today, start, end, y, entry, hatch)
    elif entry.state == "grace" and start < end:
        box = path("M", end, y - 8, "v", 16, "M", end, y - 5, "H", start, "v", 10, "H", end)
        yield element("path", d=box, stroke_width="1.6", **stroke(role))
    elif start < end:
        dash = "4 3" if entry.state in ("coming", "cannot_tell") else None
        rule = path("M", start, y, "H", end)
        yield element("path", d=rule, stroke_width="2", stroke_dasharray=dash, **stroke(role))
    if entry.state == "late" and entry.due is not None and end < today:
        # The days since the due day are the message: they are drawn as a solid bar up to today.
        yield element("rect", x=end, y=y - 3, width=today - end, height=6, **fill(role))
    day = _counting_day(entry)
    # A clock's bar may be a few pixels long, and must not vanish under its sign.
    x = end + 9 if is_clock and entry.state != "done" else scale.place(day)
    if entry.state != "grace" or start >= end:
        yield glyph(entry.state, x, y, hatch)
    if not scale.holds(day):
        yield _off_scale(scale, day, x, y, role)


def _counting_day(entry: TimelineEntry) -> date:
    """The day at which the sign of an entry stands."""
    day = entry.done_on if entry.state == "done" else None
    day = day or entry.due or entry.start or entry.done_on
    assert day is not None
    return day


def _off_scale(scale: TimeScale, day: date, x: float, y: float, role: str) -> Element:
    """An arrow outside a sign whose day lies beyond the axis."""
    out = -1 if day < scale.first else 1
    arrow = path("M", x + out * 8, y - 4, "l", out * 4, 4, out * -4, 4)
    return element("path", d=arrow, stroke_width="1.6", **stroke(role))


def _clock_bar(
    today: float, start: float, end: float, y: float, entry: TimelineEntry, hatch: str
) -> Iterator[Element]:
    """A bar from start to due, filled as far as the time has run."""
    role = ROLES[entry.state]
    run = end if entry.state == "done" else min(max(today, start), end)
    place = {"x": start, "y": y - 5, "height": 10.0}
    ground = {"class_": f"f-ground s-{role}", "fill": LIGHT["ground"], "stroke": LIGHT[role]}
    yield element("rect", width=max(end - start, 3.0), **place, **ground)
    if run > start:
        paint = {"fill": f"url(#{hatch})"} if entry.state == "cannot_tell" else fill(role)
        yield element("rect", width=run - start, **place, **paint)


def _calendar(
    scene: _Scene, layout: Layout, scale: TimeScale, blocks: Sequence[_Block], bottom: float
) -> Iterator[Element]:
    """Months above, their lines behind the tracks, and today's line over them."""
    words = scene.words
    ticks = month_ticks(scale, 74)
    tracks = [block.track for block in blocks if block.track is not None]
    months = [scale.place(day) for day in ticks]
    yield element("path", d=_lines(months, layout, tracks, bottom), **stroke("line"))
    today = scale.place(scene.today)
    yield element(
        "path", d=_lines([today], layout, tracks, bottom), stroke_width="1.6", **stroke("accent")
    )
    taken = 0.0
    for day, x in zip(ticks, months, strict=True):
        name = f"{words(f'month.short.{day.month}')} {day.year}"
        half = width(name, SMALL) / 2
        middle = max(x, half)
        if middle - half >= taken and middle + half <= layout.width:
            yield lettering(middle, 38, name, size=SMALL, role="muted", anchor="middle")
            taken = middle + half + 4
    said = words("duties.today", date=words.date(scene.today))
    half = width(said, SIZE, bold=True) / 2
    x = min(max(today, half), layout.width - half)
    yield lettering(x, 16, said, role="accent", anchor="middle", bold=True)
    yield element("path", d=path("M", today - 4, 20, "h 8 l -4 5 z"), **fill("accent"))


def _lines(places: Sequence[float], layout: Layout, tracks: Sequence[float], bottom: float) -> str:
    """Vertical lines; where rows are stacked they keep to the tracks, off the text."""
    if not layout.stacked:
        return " ".join(path("M", x, 44, "V", bottom) for x in places)
    return " ".join(path("M", x, y - 9, "v", 18) for y in tracks for x in places)


def _below(scene: _Scene, layout: Layout, y: float) -> Iterator[_Block]:
    """What has no place in time: undated entries one by one, set-aside ones as paragraphs."""
    words = scene.words
    if scene.undated:
        yield _Block(
            (lettering(0, y + 26, words("duties.undated"), bold=True, size=LARGE),), y + 34
        )
        y += 34
    for entry in scene.undated:
        block = _undated(scene, layout, entry, y)
        yield block
        y = block.bottom
    for state in SET_ASIDE:
        members = [entry for entry in scene.aside if entry.state == state]
        if members:
            block = _paragraph(scene, layout, state, members, y)
            yield block
            y = block.bottom
    if scene.left_out:
        more = words.count("figure.more", scene.left_out)
        yield _Block((lettering(0, y + 22, more, role="muted"),), y + 28)


def _undated(scene: _Scene, layout: Layout, entry: TimelineEntry, y: float) -> _Block:
    """An entry without a date: its sign, its name, its state in words."""
    state = scene.words(f"duties.state.{entry.state}")
    room = layout.width - 22 if layout.stacked else layout.right - 30
    label = wrap(entry.label, SIZE, room, 2)
    parts = [glyph(entry.state, 8, y + 9, hatch_id(scene.id, layout))]
    for index, line in enumerate(label):
        parts.append(lettering(22, y + 14 + index * 16, line))
    bottom = y + len(label) * 16 + 8
    x, base = layout.right + 20, y + 14.0
    if layout.stacked:
        x, base, bottom = 22, y + 14 + len(label) * 16, bottom + 18
    parts.append(lettering(x, base, state, role=ROLES[entry.state]))
    return _Block((element("g", *parts),), bottom)


def _paragraph(
    scene: _Scene, layout: Layout, state: str, members: Sequence[TimelineEntry], y: float
) -> _Block:
    """The names of entries that are set aside, in a few muted lines."""
    words = scene.words
    name = words(f"duties.state.{state}")
    heading = words("duties.set_aside", state=name, count=len(members))
    names = words("duties.list_separator").join(
        shorten(" ".join(entry.label.split()), 1, 60) for entry in members
    )
    lines = wrap(names, SIZE, layout.width, 5 if layout.stacked else 3)
    parts = [lettering(0, y + 26, heading, role="out-of-scope", bold=True, size=LARGE)]
    for index, line in enumerate(lines):
        parts.append(lettering(0, y + 46 + index * 16, line, role="muted"))
    return _Block(tuple(parts), y + 40 + len(lines) * 16)
