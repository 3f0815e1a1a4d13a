"""Makes the bundled examples: ``make_examples.py FOLDER``.

What people wrote (statements, cards, configurations) lies in ``examples/`` and is copied. What
programs write (weights, weight index, tokenizer, training record) is made here from the
configurations: the same bytes every time, the standard library only, nothing from the network.

Tensors are holes: a weight file has its true header and size, and its data take no room on the
disk. Where the file system has no holes, Git LFS pointers stand in their place.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import islice, product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ROOT / "examples"

Shapes = dict[str, tuple[int, ...]]

BYTES = {"BF16": 2, "F32": 4}
MAX_SHARD_BYTES = 1_000_000_000
BLOCK_BYTES = 512
"""Unit of `st_blocks`, whatever the file system's own blocks are (POSIX)."""


def main() -> int:
    """Makes every example in the folder given."""
    parser = argparse.ArgumentParser(description="Make the bundled examples.")
    parser.add_argument("folder", type=Path, help="where to put them; made if it is not there")
    out = parser.parse_args().folder
    for name, make in MAKERS.items():
        folder = out / name
        copy_written(name, folder)
        make(folder)
        print(f"{folder}: {measured(folder)}")
    return 0


def copy_written(name: str, folder: Path) -> None:
    """Copies what people wrote of an example, file by file, over what is there."""
    source = WRITTEN / name
    for path in sorted(source.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def measured(folder: Path) -> str:
    """How many files a folder has, their size by name and on the disk."""
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    named = sum(stat.st_size for stat in stats) / 1e6
    held = sum(stat.st_blocks * BLOCK_BYTES for stat in stats) / 1e6
    return f"{len(stats)} files, {named:,.1f} MB, of which {held:.1f} MB on the disk"


# --- the examples ---------------------------------------------------------------------------------


def make_northlight(folder: Path) -> None:
    """Adds the weights in shards, their index, the tokenizer and the licence."""
    config = read_json(folder / "config.json")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    write_sharded(folder, decoder_shapes(config), "BF16")
    write_tokenizer(folder, config["vocab_size"])


def make_brook(folder: Path) -> None:
    """Adds the adapter's weights and the record of its training."""
    base = read_json(WRITTEN / "northlight-1b" / "config.json")
    adapter = read_json(folder / "adapter_config.json")
    write_weights(folder / "adapter_model.safetensors", adapter_shapes(adapter, base), "F32")
    parameters = sum(math.prod(shape) for shape in decoder_shapes(base).values())
    write_training_record(folder / "trainer_state.json", parameters)


def make_aurora(folder: Path) -> None:
    """Adds the logs of training; a model in training has no weights to show."""
    logs = folder / "runs" / "pretrain"
    logs.mkdir(parents=True, exist_ok=True)
    for number, session in enumerate(AURORA_SESSIONS, 1):
        text = "".join(training_log(session, AURORA))
        (logs / f"session-{number}.log").write_text(text, encoding="utf-8")


MAKERS = {
    "northlight-1b": make_northlight,
    "brook-legal-lora": make_brook,
    "aurora-frontier": make_aurora,
}


# --- training logs --------------------------------------------------------------------------------

AURORA = {
    "bf16": "True",
    "global_batch_size": 8192,
    "hidden_size": 6144,
    "log_interval": 125,
    "num_layers": 72,
    "recompute_granularity": "None",
    "seq_length": 8192,
    "train_iters": 894070,
    "world_size": 2048,
}
"""Arguments of the training program, as it prints them when it starts."""

AURORA_SESSIONS = (
    # First step, last step, start of the session, seconds for a step in the mean.
    (1, 98_125, datetime(2026, 8, 3, 8, 0), "28.412"),
    (97_501, 214_000, datetime(2026, 9, 5, 19, 30), "27.884"),
    (214_001, 327_875, datetime(2026, 10, 14, 9, 15), "27.641"),
)
"""The second begins at a checkpoint before the end of the first, so that 625 steps came twice."""


def training_log(
    session: tuple[int, int, datetime, str], arguments: Mapping[str, Any]
) -> Iterator[str]:
    """The log of one process group in the manner of Megatron-LM: arguments, then a line a stretch.

    Loss, rate and time for a step follow from the number of the step alone.
    """
    first, last, start, seconds = session
    rule = "-" * 24
    yield f"{rule} arguments {rule}\n"
    yield from (f"  {name} {'.' * (48 - len(name))} {said}\n" for name, said in arguments.items())
    yield f"{rule} end of arguments {rule}\n"
    interval, batch = arguments["log_interval"], arguments["global_batch_size"]
    clock = start
    for step in range(first - 1 + interval, last + 1, interval):
        pace = Fraction(seconds) * (1 + Fraction(step * 7919 % 1000 - 500, 60_000))
        clock += timedelta(seconds=float(pace * interval))
        rate = AURORA_OPERATIONS / pace / arguments["world_size"] / 10**12
        loss = 1.62 + 9.1 / (1 + step / 900) ** 0.52
        yield (
            f" [{clock:%Y-%m-%d %H:%M:%S}] iteration {step:8d}/{arguments['train_iters']:8d} | "
            f"consumed samples: {step * batch:12d} | "
            f"elapsed time per iteration (ms): {float(pace * 1000):.1f} | "
            f"throughput per GPU (TFLOP/s/GPU): {float(rate):.1f} | "
            f"learning rate: 2.400000E-04 | global batch size: {batch:5d} | "
            f"lm loss: {loss:.6E} | loss scale: 1.0 | grad norm: 0.{step * 31 % 90 + 100} | "
            "number of skipped iterations:   0 | number of nan iterations:   0 |\n"
        )


AURORA_OPERATIONS = 23_245 * 10**15
"""Operations of one step, rounded as the program's own formula would give them."""


# --- shapes ---------------------------------------------------------------------------------------


def decoder_shapes(config: Mapping[str, Any]) -> Shapes:
    """Every tensor of a decoder in the manner of Llama with tied embeddings, in file order."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    layer: Shapes = {
        "input_layernorm": (hidden,),
        "mlp.down_proj": (hidden, inner),
        "mlp.gate_proj": (inner, hidden),
        "mlp.up_proj": (inner, hidden),
        "post_attention_layernorm": (hidden,),
        **{f"self_attn.{name}": shape for name, shape in attention_shapes(config).items()},
    }
    shapes: Shapes = {"model.embed_tokens.weight": (config["vocab_size"], hidden)}
    for index in range(config["num_hidden_layers"]):
        shapes |= {f"model.layers.{index}.{name}.weight": shape for name, shape in layer.items()}
    return shapes | {"model.norm.weight": (hidden,)}


def attention_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """The four projections of one attention block, as (outputs, inputs)."""
    hidden, width = config["hidden_size"], config["head_dim"]
    queries = config["num_attention_heads"] * width
    keys = config["num_key_value_heads"] * width
    return {
        "k_proj": (keys, hidden),
        "o_proj": (hidden, queries),
        "q_proj": (queries, hidden),
        "v_proj": (keys, hidden),
    }


def adapter_shapes(adapter: Mapping[str, Any], base: Mapping[str, Any]) -> Shapes:
    """Every tensor of a low-rank adapter: two for each projection that it changes."""
    rank = adapter["r"]
    projections = attention_shapes(base)
    shapes: Shapes = {}
    for index in range(base["num_hidden_layers"]):
        for name in adapter["target_modules"]:
            outputs, inputs = projections[name]
            place = f"base_model.model.model.layers.{index}.self_attn.{name}"
            shapes[f"{place}.lora_A.weight"] = (rank, inputs)
            shapes[f"{place}.lora_B.weight"] = (outputs, rank)
    return shapes


# --- weights --------------------------------------------------------------------------------------


def write_sharded(folder: Path, shapes: Shapes, dtype: str) -> None:
    """Writes weights in shards of at most 1 GB, and the index that lists them."""
    shards = list(split(shapes, dtype))
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        write_weights(folder / name, shard, dtype)
        weight_map |= dict.fromkeys(shard, name)
    total = sum(size_bytes(shape, dtype) for shape in shapes.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    write_json(folder / "model.safetensors.index.json", index)


def split(shapes: Shapes, dtype: str) -> Iterator[Shapes]:
    """Tensors in order, in groups of at most 1 GB."""
    shard: Shapes = {}
    filled = 0
    for name, shape in shapes.items():
        size = size_bytes(shape, dtype)
        if shard and filled + size > MAX_SHARD_BYTES:
            yield shard
            shard, filled = {}, 0
        shard[name] = shape
        filled += size
    yield shard


def size_bytes(shape: tuple[int, ...], dtype: str) -> int:
    """Bytes of one tensor."""
    return math.prod(shape) * BYTES[dtype]


def write_weights(path: Path, shapes: Shapes, dtype: str) -> None:
    """Writes a safetensors file whose tensors are holes, or a pointer where there are none."""
    start = safetensors_start(shapes, dtype)
    size = len(start) + sum(size_bytes(shape, dtype) for shape in shapes.values())
    path.unlink(missing_ok=True)
    if not holes_beside(path):
        print(f"{path.parent}: no holes on this file system, so {path.name} is a Git LFS pointer")
        path.write_bytes(lfs_pointer(start, size))
        return
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)


def safetensors_start(shapes: Shapes, dtype: str) -> bytes:
    """The length of the header and the header: types, shapes and places of all tensors."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + size_bytes(shape, dtype)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # writers align the data to eight bytes
    return len(text).to_bytes(8, "little") + text


def holes_beside(path: Path) -> bool:
    """Whether a file in this folder can be longer than the room that it takes."""
    probe = path.with_name(".holes")
    with probe.open("wb") as file:
        file.truncate(1 << 20)
    try:
        return probe.stat().st_blocks * BLOCK_BYTES < 1 << 19
    finally:
        probe.unlink()


def lfs_pointer(start: bytes, size: int) -> bytes:
    """The pointer that Git LFS keeps in place of a weight file: its digest and size."""
    digest = hashlib.sha256(start)
    zeros = bytes(1 << 20)
    whole, rest = divmod(size - len(start), len(zeros))
    for _ in range(whole):
        digest.update(zeros)
    digest.update(zeros[:rest])
    text = f"oid sha256:{digest.hexdigest()}\nsize {size}\n"
    return f"version https://git-lfs.github.com/spec/v1\n{text}".encode()


# --- tokenizer and training record ----------------------------------------------------------------

SPECIAL = ("<|begin|>", "<|end|>", "<|pad|>", "<|unknown|>")
LETTERS = "etaoinsrhldcumfpgwybvkxjqz"
SPACE = "\u0120"
"""How byte-level tokenizers write a space."""


def write_tokenizer(folder: Path, size: int) -> None:
    """Writes a byte-level BPE tokenizer whose merges are counted out, not learned."""
    alphabet = byte_letters()
    merges = list(islice(counted_merges(), size - len(SPECIAL) - len(alphabet)))
    pieces = [*SPECIAL, *alphabet, *(first + second for first, second in merges)]
    added = [
        {"id": number, "content": text, "special": True, "normalized": False}
        | dict.fromkeys(("single_word", "lstrip", "rstrip"), False)
        for number, text in enumerate(SPECIAL)
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    tokenizer = {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "vocab": {piece: number for number, piece in enumerate(pieces)},
            "merges": [f"{first} {second}" for first, second in merges],
        },
    }
    write_json(folder / "tokenizer.json", tokenizer)


def byte_letters() -> list[str]:
    """The letter for each of the 256 bytes: itself where it shows, else one from U+0100 on."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [number for number in range(256) if number not in shown]
    letters = {number: chr(number) for number in shown}
    letters |= {number: chr(0x100 + place) for place, number in enumerate(hidden)}
    return [letters[number] for number in range(256)]


def counted_merges() -> Iterator[tuple[str, str]]:
    """Pairs of pieces that are there already: two letters, three, a space before them, four."""
    pairs = ["".join(pair) for pair in product(LETTERS, repeat=2)]
    yield from product(LETTERS, repeat=2)
    yield from product(pairs, LETTERS)
    yield from product([SPACE], [*LETTERS, *pairs])
    yield from product(pairs, pairs)


TOKENS_PER_STEP = 32_000
STEPS = 1_875
LOG_EVERY = 125


def write_training_record(path: Path, parameters: int) -> None:
    """Writes the state that a trainer leaves: 60 million tokens, a falling loss."""
    history = [
        {
            "epoch": round(3 * step / STEPS, 2),
            "learning_rate": round(2e-4 * (1 - step / STEPS), 8),
            "loss": round(1.05 + 1.2 / math.sqrt(1 + step / 100), 4),
            "step": step,
        }
        for step in range(LOG_EVERY, STEPS + 1, LOG_EVERY)
    ]
    state = {
        "epoch": 3.0,
        "global_step": STEPS,
        "is_local_process_zero": True,
        "is_world_process_zero": True,
        "log_history": history,
        "logging_steps": LOG_EVERY,
        "max_steps": STEPS,
        "num_input_tokens_seen": STEPS * TOKENS_PER_STEP,
        "num_train_epochs": 3,
        # Trainers write this amount as a binary float.
        "total_flos": float(6 * parameters * STEPS * TOKENS_PER_STEP),
        "train_batch_size": 8,
    }
    write_json(path, state)


def read_json(path: Path) -> dict[str, Any]:
    """A table from a file of ours."""
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Writes JSON as model libraries do."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
