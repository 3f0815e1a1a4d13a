"""Several records of one run: side by side and never added, and nothing left out in silence."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.cli.shapes import SHAPES
from chapterv.dossier import Gathered, derive, gather, open_dossier
from chapterv.dossier.ledger import DossierLedger
from chapterv.dossier.run_records import COUNTERS
from chapterv.facts import Fact, Source, catalogue, make_fact
from chapterv.facts.types import Basis, Relation
from chapterv.meter import Meter
from tests.cli.running import run
from tests.cli.schemas import faults
from tests.dossier.folders import CONFIG
from tests.dossier.test_ledger import DECODER, MARGIN, MODEL, said
from tests.evidence.containers import RECORDED, event
from tests.evidence.test_run_logs_megatron import arguments, steps
from tests.evidence.test_schedulers import HEADER, row

HEAD = "[model]\nname = 'm'\nversion = '1'\n"
READERS = {
    "megatron": "megatron-log 1",
    "wandb": "wandb-log 1",
    "mlflow": "mlflow-values 1",
    "store": "mlflow-store 1",
    "events": "tensorboard-events 1",
    "slurm": "slurm-sacct 1",
    "codecarbon": "codecarbon 1",
    "meter": "training-meter 1",
    "statement": "statement 1",
}


def told(
    subject: str,
    by: str,
    place: str | None = None,
    relation: Relation = "exactly",
    bound: str | None = None,
    as_of: datetime.date | None = None,
    **values: Any,
) -> list[Fact]:
    """Facts on a run as one reader gives them."""
    basis: Basis = "declared" if by == "statement" else "measured"
    return [
        make_fact(
            f"run:{subject}", f"run.{name.replace('__', '.')}", value,
            Source(place or f"runs/{by}/file", reader=READERS[by]),
            basis=basis, as_of=as_of,
            relation=relation if f"run.{name}" in COUNTERS else "exactly",
            bound=None if bound is None else Decimal(bound),
        )
        for name, value in values.items()
    ]  # fmt: skip


def stage(subject: str, name: str = "pre-training") -> list[Fact]:
    """The stage of a run, as somebody states it."""
    return told(subject, "statement", stage=name)


def ledger_of(
    facts: list[Fact], settled: dict[tuple[str, str], str] | None = None
) -> DossierLedger:
    found = derive(facts, MODEL, DECODER, settled, MARGIN).ledger
    assert found is not None
    return found


def amounts(found: DossierLedger) -> list[tuple[str, str, int | Decimal]]:
    return [(e.entry.subject, e.entry.kind, e.entry.amount) for e in found.ledger.lines]


def names(found: DossierLedger) -> list[str]:
    """Kinds and names of the methods of all runs."""
    return [
        f"{one.method.kind} {one.method.name}".strip() for run in found.runs for one in run.known
    ]


def folder(root: Path, files: dict[str, str | bytes | Path], statement: str) -> Gathered:
    """Write a dossier and gather it."""
    (root / "config.json").write_text(json.dumps(CONFIG))
    (root / "chapterv.toml").write_text(statement)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            (shutil.copytree if content.is_dir() else shutil.copy)(content, path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return gather(open_dossier(root))


def listed(name: str, path: str, of: str = "pre-training", more: str = "") -> str:
    return f"[[run]]\nid = '{name}'\npath = '{path}'\nstage = '{of}'\n{more}"


EACH = 17_664_000_000  # operations for 1 000 tokens of the small decoder at 64 tokens a sequence


# --- one run, several records -------------------------------------------------------------------


def test_a_log_and_trackers_of_one_run_are_one_entry_with_the_log_that_tells_most() -> None:
    facts = (
        stage("p")
        + told("p", "megatron", tokens=100_000, sequence_length=64)
        + told("p", "wandb", "a/run.wandb", tokens=1_000, sequence_length=64)
    )
    found = ledger_of(facts)
    assert amounts(found) == [("run:p", "parameter_updates", 100 * EACH)]
    assert "architecture W&B" in names(found)
    (note,) = found.notes
    assert "Megatron-LM's log 1.77e12, W&B 1.77e10 FLOP" in note
    assert "[[settle]]" in note


def test_the_name_of_a_file_does_not_decide_which_record_counts() -> None:
    big = told("p", "wandb", "z/run.wandb", tokens=100_000, sequence_length=64)
    small = told("p", "events", "a/events", tokens=1_000, sequence_length=64)
    assert amounts(ledger_of(stage("p") + small + big))[0][2] == 100 * EACH


def test_what_a_person_settles_counts_in_every_record() -> None:
    big = told("p", "wandb", "z/run.wandb", tokens=100_000, sequence_length=64)
    small = told("p", "events", "a/events", tokens=1_000, sequence_length=64)
    chosen = {("run:p", "run.tokens"): small[0].id}
    found = ledger_of(stage("p") + small + big, chosen)
    assert amounts(found)[0][2] == EACH
    assert found.notes == ()


def test_records_that_tell_the_same_are_one_method_that_rests_on_all_of_them() -> None:
    facts = [
        one
        for by in ("wandb", "mlflow", "events")
        for one in told("p", by, tokens=1_000, sequence_length=64)
    ]
    found = ledger_of(stage("p") + facts)
    (run,) = found.runs
    assert names(found) == ["architecture", "six_per_parameter"]
    assert {one.id for one in facts} <= set(run.known[0].facts)
    assert "told alike by MLflow, TensorBoard, W&B" in run.known[0].method.notes


def test_a_figure_in_floats_of_32_bits_gives_way_to_the_exact_one() -> None:
    facts = told("p", "wandb", tokens=100_000_003, sequence_length=64) + told(
        "p", "events", bound="0.00000006", tokens=100_000_004, sequence_length=64
    )
    assert amounts(ledger_of(stage("p") + facts))[0][2] == 100_000_003 * EACH // 1000


def test_hours_of_one_record_are_never_multiplied_with_the_rate_of_another() -> None:
    facts = told("p", "megatron", unit_hours=10, throughput_per_unit=400 * 10**12) + told(
        "p", "slurm", unit_hours=1000
    )
    found = ledger_of(stage("p") + facts)
    (run,) = found.runs
    assert [int(one.method.amount) for one in run.known] == [400 * 10**12 * 36_000 * 7 // 8]


def test_several_records_of_one_program_count_once_as_a_bound_and_are_asked_about() -> None:
    facts = told("p", "wandb", "x/a.wandb", tokens=1_000, sequence_length=64) + told(
        "p", "wandb", "y/b.wandb", tokens=2_000, sequence_length=64
    )
    found = ledger_of([*stage("p"), *facts, said("model.compute_ledger_complete", True)])
    assert amounts(found) == [("run:p", "parameter_updates", 2 * EACH)]
    assert found.ledger.lines[0].entry.open_above
    assert found.ledger.training.high is None
    assert "2 records of W&B differ" in found.notes[0]


def test_counters_of_two_files_of_one_record_are_the_largest() -> None:
    facts = told("p", "wandb", "x/files/a.json", tokens=1_000, sequence_length=64) + told(
        "p", "wandb", "x/b.wandb", tokens=900, sequence_length=64
    )
    found = ledger_of(stage("p") + facts)
    assert amounts(found) == [("run:p", "parameter_updates", EACH)]
    assert found.notes == ()


# --- parts --------------------------------------------------------------------------------------


def parts(by: str, count: int, place: str | None = None) -> list[Fact]:
    return [
        one
        for number in range(count)
        for one in told(f"p.{by}{number}", by, place, tokens=1_000, sequence_length=64)
    ]


def test_parts_of_one_record_add_up() -> None:
    assert ledger_of(stage("p") + parts("store", 3)).ledger.training.amount == 3 * EACH


def test_parts_that_two_trackers_tell_are_methods_side_by_side_and_never_added() -> None:
    found = ledger_of(stage("p") + parts("store", 3) + parts("codecarbon", 2))
    assert amounts(found) == [("run:p", "parameter_updates", 3 * EACH)]
    assert names(found)[:2] == ["architecture", "architecture CodeCarbon, 2 parts"]


def test_parts_without_any_amount_make_the_sum_of_the_others_a_bound() -> None:
    own = told("p", "megatron", tokens=500, sequence_length=64)
    lame = told("p.store9", "store", tool_operations=5)
    found = ledger_of(stage("p") + own + parts("store", 2) + lame)
    (sum_,) = [
        one for run in found.runs for one in run.known
        if one.parts == 2 and one.method.kind == "architecture"
    ]  # fmt: skip
    assert sum_.open_above
    assert any("1 of 3 parts in the record of MLflow tell nothing" in one for one in found.notes)


def test_what_a_meter_measured_is_not_lost_beside_parts_that_cannot_be_counted() -> None:
    meter = told("p.training", "meter", activity="parameter_updates", operations=7 * 10**9)
    lame = told("p.store1", "store", tool_operations=5)
    assert amounts(ledger_of(stage("p") + meter + lame)) == [
        ("run:p", "parameter_updates", 7 * 10**9)
    ]


def test_files_of_a_meter_of_one_phase_add_up() -> None:
    facts = [
        one
        for place in ("a/meter.jsonl", "b/meter.jsonl")
        for one in told("p.x", "meter", place, activity="parameter_updates", operations=100)
    ]
    assert ledger_of(stage("p") + facts).ledger.training.amount == 200


def test_a_meter_that_saw_a_part_of_the_run_stands_behind_the_log() -> None:
    meter = told("p.x", "meter", activity="parameter_updates", operations=EACH, tokens=1_000)
    log = told("p", "megatron", tokens=100_000, sequence_length=64)
    found = ledger_of(stage("p") + meter + log)
    assert amounts(found) == [("run:p", "parameter_updates", 100 * EACH)]
    assert "Megatron-LM's log tells of more tokens" in found.ledger.lines[0].entry.note


def test_a_meter_that_counts_less_attention_for_the_same_tokens_stays_first() -> None:
    meter = told("p.x", "meter", activity="parameter_updates", operations=EACH // 2, tokens=1_000)
    log = told("p", "megatron", tokens=1_000, sequence_length=64)
    assert amounts(ledger_of(stage("p") + meter + log))[0][2] == EACH // 2


def test_steps_taken_again_are_told_apart_in_a_meters_count_and_added_to_a_logs() -> None:
    meter = told(
        "p.x", "meter", activity="parameter_updates", operations=1_000, tokens=10, tokens_repeated=1
    )
    found = ledger_of(stage("p") + meter)
    assert amounts(found) == [
        ("run:p.x", "parameter_updates", 900),
        ("run:p.x", "repeated_steps", 100),
    ]
    log = told("p", "megatron", tokens=10_000, tokens_repeated=1_000, sequence_length=64)
    assert amounts(ledger_of(stage("p") + log)) == [
        ("run:p", "parameter_updates", 10 * EACH),
        ("run:p", "repeated_steps", EACH),
    ]
    assert ledger_of(stage("p") + log + meter).ledger.training.amount == 11 * EACH


def test_hours_hold_the_steps_that_were_taken_again() -> None:
    facts = told(
        "p", "megatron", unit_hours=10, chip="h100-sxm", utilisation="0.4",
        utilisation_counts="model", tokens_repeated=5, samples=100,
    )  # fmt: skip
    stated = told("p", "statement", compute__repeated_steps=10**20)
    found = ledger_of(stage("p") + facts + stated)
    assert [kind for _, kind, _ in amounts(found)] == ["parameter_updates"]
    assert any("not counted beside" in note for note in found.notes)


def test_the_hours_of_an_evaluation_job_are_no_hours_of_its_run() -> None:
    job = told("p.1", "slurm", "runs/p/sacct.txt", unit_hours=1, chip="h100-sxm")
    other = told("p.2", "slurm", "runs/p/sacct.txt", unit_hours=9, chip="h100-sxm")
    facts = stage("p") + job + other + told("p.2", "statement", activity="evaluation_red_teaming")
    found = derive(facts, MODEL, DECODER, {}, MARGIN, owner=lambda path: "run:p").ledger
    assert found is not None
    kinds = {kind: amount for _, kind, amount in amounts(found)}
    assert kinds["evaluation_red_teaming"] == 9 * kinds["parameter_updates"]


# --- what is a part -----------------------------------------------------------------------------


def test_a_run_called_v1_0_is_no_part_of_v1() -> None:
    facts = told("v1", "statement", stage="sft", tokens=1_000, sequence_length=64) + told(
        "v1.0", "statement", stage="sft", tokens=2_000, sequence_length=64
    )
    assert ledger_of(facts).ledger.training.amount == 3 * EACH


def test_folders_whose_names_begin_alike_are_runs_of_their_own(tmp_path: Path) -> None:
    log = arguments(seq_length=64)
    gathered = folder(
        tmp_path,
        {"runs/v1/a.log": log + steps(1, 10), "runs/v1.0/b.log": log + steps(1, 20)},
        HEAD + listed("v1", "runs/v1/*.log") + listed("v1.0", "runs/v1.0/*.log"),
    )
    assert gathered.ledger is not None
    assert [one.entry.subject for one in gathered.ledger.ledger.lines] == ["run:v1", "run:v1.0"]


def test_a_stage_of_a_job_does_not_make_it_a_second_run() -> None:
    own = told("p", "megatron", tokens=1_000, sequence_length=64)
    job = told("p.17", "slurm", "runs/p/sacct.txt", unit_hours=1, chip="h100-sxm")
    stated = told("p.17", "statement", stage="pre-training")
    work = derive(
        stage("p") + own + job + stated, MODEL, DECODER, {}, MARGIN, owner=lambda path: "run:p"
    )
    assert work.ledger is not None
    assert amounts(work.ledger) == [("run:p", "parameter_updates", EACH)]


# --- folders ------------------------------------------------------------------------------------


def everything(root: Path) -> dict[str, str | bytes | Path]:
    """One run's folder as it looks after a year of tools."""
    path = root.parent / f"{root.name}-meter.jsonl"
    with Meter(path=path, config=CONFIG, sequence_length=64, energy=False, run="p") as meter:
        for _ in range(10):
            meter.add(128)
    jobs = [row(joules="3600000"), row("102", tres="gres/gpu:a100=4,gres/gpu=4")]
    return {
        "runs/p/train.log": arguments(seq_length=64) + steps(1, 100),
        "runs/p/wandb/x/files": RECORDED / "wandb/files",
        "runs/p/wandb/x/run-recorded.wandb": RECORDED / "wandb/run-recorded.wandb",
        "runs/p/mlruns/0/abc": RECORDED / "mlflow/run",
        "runs/p/mlflow.db": RECORDED / "mlflow/mlflow.db",
        "runs/p/tb": RECORDED / "tensorboard",
        "runs/p/emissions.csv": RECORDED / "codecarbon/emissions.csv",
        "runs/p/meter.jsonl": path,
        "runs/p/sacct.txt": "\n".join([HEADER, *jobs, ""]),
    }


