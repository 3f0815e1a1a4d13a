"""`chapterv compute forecast`: text, JSON, what is kept, and following a log that grows."""

from __future__ import annotations

import datetime
import json
import signal
import subprocess
from pathlib import Path

from chapterv.compute.forecasting import brussels_day
from tests.cli.running import PROGRAM, run
from tests.cli.schemas import faults
from tests.dossier.folders import make_folder
from tests.dossier.forecast_cases import log_line, write_log

STATEMENT = """
[model]
name = "meadow-large"
version = "1"
stage = "training"
planned_compute = "2.08e25"
compute_known_on = 2026-11-18
cumulative_compute = { value = "8e24", as_of = 2026-11-20 }
[[run]]
id = "pretrain"
stage = "pre-training"
started_on = 2026-08-03
operations = { value = "7.6e24", as_of = 2026-11-20 }
"""


def test_text_gives_states_days_and_the_two_weeks(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STATEMENT)
    result = run("compute", "forecast", folder, "--on", "2026-11-25")
    assert result.returncode == 0, result.stderr
    assert "More than 10²⁵ FLOP: expected" in result.stdout
    text = " ".join(result.stdout.split())
    assert "known since 18 November 2026 from the plan" in text
    assert "From 18 November 2026" in text
    assert "to 2 December 2026 (in 7 days)" in text
    assert "What would change this" in text
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not (folder / "records").exists(), "a forecast for another day is not kept"


def test_plot_has_plain_signs_where_the_terminal_knows_no_others(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STATEMENT)
    words = ("compute", "forecast", folder, "--on", "2026-11-25")
    assert "●" in run(*words).stdout
    plain = run(*words, PYTHONIOENCODING="ascii:replace").stdout
    assert "# done" in plain
    assert "o at this pace" in plain
    assert "1.00e25 |----" in plain


def test_json_fits_its_schema_and_holds_amounts_as_text(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STATEMENT)
    (folder / "run").mkdir()
    result = run("compute", "forecast", folder, "--on", "2026-11-25", "--format", "json")
    told = json.loads(result.stdout)
    assert faults(told, json.loads(run("schema", "compute-forecast").stdout)) == []
    first = told["thresholds"][0]
    assert first["above"] == str(10**25)
    assert first["state"] == "expected"
    assert first["notice"]["due"] == "2026-12-02"
    assert [one["reading"] for one in first["crossings"]] == [
        "as_reported",
        "error_of_estimate",
        "error_of_truth",
    ]
    assert first["fan"]
    assert first["past"]


def test_a_forecast_for_today_is_kept_once(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STATEMENT)
    first = run("compute", "forecast", folder, "--format", "json")
    assert first.returncode == 0, first.stderr
    kept = (folder / "records" / "forecast.jsonl").read_text()
    assert len(kept.splitlines()) == 2
    assert (
        faults(json.loads(first.stdout), json.loads(run("schema", "compute-forecast").stdout)) == []
    )
    run("compute", "forecast", folder)
    assert (folder / "records" / "forecast.jsonl").read_text() == kept


def test_nothing_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STATEMENT)
    assert run("compute", "forecast", folder, "--no-record").returncode == 0
    assert not (folder / "records").exists()


def test_a_folder_without_anything_says_what_is_missing(tmp_path: Path) -> None:
    result = run("compute", "forecast", tmp_path, "--no-record")
    assert result.returncode == 0, result.stderr
    assert "cannot tell" in result.stdout
    assert "model.planned_compute" in result.stdout


def test_watching_a_day_of_the_past_is_wrong_use(tmp_path: Path) -> None:
    result = run("compute", "forecast", tmp_path, "--watch", "--on", "2026-11-25")
    assert result.returncode == 2
    assert "--watch looks at today" in result.stderr


def test_watch_tells_a_change_of_state_and_ends_cleanly(tmp_path: Path) -> None:
    statement = """
[model]
name = "meadow-large"
version = "1"
stage = "training"
training_sequence_length = "64"
[[run]]
id = "pretrain"
stage = "pre-training"
path = "runs/pretrain"
"""
    folder = make_folder(tmp_path, statement)
    day = brussels_day(datetime.datetime.now(datetime.UTC))
    today = datetime.datetime.combine(day, datetime.time(0, 5))
    log = write_log(folder / "runs" / "pretrain" / "train.log", today, days=20)
    process = subprocess.Popen(
        [*PROGRAM, "compute", "forecast", str(folder), "--watch", "--interval", "0.2",
         "--format", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert first["thresholds"][0]["state"] == "below"
    assert first["thresholds"][0]["days_with_a_record"] >= 14
    with log.open("a") as file:
        file.write(log_line(today, 21, samples=10**18))
    second = json.loads(process.stdout.readline())
    assert second["thresholds"][0]["state"] == "met"
    assert [one["after"] for one in second["history"] if "systemic" in one["threshold"]] == [
        "below",
        "met",
    ]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert out == ""
    assert err == "Stopped. What was kept stays.\n"
    assert process.returncode == 0
