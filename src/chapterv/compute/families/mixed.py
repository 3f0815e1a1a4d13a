"""Mixtures in some layers and dense feed-forward in others, with ordinary attention.

Qwen2-MoE, Qwen3-MoE, GLM-4.5, dots.llm1 and ERNIE 4.5: the configuration says which layers are
dense, and most have experts that every token passes through.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    experts,
    gated,
    head,
    head_width,
    key_heads,
    norms,
    prediction,
    router,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe_ernie", "describe_first_dense", "describe_qwen"]


@family("qwen2_moe", "qwen3_moe")
def describe_qwen(reader: Reader) -> Architecture:
    """Count Qwen2-MoE or Qwen3-MoE."""
    name = reader.values["model_type"]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    step = reader.integer("decoder_sparse_step", default=1)
    plain = reader.members("mlp_only_layers")
    count = reader.integer("num_experts", "num_local_experts", least=0)
    sparse = _qwen_mixture(reader, name, hidden, count) if count else ()
    dense = (gated(hidden, reader.integer("intermediate_size")),)
    spans = _qwen_windows(reader, layers)
    mixers = {span: _qwen_attention(reader, name, hidden, span) for span in dict.fromkeys(spans)}

    def inner(index: int) -> tuple[Component, ...]:
        is_sparse = count > 0 and index not in plain and (index + 1) % step == 0
        return sparse if is_sparse else dense

    around = norms(hidden, 2)
    body = stack((mixers[span], *inner(index), around) for index, span in enumerate(spans))
    return _assemble(reader, hidden, body, tied_default=False)


def _qwen_attention(reader: Reader, name: str, hidden: int, span: int | None) -> Component:
    heads, kv_heads = _heads(reader)
    width = head_width(reader, hidden, heads, "head_dim")
    if name == "qwen2_moe":
        bias = reader.flag("qkv_bias", default=True)
        return attention(hidden, heads, kv_heads, width, qkv_bias=bias, limit=span)
    bias = reader.flag("attention_bias", default=False)
    return attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, extra=2 * width, limit=span,
    )  # fmt: skip


def _qwen_windows(reader: Reader, layers: int) -> list[int | None]:
    if not reader.flag("use_sliding_window", default=False):
        return [None] * layers
    first = reader.integer("max_window_layers", default=28, least=0)
    return windows(reader, layers, reader.maybe("sliding_window"), lambda index: index >= first)


def _qwen_mixture(reader: Reader, name: str, hidden: int, count: int) -> tuple[Component, ...]:
    expert = gated(hidden, reader.integer("moe_intermediate_size"))
    used = reader.integer("num_experts_per_tok")
    routed = (router(hidden, count), experts(expert, count, used, reader, "num_experts_per_tok"))
    if name == "qwen3_moe":
        return routed
    shared = gated(hidden, reader.integer("shared_expert_intermediate_size"), name="shared expert")
    return (*routed, shared, _shared_gate(hidden))


def _shared_gate(hidden: int) -> Component:
    name = "shared_expert_gate"
    return Component("shared expert gate", hidden, projections=(Projection(name, hidden, 1),))


@family("glm4_moe", "dots1")
def describe_first_dense(reader: Reader) -> Architecture:
    """Count GLM-4.5 or dots.llm1, whose first layers are dense."""
    name = reader.values["model_type"]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    first = reader.integer("first_k_dense_replace", default=1 if name == "glm4_moe" else 0, least=0)
    spans: list[int | None] = [None] * layers
    if name == "dots1":
        window = reader.maybe("sliding_window")
        above = reader.integer("max_window_layers", default=62, least=0)
        spans = windows(reader, layers, window, lambda index: index >= above)
    around = norms(hidden, 2)
    dense = (gated(hidden, reader.integer("intermediate_size")), around)
    sparse = (*_shared_mixture(reader, hidden), around)
    mixers = {span: _glm_attention(reader, name, hidden, span) for span in dict.fromkeys(spans)}
    body = stack(
        (mixers[span], *(dense if index < first else sparse)) for index, span in enumerate(spans)
    )
    full = _glm_attention(reader, name, hidden, None)
    ahead = prediction(reader, hidden, (full, *sparse)) if name == "glm4_moe" else ()
    return _assemble(reader, hidden, body, tied_default=False, ahead=ahead)


def _glm_attention(reader: Reader, name: str, hidden: int, span: int | None) -> Component:
    heads, kv_heads = _heads(reader)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = reader.flag("attention_bias", default=False)
    normed = name == "dots1" or reader.flag("use_qk_norm", default=False)
    return attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias,
        out_bias=bias and name == "dots1",
        extra=2 * width if normed else 0,
        limit=span,
    )  # fmt: skip


def _shared_mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    width = reader.integer("moe_intermediate_size")
    count = reader.integer("n_routed_experts")
    used = reader.integer("num_experts_per_tok")
    shared = reader.integer("n_shared_experts", default=0, least=0)
    routed = experts(gated(hidden, width), count, used, reader, "num_experts_per_tok")
    parts = (router(hidden, count), routed)
    if not shared:
        return parts
    return (*parts, gated(hidden, shared * width, name="shared experts"))


@family("ernie4_5_moe")
def describe_ernie(reader: Reader) -> Architecture:
    """Count ERNIE 4.5 with experts."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    heads, kv_heads = _heads(reader)
    bias = reader.flag("use_bias", default=False)
    width = head_width(reader, hidden, heads, "head_dim")
    first = reader.integer("moe_layer_start_index", default=1, least=0)
    last = reader.integer("moe_layer_end_index", default=-1, least=-1)
    step = reader.integer("moe_layer_interval", default=1)
    last = layers - 1 if last == -1 else last
    mixer = attention(hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias)
    around = norms(hidden, 2)
    dense = (gated(hidden, reader.integer("intermediate_size"), bias),)
    sparse = _ernie_mixture(reader, hidden, bias)

    def inner(index: int) -> tuple[Component, ...]:
        return sparse if (index + 1) % step == 0 and first <= index <= last else dense

    body = stack((mixer, *inner(index), around) for index in range(layers))
    return _assemble(reader, hidden, body, tied_default=True, head_bias=bias)


def _ernie_mixture(reader: Reader, hidden: int, bias: bool) -> tuple[Component, ...]:
    width = reader.integer("moe_intermediate_size")
    count = reader.integer("moe_num_experts")
    used = reader.integer("moe_k", "num_experts_per_tok")
    shared = reader.integer("moe_num_shared_experts", default=0, least=0)
    parts = (
        # The balancing bias is a stored weight here, kept out of training.
        router(hidden, count, vectors=count),
        experts(gated(hidden, width), count, used, reader, "moe_k"),
    )
    if not shared:
        return parts
    return (*parts, gated(hidden, shared * width, bias, name="shared experts"))


def _heads(reader: Reader) -> tuple[int, int]:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    return heads, kv_heads


def _assemble(
    reader: Reader,
    hidden: int,
    body: tuple[Layer, ...],
    *,
    tied_default: bool,
    head_bias: bool = False,
    ahead: tuple[Layer, ...] = (),
) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=tied_default)
    return Architecture(
        family=reader.values["model_type"],
        model_type=reader.values["model_type"],
        layers=body,
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied, head_bias),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        prediction=ahead,
    )
