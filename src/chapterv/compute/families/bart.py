"""BART and its kin: an encoder and a decoder with biases, and a table of positions each.

BART, mBART, PLBart, MVP, Pegasus, BigBird-Pegasus, Blenderbot, Marian, M2M-100 (NLLB), NLLB-MoE,
FSMT and LED. They differ in their norms, in how positions come in, and in which embeddings are one
matrix. A fixed table that the class stores as a parameter is in the count, one that it computes is
not. Most have their decoder as a class of its own, which other models join to another encoder.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Mixing,
    Part,
    Projection,
    Stream,
    stack,
)
from chapterv.compute.blocks import embedding, experts, feed_forward, head, norms, router
from chapterv.compute.encoders import BIASED, BIASLESS, SOURCE, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]

Mixer = Literal["plain", "windows", "blocks"]


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from BART.

    Args:
        first_norm: a norm follows the embeddings.
        last_norm: a norm follows the layers.
        offset: rows of the position table before position 0, None where no table is stored.
        mixer: how the encoder's positions meet.
        layers: layers of encoder and decoder where the file does not say, as the class has it.
        vocabularies: source and target have tables of their own.
        sparse: some layers have experts.
    """

    first_norm: bool = True
    last_norm: bool = False
    offset: int | None = 0
    mixer: Mixer = "plain"
    layers: tuple[int, int] = (12, 12)
    vocabularies: bool = False
    sparse: bool = False


_MEMBERS = {
    "bart": _Member(offset=2),
    "mbart": _Member(last_norm=True, offset=2),
    "plbart": _Member(offset=2, layers=(6, 6)),
    "mvp": _Member(offset=2),
    "pegasus": _Member(first_norm=False, last_norm=True),
    "bigbird_pegasus": _Member(mixer="blocks", layers=(16, 16)),
    "blenderbot": _Member(first_norm=False, last_norm=True, layers=(2, 24)),
    "blenderbot-small": _Member(layers=(8, 8)),
    "marian": _Member(first_norm=False),
    "m2m_100": _Member(first_norm=False, last_norm=True, offset=None),
    "nllb-moe": _Member(first_norm=False, last_norm=True, offset=None, sparse=True),
    "fsmt": _Member(first_norm=False, vocabularies=True),
    "led": _Member(mixer="windows"),
}
_HEADS = ("ForConditionalGeneration", "MTModel", "Model", "ForCausalLM")
_ALONE = (
    "bart", "mbart", "plbart", "mvp", "pegasus", "blenderbot", "blenderbot-small", "marian",
)  # fmt: skip
_GLOBAL = "global tokens"


@family(*_MEMBERS, composed=True, crosses=True, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count a model of the BART group."""
    name = reader.values["model_type"]
    member = _MEMBERS[name]
    reader.refuse("use_prompt", "prompts add parts that are not counted")
    hidden = reader.integer("d_model")
    first, second = member.layers
    layers = reader.integer("encoder_layers", "num_hidden_layers", default=first, most=100_000)
    later = reader.integer("decoder_layers", default=second, most=100_000)
    source, target, tied = _tables(reader, name, member, hidden)
    alone = class_of(reader).endswith("ForCausalLM")
    if alone and name not in _ALONE:
        reader.fault("the decoder alone is not counted for this family", "architectures")
    if reader.flag("add_cross_attention", default=False) and not alone:
        reader.fault("it is said of a decoder alone", "add_cross_attention")
    tower = Part(
        "encoder",
        (on(source, SOURCE), *_starts(reader, name, member, hidden, SOURCE)),
        _encoder(reader, name, member, hidden, layers),
        (on(norms(hidden, bias=True, name="last norm"), SOURCE),) if member.last_norm else (),
    )
    last = (norms(hidden, bias=True, name="last norm"),) if member.last_norm else ()
    headless = _is_headless(reader)
    vocabulary = target.matrices // hidden
    ends = () if headless else head(vocabulary, hidden, tied)
    extra = (Stream(_GLOBAL, optional=True),) if member.mixer == "windows" else ()
    return Architecture(
        family=name,
        model_type=name,
        layers=_decoder(reader, name, member, hidden, later),
        ends=(target, *_starts(reader, name, member, hidden, "tokens"), *last, *ends),
        context_length=_context(reader, member),
        tied=tied,
        notes=_notes(member, headless),
        parts=() if alone else (tower,),
        streams=(Stream("tokens"), Stream(SOURCE), *extra),
    )


def _is_headless(reader: Reader) -> bool:
    name = class_of(reader)
    return name.endswith("Model") and not name.endswith("MTModel")


def _context(reader: Reader, member: _Member) -> int | None:
    names = ("max_decoder_position_embeddings",) if member.mixer == "windows" else ()
    return reader.maybe(*names, "max_position_embeddings")


def _notes(member: _Member, headless: bool) -> tuple[str, ...]:
    notes = []
    if headless:
        notes.append("the file names a class without an output head, so that none is counted")
    if member.mixer == "blocks":
        notes.append(
            "the encoder's attention is counted as full, which it is in short texts; in long ones "
            "its blocks see less"
        )
    return tuple(notes)


def _tables(
    reader: Reader, name: str, member: _Member, hidden: int
) -> tuple[Component, Component, bool]:
    """Return the embeddings of source and target, and whether the head shares the latter."""
    tied = reader.flag("tie_word_embeddings", default=not member.vocabularies)
    if member.vocabularies:
        source = reader.integer("src_vocab_size")
        target = reader.integer("tgt_vocab_size")
        apart = not tied
        if tied and source != target:
            reader.fault("vocabularies of two sizes cannot share a matrix", "src_vocab_size")
    else:
        source = target = reader.integer("vocab_size")
        apart = name == "marian" and not reader.flag(
            "share_encoder_decoder_embeddings", default=True
        )
        other = reader.integer("decoder_vocab_size", default=source) if name == "marian" else source
        target = other if apart else source
    stored = 1 if apart else 0
    return (
        replace(embedding(source, hidden, "source embedding"), stored=stored),
        embedding(target, hidden),
        tied,
    )


def _starts(
    reader: Reader, name: str, member: _Member, hidden: int, stream: str
) -> tuple[Component, ...]:
    """Return what follows the embeddings: a table of positions and a norm, where there are."""
    found = []
    if member.offset is not None:
        found.append(
            Component(
                "positions",
                0,
                _positions(reader, name, member, stream) * hidden,
                lookup=True,
                stream=stream,
            )
        )
    if member.first_norm:
        found.append(on(norms(hidden, bias=True, name="first norm"), stream))
    return tuple(found)


def _positions(reader: Reader, name: str, member: _Member, stream: str) -> int:
    if member.mixer == "windows":
        side = "encoder" if stream == SOURCE else "decoder"
        return reader.integer(f"max_{side}_position_embeddings")
    rows = reader.integer("max_position_embeddings", default=_CONTEXTS.get(name, 1024))
    if name == "fsmt":
        # The table starts after the padding token, whose number the class sets to 1.
        return rows + reader.integer("pad_token_id", default=1, least=0) + 1
    return rows + (member.offset or 0)


_CONTEXTS = {"blenderbot": 128, "blenderbot-small": 512, "bigbird_pegasus": 4096}


def _heads(reader: Reader, side: str, hidden: int) -> tuple[int, int]:
    key = f"{side}_attention_heads"
    names = (key, "num_attention_heads") if side == "encoder" else (key,)
    heads = reader.integer(*names)
    return heads, reader.divides(hidden, heads, key, "the heads do not share the width evenly")


def _inner(
    reader: Reader, member: _Member, side: str, hidden: int, stream: str
) -> tuple[tuple[Component, ...], tuple[Component, ...], list[int]]:
    """Return the feed-forward, that with experts, and every how many layers the latter stands."""
    inner = reader.integer(f"{side}_ffn_dim")
    dense = on(feed_forward(hidden, inner, bias=True, names=("fc1", "fc2")), stream)
    if not member.sparse:
        return (dense,), (), [0]
    count = reader.integer("num_experts", default=128)
    bias = count if reader.flag("router_bias", default=False) else 0
    routed = experts(dense, count, 2, reader, "num_experts")
    step = reader.integer(f"{side}_sparse_step", default=4, least=0)
    return (dense,), (on(router(hidden, count, bias), stream), routed), [step]


def _encoder(
    reader: Reader, name: str, member: _Member, hidden: int, layers: int
) -> tuple[Layer, ...]:
    heads, width = _heads(reader, "encoder", hidden)
    dense, sparse, (step,) = _inner(reader, member, "encoder", hidden, SOURCE)
    around = on(norms(hidden, 2, bias=True), SOURCE)
    biases = BIASED
    names = ("q_proj", "k_proj", "v_proj", "out_proj")
    if member.mixer == "blocks":
        biases = BIASED if reader.flag("use_bias", default=False) else BIASLESS
        names = ("query", "key", "value", "output")
    mixer = (selfattention(hidden, heads, width, names=names, biases=biases, stream=SOURCE),)
    if member.mixer == "windows":
        return _windows(reader, hidden, heads, width, (*dense, around), layers)
    return _alternate(mixer, dense, sparse, around, step, layers)


def _decoder(
    reader: Reader, name: str, member: _Member, hidden: int, layers: int
) -> tuple[Layer, ...]:
    heads, width = _heads(reader, "decoder", hidden)
    dense, sparse, (step,) = _inner(reader, member, "decoder", hidden, "tokens")
    biases = BIASED
    if member.mixer == "blocks" and not reader.flag("use_bias", default=False):
        biases = BIASLESS
    mixer = (
        selfattention(hidden, heads, width, biases=biases, sees="past"),
        *across(hidden, heads, width, biases=biases),
    )
    return _alternate(mixer, dense, sparse, norms(hidden, 3, bias=True), step, layers)


def _alternate(
    mixer: tuple[Component, ...],
    dense: tuple[Component, ...],
    sparse: tuple[Component, ...],
    around: Component,
    step: int,
    layers: int,
) -> tuple[Layer, ...]:
    if not sparse or not step:
        return (Layer(layers, (*mixer, *dense, around)),)
    return stack(
        (*mixer, *(dense if (index + 1) % step else sparse), around) for index in range(layers)
    )


def _windows(
    reader: Reader,
    hidden: int,
    heads: int,
    width: int,
    rest: tuple[Component, ...],
    layers: int,
) -> tuple[Layer, ...]:
    """Return layers with a window around each token, and projections of their own for a few.

    Keys and values for the tokens that see everything are made from every token of the source; how
    many such tokens there are is a choice of the data.
    """
    window = reader.value("attention_window")
    sizes = window if isinstance(window, list) else [window or 512] * layers
    if len(sizes) != layers or not all(type(one) is int and 0 < one < 2**31 for one in sizes):
        reader.expected("a whole number, or one for each layer", "attention_window", window)
        sizes = [512] * layers
    apart = Component(
        "keys of global tokens",
        2 * hidden * hidden,
        2 * hidden,
        stream=SOURCE,
        projections=(
            Projection("key_global", hidden, hidden),
            Projection("value_global", hidden, hidden),
        ),
    )
    queries = Component(
        "global attention",
        hidden * hidden,
        hidden,
        mixing=(Mixing(heads, width, width, sees="all", keys=SOURCE),),
        stream=_GLOBAL,
        projections=(Projection("query_global", hidden, hidden),),
    )
    names = ("query", "key", "value", "output")
    return stack(
        (
            selfattention(hidden, heads, width, names=names, stream=SOURCE, limit=size + 1),
            apart,
            queries,
            *rest,
        )
        for size in sizes
    )
