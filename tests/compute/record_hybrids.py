"""Rewrite `verified_hybrids.json` from transformers.

`make oracles-record` builds each configuration of `cases_hybrids.py` without
weights and records the number of parameters, and the operations of one forward and backward pass as
the tensor library counts them, less what the recurrent layers do between their projections. There
the library is no measure: it counts the chunks of one program, misses loops over positions, and
takes the backward pass of a convolution that keeps channels apart for a dense one.
"""

from __future__ import annotations

from typing import Any

LENGTH = 256


def recount() -> dict[str, Any]:
    """Build every configuration and return the table as it is recorded."""
    import torch
    import transformers

    from tests.compute.cases_hybrids import cases

    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "sequence_length": LENGTH,
        "rows": [row_of(config) for config in cases()],
    }


def row_of(config: dict[str, Any]) -> dict[str, Any]:
    """Build one configuration and count it."""
    from tests.compute.cases_hybrids import SCANS, WITH_VALUES

    model = build(config, "cpu" if config["model_type"] in WITH_VALUES else "meta")
    return {
        "config": config,
        "parameters": sum(part.numel() for part in model.parameters()),
        "operations": operations(model, SCANS.get(config["model_type"])),
    }


def build(config: dict[str, Any], device: str = "meta") -> Any:
    """Build a model, without weights on "meta", with plain attention and batched experts."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    values = dict(config)
    settings = AutoConfig.for_model(values.pop("model_type"), **values)
    settings._attn_implementation = "eager"
    settings._experts_implementation = "batched_mm"
    with torch.device(device):
        return AutoModelForCausalLM.from_config(settings, attn_implementation="eager")


def operations(model: Any, scans: tuple[str, ...] | None) -> int | None:
    """Count one pass over one sequence; in `scans`, by class name, the projections alone.

    Where `scans` is given, be it empty, the forward pass is counted and taken three times: the
    library tells the modules of a backward pass apart only roughly, and cannot run all of them.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    device = next(model.parameters()).device
    tokens = torch.zeros((1, LENGTH), dtype=torch.long, device=device)
    places = torch.arange(LENGTH).unsqueeze(0).to(device)
    mask = torch.zeros((1, 1, LENGTH, LENGTH), device=device)
    for extra in ({"attention_mask": mask, "position_ids": places}, {"attention_mask": mask}, {}):
        counter = FlopCounterMode(display=False)
        try:
            with counter:
                logits = model(input_ids=tokens, use_cache=False, **extra).logits
                if scans is None:
                    logits.sum().backward()
        except Exception:
            continue
        total = int(counter.get_total_flops())
        return total if scans is None else 3 * (total - _scanned(model, counter, scans))
    return None


def _scanned(model: Any, counter: Any, scans: tuple[str, ...]) -> int:
    """Sum what is no projection within modules of the classes `scans`."""
    counts = counter.get_flop_counts()
    root = type(model).__name__
    kept = ("aten.mm", "aten.addmm")
    found = 0
    for name, module in model.named_modules():
        if type(module).__name__ in scans:
            for operator, amount in counts.get(f"{root}.{name}", {}).items():
                if not str(operator).startswith(kept):
                    found += int(amount)
    return found
