"""Beam: windows in most layers, a gate on attention's output, experts behind a few dense layers."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    experts,
    gated,
    head,
    key_heads,
    norms,
    router,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]


@family("beam")
def describe(reader: Reader) -> Architecture:
    """Count Beam."""
    hidden = reader.integer("hidden_size", default=5120)
    vocabulary = reader.integer("vocab_size", default=151936)
    layers = reader.integer("num_hidden_layers", default=52, most=100_000)
    tied = reader.flag("tie_word_embeddings", default=False)
    # Every sixth layer and the last one see all that lies before.
    spans = windows(
        reader, layers, reader.maybe("sliding_window") or 512,
        lambda index: bool((index + 1) % 6) and index < layers - 1,
    )  # fmt: skip
    mixers = {span: _mixer(reader, hidden, span) for span in dict.fromkeys(spans)}
    dense = (gated(hidden, reader.integer("intermediate_size", default=20480)),)
    sparse, kinds = _mixture(reader, hidden), _kinds(reader, layers)
    around = norms(hidden, 4)
    return Architecture(
        family="beam",
        model_type="beam",
        layers=stack(
            (mixers[span], *(sparse if kind == "sparse" else dense), around)
            for span, kind in zip(spans, kinds, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _mixer(reader: Reader, hidden: int, span: int | None) -> Component:
    heads = reader.integer("num_attention_heads", default=48)
    kv_heads = key_heads(reader, heads, default=8)
    width = reader.integer("head_dim", default=128)
    bias = reader.flag("attention_bias", default=False)
    # Norms of queries and keys, and a bias of the gate for each head.
    plain = attention(
        hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias, limit=span,
        extra=2 * width + heads,
    )  # fmt: skip
    gate = Projection("gate_proj", hidden, heads * width)
    return replace(
        plain,
        matrices=plain.matrices + hidden * heads * width,
        projections=(*plain.projections, gate),
    )


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    count = reader.integer("num_experts", default=256)
    used = reader.integer("num_experts_per_tok", default=8)
    expert = gated(hidden, reader.integer("moe_intermediate_size", default=2560))
    return (router(hidden, count), experts(expert, count, used, reader, "num_experts_per_tok"))


def _kinds(reader: Reader, layers: int) -> list[str]:
    """Return which layers have experts: all but the first three where the file does not say."""
    kinds = reader.per_layer("mlp_layer_types", layers)
    if kinds is None:
        return ["dense" if index < 3 else "sparse" for index in range(layers)]
    for kind in kinds:
        if kind not in ("dense", "sparse"):
            reader.fault(f"this family has no layers of the kind {shown(kind)}", "mlp_layer_types")
            break
    return [str(kind) for kind in kinds]
