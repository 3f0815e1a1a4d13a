"""T5 and its kin: relative positions instead of a table, norms without shift, no biases.

T5, mT5, UMT5, LongT5 and Switch Transformers, whole or as the encoder alone, and Pop2Piano, whose
encoder reads frames of sound as they are. Newer versions of the
transformers library join input embedding and output head of T5 and mT5 whatever the file says; the
published weights of T5 1.1 and mT5 hold two matrices, so the file is followed here.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Part,
    Projection,
    Stream,
    stack,
)
from chapterv.compute.blocks import embedding, experts, feed_forward, head, norms, router
from chapterv.compute.encoders import BIASLESS, SOURCE, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_NAMES = ("q", "k", "v", "o")


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group departs from T5; the sizes are defaults of its class."""

    layers: int = 6
    heads: int = 8
    inner: int = 2048
    gated: bool = False
    every_layer: bool = False
    sparse: bool = False
    long: bool = False
    composers: int = 0


_MEMBERS = {
    "t5": _Member(),
    "mt5": _Member(layers=8, heads=6, inner=1024, gated=True),
    "umt5": _Member(layers=8, heads=6, inner=1024, gated=True, every_layer=True),
    "longt5": _Member(long=True),
    "pop2piano": _Member(gated=True, composers=21),
    "switch_transformers": _Member(layers=12, heads=12, sparse=True),
}
_HEADS = ("ForConditionalGeneration", "WithLMHeadModel", "EncoderModel", "Model")


class _Sizes(msgspec.Struct, frozen=True):
    """Sizes that encoder and decoder share."""

    hidden: int
    heads: int
    width: int
    inner: int
    gated: bool
    buckets: int


