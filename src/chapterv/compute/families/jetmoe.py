"""JetMoE: experts in the feed-forward and in attention, where each picks its own queries.

An expert of attention makes queries for all key heads and leads their values back; a token uses
the queries of a few experts against the one set of keys.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Projection
from chapterv.compute.blocks import embedding, head, norms, router
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("jetmoe")
def describe(reader: Reader) -> Architecture:
    """Count JetMoE."""
    hidden = reader.integer("hidden_size")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    count = reader.integer("num_local_experts", default=8)
    used = reader.integer("num_experts_per_tok", default=2)
    if used > count:
        reader.fault(f"a token cannot use {used} of {count} experts", "num_experts_per_tok")
    stated = reader.maybe("num_attention_heads")
    heads = reader.integer("num_key_value_heads", default=16)
    if stated is not None and stated != heads * used:
        reader.fault("the heads are not key heads times used experts", "num_attention_heads")
    inner = reader.integer("intermediate_size")
    layer = (
        *_attention(reader, hidden, heads, count, used),
        router(hidden, count, vectors=hidden, linear="layer"),
        # Gate and input are one matrix; all experts of a layer are one tensor.
        Component("feed-forward experts", 3 * hidden * inner, stored=count, used=used),
        norms(hidden, 2),
    )
    return Architecture(
        family="jetmoe",
        model_type="jetmoe",
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _attention(
    reader: Reader, hidden: int, heads: int, count: int, used: int
) -> tuple[Component, ...]:
    width = reader.integer("kv_channels", "head_dim", default=128)
    inner = heads * width
    names = (Projection("kv_proj", hidden, 2 * inner),)
    mixing = (Mixing(heads * used, width, width),)
    return (
        Component("attention", 2 * hidden * inner, mixing=mixing, projections=names),
        Component("attention experts", 2 * hidden * inner, stored=count, used=used),
        Component(
            "attention router",
            hidden * count,
            hidden,
            projections=(Projection("layer", hidden, count),),
        ),
    )
