"""Llama 4 (text): one expert and a shared one, attention in chunks except in every fourth layer."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, stack
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
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]

_KINDS = ("chunked_attention", "full_attention")


@family("llama4_text")
def describe(reader: Reader) -> Architecture:
    """Count the text part of Llama 4."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    chunks = _chunks(reader, layers)
    mixers = {chunk: _attention(reader, hidden, chunk) for chunk in dict.fromkeys(chunks)}
    sparse = _sparse_layers(reader, layers)
    dense: tuple[Component, ...] = ()
    if len(sparse) < layers:
        dense = (gated(hidden, reader.integer("intermediate_size_mlp", default=16_384)),)
    mixed = _mixture(reader, hidden) if sparse else ()
    around = norms(hidden, 2)
    return Architecture(
        family="llama4_text",
        model_type="llama4_text",
        layers=stack(
            (mixers[chunk], *(mixed if index in sparse else dense), around)
            for index, chunk in enumerate(chunks)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _chunks(reader: Reader, layers: int) -> list[int | None]:
    """Return each layer's chunk in tokens, None for attention to all earlier ones."""
    absent = "attention_chunk_size" not in reader.values
    size = 8192 if absent else reader.maybe("attention_chunk_size")
    kinds = reader.per_layer("layer_types", layers)
    if kinds is not None:
        unknown = next((kind for kind in kinds if kind not in _KINDS), None)
        if unknown is not None:
            reader.fault(f"this family has no layers of the kind {shown(unknown)}", "layer_types")
        return [size if kind == _KINDS[0] else None for kind in kinds]
    flags = reader.value("no_rope_layers")
    turned = reader.per_layer("no_rope_layers", layers) if flags else None
    if turned is None:
        period = reader.integer("no_rope_layer_interval", default=4)
        turned = [(index + 1) % period != 0 for index in range(layers)]
    return [size if one else None for one in turned]


def _attention(reader: Reader, hidden: int, chunk: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.maybe("head_dim") or head_width(reader, hidden, heads)
    bias = reader.flag("attention_bias", default=False)
    plain = attention(hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias)
    return replace(plain, mixing=(Mixing(heads, width, width, block=chunk),))


def _sparse_layers(reader: Reader, layers: int) -> frozenset[int]:
    if reader.value("moe_layers") is not None:
        return reader.members("moe_layers")
    step = reader.integer("interleave_moe_layer_step", default=1)
    return frozenset(range(step - 1, layers, step))


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    count = reader.integer("num_local_experts", "num_experts", default=16)
    used = reader.integer("num_experts_per_tok", default=1)
    expert = gated(hidden, reader.integer("intermediate_size"))
    return (
        router(hidden, count, linear="router"),
        experts(expert, count, used, reader, "num_experts_per_tok"),
        replace(expert, name="shared expert"),
    )
