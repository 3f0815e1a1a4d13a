"""Rewrite `verified_composed2.json` from transformers.

`make oracles-record` builds each configuration of `cases_composed2.py` and
records the number of parameters, the operations of one forward and backward pass over a text with
one picture as the tensor library counts them, and those over the text alone.
"""

from __future__ import annotations

from typing import Any


def recount(only: str = "") -> dict[str, Any]:
    """Build every configuration and return the table as it is recorded."""
    import torch
    import transformers

    from tests.compute.cases_composed2 import DEFAULTS, cases

    transformers.logging.set_verbosity_error()
    # Models this small are slower on several processors than on one.
    torch.set_num_threads(1)
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "defaults": {
            name: _default(name, config) for name, config in DEFAULTS.items() if only in ("", name)
        },
        "texts": [
            _text_row(config)
            for config in cases()
            if config["model_type"] in _TEXT_NAMES and only in ("", config["model_type"])
        ],
        "rows": [_row(config) for config in cases() if only in ("", config["model_type"])],
    }


# Towers with depthwise convolutions.
_CONVOLVED = {"florence2", "muse_spark", "fun_asr_nano"}
# A class that cannot run without sound.
_NEVER_ALONE = {"voxtral_realtime"}
# What stands before the name of every weight of a text part.
_TEXT = ("model.language_model.", "language_model.", "lm_head.", "model.layers.", "model.norm.",
         "model.embed_tokens.", "model.text_model.",
         "model.encoder.language_model.", "model.decoder.")  # fmt: skip


def _row(config: dict[str, Any]) -> dict[str, Any]:
    from tests.compute.inputs_composed2 import inputs
    from tests.compute.record_composed import build

    model = build(config)
    row = {"config": config, "parameters": sum(one.numel() for one in model.parameters())}
    given = inputs(config)
    row["operations"] = None if given is None else _operations(model, given)
    if given is not None and len(given) > 1:
        if config["model_type"] not in _NEVER_ALONE:
            row["without"] = _operations(model, _text_alone(given))
        row["frozen"] = _frozen(model, given)
    if config["model_type"] in _CONVOLVED:
        row["forward"] = _forward(model, given)
    return row


# What a family's text part is called where its table names itself.
_TEXT_NAMES = {
    "cohere_compass": "cohere_compass_text",
    "cosmos3_edge": "cosmos3_edge_text",
    "glm5_next": "glm5_next_text",
    "mistral_large4": "mistral_large4_text",
    "molmo2": "molmo2_text",
    "muse_glimmer": "muse_glimmer_text",
    "muse_spark": "muse_spark_text",
    "step3p7": "step3p5",
}


def _text_row(config: dict[str, Any]) -> dict[str, Any]:
    """Count the text part of a model with its head, as a model of its own would have it."""
    from tests.compute.record_composed import build

    text = {"model_type": _TEXT_NAMES[config["model_type"]], **config["text_config"]}
    if "tie_word_embeddings" in config:
        text["tie_word_embeddings"] = config["tie_word_embeddings"]
    own = ("model.language_model.", "lm_head.")
    weights = build(config).named_parameters()
    return {
        "config": text,
        "parameters": sum(one.numel() for name, one in weights if name.startswith(own)),
    }


def _operations(model: Any, given: dict[str, Any]) -> int:
    """Count one pass; what a model keeps of it is thrown away."""
    import copy

    from tests.compute.record_composed import operations

    return operations(model, copy.deepcopy(given))


def _default(name: str, config: dict[str, Any]) -> int:
    """Count the parameters of a model in the sizes of its classes, without making its weights."""
    import torch

    from tests.compute.record_composed import build

    with torch.device("meta"):
        model = build({"model_type": name, **config})
    return sum(one.numel() for one in model.parameters())


def _frozen(model: Any, given: dict[str, Any]) -> int | None:
    """Count a pass in which no part before the text is trained."""
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith(_TEXT))
    return _operations(model, given)


def _forward(model: Any, given: dict[str, Any]) -> int:
    """Count a forward pass: the library takes the backward one of some convolutions for dense."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(**given, use_cache=False)
    return int(counter.get_total_flops())


def _text_alone(given: dict[str, Any]) -> dict[str, Any]:
    kinds = "mm_token_type_ids"
    alone = {"input_ids": given["input_ids"] * 0 + 9}
    alone |= {key: given[key] for key in ("decoder_input_ids", "cache") if key in given}
    return alone | ({kinds: given[kinds] * 0} if kinds in given else {})
