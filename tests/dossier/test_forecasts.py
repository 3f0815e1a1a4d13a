"""Forecasts of a dossier: what is read, the two weeks, and the states that are kept for good."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from chapterv.dossier import gather, open_dossier
from chapterv.dossier.forecast_figure import forecast_figure
from chapterv.dossier.forecast_logs import Followers
from chapterv.dossier.forecast_records import FILE, append_entries, read_records
from chapterv.dossier.forecasts import DossierForecast, Foreseen, forecast_dossier, keep_states
from chapterv.errors import InputError, StorageError
from chapterv.law import load_pack
from scripts import make_examples
from tests.dossier.folders import make_folder
from tests.dossier.forecast_cases import log_line, write_log

Day = datetime.date
ON = Day(2026, 11, 25)
NOON = datetime.datetime(2026, 11, 25, 12)
PACK = load_pack()

MODEL = """
[model]
name = "meadow-large"
version = "1"
stage = "training"
training_sequence_length = "64"
"""
RUN = """
[[run]]
id = "pretrain"
stage = "pre-training"
"""
LOGGED = MODEL + RUN + 'path = "runs/pretrain"\n'
STEADY = (
    MODEL + RUN + 'started_on = 2026-08-28\noperations = { value = "9e24", as_of = 2026-11-25 }\n'
)


def followed(folder: Path) -> tuple[object, Followers]:
    """Gather a folder and read its records."""
    dossier = open_dossier(folder)
    followers = Followers(folder.absolute(), dossier.runs)
    followers.read_on()
    return gather(dossier, today=ON), followers


def told(folder: Path, on: Day = ON, **options: object) -> DossierForecast:
    """Forecast a folder."""
    gathered, followers = followed(folder)
    return forecast_dossier(gathered, followers, PACK, on, **options)  # type: ignore[arg-type]


def systemic(folder: Path, on: Day = ON, **options: object) -> Foreseen:
    """The forecast of the threshold of Article 51(2)."""
    return told(folder, on, **options).thresholds[0]


# --- what is read -----------------------------------------------------------------------------


def test_run_with_days_and_operations_gives_a_pace(tmp_path: Path) -> None:
    found = systemic(make_folder(tmp_path, STEADY)).forecast
    assert found.amount == 9 * 10**24
    assert found.pace == 10**23
    assert found.band.central == Day(2026, 12, 6), "ten days reach 10^25, the eleventh exceeds it"
    assert found.state == "expected"


def test_tokens_become_operations_by_the_architecture(tmp_path: Path) -> None:
    run = 'started_on = 2026-11-01\ntokens = { value = "1000", as_of = 2026-11-20 }\n'
    folder = make_folder(tmp_path, MODEL + RUN + run)
    from chapterv.compute import describe, operations_per_token
    from tests.dossier.folders import CONFIG

    each = operations_per_token(describe(CONFIG, "config.json"), 64).causal
    assert systemic(folder).forecast.amount == 1000 * each


def test_run_that_trains_nothing_counts_in_the_cumulative_sum_alone(tmp_path: Path) -> None:
    run = '[[run]]\nid = "r"\nactivity = "synthetic_private_forward"\noperations = "5e23"\n'
    cumulative, training = told(make_folder(tmp_path, MODEL + run)).thresholds
    assert cumulative.forecast.amount == 5 * 10**23
    assert training.forecast.amount == 0


def test_run_without_an_activity_is_left_out_and_said_so(tmp_path: Path) -> None:
    run = '[[run]]\nid = "r"\noperations = "5e23"\n'
    result = told(make_folder(tmp_path, MODEL + run))
    assert result.thresholds[0].forecast.amount == 0
    assert any("run:r has no stage" in note for note in result.notes)


def test_a_stated_bound_from_below_is_done_at_least(tmp_path: Path) -> None:
    more = 'cumulative_compute = { value = "2e25", relation = "at_least", as_of = 2026-11-01 }\n'
    assert systemic(make_folder(tmp_path, MODEL + more)).forecast.state == "met"


def test_what_is_stated_beyond_the_runs_is_part_of_the_amount_and_of_no_day(tmp_path: Path) -> None:
    more = MODEL + 'cumulative_compute = { value = "9.5e24", as_of = 2026-11-25 }\n'
    folder = make_folder(tmp_path, STEADY.replace(MODEL, more))
    found = systemic(folder).forecast
    assert found.amount == 95 * 10**23
    assert found.pace == 10**23


def test_planned_phase_adds_to_what_its_run_has_done(tmp_path: Path) -> None:
    plan = """
