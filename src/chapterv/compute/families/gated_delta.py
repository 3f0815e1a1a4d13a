"""Gated delta networks with attention in some layers: Qwen3-Next, Qwen3.5, OLMo Hybrid."""

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
    router,
)
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import delta_rule, gated_attention

__all__ = ["describe", "describe_lara", "describe_olmo", "qwen_delta", "qwen_experts"]

_KINDS = ("linear_attention", "full_attention")
_LARA_PATTERN = (
    "linear_attention", "sliding_attention", "linear_attention", "full_attention",
    "sliding_attention",
)  # fmt: skip


@family("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text")
def describe(reader: Reader) -> Architecture:
    """Count Qwen3-Next, or the text part of Qwen3.5."""
    name = str(reader.values.get("model_type"))
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    period = reader.integer("full_attention_interval", default=4)
    if kinds is None:
        kinds = [_KINDS[(index + 1) % period == 0] for index in range(layers)]
    full = _attention(reader, hidden)
    mixers = {_KINDS[0]: qwen_delta(reader, name, hidden), _KINDS[1]: (full,)}
    inner = _inner(reader, name, hidden, layers)
    around = norms(hidden, 2)
    body = stack((*mixers[kind], *inner[index], around) for index, kind in enumerate(kinds))
    ahead = _prediction(reader, hidden, (full, *inner[-1], around)) if layers else ()
    return _assemble(reader, name, hidden, body, ahead)


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.integer("head_dim", default=256)
    bias = reader.flag("attention_bias", default=False)
    if not reader.flag("attn_output_gate", default=True):
        reader.fault("attention without an output gate is not covered", "attn_output_gate")
    return gated_attention(hidden, heads, kv_heads, width, bias=bias, extra=2 * width)


def qwen_delta(reader: Reader, name: str, hidden: int) -> tuple[Component, ...]:
    """Return a gated delta layer as the Qwen families name its sizes and projections."""
    small = name == "lara_mini"
    key_heads_count = reader.integer("linear_num_key_heads", default=8 if small else 16)
    value_heads = reader.integer("linear_num_value_heads", default=16 if small else 32)
    key_width = reader.integer("linear_key_head_dim", default=128)
    value_width = reader.integer("linear_value_head_dim", default=128)
    reader.divides(
        value_heads, key_heads_count, "linear_num_key_heads", "key heads do not share value heads"
    )
    key, value = key_heads_count * key_width, value_heads * value_width
    if name == "qwen3_next":
        cut = {"in_proj_qkvz": 2 * (key + value), "in_proj_ba": 2 * value_heads}
    else:
        cut = {"in_proj_qkv": 2 * key + value, "in_proj_z": value,
               "in_proj_b": value_heads, "in_proj_a": value_heads}  # fmt: skip
    names = (
        *(Projection(one, hidden, width) for one, width in cut.items()),
        Projection("out_proj", value, hidden),
    )
    kernel = reader.integer("linear_conv_kernel_dim", default=4)
    return delta_rule(hidden, key_heads_count, value_heads, key_width, value_width, kernel, names)


def _inner(reader: Reader, name: str, hidden: int, layers: int) -> list[tuple[Component, ...]]:
    """Return each layer's feed-forward, dense or mixed."""
    if name == "qwen3_5_text":
        return [(gated(hidden, reader.integer("intermediate_size")),)] * layers
    default = 512 if name == "qwen3_next" else 256
    count = reader.integer("num_experts", "num_local_experts", default=default, least=0)
    sparse = qwen_experts(reader, hidden, count) if count else ()
    if name == "qwen3_5_moe_text":
        return [sparse] * layers
    step = reader.integer("decoder_sparse_step", default=1)
    plain = reader.members("mlp_only_layers")
    dense = (gated(hidden, reader.integer("intermediate_size", default=5632)),)
    return [
        sparse if count and index not in plain and (index + 1) % step == 0 else dense
        for index in range(layers)
    ]


def qwen_experts(reader: Reader, hidden: int, count: int) -> tuple[Component, ...]:
    """Return routed experts and a shared one, whose output passes a gate of one number."""
    expert = gated(hidden, reader.integer("moe_intermediate_size"))
    used = reader.integer("num_experts_per_tok")
    shared = gated(hidden, reader.integer("shared_expert_intermediate_size"), name="shared expert")
    gate = Component(
        "shared expert gate", hidden, projections=(Projection("shared_expert_gate", hidden, 1),)
    )
    routed = experts(expert, count, used, reader, "num_experts_per_tok")
    return (router(hidden, count), routed, shared, gate)


