"""Latent attention with an indexer and gates: Hunyuan V4 and A.X K2.

Causal operations assume the sparse stage of training: the indexer scores every earlier token, and
only the chosen ones are attended.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import embedding, gated, head, norms
from chapterv.compute.families import family
from chapterv.compute.families.deepseek import (
    indexer,
    latent_attention,
    shared_mixture,
    with_indexer,
)
from chapterv.compute.reading import Reader, shown

__all__ = ["describe_axk2", "describe_hunyuan"]

_NOTES = (
    "the bias that balances the experts is a buffer and is not counted",
    "causal operations assume the sparse stage of training: every earlier token is scored by the "
    "indexer, and only the chosen ones are attended",
)


@family("hy_v4")
def describe_hunyuan(reader: Reader) -> Architecture:
    """Count Hunyuan V4: several streams, sinks, and an indexer in one of four layers."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    streams = reader.integer("hc_mult", default=4, most=64)
    _check_kinds(reader, layers)
    plain = _hunyuan_attention(reader, hidden)
    both = with_indexer(plain, indexer(reader, hidden))
    kinds = reader.per_layer("indexer_types", layers)
    if kinds is None:
        kinds = ["full" if index == 0 or (index - 1) % 4 == 0 else "shared"
                 for index in range(layers)]  # fmt: skip
    if any(kind not in ("full", "shared") for kind in kinds):
        reader.fault("expected full or shared for each layer", "indexer_types")
    # What to take of each stream and what to add to it, before attention and feed-forward alike.
    joined = Component("hyper-connections", 4 * streams * streams * hidden, 2 * (2 * streams + 2))
    around = (joined, norms(hidden, 2))
    feeds = _feeds(reader, hidden, _sparse_layers(reader, layers, 1), ((), ()))
    last = Component("stream head", streams * streams * hidden, streams + 1)
    body = tuple(
        (both if kind == "full" else plain, *feed, *around)
        for kind, feed in zip(kinds, feeds, strict=True)
    )
    return _assemble(reader, "hy_v4", hidden, body, (last,))


def _hunyuan_attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    latent = latent_attention(reader, hidden, reader.integer("index_topk", default=2048))
    gate = Projection("gate_proj", hidden, heads * reader.integer("v_head_dim"))
    return replace(
        latent,
        matrices=latent.matrices + gate.inputs * gate.outputs,
        vectors=latent.vectors + heads,  # one sink for each head
        projections=(*latent.projections, gate),
    )


@family("axk2")
def describe_axk2(reader: Reader) -> Architecture:
    """Count A.X K2: norms with a narrow gate, queries and output gate from one matrix."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    _check_kinds(reader, layers)
    mixer = with_indexer(_axk2_attention(reader, hidden), indexer(reader, hidden))
    rank = reader.integer("gated_norm_rank", default=16)
    names = (Projection("fc1", hidden, rank), Projection("fc2", rank, hidden))
    gated_norm = Component("gated norm", 2 * hidden * rank, hidden, projections=names)
    step = reader.integer("moe_layer_freq", default=1)
    sparse = _sparse_layers(
        reader, layers, reader.integer("first_k_dense_replace", default=1), step
    )
    feeds = _feeds(reader, hidden, sparse, ((gated_norm, norms(hidden)), (gated_norm, gated_norm)))
    return _assemble(reader, "axk2", hidden, tuple((mixer, *feed) for feed in feeds), ())


def _axk2_attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    narrow, latent = reader.integer("q_lora_rank"), reader.integer("kv_lora_rank")
    rope, nope = reader.integer("qk_rope_head_dim"), reader.integer("qk_nope_head_dim")
    value = reader.integer("v_head_dim")
    names = (
        Projection("q_a_proj", hidden, narrow),
        # The narrow queries come twice, normed and as they are.
        Projection("q_gate_proj", 2 * narrow, heads * (nope + rope + value)),
        Projection("kv_a_proj_with_mqa", hidden, latent + rope),
        Projection("kv_b_proj", latent, heads * (nope + value)),
        Projection("o_proj", heads * value, hidden),
    )
    vectors = narrow + latent
    if reader.flag("attention_bias", default=False):
        vectors += narrow + latent + rope + hidden
    matrices = sum(one.inputs * one.outputs for one in names)
    mixing = (Mixing(heads, nope + rope, value, limit=reader.integer("index_topk", default=2048)),)
    return Component("latent attention", matrices, vectors, mixing=mixing, projections=names)


def _check_kinds(reader: Reader, layers: int) -> None:
    kinds = reader.per_layer("layer_types", layers) or []
    known = ("indexed_attention", "deepseek_sparse_attention")
    unknown = next((kind for kind in kinds if kind not in known), None)
    if unknown is not None:
        reader.fault(f"this family has no layers of the kind {shown(unknown)}", "layer_types")


def _sparse_layers(reader: Reader, layers: int, first: int, step: int = 1) -> list[bool]:
    kinds = reader.per_layer("mlp_layer_types", layers)
    if kinds is None:
        return [index >= first and index % step == 0 for index in range(layers)]
    unknown = next((kind for kind in kinds if kind not in ("dense", "sparse")), None)
    if unknown is not None:
        reader.fault(f"expected dense or sparse, got {shown(unknown)}", "mlp_layer_types")
    return [kind == "sparse" for kind in kinds]


def _feeds(
    reader: Reader,
    hidden: int,
    sparse: list[bool],
    extra: tuple[tuple[Component, ...], tuple[Component, ...]],
) -> list[tuple[Component, ...]]:
    """Return each layer's feed-forward, with what stands beside it in dense and sparse layers."""
    mixed = shared_mixture(reader, hidden) if any(sparse) else ()
    dense = (gated(hidden, reader.integer("intermediate_size")),)
    return [(*mixed, *extra[1]) if one else (*dense, *extra[0]) for one in sparse]


def _assemble(
    reader: Reader,
    name: str,
    hidden: int,
    body: tuple[tuple[Component, ...], ...],
    extra: tuple[Component, ...],
) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    return Architecture(
        family=name,
        model_type=name,
        layers=stack(body),
        ends=(
            embedding(vocabulary, hidden),
            *extra,
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=_NOTES,
    )
