"""MiniMax-M3 with pictures: patches get the text part's width first and are joined after that."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Layer, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe", "describe_vision"]


@tower("minimax_m3_vl_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of MiniMax-M3."""
    hidden = reader.integer("hidden_size", default=1280)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=14)
    frames = reader.integer("temporal_patch_size", default=2)
    pixels = reader.integer("num_channels", default=3) * frames * patch * patch
    layer = encoder_layer(PATCHES, hidden, heads, reader.integer("intermediate_size", default=5120))
    layers = reader.integer("num_hidden_layers", default=32, most=10_000)
    starts = (
        patches(PATCHES, pixels, hidden, False),
        replace(norms(hidden, bias=True, name="first norm"), stream=PATCHES),
    )
    part = Part("vision tower", starts, (Layer(layers, layer),))
    every = reader.integer("spatial_merge_size", default=2) ** 2
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch)
    return Tower(part, hidden, PATCHES, (stream,), every)


@family("minimax_m3_vl", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count MiniMax-M3 with pictures."""
    name = "minimax_m3_vl_vision"
    seen = describe_tower(reader, name, known_as={"minimax_m3_vl": name})
    text = text_part(reader, "minimax_m3_vl_text")
    inner = reader.integer("projector_hidden_size", default=6144)
    steps = (linear("linear_1", seen.width, inner), linear("linear_2", inner, text.width))
    joined = (
        linear("merge_linear_1", text.width * seen.every, inner),
        linear("merge_linear_2", inner, text.width),
    )
    join = (
        *projector(steps, stream=PATCHES),
        *projector(joined, stream=PATCHES, every=seen.every, name="merger"),
    )
    return compose(reader, text, (seen.part, Part("projector", ends=join)), seen.streams)
