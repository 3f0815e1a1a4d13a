"""LFM2, its mixture and LFM3: short convolutions with gates in most layers, attention in others."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, stack
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
from chapterv.compute.recurrence import convolution

__all__ = ["describe", "describe_mixture", "describe_third"]

_KINDS = ("conv", "full_attention")


@family("lfm2")
def describe(reader: Reader) -> Architecture:
    """Count LFM2."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    if kinds is None:
        absent = reader.value("full_attn_idxs") is None
        full = range(layers) if absent else reader.members("full_attn_idxs")
        kinds = [_KINDS[index in full] for index in range(layers)]
    feed = _feed(hidden, _inner_width(reader))
    rest = (feed, norms(hidden, 2))
    mixers = {_KINDS[0]: _convolution(reader, hidden, 3), _KINDS[1]: (_attention(reader, hidden),)}
    return _assemble(reader, "lfm2", hidden, stack((*mixers[kind], *rest) for kind in kinds))


def _inner_width(reader: Reader) -> int:
    """Return the width of the feed-forward, two thirds of the stated one rounded up by default."""
    width = reader.integer("intermediate_size", "block_ff_dim")
    if not reader.flag("block_auto_adjust_ff_dim", default=True):
        return width
    width = 2 * width // 3
    factor = reader.value("block_ffn_dim_multiplier")
    if factor is None and "block_ffn_dim_multiplier" in reader.values:
        return width
    factor = 1 if factor is None else factor
    number = isinstance(factor, int | float | Decimal) and not isinstance(factor, bool)
    if not number or not 0 < factor <= 1000:
        reader.expected("a number above zero", "block_ffn_dim_multiplier", factor)
        return 1
    multiple = reader.integer("block_multiple_of", default=256)
    return -(-int(Decimal(str(factor)) * width) // multiple) * multiple


@family("lfm2_moe")
def describe_mixture(reader: Reader) -> Architecture:
    """Count the mixture of LFM2."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    if kinds is None:
        reader.fault("the kind of each layer is missing", "layer_types")
        kinds = []
    first = reader.integer("num_dense_layers", default=2, least=0)
    count = reader.integer("num_experts", default=32)
    used = reader.integer("num_experts_per_tok", default=4)
    expert = gated(hidden, reader.integer("moe_intermediate_size"))
    biased = reader.flag("use_expert_bias", default=True)
    sparse = (
        router(hidden, count),
        experts(expert, count, used, reader, "num_experts_per_tok"),
    )
    dense = (_feed(hidden, reader.integer("intermediate_size")),)
    mixers = {_KINDS[0]: _convolution(reader, hidden, 3), _KINDS[1]: (_attention(reader, hidden),)}
    around = norms(hidden, 2)
    body = stack(
        (*mixers[kind], *(dense if index < first else sparse), around)
        for index, kind in enumerate(kinds)
    )
    notes = ("the bias that balances the experts is a buffer and is not counted",) if biased else ()
    return replace(_assemble(reader, "lfm2_moe", hidden, body), notes=notes)


@family("lfm3")
def describe_third(reader: Reader) -> Architecture:
    """Count LFM3, some of whose attention layers slide."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    known = (*_KINDS, "sliding_attention")
    kinds = layer_kinds(reader, "layer_types", layers, known)
    if kinds is None:
        kinds = [_third_kind(index) for index in range(layers)]
    window = reader.integer("sliding_window", default=256)
    around = norms(hidden, 4 if reader.flag("use_sandwich_norm", default=True) else 2)
    rest = (_feed(hidden, reader.integer("intermediate_size")), around)
    mixers = {
        "conv": _convolution(reader, hidden, 7),
        "full_attention": (_third_attention(reader, hidden, None),),
        "sliding_attention": (_third_attention(reader, hidden, window),),
    }
    return _assemble(reader, "lfm3", hidden, stack((*mixers[kind], *rest) for kind in kinds))


def _third_kind(index: int) -> str:
    if index % 4 == 2:
        return "full_attention"
    return "sliding_attention" if index % 4 == 0 and index > 0 else "conv"


def _third_attention(reader: Reader, hidden: int, window: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = reader.flag("attention_bias", default=False)
    plain = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, extra=2 * width, limit=window,
    )  # fmt: skip
    if not reader.flag("use_attention_gate", default=True):
        return plain
    return replace(
        plain,
        matrices=plain.matrices + hidden * heads,
        projections=(*plain.projections, Projection("g_proj", hidden, heads)),
    )


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = head_width(reader, hidden, heads, "head_dim")
    return attention(hidden, heads, kv_heads, width, extra=2 * width, output="out_proj")


def _convolution(reader: Reader, hidden: int, default: int) -> tuple[Component, ...]:
    """Return a convolution between two gates, with its projections."""
    bias = reader.flag("conv_bias", default=False)
    names = (Projection("in_proj", hidden, 3 * hidden), Projection("out_proj", hidden, hidden))
    into = Component(
        "convolution projections",
        4 * hidden * hidden,
        4 * hidden if bias else 0,
        projections=names,
    )
    return (into, convolution(hidden, reader.integer("conv_L_cache", default=default), bias))


def _feed(hidden: int, inner: int) -> Component:
    names = (
        Projection("w1", hidden, inner),
        Projection("w3", hidden, inner),
        Projection("w2", inner, hidden),
    )
    return replace(gated(hidden, inner), projections=names)


def _assemble(reader: Reader, name: str, hidden: int, body: tuple[Layer, ...]) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    # A key of its own in the published files comes before the usual one.
    stated = reader.value("tie_embedding")
    usual = reader.flag("tie_word_embeddings", default=True)
    tied = usual if stated is None else reader.flag("tie_embedding", default=usual)
    return Architecture(
        family=name,
        model_type=name,
        layers=body,
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )
