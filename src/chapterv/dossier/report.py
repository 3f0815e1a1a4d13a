"""The report of a dossier: one view model, and its three forms.

`build_report` gathers what is known, what the law says of it and what is open into plain values.
The forms add no judgement: a page (`render_html`), its JSON twin (`render_json`) and 80 columns for
a terminal (`render_text`). Records of runs are read once more for the forecast's days. What it
leaves out: writing files, and reading the clock.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from chapterv import __version__
from chapterv.documents import Texts, texts
from chapterv.dossier.forecast_logs import Followers
from chapterv.dossier.forecasts import DossierForecast, forecast_dossier
from chapterv.dossier.gathering import Gathered
from chapterv.dossier.report_compute import quantities_of, thresholds_of
from chapterv.dossier.report_duties import clock_views, duty_views
from chapterv.dossier.report_facts import conflict_views, fact_views, read_views, skipped_views
from chapterv.dossier.report_findings import finding_views, provisions_of, topics_of
from chapterv.dossier.report_json import render_json
from chapterv.dossier.report_ledger import draft_of, ledger_view, rules_of, worth_foreseeing
from chapterv.dossier.report_list import render_questions
from chapterv.dossier.report_model import LawView, Report, SourceView
from chapterv.dossier.report_questions import question_views
from chapterv.dossier.report_text import render_text
from chapterv.dossier.report_verdict import fine_of, verdict_of
from chapterv.errors import Error
from chapterv.facts import Holding, World
from chapterv.facts.statement import UNSTATED_VERSION
from chapterv.law import Assessment, Pack

__all__ = [
    "Report",
    "build_report",
    "render_html",
    "render_json",
    "render_questions",
    "render_text",
]

LIMITS = ("behaviour", "weights", "data", "documents", "statements", "law")


def build_report(
    gathered: Gathered,
    assessment: Assessment,
    pack: Pack,
    today: datetime.date,
    language: str = "en",
) -> Report:
    """Make the view model of a report.

    Args:
        gathered: the facts of the dossier.
        assessment: the law applied to them.
        pack: the law pack of the assessment.
        today: the day from which the pack's age is counted.
        language: of the report's own words.

    Returns: plain values for all three forms.
    """
    words = texts(language)
    on = assessment.on
    world = gathered.merged(on).world
    findings = finding_views(assessment, pack, words)
    duties, clocks = duty_views(assessment, pack), clock_views(assessment, pack)
    thresholds = thresholds_of(world, pack, on, words)
    questions = question_views(gathered, assessment)
    quantities = quantities_of(world, gathered, thresholds, pack, on, words)
    ledger = ledger_view(gathered, world, quantities)
    told, failed = _forecast(gathered, world, pack, on, words)
    name, version = _model(gathered.dossier.model)
    return Report(
        name=_text(world.keys, "model.name") or name,
        version=_text(world.keys, "model.version") or version,
        subject=gathered.dossier.model,
        provider=_text(world.keys, "provider.name"),
        established_in=_text(world.keys, "provider.established_in"),
        folder=gathered.dossier.folder.absolute().name,
        on=on,
        language=words.language,
        program=__version__,
        law=_law(pack, today),
        verdict=verdict_of(findings, duties, clocks, questions, words),
        quantities=quantities,
        thresholds=thresholds,
        ledger=ledger,
        forecast=told,
        notification=draft_of(told, ledger, quantities, world, gathered),
        duties=duties,
        clocks=clocks,
        fine=fine_of(findings, pack, words),
        questions=questions,
        topics=topics_of(findings, words),
        findings=findings,
        provisions=provisions_of(assessment, pack, rules_of(ledger)),
        conflicts=conflict_views(gathered, assessment.conflicts, words),
        facts=fact_views(gathered, world, findings, pack, words),
        read=read_views(gathered),
        skipped=skipped_views(gathered),
        notes=(*gathered.notes_on(on), *failed),
        limits=_limits(words),
    )


def render_html(report: Report) -> str:
    """Return the report as one HTML page that loads nothing from anywhere."""
    from chapterv.dossier.report_html import render_html as render

    return render(report)


def _forecast(
    gathered: Gathered, world: World, pack: Pack, on: datetime.date, words: Texts
) -> tuple[DossierForecast | None, tuple[str, ...]]:
    """Return the forecast where it says something, and why there is none where it failed.

    A record that cannot be used must not keep the rest of the report from its reader.
    """
    if not worth_foreseeing(gathered, world):
        return None, ()
    followers = Followers(gathered.dossier.folder.absolute(), gathered.dossier.runs)
    try:
        followers.read_on()
        return forecast_dossier(gathered, followers, pack, on), ()
    except Error as error:
        return None, (words("forecast.failed", error=error),)


def _model(subject: str) -> tuple[str, str | None]:
    """Return name and version of a model's subject; None where no version is stated."""
    name, _, version = subject.partition(":")[2].rpartition("@")
    return name, None if version == UNSTATED_VERSION else version


def _text(holdings: Mapping[str, Holding], key: str) -> str | None:
    held = holdings.get(key)
    return None if held is None or held.value is None else str(held.value)


def _law(pack: Pack, today: datetime.date) -> LawView:
    sources = (
        SourceView(one.id, one.title, one.date, one.url, one.status, one.note)
        for one in pack.sources.values()
    )
    return LawView(
        pack.name,
        pack.title,
        pack.version,
        pack.state_date,
        (today - pack.state_date).days,
        pack.covers,
        tuple(sources),
    )


def _limits(words: Texts) -> tuple[str, ...]:
    return tuple(words(f"limits.{name}") for name in LIMITS)
