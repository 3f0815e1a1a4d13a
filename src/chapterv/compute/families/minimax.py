"""MiniMax-01: experts in every layer, lightning attention in every second one by default."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Projection, stack
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
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import linear_attention_update

__all__ = ["describe"]

_KINDS = ("linear_attention", "full_attention")


@family("minimax")
def describe(reader: Reader) -> Architecture:
    """Count MiniMax-01."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    heads = reader.integer("num_attention_heads")
    width = head_width(reader, hidden, heads, "head_dim")
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    if kinds is None:
        kinds = [_KINDS[(index + 1) % 2] for index in range(layers)]
    kv_heads = key_heads(reader, heads)
    full = attention(hidden, heads, kv_heads, width, limit=reader.maybe("sliding_window"))
    mixers = {_KINDS[0]: _lightning(hidden, heads, width), _KINDS[1]: (full,)}
    count = reader.integer("num_local_experts", "num_experts", default=8)
    used = reader.integer("num_experts_per_tok", default=2)
    expert = gated(hidden, reader.integer("intermediate_size"))
    rest = (
        router(hidden, count),
        experts(expert, count, used, reader, "num_experts_per_tok"),
        norms(hidden, 2),
    )
    return Architecture(
        family="minimax",
        model_type="minimax",
        layers=stack((*mixers[kind], *rest) for kind in kinds),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _lightning(hidden: int, heads: int, width: int) -> tuple[Component, ...]:
    inner = heads * width
    names = (
        Projection("qkv_proj", hidden, 3 * inner),
        Projection("out_proj", inner, hidden),
        Projection("output_gate", hidden, inner),
    )
    into = Component("lightning projections", 5 * hidden * inner, inner, projections=names)
    return (into, linear_attention_update(heads, width, width))
