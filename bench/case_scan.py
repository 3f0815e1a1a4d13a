"""How long a scan of weight headers takes, and how fast files are digested.

The baseline of the first figure is the least that any program has to do: open each shard, read the
length and the header. That of the second is `openssl dgst -sha256` on the same file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.harness import Row, time_calls
from chapterv.evidence import scan

SHARDS = 1000
TENSORS = 100
DIGEST_BYTES = 512 * 1024 * 1024


def run() -> list[Row]:
    """Scan 1 000 shards of 100 tensors; digest one file of 512 MiB on one thread."""
    folder = Path(tempfile.mkdtemp(prefix="chapterv-bench-"))
    try:
        return [_headers(folder / "shards"), *_digest(folder / "digest")]
    finally:
        shutil.rmtree(folder)


def _headers(folder: Path) -> Row:
    folder.mkdir()
    for number in range(SHARDS):
        _write_shard(folder, number)
    took = time_calls({"scan": lambda: scan(["."], folder), "read": lambda: _read_plainly(folder)})
    found = scan(["."], folder)
    assert len(found.read) == SHARDS, found.skipped[:1]
    assert any(fact.key == "model.parameters_total" for fact in found.facts)
    name = f"scan of {SHARDS} shards with {TENSORS} tensors"
    return Row(name, took["scan"], "reading the headers", took["read"], limit=25)


def _write_shard(folder: Path, number: int) -> None:
    """Write a header; its tensors are a hole in the file, which takes no room."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for tensor in range(TENSORS):
        name = f"model.layers.{number}.mlp.experts.{tensor}.down_proj.weight"
        header[name] = {
            "dtype": "BF16",
            "shape": [64, 128],
            "data_offsets": [offset, offset + 64 * 128 * 2],
        }
        offset += 64 * 128 * 2
    text = json.dumps(header, separators=(",", ":")).encode()
    path = folder / f"model-{number + 1:05}-of-{SHARDS:05}.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    os.truncate(path, 8 + len(text) + offset)


def _read_plainly(folder: Path) -> int:
    total = 0
    for name in os.listdir(folder):
        with open(folder / name, "rb") as file:
            total += len(file.read(int.from_bytes(file.read(8), "little")))
    return total


def _digest(folder: Path) -> list[Row]:
    """One file, so one thread; openssl must not take less than seven tenths of our time."""
    folder.mkdir()
    path = folder / "model.bin"
    block = hashlib.sha256(b"chapterv").digest() * 32768
    with path.open("wb") as file:
        for _ in range(DIGEST_BYTES // len(block)):
            file.write(block)
    command = ["openssl", "dgst", "-sha256", str(path)]
    if shutil.which("openssl") is None:
        return []
    took = time_calls(
        {
            "scan": lambda: scan(["."], folder, digest=True),
            "openssl": lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL),
        },
        repetitions=3,
    )
    name = f"digest of {DIGEST_BYTES >> 20} MiB"
    return [Row(name, took["scan"], "openssl dgst -sha256", took["openssl"], limit=1 / 0.7)]