[[plan]]
id = "pretrain"
run = "pretrain"
operations = "9.5e24"
approved_on = 2026-08-20
[[plan]]
id = "anneal"
operations = "6e23"
ends_on = 2027-01-15
approved_on = 2026-11-10
"""
    found = systemic(make_folder(tmp_path, STEADY + plan)).forecast
    assert found.planned == 101 * 10**23
    assert found.known_on == Day(2026, 11, 10)
    assert found.outlook.ends == Day(2027, 1, 15)


def test_model_made_from_another_is_compared_with_a_third_of_it(tmp_path: Path) -> None:
    statement = MODEL + 'derived_from = ["birch-base"]\noriginal_compute = "3e24"\n' + RUN
    folder = make_folder(tmp_path, statement + 'operations = "1000000000000000000000001"\n')
    names = {one.threshold: one.forecast.state for one in told(folder).thresholds}
    assert names == {"systemic_risk_compute": "below", "modification_share": "met"}


def test_third_of_an_unknown_original_is_asked_for_and_not_guessed(tmp_path: Path) -> None:
    result = told(make_folder(tmp_path, MODEL + 'derived_from = ["birch-base"]\n'))
    assert [one.threshold for one in result.thresholds] == ["systemic_risk_compute"]
    assert any("model.original_compute" in note for note in result.notes)


# --- records that grow ------------------------------------------------------------------------


def test_log_gives_days_and_is_followed_without_reading_it_again(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, LOGGED)
    log = write_log(folder / "runs" / "pretrain" / "train.log", NOON, days=20)
    gathered, followers = followed(folder)
    first = forecast_dossier(gathered, followers, PACK, ON).thresholds[0]  # type: ignore[arg-type]
    assert first.daily.observed >= 14
    assert first.forecast.method == "bootstrap"
    assert not followers.read_on()
    read = followers.bytes_read
    line = log_line(NOON, 21)
    with log.open("a") as file:
        file.write(line)
    assert followers.read_on()
    assert followers.bytes_read - read == len(line)
    second = forecast_dossier(gathered, followers, PACK, ON).thresholds[0]  # type: ignore[arg-type]
    assert second.forecast.amount > first.forecast.amount
    assert second.forecast.pace == first.forecast.pace


def test_restart_in_a_second_log_goes_on_and_counts_no_step_twice(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, LOGGED)
    whole = write_log(folder / "runs" / "pretrain" / "a.log", NOON, days=20)
    once = systemic(folder).forecast.amount
    lines = whole.read_text().splitlines(keepends=True)
    whole.write_text("".join(lines[:-8]))
    # It starts anew from a step that the first log had passed.
    (whole.parent / "b.log").write_text("".join(lines[:6] + lines[-11:]))
    found = systemic(folder).forecast
    assert found.amount == once


def test_log_that_was_replaced_is_read_anew_and_said_so(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, LOGGED)
    log = write_log(folder / "runs" / "pretrain" / "train.log", NOON, days=20)
    gathered, followers = followed(folder)
    before = forecast_dossier(gathered, followers, PACK, ON).thresholds[0]  # type: ignore[arg-type]
    write_log(log, NOON, days=10)
    followers.read_on()
    result = forecast_dossier(gathered, followers, PACK, ON)  # type: ignore[arg-type]
    assert any("has been read anew" in note for note in result.notes)
    assert result.thresholds[0].daily.observed < before.daily.observed


def test_file_of_the_meter_gives_operations_by_activity(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, LOGGED)
    path = folder / "runs" / "pretrain" / "meter.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(meter_lines(20)) + '{"line":99,"kind":"sums","utc"')
    (path.parent / "copy.jsonl").write_text(path.read_text())
    cumulative, training = told(folder).thresholds
    assert cumulative.forecast.amount == 20 * 10**22 + 20 * 10**21
    assert training.forecast.amount == 20 * 10**22
    assert cumulative.daily.observed >= 14


def meter_lines(days: int) -> list[str]:
    """A meter's file: training and rollouts, a line a day."""
    lines = [{"line": 0, "kind": "header", "format": "chapterv meter", "version": 1, "id": "m1"}]
    for index in range(1, days + 1):
        day = ON - datetime.timedelta(days=days - index)
        totals = [
            {"phase": "pretrain", "activity": activity, "operations": {"causal": str(each * index)}}
            for activity, each in (
                ("parameter_updates", 10**22),
                ("rl_rollouts_used_for_updates", 10**21),
            )
        ]
        lines.append(
            {"line": index, "kind": "sums", "utc": f"{day}T06:00:00+00:00", "totals": totals}
        )
    return [json.dumps(line, separators=(",", ":")) + "\n" for line in lines]


