"""Gemma 3n and Gemma 4 (text): layers share keys, and every layer has a small table of its own.

Tables of a layer are looked up by token; a gate and a projection lead their entries into the
stream. Gemma 3n also carries several streams, of which one passes the layer while the others are
predicted from it and corrected. Gemma 4 has wider heads where it does not slide, and experts beside
the feed-forward in some models.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import (
    embedding,
    experts,
    gated,
    head,
    key_heads,
    norms,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe_3n", "describe_4"]


@family("gemma3n_text")
def describe_3n(reader: Reader) -> Architecture:
    """Count the text part of Gemma 3n."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    window = reader.integer("sliding_window", default=512)
    spans = windows(reader, layers, window, lambda index: (index + 1) % 5 != 0)
    shared = reader.integer("num_kv_shared_layers", default=15, least=0, most=layers)
    narrow = reader.integer("hidden_size_per_layer_input", default=256)
    streams = reader.integer("altup_num_inputs", default=4, most=64)
    heads, width = reader.integer("num_attention_heads"), reader.integer("head_dim", default=256)
    kv_heads = key_heads(reader, heads)
    rest = (
        *_streams(hidden, streams),
        _beside(hidden, reader.integer("laurel_rank", default=64)),
        _own_inputs(hidden, narrow),
        norms(hidden, 4),
    )
    mixers = {
        (span, own): _attention(reader, hidden, heads, kv_heads, width, span, own=own)
        for span in dict.fromkeys(spans)
        for own in (True, False)
    }
    feeds = [gated(hidden, inner) for inner in _inner_widths(reader, layers)]
    body = stack(
        (mixers[span, index < layers - shared], feed, *rest)
        for index, (span, feed) in enumerate(zip(spans, feeds, strict=True))
    )
    # The further streams are made from the first before the layers, and led back after them.
    square = 2 * (streams - 1) * hidden * hidden
    around = Component("stream projections", square, projections=_lists(hidden, streams))
    table = reader.integer("vocab_size_per_layer_input", default=262_144)
    architecture = _assemble(reader, "gemma3n_text", hidden, layers, narrow, table)
    return replace(architecture, layers=body, ends=(*architecture.ends, around))


def _lists(hidden: int, streams: int) -> tuple[Projection, ...]:
    """Return the projections of the streams, which a list numbers."""
    numbered = (Projection(str(index), hidden, hidden) for index in range(streams - 1))
    return (*numbered, *(Projection(str(index), hidden, hidden) for index in range(streams - 1)))


def _inner_widths(reader: Reader, layers: int) -> list[int]:
    """Return the width of each layer's feed-forward, given for all or one by one."""
    value = reader.value("intermediate_size")
    if not isinstance(value, list):
        return [reader.integer("intermediate_size")] * layers
    listed: list[Any] | None = reader.per_layer("intermediate_size", layers)
    bound = 2**31
    if listed is None or any(type(one) is not int or not 0 < one <= bound for one in listed):
        reader.expected("a whole number for each layer", "intermediate_size", value)
        return [1] * layers
    return listed


def _streams(hidden: int, streams: int) -> tuple[Component, ...]:
    """Return what predicts the other streams and corrects them after the layer.

    Source: Baykal et al. 2023 (alternating updates), section 3.
    """
    chosen = Component(
        "stream router",
        hidden * streams,
        hidden,
        used=2,
        projections=(Projection("modality_router", hidden, streams),),
    )
    names = (
        Projection("prediction_coefs", streams, streams * streams),
        Projection("correction_coefs", streams, streams),
    )
    # Streams are mixed by a small matrix that is computed for each position.
    mixed = Component(
        "stream mixing",
        streams**3 + streams**2,
        hidden,
        products=hidden * streams * streams,
        projections=names,
    )
    return (chosen, mixed)


def _beside(hidden: int, rank: int) -> Component:
    names = (Projection("linear_left", hidden, rank), Projection("linear_right", rank, hidden))
    return Component("learned residual", 2 * hidden * rank, hidden, projections=names)


def _own_inputs(hidden: int, narrow: int) -> Component:
    names = (
        Projection("per_layer_input_gate", hidden, narrow),
        Projection("per_layer_projection", narrow, hidden),
    )
    return Component("the layer's own input", 2 * hidden * narrow, hidden, projections=names)


