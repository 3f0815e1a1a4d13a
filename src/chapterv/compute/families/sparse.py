"""Later mixtures of experts with grouped-query attention, one row of a table each.

They differ in how the file names sizes, which layers are dense, whether experts that every token
passes through stand beside the others, and in what attention has besides: norms of queries and
keys, a gate of its output, sinks, windows. Defaults are those of the published configuration
classes. Where the bias that balances the experts is stored as a weight it is counted.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chapterv.compute.architecture import Architecture, Component, Projection, stack
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
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]

# Whether a layer slides, by its number and the number of layers.
_Slides = Callable[[int, int], bool]


def _but_each(period: int) -> _Slides:
    """Every layer slides but each `period`-th."""
    return lambda index, layers: (index + 1) % period != 0


class _Member(msgspec.Struct, frozen=True):
    """What one family has, and how its files say so."""

    count: tuple[str, ...] = ("num_experts", "num_local_experts")
    used: tuple[str, ...] = ("num_experts_per_tok",)
    width: str = "moe_intermediate_size"
    shared: tuple[str, ...] = ()  # keys of how many there are, each as wide as an expert
    shared_default: int = 0
    shared_width: str | None = None  # or the key of one width for all of them
    fused_shared: bool = False
    router: str | None = None  # name of the router where it is a linear layer
    stored_bias: bool = False
    mlp_types: bool = False  # `mlp_layer_types` says which layers are dense
    first: int = 0  # layers that are dense where no key says so
    first_key: str | None = None
    head_dim: int | None = None  # width of a head where no key says so; else the stream's share
    kv_default: bool = False  # an absent number of key heads means as many as heads
    bias_key: str | None = "attention_bias"
    out_bias: bool = True  # the output projection has a bias too
    mlp_bias_key: str | None = None
    qk_norm: str = "none"  # none, width, or a key that switches it on
    gate: str = "none"  # none, inner (each channel), heads (one number a head)
    sinks: bool = False
    slides: _Slides | None = None
    window: int | None = None
    period_key: str | None = None
    norms: int = 2
    tied: bool = False


_MEMBERS: dict[str, _Member] = {
    "afmoe": _Member(
        count=("num_experts",), shared=("num_shared_experts",), shared_default=2, stored_bias=True,
        router="gate", first=1, first_key="num_dense_layers", head_dim=128,
        kv_default=True, qk_norm="width", gate="inner", slides=_but_each(4), window=1024,
        period_key="global_attn_every_n_layers", norms=4,
    ),
    "exaone_moe": _Member(
        shared=("num_shared_experts",), shared_default=1, mlp_types=True, first=1,
        first_key="first_k_dense_replace", bias_key=None, qk_norm="width", slides=_but_each(4),
        window=4096, period_key="sliding_window_pattern",
    ),
    "hy_v3": _Member(
        shared=("num_shared_experts",), shared_default=1, mlp_types=True, first=1, head_dim=128,
        mlp_bias_key="mlp_bias", qk_norm="width",
    ),
    "laguna": _Member(
        shared_width="shared_expert_intermediate_size", stored_bias=True, mlp_types=True, first=1,
        head_dim=128, qk_norm="width", gate="heads", slides=lambda index, layers: False, window=512,
    ),
    "mellum": _Member(
        mlp_types=True, head_dim=128, qk_norm="width",
        slides=lambda index, layers: False, window=1024,
    ),
    "flint": _Member(
        shared_width="shared_expert_intermediate_size", head_dim=128, qk_norm="width", sinks=True,
        slides=lambda index, layers: not (index < 2 or index % 4 == 1 or index == layers - 1),
        window=513,
    ),
    "kolibri1": _Member(
        shared_width="shared_expert_intermediate_size", head_dim=128, bias_key=None,
        qk_norm="width", slides=_but_each(5), window=513, norms=4,
    ),
    "solar_open": _Member(
        count=("n_routed_experts", "num_local_experts"), shared=("n_shared_experts",),
        shared_default=1, head_dim=128, out_bias=False,
    ),
    "sarvam_moe": _Member(
        count=("n_routed_experts", "num_experts", "num_local_experts"),
        shared=("n_shared_experts", "num_shared_experts"), shared_default=1, first=1,
        first_key="first_k_dense_replace", head_dim=64, out_bias=False, qk_norm="use_qk_norm",
    ),
    "aria_text": _Member(
        count=("moe_num_experts",), used=("moe_topk",), width="intermediate_size",
        shared=("moe_num_shared_experts",), shared_default=2, mlp_bias_key="mlp_bias",
        kv_default=True,
    ),
    "granitemoe_swa": _Member(
        width="intermediate_size", shared_width="shared_intermediate_size", kv_default=True,
        fused_shared=True, sinks=True, slides=lambda index, layers: index % 4 != 0, window=128,
    ),
    "hunyuan_v1_moe": _Member(
        used=("moe_topk", "num_experts_per_tok"), width="intermediate_size",
        shared_width="intermediate_size", router="wg", kv_default=True, qk_norm="width",
    ),
    "cohere2_moe": _Member(
        count=("num_experts",), width="intermediate_size", shared=("num_shared_experts",),
        mlp_types=True, first_key="first_k_dense_replace", head_dim=128, kv_default=True,
        slides=_but_each(4), window=4096, norms=1, tied=True,
    ),
}  # fmt: skip


@family(*_MEMBERS)
def describe(reader: Reader) -> Architecture:
    """Count a mixture of experts from its row of the table."""
    name = str(reader.values.get("model_type"))
    member = _MEMBERS[name]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    mixers = _mixers(reader, name, member, hidden, layers)
    feeds = _feeds(reader, name, member, hidden, layers)
    around = norms(hidden, member.norms)
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=member.tied)
    return Architecture(
        family=name,
        model_type=name,
        layers=stack((mixer, *feed, around) for mixer, feed in zip(mixers, feeds, strict=True)),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=_notes(member),
    )


def _notes(member: _Member) -> tuple[str, ...]:
    if member.stored_bias:
        return ("the bias that balances the experts is stored as a weight and is counted",)
    return ()


def _mixers(
    reader: Reader, name: str, member: _Member, hidden: int, layers: int
) -> list[Component]:
    spans = _spans(reader, name, member, layers)
    heads = [reader.integer("num_attention_heads")] * layers
    if name == "laguna":
        listed = reader.per_layer("num_attention_heads_per_layer", layers)
        if listed is not None and all(type(one) is int and one > 0 for one in listed):
            heads = listed
        elif listed is not None:
            reader.expected("a list of whole numbers", "num_attention_heads_per_layer", listed)
    built: dict[tuple[int | None, int], Component] = {}
    for key in zip(spans, heads, strict=True):
        if key not in built:
            built[key] = _attention(reader, member, hidden, key[1], key[0])
    return [built[key] for key in zip(spans, heads, strict=True)]


def _spans(reader: Reader, name: str, member: _Member, layers: int) -> list[int | None]:
    if member.slides is None:
        return [None] * layers
    absent = "sliding_window" not in reader.values
    window = member.window if absent else reader.maybe("sliding_window")
    slides = member.slides
    if member.period_key is not None:
        slides = _but_each(reader.integer(member.period_key, default=4))
    if name == "exaone_moe" and window is None:
        return [None] * layers
    if name == "cohere2_moe":
        slides = _after_prefix(reader)
    return windows(reader, layers, window, lambda index: slides(index, layers))


def _after_prefix(reader: Reader) -> _Slides:
    """Return the pattern that starts anew after the first, dense layers."""
    first = reader.integer("first_k_dense_replace", default=0, least=0)
    before = reader.integer("prefix_dense_sliding_window_pattern", default=1)
    after = reader.integer("sliding_window_pattern", default=4)

    def slides(index: int, layers: int) -> bool:
        return (index + 1) % before != 0 if index < first else (index - first + 1) % after != 0

    return slides


def _attention(
    reader: Reader, member: _Member, hidden: int, heads: int, span: int | None
) -> Component:
    kv_heads = key_heads(reader, heads, default=heads if member.kv_default else None)
    width = reader.maybe("head_dim") or member.head_dim or head_width(reader, hidden, heads)
    bias = bool(member.bias_key) and reader.flag(
        str(member.bias_key), *(("use_qkv_bias",) if not member.out_bias else ()), default=False
    )
    normed = member.qk_norm == "width"
    if member.qk_norm not in ("none", "width"):
        normed = reader.flag(member.qk_norm, default=True)
    extra = (2 * width if normed else 0) + (heads if member.sinks else 0)
    plain = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias and member.out_bias, extra=extra, limit=span,
    )  # fmt: skip
    return _gated(reader, member, plain, hidden, heads, width)


def _gated(
    reader: Reader, member: _Member, plain: Component, hidden: int, heads: int, width: int
) -> Component:
    """Return attention with the gate of its output, if it has one."""
    if member.gate == "none":
        return plain
    name, outputs = "gate_proj", heads * width
    if member.gate == "heads":
        name = "g_proj"
        kind = reader.value("gating")
        if kind not in (None, True, False, "per-head", "per-element"):
            reader.expected("per-head or per-element", "gating", kind)
        outputs = heads if kind in (None, True, "per-head") else heads * width
    return msgspec.structs.replace(
        plain,
        matrices=plain.matrices + hidden * outputs,
        projections=(*plain.projections, Projection(name, hidden, outputs)),
    )


def _feeds(
    reader: Reader, name: str, member: _Member, hidden: int, layers: int
) -> list[tuple[Component, ...]]:
    """Return each layer's feed-forward, dense or mixed."""
    dense = _dense_layers(reader, name, member, layers)
    bias = bool(member.mlp_bias_key) and reader.flag(str(member.mlp_bias_key), default=False)
    plain: tuple[Component, ...] = ()
    if any(dense):
        wide = "intermediate_size"
        if name == "cohere2_moe" and reader.maybe("prefix_dense_intermediate_size"):
            wide = "prefix_dense_intermediate_size"
        plain = (gated(hidden, reader.integer(wide), bias),)
    mixed = () if all(dense) else _mixture(reader, member, hidden, bias)
    return [plain if is_dense else mixed for is_dense in dense]


def _dense_layers(reader: Reader, name: str, member: _Member, layers: int) -> list[bool]:
    kinds = reader.per_layer("mlp_layer_types", layers) if member.mlp_types else None
    first = member.first
    if member.first_key:
        first = reader.integer(member.first_key, default=first, least=0)
    if kinds is not None:
        unknown = next((kind for kind in kinds if kind not in ("dense", "sparse")), None)
        if unknown is not None:
            reader.fault(f"expected dense or sparse, got {shown(unknown)}", "mlp_layer_types")
        return [kind == "dense" for kind in kinds]
    if name == "flint":
        listed = reader.value("mlp_only_layers") is not None
        plain = reader.members("mlp_only_layers") if listed else frozenset((0, 1))
        step = reader.integer("decoder_sparse_step", default=1)
        return [index in plain or (index + 1) % step != 0 for index in range(layers)]
    return [index < first for index in range(layers)]


def _mixture(reader: Reader, member: _Member, hidden: int, bias: bool) -> tuple[Component, ...]:
    count = reader.integer(*member.count)
    used = reader.integer(*member.used)
    width = reader.integer(member.width)
    parts = (
        router(hidden, count, count if member.stored_bias else 0, member.router),
        experts(gated(hidden, width), count, used, reader, member.used[0]),
    )
    wide = 0
    if member.shared:
        wide = width * reader.integer(*member.shared, default=member.shared_default, least=0)
    elif member.shared_width:
        wide = reader.integer(member.shared_width, default=0, least=0)
    if not wide:
        return parts
    if member.fused_shared:
        shared = gated(
            hidden, wide, bias, "shared experts", fused="input_linear", down="output_linear"
        )
    else:
        shared = gated(hidden, wide, bias, "shared experts")
    return (*parts, shared)
