"""Latent attention: DeepSeek-V2, V3, V3.2, Kimi-K2, GLM-4.7-Flash, GLM-5, MiniCPM3 and others.

Queries and keys come through narrow latents; a head's keys are wider than its values, since each
key has a part for position. V3.2 and GLM-5 add an indexer that picks which tokens are attended. The
bias that balances the experts is a buffer and left out; layers that predict further tokens are
counted apart.
"""

from __future__ import annotations

import msgspec

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import (
    embedding,
    experts,
    gated,
    head,
    norms,
    prediction,
    router,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe", "indexer", "latent_attention", "shared_mixture", "with_indexer"]


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from DeepSeek-V3."""

    first_dense: int = 3
    indexed: bool = False
    dense_only: bool = False
    tied: bool = False
    shared_bias: bool = False
    mlp_types: bool = False
    sparse_norms: int = 2  # norms of a layer with experts


_MEMBERS = {
    "deepseek_v2": _Member(first_dense=0, shared_bias=True),
    "deepseek_v3": _Member(),
    "deepseek_v32": _Member(indexed=True, mlp_types=True),
    "kimi_k2": _Member(),
    "glm4_moe_lite": _Member(first_dense=1, mlp_types=True),
    "glm_moe_dsa": _Member(indexed=True, mlp_types=True),
    "minicpm3": _Member(dense_only=True, tied=True),
    "youtu": _Member(dense_only=True, tied=True),
    "axk1": _Member(first_dense=1, mlp_types=True, sparse_norms=3),
    "sarvam_mla": _Member(first_dense=1),
    "mistral4": _Member(first_dense=0),
}


@family(*_MEMBERS)
def describe(reader: Reader) -> Architecture:
    """Count a decoder with latent attention."""
    name = reader.values["model_type"]
    member = _MEMBERS[name]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=member.tied)
    mixers = _mixers(reader, name, member, hidden, layers)
    bias = reader.flag("mlp_bias", default=False) if member.shared_bias else False
    around = norms(hidden, 2)
    dense = (gated(hidden, reader.integer("intermediate_size"), bias), around)
    within = norms(hidden, member.sparse_norms)
    sparse = () if member.dense_only else (*shared_mixture(reader, hidden, bias), within)
    kinds = _dense_layers(reader, member, layers)
    return Architecture(
        family=name,
        model_type=name,
        layers=stack(
            (mixer, *(dense if is_dense else sparse))
            for mixer, is_dense in zip(mixers, kinds, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        prediction=prediction(reader, hidden, (mixers[-1], *sparse)) if sparse else (),
        notes=_notes(member),
    )


def latent_attention(reader: Reader, hidden: int, limit: int | None = None) -> Component:
    """Return attention whose keys and values come through one narrow latent.

    Args:
        reader: the configuration.
        hidden: width of the stream.
        limit: most tokens that one token attends to, None for all.

    Source: DeepSeek-AI 2024 (DeepSeek-V2), section 2.1.
    """
    heads = reader.integer("num_attention_heads")
    latent = reader.integer("kv_lora_rank")
    rope = reader.integer("qk_rope_head_dim")
    nope = reader.integer("qk_nope_head_dim")
    value = reader.integer("v_head_dim")
    narrow = reader.maybe("q_lora_rank")
    bias = reader.flag("attention_bias", default=False)
    queries = heads * (nope + rope)
    down = latent + rope
    vectors = latent + (down + hidden if bias else 0)
    names = [Projection("q_proj", hidden, queries)]
    if narrow is not None:
        names = [Projection("q_a_proj", hidden, narrow), Projection("q_b_proj", narrow, queries)]
        vectors += narrow + (narrow if bias else 0)
    names += [
        Projection("kv_a_proj_with_mqa", hidden, down),
        Projection("kv_b_proj", latent, heads * (nope + value)),
        Projection("o_proj", heads * value, hidden),
    ]
    matrices = sum(one.inputs * one.outputs for one in names)
    mixing = (Mixing(heads, nope + rope, value, limit=limit),)
    return Component("latent attention", matrices, vectors, mixing=mixing, projections=tuple(names))


def indexer(reader: Reader, hidden: int) -> Component:
    """Return the indexer: it scores every earlier token, and its values are not mixed."""
    heads = reader.integer("index_n_heads")
    width = reader.integer("index_head_dim")
    narrow = reader.integer("q_lora_rank")
    names = (
        Projection("wq_b", narrow, heads * width),
        Projection("wk", hidden, width),
        Projection("weights_proj", hidden, heads),
    )
    matrices = sum(one.inputs * one.outputs for one in names)
    mixing = (Mixing(heads, width, 0),)
    return Component("indexer", matrices, 2 * width, mixing=mixing, projections=names)


def with_indexer(plain: Component, index: Component) -> Component:
    """Return attention and its indexer as one component."""
    return msgspec.structs.replace(
        plain,
        name="indexed latent attention",
        matrices=plain.matrices + index.matrices,
        vectors=plain.vectors + index.vectors,
        mixing=plain.mixing + index.mixing,
        projections=plain.projections + index.projections,
    )


def _mixers(
    reader: Reader, name: str, member: _Member, hidden: int, layers: int
) -> list[Component]:
    """Return each layer's attention, the indexer joined to it where the layer has one."""
    if not member.indexed:
        return [latent_attention(reader, hidden)] * layers
    plain = latent_attention(reader, hidden, reader.integer("index_topk"))
    both = with_indexer(plain, indexer(reader, hidden))
    if name != "glm_moe_dsa":
        return [both] * layers
    for key in ("index_topk_pattern", "index_topk_freq"):
        if key in reader.values and reader.values[key] != 1:
            reader.refuse(key, "state each layer's kind under /indexer_types instead")
    kinds = reader.per_layer("indexer_types", layers) or ["full"] * layers
    if any(kind not in ("full", "shared") for kind in kinds):
        reader.fault("expected full or shared for each layer", "indexer_types")
    # A layer marked shared takes over the choice of an earlier one and has no indexer.
    return [plain if kind == "shared" else both for kind in kinds]


def _dense_layers(reader: Reader, member: _Member, layers: int) -> list[bool]:
    if member.dense_only:
        return [True] * layers
    kinds = reader.per_layer("mlp_layer_types", layers) if member.mlp_types else None
    if kinds is not None:
        if any(kind not in ("dense", "sparse") for kind in kinds):
            reader.fault("expected dense or sparse for each layer", "mlp_layer_types")
        return [kind == "dense" for kind in kinds]
    first = reader.integer("first_k_dense_replace", default=member.first_dense, least=0)
    step = reader.integer("moe_layer_freq", default=1)
    return [index < first or index % step != 0 for index in range(layers)]


def shared_mixture(reader: Reader, hidden: int, bias: bool = False) -> tuple[Component, ...]:
    """Return routed experts, and those that every token passes through as one feed-forward."""
    width = reader.integer("moe_intermediate_size")
    count = reader.integer("n_routed_experts", "num_experts")
    used = reader.integer("num_experts_per_tok")
    shared = reader.integer("n_shared_experts", "num_shared_experts", default=0, least=0)
    parts = (
        router(hidden, count),
        experts(gated(hidden, width), count, used, reader, "num_experts_per_tok"),
    )
    if not shared:
        return parts
    return (*parts, gated(hidden, shared * width, bias, name="shared experts"))


def _notes(member: _Member) -> tuple[str, ...]:
    notes = []
    if not member.dense_only:
        notes.append("the bias that balances the experts is a buffer and is not counted")
    if member.indexed:
        notes.append(
            "causal operations assume the sparse stage of training: every earlier token is scored "
            "by the indexer, and only the chosen ones are attended"
        )
    return tuple(notes)
