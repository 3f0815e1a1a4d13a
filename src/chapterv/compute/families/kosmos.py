"""Kosmos-2 and 2.5: learned queries ask a picture, and a decoder with norms inside reads them.

The text's positions are computed and not stored. Kosmos-2.5 reads pictures of any size, cut into
patches with a table for rows and one for columns.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import attention, embedding, feed_forward, head, norms
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, on, patches
from chapterv.compute.towers.resamplers import LATENTS, perceiver_layer

__all__ = ["describe", "describe_tower_of_2_5"]


@family("kosmos-2", "kosmos-2.5", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Kosmos-2 or Kosmos-2.5."""
    later = reader.values["model_type"] == "kosmos-2.5"
    name = "kosmos_2_5_vision_model" if later else "kosmos_2_vision_model"
    seen = describe_tower(reader, name)
    child = reader.child("text_config")
    # Either table's word is enough.
    inside = child.flag("tie_word_embeddings", default=True)
    tied = reader.flag("tie_word_embeddings", default=True) or inside
    text = _text(child, later, tied)
    child.foreign()
    queries = reader.integer("latent_query_num", default=2048 if later else 64)
    heads = child.integer("attention_heads", default=16 if later else 32)
    join, stream = _projector(seen, text.width, heads, queries)
    return compose(reader, text, (seen.part, join), (*seen.streams, stream))


def _projector(seen: Tower, width: int, heads: int, queries: int) -> tuple[Part, Stream]:
    dense = Component("dense", seen.width * width, width, stream=seen.stream)
    start = Component("learned queries", 0, queries * width, stream=LATENTS)
    share = max(1, width // heads)
    layer = perceiver_layer(width, heads, heads, share, seen.stream, 4 * width)
    part = Part("projector", ends=(dense, start, *layer))
    return part, Stream(LATENTS, "image", queries, optional=True)


def _text(reader: Reader, later: bool, tied: bool) -> TextPart:
    hidden = reader.integer("embed_dim", default=1536 if later else 2048)
    heads = reader.integer("attention_heads", default=16 if later else 32)
    inner = reader.integer("ffn_dim", default=6144 if later else 8192)
    layers = reader.integer("layers", default=24, most=10_000)
    vocabulary = reader.integer("vocab_size", default=108481 if later else 65037)
    width = reader.divides(hidden, heads, "attention_heads", "the heads share the width")
    reader.refuse("add_cross_attention", "cross-attention adds parts that are not counted")
    mixer = attention(
        hidden, heads, heads, width,
        qkv_bias=True, out_bias=True, extra=0 if later else 2 * hidden, output="out_proj",
    )  # fmt: skip
    rest = feed_forward(hidden, inner, True, ("fc1", "fc2"))
    layer = (mixer, replace(rest, vectors=rest.vectors + 2 * inner), norms(hidden, 2, True))
    ends = [embedding(vocabulary, hidden)]
    if later:
        ends.append(embedding(2, hidden, "segment embedding"))
    name = "kosmos"
    architecture = Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, layer),),
        ends=(*ends, norms(hidden, bias=True, name="last norm"), *head(vocabulary, hidden, tied)),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )
    return TextPart(architecture, hidden)


@tower("kosmos_2_5_vision_model")
def describe_tower_of_2_5(reader: Reader, select: Select) -> Tower:
    """Count the tower of Kosmos-2.5, which a processor gives patches of 16 pixels a side."""
    hidden = reader.integer("hidden_size", default=1536)
    pixels = reader.integer("patch_embed_hidden_size", default=768)
    heads = reader.integer("num_attention_heads", default=24)
    places = reader.integer("max_num_patches", default=4096)
    layers = reader.integer("num_hidden_layers", default=18, most=10_000)
    layer = encoder_layer(
        PATCHES, hidden, heads, reader.integer("intermediate_size", default=3968),
        width=reader.integer("head_dim", default=64), qkv_bias=False, out_bias=False,
        mlp_bias=False, gate=True, norm_bias=False, output="output",
    )  # fmt: skip
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, 2 * places * hidden, stream=PATCHES),
    )
    last = on(norms(hidden, name="last norm of the tower"), PATCHES)
    part = Part("vision tower", starts, (Layer(layers, layer),), (last,))
    return Tower(part, hidden, PATCHES, (Stream(PATCHES, "image", None, True, 16),))
