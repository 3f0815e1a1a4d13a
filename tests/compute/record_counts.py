"""Rewrite `verified_counts.json` from transformers: run it where torch and transformers are.

`python tests/compute/record_counts.py` builds each configuration of `cases.py` without weights and
records the number of parameters, and the operations of one forward and backward pass as the tensor
library counts them. Experts are run as batched products, since the library counts none otherwise.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LENGTH = 256


def main() -> None:
    """Build, count and write."""
    sys.path.insert(0, str(HERE))
    import torch
    import transformers
    from cases import cases  # type: ignore[import-not-found]

    rows = []
    for config in cases():
        try:
            model = _build(config)
        except Exception as problem:
            print("FAILED", config["model_type"], repr(problem)[:300])
            continue
        row = {
            "config": config,
            "parameters": sum(part.numel() for part in model.parameters()),
            "operations": _operations(model),
        }
        rows.append(row)
        print(config["model_type"], row["parameters"], row["operations"], flush=True)
    document = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "sequence_length": LENGTH,
        "rows": rows,
    }
    lines = json.dumps({**document, "rows": []}, indent=1).removesuffix("[]\n}")
    body = ",\n".join("  " + json.dumps(row) for row in rows)
    (HERE / "verified_counts.json").write_text(f"{lines}[\n{body}\n ]\n}}\n")


def _build(config: dict[str, Any]) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    values = dict(config)
    settings = AutoConfig.for_model(values.pop("model_type"), **values)
    settings._attn_implementation = "eager"
    settings._experts_implementation = "batched_mm"
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(settings, attn_implementation="eager")


def _operations(model: Any) -> int | None:
    """Count one pass over one sequence, or give None where the library cannot run it."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    tokens = torch.zeros((1, LENGTH), dtype=torch.long, device="meta")
    places = torch.arange(LENGTH).unsqueeze(0).to("meta")
    mask = torch.zeros((1, 1, LENGTH, LENGTH), device="meta")
    for extra in ({"attention_mask": mask, "position_ids": places}, {"attention_mask": mask}, {}):
        counter = FlopCounterMode(display=False)
        try:
            with counter:
                model(input_ids=tokens, use_cache=False, **extra).logits.sum().backward()
        except Exception as problem:
            print("  ", type(problem).__name__, str(problem)[:120])
            continue
        return int(counter.get_total_flops())
    return None


if __name__ == "__main__":
    main()
