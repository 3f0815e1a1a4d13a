"""MiniMax-M3 (text): experts, and in some layers an indexer that picks blocks of tokens.

The operations of those layers assume the sparse stage of training: the indexer scores every earlier
token, and attention goes to the picked blocks.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
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
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]

_KINDS = ("full_attention", "minimax_m3_sparse")


@family("minimax_m3_vl_text")
def describe(reader: Reader) -> Architecture:
    """Count the text part of MiniMax-M3."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS) or [_KINDS[0]] * layers
    for name in ("sparse_attention_config", "moe_layer_freq"):
        reader.refuse(name, "state each layer's kind under layer_types and mlp_layer_types")
    mixers = {kind: _attention(reader, hidden, kind) for kind in dict.fromkeys(kinds)}
    inner = _inner_kinds(reader, layers)
    feeds: dict[str, tuple[Component, ...]] = {}
    if "dense" in inner:
        wide = reader.integer("dense_intermediate_size", default=12_288)
        feeds["dense"] = (gated(hidden, wide, fused="gate_up_proj"),)
    if "sparse" in inner:
        feeds["sparse"] = _mixture(reader, hidden)
    around = norms(hidden, 2)
    return Architecture(
        family="minimax_m3",
        model_type="minimax_m3_vl_text",
        layers=stack(
            (mixers[kind], *feeds[feed], around) for kind, feed in zip(kinds, inner, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _inner_kinds(reader: Reader, layers: int) -> list[str]:
    kinds = reader.per_layer("mlp_layer_types", layers) or ["sparse"] * layers
    unknown = next((kind for kind in kinds if kind not in ("dense", "sparse")), None)
    if unknown is not None:
        reader.fault(f"expected dense or sparse, got {shown(unknown)}", "mlp_layer_types")
        return ["sparse"] * layers
    return kinds


def _attention(reader: Reader, hidden: int, kind: str) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.maybe("head_dim") or head_width(reader, hidden, heads)
    plain = attention(hidden, heads, kv_heads, width, extra=2 * width)
    if kind == _KINDS[0]:
        return plain
    index_heads = reader.integer("index_n_heads", default=4)
    index_width = reader.integer("index_head_dim", default=128)
    chosen = reader.integer("index_topk_blocks", default=16) * reader.integer(
        "index_block_size", default=128
    )
    names = (
        Projection("q_proj", hidden, index_heads * index_width),
        Projection("k_proj", hidden, index_width),
    )
    scores = Mixing(index_heads, index_width, 0)
    return replace(
        plain,
        name="indexed attention",
        matrices=plain.matrices + sum(one.inputs * one.outputs for one in names),
        vectors=plain.vectors + 2 * index_width,
        mixing=(Mixing(heads, width, width, limit=chosen), scores),
        projections=(*plain.projections, *names),
    )


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    count = reader.integer("num_local_experts", "num_experts", default=128)
    used = reader.integer("num_experts_per_tok", default=4)
    expert = gated(hidden, reader.integer("intermediate_size"))
    wide = reader.integer("shared_intermediate_size", default=3072)
    return (
        router(hidden, count),
        experts(expert, count, used, reader, "num_experts_per_tok"),
        gated(hidden, wide, name="shared expert", fused="gate_up_proj"),
    )
