"""Duties and clocks as the timeline takes them, and what it says of each in words.

The state of an entry is the caller's; nothing here decides whether something is late. Only days
are counted, from one calendar date to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal, get_args

import msgspec

from chapterv.errors import InputError
from chapterv.figures.figure import Table
from chapterv.figures.lettering import shorten
from chapterv.figures.texts import Words

__all__ = [
    "SET_ASIDE",
    "STATES",
    "State",
    "TimelineEntry",
    "caption_words",
    "counts",
    "duties_table",
    "ordered",
    "when_words",
]

State = Literal[
    "late",
    "soon",
    "due",
    "applies",
    "grace",
    "cannot_tell",
    "coming",
    "done",
    "exempt",
    "not_applicable",
    "out_of_scope",
]
# In the order of reading: what is pressing first, what is over last.
STATES: Final[tuple[State, ...]] = get_args(State)
# States without a place in time for this model: named below the timeline, not drawn in it.
SET_ASIDE: Final[tuple[State, ...]] = ("exempt", "not_applicable", "out_of_scope")


class TimelineEntry(msgspec.Struct, frozen=True):
    """One duty or one clock.

    Args:
        label: its name for people.
        state: how it stands today.
        kind: a `clock` runs from start to due and is drawn as a bar that fills.
        start: first day it applies or runs, or None.
        due: last day, or end of the grace period, or None.
        done_on: the day it was fulfilled, or None.
        note: how days were counted, which provision, for tooltip and table.
    """

    label: str
    state: State
    kind: Literal["duty", "clock"] = "duty"
    start: date | None = None
    due: date | None = None
    done_on: date | None = None
    note: str = ""

    @property
    def dates(self) -> tuple[date, ...]:
        """The days that are known, in no order."""
        return tuple(day for day in (self.start, self.due, self.done_on) if day is not None)


def ordered(entries: Iterable[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    """Bring entries into the order of reading: by state, then by day, then by name.

    Args:
        entries: entries in any order.
    Returns: all of them.
    Raises: InputError if a state is unknown or a clock ends before it starts.
    """
    checked = list(entries)
    for entry in checked:
        if entry.state not in STATES:
            raise InputError(
                f"unknown state {str(entry.state)[:40]!r}",
                entry.label[:80],
                f"Use one of {', '.join(STATES)}.",
            )
        if entry.start and entry.due and entry.due < entry.start:
            raise InputError(
                f"due {entry.due} before its start {entry.start}", entry.label[:80], "Check both."
            )
    return tuple(sorted(checked, key=_order))


def _order(entry: TimelineEntry) -> tuple[int, int, str]:
    day = entry.due or entry.start or entry.done_on or date.max
    days = day.toordinal()
    # What was done last is nearest to the reader's mind; all else runs forward.
    if entry.state == "done":
        days = -(entry.done_on or day).toordinal()
    return STATES.index(entry.state), days, entry.label


def counts(entries: Sequence[TimelineEntry], words: Words) -> list[str]:
    """How many entries are in each state, in the order of reading.

    Args:
        entries: the entries.
        words: the words to use.
    Returns: phrases such as "2 late"; states without entries are left out.
    """
    phrases = []
    for state in STATES:
        count = sum(entry.state == state for entry in entries)
        if count:
            phrases.append(words(f"duties.count.{state}", count=count))
    return phrases


def when_words(entry: TimelineEntry, today: date, words: Words, *, long: bool = True) -> str:
    """When an entry is due, ends, began or was done, with the days between.

    Args:
        entry: the entry.
        today: the day from which days are counted.
        words: the words to use.
        long: dates with the month in words; otherwise in digits.
    Returns: text such as "14 April 2026 · in 43 days".
    """

    def show(day: date) -> str:
        return words.date(day) if long else day.isoformat()

    if entry.state == "done":
        return (
            words("duties.done_on", date=show(entry.done_on))
            if entry.done_on
            else (words("duties.done"))
        )
    if entry.due is not None:
        key = "duties.grace" if entry.state == "grace" else "duties.when"
        return words(key, date=show(entry.due), left=_left(entry.due, entry.state, today, words))
    if entry.start is not None:
        key = "duties.since" if entry.start <= today else "duties.from"
        return words(key, date=show(entry.start))
    return words("duties.no_date")


def _left(due: date, state: State, today: date, words: Words) -> str:
    """The days to or from the due day."""
    days = (due - today).days
    if days == 0:
        return words("duties.left.today")
    if days > 0:
        return words.count("duties.left", days)
    return words.count("duties.late" if state == "late" else "duties.past", -days)


def caption_words(entries: Sequence[TimelineEntry], today: date, words: Words) -> str:
    """The result in words: how many in each state, what is longest late, what is next.

    Args:
        entries: the entries in the order of reading.
        today: the day of the assessment.
        words: the words to use.
    Returns: the caption.
    """
    day = words.date(today)
    if not entries:
        return words("duties.caption.none", date=day)
    said = [words("duties.caption", date=day, counts=", ".join(counts(entries, words)))]
    late = [e for e in entries if e.state == "late" and e.due is not None]
    ahead = [
        entry
        for entry in entries
        if entry.state in ("soon", "due", "grace", "coming")
        and entry.due is not None
        and entry.due >= today
    ]
    for key, found in (("latest", late), ("next", sorted(ahead, key=lambda e: e.due or today))):
        if found:
            label = shorten(" ".join(found[0].label.split()), 1, 60)
            due = found[0].due or today
            left = _left(due, found[0].state, today, words)
            when = words("duties.caption.when", date=words.date(due), left=left)
            said.append(words(f"duties.caption.{key}", label=label, when=when))
    return " ".join(said)


def duties_table(entries: Sequence[TimelineEntry], today: date, words: Words) -> Table:
    """All entries with their days.

    Args:
        entries: the entries in the order of reading.
        today: the day from which days are counted.
        words: the words to use.
    Returns: the table; days are negative where the due day is past.
    """
    names = ("label", "kind", "state", "start", "due", "done", "days", "note")
    rows = tuple(
        (
            entry.label,
            words(f"duties.kind.{entry.kind}"),
            words(f"duties.state.{entry.state}"),
            *(day.isoformat() if day else "" for day in (entry.start, entry.due, entry.done_on)),
            str((entry.due - today).days).replace("-", "\u2212") if entry.due else "",
            entry.note,
        )
        for entry in entries
    )
    return Table(tuple(words(f"duties.column.{n}") for n in names), rows, numeric=frozenset({6}))
