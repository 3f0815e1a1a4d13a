"""DeBERTa 2 and 3: attention adds what words mean to distances, and distances to words.

A table of distances is projected in every layer, by the projections of the words or by its own.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Projection, Stream
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_DISTANCES = "distances"
_NAMES = ("query_proj", "key_proj", "value_proj", "attention.output.dense")
_WIDE = ("intermediate.dense", "output.dense")


@family("deberta-v2", heads=("ForMaskedLM", "DebertaV2Model"))
def describe(reader: Reader) -> Architecture:
    """Count DeBERTa 2 or 3."""
    reader.refuse("conv_kernel_size", "a convolution is not counted")
    hidden = reader.integer("hidden_size", default=1536)
    layers = reader.integer("num_hidden_layers", default=24, most=100_000)
    heads = reader.integer("num_attention_heads", default=24)
    stated = reader.maybe("attention_head_size")
    width = stated or reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    if heads * width != hidden:
        reader.fault(f"the heads make {heads * width} together", "attention_head_size")
    inner = reader.integer("intermediate_size", default=6144)
    vocabulary = reader.integer("vocab_size", default=128100)
    table = reader.integer("embedding_size", default=hidden)
    span = _span(reader)
    layer = (
        *_mixers(reader, hidden, heads, width, span),
        feed_forward(hidden, inner, bias=True, names=_WIDE),
        norms(hidden, 2, bias=True),
    )
    masked = class_of(reader).endswith("ForMaskedLM")
    if not reader.flag("tie_word_embeddings", default=True):
        reader.fault("a head apart from the embedding is not counted", "tie_word_embeddings")
    ends = (
        Component("head", hidden * table, table),
        norms(table, bias=True, name="head norm"),
        *head(vocabulary, table, True, bias=True),
    )
    streams = (Stream(_DISTANCES, "sequence", 2 * span),) if span else ()
    return Architecture(
        family="deberta-v2",
        model_type="deberta-v2",
        layers=(Layer(layers, layer),),
        ends=(
            embedding(vocabulary, table),
            *_starts(reader, hidden, table, span),
            *(ends if masked else ()),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=True,
        part="encoder",
        streams=(Stream("tokens"), *streams),
        notes=("distances are projected once a batch, and counted once a sequence",)
        if span
        else (),
    )


def _span(reader: Reader) -> int:
    """Return how many distances there are on one side, nothing where they are not used."""
    most = reader.integer("max_relative_positions", default=-1, least=-1)
    rows = reader.integer("max_position_embeddings", default=512)
    buckets = reader.integer("position_buckets", default=-1, least=-1)
    if not reader.flag("relative_attention", default=False):
        return 0
    return buckets if buckets > 0 else most if most > 0 else rows


def _starts(reader: Reader, hidden: int, table: int, span: int) -> tuple[Component, ...]:
    """Return the tables beside that of words, and what brings them to the layers' width."""
    found = []
    if reader.flag("position_biased_input", default=True):
        rows = reader.integer("max_position_embeddings", default=512)
        found.append(Component("positions", 0, rows * table, lookup=True))
    kinds = reader.integer("type_vocab_size", default=0, least=0)
    if kinds:
        found.append(Component("kinds of text", 0, kinds * table, lookup=True))
    if table != hidden:
        found.append(Component("embedding projection", table * hidden))
    found.append(norms(hidden, bias=True, name="first norm"))
    kind = reader.value("norm_rel_ebd")
    if kind is not None and not isinstance(kind, str):
        reader.expected("a text", "norm_rel_ebd", kind)
    if span:
        found.append(Component("distance table", 2 * span * hidden, lookup=True, stream=_DISTANCES))
    if "layer_norm" in str(kind):
        found.append(norms(hidden, bias=True, name="distance norm"))
    return tuple(found)


def _mixers(
    reader: Reader, hidden: int, heads: int, width: int, span: int
) -> tuple[Component, ...]:
    """Return attention between words, and between words and distances both ways."""
    plain = selfattention(hidden, heads, width, names=_NAMES)
    kinds = reader.value("pos_att_type") or []
    kinds = kinds.split("|") if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or not set(map(str, kinds)) <= {"c2p", "p2c", "none", ""}:
        reader.expected("c2p or p2c", "pos_att_type", kinds)
        kinds = []
    shared = reader.flag("share_att_key", default=False)
    if not span:
        return (plain,)
    far = Mixing(heads, width, 0, sees="all", keys=_DISTANCES)
    used = [kind for kind in ("c2p", "p2c") if kind in kinds]
    both = replace(plain, mixing=(*plain.mixing, *(far for _ in used)))
    sides = {"c2p": "pos_key_proj", "p2c": "pos_query_proj"}
    projections = (
        Component(
            "distances",
            hidden * hidden,
            0 if shared else hidden,
            stored=0 if shared else 1,
            stream=_DISTANCES,
            # Shared projections run for both, whichever of them is used.
            idle=kind not in used,
            projections=() if shared else (Projection(sides[kind], hidden, hidden),),
        )
        for kind in (sides if shared else used)
    )
    return (both, *projections)
