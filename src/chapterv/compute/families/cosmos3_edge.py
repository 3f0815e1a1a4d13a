"""Cosmos 3 Edge: a decoder without a gate, a tower for pictures of any size, a merger."""

from __future__ import annotations

import math

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    head,
    key_heads,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe", "describe_text", "describe_vision"]


@family("cosmos3_edge_text")
def describe_text(reader: Reader) -> Architecture:
    """Count the text part, whose table and head are never one matrix."""
    hidden = reader.integer("hidden_size", default=2048)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the class wants a multiple")
    kv_heads = key_heads(
        reader, heads, default=heads if "num_key_value_heads" in reader.values else 8
    )
    bias = reader.flag("attention_bias", default=False)
    width = reader.integer("head_dim", default=128)
    mixer = attention(hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias)
    inner = reader.integer("intermediate_size", default=9216)
    feed = feed_forward(hidden, inner, reader.flag("mlp_bias", default=False), ("fc1", "fc2"))
    vocabulary = reader.integer("vocab_size", default=131072)
    if reader.flag("tie_word_embeddings", default=False):
        reader.fault("the class keeps table and head apart", "tie_word_embeddings")
    layers = reader.integer("num_hidden_layers", default=28, most=10_000)
    return Architecture(
        family="cosmos3_edge",
        model_type="cosmos3_edge_text",
        layers=(Layer(layers, (mixer, feed, norms(hidden, 2))),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
        context_length=reader.integer("max_position_embeddings", default=131072),
    )


@tower("cosmos3_edge_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of Cosmos 3 Edge."""
    hidden = reader.integer("hidden_size", default=1152)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=16)
    table = reader.integer("num_patches", default=256)
    if math.isqrt(table) ** 2 != table:
        reader.fault("the table of positions is not square", "num_patches")
    pixels = reader.integer("num_channels", default=3) * patch * patch
    layer = encoder_layer(PATCHES, hidden, heads, reader.integer("intermediate_size", default=4304))
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, table * hidden, stream=PATCHES),
    )
    layers = reader.integer("num_hidden_layers", default=27, most=10_000)
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    part = Part("vision tower", starts, (Layer(layers, layer),), (last,))
    every = reader.integer("spatial_merge_size", default=2) ** 2
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch)
    return Tower(part, hidden, PATCHES, (stream,), every)


@family("cosmos3_edge", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Cosmos 3 Edge."""
    name = "cosmos3_edge_vision"
    seen = describe_tower(reader, name, known_as={"cosmos3_edge": name})
    child = reader.child("text_config")
    if not child.values:
        reader.fault("the file does not describe the text part", "text_config")
    if reader.flag("tie_word_embeddings", default=False):
        reader.fault("the class keeps table and head apart", "tie_word_embeddings")
    text = TextPart(describe_text(child), child.integer("hidden_size", default=2048))
    child.foreign()
    inner = reader.integer("projector_hidden_size", default=11520)
    steps = (
        linear("linear_fc1", seen.width * seen.every, inner),
        linear("linear_fc2", inner, text.width),
    )
    first = replace(norms(seen.width, bias=True, name="norm of the merger"), stream=PATCHES)
    join = (first, *projector(steps, stream=PATCHES, every=seen.every))
    return compose(reader, text, (seen.part, Part("projector", ends=join)), seen.streams)
