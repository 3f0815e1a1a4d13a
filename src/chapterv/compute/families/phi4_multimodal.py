"""Phi-4 multimodal: a text decoder with its keys outside, a square tower and a conformer.

There are two projectors of sound, one for sound alone and one for sound beside pictures; a run uses
one of them. The marks between rows of a picture pass its projector again and again in the class;
each is one vector, so that those products are left out here. Sound goes by pieces of 500 frames.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Projection, Stream
from chapterv.compute.blocks import gated, norms
from chapterv.compute.describing import describe_part
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, on

__all__ = ["POOLED", "describe", "describe_audio"]

POOLED = "pooled patches"
"""Stream of the means over two by two patches."""

_BLOCK = 500
_OUTSIDE = ("vision_config", "audio_config", "architectures")
_SQUARE = {
    "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27,
    "num_attention_heads": 16, "image_size": 448, "patch_size": 14,
}  # fmt: skip
_TEXT = {
    "vocab_size": 200064, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8,
}  # fmt: skip


@family("phi4_multimodal", composed=True)
def describe(reader: Reader) -> Architecture:
    """Count Phi-4 multimodal; adapters that its publisher ships beside it are not part of it."""
    text = _text(reader)
    seen, features = _seen(reader)
    heard = describe_tower(
        reader, "phi4_multimodal_audio", key="audio_config",
        known_as={"phi4_multimodal": "phi4_multimodal_audio"},
    )  # fmt: skip
    steps = (
        linear("img_projection_up", seen.width, text.width),
        linear("img_projection_down", text.width, text.width),
    )
    # Marks between rows and between the views of a picture.
    marks = projector(steps, stream=POOLED, vectors=2 * seen.width)
    parts = (
        seen.part,
        Part("projector", ends=marks),
        heard.part,
        Part("projector of sound", ends=_sounds(heard.width, text.width)),
    )
    return compose(reader, text, parts, (*seen.streams, features, *heard.streams))


def _text(reader: Reader) -> TextPart:
    values = {name: value for name, value in reader.values.items() if name not in _OUTSIDE}
    stated = {name: value for name, value in values.items() if value is not None}
    filled = {**_TEXT, **stated, "model_type": "phi3"}
    if "num_key_value_heads" in values and values["num_key_value_heads"] is None:
        filled["num_key_value_heads"] = filled["num_attention_heads"]
    settled = Reader(filled, reader.where, reader.pointer, reader.faults)
    found = describe_part(settled, "phi3")
    reader.read |= settled.read
    width = filled["hidden_size"]
    return TextPart(found, width if isinstance(width, int) and width > 0 else 1)


def _seen(reader: Reader) -> tuple[Tower, Stream]:
    child = reader.child("vision_config")
    values = (
        {**_SQUARE, **child.values, "model_type": "siglip_vision_model"} if child.values else {}
    )
    filled = {**reader.values, "vision_config": values}
    settled = Reader(filled, reader.where, reader.pointer, reader.faults)
    layer = child.integer("feature_layer", default=-2, least=-10_000)
    seen = describe_tower(settled, "siglip_vision_model", select=layer)
    across = round((seen.streams[0].length or 1) ** 0.5)
    # A last row that has no pair is doubled.
    return seen, Stream(POOLED, "image", ((across + 1) // 2) ** 2, optional=True)


def _sounds(hidden: int, width: int) -> tuple[Component, ...]:
    found = []
    for name, used in (("speech", 1), ("vision_speech", 0)):
        steps = (
            linear(f"up_proj_for_{name}", hidden, width),
            linear(f"down_proj_for_{name}", width, width),
        )
        found += [replace(one, used=used) for one in projector(steps, stream=FRAMES)]
    return tuple(found)


@tower("phi4_multimodal_audio")
def describe_audio(reader: Reader, select: Select) -> Tower:
    """Count the conformer: every frame of a piece meets every other."""
    hidden = reader.integer("hidden_size", default=1024)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    if reader.integer("downsample_rate", default=1) != 1:
        reader.fault("the class cannot join frames before its projector", "downsample_rate")
    if reader.integer("chunk_size", default=-1, least=-1) > 0:
        reader.fault("attention by chunks is not covered", "chunk_size")
    mixer, _, _ = encoder_layer(FRAMES, hidden, heads, hidden, output="o_proj", block=_BLOCK)
    inner = reader.integer("intermediate_size", default=1536)
    feed = gated(hidden, inner, True, fused="gate_up_proj")
    layer = tuple(on(one, FRAMES) for one in (feed, *_convolution(reader, hidden), feed))
    around = on(norms(hidden, 5, bias=True), FRAMES)
    distance = reader.integer("bias_max_distance", default=1000)
    buckets = distance * (1 if reader.flag("bias_symmetric", default=False) else 2)
    starts = (
        *_subsampling(reader, hidden),
        Component("biases of distances", 0, buckets * heads, stream=FRAMES),
    )
    layers = reader.integer("num_blocks", default=24, most=10_000)
    run = (Layer(layers, (layer[0], mixer, *layer[1:], around)),)
    stream = Stream(FRAMES, "recording", None, optional=True)
    return Tower(Part("audio tower", starts, run), hidden, FRAMES, (stream,))


def _convolution(reader: Reader, hidden: int) -> tuple[Component, ...]:
    out = reader.integer("ext_pw_out_channel", default=1024)
    middle = reader.integer("depthwise_separable_out_channel", default=1024)
    if {out, middle} != {hidden}:
        reader.fault("its convolutions give another width than the stream's", "ext_pw_out_channel")
    wide = hidden * reader.integer("depthwise_multiplier", default=1)
    kernel = reader.integer("kernel_size", default=3)
    return (
        Component("gated convolution", 2 * hidden * out, 4 * out),
        Component("depthwise convolution", kernel * wide, wide),
        Component("convolution", wide * middle + hidden * out, middle + out),
    )


def _subsampling(reader: Reader, hidden: int) -> tuple[Component, ...]:
    channels = reader.integer("nemo_conv_channels", default=1024)
    reduced = reader.integer("time_reduction", default=8)
    bins = reader.integer("input_size", default=80)
    if reduced < 2 or reduced & (reduced - 1):
        reader.fault("the class halves the frames each time", "time_reduction")
    found = []
    frames, inputs = reduced, 1
    while frames > 1:
        frames, bins = frames // 2, (bins + 1) // 2
        first = inputs == 1
        found.append(
            Component(
                "first convolution" if first else "depthwise convolution", 9 * channels, channels,
                used=frames * bins, stream=FRAMES, raw=first,
            )
        )  # fmt: skip
        if not first:
            found.append(
                Component(
                    "pointwise convolution", channels * channels, channels,
                    used=frames * bins, stream=FRAMES,
                )
            )  # fmt: skip
        inputs = channels
    wide = channels * bins
    shape = (Projection("out", wide, hidden),)
    found.append(Component("frames", wide * hidden, hidden, stream=FRAMES, projections=shape))
    return tuple(found)
