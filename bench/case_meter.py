"""What the training meter costs a step, beside 0.1 % of a training step of 100 ms.

The time includes what is written: a line is forced to the disk as often as a run of such steps
would do it, once a minute, that is once for every 600 steps.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.harness import Row
from chapterv.meter import Meter

ALLOWED = 0.001 * 0.1
STEPS_A_LINE = 600
STEPS = 6 * STEPS_A_LINE
CONFIG = {
    "model_type": "gpt_oss",
    "architectures": ["GptOssForCausalLM"],
    "hidden_size": 2880,
    "num_hidden_layers": 24,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "intermediate_size": 2880,
    "num_local_experts": 32,
    "num_experts_per_tok": 4,
    "vocab_size": 201088,
    "sliding_window": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 12,
}
DOCUMENTS = [1 + (37 * number) % 2048 for number in range(256)]


def run() -> list[Row]:
    """Steps of equal rows, of documents given by length, and of documents given as sums."""
    folder = Path(tempfile.mkdtemp(prefix="chapterv-bench-"))
    total, squared = sum(DOCUMENTS), sum(length * length for length in DOCUMENTS)
    cases: dict[str, Callable[[Meter], object]] = {
        "equal rows": lambda meter: meter.step(64 * 4096),
        f"{len(DOCUMENTS)} documents by length": lambda meter: meter.step(
            total, documents=DOCUMENTS
        ),
        "sums of documents": lambda meter: meter.step(total, squared=squared),
    }
    try:
        return [
            Row(
                f"meter, {name}",
                _seconds(folder / f"{number}.jsonl", case),
                "0.1 % of a step of 100 ms,",
                ALLOWED,
                limit=1,
            )
            for number, (name, case) in enumerate(cases.items())
        ]
    finally:
        shutil.rmtree(folder)


def _seconds(path: Path, case: Callable[[Meter], object]) -> float:
    """Seconds a step, lines and their way to the disk included."""
    meter = Meter(CONFIG, path, sequence_length=4096, flush_steps=STEPS_A_LINE)
    start = time.perf_counter()
    for _ in range(STEPS):
        with case(meter):  # type: ignore[attr-defined]
            pass
    meter.close()
    return (time.perf_counter() - start) / STEPS