def _prediction(reader: Reader, hidden: int, layer: tuple[Component, ...]) -> tuple[Layer, ...]:
    """Return the layers that predict further tokens, which have full attention."""
    count = reader.integer("mtp_num_hidden_layers", default=0, least=0, most=100)
    if not count:
        return ()
    if count > 1:
        reader.fault(
            "more than one layer that predicts ahead is not covered", "mtp_num_hidden_layers"
        )
    reader.refuse("mtp_use_dedicated_embeddings", "embeddings of their own are not covered")
    joined = Component("projection of two streams", 2 * hidden * hidden)
    return (Layer(count, (joined, norms(hidden, 3), *layer)),)


@family("lara_mini")
def describe_lara(reader: Reader) -> Architecture:
    """Count Lara mini: some attention layers slide, the shared expert has no gate."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    kinds = layer_kinds(reader, "layer_types", layers, (*_KINDS, "sliding_attention"))
    if kinds is None:
        kinds = [_LARA_PATTERN[index % len(_LARA_PATTERN)] for index in range(layers)]
    window = reader.integer("sliding_window", default=512)
    mixers = {
        _KINDS[0]: qwen_delta(reader, "lara_mini", hidden),
        _KINDS[1]: (_lara_attention(reader, hidden, None),),
        "sliding_attention": (_lara_attention(reader, hidden, window),),
    }
    count = reader.integer("num_experts", "num_local_experts", default=128)
    rest = (*qwen_experts(reader, hidden, count)[:3], norms(hidden, 2))
    body = stack((*mixers[kind], *rest) for kind in kinds)
    return _assemble(reader, "lara_mini", hidden, body, (), tied_default=True)


def _lara_attention(reader: Reader, hidden: int, window: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.integer("head_dim", default=128)
    bias = reader.flag("attention_bias", default=False)
    return attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, extra=2 * width, limit=window,
    )  # fmt: skip


@family("olmo_hybrid")
def describe_olmo(reader: Reader) -> Architecture:
    """Count OLMo Hybrid: norms stand before the recurrent layers and after attention."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    if kinds is None:
        kinds = [_KINDS[index % 4 == 3] for index in range(layers)]
        kinds[-1:] = kinds[-1:] if _KINDS[1] in kinds else [_KINDS[1]]
    rest = (gated(hidden, reader.integer("intermediate_size")), norms(hidden, 2))
    mixers = {_KINDS[0]: _olmo_delta(reader, hidden), _KINDS[1]: (_olmo_attention(reader, hidden),)}
    body = stack((*mixers[kind], *rest) for kind in kinds)
    return _assemble(reader, "olmo_hybrid", hidden, body, ())


def _olmo_attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads, default=heads)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = reader.flag("attention_bias", default=False)
    return attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, extra=(heads + kv_heads) * width,
    )  # fmt: skip


def _olmo_delta(reader: Reader, hidden: int) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads")
    key_count = reader.integer("linear_num_key_heads", default=heads)
    value_heads = reader.integer("linear_num_value_heads", default=heads)
    # Three quarters of the stream's share, rounded down.
    default = max(1, 3 * hidden // (4 * key_count))
    key_width = reader.integer("linear_key_head_dim", default=default)
    value_width = reader.integer("linear_value_head_dim", default=2 * key_width)
    key, value = key_count * key_width, value_heads * value_width
    cut = {"q_proj": key, "k_proj": key, "v_proj": value, "a_proj": value_heads,
           "b_proj": value_heads, "g_proj": value}  # fmt: skip
    names = (
        *(Projection(one, hidden, width) for one, width in cut.items()),
        Projection("o_proj", value, hidden),
    )
    kernel = reader.integer("linear_conv_kernel_dim", default=4)
    return delta_rule(hidden, key_count, value_heads, key_width, value_width, kernel, names)


def _assemble(
    reader: Reader,
    name: str,
    hidden: int,
    body: tuple[Layer, ...],
    ahead: tuple[Layer, ...],
    tied_default: bool = False,
) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=tied_default)
    return Architecture(
        family=name,
        model_type=name,
        layers=body,
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        prediction=ahead,
    )
