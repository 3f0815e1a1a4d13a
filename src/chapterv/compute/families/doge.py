"""Doge: attention with a mask made from the values, learned weights of both residuals."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection
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

__all__ = ["describe"]


@family("doge")
def describe(reader: Reader) -> Architecture:
    """Count Doge with a dense feed-forward."""
    reader.refuse("is_moe", "experts that are found by products of keys are not covered")
    reader.read.add("num_experts")  # stated in every file, used by the mixture alone
    hidden = reader.integer("hidden_size")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    bias = reader.flag("mlp_bias", default=False)
    layer = (
        _attention(reader, hidden),
        gated(hidden, reader.integer("intermediate_size"), bias),
        norms(hidden, 4, name="norms and weights of the residuals"),
    )
    return Architecture(
        family="doge",
        model_type="doge",
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads, default=heads)
    width = reader.maybe("head_dim") or head_width(reader, hidden, heads)
    bias = reader.flag("attention_bias", default=False)
    # Each key head keeps so many tokens, of which the window is one bound.
    kept = reader.integer("keep_window_size", default=2048)
    plain = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias,
        extra=2 * width + kv_heads + (kv_heads if bias else 0), limit=kept,
    )  # fmt: skip
    mask = Projection("dt_proj", kv_heads * width, kv_heads)
    return replace(
        plain,
        matrices=plain.matrices + mask.inputs * mask.outputs,
        projections=(*plain.projections, mask),
    )