def test_a_folder_with_nine_records_of_one_run_is_one_entry(tmp_path: Path) -> None:
    gathered = folder(tmp_path, everything(tmp_path), HEAD + listed("p", "runs/p"))
    assert gathered.ledger is not None
    ((subject, kind, amount),) = amounts(gathered.ledger)
    assert (subject, kind) == ("run:p", "parameter_updates")
    assert amount == 51_200 * EACH // 1000
    (run,) = gathered.ledger.runs
    told_by = {one.told_by for one in run.known}
    assert {"megatron-log", "mlflow", "training-meter"} <= told_by
    tokens = gathered.merged(datetime.date(2026, 11, 25)).world.keys["model.training_tokens"]
    assert tokens.low == 51_200


def test_without_a_listed_run_every_record_that_is_in_no_sum_has_a_note(tmp_path: Path) -> None:
    gathered = folder(tmp_path, everything(tmp_path), HEAD)
    assert gathered.ledger is not None
    notes = "\n".join(gathered.ledger.notes)
    for place in ("runs/p", "runs/p/mlruns/0/abc", "runs/p/tb", "runs/p/wandb/x"):
        assert f"run:{place} has no stage" in notes


def test_a_copy_of_a_record_in_another_run_counts_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes | Path] = {
        f"runs/{name}/x/run-recorded.wandb": RECORDED / "wandb/run-recorded.wandb" for name in "ab"
    }
    statement = HEAD + "compute_ledger_complete = true\n"
    statement += listed("a", "runs/a") + listed("b", "runs/b")
    gathered = folder(tmp_path, files, statement)
    assert gathered.ledger is not None
    assert [subject for subject, _, _ in amounts(gathered.ledger)] == ["run:a"]
    assert gathered.ledger.ledger.complete
    assert "runs/b/x is a copy of runs/a/x" in gathered.ledger.notes[0]


