"""Real runs of the real tools, read by our readers and by the tools themselves."""

from __future__ import annotations

import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chapterv.evidence import Scan, readers, scan
from chapterv.evidence.formats.gguf import TYPES
from tests.evidence.containers import RECORDED
from tests.oracles import record_runs

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One run of Trainer for all comparisons: it takes some seconds."""
    folder = tmp_path_factory.mktemp("trainer")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return folder, record_runs.trainer_run(folder)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One model in every container."""
    folder = tmp_path_factory.mktemp("weights")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return folder, record_runs.checkpoints(folder)


def facts(found: Scan) -> dict[str, Any]:
    """Value of each key, where all facts on it agree."""
    values: dict[str, set[Any]] = {}
    for fact in found.facts:
        values.setdefault(fact.key, set()).add(fact.value)
    return {key: next(iter(each)) for key, each in values.items() if len(each) == 1}


def agrees(found: dict[str, Any], said: dict[str, Any]) -> None:
    """What a reader found is what Trainer says of itself."""
    assert found["run.steps"] == said["steps"] == 2
    assert found["run.tokens"] == said["tokens"] == 2 * 4 * 16
    assert found["run.tool_operations"] == said["total_flos"]
    assert float(found["run.seconds"]) == pytest.approx(said["metrics"]["train_runtime"], rel=1e-6)


def test_the_log_of_wandb_says_what_trainer_says(trainer: tuple[Path, dict[str, Any]]) -> None:
    folder, said = trainer
    found = scan([said["wandb"]], folder)
    agrees(facts(found), said)
    assert not found.anomalies
    assert facts(found).get("run.complete") is None
    people = ("/tmp", "/root", str(folder))
    stripped = [fact for fact in found.to_json()["facts"] if fact["source"].pop("artefact")]
    assert not [word for word in people if word in str(stripped)]


def test_the_summary_of_wandb_is_the_same_as_its_log(trainer: tuple[Path, dict[str, Any]]) -> None:
    folder, said = trainer
    import json

    path = folder / "summary" / "wandb-summary.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(said["summary"], default=str))
    agrees(facts(scan(["summary"], folder)), said)


def test_the_folder_of_mlflow_says_what_its_client_says(
    trainer: tuple[Path, dict[str, Any]],
) -> None:
    import mlflow

    folder, said = trainer
    run = next((folder / "mlruns").glob(f"*/{said['mlflow_run']}"))
    found = facts(scan([run], folder))
    agrees(found, said)
    client = mlflow.MlflowClient(tracking_uri=(folder / "mlruns").as_uri())
    metrics = client.get_run(said["mlflow_run"]).data.metrics
    assert found["run.tool_operations"] == metrics["total_flos"]
    assert found["run.epochs"] == Decimal(str(metrics["epoch"]))


def test_the_events_of_tensorboard_are_what_its_own_reader_finds(
    trainer: tuple[Path, dict[str, Any]],
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, said = trainer
    (path,) = (folder / "tensorboard").rglob("events.*")
    found = scan([path], folder)
    agrees(facts(found), said)
    theirs = EventAccumulator(str(path), size_guidance={"scalars": 0})
    theirs.Reload()
    (last,) = theirs.Scalars("train/total_flos")
    assert facts(found)["run.tool_operations"] == last.value
    assert facts(found)["run.steps"] == last.step


def test_a_run_of_lightning_gives_events_and_weights(tmp_path: Path) -> None:
    said = record_runs.lightning_run(tmp_path)
    found = scan([said["folder"]], tmp_path)
    assert {"run.started_on", "run.ended_on"} <= facts(found).keys()
    assert not found.anomalies
    assert not [e for e in found.skipped if "tfevents" in e.artefact]
    found = scan([said["checkpoint"]], tmp_path)
    assert facts(found)["model.parameters_total"] == said["parameters"]


def test_the_database_of_mlflow_says_what_its_client_says(tmp_path: Path) -> None:
    said = record_runs.mlflow_database(tmp_path)
    found = scan([said["path"]], tmp_path)
    for name, metrics in said["runs"].items():
        own = {f.key: f.value for f in found.facts if f.subject.endswith(name)}
        assert own["run.tool_operations"] == metrics["total_flos"]
        assert (own["run.steps"], own["run.seconds"], own["run.recomputation"]) == (600, 360, True)
        if metrics["watts"]:
            assert own["run.energy"] == Decimal("0.06")
            assert own["run.mean_power"] == 300


def test_the_table_of_codecarbon_says_what_the_tracker_says(tmp_path: Path) -> None:
    said = record_runs.codecarbon_run(tmp_path)
    found = facts(scan([said["path"]], tmp_path))
    data = said["data"]
    assert float(found["run.energy"]) == data.energy_consumed
    assert float(found["run.seconds"]) == data.duration
    assert float(found["run.emissions"]) == pytest.approx(data.emissions * 1000)
    assert (found["run.pue"], found["run.energy_boundary"]) == (Decimal("1.25"), "facility")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "checkpoint.pt", "model.safetensors"])
def test_every_container_gives_what_torch_counts(
    weights: tuple[Path, dict[str, Any]], name: str
) -> None:
    folder, said = weights
    found = scan([folder / name], folder)
    assert facts(found)["model.parameters_total"] == said["parameters"]
    assert facts(found)["model.weights_dtype"] == "float32"


def test_a_distributed_checkpoint_gives_what_torch_counts(
    weights: tuple[Path, dict[str, Any]],
) -> None:
    folder, said = weights
    found = facts(scan([folder / "distributed"], folder))
    tied = said["state"]["lm_head.weight"].numel()
    assert found["model.parameters_total"] == said["parameters"] + tied


def test_gguf_is_what_its_own_reader_finds(weights: tuple[Path, dict[str, Any]]) -> None:
    import gguf

    folder, _ = weights
    path = folder / "model.gguf"
    theirs = gguf.GGUFReader(path)
    found = facts(scan([path], folder))
    assert found["model.parameters_total"] == sum(int(t.n_elements) for t in theirs.tensors)
    assert found["model.weights_size"] == sum(int(t.n_bytes) for t in theirs.tensors)


def test_types_of_gguf_are_those_of_its_library() -> None:
    import gguf

    theirs = {
        int(kind): (kind.name, *gguf.GGML_QUANT_SIZES[kind])
        for kind in gguf.GGMLQuantizationType
        if kind in gguf.GGML_QUANT_SIZES
    }
    assert theirs == TYPES


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float8_e4m3fn", "uint16", "int64"])
def test_torch_writes_nothing_that_is_not_on_the_list(tmp_path: Path, dtype: str) -> None:
    import torch

    state = {"a": torch.zeros(4, 3, dtype=getattr(torch, dtype)), "b": torch.zeros(3, 4).t()}
    torch.save(state | {"p": torch.nn.Parameter(torch.zeros(2))}, tmp_path / "a.pt")
    assert facts(scan(["."], tmp_path))["model.parameters_total"] == 26


def test_the_recorded_runs_are_those_of_these_tools() -> None:
    """The recorded files are read by the same readers as the fresh ones."""
    found = scan(["."], RECORDED)
    used = {entry.reader.split()[0] for entry in found.read}
    assert {"wandb-log", "mlflow-store", "mlflow-values", "tensorboard-events"} <= used
    assert used <= set(readers())
