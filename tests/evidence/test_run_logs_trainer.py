"""States and results of the Trainer of Transformers."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chapterv.evidence import Scan, scan
from tests.evidence.test_run_logs_megatron import only
from tests.evidence.writing import notes, reasons, scanned, values
from tests.real_data import real_data

STATE: dict[str, Any] = {
    "epoch": 3.0,
    "global_step": 375,
    "is_local_process_zero": True,
    "log_history": [
        {"epoch": 0.16, "loss": 0.69, "step": 20},
        {"epoch": 1.0, "eval_loss": 0.39, "eval_runtime": 3.27, "step": 125},
    ],
    "max_steps": 375,
    "num_input_tokens_seen": 0,
    "num_train_epochs": 3,
    "total_flos": 202109110272000.0,
    "train_batch_size": 16,
}
END = {
    "epoch": 3.0,
    "step": 375,
    "total_flos": 202109110272000.0,
    "train_loss": 0.4,
    "train_runtime": 120.5,
    "train_samples_per_second": 49.793,
    "train_steps_per_second": 3.112,
}


def state(**changes: Any) -> dict[str, Any]:
    return {**STATE, **changes}


def ended(**changes: Any) -> dict[str, Any]:
    return state(log_history=[*STATE["log_history"], {**END, **changes}])


def read(root: Path, content: Any, name: str = "run/trainer_state.json") -> Scan:
    return scanned(root, {name: content})


def test_a_state_gives_steps_epochs_and_a_labelled_count(tmp_path: Path) -> None:
    found = read(tmp_path, state())
    assert only(found, "run.steps") == 375
    assert only(found, "run.epochs") == 3
    assert only(found, "run.tool_operations") == 202109110272000
    assert only(found, "run.tool_operations_counts") == "six_per_parameter"
    assert not values(found, "run.operations")
    assert {fact.subject for fact in found.facts} == {"run:run"}


def test_no_tokens_counted_is_not_no_tokens(tmp_path: Path) -> None:
    found = read(tmp_path, state())
    assert not values(found, "run.tokens")
    assert "which is not zero" in notes(found)
    assert only(read(tmp_path / "b", state(num_input_tokens_seen=5120)), "run.tokens") == 5120


def test_samples_are_steps_times_a_whole_number_where_that_agrees(tmp_path: Path) -> None:
    found = read(tmp_path, ended())
    assert only(found, "run.samples") == 6000
    assert only(found, "run.batch_size") == 16
    seconds = next(fact for fact in found.facts if fact.key == "run.seconds")
    assert (seconds.value, seconds.relation) == (Decimal("120.5"), "at_least")


def test_samples_that_do_not_divide_are_noted(tmp_path: Path) -> None:
    found = read(tmp_path, ended(train_samples_per_second=49.0))
    samples = next(fact for fact in found.facts if fact.key == "run.samples")
    assert samples.value == 5904
    assert "no whole number" in str(samples.note)
    assert not values(found, "run.batch_size")


def test_times_of_several_processes_add_up(tmp_path: Path) -> None:
    history = [{**END, "train_runtime": 60.25}, {**END, "train_runtime": 60.25}]
    found = read(tmp_path, state(log_history=history))
    assert only(found, "run.seconds") == Decimal("120.5")


def test_tokens_that_trl_counts_start_anew_with_each_process(tmp_path: Path) -> None:
    history = [
        {"num_tokens": 1000.0, "step": 100},
        {"num_tokens": 2000.0, "step": 200},
        {"num_tokens": 900.0, "step": 300},
    ]
    found = read(tmp_path, state(log_history=history))
    tokens = next(fact for fact in found.facts if fact.key == "run.tokens")
    assert (tokens.value, tokens.relation) == (2900, "at_least")


def test_runs_by_steps_have_no_epochs_planned(tmp_path: Path) -> None:
    found = read(tmp_path, state(num_train_epochs=2**63 - 1, max_steps=400))
    assert "number of steps was given" in notes(found)
    assert "step 375 of 400" in notes(found)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_losses_that_are_no_numbers_do_no_harm(tmp_path: Path, word: str) -> None:
    text = json.dumps(state()).replace("0.69", word)
    assert only(read(tmp_path, text), "run.steps") == 375


@pytest.mark.parametrize("word", ["NaN", "Infinity", "1e999", "-5", '"many"', "null", "true"])
def test_counts_that_are_no_numbers_are_no_facts(tmp_path: Path, word: str) -> None:
    text = json.dumps(state()).replace("202109110272000.0", word)
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 375
    assert not values(found, "run.tool_operations")


def test_states_saved_on_the_way_are_one_run_and_the_last_counts(tmp_path: Path) -> None:
    found = scanned(
        tmp_path,
        {
            "run/checkpoint-100/trainer_state.json": state(global_step=100, total_flos=5e13),
            "run/checkpoint-375/trainer_state.json": state(),
            "run/trainer_state.json": ended(),
            "run/all_results.json": END,
        },
    )
    assert only(found, "run.steps") == 375
    assert only(found, "run.samples") == 6000
    assert {f.subject for f in found.facts if f.key.startswith("run.")} == {"run:run"}
    assert "a state of the same run at step 100" in notes(found)


def test_results_alone_give_samples_and_time(tmp_path: Path) -> None:
    found = read(tmp_path, END, "run/all_results.json")
    assert only(found, "run.steps") == 375
    assert only(found, "run.samples") == 6000
    assert only(found, "run.seconds") == Decimal("120.5")
    assert only(found, "run.tool_operations_counts") == "six_per_parameter"


def test_results_of_evaluations_say_nothing_on_a_run(tmp_path: Path) -> None:
    found = read(tmp_path, {"eval_loss": 0.4}, "run/all_results.json")
    assert "nothing on a run" in reasons(found)["run/all_results.json"]


BROKEN = {
    "no table": "[1]",
    "no state": '{"global_step": 3}',
    "no number": '{"global_step": "3", "log_history": []}',
    "no JSON": '{"global_step": 3',
}


@pytest.mark.parametrize("how", BROKEN)
def test_broken_states_are_errors_with_a_reason(tmp_path: Path, how: str) -> None:
    found = read(tmp_path, BROKEN[how])
    assert not found.facts
    assert reasons(found)["run/trainer_state.json"]


REAL = {
    "lora-distilbert": (375, Decimal(3), 202109110272000, None),
    "lora-tinyllama": (2800, Decimal("1.9949220489977728"), 71242934139224060, 11424256),
    "vlm-smolvlm": (900, Decimal("2.8768000000000002"), 279034778131029400, None),
}


@pytest.mark.parametrize("name", REAL)
def test_states_that_others_made_are_read(name: str) -> None:
    root = real_data("models", "runs")
    found = scan([root / name / "trainer_state.json"], root)
    steps, epochs, operations, tokens = REAL[name]
    assert only(found, "run.steps") == steps
    assert only(found, "run.epochs") == epochs
    assert only(found, "run.tool_operations") == operations
    assert values(found, "run.tokens") == ([] if tokens is None else [tokens])
    assert {f.subject for f in found.facts} == {f"run:{name}"}
    assert "which is not zero" in notes(found)


LIGHTNING = "epoch,step,train_loss\n0,49,2.5\n0,99,2.4\n0,99,\n"


def test_the_csv_logger_of_lightning_bounds_the_steps(tmp_path: Path) -> None:
    found = read(tmp_path, LIGHTNING, "run/version_0/metrics.csv")
    steps = next(fact for fact in found.facts if fact.key == "run.steps")
    assert (steps.value, steps.relation, steps.source.pointer) == (100, "at_least", "line 4")
    assert "nothing on tokens" in notes(found)


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "epoch,step\n", "epoch,step\n0,many\n", "epoch,step\n0\n", "\xff"]
)
def test_other_tables_are_no_metrics_of_lightning(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text, "run/metrics.csv")
    assert not found.facts
    assert reasons(found)
