"""Makes tiny real runs with the real tools, offline and on the processor.

The comparisons call the functions and compare what our readers say with what the tool says. Run as
a program, it records scrubbed copies of the runs for the tests that have none of the tools:
`.venv-oracles/bin/python -m tests.oracles.record_runs`.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).resolve().parents[1] / "evidence" / "recorded"

os.environ.update(
    WANDB_MODE="offline",
    WANDB_SILENT="true",
    WANDB_DISABLE_GIT="true",
    WANDB_DISABLE_CODE="true",
    WANDB_ERROR_REPORTING="false",
    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING="false",
    MLFLOW_ALLOW_FILE_STORE="true",
    MLFLOW_DISABLE_TELEMETRY="true",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    TOKENIZERS_PARALLELISM="false",
    CUDA_VISIBLE_DEVICES="",
    DO_NOT_TRACK="1",
)


def tiny_model() -> Any:
    """A GPT-2 of two layers, with random weights."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(n_layer=2, n_head=2, n_embd=16, vocab_size=64, n_positions=32)
    return GPT2LMHeadModel(config)


def samples(count: int = 8, length: int = 16) -> list[dict[str, Any]]:
    """Random sequences, all of one length."""
    import torch

    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 64, (count, length), generator=generator)
    return [{"input_ids": row, "labels": row} for row in ids]


def trainer_run(folder: Path) -> dict[str, Any]:
    """Two steps of Trainer of transformers, logged by W&B, MLflow and TensorBoard at once.

    Returns: what Trainer says, and the folder or file of each tracker.
    """
    import mlflow
    import wandb
    from transformers import Trainer, TrainingArguments

    os.environ["WANDB_DIR"] = str(folder)
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard")
    mlflow.set_tracking_uri((folder / "mlruns").as_uri())
    arguments = TrainingArguments(
        output_dir=str(folder / "out"),
        max_steps=2,
        per_device_train_batch_size=4,
        logging_steps=1,
        save_strategy="no",
        report_to=["wandb", "mlflow", "tensorboard"],
        include_num_input_tokens_seen="all",
        use_cpu=True,
        disable_tqdm=True,
    )
    trainer = Trainer(model=tiny_model(), args=arguments, train_dataset=samples())
    output = trainer.train()
    run = wandb.run
    said = {
        "metrics": dict(output.metrics),
        "steps": trainer.state.global_step,
        "tokens": trainer.state.num_input_tokens_seen,
        "total_flos": trainer.state.total_flos,
        "summary": dict(run.summary),
        "wandb": Path(run.dir).parent,
        "mlflow_run": mlflow.last_active_run().info.run_id,
    }
    wandb.finish()
    mlflow.end_run()
    return said


def lightning_run(folder: Path) -> dict[str, Any]:
    """Two steps of Lightning, logged by TensorBoard.

    Returns: what Lightning says, and the folder of the events.
    """
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import TensorBoardLogger

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = tiny_model()

        def training_step(self, batch: Any, index: int) -> Any:
            loss = self.model(input_ids=batch["input_ids"], labels=batch["labels"]).loss
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    logger = TensorBoardLogger(str(folder), name="lightning")
    trainer = Trainer(
        max_steps=2, logger=logger, accelerator="cpu", log_every_n_steps=1,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=str(folder),
    )  # fmt: skip
    loader = torch.utils.data.DataLoader(samples(), batch_size=4)
    trainer.fit(Module(), loader)
    checkpoint = folder / "lightning.ckpt"
    trainer.save_checkpoint(checkpoint)
    return {
        "steps": trainer.global_step,
        "folder": Path(logger.log_dir),
        "checkpoint": checkpoint,
        "parameters": sum(p.numel() for p in tiny_model().parameters()),
    }


def mlflow_database(folder: Path) -> dict[str, Any]:
    """Two runs in a SQLite store, one of them with samples of power."""
    import mlflow
    from mlflow.entities import Metric

    path = folder / "mlflow.db"
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{path}")
    experiment = client.create_experiment("tiny", artifact_location="none")
    said: dict[str, Any] = {"path": path, "runs": {}}
    for power in (0.0, 300.0):
        run = client.create_run(experiment, start_time=1_790_000_000_000)
        name = run.info.run_id
        metrics = [
            Metric(f"system/gpu_{gpu}_power_usage_watts", power, 1_790_000_000_000 + 10_000 * n, n)
            for gpu in range(2)
            for n in range(37)
            if power
        ]
        metrics.append(Metric("total_flos", 2.5e15, 1_790_000_360_000, 600))
        client.log_batch(name, metrics=metrics)
        client.log_param(name, "gradient_checkpointing", "True")
        client.set_terminated(name, end_time=1_790_000_360_000)
        said["runs"][name] = client.get_run(name).data.metrics | {"watts": power}
    return said


