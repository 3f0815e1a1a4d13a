"""Feeds mutated files to every reader: no crash, no hang, no memory above the limit.

``python scripts/soak.py [--count N] [--seed S]``. Each input is one sample folder in which one file
was changed. A failure prints the seed and the number of the input, which reproduce it.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chapterv.evidence import Scan, scan

MEMORY_BYTES = 500 * 1000 * 1000
SECONDS_EACH = 10
DEFAULT_COUNT = 100_000

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 100,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
CARD = """---
license: apache-2.0
language: [en, "no"]
base_model:
- &base example/base-model
base_model_relation: finetune
datasets:
- example/corpus
pipeline_tag: text-generation
tags: [*base, conversational]
model-index:
- name: example
  results:
  - {task: {type: text-generation}, metrics: [{type: acc, value: 0.5}]}
---
# An example
"""
NEOX = """# a training file
{
  "pipe-parallel-size": 1, "num-layers": 2, "hidden-size": 64, "num-attention-heads": 4,
  "seq-length": 128, "max-position-embeddings": 128, "pos-emb": "rotary", "rotary-pct": 0.25,
  "no-weight-tying": true, "gpt-j-residual": true, "output-layer-parallelism": "column",
  "make-vocab-size-divisible-by": 1, "tokenizer-type": "HFTokenizer", "optimizer": {"type": "Adam"}
}
"""
LICENCE = """MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to
deal in it. The above notice shall be included in all copies.
THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.
"""
POINTER = """version https://git-lfs.github.com/spec/v1
oid sha256:ac02591061f1344027a7e7b11dbb4143f75f166c47dc09b742f5de3ab1dde1d1
size 2669283096
"""
TOKENIZER = {
    "version": "1.0",
    "added_tokens": [{"id": 3, "content": "<end>", "special": True}],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]},
}


def weights() -> bytes:
    """Return a small safetensors file."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, dtype, shape, size in (
        ("model.embed_tokens.weight", "BF16", [100, 64], 12800),
        ("model.norm.weight", "F32", [64], 256),
        ("model.layers.0.mask", "BOOL", [4, 4], 16),
    ):
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    return len(text).to_bytes(8, "little") + text + bytes(offset)


def samples() -> dict[str, bytes]:
    """Return one good file for each format, by name."""
    index = {"metadata": {"total_size": 13072}, "weight_map": {"model.norm.weight": "x"}}
    adapter = {"base_model_name_or_path": "example/base-model", "r": 8, "peft_type": "LORA",
               "target_modules": ["q_proj", "v_proj"]}  # fmt: skip
    pipeline = {"_class_name": "FluxPipeline", "vae": ["diffusers", "AutoencoderKL"]}
    settings = {"tokenizer_class": "ExampleTokenizer", "model_max_length": 10**30,
                "added_tokens_decoder": {"0": {"content": "<s>"}}}  # fmt: skip
    tables: dict[str, object] = {
        "config.json": CONFIG,
        "model.safetensors.index.json": index,
        "adapter_config.json": adapter,
        "model_index.json": pipeline,
        "tokenizer_config.json": settings,
        "tokenizer.json": TOKENIZER,
        "generation_config.json": {"max_new_tokens": 200, "temperature": 0.6},
    }
    files = {name: json.dumps(table).encode() for name, table in tables.items()}
    files["model.safetensors"] = weights()
    files["README.md"] = CARD.encode()
    files["example.yml"] = NEOX.encode()
    files["LICENSE"] = LICENCE.encode()
    files["NOTICE"] = b"Built with an example model."
    files["other.safetensors"] = POINTER.encode()
    return files


_PIECES = (
    b"[" * 2000, b"{" * 2000, b'{"a":' * 500, b"NaN", b"Infinity", b"-1", b"0", b"1e999", b"null",
    b"9" * 5000, b"18446744073709551616", b"\\ud800", b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b'"',
    b"\n---\n", b"*base", b"&base", b"!!python/object:os.system", b": ", b"- " * 300, b"? ",
    b"true", b"[]", b"{}", b"%YAML 9.9\n", b"\t", b"|\n", b">\n", b"\x85", b"\xe2\x80\xa8",
    b"../../etc/passwd", b"version https://git-lfs.github.com/spec/v1\n", b"size -5", b"\\u0064",
)  # fmt: skip

Mutation = Callable[[random.Random, bytes], bytes]