def test_one_table_of_a_scheduler_in_two_runs_gives_its_hours_to_one(tmp_path: Path) -> None:
    table = "\n".join([HEADER, row(), row("102"), ""])
    more = "chip = 'h100-sxm'\n"
    gathered = folder(
        tmp_path,
        {"runs/a/sacct.txt": table, "runs/b/sacct.txt": table},
        HEAD + listed("a", "runs/a", more=more) + listed("b", "runs/b", more=more),
    )
    assert gathered.ledger is not None
    assert [subject for subject, _, _ in amounts(gathered.ledger)] == ["run:a"]


def test_one_run_in_two_programs_under_two_names_is_asked_about(tmp_path: Path) -> None:
    gathered = folder(
        tmp_path,
        {
            "runs/a/x/run-recorded.wandb": RECORDED / "wandb/run-recorded.wandb",
            "runs/b": RECORDED / "mlflow/run",
        },
        HEAD + listed("a", "runs/a") + listed("b", "runs/b"),
    )
    assert gathered.ledger is not None
    assert any("name both paths in one [[run]]" in note for note in gathered.ledger.notes)


def test_nested_paths_give_each_record_to_the_nearest_run(tmp_path: Path) -> None:
    log = arguments(seq_length=64)
    gathered = folder(
        tmp_path,
        {"runs/p/a.log": log + steps(1, 10), "runs/p/sft/b.log": log + steps(1, 5)},
        HEAD + listed("p", "runs/p") + listed("sft", "runs/p/sft", "sft"),
    )
    assert gathered.ledger is not None
    first, second = amounts(gathered.ledger)
    assert first[2] == 2 * int(second[2])


