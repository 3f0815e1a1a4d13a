"""Hostile files of trackers, schedulers and weights: bounded, named, and nothing of people kept."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.evidence import Anomaly, Note, Part, Unclaimed, readers
from chapterv.evidence.checksums import masked_crc32c
from chapterv.evidence.formats.wandb_records import BLOCK, HEAD
from chapterv.facts import Fact

from .containers import (
    EXIT,
    RECORDED,
    archive,
    event,
    field,
    gguf,
    gguf_text,
    history,
    items,
    read_with,
    table,
    tensor,
    wandb_log,
)
from .test_schedulers import HEADER, NEW, new, row
from .writing import folder_of, scanned

SAMPLES: dict[str, tuple[str, bytes]] = {
    "wandb-log": ("run-a.wandb", (RECORDED / "wandb/run-recorded.wandb").read_bytes()),
    "wandb-summary": (
        "wandb-summary.json",
        (RECORDED / "wandb/files/wandb-summary.json").read_bytes(),
    ),
    "wandb-machine": ("wandb-metadata.json", b'{"gpu": "L4", "gpu_count": 2, "startedAt": "2026"}'),
    "wandb-config": ("config.yaml", b"wandb_version: 1\nbf16:\n  value: true\nx: {value: [1]}\n"),
    "tensorboard-events": (
        "events.out.tfevents.1.a",
        next((RECORDED / "tensorboard").iterdir()).read_bytes(),
    ),
    "mlflow-run": ("meta.yaml", (RECORDED / "mlflow/run/meta.yaml").read_bytes()),
    "mlflow-values": ("total_flos", b"1790000000000 1e15 10\n1790000000001 nan -1\n"),
    "mlflow-store": ("mlflow.db", (RECORDED / "mlflow/mlflow.db").read_bytes()),
    "slurm-sacct": ("sacct.txt", f"{HEADER}\n{row()}\n{row('101.0')}\n".encode()),
    "codecarbon": ("emissions.csv", f"{NEW}\n{new()}\n{new('2')}\n".encode()),
    "gguf": ("a.gguf", (RECORDED / "weights/model.gguf").read_bytes()),
    "torch-zip": ("a.bin", (RECORDED / "weights/pytorch_model.bin").read_bytes()),
    "torch-distributed": (".metadata", (RECORDED / "weights/dcp/.metadata").read_bytes()),
    "deepspeed": (
        "mp_rank_00_model_states.pt",
        archive(table({"module": table({"a": tensor("0", [4, 3])})}), {"0": 48}),
    ),
    "checkpoint-pointer": ("latest", b"global_step500\n"),
    "megatron-checkpoint": ("metadata.json", b'{"sharded_backend": "torch_dist"}'),
}
"""A good file for each reader, by its name."""

EXAMPLES = settings(max_examples=60)


def survives(name: str, data: bytes) -> None:
    """A reader ends with findings or with one of its two errors."""
    file, _ = SAMPLES[name]
    folder = "run/metrics" if name == "mlflow-values" else "run"
    with contextlib.suppress(InputError, Unclaimed):
        for item in read_with(name, file, data, folder):
            assert isinstance(item, Fact | Note | Part | Anomaly)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_good_file_gives_something(name: str) -> None:
    file, data = SAMPLES[name]
    folder = "run/metrics" if name == "mlflow-values" else "run"
    assert read_with(name, file, data, folder)


def test_a_message_of_the_database_that_is_no_text_is_an_error_of_ours() -> None:
    data = bytearray(SAMPLES["mlflow-store"][1])
    at = data.index(b"CREATE TABLE")
    for changed in range(at, at + 60):
        broken = bytearray(data)
        broken[changed] = 0xFF
        survives("mlflow-store", bytes(broken))


def test_a_directory_beyond_all_offsets_is_an_error_of_ours() -> None:
    data = archive(table({}), {})
    end = data.rindex(b"PK\x05\x06")
    end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, 50, 2**64 - 1)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    survives("torch-zip", data[:end] + end64 + locator + data[end:])
    survives("torch-zip", data[:end] + b"PK\x06\x07" + b"\xff" * 16 + data[end:])


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.binary(max_size=300))
@EXAMPLES
def test_random_bytes_end_in_an_error_of_ours(name: str, data: bytes) -> None:
    survives(name, data)
    survives(name, SAMPLES[name][1][:24] + data)


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@EXAMPLES
def test_a_file_cut_anywhere_ends_in_an_error_of_ours(name: str, data: st.DataObject) -> None:
    whole = SAMPLES[name][1]
    survives(name, whole[: data.draw(st.integers(0, len(whole)))])


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@EXAMPLES
def test_changed_bytes_end_in_an_error_of_ours(name: str, data: st.DataObject) -> None:
    changed = bytearray(SAMPLES[name][1])
    # The ends hold the heads and directories, so they are changed more often than the data.
    near = min(len(changed), 4096)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, near - 1))
        changed[at if data.draw(st.booleans()) else -1 - at] = data.draw(st.integers(0, 255))
    survives(name, bytes(changed))


def record_of(length: int) -> bytes:
    """The head of a record of TFRecord that claims so many bytes, with a good check sum."""
    head = struct.pack("<Q", length)
    return head + struct.pack("<I", masked_crc32c(head))


def endless_record() -> bytes:
    """A log of W&B that never ends its only record."""
    log = bytearray(HEAD)
    kind = 2
    for _ in range(300):
        data = bytes(BLOCK - 7 - len(log) % BLOCK)
        log += struct.pack("<IHB", zlib.crc32(data, zlib.crc32(bytes([kind]))), len(data), kind)
        log += data
        kind = 3
    return bytes(log)


HOSTILE = {
    "a text of 2^62 bytes": ("gguf", b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62)),
    "a list of 2^62 numbers": (
        "gguf",
        gguf({"a": (9, struct.pack("<IQ", 4, 2**62))}, {}),
    ),
    "a tensor of 2^150 values": ("gguf", gguf({}, {"a": ([2**39] * 4, 0)})),
    "a record of 2^62 bytes": ("tensorboard-events", event(1.0, 1) + record_of(2**62)),
    "a record without end": ("wandb-log", endless_record()),
    "a pickle of a million marks": ("torch-zip", archive(b"(" * 1_000_001, {})),
    "a tensor larger than its storage": (
        "torch-zip",
        archive(table({"a": tensor("0", [2**40, 2**40], length=12)}), {"0": 48}),
    ),
    "a shape of a thousand dimensions": (
        "torch-zip",
        archive(table({"a": tensor("0", [1] * 1000)}), {"0": 4}),
    ),
    "a tuple doubled 200 times": (
        "torch-distributed",
        b"\x80\x04]\x94" + b"".join(b"h%ch%c\x86\x94" % (n, n) for n in range(200)) + b".",
    ),
    "ten thousand doublings of a nested alias": (
        "wandb-config",
        b"wandb_version: 1\na: &a [1,2]\n" + b"".join(
            b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(10_000)
        ),
    ),
    "a number of a million digits": (
        "wandb-summary",
        b'{"total_flos": 1' + b"0" * 1_000_000 + b"}",
    ),
    "an exponent of a thousand million": ("mlflow-values", b"1 1e999999999 1\n" * 100_000),
    "a hundred thousand columns": ("codecarbon", NEW.encode() + b"," * 100_000 + b"\n"),
    "a hundred thousand lines cut": ("slurm-sacct", HEADER.encode() + b"\n101" * 100_000),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_claims_of_great_size_cost_no_memory_and_no_time(case: str) -> None:
    name, data = HOSTILE[case]
    readers()
    tracemalloc.start()
    started = time.monotonic()
    try:
        survives(name, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024 + 8 * len(data)
    assert time.monotonic() - started < 20


PEOPLE = {
    "ada.lovelace@example.org", "ada-lovelace", "node17.cluster.example", "48.58392", "7.74553",
    "git@host.example:secret/repo.git", "/users/ada-lovelace/train.py", "Grand Est", "i-0abc123",
}  # fmt: skip
EMAIL, USER, HOST, NORTH, EAST = (
    "ada.lovelace@example.org", "ada-lovelace", "node17.cluster.example", "48.58392", "7.74553",
)  # fmt: skip
GIT, PROGRAM = "git@host.example:secret/repo.git", "/users/ada-lovelace/train.py"


def private_files() -> dict[str, Any]:
    """Good files of every format with names, addresses and places of people in them."""
    run = field(17, field(2, USER) + field(13, HOST) + field(21, field(1, GIT)))
    environment = field(
        26, field(6, PROGRAM) + field(10, EMAIL) + field(12, HOST) + field(13, USER)
    )
    settings = {"output_dir": PROGRAM, "email": EMAIL, "hub_token": USER}
    tracked = {"train/global_step": 5, "owner": EMAIL, "best_model": PROGRAM}
    header = f"JobID|User|Account|JobName|NodeList|WorkDir|SubmitLine|{HEADER}"
    people = f"101|{USER}|{USER}|{EMAIL}|{HOST}|{PROGRAM}|{PROGRAM}"
    carbon = new().replace("7.74,48.58", f"{EAST},{NORTH}").replace("France", "Grand Est")
    meta = (
        f"artifact_uri: {PROGRAM}\nexperiment_id: '0'\nlifecycle_stage: active\nrun_id: abc\n"
        f"run_name: {USER}\nuser_id: {EMAIL}\nstatus: 1\nstart_time: 1790000000000\n"
    )
    wandb_meta = {
        "gpu": "NVIDIA L4", "gpu_count": 1, "host": HOST, "username": USER, "email": EMAIL,
        "program": PROGRAM, "args": [EMAIL], "git": {"remote": GIT}, "executable": PROGRAM,
    }  # fmt: skip
    head = {
        "general.architecture": (8, gguf_text("llama")),
        "general.author": (8, gguf_text(EMAIL)),
        "general.repo_url": (8, gguf_text(GIT)),
    }
    return {
        "w/run-a.wandb": wandb_log(
            [run, environment, field(5, items(settings)), history(**tracked), EXIT]
        ),
        "w/files/wandb-summary.json": tracked,
        "w/files/wandb-metadata.json": wandb_meta,
        "w/files/config.yaml": f"wandb_version: 1\noutput_dir:\n  value: {PROGRAM}\n",
        "m/meta.yaml": meta,
        "m/metrics/epoch": "1790000000000 1 1\n",
        "m/params/bf16": EMAIL,
        "m/tags/mlflow.user": USER,
        "t/events.out.tfevents.1.a": event(1_790_000_000.0, 1) + event(1_790_000_001.0, 2),
        "sacct.txt": f"{header}\n{people}|{row()}\n{people}|102|{USER}\n",
        "emissions.csv": f"{NEW}\n{carbon}\n{carbon.replace('409f7ac2', USER)}\n",
        "a.gguf": gguf(head, {"a": ([4], 0)}, 64),
        "mp_rank_00_model_states.pt": archive(
            table({"module": table({"a": tensor("0", [4, 3])}), "owner": b"X\x04\x00\x00\x00Ada?"}),
            {"0": 48},
        ),
    }


def test_nothing_of_people_or_places_is_kept(tmp_path: Path) -> None:
    found = scanned(tmp_path, private_files())
    assert not [entry for entry in found.skipped if "m/tags" not in entry.artefact]
    said = str(found.to_json())
    assert not {word for word in PEOPLE if word in said}
    assert {"w/run-a.wandb", "sacct.txt", "emissions.csv", "m/meta.yaml"} <= {
        entry.artefact for entry in found.read
    }


def test_nothing_of_people_is_in_what_is_said_of_broken_files(tmp_path: Path) -> None:
    root = folder_of(tmp_path, private_files())
    for path in root.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-7])
    from chapterv.evidence import scan

    said = str(scan(["."], root).to_json())
    assert not {word for word in PEOPLE if word in said}


def test_recorded_runs_name_no_machine_and_nobody() -> None:
    import socket

    words = {b"/tmp/", b"/home/", b"/root", socket.gethostname().encode() or b"localhost"}
    for path in RECORDED.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not {word for word in words if word in data}, path
