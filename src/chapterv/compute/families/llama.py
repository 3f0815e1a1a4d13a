"""Dense decoders with gated feed-forward and grouped-query attention, in the manner of Llama.

The members differ in which biases they have, how queries and keys are normed, and what the
configuration class of each takes where a key is absent; one row of `_MEMBERS` states that. Defaults
are those of the published configuration classes. Verified against transformers 5.24 shapes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chapterv.compute.architecture import Architecture, Component, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    gated,
    head,
    head_width,
    key_heads,
    norms,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from Llama."""

    tied: bool = False
    kv_heads_default: bool = True  # absent means as many as heads; else absence is a fault
    head_dim_default: int | None = None
    bias_key: str | None = "attention_bias"
    bias_default: bool = False
    out_bias: str = "same"  # same as the other projections, "never", or a key of its own
    feed_forward: str = "gated"
    mlp_bias_key: str | None = "mlp_bias"
    qk_norm: str = "none"  # none, "width" (one head wide), "all" (all heads wide)
    norms: int = 2
    norm_bias: bool = False
    norm_weight: bool = True
    slides: str | int | None = None  # all, upper layers, or every layer but each n-th
    window_default: int | None = None


_MEMBERS: dict[str, _Member] = {
    "llama": _Member(),
    "mistral": _Member(
        kv_heads_default=False,
        bias_key=None,
        mlp_bias_key=None,
        slides="all",
        window_default=4096,
    ),
    "ministral": _Member(
        kv_heads_default=False,
        bias_key=None,
        mlp_bias_key=None,
        slides="all",
        window_default=4096,
    ),
    "qwen2": _Member(
        kv_heads_default=False, bias_key=None, bias_default=True, out_bias="never", slides="upper"
    ),
    "qwen3": _Member(
        kv_heads_default=False,
        head_dim_default=128,
        mlp_bias_key=None,
        qk_norm="width",
        slides="upper",
    ),
    "granite": _Member(),
    "smollm3": _Member(tied=True, kv_heads_default=False, slides="upper"),
    "seed_oss": _Member(
        kv_heads_default=False,
        head_dim_default=128,
        bias_default=True,
        out_bias="attention_out_bias",
    ),
    "arcee": _Member(feed_forward="plain"),
    "olmo": _Member(norm_weight=False, mlp_bias_key=None),
    "olmo2": _Member(qk_norm="all", mlp_bias_key=None),
    "olmo3": _Member(qk_norm="all", mlp_bias_key=None, slides=4, window_default=4096),
    "nemotron": _Member(feed_forward="plain", norm_bias=True),
    "glm": _Member(
        kv_heads_default=False, head_dim_default=128, bias_default=True, out_bias="never"
    ),
    "glm4": _Member(
        kv_heads_default=False,
        head_dim_default=128,
        bias_default=True,
        out_bias="never",
        norms=4,
    ),
    "phi3": _Member(bias_key=None, mlp_bias_key=None, slides="all"),
    "exaone4": _Member(
        kv_heads_default=False,
        bias_key=None,
        mlp_bias_key=None,
        qk_norm="width",
        slides=4,
        window_default=4096,
    ),
    "ernie4_5": _Member(
        tied=True,
        kv_heads_default=False,
        head_dim_default=128,
        bias_key="use_bias",
        mlp_bias_key="use_bias",
    ),
    "hunyuan_v1_dense": _Member(mlp_bias_key=None, qk_norm="width"),
    "internlm3": _Member(
        kv_heads_default=False,
        head_dim_default=128,
        bias_key="qkv_bias",
        out_bias="bias",
        mlp_bias_key="bias",
    ),
    "ministral3": _Member(
        kv_heads_default=False,
        head_dim_default=128,
        bias_key=None,
        mlp_bias_key=None,
        slides="all",
    ),
    "apertus": _Member(feed_forward="xielu", mlp_bias_key=None, qk_norm="width"),
}


@family(*_MEMBERS)
def describe(reader: Reader) -> Architecture:
    """Count a decoder in the manner of Llama."""
    name = reader.values["model_type"]
    member = _MEMBERS[name]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=member.tied)
    spans = _windows(reader, member, layers)
    common = (_feed_forward(reader, member, hidden), _norms(member, hidden))
    by_span = {span: _attention(reader, member, hidden, span) for span in dict.fromkeys(spans)}
    return Architecture(
        family=name,
        model_type=name,
        layers=stack((by_span[span], *common) for span in spans),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden if member.norm_weight else 0, bias=member.norm_bias, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _attention(reader: Reader, member: _Member, hidden: int, span: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads, default=heads if member.kv_heads_default else None)
    stated = reader.maybe("head_dim") or member.head_dim_default
    width = stated or head_width(reader, hidden, heads)
    bias = member.bias_default
    if member.bias_key:
        bias = reader.flag(member.bias_key, default=bias)
    out_bias = bias if member.out_bias == "same" else False
    if member.out_bias not in ("same", "never"):
        out_bias = reader.flag(member.out_bias, default=False)
    extra = {"none": 0, "width": 2 * width, "all": (heads + kv_heads) * width}[member.qk_norm]
    return attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=out_bias, extra=extra, limit=span,
    )  # fmt: skip


def _feed_forward(reader: Reader, member: _Member, hidden: int) -> Component:
    inner = reader.integer("intermediate_size")
    bias = reader.flag(member.mlp_bias_key, default=False) if member.mlp_bias_key else False
    build: Callable[[int, int, bool], Component] = gated
    if member.feed_forward != "gated":
        build = feed_forward
    part = build(hidden, inner, bias)
    if member.feed_forward == "xielu":
        # The xIELU activation has two learned scalars of its own.
        return msgspec.structs.replace(part, vectors=part.vectors + 2)
    return part


def _norms(member: _Member, hidden: int) -> Component:
    return norms(hidden if member.norm_weight else 0, member.norms, member.norm_bias)


def _windows(reader: Reader, member: _Member, layers: int) -> list[int | None]:
    if member.slides is None and reader.value("layer_types") is None:
        return [None] * layers
    absent = "sliding_window" not in reader.values
    window = member.window_default if absent else reader.maybe("sliding_window")
    if member.slides == "upper":
        if not reader.flag("use_sliding_window", default=False):
            return [None] * layers
        first = reader.integer("max_window_layers", default=28, least=0)
        return windows(reader, layers, window, lambda index: index >= first)
    if isinstance(member.slides, int):
        every = reader.integer("sliding_window_pattern", default=member.slides)
        return windows(reader, layers, window, lambda index: (index + 1) % every != 0)
    return windows(reader, layers, window)