@pytest.mark.parametrize("place", ["fifo.json", "/etc/hostname", "../x", "loop.json", "x" * 5000])
def test_a_configuration_that_is_none_is_named_and_never_replaced(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "loop.json").symlink_to("loop.json")
    os.mkfifo(tmp_path / "fifo.json")
    run = f"[[run]]\nid = 'r'\nstage = 'sft'\ntokens = '1e6'\nconfiguration = '{place}'\n"
    gathered = folder(tmp_path, {}, HEAD + run)
    assert gathered.ledger is not None
    assert amounts(gathered.ledger) == []
    assert "Correct run.configuration" in gathered.ledger.notes[0]


# --- the day asked for --------------------------------------------------------------------------


def test_a_later_figure_takes_nothing_from_what_was_known_before(tmp_path: Path) -> None:
    runs = "".join(
        f"[[run]]\nid = '{name}'\nstage = 'pre-training'\n"
        f"operations = {{ value = '{amount}', as_of = {day} }}\n"
        for name, amount, day in (("a", "2e25", "2026-03-01"), ("b", "1e20", "2026-09-01"))
    )
    gathered = folder(tmp_path, {}, HEAD + runs)
    early, late = (
        gathered.merged(datetime.date(2026, month, 1)).world.keys["model.training_compute"]
        for month in (4, 10)
    )
    assert (early.low, late.low) == (2 * 10**25, 2 * 10**25 + 10**20)
    assert set(early.facts) <= set(gathered.by_id)
    before = gathered.ledger_on(datetime.date(2026, 4, 1))
    assert before is not None
    assert [one[0] for one in amounts(before)] == ["run:a"]
    assert "model.training_compute" not in gathered.merged(datetime.date(2026, 2, 1)).world.keys