def codecarbon_run(folder: Path) -> dict[str, Any]:
    """A tracker that ran for a moment, and wrote two lines with one identifier."""
    from codecarbon import OfflineEmissionsTracker

    tracker = OfflineEmissionsTracker(
        country_iso_code="FRA",
        output_dir=str(folder),
        log_level="error",
        save_to_file=True,
        allow_multiple_runs=True,
        force_cpu_power=50,
        force_ram_power=10,
        on_csv_write="append",
        pue=1.25,
    )
    tracker.start()
    sum(n * n for n in range(300_000))
    tracker.flush()
    sum(n * n for n in range(300_000))
    tracker.stop()
    return {"path": folder / "emissions.csv", "data": tracker.final_emissions_data}


def checkpoints(folder: Path) -> dict[str, Any]:
    """One model in every container of weights."""
    import torch
    import torch.distributed.checkpoint as distributed
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model = tiny_model()
    state = model.state_dict()
    torch.save(state, folder / "pytorch_model.bin")
    torch.save({"model": state, "step": 3}, folder / "checkpoint.pt")
    torch.save(state, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    save_file({k: v.clone() for k, v in state.items() if k != "lm_head.weight"},
              folder / "model.safetensors")  # fmt: skip
    optimiser = torch.optim.AdamW(model.parameters())
    model(**{k: v[None] for k, v in samples()[0].items()}).loss.backward()
    optimiser.step()
    distributed.save({"model": state, "optimizer": optimiser.state_dict()},
                     checkpoint_id=folder / "distributed", no_dist=True)  # fmt: skip
    write_gguf(folder / "model.gguf", state)
    return {"parameters": sum(p.numel() for p in model.parameters()), "state": state}


def write_gguf(path: Path, state: dict[str, Any]) -> None:
    """Write a state as GGUF with the library of llama.cpp, one tensor in blocks of 32."""
    import gguf

    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_name("tiny")
    writer.add_license("apache-2.0")
    writer.add_context_length(32)
    writer.add_token_list(["a", "b", "c"])
    for name, tensor in state.items():
        if name != "lm_head.weight":
            writer.add_tensor(name, tensor.float().numpy())
    packed = gguf.quants.quantize(state["transformer.wte.weight"].repeat(1, 2).numpy(),
                                  gguf.GGMLQuantizationType.Q8_0)  # fmt: skip
    writer.add_tensor("packed.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# --- scrubbing --------------------------------------------------------------------------------


def scrub_wandb(source: Path, target: Path) -> None:
    """Copy a log with the records of counters, settings and times only, nothing of the machine."""
    from wandb.proto import wandb_internal_pb2 as messages

    from chapterv.evidence.artefacts import Artefact
    from chapterv.evidence.formats.wandb_records import HEAD, LogRecords

    log = bytearray(HEAD)
    with Artefact(source.name, str(source), source.stat().st_size).opened() as window:
        for _, data in LogRecords(window):
            record = messages.Record.FromString(data)
            if record.WhichOneof("record_type") not in ("history", "summary", "exit", "run"):
                continue
            if record.HasField("run"):
                start = record.run.start_time
                record.run.Clear()
                record.run.start_time.CopyFrom(start)
            append_record(log, record.SerializeToString())
    environment = messages.Record()
    environment.environment.gpu_type = "NVIDIA A100-SXM4-80GB"
    environment.environment.gpu_count = 8
    append_record(log, environment.SerializeToString())
    target.write_bytes(log)


def append_record(log: bytearray, data: bytes) -> None:
    """Append one record to a log of W&B, in pieces where it does not fit into a block."""
    block, first = 32 * 1024, True
    while True:
        room = block - len(log) % block
        if room < 7:
            log += bytes(room)
            room = block
        piece, data = data[: room - 7], data[room - 7 :]
        kind = (1 if not data else 2) if first else (4 if not data else 3)
        check = zlib.crc32(piece, zlib.crc32(bytes([kind])))
        log += struct.pack("<IHB", check, len(piece), kind) + piece
        first = False
        if not data:
            return


def scrub_events(source: Path, target: Path) -> None:
    """Copy an event file without texts, which hold the trainer's settings and its folders."""
    from tensorboard.compat.proto.event_pb2 import Event

    from chapterv.evidence.artefacts import Artefact
    from chapterv.evidence.checksums import masked_crc32c
    from chapterv.evidence.formats.tensorboard_records import Records

    copy = bytearray()
    with Artefact(source.name, str(source), source.stat().st_size).opened() as window:
        for _, data in Records(window):
            event = Event.FromString(data)
            if event.WhichOneof("what") not in ("summary", "file_version"):
                continue
            if any(
                value.metadata.plugin_data.plugin_name == "text" for value in event.summary.value
            ):
                continue
            event.ClearField("source_metadata")
            body = event.SerializeToString()
            head = struct.pack("<Q", len(body))
            copy += head + struct.pack("<I", masked_crc32c(head))
            copy += body + struct.pack("<I", masked_crc32c(body))
    target.write_bytes(copy)


def scrub_database(source: Path, target: Path) -> None:
    """Copy a database of MLflow with the tables of runs, metrics and parameters only."""
    shutil.copy(source, target)
    connection = sqlite3.connect(target, isolation_level=None)
    names = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    connection.execute("PRAGMA foreign_keys = OFF")
    for name in names:
        if name not in ("runs", "metrics", "params") and not name.startswith("sqlite_"):
            connection.execute(f'DROP TABLE "{name}"')
    connection.execute(
        "UPDATE runs SET user_id = 'ada', name = 'tiny', artifact_uri = 'none', source_name = ''"
    )
    connection.execute("VACUUM")
    connection.close()


def scrub_runs_folder(source: Path, target: Path) -> None:
    """Copy the folder of a run of MLflow without tags, with a meta file that names nobody."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    for path in source.rglob("*"):
        inside = path.relative_to(source)
        if path.is_file() and inside.parts[0] in ("metrics", "meta.yaml"):
            copy = target / inside
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    meta = yaml.load(source / "meta.yaml")
    meta |= {"user_id": "ada", "run_name": "tiny", "artifact_uri": "none", "source_name": ""}
    yaml.dump(meta, target / "meta.yaml")


def scrub_emissions(source: Path, target: Path) -> None:
    """Copy a table of CodeCarbon with an invented machine and place."""
    with source.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    invented = {"os": "Linux", "cpu_model": "Example CPU", "longitude": "7.7", "latitude": "48.5",
                "region": "grand est", "project_name": "tiny", "gpu_count": "2",
                "gpu_model": "2 x Example GPU", "python_version": "3.11"}  # fmt: skip
    with target.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {k: v for k, v in invented.items() if k in row} for row in rows)


def record(target: Path) -> None:
    """Make all runs and keep their scrubbed copies."""
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = trainer_run(folder)
        for part in ("wandb/files", "mlflow", "tensorboard", "codecarbon", "weights/dcp"):
            (target / part).mkdir(parents=True)
        run = said["wandb"]
        scrub_wandb(next(run.glob("run-*.wandb")), target / "wandb" / "run-recorded.wandb")
        # W&B writes this file only when it is online; the values are those of its own object.
        summary = {key: value for key, value in said["summary"].items() if key != "_wandb"}
        (target / "wandb/files/wandb-summary.json").write_text(json.dumps(summary, default=str))
        events = sorted((folder / "tensorboard").rglob("events.*"))[0]
        scrub_events(events, target / "tensorboard" / "events.out.tfevents.1.host.1.0")
        source = next((folder / "mlruns").glob(f"*/{said['mlflow_run']}"))
        scrub_runs_folder(source, target / "mlflow" / "run")
        scrub_database(mlflow_database(folder)["path"], target / "mlflow" / "mlflow.db")
        carbon = codecarbon_run(folder)["path"]
        scrub_emissions(carbon, target / "codecarbon" / "emissions.csv")
        weights = folder / "weights"
        checkpoints(weights)
        for part in ("pytorch_model.bin", "checkpoint.pt", "legacy.pth", "model.gguf"):
            shutil.copy(weights / part, target / "weights" / part)
        shutil.copy(weights / "distributed" / ".metadata", target / "weights" / "dcp" / ".metadata")


if __name__ == "__main__":
    record(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDED)
