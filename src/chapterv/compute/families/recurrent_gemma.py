"""RecurrentGemma (Griffin): two layers of a gated linear recurrence for each of local attention."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    gated,
    head,
    head_width,
    key_heads,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import convolution

__all__ = ["describe"]


@family("recurrent_gemma")
def describe(reader: Reader) -> Architecture:
    """Count RecurrentGemma; the recurrence works on single channels and is no product."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    # The configuration states the width of both halves together.
    inner = reader.integer("intermediate_size", least=2) // 2
    rest = (gated(hidden, inner, bias=True), norms(hidden, 2))
    mixers = {"recurrent": _recurrent(reader, hidden), "attention": (_attention(reader, hidden),)}
    pattern = _pattern(reader)
    kinds = [pattern[index % len(pattern)] for index in range(layers)]
    return Architecture(
        family="recurrent_gemma",
        model_type="recurrent_gemma",
        layers=stack((*mixers[kind], *rest) for kind in kinds),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        tied=tied,
    )


def _pattern(reader: Reader) -> list[str]:
    found = reader.value("block_types", "_block_types")
    if found is None:
        return ["recurrent", "recurrent", "attention"]
    plain = isinstance(found, list) and 0 < len(found) <= 1000
    if not plain or any(kind not in ("recurrent", "attention") for kind in found):
        reader.expected("a list of recurrent and attention", "block_types", found)
        return ["recurrent"]
    return list(found)


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads, default=heads)
    return attention(
        hidden,
        heads,
        kv_heads,
        head_width(reader, hidden, heads),
        qkv_bias=reader.flag("attention_bias", default=False),
        out_bias=True,
        limit=reader.integer("attention_window_size", "sliding_window", default=2048),
    )


def _recurrent(reader: Reader, hidden: int) -> tuple[Component, ...]:
    width = reader.integer("lru_width", default=hidden)
    heads = reader.integer("num_attention_heads")
    block = reader.divides(
        width, heads, "lru_width", "the heads do not share the recurrence's width evenly"
    )
    names = (
        Projection("linear_y", hidden, width),
        Projection("linear_x", hidden, width),
        Projection("linear_out", width, hidden),
    )
    into = Component(
        "recurrent projections", 3 * hidden * width, 2 * width + hidden, projections=names
    )
    # Both gates have a matrix for each head, and there is one decay for each channel.
    gates = Component("recurrence gates", 2 * heads * block * block, 3 * width)
    return (into, convolution(width, reader.integer("conv1d_width", default=4), True), gates)
