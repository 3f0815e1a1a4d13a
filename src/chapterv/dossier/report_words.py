"""Phrases that the page and the terminal form share: days left, ages, sides of a threshold."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal

from chapterv.documents import Texts
from chapterv.dossier.report_model import ClockView, DutyView, LawView, Quantity, Report
from chapterv.facts.wording import long_date, scientific

__all__ = ["Titles", "age_text", "days_text", "discharged_text", "plain", "side_words", "when_text"]


def age_text(law: LawView, words: Texts) -> str:
    """Return how old the law pack is on the day of the report."""
    if law.age_days < 0:
        return words.count("age.ahead", -law.age_days)
    return words.count("age.days", law.age_days)


def days_text(one: DutyView | ClockView, words: Texts) -> str:
    """Return the days to or from a due day, nothing where there is none."""
    if one.days_left is None:
        return ""
    if one.days_left == 0:
        return words("left.today")
    if one.days_left > 0:
        return words.count("left.days", one.days_left)
    state = one.shown_state if isinstance(one, ClockView) else one.state
    return words.count("left.late" if state == "late" else "left.past", -one.days_left)


def when_text(one: DutyView | ClockView, words: Texts) -> str:
    """Return the due day with the days left."""
    if one.due is None:
        return words("duties.no_day")
    return words("text.when", date=long_date(one.due), left=days_text(one, words))


def discharged_text(duty: DutyView, words: Texts) -> str:
    """Return what discharges a duty."""
    if not duty.discharged_by:
        return words("duties.any_means")
    return ", ".join(words.name("document", kind) for kind in duty.discharged_by)


def side_words(quantity: Quantity, report: Report, words: Texts, *, bound: bool = True) -> str:
    """Return on which side of its thresholds an amount is, and which its bound crosses.

    Args:
        quantity: an amount of the compute axis.
        report: its thresholds.
        words: words of the page.
        bound: say too which thresholds the bound crosses.
    """
    amounts = {one.id: one.amount for one in report.thresholds}
    said = []
    for name, side in quantity.sides:
        line = Decimal(amounts[name])
        said.append(words(f"side.{side}", amount=scientific(line)))
        low, high = (Decimal(end) if end else None for end in (quantity.low, quantity.high))
        inside = low is not None and high is not None and low <= line < high
        if bound and side != "open" and inside:
            said.append(words("side.crosses", amount=scientific(line)))
    return ", ".join(said)


class Titles:
    """Names of rows, duties and clocks, and of duties and clocks by their anchors."""

    __slots__ = ("anchored", "rows")

    def __init__(self, report: Report) -> None:
        """Index a report."""
        both: list[DutyView | ClockView] = [*report.duties, *report.clocks]
        self.anchored = {one.anchor: one for one in both}
        self.rows = {row: provision.title for row, provision in report.provisions.items()}
        self.rows.update((duty.id, duty.title) for duty in report.duties)

    def of(self, anchors: Iterable[str]) -> list[DutyView | ClockView]:
        """Return duties and clocks by their anchors."""
        return [self.anchored[anchor] for anchor in anchors]


def plain(day: datetime.date | None) -> str:
    """Return a day as tables write it."""
    return day.isoformat() if day else ""
