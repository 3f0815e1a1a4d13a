"""LFM3-VL: a tower of gated convolutions over the picture, with attention in some layers."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Part, Stream, stack
from chapterv.compute.blocks import attention, gated, key_heads, norms
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, side, tower
from chapterv.compute.towers.layers import on, patches

__all__ = ["describe", "describe_vision"]


@tower("lfm3_vl_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower."""
    hidden = reader.integer("hidden_size", default=1024)
    layers = reader.integer("num_hidden_layers", default=14, most=10_000)
    patch = side(reader, "patch_size", 16)
    merge = reader.integer("spatial_merge_size", default=2)
    pixels = reader.integer("in_channels", default=3) * patch * patch
    pixels *= side(reader, "temporal_patch_size", 2)
    kernel = reader.integer("conv_kernel_size", default=3, most=1001)
    kinds = reader.per_layer("layer_types", layers)
    if kinds is None:
        kinds = ["conv" if at < 2 or at % 2 else "full_attention" for at in range(layers)]
    if any(kind not in ("conv", "full_attention") for kind in kinds):
        reader.fault("expected conv or full_attention for each layer", "layer_types")
    mixers = {
        "conv": Component(
            "gated convolution", hidden * (4 * hidden + kernel * kernel), stream=PATCHES
        ),
        "full_attention": _attention(reader, hidden),
    }
    inner = on(gated(hidden, reader.integer("intermediate_size", default=2560)), PATCHES)
    rest = (inner, on(norms(hidden, 2), PATCHES))
    run = stack((mixers.get(str(kind), mixers["conv"]), *rest) for kind in kinds)
    first = on(norms(hidden, name="first norm"), PATCHES)
    part = Part("vision tower", (patches(PATCHES, pixels, hidden, False), first), run)
    return Tower(part, hidden, PATCHES, (Stream(PATCHES, "image", None, True, patch),), merge**2)


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads", default=16)
    kv_heads = key_heads(reader, heads, default=8)
    width = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    plain = attention(hidden, heads, kv_heads, width, extra=2 * width, output="out_proj")
    return on(plain, PATCHES)


@family("lfm3_vl", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count LFM3-VL."""
    seen = describe_tower(reader, "lfm3_vl_vision")
    text = text_part(reader, "lfm3")
    inner = reader.integer("projector_hidden_size", default=4096)
    bias = reader.flag("projector_bias", default=True)
    wide = seen.width * seen.every
    steps = (linear("linear_1", wide, inner, bias), linear("linear_2", inner, text.width, bias))
    join = projector(steps, stream=PATCHES, every=seen.every, norm=2 * seen.width)
    return compose(reader, text, (seen.part, Part("projector", ends=join)), seen.streams)
