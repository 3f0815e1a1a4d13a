"""Rewrite `verified_composed.json` from transformers.

`make oracles-record` builds each configuration of `cases_composed.py` and
records the number of parameters, and the operations of one forward and backward pass as the tensor
library counts them: over a text with one picture or recording, over the text alone, and with a
tower that is not trained. Everything is so small that it really runs, since towers ask for the
values of the grid that a picture has.
"""

from __future__ import annotations

from typing import Any


def recount(only: str = "") -> dict[str, Any]:
    """Build every configuration and return the table as it is recorded."""
    import torch
    import transformers

    from tests.compute.cases_composed import cases

    transformers.logging.set_verbosity_error()
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "rows": [_row(config) for config in cases() if only in ("", config["model_type"])],
    }


# What stands before the name of every weight of a tower.
_TOWERS = ("model.visual.", "model.vision_tower.", "model.vision_model.", "model.audio_tower.")
_FROZEN = {
    "qwen2_audio", "qwen2_5_vl", "qwen3_vl", "llava", "gemma3", "idefics3", "internvl", "mistral3",
}  # fmt: skip
# Text parts on which the library counts otherwise than the closed form: what it counts without a
# picture is recorded as well.
_ALONE = {"lfm2_vl", "qwen3_5", "qwen3_5_moe", "minicpmv4_6", "minicpm_ocr"}
# Towers with depthwise convolutions.
_CONVOLVED = {"gemma4", "granite_speech", "lfm3_vl"}
# A class that cannot run with a picture: its tower and projector are counted by themselves.
_TOWER_ONLY = {"llama4"}


def _row(config: dict[str, Any]) -> dict[str, Any]:
    from tests.compute.inputs_composed import inputs

    model = build(config)
    row = {"config": config, "parameters": sum(one.numel() for one in model.parameters())}
    given = inputs(config)
    row["operations"] = None if given is None else operations(model, given)
    if given is not None and config["model_type"] in _ALONE:
        row["without"] = operations(model, {"input_ids": given["input_ids"] * 0 + 9})
    told = {"audio_config", "encoder_config"} & {name for name in config if config[name]}
    if config["model_type"] in _CONVOLVED and (told or config["model_type"] == "lfm3_vl"):
        row["forward"] = _forward_operations(model, config)
    if config["model_type"] in _TOWER_ONLY:
        row["towers"] = _tower_operations(model)
    if config["model_type"] in _FROZEN:
        for name, weight in model.named_parameters():
            weight.requires_grad_(not name.startswith(_TOWERS))
        row["frozen"] = operations(model, given)
    return row


def _tower_operations(model: Any) -> int:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from tests.compute.inputs_composed import SIDE

    counter = FlopCounterMode(display=False)
    with counter:
        seen = model.get_image_features(pixel_values=torch.ones(1, 3, SIDE, SIDE))
        model.multi_modal_projector(seen.last_hidden_state.flatten(0, 1)).sum().backward()
    return int(counter.get_total_flops())


def _forward_operations(model: Any, config: dict[str, Any]) -> int:
    """Count a forward pass of a tower whose backward pass the library gets wrong."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from tests.compute.inputs_composed import SIDE, SPECTRUM

    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        if config["model_type"] == "lfm3_vl":
            side = config["vision_config"]["patch_size"]
            across = SIDE // side
            seen = torch.ones(across * across, 6 * side * side)
            model.model.vision_tower(seen, torch.tensor([[1, across, across]]))
        elif config["model_type"] == "granite_speech":
            model.model.encoder(torch.ones(1, SPECTRUM, config["encoder_config"]["input_dim"]))
        else:
            bins = config["audio_config"]["subsampling_conv_channels"][0]
            mask = torch.ones(1, SPECTRUM, dtype=torch.bool)
            model.model.audio_tower(torch.ones(1, SPECTRUM, bins), mask)
    return int(counter.get_total_flops())


def build(config: dict[str, Any]) -> Any:
    """Build the model of a configuration on the processor, with eager attention."""
    import copy

    import torch
    import transformers
    from transformers import AutoConfig
    from transformers.models.auto import modeling_auto

    values = copy.deepcopy(config)
    name = values.pop("model_type")
    settings = AutoConfig.for_model(name, **values)
    torch.manual_seed(0)
    found = modeling_auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES[name]
    kind = getattr(transformers, found if isinstance(found, str) else found[0])
    return kind._from_config(
        settings, attn_implementation="eager", experts_implementation="batched_mm"
    )


def operations(model: Any, given: dict[str, Any]) -> int:
    """Count one pass over what the model is given."""
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter:
        model(**given, use_cache=False).logits.sum().backward()
    model.zero_grad()
    return int(counter.get_total_flops())