def test_completeness_stated_later_is_no_completeness_before(tmp_path: Path) -> None:
    stated = "compute_ledger_complete = { value = true, as_of = 2026-09-01 }\n"
    run = "[[run]]\nid = 'a'\nstage = 'sft'\noperations = '1e22'\n"
    gathered = folder(tmp_path, {}, HEAD + stated + run)
    early, late = (
        gathered.merged(datetime.date(2026, month, 1)).world.keys["model.training_compute"]
        for month in (4, 10)
    )
    assert early.value is None
    assert late.value == 10**22


# --- bounds and odd values ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"tokens": 1_000, "sequence_length": 64},
        {"operations": 10**9},
        {"units": 8, "seconds": 3_600, "chip": "h100-sxm"},
        {"unit_hours": 8, "chip": "h100-sxm"},
        {"passes": 10, "operations_per_pass": 10**9},
        {"tokens_per_epoch": 1_000, "epochs": 2, "sequence_length": 64},
    ],
)
def test_a_bound_from_below_stays_one_through_every_method(values: dict[str, Any]) -> None:
    facts = stage("p") + told("p", "wandb", relation="at_least", **values)
    found = ledger_of([*facts, said("model.compute_ledger_complete", True)])
    (line,) = found.ledger.lines
    assert line.entry.open_above
    assert found.ledger.training.high is None


