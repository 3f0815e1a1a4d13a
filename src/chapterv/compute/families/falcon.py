"""Falcon, under its present keys and those of its first release (RefinedWeb, RefinedWebModel).

The first release of the 40B model has no key for its layout: `RefinedWeb` itself means key heads in
groups and two norms beside each other, `RefinedWebModel` one key head and one norm.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    head,
    head_width,
    key_heads,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("falcon", "RefinedWeb", "RefinedWebModel")
def describe(reader: Reader) -> Architecture:
    """Count Falcon."""
    name = reader.values["model_type"]
    hidden = reader.integer("hidden_size")
    vocabulary = reader.integer("vocab_size")
    bias = reader.flag("bias", default=False)
    inner = reader.integer("ffn_hidden_size", default=4 * hidden)
    grouped = reader.flag("new_decoder_architecture", default=name == "RefinedWeb")
    tied = reader.flag("tie_word_embeddings", default=True)
    layer = (
        _attention(reader, hidden, grouped, bias),
        feed_forward(hidden, inner, bias, ("dense_h_to_4h", "dense_4h_to_h")),
        norms(hidden, _norm_count(reader, grouped), bias=True),
    )
    return Architecture(
        family="falcon",
        model_type=name,
        layers=(Layer(reader.layers("num_hidden_layers", "n_layer"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _attention(reader: Reader, hidden: int, grouped: bool, bias: bool) -> Component:
    heads = reader.integer("num_attention_heads", "n_head")
    width = head_width(reader, hidden, heads)
    if grouped:
        kv_heads = key_heads(reader, heads, "num_kv_heads", "n_head_kv")
    else:
        # Where the groups are off, the key heads follow from `multi_query` alone.
        kv_heads = 1 if reader.flag("multi_query", default=True) else heads
    return attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, fused="query_key_value", output="dense",
    )  # fmt: skip


def _norm_count(reader: Reader, grouped: bool) -> int:
    parallel = reader.flag("parallel_attn", default=True)
    stated = reader.maybe("num_ln_in_parallel_attn", most=2)
    if grouped:
        return stated or 2
    return 1 if parallel else 2
