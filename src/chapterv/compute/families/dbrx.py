"""DBRX: experts in every layer, one projection for queries, keys and values, nested settings."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer
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
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("dbrx")
def describe(reader: Reader) -> Architecture:
    """Count DBRX."""
    hidden = reader.integer("d_model")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    layer = (_attention(reader, hidden), *_mixture(reader, hidden), norms(hidden, 2))
    return Architecture(
        family="dbrx",
        model_type="dbrx",
        layers=(Layer(reader.layers("n_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_seq_len"),
        tied=tied,
    )


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("n_heads")
    settings = reader.child("attn_config")
    kv_heads = key_heads(settings, heads, "kv_n_heads")
    width = head_width(reader, hidden, heads)
    return attention(hidden, heads, kv_heads, width, fused="Wqkv", output="out_proj")


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    settings = reader.child("ffn_config")
    count = settings.integer("moe_num_experts")
    used = settings.integer("moe_top_k")
    expert = gated(hidden, settings.integer("ffn_hidden_size"))
    return (
        router(hidden, count, linear="layer"),
        experts(expert, count, used, settings, "moe_top_k"),
    )
