"""BERT and its kin: text models with a table of positions and norms with shift.

BERT, RoBERTa, XLM-RoBERTa and its XL form, CamemBERT, ERNIE, Megatron-BERT, ELECTRA, DistilBERT,
MPNet, data2vec, X-MOD, RemBERT, RoFormer, RoCBert, BigBird, BERT for generation, LayoutLM and ESM,
as the class that the file names: with the head that guesses words, with those of pre-training, or
alone. As decoders their tokens see those before them, and may read a source as well. A pooler
works on one position of each text.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import SOURCE, Biases, across, class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.families.bert_tables import layout, pinyin
from chapterv.compute.reading import MAX_LAYERS, Reader

__all__ = ["describe"]


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from BERT.

    Args:
        names: what adapters call queries, keys, values and output.
        wide: what they call the two matrices of the feed-forward.
        kinds: kinds of text, such as first and second, that a table tells apart where the file
            does not say; 0 where there is no table.
        pooled: the model alone has a pooler.
        distances: a table of relative positions serves all layers.
        narrow: key of the width of embeddings that are narrower than the layers, and its default,
            0 for the layers' own width.
        rows: positions in the table where the file does not say; None where there is no table, or
            it is fixed and as wide as a head.
        first_norm: a norm follows the embeddings: always, never, or by a key.
        last_norm: a norm follows the layers.
        transform: a matrix and a norm stand before the output.
        bias_key: key that switches the biases of queries, keys and values.
        writes: it may be a decoder.
        crosses: as a decoder it may read a source.
        idle: with a head that guesses words the pooler runs for nothing.
        tables: further tables of the embeddings.
    """

    names: tuple[str, str, str, str] = ("query", "key", "value", "attention.output.dense")
    wide: tuple[str, str] = ("intermediate.dense", "output.dense")
    kinds: int = 2
    pooled: bool = True
    distances: bool = False
    narrow: tuple[str, int] | None = None
    rows: int | None = 512
    first_norm: bool | str = True
    last_norm: bool = False
    transform: bool = True
    bias_key: str = ""
    writes: bool = True
    crosses: bool = True
    idle: bool = False
    tables: Literal["", "layout", "pinyin"] = ""


_MEMBERS = {
    "bert": _Member(),
    "roberta": _Member(),
    "xlm-roberta": _Member(),
    "camembert": _Member(),
    "ernie": _Member(),
    "megatron-bert": _Member(),
    "electra": _Member(pooled=False, narrow=("embedding_size", 128)),
    "distilbert": _Member(
        names=("q_lin", "k_lin", "v_lin", "out_lin"),
        wide=("lin1", "lin2"),
        kinds=0,
        pooled=False,
        writes=False,
    ),
    "mpnet": _Member(names=("q", "k", "v", "o"), kinds=0, distances=True, writes=False),
    "data2vec-text": _Member(),
    "roberta-prelayernorm": _Member(last_norm=True),
    "xlm-roberta-xl": _Member(kinds=1, rows=514, first_norm=False, last_norm=True),
    "xmod": _Member(),
    "rembert": _Member(narrow=("input_embedding_size", 256)),
    "roformer": _Member(narrow=("embedding_size", 0), rows=None, pooled=False),
    "roc_bert": _Member(tables="pinyin"),
    "bert-generation": _Member(kinds=0, pooled=False, transform=False),
    # Its class reads the source with both of its attentions, which is not what it is meant to do.
    "big_bird": _Member(rows=4096, bias_key="use_bias", crosses=False, idle=True),
    "layoutlm": _Member(tables="layout", writes=False, idle=True),
    "esm": _Member(kinds=0, rows=1026, first_norm="emb_layer_norm_before", last_norm=True),
}
_HEADS = (
    "ForMaskedLM", "ForPreTraining", "Model", "ForCausalLM", "BertGenerationEncoder",
    "BertGenerationDecoder",
)  # fmt: skip
_PRETRAINED = ("bert", "megatron-bert", "ernie", "big_bird")
_POOLED = Stream("pooled", "sequence", 1)
_FULL = "attention is counted as full, which it is in short texts; in long ones its blocks see less"


