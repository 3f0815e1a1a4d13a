"""Readers of experiment trackers: W&B, MLflow, TensorBoard."""

from __future__ import annotations

import sqlite3
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chapterv.errors import InputError
from chapterv.evidence import Anomaly, Note, Scan, Unclaimed, scan
from chapterv.evidence.checksums import crc32c
from chapterv.evidence.metrics import exact
from chapterv.evidence.power import PowerSamples
from chapterv.facts import Fact

from .containers import (
    EXIT,
    RECORDED,
    event,
    field,
    history,
    items,
    power,
    read_with,
    tfrecord,
    wandb_log,
)
from .writing import notes, reasons, scanned, values

FLOS = 5_062_656
"""Six times the parameters without embeddings times the elements of the input of the run."""


def of(found: Scan | list[Any], subject: str | None = None) -> dict[str, Any]:
    """Value of each key, of one subject if there are several."""
    facts = found.facts if isinstance(found, Scan) else [f for f in found if isinstance(f, Fact)]
    return {fact.key: fact.value for fact in facts if subject in (None, fact.subject)}


def kinds(found: Scan | list[Any]) -> list[str]:
    """Kinds of the anomalies."""
    listed = found.anomalies if isinstance(found, Scan) else found
    return [item.kind for item in listed if isinstance(item, Anomaly)]


# --- the recorded run of Trainer, in all three ------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "subject"),
    [("wandb", "run:wandb"), ("mlflow/run", "run:mlflow/run"), ("tensorboard", "run:tensorboard")],
)
def test_a_run_of_trainer_says_the_same_in_every_tracker(folder: str, subject: str) -> None:
    found = of(scan([folder], RECORDED), subject)
    assert found["run.tool_operations"] == FLOS
    assert found["run.tool_operations_counts"] == "six_per_parameter"
    assert (found["run.steps"], found["run.tokens"], found["run.epochs"]) == (2, 128, 1)
    assert 0 < found["run.seconds"] < 60


def test_log_and_summary_of_one_run_are_facts_on_one_subject() -> None:
    found = scan(["wandb"], RECORDED)
    assert {fact.subject for fact in found.facts} == {"run:wandb"}
    artefacts = {fact.source.artefact for fact in found.facts if fact.key == "run.tokens"}
    assert artefacts == {"wandb/run-recorded.wandb", "wandb/files/wandb-summary.json"}


def test_a_run_that_the_dossier_names_keeps_its_name() -> None:
    found = scan(["wandb"], RECORDED, runs={"wandb": "run:pretrain"})
    assert {fact.subject for fact in found.facts} == {"run:pretrain"}


# --- W&B --------------------------------------------------------------------------------------


def test_levanter_counts_in_thousand_million_operations(tmp_path: Path) -> None:
    summary = {"throughput/total_gflops": 7.148e12, "throughput/total_tokens": 3000000000000}
    found = of(scanned(tmp_path, {"wandb-summary.json": summary}))
    assert found["run.tool_operations"] == 7_148 * 10**18
    assert found["run.tool_operations_counts"] == "model"
    assert found["run.tokens"] == 3 * 10**12


def test_the_trackers_own_clock_counts_only_where_the_trainer_has_none(tmp_path: Path) -> None:
    files = {
        "a/wandb-summary.json": {"_runtime": 597, "train_runtime": 556.3354},
        "b/wandb-summary.json": {"_runtime": 597},
    }
    found = scanned(tmp_path, files)
    assert of(found, "run:a")["run.seconds"] == Decimal("556.3354")
    assert of(found, "run:b")["run.seconds"] == 597


@pytest.mark.parametrize("value", ["NaN", -5, "Infinity", True, None, "many", [1], 1e300, 0.5])
def test_a_counter_that_is_no_amount_is_listed_and_passed_over(tmp_path: Path, value: Any) -> None:
    found = scanned(tmp_path, {"wandb-summary.json": {"train/global_step": value}})
    assert not found.facts
    assert kinds(found) == ["value_refused"]