def test_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = write_log(tmp_path / "outside" / "train.log", NOON, days=20)
    folder = tmp_path / "dossier"
    (folder / "runs" / "pretrain").mkdir(parents=True)
    make_folder(folder, LOGGED)
    (folder / "runs" / "pretrain" / "train.log").symlink_to(outside)
    _, followers = followed(folder)
    assert followers.records == []


# --- the two weeks ----------------------------------------------------------------------------

PLANNED = 'planned_compute = "2e25"\n'


@pytest.mark.parametrize(
    ("on", "state", "left"),
    [
        (Day(2026, 11, 18), "running", 14),
        (Day(2026, 12, 1), "running", 1),
        (Day(2026, 12, 2), "due", 0),
        (Day(2026, 12, 3), "late", -1),
    ],
)
def test_two_weeks_run_from_the_approval_of_the_plan(
    on: Day, state: str, left: int, tmp_path: Path
) -> None:
    statement = MODEL + PLANNED + "compute_known_on = 2026-11-18\n"
    notice = systemic(make_folder(tmp_path, statement), on).notice
    assert notice is not None
    assert (notice.started_by, notice.started_on) == ("plan", Day(2026, 11, 18))
    assert (notice.due, notice.state, notice.days_left) == (Day(2026, 12, 2), state, left)


def test_plan_without_a_day_starts_two_weeks_that_cannot_be_dated(tmp_path: Path) -> None:
    notice = systemic(make_folder(tmp_path, MODEL + PLANNED)).notice
    assert notice is not None
    assert (notice.state, notice.started_on, notice.due) == ("cannot_tell", None, None)


def test_plan_of_exactly_the_threshold_starts_nothing(tmp_path: Path) -> None:
    statement = MODEL + 'planned_compute = "1e25"\ncompute_known_on = 2026-11-18\n'
    found = systemic(make_folder(tmp_path, statement))
    assert found.forecast.state == "watch"
    assert found.notice is None


def test_two_weeks_do_not_begin_before_the_chapter_applied(tmp_path: Path) -> None:
    statement = MODEL + PLANNED + "compute_known_on = 2025-06-20\n"
    notice = systemic(make_folder(tmp_path, statement), Day(2025, 8, 10)).notice
    assert notice is not None
    assert (notice.started_on, notice.due) == (Day(2025, 8, 2), Day(2025, 8, 16))
    assert notice.due_if_rolled == Day(2025, 8, 18)


