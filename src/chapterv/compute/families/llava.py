"""A tower, a projector of two matrices and a text decoder: LLaVA and the models made after it.

The members differ in which tower and text part they have where the file names none, in which
layers of the tower they take features from, and in how they join neighbouring patches before the
projector. Layers of the tower above the chosen one run for nothing and get no gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from chapterv.compute.architecture import Architecture, Component, Part
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, selected
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe"]


class _Joint(msgspec.Struct, frozen=True):
    """What a projector stands between.

    Args:
        tower: the tower.
        features: layers whose features are put side by side.
        stream: stream of the features.
        width: width of the text part.
    """

    tower: Tower
    features: int
    stream: str
    width: int

    @property
    def wide(self) -> int:
        """Width of the features of one position."""
        return self.tower.width * self.features


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from LLaVA."""

    build: Callable[[Reader, _Joint], tuple[Component, ...]]
    tower: str = "clip_vision_model"
    text: str = "llama"
    select: Select = -1
    select_key: str | None = "vision_feature_layer"
    strategy: str = "patches"  # patches, or the default of a key: "default" or "full"
    tower_names: dict[str, str] = {}


def _two(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    bias = reader.flag("multimodal_projector_bias", default=True)
    vectors = joint.width if reader.values["model_type"] in _SEPARATED else 0
    steps = (
        linear("linear_1", joint.wide, joint.width, bias),
        linear("linear_2", joint.width, joint.width, bias),
    )
    return projector(steps, stream=joint.stream, vectors=vectors)


def _normed(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    steps = (
        linear("linear_1", joint.wide, joint.width),
        linear("linear_2", joint.width, joint.width),
    )
    return projector(steps, stream=joint.stream, norm=2 * joint.wide)


def _aligner(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    steps = (
        linear("linear1", joint.wide, joint.width),
        linear("linear2", joint.width, joint.width),
    )
    return projector(steps, stream=joint.stream)


def _halved(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    """Return the projector of Aya and Command A Vision, whose gate halves the width inside."""
    factor = reader.integer("downsample_factor", default=2)
    aya = reader.values["model_type"] == "aya_vision"
    default = joint.width if aya else 36864
    inner = reader.integer("alignment_intermediate_size", default=default)
    wide = joint.wide * factor * factor
    steps = (linear("linear_1", wide, inner), linear("linear_2", inner // 2, joint.width))
    norm = 2 * wide if aya else 0
    return projector(steps, stream=joint.stream, every=factor * factor, norm=norm)


def _shuffled(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    factor = reader.integer("scale_factor", default=2)
    steps = (linear("proj", joint.wide * factor * factor, joint.width, False),)
    return projector(steps, stream=joint.stream, every=factor * factor)


def _internvl(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    factor = _whole_inverse(reader, "downsample_ratio", 2)
    wide = joint.wide * factor * factor
    steps = (linear("linear_1", wide, joint.width), linear("linear_2", joint.width, joint.width))
    return projector(steps, stream=joint.stream, every=factor * factor, norm=2 * wide)


def _whole_inverse(reader: Reader, name: str, default: int) -> int:
    value = reader.value(name)
    if value is None:
        return default
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.001 <= value <= 1:
        inverse = round(1 / value)
        if math.isclose(inverse * value, 1):
            return inverse
    reader.expected("one part of a whole number, such as 0.5", name, value)
    return default


def _merged(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    """Return the projector of Mistral 3, which merges patches of the tower's width first."""
    bias = reader.flag("multimodal_projector_bias", default=False)
    merge = reader.integer("spatial_merge_size", default=2)
    hidden = joint.tower.width
    steps = (
        linear("merging_layer", hidden * merge * merge, hidden, False),
        linear("linear_1", joint.wide, joint.width, bias),
        linear("linear_2", joint.width, joint.width, bias),
    )
    return projector(steps, stream=joint.stream, every=merge * merge, norm=hidden)


def _lfm(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    factor = reader.integer("downsample_factor", default=2)
    inner = reader.integer("projector_hidden_size", default=2560)
    bias = reader.flag("projector_bias", default=True)
    wide = joint.wide * factor * factor
    normed = reader.flag("projector_use_layernorm", default=True)
    steps = (linear("linear_1", wide, inner, bias), linear("linear_2", inner, joint.width, bias))
    norm = 2 * wide if normed else 0
    return projector(steps, stream=joint.stream, every=factor * factor, norm=norm)


def _gemma(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    """Return the projector of Gemma 3: a mean over neighbours, a norm, one matrix."""
    tokens = reader.integer("mm_tokens_per_image", default=256)
    length = joint.tower.streams[0].length or 1
    every = reader.divides(
        length, tokens, "mm_tokens_per_image", "the tokens of a picture do not share its patches"
    )
    if math.isqrt(tokens) ** 2 != tokens or math.isqrt(every) ** 2 != every:
        reader.fault("the tokens of a picture do not form a square", "mm_tokens_per_image")
    steps = (linear("mm_input_projection_weight", joint.wide, joint.width, False),)
    return projector(steps, stream=joint.stream, every=every, norm=joint.wide)


def _paligemma(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    vision = reader.child("vision_config")
    width = reader.maybe("projection_dim") or vision.integer("projection_dim", default=2048)
    stated = vision.integer("projection_dim", default=width)
    if joint.width not in (width, stated):
        reader.fault("the projector gives another width than the text part's", "projection_dim")
    return projector((linear("linear", joint.wide, stated),), stream=joint.stream)


def _adapted(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    """Return the projector of Llama 4, whose tower has joined the patches already."""
    stated = reader.child("vision_config").integer("vision_output_dim", default=7680)
    if stated != joint.wide:
        reader.fault("the tower gives features of another width", "vision_config")
    steps = (linear("linear_1", stated, joint.width, False),)
    return projector(steps, stream=joint.stream, every=joint.tower.every)


def _kimi(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    """Return the projector of Kimi K2.5, by the keys of its publisher or of transformers."""
    width = reader.integer("projection_hidden_size", default=joint.wide)
    vision = reader.child("vision_config")
    if vision.integer("mm_hidden_size", default=width) != joint.wide or width != joint.wide:
        reader.fault("the projector reads features of another width", "vision_config")
    vision.choice("mm_projector_type", ("patchmerger",), "patchmerger")
    wide = joint.wide * joint.tower.every
    steps = (linear("in_proj", wide, wide), linear("out_proj", wide, joint.width))
    every = joint.tower.every
    return projector(steps, stream=joint.stream, every=every, norm=2 * joint.wide)


def _paddle(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    merge = reader.child("vision_config").integer("spatial_merge_size", default=2)
    wide = joint.wide * merge * merge
    steps = (linear("linear_1", wide, wide), linear("linear_2", wide, joint.width))
    return projector(steps, stream=joint.stream, every=merge * merge, norm=2 * joint.wide)


def _readout(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    steps = (linear("0", joint.wide, joint.width), linear("2", joint.width, joint.width))
    return projector(steps, stream=joint.stream)


def _single(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    return projector(
        (linear("projector", joint.wide, joint.width),), stream=joint.stream,
        every=joint.tower.every,
    )  # fmt: skip


def _ocr(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    """Return two convolutions that each halve both sides, and one matrix."""
    out = joint.tower.width
    steps = (
        linear("conv_upsampler2", 9 * 2 * out, joint.width, False),
        linear("multimodal_projector", joint.width, joint.width),
    )
    first = (linear("conv_upsampler1", 9 * out, 2 * out, False),)
    return (
        *projector(first, stream=joint.stream, every=4),
        *projector(steps, stream=joint.stream, every=16),
    )


def _ovis(reader: Reader, joint: _Joint) -> tuple[Component, ...]:
    """Return a vocabulary of pictures: each place becomes a mixture of learned vectors."""
    vision = reader.child("vision_config")
    vocabulary = vision.integer("vocab_size", default=16384)
    marks = vision.integer("num_visual_indicator_tokens", default=5)
    stride = vision.integer("hidden_stride", default=1)
    if reader.integer("hidden_size", default=1536) != joint.width:
        reader.fault("the vectors of pictures have another width", "hidden_size")
    across = math.isqrt(joint.tower.streams[0].length or 1)
    reader.divides(across, stride, "vision_config", "the stride does not share the rows evenly")
    kinds = max(1, vocabulary - marks)
    first = (linear("head_linear", joint.wide * stride * stride, kinds, False),)
    second = (linear("visual_embeddings_table", vocabulary, joint.width, False),)
    every = stride * stride
    return (
        *projector(first, stream=joint.stream, every=every, vectors=2 * kinds),
        *projector(second, stream=joint.stream, every=every),
    )


# Rows of a picture are separated by one learned vector.
_SEPARATED = frozenset({"llava_next", "llava_next_video", "llava_onevision"})

_MEMBERS = {
    "llava": _Member(_two, select=-2, strategy="default"),
    "llava_next": _Member(_two, select=-2, strategy="default"),
    "llava_next_video": _Member(_two, select=-2, strategy="default"),
    "llava_onevision": _Member(_two, "siglip_vision_model", "qwen2", strategy="full"),
    "vipllava": _Member(_normed, select=(-2, -5, -8, -11, 6)),
    "aya_vision": _Member(_halved, "siglip_vision_model", "cohere2", strategy="full"),
    "cohere2_vision": _Member(_halved, "siglip_vision_model", "cohere2", select_key=None),
    "idefics3": _Member(
        _shuffled, "idefics3_vision", select_key=None, tower_names={"idefics3": "idefics3_vision"}
    ),
    "smolvlm": _Member(
        _shuffled, "smolvlm_vision", select_key=None, tower_names={"smolvlm": "smolvlm_vision"}
    ),
    "internvl": _Member(_internvl, "internvl_vision", "qwen2", strategy="default"),
    "qianfan_ocr": _Member(_internvl, "qianfan_ocr_vision", "qwen3", strategy="default"),
    "mistral3": _Member(_merged, "pixtral", "mistral"),
    "mistral_large4": _Member(_merged, "pixtral", "mistral_large4_text"),
    "lighton_ocr": _Member(_merged, "pixtral", "qwen3", select_key=None),
    "gemma3": _Member(_gemma, "siglip_vision_model", "gemma3_text", select_key=None),
    "shieldgemma2": _Member(_gemma, "siglip_vision_model", "gemma3_text", select_key=None),
    "paligemma": _Member(_paligemma, "siglip_vision_model", "gemma", select_key=None),
    "deepseek_vl": _Member(_aligner, "siglip_vision_model", select_key=None),
    "lfm2_vl": _Member(_lfm, "siglip2_vision_model", "lfm2", select_key=None),
    "llama4": _Member(_adapted, "llama4_vision_model", "llama4_text", select_key=None),
    "kimi_k25": _Member(_kimi, "kimi_k25_vision", "deepseek_v3", select_key=None),
    "paddleocr_vl": _Member(
        _paddle, "paddleocr_vl_vision", "paddleocr_vl_text", select_key=None,
        tower_names={"paddleocr_vl": "paddleocr_vl_vision"},
    ),
    "hyperclovax_vision_v2": _Member(
        _single, "qwen2_5_vl_vision", "hyperclovax", select_key=None,
        tower_names={"qwen2_5_vl": "qwen2_5_vl_vision"},
    ),
    "got_ocr2": _Member(
        _ocr, "got_ocr2_vision", "qwen2", select_key=None,
        tower_names={"got_ocr2": "got_ocr2_vision"},
    ),
    "pp_chart2table": _Member(_ocr, "pp_chart2table_vision", "qwen2", select_key=None),
    "ovis2": _Member(_ovis, "ovis2_vision", "qwen2", select_key=None),
    "video_llama_3": _Member(_readout, "video_llama_3_vision", "qwen2", select_key=None),
}  # fmt: skip


@family(*_MEMBERS, composed=True, heads=("ForConditionalGeneration", "ForImageClassification"))
def describe(reader: Reader) -> Architecture:
    """Count a tower, a projector and a text decoder."""
    member = _MEMBERS[str(reader.values["model_type"])]
    select, features = member.select, 1
    if member.select_key:
        select, features = selected(reader, member.select_key, member.select)
    tower = describe_tower(reader, member.tower, select=select, known_as=member.tower_names)
    text = text_part(reader, member.text)
    joint = _Joint(tower, features, _stream(reader, member, tower), text.width)
    join = member.build(reader, joint)
    parts = (tower.part, Part("projector", ends=join))
    return compose(reader, text, parts, tower.streams)


def _stream(reader: Reader, member: _Member, tower: Tower) -> str:
    """Return the stream of the features: with the class token or without it."""
    if member.strategy == "patches":
        return PATCHES
    key = "vision_feature_select_strategy"
    strategy = reader.choice(key, ("default", "full"), member.strategy)
    if strategy == "full":
        return tower.stream
    if tower.stream != WITH_CLASS:
        reader.fault("the first position would be dropped, but it is no class token", key)
    return PATCHES
