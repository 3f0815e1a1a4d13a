"""State-space layers with attention: Bamba, Falcon-H1, Granite 4 and Jamba.

Bamba, Granite and Jamba have one or the other in a layer, Falcon-H1 both beside each other.
"""

from __future__ import annotations

from msgspec.structs import replace

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
from chapterv.compute.families.mamba import step_rank
from chapterv.compute.reading import Reader, shown
from chapterv.compute.recurrence import mamba1, mamba2

__all__ = [
    "describe_bamba",
    "describe_falcon_h1",
    "describe_granite",
    "describe_jamba",
    "layer_kinds",
    "stated_key_heads",
]

_OLD_WORDS = {"mamba": "linear_attention", "attention": "full_attention"}


def layer_kinds(reader: Reader, name: str, layers: int, known: tuple[str, ...]) -> list[str] | None:
    """Return each layer's kind in present words, or None where the list is absent or faulty."""
    found = reader.per_layer(name, layers)
    if found is None:
        return None
    kinds = [_OLD_WORDS.get(kind, kind) if isinstance(kind, str) else "" for kind in found]
    unknown = next((old for old, kind in zip(found, kinds, strict=True) if kind not in known), None)
    if unknown is not None:
        reader.fault(f"this family has no layers of the kind {shown(unknown)}", name)
        return None
    return kinds


def stated_key_heads(reader: Reader, heads: int) -> int:
    """Return the key heads of a family for which null means as many as heads, and absence not."""
    stated = "num_key_value_heads" in reader.values
    return key_heads(reader, heads, default=heads if stated else None)


@family("bamba")
def describe_bamba(reader: Reader) -> Architecture:
    """Count Bamba."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    full = reader.members("attn_layer_indices")
    bias = reader.flag("mlp_bias", default=False)
    rest = (gated(hidden, reader.integer("intermediate_size"), bias), norms(hidden, 2))
    mixers = (_mamba2(reader, hidden, "mamba_proj_bias"), (_attention(reader, hidden),))
    body = stack((*mixers[index in full], *rest) for index in range(layers))
    return _assemble(reader, "bamba", hidden, body)


@family("falcon_h1")
def describe_falcon_h1(reader: Reader) -> Architecture:
    """Count Falcon-H1, whose layers have a state-space block and attention side by side."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    bias = reader.flag("mlp_bias", default=False)
    layer = (
        *_mamba2(reader, hidden, "projectors_bias"),
        _attention(reader, hidden),
        gated(hidden, reader.integer("intermediate_size"), bias),
        norms(hidden, 2),
    )
    return _assemble(reader, "falcon_h1", hidden, (Layer(layers, layer),))


@family("granitemoehybrid")
def describe_granite(reader: Reader) -> Architecture:
    """Count Granite 4: experts beside a shared feed-forward, or the latter alone."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    shared = reader.integer("shared_intermediate_size", default=1024)
    common = (_fused("shared feed-forward", hidden, shared), norms(hidden, 2))
    count = reader.integer("num_local_experts", default=8, least=0)
    rest = (*_granite_experts(reader, hidden, count), *common) if count else common
    known = ("linear_attention", "full_attention")
    kinds = layer_kinds(reader, "layer_types", layers, known) or [known[0]] * layers
    full = (_attention(reader, hidden),)
    recurrent = _mamba2(reader, hidden, "mamba_proj_bias")
    body = stack((*(full if kind == known[1] else recurrent), *rest) for kind in kinds)
    return _assemble(reader, "granitemoehybrid", hidden, body)


def _granite_experts(reader: Reader, hidden: int, count: int) -> tuple[Component, ...]:
    used = reader.integer("num_experts_per_tok", default=2)
    expert = gated(hidden, reader.integer("intermediate_size"))
    return (router(hidden, count), experts(expert, count, used, reader, "num_experts_per_tok"))


def _fused(name: str, hidden: int, inner: int) -> Component:
    names = (
        Projection("input_linear", hidden, 2 * inner),
        Projection("output_linear", inner, hidden),
    )
    return replace(gated(hidden, inner, name=name), projections=names)


@family("jamba")
def describe_jamba(reader: Reader) -> Architecture:
    """Count Jamba: attention in every eighth layer, experts in every second by default."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    period = reader.integer("attn_layer_period", default=8)
    place = reader.integer("attn_layer_offset", default=4, least=0)
    inner = reader.integer("intermediate_size")
    sparse = _jamba_experts(reader, hidden, inner)
    mixed = reader.integer("expert_layer_period", default=2)
    offset = reader.integer("expert_layer_offset", default=1, least=0)
    full, recurrent = (_attention(reader, hidden, biased=False),), _jamba_mamba(reader, hidden)
    dense, around = (gated(hidden, inner),), norms(hidden, 2)
    body = stack(
        (
            *(full if index % period == place else recurrent),
            *(sparse if sparse and index % mixed == offset else dense),
            around,
        )
        for index in range(layers)
    )
    return _assemble(reader, "jamba", hidden, body)


def _jamba_experts(reader: Reader, hidden: int, inner: int) -> tuple[Component, ...]:
    count = reader.integer("num_experts", "num_local_experts", default=16)
    if count == 1:
        return ()
    used = reader.integer("num_experts_per_tok", default=2)
    expert = gated(hidden, inner)
    return (router(hidden, count), experts(expert, count, used, reader, "num_experts_per_tok"))


def _jamba_mamba(reader: Reader, hidden: int) -> tuple[Component, ...]:
    return mamba1(
        hidden,
        reader.integer("mamba_expand", default=2) * hidden,
        reader.integer("mamba_d_state", default=16),
        step_rank(reader, "mamba_dt_rank", hidden),
        reader.integer("mamba_d_conv", default=4),
        bias=reader.flag("mamba_proj_bias", default=False),
        conv_bias=reader.flag("mamba_conv_bias", default=True),
        normed=True,
    )


def _attention(reader: Reader, hidden: int, biased: bool = True) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = stated_key_heads(reader, heads)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = biased and reader.flag("attention_bias", default=False)
    return attention(hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias)


def _mamba2(reader: Reader, hidden: int, out_bias: str) -> tuple[Component, ...]:
    """Return the state-space block of the three families that name its sizes alike."""
    heads = reader.integer("mamba_n_heads", default=128)
    inner = reader.integer("mamba_expand", default=2) * hidden
    normed = True
    if out_bias == "projectors_bias":
        inner = reader.integer("mamba_d_ssm", default=inner)
        normed = reader.flag("mamba_rms_norm", default=False)
    width = reader.value("mamba_d_head")
    if width not in (None, "auto") and reader.integer("mamba_d_head") * heads != inner:
        reader.fault("heads times their width are not the inner width", "mamba_d_head")
    reader.divides(inner, heads, "mamba_n_heads", "the heads do not share the inner width evenly")
    return mamba2(
        hidden,
        inner,
        heads,
        reader.integer("mamba_n_groups", default=1),
        reader.integer("mamba_d_state", default=256),
        reader.integer("mamba_d_conv", default=4),
        bias=reader.flag("mamba_proj_bias", default=False),
        out_bias=reader.flag(out_bias, default=False),
        conv_bias=reader.flag("mamba_conv_bias", default=True),
        normed=normed,
    )


def _assemble(reader: Reader, name: str, hidden: int, body: tuple[Layer, ...]) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
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
    )