@family(*_MEMBERS, composed=True, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count a model of the T5 group."""
    name = reader.values["model_type"]
    member = _MEMBERS[name]
    sizes = _sizes(reader, member)
    vocabulary = reader.integer("vocab_size")
    layers = reader.integer("num_layers", default=member.layers, most=100_000)
    # An absent key means as many as before, but for the one class that has a number of its own.
    default = 12 if member.sparse else layers
    later = reader.integer("num_decoder_layers", default=default, most=100_000)
    # The class of Pop2Piano has a head of its own, whatever its file says.
    tied = reader.flag("tie_word_embeddings", default=True) and not member.composers
    alone = class_of(reader).endswith("EncoderModel")
    ending = norms(sizes.hidden, name="last norm")
    if alone:
        body = _encoder(reader, name, member, sizes, layers, "tokens")
        return _architecture(
            name, body, (embedding(vocabulary, sizes.hidden), *_tables(member, sizes), ending)
        )
    source = replace(embedding(vocabulary, sizes.hidden, "source embedding"), stored=0)
    tower = Part(
        "encoder",
        (on(source, SOURCE), *_composers(reader, member, sizes), *_tables(member, sizes, SOURCE)),
        _encoder(reader, name, member, sizes, layers, SOURCE),
        (on(ending, SOURCE),),
    )
    headless = class_of(reader) in ("T5Model", "MT5Model", "UMT5Model")
    ends = () if headless else head(vocabulary, sizes.hidden, tied)
    return replace(
        _architecture(
            name,
            _decoder(reader, member, sizes, later),
            (embedding(vocabulary, sizes.hidden), *_tables(member, sizes), ending, *ends),
        ),
        tied=tied,
        parts=(tower,),
        part="decoder",
        streams=(Stream("tokens"), Stream(SOURCE)),
    )


def _composers(reader: Reader, member: _Member, sizes: _Sizes) -> tuple[Component, ...]:
    """Return a table of styles to write in, one of which stands before the source."""
    if not member.composers:
        return ()
    rows = reader.integer("composer_vocab_size", default=member.composers)
    return (on(embedding(rows, sizes.hidden, "composers"), SOURCE),)


def _architecture(name: str, body: tuple[Layer, ...], ends: tuple[Component, ...]) -> Architecture:
    return Architecture(family=name, model_type=name, layers=body, ends=ends, part="encoder")


def _sizes(reader: Reader, member: _Member) -> _Sizes:
    kind = reader.value("feed_forward_proj")
    gated = member.gated if kind is None else str(kind).startswith("gated")
    if kind is not None and not isinstance(kind, str):
        reader.expected("a text", "feed_forward_proj", kind)
    return _Sizes(
        hidden=reader.integer("d_model", default=768 if member.sparse else 512),
        heads=reader.integer("num_heads", default=member.heads),
        width=reader.integer("d_kv", default=64),
        inner=reader.integer("d_ff", default=member.inner),
        gated=gated and not member.sparse,
        buckets=reader.integer("relative_attention_num_buckets", default=32),
    )


def _tables(member: _Member, sizes: _Sizes, stream: str = "tokens") -> tuple[Component, ...]:
    """Return the first layer's table of relative positions, which the later layers use too."""
    if member.every_layer:
        return ()
    return (Component("relative positions", 0, sizes.buckets * sizes.heads, stream=stream),)


def _inner(sizes: _Sizes, stream: str) -> Component:
    hidden, inner = sizes.hidden, sizes.inner
    if not sizes.gated:
        return on(feed_forward(hidden, inner, names=("wi", "wo")), stream)
    wide = tuple(Projection(name, hidden, inner) for name in ("wi_0", "wi_1"))
    projections = (*wide, Projection("wo", inner, hidden))
    return Component("feed-forward", 3 * hidden * inner, stream=stream, projections=projections)


def _mixture(reader: Reader, sizes: _Sizes, stream: str) -> tuple[Component, ...]:
    """Return the experts, of which every token uses one."""
    count = reader.integer("num_experts", default=8)
    bias = count if reader.flag("router_bias", default=False) else 0
    chosen = experts(_inner(sizes, stream), count, 1, reader, "num_experts")
    return (on(router(sizes.hidden, count, bias), stream), chosen)


def _places(reader: Reader, side: str, layers: int) -> list[bool]:
    """Return which layers have experts; the step follows from how many do."""
    count = reader.integer(f"num_sparse_{side}_layers", default=3, least=0)
    step = layers // count if count else layers
    return [step == 1 or (step > 1 and index % step == 1) for index in range(layers)]


def _self(sizes: _Sizes, member: _Member, stream: str, past: bool) -> Component:
    return selfattention(
        sizes.hidden, sizes.heads, sizes.width,
        names=_NAMES,
        biases=BIASLESS,
        stream=stream,
        sees="past" if past else "all",
        extra=sizes.buckets * sizes.heads if member.every_layer else 0,
    )  # fmt: skip


def _encoder(
    reader: Reader, name: str, member: _Member, sizes: _Sizes, layers: int, stream: str
) -> tuple[Layer, ...]:
    around = on(norms(sizes.hidden, 2), stream)
    mixer = _self(sizes, member, stream, past=False)
    if member.long:
        return _long(reader, sizes, mixer, around, layers, stream)
    plain = (mixer, _inner(sizes, stream), around)
    if not member.sparse:
        return (Layer(layers, plain),)
    routed = (mixer, *_mixture(reader, sizes, stream), around)
    return stack(routed if sparse else plain for sparse in _places(reader, "encoder", layers))


def _long(
    reader: Reader,
    sizes: _Sizes,
    mixer: Component,
    around: Component,
    layers: int,
    stream: str,
) -> tuple[Layer, ...]:
    """Return layers whose tokens see their neighbourhood, and perhaps means of all blocks."""
    kind = reader.choice("encoder_attention_type", ("local", "transient-global"), "local")
    limit = 2 * reader.integer("local_radius", default=127) + 1
    near = replace(mixer.mixing[0], limit=limit)
    inner = _inner(sizes, stream)
    if kind == "local":
        return (Layer(layers, (replace(mixer, mixing=(near,)), inner, around)),)
    size = reader.integer("global_block_size", default=16)
    far = replace(mixer.mixing[0], stride=size)
    width = sizes.heads * sizes.width
    # Keys and values of the means come from the layer's own projections.
    means = Component(
        "keys of block means", 2 * sizes.hidden * width, stored=0, stream=stream, every=size
    )
    both = replace(mixer, mixing=(near, far), vectors=mixer.vectors + sizes.hidden)
    first = replace(both, vectors=both.vectors + sizes.buckets * sizes.heads)
    return stack((first if not index else both, means, inner, around) for index in range(layers))


def _decoder(reader: Reader, member: _Member, sizes: _Sizes, layers: int) -> tuple[Layer, ...]:
    mixer = _self(sizes, member, "tokens", past=True)
    keys, queries = across(sizes.hidden, sizes.heads, sizes.width, names=_NAMES, biases=BIASLESS)
    around = norms(sizes.hidden, 3)
    plain = (mixer, keys, queries, _inner(sizes, "tokens"), around)
    if not member.sparse:
        return (Layer(layers, plain),)
    routed = (mixer, keys, queries, *_mixture(reader, sizes, "tokens"), around)
    return stack(routed if sparse else plain for sparse in _places(reader, "decoder", layers))