@pytest.mark.parametrize(
    "key", ["tokens", "operations", "unit_hours", "compute__parameter_updates"]
)
def test_an_upper_bound_is_no_amount_and_has_a_note(key: str) -> None:
    facts = [
        make_fact(
            "run:p", f"run.{key.replace('__', '.')}", 10**9,
            Source("chapterv.toml", reader="statement 1"), basis="declared", relation="at_most",
        )
    ]  # fmt: skip
    found = ledger_of([*stage("p"), *facts, said("model.compute_ledger_complete", True)])
    assert amounts(found) == []
    assert not found.ledger.complete
    assert any("upper bound" in note or "nothing tells" in note for note in found.notes)


def test_an_error_told_with_an_amount_is_its_bound() -> None:
    found = ledger_of(stage("p") + told("p", "statement", bound="0.1", operations=10**22))
    (line,) = found.ledger.lines
    assert (line.entry.low, line.entry.high) == (9 * 10**21, 11 * 10**21)


@pytest.mark.parametrize(
    "facts",
    [
        told("p", "statement", tokens=10**99, sequence_length=64),
        told("p", "statement", operations=9 * 10**99),
        told("p", "statement", compute__synthetic_private_forward=9 * 10**99),
        told("p", "statement", tokens=1_000, sequence_length=10**60),
        told("p", "wandb", tokens=1_000, parameters_trainable=0),
        told("p", "wandb", tokens=1_000, parameters_trainable=10**90),
        told("p", "slurm", unit_hours=10**98, chip="h100-sxm"),
        told("p", "statement", unit_hours=1, peak_flop_per_s="0.5", utilisation="0.4"),
        told("p", "statement", unit_hours=1, chip="h100-sxm", utilisation="7"),
        told("p", "wandb", unit_hours="0.000000001", chip="h100-sxm"),
        told("p", "wandb", energy=10**98),
        told("p", "wandb", tool_operations=10**98, tool_operations_counts="six_per_parameter"),
        told("p", "statement", tokens_generated=10**98, generator_parameters_active=10**98),
        [
            *told("p", "statement", operations=5),
            said("model.derived_from", ["x"]),
            said("model.original_compute", 10**100 - 1),
        ],
        told("p", "wandb", tokens="1000.5", sequence_length=64, tokens_repeated=10**40),
    ],
)
def test_absurd_figures_are_named_and_break_nothing(facts: list[Fact]) -> None:
    twice = [
        make_fact(f"{one.subject}2", one.key, one.value, one.source, basis=one.basis)
        for one in facts
    ]
    for name in ("pre-training", "synthetic data", "rl"):
        derive(stage("p", name) + facts, MODEL, DECODER, {}, MARGIN)
        derive(stage("p", name) + facts + stage("p2", name) + twice, MODEL, DECODER, {}, MARGIN)