def flip(chance: random.Random, data: bytes) -> bytes:
    """Change one to eight bytes."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(chance: random.Random, data: bytes) -> bytes:
    """Cut off the end."""
    return data[: chance.randint(0, len(data))]


def splice(chance: random.Random, data: bytes) -> bytes:
    """Put a troublesome piece over or between bytes."""
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(_PIECES) + data[at + chance.choice((0, 0, 1, 5)) :]


def repeat(chance: random.Random, data: bytes) -> bytes:
    """Repeat a slice, so that keys stand twice and tensors overlap."""
    begin, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:end] + data[begin:end] * chance.randint(1, 20) + data[end:]


def renumber(chance: random.Random, data: bytes) -> bytes:
    """Replace one number by a troublesome one."""
    places = [at for at in range(len(data)) if 48 <= data[at] <= 57]
    if not places:
        return data
    at = chance.choice(places)
    end = at
    while end < len(data) and 48 <= data[end] <= 57:
        end += 1
    number = chance.choice((b"-1", b"0", b"1e400", b"2147483649", b"9" * 30, b"9" * 5000, b"0.5"))
    return data[:at] + number + data[end:]


def relength(chance: random.Random, data: bytes) -> bytes:
    """Change the length at the start of a weight file."""
    length = chance.choice((0, 1, 2**63, 2**64 - 1, 100_000_001, len(data), abs(len(data) - 8), 99))
    return length.to_bytes(8, "little") + data[8:]


def retype(chance: random.Random, data: bytes) -> bytes:
    """Replace one value of a JSON text by one of another type."""
    body, head = (data[8:], data[:8]) if data[8:9] == b"{" else (data, b"")
    try:
        table, end = json.JSONDecoder().raw_decode(body.decode("latin-1"))
    except (ValueError, RecursionError):
        return splice(chance, data)
    node = table
    while isinstance(node, dict | list) and node:
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if not isinstance(node[key], dict | list) or chance.random() < 0.3:
            node[key] = chance.choice(
                (None, True, -1, 2**70, "x" * 300, [], {}, [[1]], {"a": None}, 0.5, "\ud800")
            )
            break
        node = node[key]
    text = json.dumps(table).encode()
    head = len(text).to_bytes(8, "little") if head else b""
    return head + text + (body[end:] if head else b"")


def recode(chance: random.Random, data: bytes) -> bytes:
    """Write the text in another encoding."""
    text = data.decode("latin-1")
    return text.encode(chance.choice(("utf-16", "utf-8-sig", "utf-32", "utf-16-be")))


MUTATIONS: tuple[Mutation, ...] = (
    flip, flip, cut, splice, splice, repeat, renumber, renumber, relength, retype, retype, recode,
)  # fmt: skip


def mutated(number: int, seed: int) -> tuple[str, bytes]:
    """Return the name and the content of one mutated input, the same for the same numbers."""
    chance = random.Random(seed * 1_000_003 + number)
    files = samples()
    name = chance.choice(sorted(files))
    data = files[name]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = chance.choice(MUTATIONS)(chance, data)
    return name, data


def faults(found: Scan, name: str) -> list[str]:
    """Say what is wrong with the outcome of one scan."""
    wrong = [entry.reason for entry in found.skipped if "the reader" in entry.reason]
    listed = [entry.artefact for entry in found.read]
    listed += [entry.artefact for entry in found.skipped]
    if listed.count(name) != 1:
        wrong.append(f"{name} is listed {listed.count(name)} times")
    json.dumps(found.to_json(), allow_nan=False).encode()
    return wrong


def run(count: int, seed: int, show: bool) -> int:
    """Feed `count` mutated inputs to the readers.

    Returns: how many of them failed.
    """
    folder = Path(tempfile.mkdtemp(prefix="chapterv-soak-"))
    (folder / "config.json").write_bytes(samples()["config.json"])
    failed, read, slowest, began = 0, 0, 0.0, time.monotonic()
    try:
        for number in range(count):
            name, data = mutated(number, seed)
            (folder / name).write_bytes(data)
            faulthandler.dump_traceback_later(SECONDS_EACH, exit=True)
            start = time.perf_counter()
            try:
                found = scan(["."], folder)
                wrong = faults(found, name)
            except Exception as error:
                wrong = [f"{type(error).__name__}: {error}"]
            faulthandler.cancel_dump_traceback_later()
            slowest = max(slowest, time.perf_counter() - start)
            read += any(entry.artefact == name for entry in found.read) if not wrong else 0
            for fault in wrong:
                print(f"input {number} of seed {seed} ({name}): {fault}", file=sys.stderr)
            failed += bool(wrong)
            _restore(folder, name)
            if show and number % 500 == 499:
                _progress(number + 1, count, began)
    finally:
        shutil.rmtree(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    took = time.monotonic() - began
    print(
        f"{count} inputs in {took:.0f} s: {read} read, {count - read - failed} refused, {failed} "
        f"failed; slowest {slowest * 1000:.0f} ms, peak memory {peak} MB"
    )
    return failed


def _restore(folder: Path, name: str) -> None:
    if name == "config.json":
        (folder / name).write_bytes(samples()[name])
    else:
        (folder / name).unlink()


def _progress(done: int, count: int, began: float) -> None:
    rate = done / (time.monotonic() - began)
    left = (count - done) / rate
    print(f"\r{done}/{count}  {rate:.0f} a second  {left:.0f} s left ", end="", file=sys.stderr)
    if done == count:
        print(file=sys.stderr)


def main() -> int:
    """Run under a memory limit and a watchdog.

    Returns: the exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help="how many inputs")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other inputs")
    arguments = parser.parse_args()
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    return 1 if run(arguments.count, arguments.seed, sys.stderr.isatty()) else 0


if __name__ == "__main__":
    sys.exit(main())
