"""The decoder of ModernBERT: windows in two of three layers, a head with a layer of its own."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    gated,
    head,
    head_width,
    norms,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("modernbert-decoder")
def describe(reader: Reader) -> Architecture:
    """Count a ModernBERT decoder."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    shift = reader.flag("norm_bias", default=False)
    spans = _spans(reader, layers)
    mixers = {span: _attention(reader, hidden, span) for span in dict.fromkeys(spans)}
    feed = _feed_forward(reader, hidden)
    around = norms(hidden, 2, shift)
    first = norms(hidden, 1, shift)  # the embedding is normed already
    dense = Projection("dense", hidden, hidden)
    bias = hidden if reader.flag("classifier_bias", default=False) else 0
    return Architecture(
        family="modernbert-decoder",
        model_type="modernbert-decoder",
        layers=stack(
            (mixers[span], feed, around if index else first) for index, span in enumerate(spans)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=shift, name="embedding norm"),
            norms(hidden, bias=shift, name="last norm"),
            Component("head layer", hidden * hidden, bias, projections=(dense,)),
            norms(hidden, bias=shift, name="head norm"),
            *head(vocabulary, hidden, tied, reader.flag("decoder_bias", default=True)),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _spans(reader: Reader, layers: int) -> list[int | None]:
    around = reader.integer("local_attention", default=128)
    period = reader.integer("global_attn_every_n_layers", default=3)
    # The stated window counts both sides, and a decoder sees one, itself included.
    return windows(reader, layers, around // 2, lambda index: index % period != 0)


def _attention(reader: Reader, hidden: int, span: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    bias = reader.flag("attention_bias", default=False)
    return attention(
        hidden, heads, heads, head_width(reader, hidden, heads),
        qkv_bias=bias, out_bias=bias, limit=span, output="Wo",
    )  # fmt: skip


def _feed_forward(reader: Reader, hidden: int) -> Component:
    inner = reader.integer("intermediate_size")
    bias = reader.flag("mlp_bias", default=False)
    return replace(gated(hidden, inner, bias, fused="Wi", down="Wo"))
