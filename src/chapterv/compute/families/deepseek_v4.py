"""DeepSeek-V4: compressed sparse attention, hyper-connections, experts in every layer.

Every layer attends to a short window of tokens. Some layers also attend to entries that pool four
tokens each, of which an indexer picks the best; others attend to all entries that pool 128. Keys
and values are one vector, shared by all heads. The streams between layers are several, joined by
small learned projections. The first layers pick their experts by a fixed table, which is a buffer.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import (
    embedding,
    experts,
    gated,
    head,
    norms,
    router,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe", "hyper_connections"]

_SLIDING, _SPARSE, _HEAVY = (
    "sliding_attention",
    "compressed_sparse_attention",
    "heavily_compressed_attention",
)
_KIND_OF_RATIO = {0: _SLIDING, 4: _SPARSE, 128: _HEAVY}
_RATES = {_SPARSE: 4, _HEAVY: 128}


@family("deepseek_v4")
def describe(reader: Reader) -> Architecture:
    """Count DeepSeek-V4."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    streams = reader.integer("hc_mult")
    tied = reader.flag("tie_word_embeddings", default=False)
    base = _attention(reader, hidden)
    kinds = _kinds(reader, layers)
    compressors = {kind: _compressor(reader, hidden, kind) for kind in dict.fromkeys(kinds)}
    rest = (*_mixture(reader, hidden), *hyper_connections(hidden, streams), norms(hidden, 2))
    predicts = reader.integer("num_nextn_predict_layers", default=0, least=0)
    return Architecture(
        family="deepseek_v4",
        model_type="deepseek_v4",
        layers=stack((base, *compressors[kind], *rest) for kind in kinds),
        ends=(
            embedding(vocabulary, hidden),
            Component("stream head", streams * streams * hidden, streams + 1),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        prediction=None if predicts else (),
        notes=_notes(predicts),
    )


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    width = reader.integer("head_dim")
    narrow = reader.integer("q_lora_rank")
    groups = reader.integer("o_groups")
    low = reader.integer("o_lora_rank")
    window = reader.integer("sliding_window")
    if reader.integer("num_key_value_heads", default=1) != 1:
        reader.fault("this family has one key head", "num_key_value_heads")
    share = reader.divides(heads * width, groups, "o_groups", "the groups do not share the heads")
    names = (
        Projection("q_a_proj", hidden, narrow),
        Projection("q_b_proj", narrow, heads * width),
        Projection("kv_proj", hidden, width),
        # Each group of heads is projected on its own, then all groups together.
        Projection("o_a_proj", share, groups * low),
        Projection("o_b_proj", groups * low, hidden),
    )
    return _named(
        "window attention", names, narrow + width + heads,
        Mixing(heads, width, width, limit=window),
    )  # fmt: skip


def _named(name: str, names: tuple[Projection, ...], vectors: int, mixing: Mixing) -> Component:
    matrices = sum(one.inputs * one.outputs for one in names)
    return Component(name, matrices, vectors, mixing=(mixing,), projections=names)


def _compressor(reader: Reader, hidden: int, kind: str) -> tuple[Component, ...]:
    """Return what pools tokens into entries, with its indexer where it has one."""
    if kind == _SLIDING:
        return ()
    heads = reader.integer("num_attention_heads")
    width = reader.integer("head_dim")
    rate = _rate(reader, kind)
    if kind == _HEAVY:
        names = (Projection("kv_proj", hidden, width), Projection("gate_proj", hidden, width))
        mixing = Mixing(heads, width, width, stride=rate)
        return (_named("pooled attention", names, rate * width + width, mixing),)
    chosen = reader.integer("index_topk")
    mixing = Mixing(heads, width, width, stride=rate, limit=chosen)
    # Two overlapping series are pooled, hence twice the width.
    names = (Projection("kv_proj", hidden, 2 * width), Projection("gate_proj", hidden, 2 * width))
    pool = _named("pooled attention", names, rate * 2 * width + width, mixing)
    return (pool, _indexer(reader, hidden, rate))


def _indexer(reader: Reader, hidden: int, rate: int) -> Component:
    heads = reader.integer("index_n_heads")
    width = reader.integer("index_head_dim")
    narrow = reader.integer("q_lora_rank")
    names = (
        Projection("kv_proj", hidden, 2 * width),
        Projection("gate_proj", hidden, 2 * width),
        Projection("q_b_proj", narrow, heads * width),
        Projection("weights_proj", hidden, heads),
    )
    mixing = Mixing(heads, width, 0, stride=rate)
    return _named("indexer", names, rate * 2 * width + width, mixing)


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    width = reader.integer("moe_intermediate_size")
    count = reader.integer("n_routed_experts")
    used = reader.integer("num_experts_per_tok")
    if reader.integer("n_shared_experts", default=1) != 1:
        reader.fault("this family has one shared expert", "n_shared_experts")
    return (
        router(hidden, count),
        experts(gated(hidden, width), count, used, reader, "num_experts_per_tok"),
        gated(hidden, width, name="shared expert"),
    )


def hyper_connections(hidden: int, streams: int) -> tuple[Component, ...]:
    """Return a layer's two hyper-connections: what to take, add and mix of each stream."""
    outputs = (2 + streams) * streams
    learned = Component("hyper-connections", 2 * outputs * streams * hidden, 2 * (outputs + 3))
    # The streams are multiplied with a small matrix that is computed, so it is work but no weight.
    return (learned, Component("stream mixing", streams * streams * hidden, stored=0, used=2))


def _kinds(reader: Reader, layers: int) -> list[str]:
    stated = reader.per_layer("layer_types", layers)
    if stated is not None:
        if any(kind not in (_SLIDING, _SPARSE, _HEAVY) for kind in stated):
            reader.fault("a layer is of a kind that this family does not have", "layer_types")
            return [_SLIDING] * layers
        return stated
    ratios = reader.value("compress_ratios")
    # The published list goes on with the layers that predict further tokens.
    if not isinstance(ratios, list) or len(ratios) < layers:
        reader.expected(f"a list of at least {layers} ratios", "compress_ratios", ratios)
        return [_SLIDING] * layers
    first = ratios[:layers]
    if any(isinstance(ratio, bool) or ratio not in (0, 4, 128) for ratio in first):
        reader.fault("expected the ratios 0, 4 or 128", "compress_ratios")
        return [_SLIDING] * layers
    return [_KIND_OF_RATIO[ratio] for ratio in first]


def _rate(reader: Reader, kind: str) -> int:
    rates = reader.child("compress_rates")
    legacy = "compress_rate_csa" if kind == _SPARSE else "compress_rate_hca"
    return rates.integer(kind, default=reader.integer(legacy, default=_RATES[kind]))


def _notes(predicts: int) -> tuple[str, ...]:
    notes = ["the bias that balances the experts and the fixed routing table are buffers"]
    if predicts:
        notes.append(
            "the configuration names a layer that predicts further tokens; its shapes are not in "
            "it, so it is not counted"
        )
    return tuple(notes)
