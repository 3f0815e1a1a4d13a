"""Kimi Linear and Bailing (Ling) hybrids: delta attention in most layers, latent attention else."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import embedding, experts, gated, head, norms, router
from chapterv.compute.families import family
from chapterv.compute.families.deepseek import latent_attention
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.reading import Reader, shown
from chapterv.compute.recurrence import channel_delta

__all__ = ["describe", "describe_bailing"]

_KINDS = ("linear_attention", "full_attention")
_INNER = ("dense", "sparse")


@family("kimi_linear")
def describe(reader: Reader) -> Architecture:
    """Count Kimi Linear."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    own = reader.child("linear_attn_config")
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS) or _listed(own, layers)
    width = own.maybe("head_dim") or reader.integer("linear_head_dim", default=128)
    heads = own.maybe("num_heads") or reader.integer("linear_num_heads", default=32)
    kernel = own.maybe("short_conv_kernel_size")
    kernel = kernel or reader.integer("linear_conv_kernel_dim", default=4)
    inner = heads * width
    gates = (
        Projection("f_a_proj", hidden, width),
        Projection("f_b_proj", width, inner),
        Projection("g_a_proj", hidden, width),
        Projection("g_b_proj", width, inner),
    )
    delta = channel_delta(hidden, heads, width, kernel, gates)
    first = reader.integer("first_k_dense_replace", default=1, least=0)
    return _assemble(
        reader, "kimi_linear", hidden, kinds, delta, latent_attention(reader, hidden), first
    )


def _listed(own: Reader, layers: int) -> list[str]:
    """Return each layer's kind from lists that count layers from one, or the usual pattern."""
    full, delta = own.members("full_attn_layers"), own.members("kda_layers")
    if not full and not delta:
        return [_KINDS[index > 0 and index % 4 == 0] for index in range(layers)]
    if full & delta or full | delta != set(range(1, layers + 1)):
        own.fault("the two lists do not name each layer once", "full_attn_layers")
    return [_KINDS[index + 1 in full] for index in range(layers)]


@family("bailing_hybrid")
def describe_bailing(reader: Reader) -> Architecture:
    """Count a Bailing hybrid (Ling, Ring)."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    heads = reader.integer("num_attention_heads")
    width = reader.integer("head_dim", default=128)
    kernel = reader.integer("short_conv_kernel_size", default=4)
    inner = heads * width
    gates = (Projection("f_proj", hidden, inner), Projection("g_proj", hidden, inner))
    delta = channel_delta(hidden, heads, width, kernel, gates)
    latent = latent_attention(reader, hidden)
    # One number for each head gates what latent attention gives out.
    full = replace(
        latent,
        matrices=latent.matrices + hidden * heads,
        projections=(*latent.projections, Projection("g_proj", hidden, heads)),
    )
    period = reader.integer("layer_group_size", default=6)
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    if kinds is None:
        kinds = [_KINDS[(index + 1) % period == 0] for index in range(layers)]
    first = reader.integer("first_k_dense_replace", default=2, least=0)
    return _assemble(reader, "bailing_hybrid", hidden, kinds, delta, full, first)


def _assemble(
    reader: Reader,
    name: str,
    hidden: int,
    kinds: list[str],
    delta: tuple[Component, ...],
    full: Component,
    first: int,
) -> Architecture:
    if reader.integer("moe_layer_freq", default=1) != 1:
        reader.fault("experts in only some of the later layers are not covered", "moe_layer_freq")
    inner = _inner_kinds(reader, len(kinds), first)
    feeds = {
        "dense": (gated(hidden, reader.integer("intermediate_size")),),
        "sparse": _mixture(reader, hidden) if "sparse" in inner else (),
    }
    mixers = {_KINDS[0]: delta, _KINDS[1]: (full,)}
    around = norms(hidden, 2)
    reader.refuse("tie_word_embeddings", "the published program never ties the output head")
    vocabulary = reader.integer("vocab_size")
    return Architecture(
        family=name,
        model_type=name,
        layers=stack(
            (*mixers[kind], *feeds[feed], around) for kind, feed in zip(kinds, inner, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
        context_length=reader.maybe("max_position_embeddings", "model_max_length"),
        notes=("the bias that balances the experts is a buffer and is not counted",),
    )


def _inner_kinds(reader: Reader, layers: int, first: int) -> list[str]:
    kinds = reader.per_layer("mlp_layer_types", layers)
    if kinds is None:
        return [_INNER[index >= first] for index in range(layers)]
    unknown = next((kind for kind in kinds if kind not in _INNER), None)
    if unknown is not None:
        reader.fault(f"expected dense or sparse, got {shown(unknown)}", "mlp_layer_types")
        return [_INNER[0]] * layers
    return kinds


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    width = reader.integer("moe_intermediate_size")
    count = reader.integer("num_local_experts", "num_experts")
    used = reader.integer("num_experts_per_tok", "num_experts_per_token")
    shared = reader.integer("n_shared_experts", "num_shared_experts", default=1)
    return (
        router(hidden, count),
        experts(gated(hidden, width), count, used, reader, "num_experts_per_tok"),
        gated(hidden, shared * width, name="shared experts"),
    )
