"""Pix2Struct: an encoder of pictures of any shape, and a decoder of T5's kind."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import embedding, gated, head, norms
from chapterv.compute.encoders import BIASLESS, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.towers import PATCHES
from chapterv.compute.towers.layers import patches

__all__ = ["describe"]

_NAMES = ("query", "key", "value", "output")


@family("pix2struct", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Pix2Struct."""
    sight, text = reader.child("vision_config"), reader.child("text_config")
    wide = sight.integer("hidden_size", default=768)
    hidden = text.integer("hidden_size", default=768)
    if wide != hidden:
        text.fault("it reads features of another width than the encoder's", "hidden_size")
    words = text.integer("vocab_size", default=50244)
    tied = reader.flag("tie_word_embeddings", default=False)
    buckets = text.integer("relative_attention_num_buckets", default=32)
    heads = text.integer("num_heads", "num_attention_heads", default=12)
    layer, encoder = _writer(text, hidden, heads), _encoder(sight, wide)
    sight.foreign()
    text.foreign()
    class_of(reader)
    return Architecture(
        family="pix2struct",
        model_type="pix2struct",
        layers=(layer,),
        ends=(
            embedding(words, hidden),
            # The first layer's table of distances serves all.
            Component("distances", 0, buckets * heads, lookup=True),
            norms(hidden, name="last norm"),
            *head(words, hidden, tied),
        ),
        tied=tied,
        parts=(encoder,),
        streams=(Stream("tokens"), Stream(PATCHES, "image")),
    )


def _encoder(reader: Reader, hidden: int) -> Part:
    pixels = reader.integer("patch_embed_hidden_size", default=768)
    rows = reader.integer("seq_len", default=4096)
    heads = reader.integer("num_attention_heads", default=12)
    mixer = selfattention(
        hidden, heads, reader.integer("d_kv", default=64), names=_NAMES, biases=BIASLESS,
        stream=PATCHES,
    )  # fmt: skip
    wide = on(gated(hidden, reader.integer("d_ff", default=2048)), PATCHES)
    layers = reader.integer("num_hidden_layers", default=12, most=MAX_LAYERS)
    return Part(
        "encoder",
        (
            patches(PATCHES, pixels, hidden, True),
            Component("rows and columns", 0, 2 * rows * hidden, lookup=True, stream=PATCHES),
        ),
        (Layer(layers, (mixer, wide, on(norms(hidden, 2), PATCHES))),),
        (on(norms(hidden, name="last norm"), PATCHES),),
    )


def _writer(reader: Reader, hidden: int, heads: int) -> Layer:
    width = reader.integer("d_kv", default=64)
    own = selfattention(hidden, heads, width, names=_NAMES, biases=BIASLESS, sees="past")
    other = across(hidden, heads, width, names=_NAMES, biases=BIASLESS, source=PATCHES)
    feed = gated(hidden, reader.integer("d_ff", default=2048))
    layers = reader.integer("num_layers", "num_hidden_layers", default=12, most=MAX_LAYERS)
    return Layer(layers, (own, *other, replace(feed, projections=()), norms(hidden, 3)))
