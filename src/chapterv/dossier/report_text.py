"""The terminal form of a report: 80 columns, the answer first, details below, what to do last."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator

from chapterv.documents import Texts, texts
from chapterv.documents.harmless import cut, visible
from chapterv.dossier.report_forecast import ForecastPage
from chapterv.dossier.report_ledger_page import LedgerPage
from chapterv.dossier.report_model import DutyView, QuestionView, Report
from chapterv.dossier.report_words import (
    Titles,
    age_text,
    days_text,
    discharged_text,
    side_words,
    when_text,
)
from chapterv.facts.wording import grouped, long_date

__all__ = ["render_text"]

MOST_QUESTIONS = 5
MOST_CONFLICTS = 5
MOST_NAMES = 4
MOST_ENTRIES = 8
LONGEST_NAME = 100
REST = ("exempt", "not_applicable", "out_of_scope")
_STYLES = {
    "bold": "1",
    "late": "1;31",
    "soon": "33",
    "due": "36",
    "applies": "36",
    "grace": "36",
    "done": "32",
    "cannot_tell": "35",
}


class _Page:
    """Lines of one width, with styles where a terminal shows them."""

    def __init__(self, words: Texts, width: int, color: bool) -> None:
        self.words = words
        self.width = width
        self.color = color
        self.lines: list[str] = []

    def styled(self, text: str, style: str) -> str:
        code = _STYLES.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code else text

    def heading(self, text: str) -> None:
        if self.lines:
            self.lines.append("")
        self.lines.append(self.styled(_line(text), "bold"))

    def paragraph(self, text: str, indent: int = 0, hanging: int | None = None) -> None:
        self.lines += _wrapped(text, self.width, indent, hanging)

    def entry(self, mark: str, text: str, room: int, style: str = "") -> None:
        """Write a short text in a column of its own and another beside it."""
        first, *rest = _wrapped(text, self.width - room - 2) or [""]
        self.lines.append("  " + self.styled(_padded(mark, room), style) + first)
        self.lines += [" " * (room + 2) + line for line in rest]


def render_text(report: Report, width: int = 80, color: bool = False, details: bool = True) -> str:
    """Return a report for a terminal.

    Args:
        report: any report.
        width: columns of a line.
        color: write escape sequences for colour and weight; the words say the same without.
        details: duties, clocks, reasons, conflicts and questions between the answer and what to do.

    Returns: lines without a final break.
    """
    page = _Page(texts(report.language), max(width, 40), color)
    titles = Titles(report)
    _head(page, report, titles)
    if details:
        _duties(page, report)
        _clocks(page, report)
        _ledger(page, report)
        _reasons(page, report)
        _conflicts(page, report)
        _questions(page, report)
    _read(page, report)
    _todo(page, report, titles)
    return "\n".join(line.rstrip() for line in page.lines)


def _head(page: _Page, report: Report, titles: Titles) -> None:
    words = page.words
    model = " ".join(part for part in (report.name, report.version) if part)
    provider = report.provider or words("head.provider_unknown")
    page.paragraph(
        words("text.head", model=_short(model), provider=_short(provider),
              date=long_date(report.on))
    )  # fmt: skip
    page.lines.append("")
    for line in _wrapped(report.verdict.sentence, page.width):
        page.lines.append(page.styled(line, "bold"))
    page.lines.append("")
    verdict = report.verdict
    groups = (
        ("late", verdict.late, "late", True),
        ("next", verdict.next, "soon", True),
        ("applies", verdict.applies, "applies", False),
        ("cannot_tell", verdict.cannot_tell, "cannot_tell", False),
    )
    room = max(len(words(f"text.{name}")) for name, *_ in groups) + 6
    for name, anchors, style, dated in groups:
        ones = titles.of(anchors)
        said = [
            f"{one.title} ({when_text(one, words)})" if dated else one.title
            for one in ones[:MOST_NAMES]
        ]
        if len(ones) > MOST_NAMES:
            said.append(words.count("verdict.more", len(ones) - MOST_NAMES))
        mark = f"{words(f'text.{name}')}".ljust(room - 5) + str(len(ones)).rjust(3)
        page.entry(
            mark, "; ".join(said) or words(f"verdict.none_{name}"), room, style if ones else ""
        )
    _compute(page, report, room)
    if report.forecast is not None:
        page.entry(words("text.forecast"), ForecastPage(report.forecast, words).line, room)


def _compute(page: _Page, report: Report, room: int) -> None:
    words = page.words
    mark = words("text.compute")
    if not report.quantities:
        page.entry(mark, words("verdict.no_compute"), room)
    for quantity in report.quantities:
        sides = side_words(quantity, report, words)
        key = "compute.caption.sides" if sides else "compute.caption.line"
        text = words(key, label=quantity.label, amount=quantity.text, sides=sides)
        page.entry(mark, text, room)
        mark = ""


def _duties(page: _Page, report: Report) -> None:
    words = page.words
    page.heading(words("text.duties"))
    shown = [duty for duty in report.duties if duty.state not in REST[1:]]
    room = max((len(words.name("state", duty.state)) for duty in shown), default=0) + 2
    for duty in shown:
        page.entry(words.name("state", duty.state), _duty_line(duty, words), room, duty.state)
    if not shown:
        page.paragraph(words("duties.table_none", date=long_date(report.on)), 2)
    rest = [duty.title for duty in report.duties if duty.state in REST[1:]]
    if rest:
        page.paragraph(words("text.duties_rest", names="; ".join(rest)), 2, 2)


def _duty_line(duty: DutyView, words: Texts) -> str:
    said = [duty.title]
    if duty.due:
        said.append(f"{words('duties.due').lower()} {duty.due.isoformat()}")
        said.append(days_text(duty, words))
    elif duty.starts:
        said.append(f"{words('duties.from').lower()} {duty.starts.isoformat()}")
    if duty.status == "applies":
        said.append(f"{words('duties.evidence').lower()} {words.name('evidence', duty.evidence)}")
        said.append(words("text.discharged", names=discharged_text(duty, words)))
    return " · ".join(part for part in said if part)


def _clocks(page: _Page, report: Report) -> None:
    words = page.words
    if not report.clocks:
        return
    page.heading(words("text.clocks"))
    room = max(len(words.name("clock_state", one.shown_state)) for one in report.clocks) + 2
    for clock in report.clocks:
        said = [clock.title, when_text(clock, words) if clock.due else words("clocks.no_end")]
        said.append(f"{words('clocks.started_by').lower()}: {clock.started_by_text}")
        if clock.started_on:
            said.append(clock.started_on.isoformat())
        said.append(clock.counting)
        if clock.due_if_rolled and clock.due_if_rolled != clock.due:
            said.append(f"{words('clocks.rolled')}: {clock.due_if_rolled.isoformat()}")
        mark = words.name("clock_state", clock.shown_state)
        page.entry(mark, " · ".join(said), room, clock.shown_state)


def _ledger(page: _Page, report: Report) -> None:
    """Both sums, then the largest entries with what they count for."""
    words = page.words
    ledger = LedgerPage(report, words)
    if not ledger.entries:
        return
    page.heading(words("text.ledger"))
    for name, one in ledger.sums:
        said = words(
            "text.ledger_sum", name=words(f"ledger.sum.{name}"), amount=ledger.amount(one.amount),
            relation=ledger.relation(one),
        )  # fmt: skip
        ends = ledger.spread(one.low, one.high)
        page.paragraph(f"{said} ({ends})" if ends else said, 2, 4)
    marks = [ledger.amount(one.amount) for one in ledger.entries[:MOST_ENTRIES]]
    room = max(map(_columns, marks)) + 2
    for mark, entry in zip(marks, ledger.entries, strict=False):
        text = words(
            "text.ledger_entry", activity=ledger.activity(entry.activity),
            group=_short(ledger.group(entry)), counts=ledger.counts(entry),
        )  # fmt: skip
        page.entry(mark, text, room)
    _more(page, "text.more_entries", len(ledger.entries) - MOST_ENTRIES)


def _reasons(page: _Page, report: Report) -> None:
    words = page.words
    findings = {one.rule: one for one in report.findings if not one.subject}
    page.heading(words("text.reasons"))
    for part in report.verdict.parts:
        finding = findings.get(part.rule)
        if finding is None:
            continue
        answer = words(f"findings.{finding.answer}")
        if finding.indicated:
            answer = f"{words('findings.indicated')}, {answer}"
        page.paragraph(f"{finding.question} ({', '.join(finding.cites)}): {answer}", 2, 4)
        for reason in finding.because:
            page.paragraph(f"· {reason.text}", 4, 6)
            below = findings.get(reason.rule or "")
            for deeper in below.because if below else ():
                page.paragraph(f"· {deeper.text}", 6, 8)


def _conflicts(page: _Page, report: Report) -> None:
    words = page.words
    if not report.conflicts:
        return
    page.heading(words.count("verdict.conflicts", len(report.conflicts)))
    facts = {fact.id: fact for fact in report.facts}
    for conflict in report.conflicts[:MOST_CONFLICTS]:
        said = []
        for name in conflict.facts:
            fact = facts[name]
            key = "text.used" if name == conflict.chosen else "text.aside"
            # A contradiction holds facts of several keys, so each says which it is.
            own = "" if fact.key == conflict.key else f"{fact.label}: "
            place = fact.source.stated or fact.source.artefact
            said.append(words(key, value=own + _short(fact.text), artefact=_short(place)))
        page.paragraph(f"{conflict.label}: {'; '.join(said)}", 2, 4)
    _more(page, "text.more_conflicts", len(report.conflicts) - MOST_CONFLICTS)


def _questions(page: _Page, report: Report) -> None:
    words = page.words
    if not report.questions:
        return
    page.heading(words("text.questions"))
    for number, question in enumerate(report.questions[:MOST_QUESTIONS], 1):
        page.paragraph(f"{number}. {question.text}", 2, 5)
        page.paragraph(question.why, 5, 5)
        page.paragraph(f"{words('questions.found_in')}: {question.how_to_answer}", 5, 5)
        page.paragraph(_toml(question), 5, 7)
    _more(page, "text.more_questions", len(report.questions) - MOST_QUESTIONS)


def _toml(question: QuestionView) -> str:
    return f"{question.table.splitlines()[0]} {question.line}"


def _more(page: _Page, key: str, count: int) -> None:
    if count > 0:
        page.paragraph(page.words.count(key, count), 2)


def _read(page: _Page, report: Report) -> None:
    words = page.words
    page.lines.append("")
    page.paragraph(
        words(
            "text.read",
            facts=grouped(len(report.facts)),
            read=grouped(len(report.read)),
            skipped=grouped(sum(one.files for one in report.skipped)),
        )
    )
    for note in report.notes[:MOST_NAMES]:
        page.paragraph(f"· {note}", 2, 4)
    law = report.law
    page.paragraph(
        words("text.law", version=law.version, date=long_date(law.state_date),
              age=age_text(law, words))
    )  # fmt: skip


def _todo(page: _Page, report: Report, titles: Titles) -> None:
    page.heading(page.words("text.todo"))
    for number, line in enumerate(_tasks(report, titles, page.words), 1):
        page.paragraph(f"{number}. {line}", 2, 5)


def _tasks(report: Report, titles: Titles, words: Texts) -> Iterator[str]:
    verdict = report.verdict
    late, ahead = titles.of(verdict.late), titles.of(verdict.next)
    tasks = []
    if late:
        names = "; ".join(one.title for one in late[:MOST_NAMES])
        tasks.append(words("text.do_late", names=names))
    if ahead:
        key = "text.do_clock" if ahead[0].anchor.startswith("clock") else "text.do_next"
        tasks.append(words(key, title=ahead[0].title, when=when_text(ahead[0], words)))
    if report.conflicts:
        names = report.conflicts[0].label
        tasks.append(words.count("text.do_conflict", len(report.conflicts), names=names))
    if report.questions:
        first = report.questions[0]
        table = first.table.splitlines()[0]
        tasks.append(words("text.do_question", line=first.line, table=table, folder=report.folder))
    yield from tasks or [words("text.do_nothing")]


def _short(text: str) -> str:
    return cut(_line(text), LONGEST_NAME)


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def _wrapped(text: str, width: int, indent: int = 0, hanging: int | None = None) -> list[str]:
    """Wrap a text to columns, counting wide characters as two."""
    rest = " " * (indent if hanging is None else hanging)
    start = " " * indent
    lines: list[str] = []
    words = [piece for word in cut(visible(text)).split() for piece in _pieces(word, width // 2)]
    current = start
    for word in words:
        joined = current + word if current in (start, rest) else f"{current} {word}"
        if _columns(joined) > width and current not in (start, rest):
            lines.append(current)
            joined = rest + word
        current = joined
    return [*lines, current] if words else []


def _pieces(word: str, most: int) -> Iterable[str]:
    """Break a word that no line could hold; what fits is left whole."""
    if _columns(word) <= most:
        return [word]
    return textwrap.wrap(word, max(most // 2, 10), break_on_hyphens=False)


def _padded(text: str, columns: int) -> str:
    return text + " " * max(columns - _columns(text), 0)


def _columns(text: str) -> int:
    return len(text) + sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