def test_the_machine_gives_its_accelerators_and_nothing_of_people(tmp_path: Path) -> None:
    machine = {
        "gpu": "NVIDIA H100 80GB HBM3", "gpu_count": 8, "startedAt": "2026-02-03T04:05:06.7Z",
        "email": "ada@example.org", "username": "ada", "host": "node17", "root": "/users/ada",
        "gpu_nvidia": [{"name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-1"}],
    }  # fmt: skip
    found = scanned(tmp_path, {"run-1/files/wandb-metadata.json": machine})
    assert of(found) == {
        "run.chip": "NVIDIA H100 80GB HBM3",
        "run.units": 8,
        "run.started_on": found.facts[-1].value,
    }
    (units,) = [fact for fact in found.facts if fact.key == "run.units"]
    assert units.relation == "at_least"
    assert str(of(found)["run.started_on"]) == "2026-02-03"


CONFIG = """\
wandb_version: 1
_wandb:
  value:
    framework: huggingface
    cli_version: 0.16.0
bf16:
  desc: null
  value: true
gradient_checkpointing:
  value: false
max_seq_length:
  value: 4096
output_dir:
  value: /users/ada/out
"""


def test_settings_of_a_run_are_declared(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"files/config.yaml": CONFIG})
    assert of(found) == {
        "run.precision": "bf16",
        "run.recomputation": False,
        "run.sequence_length": 4096,
        "run.framework": "transformers",
    }
    (precision,) = [fact for fact in found.facts if fact.key == "run.precision"]
    assert (precision.basis, precision.source.pointer) == ("declared", "line 6")


def test_settings_of_another_program_are_not_claimed() -> None:
    with pytest.raises(Unclaimed):
        read_with("wandb-config", "config.yaml", b"model:\n  value: 3\n")


def test_a_log_gives_counters_power_and_time() -> None:
    run = field(17, field(17, field(1, 1_790_000_000)) + field(13, "node17"))
    environment = field(26, field(18, "NVIDIA L4") + field(19, 2) + field(10, "ada@example.org"))
    log = wandb_log(
        [run, environment, history(train__global_step=1), history(train__global_step=2)]
        + [power(1_790_000_000 + 10 * n, gpu0=100.0, gpu1=200.0) for n in range(37)]
        + [field(5, items({"gradient_checkpointing": True})), EXIT]
    )
    found = read_with("wandb-log", "run-1.wandb", log)
    assert of(found) == {
        "run.steps": 2,
        "run.chip": "NVIDIA L4",
        "run.units": 2,
        "run.recomputation": True,
        "run.started_on": of(found)["run.started_on"],
        "run.energy": Decimal("0.03"),
        "run.mean_power": 150,
        "run.energy_boundary": "chip",
        "run.energy_method": "measured",
    }


def test_a_log_without_an_end_is_not_complete() -> None:
    found = read_with("wandb-log", "run-1.wandb", wandb_log([history(train__global_step=1)]))
    assert of(found)["run.complete"] is False


def test_records_longer_than_a_block_are_joined() -> None:
    long = history(train__global_step=7, notes="x" * 200_000)
    found = read_with("wandb-log", "run-1.wandb", wandb_log([long, history(n_tokens_seen=5), EXIT]))
    assert (of(found)["run.steps"], of(found)["run.tokens"]) == (7, 5)
    assert not kinds(found)


def test_a_log_cut_off_at_its_end_is_normal() -> None:
    log = wandb_log([history(train__global_step=1), history(train__global_step=2)])
    found = read_with("wandb-log", "run-1.wandb", log[:-3])
    assert of(found)["run.steps"] == 1
    assert any("cut off" in item.text for item in found if isinstance(item, Note))


