"""Rewrite `verified_decoders.json` from transformers.

`make oracles-record` builds each configuration of `cases_decoders.py` without
weights and records the number of parameters, and the operations of one forward and backward pass
as the tensor library counts them.
"""

from __future__ import annotations

from typing import Any

LENGTH = 256


def recount() -> dict[str, Any]:
    """Build every configuration and return the table as it is recorded."""
    import torch
    import transformers

    from tests.compute.cases_decoders import cases

    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "sequence_length": LENGTH,
        "rows": [row_of(config) for config in cases()],
    }


def row_of(config: dict[str, Any]) -> dict[str, Any]:
    """Build one configuration and count it."""
    from tests.compute.cases_decoders import SCANS, WITH_VALUES
    from tests.compute.record_hybrids import build, operations

    model = build(config, "cpu" if config["model_type"] in WITH_VALUES else "meta")
    for name, buffer in model.named_buffers():
        if name.endswith("router.e_score_correction_bias"):
            # No token goes to an expert without weights.
            buffer[: config["n_routed_experts"]] += 1e4
    return {
        "config": config,
        "parameters": sum(part.numel() for part in model.parameters()),
        "operations": operations(model, SCANS.get(config["model_type"])),
    }
