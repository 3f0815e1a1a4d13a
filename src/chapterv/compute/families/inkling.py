"""Inkling (text): short convolutions beside attention and feed-forward, learned relative places.

A token makes a narrow vector for each head, from which a table of the layer gives one bias for each
distance. Layers that slide have heads of their own number and width.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import attention, embedding, experts, gated, head, key_heads, norms
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.reading import Reader, shown
from chapterv.compute.recurrence import CONVOLUTION

__all__ = ["describe"]

_KINDS = ("hybrid_sliding", "hybrid")


@family("inkling_text")
def describe(reader: Reader) -> Architecture:
    """Count the text part of Inkling."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    reader.refuse("tie_word_embeddings", "the published program never ties the output head")
    mixers = {kind: _attention(reader, hidden, kind) for kind in _KINDS}
    inner = _inner_kinds(reader, layers)
    feeds = _feeds(reader, hidden, set(inner))
    around = norms(hidden, 2)
    ahead = reader.integer("num_mtp_layers", default=0, least=0)
    return Architecture(
        family="inkling",
        model_type="inkling_text",
        layers=stack(
            (*mixers[kind], *feeds[feed], around)
            for kind, feed in zip(_layer_kinds(reader, layers), inner, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="embedding norm"),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
        context_length=reader.maybe("max_position_embeddings", "model_max_length"),
        prediction=None if ahead else (),
        notes=_notes(ahead),
    )


def _notes(ahead: int) -> tuple[str, ...]:
    balance = "the bias that balances the experts is a buffer and is not counted"
    if not ahead:
        return (balance,)
    return (
        balance,
        "the configuration names layers that predict further tokens, which are not counted",
    )


def _layer_kinds(reader: Reader, layers: int) -> list[str]:
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    if kinds is not None:
        return kinds
    if reader.value("local_layer_ids") is not None:
        local = reader.members("local_layer_ids")
        return [_KINDS[index not in local] for index in range(layers)]
    return [_KINDS[(index + 1) % 6 == 0] for index in range(layers)]


def _inner_kinds(reader: Reader, layers: int) -> list[str]:
    kinds = reader.per_layer("mlp_layer_types", layers)
    if kinds is None:
        first = reader.integer("dense_mlp_idx", default=0, least=0)
        return ["dense" if index < first else "sparse" for index in range(layers)]
    unknown = next((kind for kind in kinds if kind not in ("dense", "sparse")), None)
    if unknown is not None:
        reader.fault(f"expected dense or sparse, got {shown(unknown)}", "mlp_layer_types")
        return ["dense"] * layers
    return kinds


def _attention(reader: Reader, hidden: int, kind: str) -> tuple[Component, ...]:
    window = reader.integer("sliding_window_size", "sliding_window", default=512)
    before = "swa_" if kind == _KINDS[0] else ""
    heads = reader.integer(f"{before}num_attention_heads", default=64)
    kv_heads = key_heads(reader, heads, f"{before}num_key_value_heads", default=16 if before else 8)
    width = reader.integer(f"{before}head_dim", default=128)
    narrow = reader.integer("d_rel", default=16)
    extent = window if before else reader.integer("rel_extent", default=1024)
    limit = window if before else None
    plain = attention(hidden, heads, kv_heads, width, extra=2 * width, limit=limit)
    places = Projection("r_proj", hidden, heads * narrow)
    kernel = reader.integer("conv_kernel_size", "sconv_kernel_size", default=4)
    return (
        replace(
            plain,
            matrices=plain.matrices + places.inputs * places.outputs,
            projections=(*plain.projections, places),
        ),
        # One table for all heads, each of which is multiplied with it.
        Component("relative places", narrow * extent, used=heads),
        # Keys, values, and what attention and feed-forward give out.
        Component(CONVOLUTION, (2 * kv_heads * width + 2 * hidden) * kernel),
    )


def _feeds(reader: Reader, hidden: int, kinds: set[str]) -> dict[str, tuple[Component, ...]]:
    wide = reader.maybe("intermediate_size")
    narrow = reader.maybe("moe_intermediate_size")
    stated = reader.maybe("dense_intermediate_size")
    if stated is not None:
        # In such files the plain key is the width of the experts.
        wide, narrow = stated, wide
    feeds: dict[str, tuple[Component, ...]] = {}
    if "dense" in kinds:
        dense = gated(hidden, wide or reader.integer("intermediate_size"))
        feeds["dense"] = (replace(dense, vectors=dense.vectors + 1),)
    if "sparse" in kinds:
        feeds["sparse"] = _mixture(
            reader, hidden, narrow or reader.integer("moe_intermediate_size")
        )
    return feeds


def _mixture(reader: Reader, hidden: int, inner: int) -> tuple[Component, ...]:
    count = reader.integer("n_routed_experts", "num_local_experts", default=256)
    used = reader.integer("num_experts_per_tok", default=6)
    shared = reader.integer("n_shared_experts", default=2)
    return (
        # The router also weighs the shared experts, and has a scale for all.
        Component("router", hidden * (count + shared), 1),
        experts(gated(hidden, inner), count, used, reader, "num_experts_per_tok"),
        # One tensor for all of them, so no linear layers that adapters find.
        Component("shared experts", 3 * hidden * inner * shared),
    )
