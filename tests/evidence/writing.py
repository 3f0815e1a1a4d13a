"""Writes small artefacts of the real formats, good ones and broken ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from chapterv.evidence import Scan, scan

BYTES = {"BF16": 2, "F32": 4, "F16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "I64": 8}

LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 100,
    "max_position_embeddings": 512,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
LLAMA_PARAMETERS = 2 * (64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 128 + 2 * 64) + 2 * 100 * 64 + 64


def llama_tensors(layers: int = 2) -> dict[str, tuple[str, list[int]]]:
    """Tensors that the configuration above describes."""
    tensors: dict[str, tuple[str, list[int]]] = {
        "model.embed_tokens.weight": ("BF16", [100, 64]),
        "model.norm.weight": ("BF16", [64]),
        "lm_head.weight": ("BF16", [100, 64]),
    }
    shapes = {
        "self_attn.q_proj": [64, 64],
        "self_attn.k_proj": [32, 64],
        "self_attn.v_proj": [32, 64],
        "self_attn.o_proj": [64, 64],
        "mlp.gate_proj": [128, 64],
        "mlp.up_proj": [128, 64],
        "mlp.down_proj": [64, 128],
        "input_layernorm": [64],
        "post_attention_layernorm": [64],
    }
    for layer in range(layers):
        for name, shape in shapes.items():
            tensors[f"model.layers.{layer}.{name}.weight"] = ("BF16", shape)
    return tensors


def header_of(tensors: Mapping[str, tuple[str, Sequence[int]]]) -> dict[str, Any]:
    """Describe tensors one after the other, as a writer of the format does."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, (dtype, shape) in tensors.items():
        size = prod(shape) * BYTES[dtype]
        header[name] = {
            "dtype": dtype,
            "shape": list(shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    return header


def safetensors(header: Any, data_bytes: int | None = None, length: int | None = None) -> bytes:
    """A weight file: header as an object or as bytes, data of zeros."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    if data_bytes is None:
        ends = [t["data_offsets"][1] for n, t in header.items() if n != "__metadata__"]
        data_bytes = max(ends, default=0)
    return (
        (len(text) if length is None else length).to_bytes(8, "little") + text + bytes(data_bytes)
    )


def folder_of(root: Path, files: Mapping[str, bytes | str | dict[str, Any]]) -> Path:
    """Write files below a folder; tables become JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def scanned(root: Path, files: Mapping[str, bytes | str | dict[str, Any]], **options: Any) -> Scan:
    """Write files and scan their folder."""
    return scan(["."], folder_of(root, files), **options)


def values(found: Scan, key: str) -> list[Any]:
    """Values of all facts on one key."""
    return [fact.value for fact in found.facts if fact.key == key]


def reasons(found: Scan) -> dict[str, str]:
    """Why each skipped artefact was skipped."""
    return {entry.artefact: entry.reason for entry in found.skipped}


def notes(found: Scan) -> str:
    """All notes, one a line."""
    return "\n".join(f"{note.artefact}: {note.text}" for note in found.notes)
