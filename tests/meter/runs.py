"""What the tests of the meter share: a small model, files, and what is read back from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chapterv.evidence import scan
from chapterv.evidence.results import Scan

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 500,
    "max_position_embeddings": 256,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}
WINDOWED: dict[str, Any] = {**LLAMA, "model_type": "mistral", "sliding_window": 16,
                            "architectures": ["MistralForCausalLM"]}  # fmt: skip


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The lines of a meter's file, those that are cut left out."""
    found = []
    for line in path.read_bytes().split(b"\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def totals_of(path: Path) -> list[dict[str, Any]]:
    """The running totals of the last line of sums."""
    sums = [line for line in lines_of(path) if line["kind"] == "sums"]
    return sums[-1]["totals"] if sums else []


def read(folder: Path) -> Scan:
    """Scan a folder."""
    return scan(["."], folder)


def values(scanned: Scan, subject: str) -> dict[str, Any]:
    """Values by key of one subject."""
    return {fact.key: fact.value for fact in scanned.facts if fact.subject == subject}