def test_completeness_is_not_believed_while_an_amount_is_missing() -> None:
    facts = [
        *told("a", "statement", stage="sft", tokens=1_000, sequence_length=64),
        *told("b", "statement", stage="sft", steps=5),
        said("model.compute_ledger_complete", True),
    ]
    found = ledger_of(facts)
    assert not found.ledger.complete
    assert any("both sums stay bounds from below" in note for note in found.notes)
    work = derive(facts, MODEL, DECODER, {}, MARGIN)
    assert {one.relation for one in work.made} == {"at_least"}


def test_a_run_without_stage_keeps_a_stated_list_from_being_complete() -> None:
    facts = [*told("a", "statement", tokens=5), said("model.compute_ledger_complete", True)]
    assert not ledger_of(facts).ledger.complete


def test_sources_that_disagree_on_a_setting_are_named() -> None:
    facts = told("p", "wandb", tokens=1_000, sequence_length=64) + told(
        "p", "mlflow", sequence_length=32
    )
    found = ledger_of(stage("p") + facts)
    assert any("disagree on run.sequence_length (32" in note for note in found.notes)


@given(st.lists(st.sampled_from(sorted(READERS)[:-1]), min_size=1, unique=True), st.randoms())
def test_no_order_of_records_changes_anything(formats: list[str], dice: Any) -> None:
    facts = stage("p") + [
        one
        for number, by in enumerate(formats)
        for one in told("p", by, tokens=1_000 + number, sequence_length=64)
    ]
    mixed = list(facts)
    dice.shuffle(mixed)
    assert amounts(ledger_of(facts)) == amounts(ledger_of(mixed))
    assert amounts(ledger_of(facts))[0][2] <= (1_000 + len(formats)) * EACH // 1000


def test_thousands_of_runs_take_seconds() -> None:
    facts = [
        one
        for number in range(3_000)
        for one in told(f"r.{number}", "statement", stage="sft", tokens=9, sequence_length=64)
    ]
    begun = time.perf_counter()
    assert len(ledger_of(facts).ledger.lines) == 3_000
    assert time.perf_counter() - begun < 30


# --- energy -------------------------------------------------------------------------------------


def test_energy_that_a_meter_and_a_scheduler_measured_is_never_added() -> None:
    meter = told(
        "p.x", "meter", activity="parameter_updates", operations=1, energy=100,
        energy_boundary="chip",
    )  # fmt: skip
    job = told("p.17", "slurm", energy=180, energy_boundary="node")
    whole = told("p", "codecarbon", energy=90, energy_boundary="node", energy_method="estimated")
    found = ledger_of(stage("p") + meter + job + whole)
    (energy,) = found.energies
    assert energy.energy.megawatt_hours * 1000 == 180
    (note,) = [note for note in found.notes if "energy" in note]
    assert "1.00e2 kWh (chip, the training meter)" in note
    assert "9.00e1 kWh (node, CodeCarbon)" in note


