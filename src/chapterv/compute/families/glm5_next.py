"""GLM-5.3: delta attention in most layers, latent attention with an indexer of pooled keys else.

Several streams pass between the layers. Latent attention has no part for positions. Causal
operations assume the sparse stage of training: pooled keys are scored, and only the chosen tokens
are attended.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import embedding, gated, head, norms
from chapterv.compute.families import family
from chapterv.compute.families.deepseek import shared_mixture, with_indexer
from chapterv.compute.families.deepseek_v4 import hyper_connections
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.nested import compose, sizes, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import channel_delta
from chapterv.compute.towers import describe_tower

__all__ = ["describe", "describe_text"]

_KINDS = ("linear_attention", "indexed_attention", "full_attention")
_NOTES = (
    "the bias that balances the experts is a buffer and is not counted",
    "causal operations assume the sparse stage of training: pooled keys are scored by the indexer, "
    "and only the chosen tokens are attended",
)
_TEXT = sizes(
    154880, 4096, 12288, 45, 64, None, moe_intermediate_size=2048, n_routed_experts=288,
    n_shared_experts=1, num_experts_per_tok=8, kv_lora_rank=512, q_lora_rank=1536,
    qk_nope_head_dim=256, v_head_dim=256,
)  # fmt: skip


@family("glm5_next_text")
def describe_text(reader: Reader) -> Architecture:
    """Count the text part of GLM-5.3."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    streams = reader.integer("hc_mult", default=4, most=64)
    around = (norms(hidden, 2), *hyper_connections(hidden, streams))
    feeds = _feeds(reader, hidden, layers)
    mixers = _mixers(reader, hidden, layers)
    return Architecture(
        family="glm5_next",
        model_type="glm5_next_text",
        layers=stack((*mixer, *feed, *around) for mixer, feed in zip(mixers, feeds, strict=True)),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=_NOTES,
    )


def _feeds(reader: Reader, hidden: int, layers: int) -> list[tuple[Component, ...]]:
    kinds = layer_kinds(reader, "mlp_layer_types", layers, ("dense", "sparse"))
    kinds = kinds or ["dense" if index < 3 else "sparse" for index in range(layers)]
    dense = (gated(hidden, reader.integer("intermediate_size")),)
    sparse = shared_mixture(reader, hidden) if "sparse" in kinds else ()
    return [sparse if kind == "sparse" else dense for kind in kinds]


def _mixers(reader: Reader, hidden: int, layers: int) -> list[tuple[Component, ...]]:
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    kinds = kinds or [_KINDS[index % 4 == 3] for index in range(layers)]
    for name in ("index_topk_pattern", "index_topk_freq"):
        reader.refuse(name, "state each layer's kind under /indexer_types instead", (1,))
    full = ["full"] * layers
    indexed = layer_kinds(reader, "indexer_types", layers, ("full", "shared")) or full
    delta = _delta(reader, hidden)
    plain = _latent(reader, hidden)
    both = with_indexer(plain, _indexer(reader, hidden))
    return [
        delta if kind == _KINDS[0] else (plain if mode == "shared" else both,)
        for kind, mode in zip(kinds, indexed, strict=True)
    ]


def _delta(reader: Reader, hidden: int) -> tuple[Component, ...]:
    own = reader.child("linear_attn_config")
    width = own.maybe("head_dim") or reader.integer("linear_head_dim", default=128)
    heads = own.maybe("num_heads") or reader.integer("linear_num_heads", default=64)
    kernel = own.maybe("short_conv_kernel_size")
    kernel = kernel or reader.integer("linear_conv_kernel_dim", default=4)
    inner = heads * width
    gates = (
        Projection("f_a_proj", hidden, width),
        Projection("f_b_proj", width, inner),
        Projection("g_a_proj", hidden, width),
        Projection("g_b_proj", width, inner),
    )
    return channel_delta(hidden, heads, width, kernel, gates)


def _latent(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    if reader.maybe("num_key_value_heads") not in (None, heads):
        reader.fault("this family has as many key heads as heads", "num_key_value_heads")
    if reader.integer("qk_rope_head_dim", default=0, least=0):
        reader.fault("the class has no part for positions", "qk_rope_head_dim")
    narrow, latent = reader.integer("q_lora_rank"), reader.integer("kv_lora_rank")
    width, value = reader.integer("qk_nope_head_dim"), reader.integer("v_head_dim")
    names = (
        Projection("q_a_proj", hidden, narrow),
        Projection("q_b_proj", narrow, heads * width),
        Projection("kv_a_proj_with_mqa", hidden, latent),
        Projection("kv_b_proj", latent, heads * (width + value)),
        Projection("o_proj", heads * value, hidden),
    )
    vectors = narrow + latent
    if reader.flag("attention_bias", default=False):
        vectors += narrow + latent + hidden
    matrices = sum(one.inputs * one.outputs for one in names)
    mixing = (Mixing(heads, width, value, limit=reader.integer("index_topk", default=2048)),)
    return Component("latent attention", matrices, vectors, mixing=mixing, projections=names)


def _indexer(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("index_n_heads", default=32)
    width = reader.integer("index_head_dim", default=128)
    pooled = reader.integer("index_kpool", default=16)
    names = (
        Projection("wq_b", reader.integer("q_lora_rank"), heads * width),
        Projection("wk", hidden, width),
        Projection("weights_proj", hidden, heads),
    )
    matrices = sum(one.inputs * one.outputs for one in names)
    # What weighs tokens of one pool against each other, and a vector for each place in it.
    return Component(
        "indexer", matrices + hidden * width, 2 * width + pooled * width,
        mixing=(Mixing(heads, width, 0, stride=pooled),), projections=names,
    )  # fmt: skip


@family("glm5_next", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count GLM-5.3 with pictures."""
    name = "glm5_next_vision"
    tower = describe_tower(reader, name, known_as={"glm5_next": name})
    text = text_part(reader, "glm5_next_text", filled=_TEXT)
    if tower.width != text.width:
        reader.fault(
            "the tower gives features of another width than the text part's", "vision_config"
        )
    return compose(reader, text, (tower.part,), tower.streams)