def test_a_wrong_check_sum_in_a_log_loses_its_block_only() -> None:
    log = bytearray(
        wandb_log(
            [history(train__global_step=1, filler="x" * 40_000), history(train__global_step=9)]
        )
    )
    log[100] ^= 1
    found = read_with("wandb-log", "run-1.wandb", bytes(log))
    assert of(found)["run.steps"] == 9
    assert "checksum_wrong" in kinds(found)


def test_a_counter_that_goes_back_is_repeated_work() -> None:
    steps = [100, 200, 150, 250]
    log = wandb_log([*(history(train__global_step=step) for step in steps), EXIT])
    found = read_with("wandb-log", "run-1.wandb", log)
    assert of(found) == {"run.steps": 250, "run.steps_repeated": 50}
    (anomaly,) = [item for item in found if isinstance(item, Anomaly)]
    assert (anomaly.kind, anomaly.key, anomaly.amount) == ("counter_went_back", "run.steps", 50)


def test_a_utilisation_is_the_mean_of_many_values_and_never_the_last_one(tmp_path: Path) -> None:
    rows = [history(throughput__mfu=40.0 + 2 * (step % 2)) for step in range(20)]
    found = of(read_with("wandb-log", "run-1.wandb", wandb_log([*rows, EXIT])))
    assert found == {"run.utilisation": Decimal("0.41"), "run.utilisation_counts": "model"}
    assert not scanned(tmp_path, {"wandb-summary.json": {"throughput/mfu": 40.0}}).facts


def test_an_average_that_the_trainer_keeps_is_taken_at_its_last(tmp_path: Path) -> None:
    name = "throughput/device/flopsPS (actual avg)"
    log = wandb_log([field(2, items({name: value})) for value in (5e14, 3e14, 4e14)] + [EXIT])
    assert of(read_with("wandb-log", "run-1.wandb", log)) == {"run.throughput_per_unit": 4 * 10**14}


def test_a_file_that_is_no_log_is_refused() -> None:
    with pytest.raises(InputError, match="no log of W&B"):
        read_with("wandb-log", "run-1.wandb", b"\0" * 100)


# --- TensorBoard ------------------------------------------------------------------------------


def test_the_check_sum_is_that_of_the_standard() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_event_files_of_a_resumed_run_are_joined(tmp_path: Path) -> None:
    first = event(1_790_000_000.0, 50, train__epoch=0.5) + event(
        1_790_000_100.0, 100, train__epoch=1.0
    )
    second = event(1_790_000_200.0, 80, train__epoch=0.8) + event(
        1_790_000_260.0, 140, train__epoch=1.4
    )
    files = {"tb/events.out.tfevents.1.a": first, "tb/events.out.tfevents.2.a": second}
    found = scanned(tmp_path, files)
    assert of(found) == {
        "run.steps": 140,
        "run.steps_repeated": 20,
        "run.epochs": values(found, "run.epochs")[0],
        "run.seconds": 160,
        "run.started_on": of(found)["run.started_on"],
        "run.ended_on": of(found)["run.ended_on"],
    }
    assert kinds(found) == ["counter_went_back"]
    (seconds,) = [fact for fact in found.facts if fact.key == "run.seconds"]
    assert seconds.relation == "at_least"


def test_two_writers_at_one_time_are_counted_once(tmp_path: Path) -> None:
    files = {
        f"events.out.tfevents.{n}.a": event(1_790_000_000.0, 1) + event(1_790_000_100.0, 2)
        for n in range(2)
    }
    found = scanned(tmp_path, files)
    assert values(found, "run.seconds") == [100]
    assert kinds(found) == ["records_overlap"]


def test_a_number_too_long_for_its_float_has_a_bound(tmp_path: Path) -> None:
    data = event(1_790_000_000.0, 1, n_tokens_seen=3e12)
    found = scanned(tmp_path, {"events.out.tfevents.1.a": data})
    (tokens,) = [fact for fact in found.facts if fact.key == "run.tokens"]
    assert tokens.bound == Decimal(1) / 2**24
    assert abs(tokens.value - 3 * 10**12) <= tokens.value * tokens.bound


