"""Rewrite `verified_decoders.json` from transformers: run it where torch and transformers are.

`python tests/compute/record_decoders.py` builds each configuration of `cases_decoders.py` without
weights and records the number of parameters, and the operations of one forward and backward pass
as the tensor library counts them.
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
    sys.path.insert(0, str(HERE.parents[1]))
    write(recount())


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


def write(document: dict[str, Any]) -> None:
    """Write the table, one configuration a line."""
    lines = json.dumps({**document, "rows": []}, indent=1).removesuffix("[]\n}")
    body = ",\n".join("  " + json.dumps(row) for row in document["rows"])
    (HERE / "verified_decoders.json").write_text(f"{lines}[\n{body}\n ]\n}}\n")


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


if __name__ == "__main__":
    main()
