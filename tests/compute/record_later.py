"""Rewrite `verified_later.json`.

`make oracles-record` builds each configuration of `cases_later.py` with the class
that the case names, and records the number of parameters and the operations of one forward and
backward pass as the tensor library counts them, with the part of them that is products between
activations. Attention is run step by step, since the library does not count it otherwise. Where a
convolution has groups, what the library counts too much is recorded apart.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

# What a class gives in the end: a loss would be made of these.
_RESULTS = (
    "logits", "last_hidden_state", "pooler_output", "text_embeds", "image_embeds",
    "prediction_logits", "seq_relationship_logits", "sop_logits", "cls_logits",
    "distillation_logits", "sample", "spectrogram",
)  # fmt: skip


def recount(only: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Build configurations and return the table as it is recorded.

    Args:
        only: families to build, all of them if it is empty.
    """
    import diffusers
    import torch
    import transformers

    from tests.compute.cases_later import cases
    from tests.compute.cases_later_defaults import defaults

    # What the libraries say of their own future is no matter of these counts.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [row(*case) for case in cases() if not only or _family(case[0]) in only]
        large = [] if only else [_large(*one) for one in defaults()]
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "diffusers": diffusers.__version__,
        "rows": rows,
        "defaults": large,
    }


def row(
    config: dict[str, Any], name: str, inputs: dict[str, Any], shape: dict[str, Any]
) -> dict[str, Any]:
    """Count one configuration."""
    model = _build(config, name)
    return {
        "config": config,
        "class": name,
        "shape": shape,
        "parameters": sum(part.numel() for part in model.parameters()),
        **_operations(model, inputs),
    }


def _large(config: dict[str, Any], name: str) -> dict[str, Any]:
    """Count the parameters of a model of its class's own sizes, which takes no memory."""
    count = sum(part.numel() for part in _build(config, name).parameters())
    return {"config": config, "class": name, "parameters": count}


def _watch_convolutions(model: Any) -> list[int]:
    """Return a list that convolutions will put in what the library counts too much.

    It counts the gradient of weights as if all groups were one; and a kernel of even size makes one
    position more than there are, which the class cuts off again.
    """
    import torch

    surplus: list[int] = []

    def note(module: Any, given: Any, result: Any) -> None:
        once = 2 * module.weight[0].numel()
        grouped = (module.groups - 1) * once * result.numel()
        more = result.shape[-1] - given[0].shape[-1]
        even = 3 * once * result.shape[1] * more if more > 0 else 0
        surplus.extend(one for one in (grouped, even) if one)

    for module in model.modules():
        if isinstance(module, torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d):
            module.register_forward_hook(note)
    return surplus


def _family(config: dict[str, Any]) -> str:
    return str(config.get("model_type") or config.get("_class_name"))


def _build(config: dict[str, Any], name: str) -> Any:
    import torch
    import transformers

    if "_class_name" in config:
        import diffusers

        with torch.device("meta"):
            values = {key: value for key, value in config.items() if not key.startswith("_")}
            return getattr(diffusers, name).from_config(values)
    # Some classes write into the tables that they are given.
    values = copy.deepcopy(config)
    settings = transformers.AutoConfig.for_model(values.pop("model_type"), **values)
    settings._experts_implementation = "batched_mm"
    with torch.device("meta"):
        return getattr(transformers, name)._from_config(settings, attn_implementation="eager")


def _tensor(kind: str, *size: int) -> Any:
    """Return an input: indices, numbers, features, or a mask without holes."""
    import torch

    if kind == "indices":
        return torch.full(size, 3, dtype=torch.long)
    if kind == "marks":
        return torch.ones(size, dtype=torch.long)
    if kind == "sides":
        return torch.tensor([size], dtype=torch.long)
    return torch.zeros(size)


def _operations(model: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Count one pass."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    # Some classes look at the values of their masks, so that small models run with real numbers.
    model = model.to_empty(device="cpu").eval()
    with torch.no_grad():
        for weight in (*model.parameters(), *model.buffers()):
            weight.zero_() if weight.is_floating_point() else weight.fill_(0)
    given = {
        name: _tensor(*value) if isinstance(value, list) else value
        for name, value in inputs.items()
    }
    surplus = _watch_convolutions(model)
    counter = FlopCounterMode(display=False)
    with sdpa_kernel(SDPBackend.MATH), counter:
        found = model(**given)
        results = [found[name] for name in _RESULTS if found.get(name) is not None]
        if found.get("predictor_output") is not None:
            results.append(found["predictor_output"].last_hidden_state)
        sum(one.sum() for one in results).backward()
    by_kind = counter.get_flop_counts()["Global"]
    between = sum(int(n) for kind, n in by_kind.items() if "bmm" in str(kind))
    found = {"operations": int(counter.get_total_flops()), "between": between}
    return {**found, "surplus": sum(surplus)} if surplus else found
