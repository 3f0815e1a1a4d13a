"""How long an estimate takes: cold through the command, warm in one process."""

from __future__ import annotations

import json
import shutil
import tempfile
from decimal import Decimal
from pathlib import Path

from bench.harness import BARE_START, CHAPTERV, Row, time_calls, time_processes
from chapterv.compute import describe, training_compute

ESTIMATES = 10_000
MARGIN = Decimal("0.3")
TOKENS = 10**12
CONFIG = {
    "model_type": "deepseek_v3",
    "architectures": ["DeepseekV3ForCausalLM"],
    "vocab_size": 64000,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "moe_intermediate_size": 768,
    "num_hidden_layers": 32,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "n_routed_experts": 64,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "first_k_dense_replace": 2,
    "q_lora_rank": 768,
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "max_position_embeddings": 8192,
}
"""An invented mixture of experts with latent attention."""


def run() -> list[Row]:
    """One estimate from a file through the command; 10 000 in a process."""
    return [_cold(), *_warm()]


def _cold() -> Row:
    folder = Path(tempfile.mkdtemp(prefix="chapterv-bench-"))
    try:
        path = folder / "config.json"
        path.write_text(json.dumps(CONFIG), encoding="utf-8")
        command = (CHAPTERV, "compute", "estimate", str(path), "--tokens", str(TOKENS))
        took = time_processes({"estimate": command, "bare": BARE_START})
    finally:
        shutil.rmtree(folder)
    return Row("chapterv compute estimate", took["estimate"], "bare start", took["bare"], limit=20)


def _warm() -> list[Row]:
    architecture = describe(CONFIG)

    def estimates() -> None:
        for number in range(ESTIMATES):
            training_compute(architecture, TOKENS + number, 1024 + number, MARGIN)

    def from_configurations() -> None:
        for number in range(ESTIMATES):
            training_compute(describe(CONFIG), TOKENS + number, 4096, MARGIN)

    took = time_calls({"estimates": estimates, "described": from_configurations})
    bare = time_processes({"bare": BARE_START})["bare"]
    return [
        Row(f"{ESTIMATES} warm estimates", took["estimates"], "bare start", bare, limit=60),
        Row(
            f"{ESTIMATES} configurations read and estimated",
            took["described"], "bare start", bare, limit=200,
        ),
    ]  # fmt: skip
