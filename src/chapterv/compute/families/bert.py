"""BERT and its kin: encoders of text with a table of positions and norms with shift.

BERT, RoBERTa, XLM-RoBERTa, CamemBERT, ERNIE, Megatron-BERT, ELECTRA, DistilBERT and MPNet, as the
class that the file names: with the head that guesses masked words, with those of pre-training, or
the encoder alone. A pooler works on one position of each text.
"""

from __future__ import annotations

import msgspec

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from BERT.

    Args:
        names: what adapters call queries, keys, values and output.
        wide: what they call the two matrices of the feed-forward.
        kinds: a table tells first from second text.
        pooled: the encoder alone has a pooler.
        distances: a table of relative positions serves all layers.
        narrow: embeddings are narrower than the layers.
    """

    names: tuple[str, str, str, str] = ("query", "key", "value", "attention.output.dense")
    wide: tuple[str, str] = ("intermediate.dense", "output.dense")
    kinds: bool = True
    pooled: bool = True
    distances: bool = False
    narrow: bool = False


_MEMBERS = {
    "bert": _Member(),
    "roberta": _Member(),
    "xlm-roberta": _Member(),
    "camembert": _Member(),
    "ernie": _Member(),
    "megatron-bert": _Member(),
    "electra": _Member(pooled=False, narrow=True),
    "distilbert": _Member(
        names=("q_lin", "k_lin", "v_lin", "out_lin"),
        wide=("lin1", "lin2"),
        kinds=False,
        pooled=False,
    ),
    "mpnet": _Member(names=("q", "k", "v", "o"), kinds=False, distances=True),
}
_HEADS = ("ForMaskedLM", "ForPreTraining", "Model")
_POOLED = Stream("pooled", "sequence", 1)


@family(*_MEMBERS, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count an encoder of the BERT group."""
    name = str(reader.values["model_type"])
    member = _MEMBERS[name]
    reader.refuse("is_decoder", "a decoder of this family is not counted")
    reader.refuse("use_task_id", "a table of tasks is not counted")
    hidden = reader.integer("hidden_size", "dim")
    layers = reader.integer("num_hidden_layers", "n_layers", most=100_000)
    heads = reader.integer("num_attention_heads", "n_heads")
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    inner = reader.integer("intermediate_size", "hidden_dim")
    table = reader.integer("embedding_size", default=128) if member.narrow else hidden
    vocabulary = reader.integer("vocab_size")
    if not reader.flag("tie_word_embeddings", default=True):
        reader.fault("a head apart from the embedding is not counted", "tie_word_embeddings")
    layer = (
        selfattention(hidden, heads, width, names=member.names),
        feed_forward(hidden, inner, bias=True, names=member.wide),
        norms(hidden, 2, bias=True),
    )
    ends = _ends(reader, name, member, hidden, table, vocabulary)
    pooled = any(end.stream == _POOLED.name for end in ends)
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, layer),),
        ends=(embedding(vocabulary, table), *_starts(reader, member, hidden, table), *ends),
        context_length=reader.maybe("max_position_embeddings"),
        tied=True,
        part="encoder",
        streams=(Stream("tokens"), *((_POOLED,) if pooled else ())),
    )


def _starts(reader: Reader, member: _Member, hidden: int, table: int) -> tuple[Component, ...]:
    """Return the tables beside that of words, and what brings them to the layers' width."""
    rows = reader.integer("max_position_embeddings", default=512)
    found = [Component("positions", 0, rows * table, lookup=True)]
    if member.kinds:
        kinds = reader.integer("type_vocab_size", default=2)
        found.append(Component("kinds of text", 0, kinds * table, lookup=True))
    if member.distances:
        buckets = reader.integer("relative_attention_num_buckets", default=32)
        heads = reader.integer("num_attention_heads")
        found.append(Component("relative positions", 0, buckets * heads, lookup=True))
    found.append(norms(table, bias=True, name="first norm"))
    if table != hidden:
        name = "embedding projection"
        projections = (Projection("embeddings_project", table, hidden),)
        # It stands before the layers, where tables that are looked up are kept.
        found.append(Component(name, table * hidden, hidden, projections=projections))
    return tuple(found)


def _ends(
    reader: Reader,
    name: str,
    member: _Member,
    hidden: int,
    table: int,
    vocabulary: int,
) -> tuple[Component, ...]:
    """Return what the class that the file names has after the layers."""
    kind = class_of(reader)
    pooler = Component(
        "pooler",
        hidden * hidden,
        hidden,
        stream=_POOLED.name,
        projections=(Projection("pooler.dense", hidden, hidden),),
    )
    if kind.endswith("ForPreTraining") and member.narrow:
        return (
            Component("discriminator", hidden * hidden, hidden),
            Component("discriminator output", hidden, 1),
        )
    if kind.endswith("ForPreTraining") and name not in ("bert", "megatron-bert", "ernie"):
        reader.fault(f"{kind[:60]!r} has a head that is not counted", "architectures")
    masked = (
        Component("head", hidden * table, table),
        norms(table, bias=True, name="head norm"),
        *head(vocabulary, table, True, bias=True),
    )
    if kind.endswith("ForPreTraining"):
        following = Component("next sentence", 2 * hidden, 2, stream=_POOLED.name)
        return (pooler, *masked, following)
    if kind.endswith("Model") or not kind:
        return (pooler,) if member.pooled else ()
    return masked
