"""Qwen-VL, GLM-V and EXAONE 4.5: towers whose merger gives the text part's width itself."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture
from chapterv.compute.families import family
from chapterv.compute.nested import compose, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import describe_tower

__all__ = ["describe"]

# Text part and tower where their tables name none, and names that mean the tower.
_MEMBERS = {
    "qwen2_vl": ("qwen2_vl_text", "qwen2_vl_vision"),
    "qwen2_5_vl": ("qwen2_5_vl_text", "qwen2_5_vl_vision"),
    "qwen3_vl": ("qwen3_vl_text", "qwen3_vl_vision"),
    "qwen3_vl_moe": ("qwen3_vl_moe_text", "qwen3_vl_vision"),
    "qwen3_5": ("qwen3_5_text", "qwen3_5_vision"),
    "qwen3_5_moe": ("qwen3_5_moe_text", "qwen3_5_vision"),
    "qwen4_exp": ("qwen4_exp_text", "qwen3_5_vision"),
    "cosmos3_omni": ("qwen3_vl_text", "qwen3_vl_vision"),
    "glm4v": ("glm4v_text", "glm4v_vision"),
    "glm46v": ("glm4v_text", "glm4v_vision"),
    "glmga": ("glm4v_text", "glm4v_vision"),
    "glm4v_moe": ("glm4v_moe_text", "glm4v_vision"),
    "glm_ocr": ("glm_ocr_text", "glm_ocr_vision"),
    "exaone4_5": ("exaone4", "exaone4_5_vision"),
}
_FLAT = ("vision_config", "rope_scaling", "architectures")


@family(*_MEMBERS, composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count a tower with a merger and a text decoder."""
    name = str(reader.values["model_type"])
    text_name, tower_name = _MEMBERS[name]
    known = {name: tower_name, f"{name}_vision": tower_name}
    tower = describe_tower(reader, tower_name, known_as=known)
    flat = _FLAT if name in ("qwen2_vl", "qwen2_5_vl") else ()
    text = text_part(reader, text_name, flat=flat)
    if tower.width != text.width:
        reader.fault(
            "the tower gives features of another width than the text part's", "vision_config"
        )
    return compose(reader, text, (tower.part,), tower.streams)
