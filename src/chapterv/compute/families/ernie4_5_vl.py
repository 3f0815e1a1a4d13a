"""ERNIE 4.5 VL: features of a picture pass through experts of their own.

Marks at both ends of a picture are counted as text here; a processor may send them to the experts
for pictures too.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    experts,
    gated,
    head,
    head_width,
    key_heads,
    norms,
    router,
)
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe", "describe_vision"]


@tower("ernie4_5_vl_moe_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of ERNIE 4.5 VL before its resampler."""
    hidden = reader.integer("hidden_size", default=1280)
    heads = reader.integer("num_heads", "num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=14)
    pixels = reader.integer("in_channels", default=3) * patch * patch
    inner = reader.integer("intermediate_size", default=5120)
    layer = encoder_layer(PATCHES, hidden, heads, inner, fused="qkv", output="proj")
    depth = reader.integer("depth", "num_hidden_layers", default=32, most=10_000)
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    starts = (patches(PATCHES, pixels, hidden, False),)
    every = reader.integer("spatial_merge_size", default=2) ** 2
    if reader.integer("temporal_merge_size", default=2) != 2:
        reader.fault("the class joins two pictures in a row", "temporal_merge_size")
    part = Part("vision tower", starts, (Layer(depth, layer),), (last,))
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch)
    return Tower(part, hidden, PATCHES, (stream,), every)


@family("ernie4_5_vl_moe", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count ERNIE 4.5 VL."""
    name = "ernie4_5_vl_moe_vision"
    seen = describe_tower(reader, name, known_as={"ernie4_5_vl_moe": name})
    child = reader.child("text_config")
    if not child.values:
        reader.fault("the file does not describe the text part", "text_config")
    tied = child.flag("tie_word_embeddings", default=True)
    if reader.flag("tie_word_embeddings", default=tied) != tied:
        reader.fault("the text part says otherwise", "tie_word_embeddings")
    text = _text(child, seen.every, tied)
    child.foreign()
    wide = seen.width * seen.every
    steps = (
        ("spatial_linear", (linear("fc1", wide, wide), linear("fc2", wide, wide)), 2 * wide),
        ("temporal_linear", (linear("fc1", 2 * wide, wide), linear("fc2", wide, wide)), 2 * wide),
        ("resampler", (linear("mlp", wide, text.width),), text.width),
    )
    join = tuple(
        one
        for part, matrices, last in steps
        for one in projector(matrices, stream=PATCHES, every=seen.every, vectors=last, name=part)
    )
    return compose(reader, text, (seen.part, Part("resampler", ends=join)), seen.streams)


def _text(reader: Reader, every: int, tied: bool) -> TextPart:
    hidden = reader.integer("hidden_size", default=2560)
    layers = reader.integer("num_hidden_layers", default=28, most=10_000)
    heads = reader.integer("num_attention_heads", default=20)
    kv_heads = key_heads(reader, heads, default=4)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = reader.flag("use_bias", default=False)
    vocabulary = reader.integer("vocab_size", default=103424)
    mixer = attention(hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias)
    kinds = layer_kinds(reader, "mlp_layer_types", layers, ("dense", "sparse"))
    kinds = kinds or ["dense" if index == 0 else "sparse" for index in range(layers)]
    feeds = {
        "dense": (gated(hidden, reader.integer("intermediate_size", default=12288), bias),),
        "sparse": _mixture(reader, hidden, every, bias),
    }
    architecture = Architecture(
        family="ernie4_5_vl_moe",
        model_type="ernie4_5_vl_moe",
        layers=stack((mixer, *feeds[kind], norms(hidden, 2)) for kind in kinds),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.integer("max_position_embeddings", default=131072),
        tied=tied,
    )
    return TextPart(architecture, hidden)


def _mixture(reader: Reader, hidden: int, every: int, bias: bool) -> tuple[Component, ...]:
    """Return experts for text and experts for pictures; some are for both."""
    widths = reader.value("moe_intermediate_size")
    widths = [1536, 512] if widths is None else widths
    plain = isinstance(widths, list) and len(widths) == 2
    if not plain or not all(type(one) is int and 0 < one < 2**31 for one in widths):
        reader.expected("two widths, for text and for pictures", "moe_intermediate_size", widths)
        widths = [1, 1]
    count = reader.integer("moe_num_experts", "num_experts", default=64)
    used = reader.integer("moe_k", "num_experts_per_tok", default=6)
    shared = reader.integer("moe_num_shared_experts", default=2, least=0)
    # The balancing bias is a stored weight here, kept out of training.
    choice = router(hidden, count, vectors=count)
    sets = [experts(gated(hidden, one), count, used, reader, "moe_k") for one in widths]
    text = tuple(replace(one, spared=(PATCHES, every)) for one in (choice, sets[0]))
    seen = tuple(
        replace(one, name=f"{one.name} for pictures", stream=PATCHES, every=every)
        for one in (choice, sets[1])
    )
    if not shared:
        return (*text, *seen)
    return (*text, *seen, gated(hidden, shared * widths[0], bias, name="shared experts"))
