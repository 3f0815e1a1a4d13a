"""MiMo-V2-Flash: experts, values narrower than keys, twice the key heads where a layer slides."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import (
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


@family("mimo_v2_flash")
def describe(reader: Reader) -> Architecture:
    """Count MiMo-V2-Flash from the keys of the present class."""
    for name in ("hybrid_layer_pattern", "swa_num_key_value_heads", "moe_layer_freq"):
        reader.refuse(name, "state each layer's kind under layer_types and mlp_layer_types", (1,))
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    spans = windows(reader, layers, _window(reader), _slides)
    mixers = {span: _attention(reader, hidden, span) for span in dict.fromkeys(spans)}
    inner = _inner_kinds(reader, layers)
    feeds: dict[str, tuple[Component, ...]] = {
        "dense": (gated(hidden, reader.integer("intermediate_size")),)
    }
    if "sparse" in inner:
        feeds["sparse"] = _mixture(reader, hidden)
    around = norms(hidden, 2)
    return Architecture(
        family="mimo_v2_flash",
        model_type="mimo_v2_flash",
        layers=stack(
            (mixers[span], *feeds[feed], around) for span, feed in zip(spans, inner, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=("the bias that balances the experts is a buffer and is not counted",),
    )


def _slides(index: int) -> bool:
    return index != 0 and (index + 1) % 6 != 0


def _window(reader: Reader) -> int:
    # The published key leaves the token itself out.
    before = reader.maybe("sliding_window_size")
    return before + 1 if before else reader.integer("sliding_window", default=129)


def _inner_kinds(reader: Reader, layers: int) -> list[str]:
    kinds = reader.per_layer("mlp_layer_types", layers)
    if kinds is None:
        return ["dense" if index == 0 else "sparse" for index in range(layers)]
    unknown = next((kind for kind in kinds if kind not in ("dense", "sparse")), None)
    if unknown is not None:
        reader.fault(f"expected dense or sparse, got {shown(unknown)}", "mlp_layer_types")
        return ["dense"] * layers
    return kinds


def _attention(reader: Reader, hidden: int, span: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads) * (1 if span is None else 2)
    reader.divides(heads, kv_heads, "num_key_value_heads", "sliding layers have too many key heads")
    width = reader.integer("head_dim", default=192)
    value = reader.integer("v_head_dim", default=128)
    names = (
        Projection("q_proj", hidden, heads * width),
        Projection("k_proj", hidden, kv_heads * width),
        Projection("v_proj", hidden, kv_heads * value),
        Projection("o_proj", heads * value, hidden),
    )
    bias = reader.flag("attention_bias", default=False)
    vectors = sum(one.outputs for one in names[:3]) if bias else 0
    vectors += heads if span is not None else 0  # one sink for each head
    matrices = sum(one.inputs * one.outputs for one in names)
    mixing = (Mixing(heads, width, value, limit=span),)
    return Component("attention", matrices, vectors, mixing=mixing, projections=names)


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    reader.refuse("n_shared_experts", "shared experts are not covered in this family")
    count = reader.integer("n_routed_experts", "num_local_experts", default=256)
    used = reader.integer("num_experts_per_tok", default=8)
    expert = gated(hidden, reader.integer("moe_intermediate_size"))
    return (router(hidden, count), experts(expert, count, used, reader, "num_experts_per_tok"))
