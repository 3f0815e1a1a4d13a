"""RWKV-4: a recurrence on single channels in place of attention, so no products but its matrices.

Source: Peng et al. 2023 (RWKV), appendix on parameters and operations: two for each weight.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import embedding, head, norms
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("rwkv")
def describe(reader: Reader) -> Architecture:
    """Count RWKV-4."""
    hidden = reader.integer("hidden_size")
    wide = reader.integer("attention_hidden_size", default=hidden)
    inner = reader.integer("intermediate_size", default=4 * hidden)
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    around = norms(hidden, 2, bias=True)
    layer = (_time_mixing(hidden, wide), _channel_mixing(hidden, inner), around)
    first = (norms(hidden, 1, bias=True, name="embedding norm"), *layer)
    layers = reader.layers("num_hidden_layers")
    return Architecture(
        family="rwkv",
        model_type="rwkv",
        layers=stack(first if index == 0 else layer for index in range(layers)),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("context_length", "max_position_embeddings"),
        tied=tied,
    )


def _time_mixing(hidden: int, wide: int) -> Component:
    names = (
        Projection("key", hidden, wide),
        Projection("value", hidden, wide),
        Projection("receptance", hidden, wide),
        Projection("output", wide, hidden),
    )
    # A decay and a bonus for each channel, and how three inputs mix with the one before.
    return Component("time mixing", 4 * hidden * wide, 2 * wide + 3 * hidden, projections=names)


def _channel_mixing(hidden: int, inner: int) -> Component:
    names = (
        Projection("key", hidden, inner),
        Projection("receptance", hidden, hidden),
        Projection("value", inner, hidden),
    )
    matrices = 2 * hidden * inner + hidden * hidden
    return Component("channel mixing", matrices, 2 * hidden, projections=names)
