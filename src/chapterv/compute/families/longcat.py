"""LongCat-Flash: two latent attentions and two feed-forwards a layer, experts that do nothing.

The router also picks among experts without weights, which cost nothing. How often it does depends
on the data, so the operations here take every pick as one with weights: they are an upper bound.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection
from chapterv.compute.blocks import embedding, experts, gated, head, norms
from chapterv.compute.families import family
from chapterv.compute.families.deepseek import latent_attention
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_NOTES = (
    "experts without weights cost nothing: operations and active parameters take every pick as one "
    "with weights, so they are upper bounds",
    "the bias that balances the experts is a buffer and is not counted",
)


@family("longcat_flash")
def describe(reader: Reader) -> Architecture:
    """Count LongCat-Flash."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_layers", "num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    mixer = latent_attention(reader, hidden)
    feed = gated(hidden, reader.integer("ffn_hidden_size", "intermediate_size"))
    layer = (mixer, feed, mixer, feed, *_mixture(reader, hidden), norms(hidden, 4))
    return Architecture(
        family="longcat_flash",
        model_type="longcat_flash",
        layers=(Layer(layers, layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=_NOTES,
    )


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    width = reader.integer("expert_ffn_hidden_size", "moe_intermediate_size")
    count = reader.integer("n_routed_experts", "num_local_experts")
    idle = reader.integer("zero_expert_num", default=256, least=0)
    reader.choice("zero_expert_type", ("identity",), default="identity")
    used = reader.integer("moe_topk", "num_experts_per_tok")
    bias = count + idle if reader.flag("router_bias", default=False) else 0
    names = (Projection("classifier", hidden, count + idle),)
    routed = experts(gated(hidden, width), count, min(used, count), reader, "moe_topk")
    return (
        Component("router", hidden * (count + idle), bias, projections=names),
        replace(routed, used=min(used, count)),
    )