def _attention(
    reader: Reader,
    hidden: int,
    heads: int,
    kv_heads: int,
    width: int,
    span: int | None,
    *,
    own: bool,
    values: bool = True,
) -> Component:
    """Return attention with its own keys, or with those of an earlier layer."""
    bias = reader.flag("attention_bias", default=False)
    inner, key_value = heads * width, kv_heads * width
    names = [Projection("q_proj", hidden, inner)]
    if own:
        names.append(Projection("k_proj", hidden, key_value))
    if own and values:
        names.append(Projection("v_proj", hidden, key_value))
    names.append(Projection("o_proj", inner, hidden))
    matrices = sum(one.inputs * one.outputs for one in names)
    vectors = (2 if own else 1) * width + (sum(one.outputs for one in names) if bias else 0)
    mixing = (Mixing(heads, width, width, limit=span),)
    return Component("attention", matrices, vectors, mixing=mixing, projections=tuple(names))


@family("gemma4_text", "gemma4_unified_text")
def describe_4(reader: Reader) -> Architecture:
    """Count the text part of Gemma 4."""
    unified = reader.values.get("model_type") == "gemma4_unified_text"
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    reader.refuse("per_layer_config", "settings of single layers are not covered")
    if reader.value("use_bidirectional_attention") == "all":
        reader.fault("a model without a causal order is not covered", "use_bidirectional_attention")
    window = reader.integer("sliding_window", default=1024 if unified else 512)
    spans = windows(reader, layers, window, lambda index: (index + 1) % 6 != 0)
    # The last layer never slides, whatever the list says.
    spans[-1:] = [None]
    shared = reader.integer("num_kv_shared_layers", default=0, least=0, most=layers)
    narrow = 0 if unified else reader.integer("hidden_size_per_layer_input", default=256, least=0)
    own_inputs = (_own_inputs(hidden, narrow),) if narrow else ()
    mixed = () if unified else _mixture(reader, hidden)
    around = norms(hidden, 7 if mixed else 4)
    mixers, feeds = _mixers_4(reader, hidden, spans), _feeds_4(reader, hidden)
    body = stack(
        (mixers[span, own], feeds[own], *mixed, *own_inputs, around)
        for span, own in ((one, index < layers - shared) for index, one in enumerate(spans))
    )
    table = reader.integer("vocab_size_per_layer_input", default=262_144)
    name = "gemma4_unified_text" if unified else "gemma4_text"
    return replace(_assemble(reader, name, hidden, layers, narrow, table), layers=body)


def _mixers_4(
    reader: Reader, hidden: int, spans: list[int | None]
) -> dict[tuple[int | None, bool], Component]:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.integer("head_dim", default=256)
    wide = reader.integer("global_head_dim", default=512)
    one_matrix = reader.flag("attention_k_eq_v", default=False)
    few = kv_heads
    if one_matrix:
        few = key_heads(reader, heads, "num_global_key_value_heads", default=kv_heads)
    built = {}
    for span in dict.fromkeys(spans):
        for own in (True, False):
            built[span, own] = _attention(
                reader, hidden, heads,
                few if span is None else kv_heads,
                wide if span is None else width,
                span, own=own, values=not (one_matrix and span is None),
            )  # fmt: skip
    return built


def _feeds_4(reader: Reader, hidden: int) -> dict[bool, Component]:
    """Return the feed-forward of layers with keys of their own, and of those without."""
    inner = reader.integer("intermediate_size")
    double = reader.flag("use_double_wide_mlp", default=False)
    return {True: gated(hidden, inner), False: gated(hidden, 2 * inner if double else inner)}


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    if not reader.flag("enable_moe_block", default=False):
        return ()
    count = reader.integer("num_experts")
    used = reader.integer("top_k_experts")
    expert = gated(hidden, reader.integer("moe_intermediate_size"))
    names = (Projection("proj", hidden, count),)
    # The router scales its input, and each expert's weight once more.
    chosen = Component("router", hidden * count, hidden + count, projections=names)
    return (chosen, experts(expert, count, used, reader, "top_k_experts"))


def _assemble(
    reader: Reader, name: str, hidden: int, layers: int, narrow: int, table: int
) -> Architecture:
    """Return the model without its layers: tables, and what makes the layers' own inputs."""
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    wide = layers * narrow
    own: tuple[Component, ...] = ()
    if narrow:
        made = (Projection("per_layer_model_projection", hidden, wide),)
        own = (
            embedding(table, wide, "tables of the layers"),
            Component("projection for all layers", hidden * wide, narrow, projections=made),
        )
    return Architecture(
        family=name,
        model_type=name,
        layers=(),
        ends=(
            embedding(vocabulary, hidden),
            *own,
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )
