"""Dense decoders with gated feed-forward and grouped-query attention, in the manner of Llama.

The members differ in which biases they have, how queries and keys are normed, and what the
configuration class of each takes where a key is absent; one row of `_MEMBERS` states that. Defaults
are those of the published configuration classes. Verified against transformers 5.24 shapes.
"""

from __future__ import annotations

import msgspec

from chapterv.compute.architecture import Architecture, Component, Mixing, stack
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
    extra_heads: int = 0  # vectors as wide as one head, in each layer
    sinks: bool = False  # one number for each head
    inner_norms: bool = False  # norms before both output projections
    square: bool = False  # the heads together are as wide as the stream
    differential: bool = False  # every score weighs values of two heads
    mlp_bias_default: bool = False
    mlp_names: tuple[str, str] | None = None
    fused_qkv: str | None = None  # name of the one matrix for queries, keys and values
    fused_gate: str | None = None  # name of the one matrix for gate and input
    norms: int = 2
    norms_key: str | None = None  # two more norms where it is set, which is its default
    norm_bias: bool = False
    norm_weight: bool = True
    # All, upper layers, every layer but each n-th, or (negative) but the first of each n.
    slides: str | int | None = None
    window_default: int | None = None
    short_head: bool = False  # the head may give fewer tokens than the table takes


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
        kv_heads_default=False,
        head_dim_default=128,
        bias_default=True,
        out_bias="never",
        fused_gate="gate_up_proj",
    ),
    "glm4": _Member(
        kv_heads_default=False,
        head_dim_default=128,
        bias_default=True,
        out_bias="never",
        norms=4,
        fused_gate="gate_up_proj",
    ),
    "phi3": _Member(
        bias_key=None,
        mlp_bias_key=None,
        slides="all",
        fused_qkv="qkv_proj",
        fused_gate="gate_up_proj",
    ),
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
    "apertus1p5_text": _Member(
        feed_forward="xielu", mlp_bias_key=None, qk_norm="width", short_head=True
    ),
    "exaone": _Member(kv_heads_default=False),
    "iquestcoder": _Member(kv_heads_default=False, head_dim_default=128),
    "cwm": _Member(kv_heads_default=False, bias_key=None, slides=-4, window_default=8192),
    "helium": _Member(kv_heads_default=False, head_dim_default=128, out_bias="never", square=True),
    "bitnet": _Member(kv_heads_default=False, mlp_bias_key=None, inner_norms=True),
    "diffllama": _Member(mlp_bias_key=None, extra_heads=4, differential=True),
    "granite_swa": _Member(tied=True, sinks=True, slides=-4, window_default=128),
    "hyperclovax": _Member(norms_key="use_post_norm"),
    "jais2": _Member(
        feed_forward="plain", bias_default=True, mlp_bias_default=True, norm_bias=True
    ),
    "nanochat": _Member(
        feed_forward="plain", mlp_bias_key=None, mlp_names=("fc1", "fc2"), norm_weight=False
    ),
}


@family(*_MEMBERS)
def describe(reader: Reader) -> Architecture:
    """Count a decoder in the manner of Llama."""
    name = reader.values["model_type"]
    member = _MEMBERS[name]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers", "num_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=member.tied)
    spans = _windows(reader, member, layers)
    common = (_feed_forward(reader, member, hidden), _norms(reader, member, hidden))
    by_span = {span: _attention(reader, member, hidden, span) for span in dict.fromkeys(spans)}
    return Architecture(
        family=name,
        model_type=name,
        layers=stack((by_span[span], *common) for span in spans),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden if member.norm_weight else 0, bias=member.norm_bias, name="last norm"),
            *head(_given_out(reader, member, vocabulary, tied), hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _given_out(reader: Reader, member: _Member, vocabulary: int, tied: bool) -> int:
    """Return how many tokens the output head gives."""
    if not member.short_head:
        return vocabulary
    fewer = reader.integer("output_vocab_size", default=vocabulary, most=vocabulary)
    if tied and fewer != vocabulary:
        reader.fault("a tied head of fewer tokens is not covered", "output_vocab_size")
    return fewer


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
    extra += member.extra_heads * width + (heads if member.sinks else 0)
    extra += heads * width if member.inner_norms else 0
    plain = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=out_bias, extra=extra, limit=span, fused=member.fused_qkv,
    )  # fmt: skip
    if member.square and heads * width != hidden:
        reader.fault("the heads together are not as wide as the stream", "head_dim")
    if not member.differential:
        return plain
    reader.divides(kv_heads, 2, "num_key_value_heads", "values are shared by pairs of heads")
    return msgspec.structs.replace(plain, mixing=(Mixing(heads, width, 2 * width, limit=span),))


def _feed_forward(reader: Reader, member: _Member, hidden: int) -> Component:
    inner = reader.integer("intermediate_size")
    bias = member.mlp_bias_default
    if member.mlp_bias_key:
        bias = reader.flag(member.mlp_bias_key, default=bias)
    if member.feed_forward == "gated":
        part = gated(hidden, inner, bias, fused=member.fused_gate)
    elif member.mlp_names:
        part = feed_forward(hidden, inner, bias, member.mlp_names)
    else:
        part = feed_forward(hidden, inner, bias)
    # The xIELU activation has two learned scalars of its own.
    more = 2 if member.feed_forward == "xielu" else 0
    more += inner if member.inner_norms else 0
    return msgspec.structs.replace(part, vectors=part.vectors + more) if more else part


def _norms(reader: Reader, member: _Member, hidden: int) -> Component:
    count = member.norms
    if member.norms_key:
        count += 2 if reader.flag(member.norms_key, default=True) else 0
    return norms(hidden if member.norm_weight else 0, count, member.norm_bias)


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
        first = member.slides < 0
        every = reader.integer("sliding_window_pattern", default=abs(member.slides))
        if first:
            return windows(reader, layers, window, lambda index: index % every != 0)
        return windows(reader, layers, window, lambda index: (index + 1) % every != 0)
    return windows(reader, layers, window)
