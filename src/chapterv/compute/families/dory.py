"""Dory: layers in the middle are run several times over, and norms have no weights."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import attention, embedding, gated, head, head_width, key_heads
from chapterv.compute.families import family
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]

_KINDS = ("sliding_attention", "full_attention")


@family("dory")
def describe(reader: Reader) -> Architecture:
    """Count Dory; a layer that is looped is stored once and multiplied each time."""
    hidden = reader.integer("hidden_size")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    kinds, halved = _kinds(reader)
    share = 2 if halved else 1
    first = reader.integer("n_input_layers", default=8, least=0) // share
    last = reader.integer("n_output_layers", default=8, least=0) // share
    middle = len(kinds) - first - last
    stated = reader.maybe("n_recurrent_layers", least=0)
    if middle < 0 or (stated is not None and stated // share != middle):
        reader.fault("the three sections are not all layers together", "n_recurrent_layers")
    loops = reader.integer("n_recurrent_loops", default=2, most=1000)
    built = {
        (kind, times): _layer(reader, hidden, kind, times)
        for kind in _KINDS
        for times in (1, loops)
    }
    return Architecture(
        family="dory",
        model_type="dory",
        layers=stack(
            built[kind, loops if first <= index < first + middle else 1]
            for index, kind in enumerate(kinds)
        ),
        ends=(
            embedding(vocabulary, hidden),
            *head(vocabulary, hidden, tied),
            Component("scale of the output", 0, vocabulary),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=(f"layers in the middle are run {loops} times for each token",),
    )


def _kinds(reader: Reader) -> tuple[list[str], bool]:
    """Return each layer's kind, and whether the file counts attention and feed-forward apart."""
    layers = reader.layers("num_hidden_layers")
    listed: list[Any] | None = reader.per_layer("layer_types", layers)
    if listed is None:
        return [_KINDS[(index + 1) % 4 == 0] for index in range(layers)], False
    halved = "mlp" in listed
    kinds = listed[::2] if halved else listed
    if any(kind != "mlp" for kind in (listed[1::2] if halved else ())):
        reader.fault("attention and feed-forward do not take turns", "layer_types")
    unknown = next((kind for kind in kinds if kind not in _KINDS), None)
    if unknown is not None:
        reader.fault(f"this family has no layers of the kind {shown(unknown)}", "layer_types")
        return [_KINDS[0]] * len(kinds), halved
    return kinds, halved


def _layer(reader: Reader, hidden: int, kind: str, times: int) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.maybe("head_dim") or head_width(reader, hidden, heads)
    bias = reader.flag("attention_bias", default=False)
    window = reader.integer("sliding_window", default=1024)
    # Learned scales of queries with keys, and of the gate.
    plain = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, extra=2 * heads * width,
        limit=window if kind == _KINDS[0] else None,
    )  # fmt: skip
    gate = Projection("gate_proj", hidden, heads * width)
    mixer = replace(
        plain,
        matrices=plain.matrices + gate.inputs * gate.outputs,
        projections=(*plain.projections, gate),
        used=times,
    )
    inner = reader.integer("intermediate_size")
    feed = gated(hidden, inner, reader.flag("mlp_bias", default=False))
    scales = Component("scales of the residuals", 0, 2 * hidden)
    return (mixer, replace(feed, vectors=feed.vectors + 2 * inner, used=times), scales)
