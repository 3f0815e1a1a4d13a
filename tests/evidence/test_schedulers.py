"""Readers of schedulers and meters: Slurm accounting and CodeCarbon."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chapterv.evidence import Scan, scan
from tests.real_data import real_data

from .containers import RECORDED
from .writing import notes, reasons, scanned, values

HEADER = "JobIDRaw|State|Start|End|ElapsedRaw|AllocTRES|NNodes|ConsumedEnergyRaw"
TRES = "billing=96,cpu=96,gres/gpu:h100=16,gres/gpu=16,mem=1T,node=2"


def row(
    job: str = "101",
    state: str = "COMPLETED",
    start: str = "2026-03-01T10:00:00",
    end: str = "2026-03-01T12:00:00",
    seconds: int = 7200,
    tres: str = TRES,
    joules: str = "0",
) -> str:
    """One line of a table."""
    return f"{job}|{state}|{start}|{end}|{seconds}|{tres}|2|{joules}"


def sacct(root: Path, *rows: str, header: str = HEADER) -> Scan:
    """Scan a table of these lines."""
    return scanned(root, {"sacct.txt": "\n".join([header, *rows, ""])})


def of(found: Scan, subject: str = "run:sacct.txt") -> dict[str, Any]:
    """Value of each key of one subject."""
    return {fact.key: fact.value for fact in found.facts if fact.subject == subject}


def kinds(found: Scan) -> list[str]:
    """Kinds of the anomalies."""
    return [anomaly.kind for anomaly in found.anomalies]


# --- Slurm ------------------------------------------------------------------------------------


def test_steps_repeat_their_job_and_count_nothing(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(), row("101.batch"), row("101.extern"), row("101.0"))
    facts = of(found)
    assert facts["run.unit_hours"] == 32
    assert (facts["run.units"], facts["run.seconds"], facts["run.chip"]) == (16, 7200, "h100")
    assert "3 lines of job steps" in notes(found)


def test_attempts_of_a_requeued_job_are_added(tmp_path: Path) -> None:
    again = row(state="NODE_FAIL", start="2026-03-01T07:00:00", end="2026-03-01T09:00:00")
    found = sacct(tmp_path, again, row())
    assert of(found)["run.unit_hours"] == 64
    assert str(of(found)["run.started_on"]) == "2026-03-01"
    assert "1 segments did not end as COMPLETED" in notes(found)


def test_a_line_that_stands_twice_is_counted_once(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(), row(), HEADER, row())
    assert of(found)["run.unit_hours"] == 32
    (anomaly,) = found.anomalies
    assert (anomaly.kind, anomaly.times, anomaly.pointer) == ("record_repeated", 2, "line 3")


def test_jobs_that_follow_one_another_are_one_run(tmp_path: Path) -> None:
    later = row("102", start="2026-03-02T10:00:00", end="2026-03-02T12:00:00")
    assert of(sacct(tmp_path, later, row()))["run.unit_hours"] == 64


def test_jobs_on_other_accelerators_are_runs_of_their_own(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(), row("102", tres="gres/gpu:a100=4,gres/gpu=4"))
    assert of(found, "run:sacct.txt.101")["run.unit_hours"] == 32
    assert of(found, "run:sacct.txt.102")["run.chip"] == "a100"
    assert "each is a run of its own" in notes(found)


def test_jobs_at_the_same_time_are_runs_of_their_own(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(), row("102"))
    assert of(found, "run:sacct.txt.102")["run.seconds"] == 7200
    assert not of(found)


def test_two_kinds_of_accelerators_in_one_job_are_told_apart(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(tres="gres/gpu:a100=4,gres/gpu:h100=8,gres/gpu=12", joules="36"))
    assert of(found, "run:sacct.txt.101-a100")["run.units"] == 4
    assert of(found, "run:sacct.txt.101-h100")["run.units"] == 8
    assert len(values(found, "run.energy")) == 1


@pytest.mark.parametrize(
    ("tres", "units"),
    [
        ("gres/gpu=8", 8),
        ("gres/gpu:h100=8", 8),
        ("gpu:8", 8),
        ("gpu:v100:4", 4),
        ("gpu:v100:4(S:0-1)", 4),
        ("gres/gpu:h100=8,gres/gpumem=80G,gres/gpuutil=100", 8),
    ],
)
def test_accelerators_are_read_in_every_spelling(tmp_path: Path, tres: str, units: int) -> None:
    assert of(sacct(tmp_path, row(tres=tres)))["run.units"] == units


@pytest.mark.parametrize("tres", ["cpu=96,mem=1T", "", "gres/gpu=0", "gres/shard=8"])
def test_jobs_without_accelerators_are_passed_over(tmp_path: Path, tres: str) -> None:
    found = sacct(tmp_path, row(tres=tres))
    assert not found.facts
    assert "without accelerators" in notes(found)


def test_slices_of_accelerators_are_not_counted_and_listed(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(tres="gres/gpu:a100_1g.5gb=2,gres/gpu=2"))
    assert not found.facts
    assert kinds(found) == ["accelerator_sliced"]


def test_modules_of_two_devices_are_remarked(tmp_path: Path) -> None:
    assert "two devices" in notes(sacct(tmp_path, row(tres="gres/gpu:mi250x=8")))


def test_energy_of_zero_was_not_measured(tmp_path: Path) -> None:
    found = sacct(tmp_path, row())
    assert "run.energy" not in of(found)
    assert "does not measure" in notes(found)


def test_energy_of_the_job_is_in_kilowatt_hours_of_its_nodes(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(joules="36000000"), row("101.0", joules="35000000"))
    assert of(found)["run.energy"] == 10
    assert (of(found)["run.energy_boundary"], of(found)["run.energy_method"]) == (
        "node",
        "measured",
    )


def test_energy_of_some_attempts_is_a_lower_bound(tmp_path: Path) -> None:
    first = row(start="2026-03-01T07:00:00", end="2026-03-01T09:00:00", joules="36000000")
    found = sacct(tmp_path, first, row())
    (energy,) = [fact for fact in found.facts if fact.key == "run.energy"]
    assert (energy.value, energy.relation) == (10, "at_least")


def test_an_energy_that_no_node_can_draw_is_left_out(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(joules="18446744073709551610"))
    assert kinds(found) == ["energy_impossible"]
    assert "run.energy" not in of(found)


def test_a_running_job_is_a_lower_bound(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(state="RUNNING", end="Unknown"))
    (hours,) = [fact for fact in found.facts if fact.key == "run.unit_hours"]
    assert (hours.value, hours.relation) == (32, "at_least")
    assert of(found)["run.complete"] is False
    assert "run.ended_on" not in of(found)


def test_elapsed_time_with_days_stands_in_for_seconds(tmp_path: Path) -> None:
    header = "JobID|State|Elapsed|AllocTRES"
    found = sacct(tmp_path, "101|COMPLETED|1-02:00:00|gres/gpu:h100=1", header=header)
    assert of(found)["run.unit_hours"] == 26


def test_the_form_with_a_bar_at_the_end_is_read(tmp_path: Path) -> None:
    assert of(sacct(tmp_path, row() + "|", header=HEADER + "|"))["run.unit_hours"] == 32


def test_a_line_cut_in_half_is_listed(tmp_path: Path) -> None:
    found = sacct(tmp_path, row(), "102|COMPL")
    assert of(found)["run.unit_hours"] == 32
    assert kinds(found) == ["line_cut"]


def test_a_table_without_allocations_says_what_to_print(tmp_path: Path) -> None:
    found = sacct(tmp_path, "101|COMPLETED", header="JobID|State")
    assert "AllocTRES or AllocGRES" in reasons(found)["sacct.txt"]
    assert "sacct -P -D" in reasons(found)["sacct.txt"]


def test_a_small_table_is_recognised_under_any_name(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"jobs.txt": f"{HEADER}\n{row()}\n", "notes.txt": "JobID is a word"})
    assert values(found, "run.unit_hours") == [32]
    assert reasons(found)["notes.txt"] == "a format that is not known"


def test_array_tasks_and_cancelled_jobs_have_their_names(tmp_path: Path) -> None:
    task = row("101_3", start="2026-03-02T10:00:00", end="2026-03-02T12:00:00")
    never = row("104", state="CANCELLED by 1000", start="Unknown", end="Unknown", seconds=0)
    found = sacct(tmp_path, row(), task, never)
    assert of(found)["run.unit_hours"] == 64
    assert "never ran" in notes(found)


# --- CodeCarbon -------------------------------------------------------------------------------

OLD = "timestamp,experiment_id,project_name,duration,emissions,energy_consumed,country_name"
UUID = "409f7ac2-203f-4191-9bf4-e3cdf9470de8"
NEW = (
    "timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,"
    "energy_consumed,country_name,gpu_count,gpu_model,longitude,latitude,tracking_mode,pue"
)


def new(
    energy: str = "1.0", run: str = UUID, duration: str = "3600", pue: str = "1.0",
    time: str = "2026-05-31T10:39:13", mode: str = "machine",
) -> str:  # fmt: skip
    """One line of the newer layout."""
    return (
        f"{time},tiny,{run},{duration},0.4,0.2,0.7,0.1,{energy},France,2,2 x NVIDIA L4,7.74,48.58,"
        f"{mode},{pue}"
    )


def carbon(root: Path, *lines: str) -> Scan:
    """Scan a table of these lines."""
    return scanned(root, {"emissions.csv": "\n".join([*lines, ""])})


def test_the_older_layout_is_read(tmp_path: Path) -> None:
    found = carbon(tmp_path, OLD, "2021-05-31T10:39:13,id,tiny,3600.5,0.5,1.25,France")
    facts = of(found, "run:emissions.csv")
    assert (facts["run.energy"], facts["run.seconds"]) == (Decimal("1.25"), Decimal("3600.5"))
    assert facts["run.emissions"] == 500
    assert facts["run.energy_boundary"] == "node"


def test_the_newer_layout_names_the_accelerators(tmp_path: Path) -> None:
    facts = of(carbon(tmp_path, NEW, new()), "run:emissions.csv")
    assert (facts["run.units"], facts["run.chip"]) == (2, "NVIDIA L4")
    assert facts["run.mean_power"] == 350
    assert facts["run.energy_method"] == "estimated"
    assert "run.pue" not in facts


def test_of_lines_of_one_run_the_last_counts(tmp_path: Path) -> None:
    found = carbon(tmp_path, NEW, new("1.0"), new("2.5", duration="7200"))
    assert values(found, "run.energy") == [Decimal("2.5")]
    assert not found.anomalies


def test_an_energy_that_falls_is_listed(tmp_path: Path) -> None:
    found = carbon(tmp_path, NEW, new("2.5"), new("1.0"))
    assert values(found, "run.energy") == [1]
    (anomaly,) = found.anomalies
    assert (anomaly.kind, anomaly.amount) == ("counter_went_back", Decimal("1.5"))


def test_several_runs_are_told_apart(tmp_path: Path) -> None:
    found = carbon(tmp_path, NEW, new(), new("2", run=UUID.replace("4", "5")))
    assert {fact.subject for fact in found.facts} == {
        f"run:emissions.csv.{UUID}",
        f"run:emissions.csv.{UUID.replace('4', '5')}",
    }


def test_lines_without_identifier_that_began_together_are_one_run(tmp_path: Path) -> None:
    lines = [
        new("1", run="", duration="60", time="2026-05-31T10:01:00"),
        new("2", run="", duration="120", time="2026-05-31T10:02:00"),
        new("4", run="", duration="30", time="2026-05-31T10:02:40"),
    ]
    assert values(carbon(tmp_path, NEW, *lines), "run.energy") == [2, 4]


def test_a_factor_of_the_building_makes_the_energy_the_facilitys(tmp_path: Path) -> None:
    facts = of(carbon(tmp_path, NEW, new(pue="1.4")), "run:emissions.csv")
    assert (facts["run.energy_boundary"], facts["run.pue"]) == ("facility", Decimal("1.4"))
    assert facts["run.mean_power"] == 250


def test_tracking_of_the_process_alone_is_remarked(tmp_path: Path) -> None:
    assert "only the process" in notes(carbon(tmp_path, NEW, new(mode="process")))


def test_broken_lines_of_a_table_are_listed(tmp_path: Path) -> None:
    found = carbon(tmp_path, NEW, new(), "2026,tiny", new(energy=""), new()[:40])
    assert values(found, "run.energy") == [1]
    (anomaly,) = found.anomalies
    assert (anomaly.kind, anomaly.times) == ("line_cut", 3)


def test_another_table_is_not_claimed(tmp_path: Path) -> None:
    found = carbon(tmp_path, "year,tonnes", "2020,5")
    assert "no table of CodeCarbon" in reasons(found)["emissions.csv"]


def test_the_recorded_table_has_one_run_with_its_factor() -> None:
    found = scan(["codecarbon"], RECORDED)
    facts = of(found, "run:codecarbon")
    assert facts["run.pue"] == 1.25
    assert facts["run.energy"] > 0
    assert {"48.5", "7.7", "France", "grand est"}.isdisjoint(str(found.to_json()).split("'"))


def test_the_real_table_of_28_lines_has_18_runs() -> None:
    path = real_data("models", "energy", "codecarbon-examples-emissions.csv")
    found = scan([path.name], path.parent)
    assert len(values(found, "run.energy")) == 18
    assert kinds(found) == ["line_cut"]
