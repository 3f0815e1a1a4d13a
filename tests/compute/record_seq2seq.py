"""Rewrite `verified_seq2seq.json`.

`make oracles-record` builds each configuration of `cases_seq2seq.py` with the
class that the case names, and records the number of parameters and the operations of one forward
and backward pass as the tensor library counts them, with the part of them that is products between
activations. Attention is run step by step and experts as batched products, since the library counts
neither otherwise.
"""

from __future__ import annotations

import warnings
from typing import Any

# What a class gives in the end: a loss would be made of these.
_RESULTS = (
    "logits", "last_hidden_state", "pooler_output", "text_embeds", "prediction_logits",
    "seq_relationship_logits",
)  # fmt: skip


def recount() -> dict[str, Any]:
    """Build every configuration and return the table as it is recorded."""
    import torch
    import transformers

    from tests.compute.cases_seq2seq import cases

    # What the libraries say of their own future is no matter of these counts.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [row(*case) for case in cases()]
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "rows": rows,
    }


def row(config: dict[str, Any], name: str, shape: dict[str, int]) -> dict[str, Any]:
    """Count one configuration."""
    model = _build(config, name)
    return {
        "config": config,
        "class": name,
        "shape": shape,
        "parameters": sum(part.numel() for part in model.parameters()),
        **_operations(model, shape),
        **_with_frozen_encoder(model, name, shape),
    }


def _with_frozen_encoder(model: Any, name: str, shape: dict[str, int]) -> dict[str, Any]:
    """Count once more with an encoder that is not trained, for classes that hear."""
    if name not in ("WhisperForConditionalGeneration", "MoonshineForConditionalGeneration"):
        return {}
    model.model.encoder.requires_grad_(False)
    return {"frozen encoder": _operations(model, shape)["operations"]}


def _build(config: dict[str, Any], name: str) -> Any:
    import torch
    import transformers

    values = dict(config)
    settings = transformers.AutoConfig.for_model(values.pop("model_type"), **values)
    settings._experts_implementation = "batched_mm"
    with torch.device("meta"):
        return getattr(transformers, name)._from_config(settings, attn_implementation="eager")


def _inputs(model: Any, shape: dict[str, int], device: str) -> dict[str, Any]:
    """Return inputs of the given lengths, one sequence of each."""
    import torch

    def tokens(length: int) -> Any:
        return torch.full((1, length), 3, dtype=torch.long, device=device)

    found: dict[str, Any] = {}
    if "samples" in shape:
        found["input_values"] = torch.zeros((1, shape["samples"]), device=device)
    elif "mel frames" in shape:
        bins = getattr(model.config, "num_mel_bins", None) or model.config.input_feat_per_channel
        size = (shape["mel frames"], bins)
        speech = model.config.model_type == "speech_to_text"
        size = size if speech else size[::-1]
        found["input_features"] = torch.zeros((1, *size), device=device)
    elif "source tokens" in shape:
        found["input_ids"] = tokens(shape["source tokens"])
        found["attention_mask"] = torch.ones((1, shape["source tokens"]), device=device)
    else:
        return {"input_ids": tokens(shape["tokens"])}
    if "global tokens" in shape and model.config.model_type == "led":
        mask = torch.zeros((1, shape["source tokens"]), device=device)
        mask[:, : shape["global tokens"]] = 1
        found["global_attention_mask"] = mask
    if "tokens" in shape:
        found["decoder_input_ids"] = tokens(shape["tokens"])
    return found


def _operations(model: Any, shape: dict[str, int]) -> dict[str, Any]:
    """Count one pass, or give None where the library cannot run it."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    # Some classes look at the values of their masks, so that small models run with real numbers.
    model = model.to_empty(device="cpu").eval()
    with torch.no_grad():
        for weight in (*model.parameters(), *model.buffers()):
            weight.zero_() if weight.is_floating_point() else weight.fill_(0)
    counter = FlopCounterMode(display=False)
    with counter:
        found = model(**_inputs(model, shape, "cpu"))
        sum(found[name].sum() for name in _RESULTS if name in found).backward()
    by_kind = counter.get_flop_counts()["Global"]
    between = sum(int(n) for kind, n in by_kind.items() if "bmm" in str(kind))
    return {"operations": int(counter.get_total_flops()), "between": between}