def test_scalars_kept_as_tensors_are_read() -> None:
    tensor = field(1, 1) + field(5, struct.pack("<f", 64.0))
    value = field(1, "n_tokens_seen") + field(8, tensor)
    data = tfrecord(field(1, 1_790_000_000.0) + field(5, field(1, value)))
    (part,) = read_with("tensorboard-events", "events.out.tfevents.1.a", data)
    assert of(list(part.content.facts)) == {"run.tokens": 64}


def test_an_event_file_cut_off_at_its_end_is_normal(tmp_path: Path) -> None:
    data = event(1_790_000_000.0, 1, n_tokens_seen=5.0) + event(1_790_000_001.0, 2)
    found = scanned(tmp_path, {"events.out.tfevents.1.a": data[:-5]})
    assert values(found, "run.tokens") == [5]
    assert "cut off" in notes(found)
    assert not found.anomalies


def test_reading_stops_at_a_wrong_check_sum_and_says_so(tmp_path: Path) -> None:
    first = event(1_790_000_000.0, 1, n_tokens_seen=5.0)
    data = bytearray(first + event(1_790_000_001.0, 2, n_tokens_seen=9.0))
    data[len(first) + 20] ^= 1
    found = scanned(tmp_path, {"events.out.tfevents.1.a": bytes(data)})
    assert values(found, "run.tokens") == [5]
    (anomaly,) = found.anomalies
    assert anomaly.kind == "checksum_wrong"
    assert f"{len(data) - len(first)} bytes" in anomaly.text


def test_a_file_that_is_no_event_file_is_refused(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"events.out.tfevents.1.a": b"not one record" * 10})
    assert "no event file" in reasons(found)["events.out.tfevents.1.a"]


# --- MLflow -----------------------------------------------------------------------------------

META = """\
artifact_uri: file:///users/ada/mlruns
end_time: 1790000360000
experiment_id: '0'
lifecycle_stage: active
run_id: abc
run_name: ada's run
start_time: 1790000000000
status: 3
user_id: ada
"""


def test_a_run_in_files_gives_days_and_duration(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"mlruns/0/abc/meta.yaml": META})
    facts = of(found, "run:mlruns/0/abc")
    assert facts["run.seconds"] == 360
    assert str(facts["run.started_on"]) == "2026-09-21"
    assert "ada" not in str(found.to_json())


def test_power_of_all_accelerators_is_one_energy(tmp_path: Path) -> None:
    lines = "".join(f"{1_790_000_000_000 + 10_000 * n} 300.0 {n}\n" for n in range(37))
    files: dict[str, Any] = {"r/meta.yaml": META} | {
        f"r/metrics/system/gpu_{gpu}_power_usage_watts": lines for gpu in range(2)
    }
    found = scanned(tmp_path, files)
    assert of(found, "run:r")["run.energy"] == Decimal("0.06")
    (energy,) = [fact for fact in found.facts if fact.key == "run.energy"]
    # Accelerators of other machines, if the run had any, are not in the record.
    assert (energy.bound, energy.relation) == (0, "at_least")


def test_values_outside_a_run_are_not_claimed(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"metrics/total_flos": "1790000000000 5 1\n"})
    assert reasons(found)["metrics/total_flos"] == "a format that is not known"


def test_a_metric_with_broken_lines_counts_the_rest(tmp_path: Path) -> None:
    lines = "1790000000000 1e15 10\n1790000000001 2e15 20\n1790000000002 3e1"
    found = scanned(tmp_path, {"r/meta.yaml": META, "r/metrics/total_flos": lines})
    facts = of(found, "run:r")
    assert (facts["run.tool_operations"], facts["run.steps"]) == (2 * 10**15, 20)
    assert kinds(found) == ["line_cut"]


