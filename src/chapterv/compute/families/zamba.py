"""Zamba and Zamba2: state-space layers, and one or two transformer blocks used again and again.

A hybrid layer first runs a shared block on the stream joined with the embedding, twice as wide,
then its own linear map and state-space block. The shared weights are stored once and multiplied in
every such layer; Zamba2 adds small matrices that each layer has for itself.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import embedding, gated, head, norms
from chapterv.compute.families import family
from chapterv.compute.families.mamba import step_rank
from chapterv.compute.families.mamba_attention import layer_kinds, stated_key_heads
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import mamba1, mamba2

__all__ = ["SELECTION", "describe", "describe_second"]

SELECTION = "selection by head"
"""What makes step size, input and output of the state, head by head."""

_KINDS = ("linear_attention", "hybrid")
# Places of the hybrid layers where a file of Zamba2 with 54 layers does not name them.
_DEFAULT_LAYERS = 54
_DEFAULT_HYBRID = frozenset((6, 12, 18, 24, 30, 36, 42, 47, 51))


@family("zamba")
def describe(reader: Reader) -> Architecture:
    """Count Zamba."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    period = reader.integer("attn_layer_period", default=6)
    place = reader.integer("attn_layer_offset", default=4, least=0)
    kinds = layer_kinds(reader, "layers_block_type", layers, _KINDS)
    if kinds is None:
        # Three fixed layers stand before the periodic ones.
        later = (index > 2 and (index - 3) % period == place for index in range(layers))
        kinds = [_KINDS[index == 2 or hybrid] for index, hybrid in enumerate(later)]
    heads = reader.integer("num_attention_heads")
    wide = reader.integer("attention_hidden_size", default=2 * hidden)
    width = reader.integer("attention_head_dim", default=max(1, 2 * hidden // heads))
    block = (
        _attention(reader, hidden, heads, wide, width),
        gated(hidden, reader.integer("intermediate_size")),
        norms(wide + hidden),
    )
    own = (norms(hidden), *_mamba(reader, hidden))
    return _assemble(reader, "zamba", hidden, kinds, own, block, (), 1)


def _mamba(reader: Reader, hidden: int) -> tuple[Component, ...]:
    inner = reader.integer("mamba_expand", default=2) * hidden
    heads = reader.integer("n_mamba_heads", default=2)
    reader.divides(inner, heads, "n_mamba_heads", "the heads do not share the inner width evenly")
    parts = mamba1(
        hidden,
        inner,
        reader.integer("mamba_d_state", default=16),
        step_rank(reader, "mamba_dt_rank", hidden),
        reader.integer("mamba_d_conv", default=4),
        bias=reader.flag("mamba_proj_bias", default=False),
        conv_bias=reader.flag("mamba_conv_bias", default=True),
    )
    # Each head selects from its own channels, by matrices that are no linear layers.
    linear = tuple(one for one in parts[0].projections if one.name in ("in_proj", "out_proj"))
    matrices = sum(one.inputs * one.outputs for one in linear)
    into = replace(parts[0], matrices=matrices, projections=linear)
    return (into, Component(SELECTION, parts[0].matrices - matrices), *parts[1:])


@family("zamba2")
def describe_second(reader: Reader) -> Architecture:
    """Count Zamba2."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    kinds = layer_kinds(reader, "layers_block_type", layers, _KINDS)
    if kinds is None:
        if layers != _DEFAULT_LAYERS:
            reader.fault("the kind of each layer is missing", "layers_block_type")
        kinds = [_KINDS[index in _DEFAULT_HYBRID] for index in range(layers)]
    heads = reader.integer("num_attention_heads")
    inner = reader.integer("intermediate_size", default=4 * hidden)
    bias = reader.flag("add_bias_linear", default=False)
    width = reader.divides(
        2 * hidden, heads, "num_attention_heads", "the heads do not share the width evenly"
    )
    feed = replace(
        gated(hidden, inner, fused="gate_up_proj"),
        vectors=2 * inner + hidden if bias else 0,
    )
    block = (_attention(reader, hidden, heads, 2 * hidden, width), feed, norms(3 * hidden))
    own = (norms(hidden), *_mamba2(reader, hidden, bias))
    each = _adapters(reader, hidden, heads * width, inner)
    blocks = reader.integer("num_mem_blocks", default=1)
    return _assemble(reader, "zamba2", hidden, kinds, own, block, each, blocks)


def _mamba2(reader: Reader, hidden: int, bias: bool) -> tuple[Component, ...]:
    inner = reader.integer("mamba_expand", default=2) * hidden
    heads = reader.integer("n_mamba_heads", default=8)
    reader.divides(inner, heads, "n_mamba_heads", "the heads do not share the inner width evenly")
    return mamba2(
        hidden,
        inner,
        heads,
        reader.integer("mamba_ngroups", default=1),
        reader.integer("mamba_d_state", default=64),
        reader.integer("mamba_d_conv", default=4),
        bias=bias,
    )


def _adapters(reader: Reader, hidden: int, wide: int, inner: int) -> tuple[Component, ...]:
    """Return what a hybrid layer adds to the shared block's projections."""
    rank = reader.integer("adapter_rank", default=128)
    matrices = rank * (hidden + 2 * inner)
    if reader.flag("use_shared_attention_adapter", default=False):
        matrices += 3 * rank * 2 * wide
    # They have no names of their own, so no further adapters are put on them.
    return (Component("own matrices beside the shared block", matrices),)


def _attention(reader: Reader, hidden: int, heads: int, wide: int, width: int) -> Component:
    kv_heads = stated_key_heads(reader, heads)
    inner, key_value = heads * width, kv_heads * width
    names = (
        Projection("q_proj", wide, inner),
        Projection("k_proj", wide, key_value),
        Projection("v_proj", wide, key_value),
        Projection("o_proj", inner, hidden),
    )
    matrices = sum(one.inputs * one.outputs for one in names)
    return Component(
        "shared attention", matrices, mixing=(Mixing(heads, width, width),), projections=names
    )


def _assemble(
    reader: Reader,
    name: str,
    hidden: int,
    kinds: list[str],
    own: tuple[Component, ...],
    block: tuple[Component, ...],
    each: tuple[Component, ...],
    blocks: int,
) -> Architecture:
    joined = (
        Component(
            "linear map", hidden * hidden, projections=(Projection("linear", hidden, hidden),)
        ),
        *each,
    )
    again = tuple(replace(part, stored=0) for part in block)
    places = [index for index, kind in enumerate(kinds) if kind == "hybrid"]
    first = frozenset(places[:blocks])

    def layer(index: int, kind: str) -> tuple[Component, ...]:
        if kind != "hybrid":
            return own
        return (*(block if index in first else again), *joined, *own)

    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    return Architecture(
        family=name,
        model_type=name,
        layers=stack(layer(index, kind) for index, kind in enumerate(kinds)),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )
