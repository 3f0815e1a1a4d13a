"""Mixtures of experts in every layer: Mixtral, OLMoE, Granite MoE, Phi-3.5-MoE, MiniMax-M2.

All experts of a layer are stored, a token passes through the few that the router picks.
"""

from __future__ import annotations

import msgspec

from chapterv.compute.architecture import Architecture, Component, Layer
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
from chapterv.compute.reading import Reader

__all__ = ["describe"]


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from Mixtral."""

    kv_heads_default: bool = False  # absent means as many as heads
    bias_key: str | None = None
    qk_norm: str = "none"  # none, or all heads wide
    norm_bias: bool = False
    head_bias_key: str | None = None
    slides: bool = False


_MEMBERS = {
    "mixtral": _Member(slides=True),
    "olmoe": _Member(kv_heads_default=True, bias_key="attention_bias", qk_norm="all"),
    "flex_olmo": _Member(kv_heads_default=True, bias_key="attention_bias", qk_norm="all"),
    "granitemoe": _Member(kv_heads_default=True, bias_key="attention_bias"),
    "granitemoeshared": _Member(kv_heads_default=True, bias_key="attention_bias"),
    "phimoe": _Member(
        bias_key="attention_bias", norm_bias=True, head_bias_key="lm_head_bias", slides=True
    ),
    "minimax_m2": _Member(qk_norm="all"),
}


@family(*_MEMBERS)
def describe(reader: Reader) -> Architecture:
    """Count a mixture with experts in every layer."""
    name = reader.values["model_type"]
    member = _MEMBERS[name]
    hidden = reader.integer("hidden_size")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    head_bias = bool(member.head_bias_key) and reader.flag(str(member.head_bias_key), default=False)
    layer = (
        _attention(reader, member, hidden),
        *_mixture(reader, name, hidden),
        norms(hidden, 2, member.norm_bias),
    )
    predicts = name == "minimax_m2" and _predicts(reader)
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=member.norm_bias, name="last norm"),
            *head(vocabulary, hidden, tied, bias=head_bias),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        prediction=None if predicts else (),
        notes=_notes(name, predicts),
    )


def _attention(reader: Reader, member: _Member, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads, default=heads if member.kv_heads_default else None)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = bool(member.bias_key) and reader.flag(str(member.bias_key), default=False)
    normed = member.qk_norm == "all" and reader.flag("use_qk_norm", default=True)
    return attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias,
        out_bias=bias,
        extra=(heads + kv_heads) * width if normed else 0,
        limit=reader.maybe("sliding_window") if member.slides else None,
    )  # fmt: skip


def _mixture(reader: Reader, name: str, hidden: int) -> tuple[Component, ...]:
    count = reader.integer("num_local_experts", "num_experts")
    used = reader.integer("num_experts_per_tok")
    expert = gated(hidden, reader.integer("intermediate_size"))
    # MiniMax stores the bias that balances its experts as a weight; others keep it as a buffer.
    biased = name == "minimax_m2" and reader.flag("use_routing_bias", default=True)
    parts = [
        router(hidden, count, count if biased else 0, "router" if name == "phimoe" else None),
        experts(expert, count, used, reader, "num_experts_per_tok"),
    ]
    if name == "granitemoeshared":
        shared = reader.integer("shared_intermediate_size", default=0, least=0)
        if shared:
            parts.append(
                gated(
                    hidden, shared, name="shared expert", fused="input_linear", down="output_linear"
                )
            )
    if name == "minimax_m2":
        reader.refuse("shared_intermediate_size", "shared experts are not covered in this family")
    return tuple(parts)


def _predicts(reader: Reader) -> bool:
    modules = reader.integer("num_mtp_modules", default=0, least=0)
    return reader.flag("use_mtp", default=modules > 0)


def _notes(name: str, predicts: bool) -> tuple[str, ...]:
    notes = []
    if name == "minimax_m2":
        notes.append("the bias that balances the experts is stored as a weight and is counted")
    if predicts:
        notes.append(
            "the configuration names layers that predict further tokens; their shapes are not in "
            "it, so they are not counted"
        )
    return tuple(notes)
