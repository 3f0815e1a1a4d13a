"""ZAYA: attention in a compressed stream with short convolutions, one expert for each token.

The router has layers of its own and may also pass a token by all experts; the count takes one
expert for each token.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import (
    embedding,
    experts,
    gated,
    head,
    head_width,
    key_heads,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import CONVOLUTION

__all__ = ["describe"]

_KINDS = ("hybrid", "hybrid_sliding")


@family("zaya")
def describe(reader: Reader) -> Architecture:
    """Count ZAYA."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS) or [_KINDS[0]] * layers
    window = reader.maybe("sliding_window")
    if window is None and _KINDS[1] in kinds:
        reader.fault("a layer slides, but no window is given", "sliding_window")
    count = reader.integer("num_experts", default=16)
    used = reader.integer("num_experts_per_tok", default=1, most=1)
    expert = gated(hidden, reader.integer("moe_intermediate_size"))
    routed = experts(expert, count, used, reader, "num_experts_per_tok")
    narrow = reader.integer("router_hidden_size", default=256)
    # Two norms, and four scales or shifts at each of the two places where streams join.
    around = norms(hidden, 10)
    mixers = {kind: _attention(reader, hidden, window if kind == _KINDS[1] else None)
              for kind in dict.fromkeys(kinds)}  # fmt: skip
    return Architecture(
        family="zaya",
        model_type="zaya",
        layers=stack(
            (*mixers[kind], _router(hidden, narrow, count, index > 0), routed, around)
            for index, kind in enumerate(kinds)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, 2, name="scale and shift of the stream"),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied, reader.flag("lm_head_bias", default=False)),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=("a token that the router passes by all experts is counted with one",),
    )


def _attention(reader: Reader, hidden: int, window: int | None) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = reader.flag("attention_bias", default=False)
    inner, key_value = heads * width, kv_heads * width
    half = reader.divides(key_value, 2, "num_key_value_heads", "values come in two halves")
    names = (
        Projection("q_proj", hidden, inner),
        Projection("k_proj", hidden, key_value),
        Projection("v_proj_current", hidden, half),
        Projection("v_proj_delayed", hidden, half),
        Projection("o_proj", inner, hidden),
    )
    channels = inner + key_value
    # Each channel for itself, then all channels of one head together.
    kernels = channels * reader.integer("cca_time0", default=2)
    kernels += channels * width * reader.integer("cca_time1", default=2)
    vectors = kv_heads + (inner + 2 * key_value + hidden if bias else 0)
    matrices = sum(one.inputs * one.outputs for one in names)
    mixing = (Mixing(heads, width, width, limit=window),)
    return (
        Component("attention", matrices, vectors, mixing=mixing, projections=names),
        Component(CONVOLUTION, kernels, 2 * channels),
    )


def _router(hidden: int, narrow: int, count: int, carried: bool) -> Component:
    """Return the router: narrowed, two layers deep, with one choice that is no expert."""
    names = (
        Projection("down_proj", hidden, narrow),
        Projection("fc1", narrow, narrow),
        Projection("fc2", narrow, narrow),
        Projection("out_proj", narrow, count + 1),
    )
    matrices = sum(one.inputs * one.outputs for one in names)
    # From the second layer on, the router's state of the layer before is scaled and added.
    vectors = 4 * narrow + (narrow if carried else 0)
    return Component("router", matrices, vectors, projections=names)
