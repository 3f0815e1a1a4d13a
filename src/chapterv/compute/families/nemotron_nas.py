"""Nemotron models found by architecture search: every layer has its own attention and width.

A layer may have no attention, no feed-forward, or a single linear map in place of either. The inner
width is `2/3 of the stated multiple of the stream`, rounded up to a multiple of 256, as the
published program computes it.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from chapterv.compute.architecture import Architecture, Component, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    gated,
    head,
    head_width,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_DIMENSION, Reader

__all__ = ["describe"]

_STEP = 256


@family("nemotron-nas")
def describe(reader: Reader) -> Architecture:
    """Count a decoder whose layers are given one by one."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    blocks = reader.per_layer("block_configs", layers)
    if blocks is None:
        reader.fault(f"a list of {layers} layers is missing", "block_configs")
        blocks = []
    return Architecture(
        family="nemotron_nas",
        model_type="nemotron-nas",
        layers=stack(_layer(reader, hidden, index, block) for index, block in enumerate(blocks)),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _layer(reader: Reader, hidden: int, index: int, block: Any) -> tuple[Component, ...]:
    if not isinstance(block, dict):
        reader.expected("a table for each layer", "block_configs", block)
        return ()
    one = Reader(block, reader.where, f"/block_configs/{index}", reader.faults)
    return (*_attention(reader, one.child("attention"), hidden), *_inner(reader, one, hidden))


def _attention(reader: Reader, block: Reader, hidden: int) -> tuple[Component, ...]:
    if block.flag("no_op", default=False):
        return ()
    norm = norms(hidden, 1)
    if block.flag("replace_with_linear", default=False):
        return (Component("linear in place of attention", hidden * hidden), norm)
    block.refuse("sparsify", "sparse attention is not covered")
    block.refuse("num_sink_tokens", "attention sinks are not covered")
    heads = reader.integer("num_attention_heads")
    group = block.integer("n_heads_in_group")
    kv_heads = block.divides(heads, group, "n_heads_in_group", "the groups do not share the heads")
    bias = reader.flag("attention_bias", default=False)
    mixer = attention(
        hidden, heads, kv_heads, head_width(reader, hidden, heads, "head_dim"),
        qkv_bias=bias, out_bias=bias, limit=block.maybe("window_length"),
    )  # fmt: skip
    return (mixer, norm)


def _inner(reader: Reader, one: Reader, hidden: int) -> tuple[Component, ...]:
    block = one.child("ffn")
    if block.flag("no_op", default=False):
        return ()
    norm = norms(hidden, 1)
    if block.flag("replace_with_linear", default=False):
        return (Component("linear in place of feed-forward", hidden * hidden), norm)
    block.refuse("sparsify", "a sparse feed-forward is not covered")
    width = _width(block, hidden)
    return (gated(hidden, width, reader.flag("mlp_bias", default=False)), norm)


def _width(block: Reader, hidden: int) -> int:
    multiple = block.value("ffn_mult")
    number = isinstance(multiple, int | float | Decimal) and not isinstance(multiple, bool)
    # The comparison also turns away what is not finite.
    if not number or not 0 < multiple <= MAX_DIMENSION:
        block.expected("a number above zero", "ffn_mult", multiple)
        return 1
    width = 2 * Fraction(str(multiple)) * hidden // 3
    return -(-width // _STEP) * _STEP
