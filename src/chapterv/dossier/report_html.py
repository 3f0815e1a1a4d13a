"""The page of a report: figures drawn, phrases made, the template filled."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
from markupsafe import Markup

from chapterv.documents import Texts, texts
from chapterv.documents.harmless import cut, visible
from chapterv.documents.page import render_page
from chapterv.documents.page_ids import slug
from chapterv.dossier.forecast_figure import forecast_figure
from chapterv.dossier.report_forecast import ForecastPage
from chapterv.dossier.report_ledger_page import LedgerPage
from chapterv.dossier.report_model import (
    ClockView,
    DutyView,
    FindingView,
    Quantity,
    QuestionView,
    Report,
)
from chapterv.dossier.report_words import (
    Titles,
    age_text,
    days_text,
    discharged_text,
    plain,
    side_words,
)
from chapterv.facts.wording import grouped, long_date
from chapterv.figures import (
    ComputeRow,
    State,
    Threshold,
    TimelineEntry,
    compute_axis,
    duties_timeline,
)

__all__ = ["render_html"]

REST = ("not_applicable", "out_of_scope")
OPEN_QUESTIONS = 3
LONGEST_LABEL = 120
SECTIONS = (
    "compute",
    "forecast",
    "duties",
    "clocks",
    "questions",
    "ledger",
    "findings",
    "conflicts",
    "facts",
    "artefacts",
    "law",
    "limits",
)


def render_html(report: Report) -> str:
    """Return a report as one HTML page that loads nothing from anywhere.

    Args:
        report: any report.

    Raises:
        RenderError: the page cannot be made.
    """
    words = texts(report.language)
    view = _View(report, words)
    ledger, told = LedgerPage(report, words), report.forecast
    ahead = ForecastPage(told, words) if told is not None else None
    return render_page(
        "report.html",
        words,
        r=report,
        v=view,
        l=ledger,
        f=ahead,
        sections=[name for name in SECTIONS if name != "forecast" or told is not None],
        open_questions=OPEN_QUESTIONS,
        compute_figure=Markup(_compute_figure(report, words)),
        duties_figure=Markup(_duties_figure(report, words)),
        ledger_figure=Markup(ledger.bars()),
        methods_figure=Markup(ledger.axis()),
        forecast_figure=Markup(_forecast_figure(ahead)),
    )


class _View:
    """What the template asks for beside the report: links, counts and phrases."""

    def __init__(self, report: Report, words: Texts) -> None:
        self.report = report
        self.words = words
        self.titles = Titles(report)
        self.findings = {one.anchor: one for one in report.findings}
        self.by_rule = {one.rule: one for one in reversed(report.findings) if not one.subject}
        self.facts = {one.id: one for one in report.facts}
        self.questions = {one.key: one for one in report.questions}
        self.duties = {one.id: one for one in reversed(report.duties)}

    @property
    def model(self) -> str:
        return " ".join(part for part in (self.report.name, self.report.version) if part)

    @property
    def age(self) -> str:
        return age_text(self.report.law, self.words)

    @property
    def shown_duties(self) -> list[DutyView]:
        return [duty for duty in self.report.duties if duty.state not in REST]

    @property
    def rest_duties(self) -> list[DutyView]:
        return [duty for duty in self.report.duties if duty.state in REST]

    @property
    def rest_counts(self) -> str:
        states = [duty.state for duty in self.rest_duties]
        return ", ".join(
            f"{states.count(state)} {self.words.name('state', state)}"
            for state in REST
            if state in states
        )

    @property
    def subjects(self) -> list[str]:
        return list(dict.fromkeys(fact.subject for fact in self.report.facts))

    @property
    def first_question(self) -> QuestionView | None:
        return self.questions.get(self.report.verdict.question or "")

    def of_subject(self, subject: str) -> list[Any]:
        return [fact for fact in self.report.facts if fact.subject == subject]

    def subject(self, subject: str) -> str:
        kind, _, name = subject.partition(":")
        title = self.words.name("subject", kind)
        return f"{title} {name}" if name else title

    def anchored(self, anchor: str) -> DutyView | ClockView:
        return self.titles.anchored[anchor]

    def state(self, one: DutyView | ClockView) -> str:
        return one.shown_state if isinstance(one, ClockView) else one.state

    def days(self, one: DutyView | ClockView) -> str:
        return days_text(one, self.words)

    def long(self, day: datetime.date | None) -> str:
        return long_date(day) if day else ""

    def iso(self, day: datetime.date | None) -> str:
        return plain(day)

    def discharged(self, duty: DutyView) -> str:
        return discharged_text(duty, self.words)

    def row_title(self, row: str) -> str:
        return self.titles.rows.get(row, row)

    def row_link(self, row: str) -> str | None:
        """Return where on the page a row is answered."""
        if row in self.by_rule:
            return f"#{self.by_rule[row].anchor}"
        return f"#{self.duties[row].anchor}" if row in self.duties else None

    def key_link(self, key: str) -> str | None:
        return f"#question-{slug(key)}" if key in self.questions else None

    def key_label(self, key: str) -> str:
        from chapterv.facts import catalogue

        entry = catalogue().get(key)
        return entry.label if entry else key

    def sides(self, quantity: Quantity) -> str:
        return side_words(quantity, self.report, self.words)

    def finding(self, anchor: str) -> FindingView:
        return self.findings[anchor]

    def counted(self, clock: ClockView) -> str:
        """Return how the days of a clock were counted, with their number."""
        if clock.started_on is None or clock.due is None or clock.due <= clock.started_on:
            return clock.counting
        length = self.words.count("clocks.days", (clock.due - clock.started_on).days)
        return self.words("clocks.counted_days", counting=clock.counting, days=length)

    def number(self, count: int) -> str:
        return grouped(count)

    def amount(self, text: str) -> str:
        from chapterv.facts.wording import scientific

        return scientific(Decimal(text))


def _compute_figure(report: Report, words: Texts) -> str:
    if not report.quantities:
        return ""
    thresholds = [
        Threshold(
            one.label, Decimal(one.amount), one.applies_from, applies_to=frozenset(one.applies_to)
        )
        for one in report.thresholds
    ]
    figure = compute_axis(
        [_row(one) for one in report.quantities],
        thresholds,
        id="compute-axis",
        title=words("compute.figure"),
        caption=_compute_caption(report, words),
        texts={
            "compute.side.open": words("side.figure_open"),
            "figure.data": words("compute.data"),
        },
    )
    return figure.to_html()


def _row(quantity: Quantity) -> ComputeRow:
    amount, low, high = (
        None if text is None else Decimal(text)
        for text in (quantity.amount, quantity.low, quantity.high)
    )
    relation = cast(Any, quantity.relation)
    if relation != "exactly":
        amount = low if low is not None else high
        low = high = None
    return ComputeRow(quantity.label, amount, low, high, relation, quantity.note, quantity.key)


def _compute_caption(report: Report, words: Texts) -> str:
    said = []
    for one in report.quantities:
        sides = side_words(one, report, words)
        key = "compute.caption.sides" if sides else "compute.caption.line"
        said.append(words(key, label=one.label, amount=one.text, sides=sides))
    return " ".join(said)


def _forecast_figure(ahead: ForecastPage | None) -> str:
    """Draw the fan where there is any day to draw."""
    if ahead is None or not (ahead.found.past or ahead.found.fan):
        return ""
    figure = forecast_figure(ahead.drawn, "forecast-fan")
    return msgspec.structs.replace(figure, data_label=ahead.words("forecast.data")).to_html()


def _duties_figure(report: Report, words: Texts) -> str:
    counted = {clock.id for clock in report.clocks}
    entries = [
        TimelineEntry(
            _label(clock.title),
            cast(State, clock.shown_state),
            "clock",
            *_period(clock.started_on, clock.due),
            clock.satisfied_on,
            clock.counting,
        )
        for clock in report.clocks
    ]
    entries += [
        TimelineEntry(
            _label(duty.title),
            cast(State, duty.state),
            "duty",
            *_period(duty.starts, duty.due),
            None,
            ", ".join(duty.cites),
        )
        for duty in report.duties
        if duty.id not in counted
    ]
    if not entries:
        return ""
    return duties_timeline(
        entries,
        report.on,
        id="duties-timeline",
        title=words("duties.figure"),
        texts={"figure.data": words("duties.data")},
    ).to_html()


def _period(
    starts: datetime.date | None, due: datetime.date | None
) -> tuple[datetime.date | None, datetime.date | None]:
    """Leave a start out that is no earlier than its end: the day itself is all there is to draw."""
    if starts and due and due <= starts:
        return None, due
    return starts, due


def _label(text: str) -> str:
    return cut(visible(text), LONGEST_LABEL)