def test_tags_and_unknown_values_are_read_by_nobody(tmp_path: Path) -> None:
    files = {"r/meta.yaml": META, "r/tags/mlflow.user": "ada", "r/metrics/loss": "1 2 3\n"}
    found = scanned(tmp_path, files)
    assert not found.skipped
    assert {entry.artefact: entry.facts for entry in found.read}["r/tags/mlflow.user"] == 0


def test_each_run_of_a_database_is_a_run() -> None:
    found = scan(["mlflow/mlflow.db"], RECORDED)
    subjects = {fact.subject for fact in found.facts}
    assert len(subjects) == 2
    assert sorted(values(found, "run.tool_operations")) == [25 * 10**14] * 2
    assert values(found, "run.energy") == [Decimal("0.06")]
    assert values(found, "run.steps") == [600, 600]
    assert "ada" not in str(found.to_json()["facts"])


def database(path: Path, *statements: str) -> Path:
    """A database of these statements."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def test_a_database_of_something_else_is_not_claimed(tmp_path: Path) -> None:
    database(tmp_path / "a.db", "CREATE TABLE runs (run_uuid)")
    assert reasons(scan(["."], tmp_path))["a.db"] == "a database without the tables of MLflow"


def test_a_view_in_place_of_a_table_is_not_asked(tmp_path: Path) -> None:
    endless = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
        "SELECT n AS run_uuid, 1 AS status, 1 AS start_time, 1 AS end_time, '' AS lifecycle_stage "
        "FROM c"
    )
    database(
        tmp_path / "a.db",
        f"CREATE VIEW runs AS {endless}",
        "CREATE TABLE metrics (key, value, timestamp, step, is_nan, run_uuid)",
        "CREATE TABLE params (key, value, run_uuid)",
    )
    assert "without the tables" in reasons(scan(["."], tmp_path))["a.db"]


def test_a_broken_database_is_a_line_and_is_not_changed(tmp_path: Path) -> None:
    data = bytearray((RECORDED / "mlflow/mlflow.db").read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    (tmp_path / "a.db").write_bytes(data)
    assert "cannot be read" in reasons(scan(["."], tmp_path))["a.db"]
    assert (tmp_path / "a.db").read_bytes() == bytes(data)
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (2.5436461989888e15, 2_543_646_198_988_800),
        ("7.148e12", 7_148_000_000_000),
        (0.1, Decimal("0.1")),
        ("1e999999999", None),
        ("9" * 100, None),
        (10**50, None),
        (float("nan"), None),
        (-1, None),
        (True, None),
    ],
)
def test_numbers_become_exact_or_nothing(value: Any, amount: Any) -> None:
    assert exact(value) == amount


def test_the_bound_of_an_energy_covers_what_samples_may_miss() -> None:
    from chapterv.evidence import Artefact

    samples = PowerSamples(Artefact("a", "a", 0), "run:a")
    for second in range(0, 100, 10):
        samples.add("0", second, 100.0 if second % 20 else 300.0)
    energy = next(item for item in samples.found("x") if isinstance(item, Fact))
    assert energy.value == Decimal("0.005")
    assert energy.bound == Decimal("0.5")


def test_silences_and_wrong_clocks_are_listed_and_left_out() -> None:
    from chapterv.evidence import Artefact

    samples = PowerSamples(Artefact("a", "a", 0), "run:a")
    for second in (0, 10, 5000, 5010, 4000, 4010):
        samples.add("0", second, 360.0)
    samples.add("0", 4020, 1e9)
    found = list(samples.found("x"))
    assert kinds(found) == ["samples_missing", "clock_went_back", "value_refused"]
    (energy,) = [item for item in found if isinstance(item, Fact) and item.key == "run.energy"]
    assert (energy.value, energy.relation) == (Decimal("0.003"), "at_least")
