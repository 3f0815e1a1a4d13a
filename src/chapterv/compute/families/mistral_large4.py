"""Mistral Large 4 (text): latent attention with an indexer that reads the stream itself.

Queries have no narrow latent, and neither have the indexer's. Layers without rotary positions make
all of a key from the latent; a layer that takes over the latent of an earlier one makes none.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import embedding, gated, head, norms
from chapterv.compute.families import family
from chapterv.compute.families.deepseek import shared_mixture, with_indexer
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]

_NOTES = (
    "causal operations assume the sparse stage of training: every earlier token is scored by the "
    "indexer, and only the chosen ones are attended",
)
_PERIOD = 4


@family("mistral_large4_text")
def describe(reader: Reader) -> Architecture:
    """Count the text part of Mistral Large 4."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    around = norms(hidden, 2)
    dense = (gated(hidden, reader.integer("intermediate_size")), around)
    feeds = _sparse_layers(reader, layers)
    sparse = (*shared_mixture(reader, hidden), around) if any(feeds) else ()
    rotary = reader.integer("qk_rope_head_dim") // 2
    return Architecture(
        family="mistral_large4",
        model_type="mistral_large4_text",
        layers=stack(
            (mixer, *(sparse if feed else dense))
            for mixer, feed in zip(_mixers(reader, hidden, layers), feeds, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            Component("scales of positions", 0, rotary),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=_NOTES,
    )


def _sparse_layers(reader: Reader, layers: int) -> list[bool]:
    kinds = reader.per_layer("mlp_layer_types", layers)
    if kinds is None:
        first = reader.integer("first_k_dense_replace", default=1, least=0)
        return [index >= first for index in range(layers)]
    _check(reader, kinds, ("dense", "sparse"), "mlp_layer_types")
    return [kind == "sparse" for kind in kinds]


def _check(reader: Reader, kinds: list[object], known: tuple[str, ...], name: str) -> None:
    unknown = next((kind for kind in kinds if kind not in known), None)
    if unknown is not None:
        reader.fault(f"expected {' or '.join(known)}, got {shown(unknown)}", name)


def _mixers(reader: Reader, hidden: int, layers: int) -> list[Component]:
    for name in ("index_topk_pattern", "index_topk_freq", "index_skip_topk_offset"):
        reader.refuse(name, "state each layer's kind under /indexer_types instead", (1,))
    kinds = reader.per_layer("layer_types", layers) or []
    _check(reader, kinds, ("indexed_attention", "deepseek_sparse_attention"), "layer_types")
    indexed = reader.per_layer("indexer_types", layers) or ["full"] * layers
    _check(reader, indexed, ("full", "shared"), "indexer_types")
    rotates = _rotating(reader, layers)
    owns = _own_latent(reader, layers)
    index = _indexer(reader, hidden)
    plain = {
        (rotary, own): _attention(reader, hidden, rotary=rotary, own=own)
        for rotary, own in dict.fromkeys(zip(rotates, owns, strict=True))
    }
    both = {kind: with_indexer(one, index) for kind, one in plain.items()}
    return [
        (both if kind == "full" else plain)[rotary, own]
        for kind, rotary, own in zip(indexed, rotates, owns, strict=True)
    ]


def _rotating(reader: Reader, layers: int) -> list[bool]:
    """Return whether each layer has rotary positions: the key says 1 for those that have."""
    stated = reader.value("no_rope_layers")
    if stated is None:
        period = reader.integer("no_rope_layer_interval", default=_PERIOD)
        return [(index + 1) % period != 0 for index in range(layers)]
    if not isinstance(stated, list) or any(one not in (0, 1) for one in stated):
        reader.expected("0 or 1 for each layer", "no_rope_layers", stated)
        return [True] * layers
    if len(stated) < layers:
        reader.fault(f"expected {layers} entries, got {len(stated)}", "no_rope_layers")
        return [True] * layers
    return [bool(one) for one in stated[:layers]]


def _own_latent(reader: Reader, layers: int) -> list[bool]:
    """Return whether each layer makes the latent of its keys itself."""
    sources = reader.per_layer("kv_source_layers", layers)
    if sources is None:
        return [True] * layers
    for index, source in enumerate(sources):
        if type(source) is not int or not 0 <= source <= index or sources[source] != source:
            reader.fault(
                f"layer {index} takes the latent of {shown(source)}, which does not make its own",
                "kv_source_layers",
            )
            return [True] * layers
    return [source == index for index, source in enumerate(sources)]


def _attention(reader: Reader, hidden: int, *, rotary: bool, own: bool) -> Component:
    heads = reader.integer("num_attention_heads")
    latent, value = reader.integer("kv_lora_rank"), reader.integer("v_head_dim")
    rope, nope = reader.integer("qk_rope_head_dim"), reader.integer("qk_nope_head_dim")
    width = rope + nope
    if not rotary:
        rope, nope = 0, width
    bias = reader.flag("attention_bias", default=False)
    names = [Projection("q_proj", hidden, heads * width)]
    vectors = 2 * heads + (hidden if bias else 0)  # a scale and a shift for each head
    if own:
        names.append(Projection("kv_a_proj_with_mqa", hidden, latent + rope))
        vectors += latent + (latent + rope if bias else 0)
    names += [
        Projection("kv_b_proj", latent, heads * (nope + value)),
        Projection("o_proj", heads * value, hidden),
    ]
    matrices = sum(one.inputs * one.outputs for one in names)
    mixing = (Mixing(heads, width, value, limit=reader.integer("index_topk")),)
    return Component("latent attention", matrices, vectors, mixing=mixing, projections=tuple(names))


def _indexer(reader: Reader, hidden: int) -> Component:
    heads, width = reader.integer("index_n_heads"), reader.integer("index_head_dim")
    names = (
        Projection("wq_b", hidden, heads * width),
        Projection("wk", hidden, width),
        Projection("weights_proj", hidden, heads),
    )
    matrices = sum(one.inputs * one.outputs for one in names)
    plain = Component("indexer", matrices, 2 * width, mixing=(Mixing(heads, width, 0),))
    # A norm of what the queries are made from; a scale and a shift for each head.
    return replace(plain, vectors=plain.vectors + 2 * hidden + 2 * heads, projections=names)
