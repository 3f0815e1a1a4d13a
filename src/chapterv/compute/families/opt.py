"""OPT and BioGPT: learned positions with two unused places, biases, tied output head."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Projection
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    head,
    head_width,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe", "describe_biogpt"]

# Both keep two places of the position table for padding.
_RESERVED = 2


@family("opt")
def describe(reader: Reader) -> Architecture:
    """Count OPT."""
    hidden = reader.integer("hidden_size")
    bias = reader.flag("enable_bias", default=True)
    affine = reader.flag("layer_norm_elementwise_affine", default=True)
    embedded = reader.integer("word_embed_proj_dim", default=hidden)
    first = reader.flag("do_layer_norm_before", default=True)
    removed = reader.flag("_remove_final_layer_norm", default=False)
    norm = hidden if affine else 0
    extra: list[Component] = (
        [norms(norm, bias=True, name="last norm")] if first and not removed else []
    )
    if embedded != hidden:
        # A narrow embedding is widened on the way in and narrowed on the way out.
        into, out = (
            Projection("project_in", embedded, hidden),
            Projection("project_out", hidden, embedded),
        )
        extra.append(
            Component("embedding projections", 2 * embedded * hidden, projections=(into, out))
        )
    return _assemble(reader, hidden, reader.integer("ffn_dim"), bias, norm, embedded, extra)


@family("biogpt")
def describe_biogpt(reader: Reader) -> Architecture:
    """Count BioGPT."""
    hidden = reader.integer("hidden_size")
    last = [norms(hidden, bias=True, name="last norm")]
    return _assemble(
        reader, hidden, reader.integer("intermediate_size"), True, hidden, hidden, last
    )


def _assemble(
    reader: Reader,
    hidden: int,
    inner: int,
    bias: bool,
    norm: int,
    embedded: int,
    extra: list[Component],
) -> Architecture:
    heads = reader.integer("num_attention_heads")
    vocabulary = reader.integer("vocab_size")
    positions = reader.integer("max_position_embeddings")
    tied = reader.flag("tie_word_embeddings", default=True)
    width = head_width(reader, hidden, heads)
    layer = (
        attention(hidden, heads, heads, width, qkv_bias=bias, out_bias=bias, output="out_proj"),
        feed_forward(hidden, inner, bias, ("fc1", "fc2")),
        norms(norm, 2, bias=True),
    )
    return Architecture(
        family=reader.values["model_type"],
        model_type=reader.values["model_type"],
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, embedded),
            embedding(positions + _RESERVED, hidden, "position embedding"),
            *extra,
            *head(vocabulary, embedded, tied),
        ),
        context_length=positions,
        tied=tied,
    )
