"""The report on compute: the ledger, the forecast, and what a notification would say."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chapterv.documents import texts
from chapterv.dossier import Gathered, assess_dossier, gather, open_dossier
from chapterv.dossier.forecast_logs import Followers
from chapterv.dossier.forecast_object import forecast_object
from chapterv.dossier.forecasts import forecast_dossier
from chapterv.dossier.ledger_object import ledger_object
from chapterv.dossier.report import Report, build_report, render_html, render_json, render_text
from chapterv.dossier.report_ledger_model import LedgerEntry
from chapterv.dossier.report_ledger_page import LedgerPage
from chapterv.facts import canonical_json
from chapterv.facts.wording import grouped, scientific
from chapterv.law import load_pack
from tests.dossier.report_cases import FRONTIER, ON, RUNS, SMALL, TUNER, report_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("aurora-frontier", "brook-legal-lora", "northlight-1b")
MOST_BYTES = 500_000


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Gathered]:
    """The facts of the bundled examples."""
    folder = tmp_path_factory.mktemp("examples")
    command = [sys.executable, "scripts/make_examples.py", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return {name: gather(open_dossier(folder / name)) for name in EXAMPLES}


@pytest.fixture(scope="module")
def reports(gathered: dict[str, Gathered]) -> dict[str, Report]:
    """Their reports."""
    pack = load_pack()
    return {
        name: build_report(one, assess_dossier(one, ON, pack), pack, ON)
        for name, one in gathered.items()
    }


@pytest.fixture(scope="module")
def aurora(reports: dict[str, Report]) -> str:
    """The page of the example in training."""
    return render_html(reports["aurora-frontier"])


def section(page: str, name: str) -> str:
    """One section of a page, as text with plain spaces."""
    source = page[page.index(f'<section id="{name}"') :]
    source = source[: source.index("</section>")]
    text = re.sub(r"<(svg|style)\b.*?</\1>", " ", source, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", text).replace("&#39;", "'").replace("&lt;", "<")
    return " ".join(spaced(text).split())


def page_of(report: Report) -> LedgerPage:
    return LedgerPage(report, texts())


def spaced(text: str) -> str:
    """A text with plain spaces."""
    return re.sub("[\u202f\u2009\u00a0]", " ", text)


def flop(amount: str | None) -> str:
    """An amount as the page writes it."""
    return spaced(scientific(Decimal(amount or 0)))


def twin(report: Report) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(render_json(report))
    return told


# --- what programs read ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_twin_holds_what_the_command_on_the_ledger_prints(
    name: str, reports: dict[str, Report], gathered: dict[str, Gathered]
) -> None:
    told = twin(reports[name])["ledger"]
    printed = json.loads(canonical_json(ledger_object(gathered[name])))
    for key, value in printed.items():
        shown = told[key]
        if isinstance(value, dict):
            shown = {inner: shown[inner] for inner in value}
        if key == "anomalies":
            shown = [
                {inner: one[inner] for inner in own} for one, own in zip(shown, value, strict=True)
            ]
        assert shown == value, key


def test_the_twin_holds_what_the_command_on_the_forecast_prints(
    reports: dict[str, Report], gathered: dict[str, Gathered]
) -> None:
    one = gathered["aurora-frontier"]
    followers = Followers(one.dossier.folder.absolute(), one.dossier.runs)
    followers.read_on()
    printed = forecast_object(forecast_dossier(one, followers, load_pack(), ON))
    told = twin(reports["aurora-frontier"])["forecast"]
    assert told == json.loads(canonical_json(printed))
    assert twin(reports["northlight-1b"])["forecast"] is None


# --- the ledger -----------------------------------------------------------------------------------


def test_both_sums_stand_with_relation_bound_and_reading(
    reports: dict[str, Report], aurora: str
) -> None:
    text = section(aurora, "ledger")
    ledger = reports["aurora-frontier"].ledger
    for name, one in (
        ("Training", ledger.training_compute),
        ("Cumulative", ledger.cumulative_compute),
    ):
        said = f"{name} compute {flop(one.amount)} {grouped(int(one.amount))} estimate within its"
        assert spaced(said) in text
        assert f"bound {flop(one.low)} to {flop(one.high)} {flop(one.least)} to" in text
        assert Decimal(one.low) < Decimal(one.amount) < Decimal(one.high or 0)
    assert "The list is stated to be complete" in text


def test_the_figure_of_the_ledger_says_where_it_went(
    reports: dict[str, Report], aurora: str
) -> None:
    assert 'id="ledger-bars"' in aurora
    ledger = reports["aurora-frontier"].ledger
    whole = flop(str(sum(int(one.amount) for one in ledger.entries)))
    counted = flop(ledger.cumulative_compute.amount)
    text = section(aurora, "ledger")
    assert f"Of the {whole} FLOP listed, {counted} FLOP (95 %) count in cumulative" in text


def test_every_entry_names_its_method_its_sums_by_rule_and_its_facts(aurora: str) -> None:
    text = section(aurora, "ledger")
    assert "Stated amount neither sum gl:G8.7 Operations of the run" in text
    assert "cumulative compute only gl:G8.3 Another reading counts it in training compute" in text
    assert 'href="#rule-gl-G8-3"' in aurora
    assert 'id="rule-gl-G8-3"' in aurora


def test_methods_say_which_was_chosen_why_and_why_others_differ(aurora: str) -> None:
    text = section(aurora, "ledger")
    assert 'id="ledger-methods"' in aurora
    assert re.search(r"Run pretrain: \d methods, from [\d.]+ × 10²⁴ to [\d.]+ × 10²⁵ FLOP", text)
    assert "Chosen because operations follow from the architecture" in text
    assert "Its bound lies within 30 % of it" in text
    assert re.search(r"parameter and token \(12\.\d+ × of the chosen amount\): The model", text)
    assert "Cannot tell whether it is within the 30 %" in text


def test_energy_stands_with_its_boundary_and_oddities_with_their_effect(aurora: str) -> None:
    text = section(aurora, "ledger")
    assert re.search(r"× 10³ MWh .*?(accelerators alone|servers with|whole facility)", text)
    assert "of steps 1 to 98125, 625 were taken again by a later process each step counted" in text


def test_figures_of_documents_are_roundings_of_amounts_that_stand_beside_them(
    reports: dict[str, Report], aurora: str
) -> None:
    listed = reports["aurora-frontier"].ledger.documents
    assert [(one.document, one.quantity) for one in listed] == [
        ("notification", "planned_compute"),
        ("notification", "cumulative_compute"),
        ("ai_office", "training_compute"),
        ("national_authorities", "training_compute"),
        ("downstream_providers", ""),
        ("energy", "training_energy"),
        ("inference", "inference_compute"),
    ]
    assert listed[0].value == "2.1e25"
    figures = {one.document: one for one in listed}
    assert figures["notification"].value == "7.7e24"
    assert figures["national_authorities"].value == "10^24"
    assert figures["downstream_providers"].value is None
    for one in figures.values():
        if one.value and "e" in one.value:
            assert abs(Decimal(one.value) / Decimal(one.exact or 0) - 1) < Decimal("0.05")
    text = section(aurora, "ledger")
    exact = spaced(grouped(int(figures["notification"].exact or 0)))
    assert f"7.7 × 10²⁴ FLOP two significant figures {exact}" in text
    assert "10²⁴ FLOP order of magnitude, rounded down" in text
    assert "none the form gives them no item on compute" in text


def test_compute_of_a_base_model_is_no_figure_of_whoever_changed_it(
    reports: dict[str, Report],
) -> None:
    report = reports["brook-legal-lora"]
    assert report.ledger.entries
    assert report.ledger.documents == ()


def test_a_dossier_without_runs_has_one_line_that_says_what_to_do(
    reports: dict[str, Report],
) -> None:
    page = render_html(reports["northlight-1b"])
    text = section(page, "ledger")
    assert text.startswith("Where the compute went No run is known")
    assert '[[run]] id = "pretrain" path = "runs/pretrain"' in text.replace("&#34;", '"')
    assert len(text) < 260
    assert 'id="forecast"' not in page


def test_what_is_in_no_sum_is_said() -> None:
    text = section(render_html(report_of(RUNS)), "ledger")
    assert "Notes on the runs run:unnamed has no stage" in text


@pytest.mark.parametrize(
    ("complete", "at_least", "bound", "said"),
    [
        (False, False, None, "Nobody states that the list is complete"),
        (True, True, None, "1 amount in it is a bound from below"),
        (True, False, None, "No bound is known of the amounts that count"),
        (True, False, "9", "lies between the lowest and the highest"),
    ],
)
def test_one_sentence_says_what_is_exact_and_what_is_a_bound(
    complete: bool, at_least: bool, bound: str | None, said: str
) -> None:
    report = report_of(RUNS)
    view = report.ledger
    one = msgspec.structs.replace(view.entries[0], at_least=at_least)
    sums = msgspec.structs.replace(view.training_compute, low="1", high=bound or "1")
    changed = msgspec.structs.replace(
        view, entries=(one,), complete=complete, training_compute=sums, cumulative_compute=sums
    )
    assert said in page_of(msgspec.structs.replace(report, ledger=changed)).exactness


def many(count: int) -> tuple[LedgerEntry, ...]:
    """So many entries of other runs, the last the largest."""
    first = report_of(RUNS).ledger.entries[0]
    return tuple(
        msgspec.structs.replace(first, subject=f"run:r{n}", amount=str(10**20 + n), low=None,
                                high=None)
        for n in range(count)
    )  # fmt: skip


def test_a_long_ledger_is_cut_on_the_page_and_whole_in_the_twin() -> None:
    report = report_of(RUNS)
    ledger = msgspec.structs.replace(report.ledger, entries=many(300))
    long = msgspec.structs.replace(report, ledger=ledger)
    text = section(render_html(long), "ledger")
    assert "260 smaller entries are in the data of the figure and in report.json" in text
    assert "run r299" in text
    assert len(twin(long)["ledger"]["entries"]) == 300


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_page_with_its_ledger_stays_small(name: str, reports: dict[str, Report]) -> None:
    assert len(render_html(reports[name]).encode()) < MOST_BYTES


# --- forecast and notification --------------------------------------------------------------------


def test_the_forecast_gives_state_days_and_the_two_weeks(aurora: str) -> None:
    text = section(aurora, "forecast")
    assert "More than 10²⁵ FLOP: expected. Not above yet; known since 18 November 2026" in text
    assert "From 18 November 2026, when the plan that exceeds the threshold was approved, to 2" in (
        text
    )
    assert "that day included: 7 days left" in text
    assert 'id="forecast-fan"' in aurora
    assert "10²³ FLOP" in text
    assert "since 4 August 2026" in text


def test_what_a_notification_would_say_stands_together(
    reports: dict[str, Report], aurora: str
) -> None:
    draft = reports["aurora-frontier"].notification
    assert draft is not None
    assert [(one.quantity, one.value) for one in draft.amounts] == [
        ("planned_compute", "2.1e25"),
        ("cumulative_compute", "7.7e24"),
    ]
    assert (draft.known_on, draft.due) == (
        datetime.date(2026, 11, 18),
        datetime.date(2026, 12, 2),
    )
    text = section(aurora, "forecast")
    assert "2.1 × 10²⁵ FLOP , above the 10²⁵ FLOP of Article 51(2)" in text
    assert "Margin 30 % of the estimate" in text
    assert "Known on 18 November 2026 , the plan that exceeds" in text
    assert "Due 2 December 2026 · 7 days left" in text
    assert "Tokens processed in the run : 2.20 × 10¹³ tokens runs/pretrain/*.log" in text
    assert "stated source: plans/training-plan.md" in text
    assert "attention counted causally" in text.lower()


def test_the_dates_of_the_notification_are_those_of_the_clock(reports: dict[str, Report]) -> None:
    report = reports["aurora-frontier"]
    (clock,) = [one for one in report.clocks if one.id == "act:C06"]
    assert report.notification is not None
    assert (clock.started_on, clock.due) == (report.notification.known_on, report.notification.due)


def test_a_plan_without_runs_is_foreseen_too() -> None:
    report = report_of(FRONTIER)
    assert report.forecast is not None
    assert report.notification is not None
    assert report.notification.amounts[0].value == "3.4e25"
    assert report.ledger.empty
    text = section(render_html(report), "forecast")
    assert "known since 17 November 2026 from the plan" in text
    assert "at least 6.2 × 10²⁴ FLOP , cannot tell against the 10²⁵ FLOP" in text


def test_after_a_notification_nothing_is_drafted() -> None:
    given = RUNS.replace("compute_known_on", "notified_on = 2026-11-20\ncompute_known_on")
    report = report_of(given)
    assert report.forecast is not None
    assert report.notification is None
    assert "Notified on 20 November 2026." in section(render_html(report), "forecast")


@pytest.mark.parametrize("statement", [SMALL, TUNER, None])
def test_without_runs_and_plan_nothing_is_foreseen(statement: str | None) -> None:
    report = report_of(statement)
    assert report.forecast is None
    assert report.notification is None


def test_a_model_whose_training_is_over_is_not_foreseen_without_a_plan() -> None:
    trained = RUNS.replace('stage = "training"', 'stage = "trained"')
    first, _, rest = trained.partition("planned_compute")
    assert report_of(first + rest.partition("\n")[2]).forecast is None
    assert report_of(trained).forecast is not None


def test_records_of_forecasts_that_cannot_be_read_are_said_and_keep_nothing_back(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "dossier"
    (folder / "records").mkdir(parents=True)
    (folder / "chapterv.toml").write_text(RUNS)
    (folder / "records" / "forecast.jsonl").mkdir()
    one = gather(open_dossier(folder))
    pack = load_pack()
    report = build_report(one, assess_dossier(one, ON, pack), pack, ON)
    if report.forecast is None:
        assert any(note.startswith("No forecast: ") for note in report.notes)
    assert 'id="ledger"' in render_html(report)


# --- the terminal ---------------------------------------------------------------------------------


def test_the_terminal_form_names_forecast_and_ledger(reports: dict[str, Report]) -> None:
    text = render_text(reports["aurora-frontier"])
    flat = spaced(" ".join(text.split()))
    assert re.search(r"More than 10²⁵ FLOP: expected, \d+ December 2026", flat)
    assert "Notification to the Commission until 2 December 2026 (7 days left)." in flat
    amount = flop(reports["aurora-frontier"].ledger.training_compute.amount)
    assert f"Training compute: {amount} FLOP, estimate within its bound" in flat
    assert "4.1 × 10²³ Exploratory research (ablations, run ablations): neither sum" in flat
