"""Dia: an encoder of text, and a decoder that writes several channels of sound at once."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Layer, Part, Stream
from chapterv.compute.blocks import embedding, gated, head, key_heads, norms
from chapterv.compute.encoders import BIASLESS, SOURCE, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_DIMENSION, MAX_LAYERS, Reader

__all__ = ["describe"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")


@family("dia", composed=True, heads=("ForConditionalGeneration", "DiaModel"))
def describe(reader: Reader) -> Architecture:
    """Count Dia, whose tables of embeddings and head hold all channels."""
    first, second = reader.child("encoder_config"), reader.child("decoder_config")
    outside = first.integer("hidden_size", default=1024)
    read = embedding(first.integer("vocab_size", default=256), outside, "source embedding")
    tower = Part(
        "encoder", (on(read, SOURCE),), (_encoder(first, outside),),
        (on(norms(outside, name="last norm"), SOURCE),),
    )  # fmt: skip
    first.foreign()
    hidden = second.integer("hidden_size", default=2048)
    channels = second.integer("num_channels", default=9, most=1000)
    words = min(second.integer("vocab_size", default=1028) * channels, MAX_DIMENSION)
    layer = _decoder(second, hidden, outside)
    second.foreign()
    if reader.flag("tie_word_embeddings", default=False):
        reader.fault("a head that shares the embedding is not counted", "tie_word_embeddings")
    ends = () if class_of(reader).endswith("Model") else head(words, hidden, False)
    return Architecture(
        family="dia",
        model_type="dia",
        layers=(layer,),
        ends=(embedding(words, hidden), norms(hidden, name="last norm"), *ends),
        context_length=second.maybe("max_position_embeddings"),
        parts=(tower,),
        streams=(Stream("tokens"), Stream(SOURCE)),
        notes=("one position holds all channels of a moment",),
    )


def _encoder(reader: Reader, hidden: int) -> Layer:
    heads = reader.integer("num_attention_heads", default=16)
    kv_heads = key_heads(reader, heads, default=16)
    width = reader.integer("head_dim", default=128)
    inner = reader.integer("intermediate_size", default=4096)
    mixer = selfattention(
        hidden, heads, width, names=_NAMES, biases=BIASLESS, stream=SOURCE, kv_heads=kv_heads
    )
    wide = on(gated(hidden, inner, fused="gate_up_proj"), SOURCE)
    layers = reader.integer("num_hidden_layers", default=12, most=MAX_LAYERS)
    return Layer(layers, (mixer, wide, on(norms(hidden, 2), SOURCE)))


def _decoder(reader: Reader, hidden: int, outside: int) -> Layer:
    heads = reader.integer("num_attention_heads", default=16)
    kv_heads = key_heads(reader, heads, default=4)
    width = reader.integer("head_dim", default=128)
    inner = reader.integer("intermediate_size", default=8192)
    own = selfattention(
        hidden, heads, width, names=_NAMES, biases=BIASLESS, sees="past", kv_heads=kv_heads
    )
    count = reader.integer("cross_num_attention_heads", default=16)
    wide = reader.integer("cross_hidden_size", default=1024)
    if wide != outside:
        reader.fault("it reads features of another width than the encoder's", "cross_hidden_size")
    other = across(
        hidden, count, reader.integer("cross_head_dim", default=128), names=_NAMES,
        biases=BIASLESS, source_width=wide,
        kv_heads=key_heads(reader, count, "cross_num_key_value_heads", default=16),
    )  # fmt: skip
    layers = reader.integer("num_hidden_layers", default=18, most=MAX_LAYERS)
    feed = gated(hidden, inner, fused="gate_up_proj")
    return Layer(layers, (own, *other, feed, norms(hidden, 3)))
