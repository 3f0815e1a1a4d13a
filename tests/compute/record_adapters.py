"""Rewrite `verified_adapters.json` from PEFT.

`make oracles-record` builds small models without weights, puts adapters on them
as PEFT does, and records how many weights are trained.
"""

from __future__ import annotations

from typing import Any

ALL = "all-linear"


def recount() -> dict[str, Any]:
    """Put every adapter on its model and return the table as it is recorded."""
    import peft
    import torch
    import transformers

    rows = [
        {
            "config": config,
            "settings": settings,
            "experts": experts_of(config["model_type"]),
            "trained": _trained(config, settings),
        }
        for config, settings in cases()
    ]
    return {
        "peft": peft.__version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "rows": rows,
    }


def cases() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return models and settings: every family once, some with all kinds of settings."""
    from tests.compute import cases as base
    from tests.compute import cases_decoders, cases_hybrids

    first: dict[str, dict[str, Any]] = {}
    for config in (*base.cases(), *cases_hybrids.cases(), *cases_decoders.cases()):
        first.setdefault(config["model_type"], config)
    found = [
        (config, {"peft_type": "LORA", "r": 4, "target_modules": ALL})
        for name, config in first.items()
        if name not in WITHOUT
    ]
    return [*found, *[(first[name], settings) for name, settings in SETTINGS]]


# The library puts nothing on the output projections of state-space layers here.
REFUSED_BY_PEFT = ("nemotron_h", "mamba", "falcon_mamba", "mamba2", "falcon_h1")
# Modules in several places at once, which no list of names tells apart.
# and a tensor that also holds places for experts without weights.
WITHOUT = ("zamba2", "longcat_flash", *REFUSED_BY_PEFT)

_LORA = {"peft_type": "LORA", "r": 4}
SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("llama", {**_LORA, "target_modules": ["q_proj", "v_proj"]}),
    ("llama", {**_LORA, "target_modules": ["q_proj"], "use_dora": True}),
    ("llama", {**_LORA, "target_modules": ["q_proj"], "lora_bias": True}),
    ("llama", {**_LORA, "target_modules": ["q_proj", "o_proj"], "layers_to_transform": [0, 2]}),
    ("llama", {**_LORA, "target_modules": ALL, "exclude_modules": ["down_proj"]}),
    ("llama", {**_LORA, "target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}),
    ("llama", {**_LORA, "target_modules": ["q_proj", "lm_head", "embed_tokens"]}),
    ("llama", {**_LORA, "target_modules": ALL, "rank_pattern": {"q_proj": 9}}),
    ("gpt2", {**_LORA, "target_modules": ["c_attn"], "use_dora": True, "fan_in_fan_out": True}),
    ("gemma2", {**_LORA, "target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]}),
    ("qwen3_next", {**_LORA, "target_modules": ["q_proj"], "layers_to_transform": [1, 3]}),
    ("qwen3_moe", {**_LORA, "target_modules": ["q_proj", "gate_proj", "up_proj", "gate"]}),
    ("mixtral", {**_LORA, "target_modules": ["q_proj", "w1", "w2", "w3"]}),
    ("nemotron_h", {**_LORA, "target_modules": ["in_proj", "q_proj", "up_proj"]}),
    ("mamba", {**_LORA, "target_modules": ["in_proj", "x_proj"]}),
    ("falcon_mamba", {**_LORA, "target_modules": ["x_proj", "dt_proj"]}),
    ("mamba2", {**_LORA, "target_modules": ["in_proj"]}),
    ("falcon_h1", {**_LORA, "target_modules": ["in_proj", "q_proj", "down_proj"]}),
    (
        "qwen3_moe",
        {
            **_LORA,
            "target_modules": ["q_proj"],
            "target_parameters": ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"],
        },
    ),
    ("mixtral", {**_LORA, "target_modules": [], "target_parameters": ["experts.down_proj"]}),
    (
        "llama",
        {
            "peft_type": "IA3",
            "target_modules": ["k_proj", "v_proj", "down_proj"],
            "feedforward_modules": ["down_proj"],
        },
    ),
]


def experts_of(model_type: str) -> str:
    """Say what the library does with experts of a family on the present transformers."""
    from peft.utils import transformers_weight_conversion as conversion

    pattern = conversion._MODEL_TO_CONVERSION_PATTERN.get(model_type)
    return "converted" if pattern in conversion._MOE_FUSED_TARGETS else "joined"


def _trained(config: dict[str, Any], settings: dict[str, Any]) -> int:
    import torch
    from peft import IA3Config, LoraConfig, get_peft_model

    from tests.compute.record_hybrids import build

    values = {name: value for name, value in settings.items() if name != "peft_type"}
    if not values["target_modules"]:
        values["target_modules"] = None
    kind = IA3Config if settings["peft_type"] == "IA3" else LoraConfig
    with torch.device("meta"):
        model = get_peft_model(build(config), kind(task_type="CAUSAL_LM", **values))
    return sum(part.numel() for part in model.parameters() if part.requires_grad)
