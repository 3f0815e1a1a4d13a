"""ALBERT: few groups of layers, each of which runs several times, behind narrow embeddings."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream, stack
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_LAYERS, Reader

__all__ = ["describe"]

_NAMES = ("query", "key", "value", "attention.dense")
_WIDE = ("ffn", "ffn_output")
_POOLED = Stream("pooled", "sequence", 1)


@family("albert", heads=("ForMaskedLM", "ForPreTraining", "AlbertModel"))
def describe(reader: Reader) -> Architecture:
    """Count ALBERT, whose layers are stored once and run as often as their group."""
    reader.refuse("is_decoder", "a decoder of this family is not counted")
    hidden = reader.integer("hidden_size", default=4096)
    table = reader.integer("embedding_size", default=128)
    words = reader.integer("vocab_size", default=30000)
    rows = reader.integer("max_position_embeddings", default=512)
    kinds = reader.integer("type_vocab_size", default=2)
    if not reader.flag("tie_word_embeddings", default=True):
        reader.fault("a head apart from the embedding is not counted", "tie_word_embeddings")
    ends = _ends(reader, hidden, table, words)
    pooled = any(end.stream == _POOLED.name for end in ends)
    widened = Component(
        "embedding projection", table * hidden, hidden,
        projections=(Projection("embedding_hidden_mapping_in", table, hidden),),
    )  # fmt: skip
    return Architecture(
        family="albert",
        model_type="albert",
        layers=_layers(reader, hidden),
        ends=(
            embedding(words, table),
            Component("positions", 0, (rows + kinds) * table, lookup=True),
            norms(table, bias=True, name="first norm"),
            widened,
            *ends,
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=True,
        part="encoder",
        streams=(Stream("tokens"), *((_POOLED,) if pooled else ())),
    )


def _layers(reader: Reader, hidden: int) -> tuple[Layer, ...]:
    layers = reader.integer("num_hidden_layers", default=12, most=MAX_LAYERS)
    groups = reader.integer("num_hidden_groups", default=1, most=MAX_LAYERS)
    inside = reader.integer("inner_group_num", default=1, most=1000)
    heads = reader.integer("num_attention_heads", default=64)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    if groups > layers:
        reader.fault("there are more groups than layers", "num_hidden_groups")
    layer = (
        selfattention(hidden, heads, width, names=_NAMES),
        feed_forward(hidden, reader.integer("intermediate_size", default=16384), True, _WIDE),
        norms(hidden, 2, bias=True),
    )
    # A group stands where it runs first; further rounds store nothing.
    again = tuple(replace(one, stored=0) for one in layer)
    starts = {-(-layers * group // groups) for group in range(min(groups, layers))}
    return stack((layer if place in starts else again) * inside for place in range(layers))


def _ends(reader: Reader, hidden: int, table: int, words: int) -> tuple[Component, ...]:
    kind = class_of(reader)
    pooler = Component(
        "pooler", hidden * hidden, hidden, stream=_POOLED.name,
        projections=(Projection("pooler", hidden, hidden),),
    )  # fmt: skip
    if kind.endswith("Model") or not kind:
        return (pooler,)
    written = (
        Component("head", hidden * table, table),
        norms(table, bias=True, name="head norm"),
        *head(words, table, True, bias=True),
    )
    if not kind.endswith("ForPreTraining"):
        return written
    order = Component("order of sentences", 2 * hidden, 2, stream=_POOLED.name)
    return (pooler, *written, order)