def test_two_programs_that_measured_the_chips_of_the_same_parts_are_not_added() -> None:
    first, second = (
        told(f"p.{by}", by, energy=100, energy_boundary="chip", activity="parameter_updates")
        for by in ("meter", "store")
    )
    (energy,) = ledger_of(stage("p") + first + second).energies
    assert energy.energy.megawatt_hours * 1000 == 100


def test_runs_are_brought_to_the_boundary_that_all_of_them_have() -> None:
    facts = [
        *stage("a"), *told("a", "wandb", energy=10, energy_boundary="chip"),
        *told("a", "slurm", energy=15, energy_boundary="node"),
        *stage("b"), *told("b", "wandb", energy=20, energy_boundary="chip"),
    ]  # fmt: skip
    work = derive(facts, MODEL, DECODER, {}, MARGIN)
    (energy,) = [one for one in work.made if one.key == "model.training_energy"]
    assert energy.value == Decimal("0.03")


def test_energy_of_some_runs_is_a_bound_from_below() -> None:
    facts = [*stage("a"), *told("a", "slurm", energy=1_000, energy_boundary="node")]
    facts += [*told("b", "statement", stage="sft", operations=10**20)]
    facts += [said("model.compute_ledger_complete", True)]
    work = derive(facts, MODEL, DECODER, {}, MARGIN)
    (energy,) = [one for one in work.made if one.key == "model.training_energy"]
    assert (energy.value, energy.relation) == (1, "at_least")
    assert any("The energy of run:b is not known" in note for note in work.notes)


def test_energy_of_evaluation_phases_is_no_energy_of_training() -> None:
    facts = stage("p") + [
        one
        for name, kind in (("x", "parameter_updates"), ("y", "evaluation_red_teaming"))
        for one in told(f"p.{name}", "meter", activity=kind, energy=100, energy_boundary="chip")
    ]
    (energy,) = ledger_of(facts).energies
    assert energy.energy.megawatt_hours * 1000 == 100


# --- output -------------------------------------------------------------------------------------


def test_the_output_of_a_crowded_folder_fits_its_schema_and_80_columns(tmp_path: Path) -> None:
    more = "".join(
        f"[[run]]\nid = '{name}'\n{text}\n"
        for name, text in (
            ("odd", "stage = 'zzz'\ntokens = '5'"),
            ("huge", "stage = 'sft'\noperations = '9e99'"),
            ("rl", "stage = 'rl'\ntokens = '1e9'\ntokens_generated = '1e10'"),
            ("data", "stage = 'synthetic data'\ntokens_generated = '1e9'\n"
                     "generator_parameters_active = '7e9'"),
            ("small", "stage = 'sft'\ncompute = { evaluation_red_teaming = '0' }"),
        )
    )  # fmt: skip
    again = {
        f"runs/q/events.out.tfevents.{number}.h.1.0": event(
            1.79e9 + number, 5, train__num_input_tokens_seen=64.0 * number
        )
        for number in (1, 2)
    }
    files = {**everything(tmp_path), **again}
    folder(tmp_path, files, HEAD + listed("p", "runs/p") + listed("q", "runs/q") + more)
    schema = msgspec.json.schema(SHAPES["compute-ledger"])
    done = run("compute", "ledger", tmp_path, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert faults(json.loads(done.stdout), schema) == []
    text = run("compute", "ledger", tmp_path)
    assert text.returncode == 0
    assert max(len(line) for line in text.stdout.splitlines()) <= 80


def test_every_counter_is_a_key_of_the_catalogue() -> None:
    assert set(catalogue()) >= COUNTERS
