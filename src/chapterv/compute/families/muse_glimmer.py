"""Muse Glimmer: a gate on every attention, windows in three of four layers, of the tower too.

Windows at the edge of a picture whose side is no multiple of the window are smaller than counted
here, so that the count of the tower is an upper bound.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Part, Projection, Stream, stack
from chapterv.compute.blocks import attention, embedding, gated, head, key_heads, norms
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = [
    "describe",
    "describe_text",
    "describe_vision",
    "gated_attention",
    "muse_projector",
    "sliding_kinds",
]

_KINDS = ("full_attention", "sliding_attention")
_SEEN_KINDS = ("full_attention", "window_attention")
_PERIOD = 4


@family("muse_glimmer_text")
def describe_text(reader: Reader) -> Architecture:
    """Count the text part."""
    hidden = reader.integer("hidden_size", default=6656)
    heads = reader.integer("num_attention_heads", default=32)
    reader.divides(hidden, heads, "num_attention_heads", "the class wants a multiple")
    layers = reader.integer("num_hidden_layers", default=52, most=10_000)
    kinds = sliding_kinds(reader, layers)
    mixers = gated_attention(reader, hidden, heads, 2, 128)
    feed = gated(hidden, reader.integer("intermediate_size", default=19968))
    vocabulary = reader.integer("vocab_size", default=202_048)
    tied = reader.flag("tie_word_embeddings", default=False)
    return Architecture(
        family="muse_glimmer",
        model_type="muse_glimmer_text",
        layers=stack((mixers[kind], feed, norms(hidden, 4)) for kind in kinds),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.integer("max_position_embeddings", default=131_072),
        tied=tied,
    )


def sliding_kinds(reader: Reader, layers: int) -> list[str]:
    """Return each layer's kind: counted from the last, every fourth sees everything."""
    return layer_kinds(reader, "layer_types", layers, _KINDS) or [
        _KINDS[(layers - 1 - index) % _PERIOD != 0] for index in range(layers)
    ]


def gated_attention(
    reader: Reader, hidden: int, heads: int, kv_heads: int, width: int
) -> dict[str, Component]:
    """Return attention with a gate of its output, for both kinds of layers.

    Args:
        reader: the text part's table.
        hidden: width of the stream.
        heads: query heads.
        kv_heads: key heads where the file does not say.
        width: width of a head where the file does not say.
    """
    kv_heads = key_heads(reader, heads, default=kv_heads)
    width = reader.integer("head_dim", default=width)
    bias = reader.flag("attention_bias", default=False)
    plain = attention(hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias)
    gate = Projection("gate_proj", hidden, heads * width)
    full = replace(
        plain,
        matrices=plain.matrices + gate.inputs * gate.outputs,
        projections=(*plain.projections, gate),
    )
    window = reader.integer("sliding_window", default=2048)
    narrow = tuple(replace(one, limit=window) for one in full.mixing)
    return {_KINDS[0]: full, _KINDS[1]: replace(full, mixing=narrow)}


@tower("muse_glimmer_vision", "muse_spark_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower."""
    hidden = reader.integer("hidden_size", default=1536)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=14)
    rows = reader.integer("pos_emb_height", default=32)
    columns = reader.integer("pos_emb_width", default=32)
    layers = reader.integer("num_hidden_layers", default=50, most=10_000)
    kinds = layer_kinds(reader, "layer_types", layers, _SEEN_KINDS) or [
        _SEEN_KINDS[(index + 1) % _PERIOD != 0 and index != layers - 1] for index in range(layers)
    ]
    inner = reader.integer("intermediate_size", default=8960)
    blocks = dict(zip(_SEEN_KINDS, (None, rows * rows), strict=True))
    made = {
        kind: encoder_layer(PATCHES, hidden, heads, inner, output="proj", block=block)
        for kind, block in blocks.items()
    }
    pixels = reader.integer("patch_temporal", default=2) * 3 * patch * patch
    starts = (
        patches(PATCHES, pixels, hidden, False),
        Component("positions", 0, rows * columns * hidden, stream=PATCHES),
        replace(norms(hidden, bias=True, name="first norm"), stream=PATCHES),
    )
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    part = Part("vision tower", starts, stack(made[kind] for kind in kinds), (last,))
    every = reader.integer("merge_size", default=2) ** 2
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch)
    return Tower(part, hidden, PATCHES, (stream,), every)


@family("muse_glimmer", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Muse Glimmer."""
    seen = describe_tower(reader, "muse_glimmer_vision")
    child = reader.child("text_config")
    if not child.values:
        reader.fault("the file does not describe the text part", "text_config")
    tied = reader.value("tie_word_embeddings")
    if tied is not None and tied != child.value("tie_word_embeddings"):
        reader.fault("the text part says otherwise", "tie_word_embeddings")
    text = TextPart(describe_text(child), child.integer("hidden_size", default=6656))
    child.foreign()
    join = Part("projector", ends=muse_projector(reader, seen, text.width))
    return compose(reader, text, (seen.part, join), seen.streams)


def muse_projector(reader: Reader, seen: Tower, width: int) -> tuple[Component, ...]:
    """Return what gives joined patches the text part's width."""
    wide = reader.integer("out_hidden_size", default=6144)
    if wide != seen.width * seen.every:
        reader.fault("the joined patches are not as wide as is read", "out_hidden_size")
    inner = reader.integer("projector_hidden_size", default=4096)
    steps = (
        linear("fc1", wide, inner, False),
        linear("fc2", inner, inner, False),
        linear("vision_projection", inner, width, False),
    )
    return projector(steps, stream=PATCHES, every=seen.every)