def test_notified_is_satisfied(tmp_path: Path) -> None:
    statement = MODEL + PLANNED + "compute_known_on = 2026-11-18\nnotified_on = 2026-11-20\n"
    notice = systemic(make_folder(tmp_path, statement)).notice
    assert notice is not None
    assert (notice.state, notice.notified_on) == ("satisfied", Day(2026, 11, 20))


def test_pace_starts_the_two_weeks_on_the_first_day_it_was_kept(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STEADY)
    first = told(folder, Day(2026, 11, 25))
    keep_states(folder, first)
    later = systemic(folder, Day(2026, 11, 30))
    assert later.first_expected_on == Day(2026, 11, 25)
    assert later.notice is not None
    assert (later.notice.started_by, later.notice.due) == ("pace", Day(2026, 12, 9))


def test_threshold_of_training_compute_starts_no_notification(tmp_path: Path) -> None:
    assert told(make_folder(tmp_path, STEADY)).thresholds[1].notice is None


def test_clock_is_that_of_the_law_on_the_same_facts(tmp_path: Path) -> None:
    from chapterv.dossier import assess_dossier

    statement = MODEL + PLANNED + "compute_known_on = 2026-11-18\nunion_market = true\n"
    statement += (
        "significant_generality = true\nwide_range_of_tasks = true\ninternal_only = false\n"
    )
    folder = make_folder(tmp_path, statement + 'modalities_out = ["text"]\n')
    gathered, _ = followed(folder)
    assessed = assess_dossier(gathered, ON, PACK)  # type: ignore[arg-type]
    clock = next(one for one in assessed.clocks if one.id == "act:C06")
    notice = systemic(folder).notice
    assert notice is not None
    assert (clock.started_on, clock.due, clock.due_if_rolled) == (
        notice.started_on,
        notice.due,
        notice.due_if_rolled,
    )


# --- what is kept -----------------------------------------------------------------------------


def test_only_changes_are_kept_and_nothing_is_edited(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STEADY.replace("9e24", "5e24"))
    assert [one.after for one in keep_states(folder, told(folder, ON, horizon_days=1))] == [
        "below",
        "met",
    ]
    first = (folder / FILE).read_bytes()
    assert keep_states(folder, told(folder, ON, horizon_days=1)) == ()
    make_folder(tmp_path, STEADY.replace("9e24", "1.1e25"))
    fresh = keep_states(folder, told(folder, ON, horizon_days=1))
    assert [(one.before, one.after, one.kind) for one in fresh] == [("below", "met", "state")]
    assert (folder / FILE).read_bytes().startswith(first)


def test_amount_that_falls_is_a_correction_and_the_old_entry_stays(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STEADY.replace("9e24", "1.1e25"))
    keep_states(folder, told(folder))
    make_folder(tmp_path, STEADY.replace("9e24", "7e24"))
    fresh = keep_states(folder, told(folder, horizon_days=1))
    assert [one.kind for one in fresh] == ["correction", "correction"]
    assert fresh[0].corrected == str(11 * 10**24)
    assert (fresh[0].before, fresh[0].after) == ("met", "below")
    records = read_records(folder)
    assert [one.after for one in records.entries if one.threshold == fresh[0].threshold] == [
        "met",
        "below",
    ]
    assert records.first_expected("systemic_risk_compute") == ON, "what was known stays known"


def test_record_that_tells_an_old_day_otherwise_is_a_correction(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, LOGGED)
    log = write_log(folder / "runs" / "pretrain" / "train.log", NOON, days=20)
    keep_states(folder, told(folder))
    log.write_text(log.read_text().replace("consumed samples:       ", "consumed samples:      9"))
    fresh = keep_states(folder, told(folder, ON + datetime.timedelta(days=1)))
    assert {one.kind for one in fresh} == {"correction"}
    assert fresh[0].corrects == Day(2026, 11, 23)


def test_log_that_grows_is_no_correction(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, LOGGED)
    log = write_log(folder / "runs" / "pretrain" / "train.log", NOON, days=20)
    keep_states(folder, told(folder))
    with log.open("a") as file:
        file.write(log_line(NOON, 21))
        file.write(log_line(NOON, 22))
    assert keep_states(folder, told(folder, ON + datetime.timedelta(days=1))) == ()


