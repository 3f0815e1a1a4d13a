"""Rewrite `verified_denoisers.json`.

`make oracles-record` builds each configuration of `cases_denoisers.py` with
its class and records the number of parameters and the operations of one forward and backward pass.
Almost nothing is computed: tensors have shapes and no numbers. Attention is taken apart into its
products, since the library counts no other form on every device.
"""

from __future__ import annotations

import warnings
from typing import Any

# Inputs that are plain numbers and no tensors.
# Classes that look at the values of a mask, so that they need numbers to run.
_NUMBERS = (
    "Lumina2Transformer2DModel", "MochiTransformer3DModel", "ZImageTransformer2DModel",
)  # fmt: skip
_WHOLE = ("timestep", "class_labels", "style", "text_embedding_mask", "text_embedding_mask_t5")
_PLAIN = ("img_shapes",)


def recount() -> dict[str, Any]:
    """Build every configuration and return the table as it is recorded."""
    import diffusers
    import torch

    from tests.compute.cases_denoisers import cases

    # What the libraries say of their own future is no matter of these counts.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [row(*case) for case in cases()]
    return {
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "rows": rows,
    }


def row(
    config: dict[str, Any], inputs: dict[str, list[int]], shape: dict[str, int]
) -> dict[str, Any]:
    """Count one configuration."""
    import torch

    model = _build(config)
    return {
        "config": config,
        "inputs": inputs,
        "shape": shape,
        "parameters": sum(part.numel() for part in model.parameters()),
        "operations": _operations(model, inputs, torch),
    }


def _build(config: dict[str, Any]) -> Any:
    import diffusers
    import torch

    values = {key: value for key, value in config.items() if not key.startswith("_")}
    with torch.device(_device(config["_class_name"])):
        return getattr(diffusers, config["_class_name"]).from_config(values).eval()


def _device(name: str) -> str:
    return "cpu" if name in _NUMBERS else "meta"


def _tensors(inputs: dict[str, Any], torch: Any, device: str) -> dict[str, Any]:
    """Return empty tensors of the given sizes; a name with a dot goes into a table, and a
    size under `one` becomes a list of one tensor."""
    found: dict[str, Any] = {}
    for name, size in inputs.items():
        table, _, key = name.rpartition(".")
        if isinstance(size, list) and name not in _PLAIN:
            whole = name in _WHOLE
            kind = torch.long if whole else torch.float32
            if name == "encoder_attention_mask" and device == "cpu":
                kind = torch.bool
            value = torch.ones(size, dtype=kind, device=device)
        elif isinstance(size, dict):
            value = [torch.zeros(size["one"], device=device)]
        else:
            value = size
        (found.setdefault(table, {}) if table else found)[key] = value
    return found


def _operations(model: Any, inputs: dict[str, Any], torch: Any) -> int:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    device = _device(type(model).__name__)
    counter = FlopCounterMode(display=False)
    with sdpa_kernel(SDPBackend.MATH), counter:
        found = model(**_tensors(inputs, torch, device), return_dict=False)[0]
        (found[0] if isinstance(found, list) else found).sum().backward()
    return int(counter.get_total_flops())
