"""Rewrite `verified_counts.json` from transformers.

`make oracles-record` builds each configuration of `cases.py` without weights and
records the number of parameters, and the operations of one forward and backward pass as the tensor
library counts them. Experts are run as batched products, since the library counts none otherwise.
"""

from __future__ import annotations

from typing import Any

LENGTH = 256


def recount() -> dict[str, Any]:
    """Build every configuration and return the table as it is recorded."""
    import torch
    import transformers

    from tests.compute.cases import cases

    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "sequence_length": LENGTH,
        "rows": [_row(config) for config in cases()],
    }


def _row(config: dict[str, Any]) -> dict[str, Any]:
    model = _build(config)
    return {
        "config": config,
        "parameters": sum(part.numel() for part in model.parameters()),
        "operations": _operations(model),
    }


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
        except Exception:
            continue
        return int(counter.get_total_flops())
    return None