def test_forecast_for_a_day_before_the_last_entry_keeps_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STEADY)
    keep_states(folder, told(folder))
    assert keep_states(folder, told(folder, ON - datetime.timedelta(days=1))) == ()


def test_edited_line_breaks_the_chain(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STEADY)
    keep_states(folder, told(folder))
    path = folder / FILE
    path.write_text(path.read_text().replace('"expected"', '"below"', 1))
    assert any("not the one it was made on" in note for note in read_records(folder).notes)


def test_torn_line_is_passed_over_and_the_next_one_stands_on_its_own(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STEADY)
    fresh = keep_states(folder, told(folder))
    path = folder / FILE
    path.write_bytes(path.read_bytes()[:-40])
    assert any("cannot be read" in note for note in read_records(folder).notes)
    append_entries(folder, [fresh[0]])
    records = read_records(folder)
    assert [one.threshold for one in records.entries] == [fresh[0].threshold] * 2
    assert len(records.notes) == 1


@pytest.mark.parametrize(
    "content",
    [b"[]\n", b"{}\n", b"\xff\xfe\n", b'{"kind":1}\n', b"[" * 5000 + b"\n", b"null\n"],
)
def test_foreign_lines_are_passed_over(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / FILE).write_bytes(content)
    records = read_records(tmp_path)
    assert records.entries == ()
    assert len(records.notes) == 1


def test_records_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "records").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="leads out"):
        read_records(folder)


def test_place_that_cannot_be_written_is_a_fault_of_storage(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STEADY)
    (folder / "records").write_text("a file in the way")
    result = forecast_dossier(*followed(folder), PACK, ON)  # type: ignore[arg-type]
    with pytest.raises(StorageError, match="cannot be written"):
        keep_states(folder, result)


# --- the bundled example and its figure -------------------------------------------------------


def test_example_in_training_shows_the_two_weeks_and_the_day(tmp_path: Path) -> None:
    make_examples.copy_written("aurora-frontier", tmp_path)
    make_examples.make_aurora(tmp_path)
    found = systemic(tmp_path)
    assert found.forecast.state == "expected"
    assert found.forecast.by_plan
    assert found.notice is not None
    assert (found.notice.started_on, found.notice.due) == (Day(2026, 11, 18), Day(2026, 12, 2))
    assert found.forecast.band.central is not None
    assert found.forecast.band.central > ON


def test_figure_of_a_dossier_says_the_day_in_words(tmp_path: Path) -> None:
    drawn = forecast_figure(told(make_folder(tmp_path, STEADY)))
    assert "on 6 December 2026." in drawn.caption
    empty = forecast_figure(told(make_folder(tmp_path, MODEL)))
    assert empty.caption == "Nothing to show yet."


def test_very_long_line_of_a_meter_is_passed_over(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, LOGGED)
    path = folder / "runs" / "pretrain" / "meter.jsonl"
    path.parent.mkdir(parents=True)
    lines = meter_lines(20)
    path.write_text("".join([*lines[:10], "x" * 5_000_000 + "\n", *lines[10:]]))
    assert told(folder).thresholds[1].forecast.amount == 20 * 10**22


def test_inherited_weights_count_in_the_cumulative_sum_and_not_in_the_third(tmp_path: Path) -> None:
    statement = MODEL + 'derived_from = ["birch-base"]\noriginal_compute = "9.5e24"\n' + RUN
    days = 'started_on = 2026-11-01\noperations = { value = "1e24", as_of = 2026-11-20 }\n'
    cumulative, third = told(make_folder(tmp_path, statement + days)).thresholds
    assert cumulative.forecast.amount == 105 * 10**23
    assert cumulative.forecast.state == "met"
    assert cumulative.forecast.pace == 5 * 10**22
    assert third.forecast.amount == 10**24
    assert third.forecast.state == "expected"