@family(*_MEMBERS, crosses=True, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count a text model of the BERT group."""
    name = str(reader.values["model_type"])
    member = _MEMBERS[name]
    reader.refuse("use_task_id", "a table of tasks is not counted")
    reader.refuse("is_folding_model", "what folds proteins is not counted")
    hidden = reader.integer("hidden_size", "dim")
    vocabulary = reader.integer("vocab_size")
    table = _table(reader, member, hidden)
    writes = reader.flag("is_decoder", default=False)
    crosses = reader.flag("add_cross_attention", default=False)
    if crosses and not (writes and member.crosses):
        reader.fault("cross-attention is not counted here", "add_cross_attention")
    if writes and not member.writes:
        reader.fault("a decoder of this family is not counted", "is_decoder")
    layers = reader.integer("num_hidden_layers", "n_layers", most=MAX_LAYERS)
    ends = _ends(reader, name, member, hidden, table, vocabulary)
    streams = [Stream("tokens")]
    streams += [Stream(SOURCE)] if crosses else []
    streams += [_POOLED] if any(end.stream == _POOLED.name for end in ends) else []
    blocks = name == "big_bird" and reader.value("attention_type") != "original_full"
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, _layer(reader, name, member, hidden, writes, crosses)),),
        ends=(embedding(vocabulary, table), *_starts(reader, name, member, hidden, table), *ends),
        context_length=reader.maybe("max_position_embeddings"),
        tied=name != "rembert",
        part="decoder" if writes else "encoder",
        streams=tuple(streams),
        notes=(_FULL,) if blocks else (),
    )


def _table(reader: Reader, member: _Member, hidden: int) -> int:
    """Return the width of the embeddings."""
    if member.narrow is None:
        return hidden
    key, default = member.narrow
    return reader.integer(key, default=default or hidden)


def _layer(
    reader: Reader, name: str, member: _Member, hidden: int, writes: bool, crosses: bool
) -> tuple[Component, ...]:
    """Return a layer: attention to its own text, perhaps to a source, and a feed-forward."""
    heads = reader.integer("num_attention_heads", "n_heads")
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    inner = reader.integer("intermediate_size", "hidden_dim")
    bias = reader.flag(member.bias_key, default=True) if member.bias_key else True
    biases: Biases = (bias, bias, bias, True)
    sees: Literal["past", "all"] = "past" if writes else "all"
    own = selfattention(hidden, heads, width, names=member.names, biases=biases, sees=sees)
    other = across(hidden, heads, width, names=member.names, biases=biases) if crosses else ()
    return (
        own,
        *other,
        feed_forward(hidden, inner, bias=True, names=member.wide),
        *(_languages(reader, hidden) if name == "xmod" else ()),
        norms(hidden, 3 if crosses else 2, bias=True),
    )


def _languages(reader: Reader, hidden: int) -> tuple[Component, ...]:
    """Return small matrices of which each language has its own, and a norm for all."""
    listed = reader.value("languages") or ["en_XX"]
    if not isinstance(listed, list) or len(listed) > MAX_LAYERS:
        reader.expected("a list of languages", "languages", listed)
        listed = ["en_XX"]
    factor = reader.integer("adapter_reduction_factor", default=2)
    narrow = max(1, hidden // factor)
    names = (Projection("dense1", hidden, narrow), Projection("dense2", narrow, hidden))
    adapters = Component(
        "language adapters", 2 * hidden * narrow, hidden + narrow,
        stored=len(set(map(str, listed))), projections=names,
    )  # fmt: skip
    normed = reader.flag("adapter_layer_norm", default=False)
    return (adapters, norms(hidden, bias=True, name="adapter norm")) if normed else (adapters,)


def _starts(
    reader: Reader, name: str, member: _Member, hidden: int, table: int
) -> tuple[Component, ...]:
    """Return the tables beside that of words, and what brings them to the layers' width."""
    found = []
    places = reader.choice("position_embedding_type", ("absolute", "rotary"), "absolute")
    if member.rows is None:
        heads = reader.integer("num_attention_heads")
        rows = reader.integer("max_position_embeddings", default=1536)
        found.append(Component("positions", 0, rows * (hidden // heads), lookup=True))
    elif places == "absolute":
        rows = reader.integer("max_position_embeddings", default=member.rows)
        found.append(Component("positions", 0, rows * table, lookup=True))
    elif name != "esm":
        reader.fault("positions of this kind are not counted", "position_embedding_type")
    if member.kinds:
        kinds = reader.integer("type_vocab_size", default=member.kinds)
        found.append(Component("kinds of text", 0, kinds * table, lookup=True))
    if member.distances:
        buckets = reader.integer("relative_attention_num_buckets", default=32)
        heads = reader.integer("num_attention_heads")
        found.append(Component("relative positions", 0, buckets * heads, lookup=True))
    if member.tables:
        found += layout(reader, hidden) if member.tables == "layout" else pinyin(reader, hidden)
    normed = member.first_norm
    if isinstance(normed, str):
        normed = reader.flag(normed, default=False)
    if normed:
        found.append(norms(table, bias=True, name="first norm"))
    if table != hidden or name == "rembert":
        module = "embedding_hidden_mapping_in" if name == "rembert" else "embeddings_project"
        projections = (Projection(module, table, hidden),)
        # It stands before the layers, where tables that are looked up are kept.
        found.append(
            Component("embedding projection", table * hidden, hidden, projections=projections)
        )
    return tuple(found)


def _ends(
    reader: Reader, name: str, member: _Member, hidden: int, table: int, vocabulary: int
) -> tuple[Component, ...]:
    """Return what the class that the file names has after the layers."""
    kind = class_of(reader)
    pretrained = kind.endswith("ForPreTraining")
    last: tuple[Component, ...] = ()
    if member.last_norm or (name == "xmod" and reader.flag("pre_norm", default=False)):
        last = (norms(hidden, bias=True, name="last norm"),)
    if name == "esm":
        last = (*last, _contacts(reader))
    pooler = Component(
        "pooler", hidden * hidden, hidden, stream=_POOLED.name,
        projections=(Projection("pooler.dense", hidden, hidden),),
    )  # fmt: skip
    if pretrained and name == "electra":
        return (
            Component("discriminator", hidden * hidden, hidden),
            Component("discriminator output", hidden, 1),
        )
    if pretrained and name not in _PRETRAINED:
        reader.fault(f"{kind[:60]!r} has a head that is not counted", "architectures")
    if not kind or (kind.endswith(("Model", "Encoder")) and not kind.endswith("HeadModel")):
        return (*last, pooler) if member.pooled else last
    written = _written(reader, name, member, hidden, table, vocabulary)
    if pretrained:
        following = Component("next sentence", 2 * hidden, 2, stream=_POOLED.name)
        return (*last, pooler, *written, following)
    return (*last, replace(pooler, idle=True), *written) if member.idle else (*last, *written)


def _written(
    reader: Reader, name: str, member: _Member, hidden: int, table: int, vocabulary: int
) -> tuple[Component, ...]:
    """Return the head that guesses words."""
    tied = name != "rembert"
    if reader.flag("tie_word_embeddings", default=tied) != tied:
        reader.fault("such a head is not counted for this family", "tie_word_embeddings")
    wide = table if tied else reader.integer("output_embedding_size", default=1664)
    output = head(vocabulary, wide, tied, bias=True)
    if not member.transform:
        return output
    matrix = Component("head", hidden * wide, wide)
    return (matrix, norms(wide, bias=True, name="head norm"), *output)


def _contacts(reader: Reader) -> Component:
    """Return what guesses which places of a protein touch; it does not run with the words."""
    heads = reader.integer("num_attention_heads")
    layers = reader.integer("num_hidden_layers", most=MAX_LAYERS)
    return Component("contacts", heads * layers, 1, used=0)
