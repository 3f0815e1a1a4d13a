"""Pegasus-X: tokens see their block and a few global tokens, which see everything.

The global tokens pass through the encoder's layers beside the text, with the same weights; what
the last layer makes of them is not used. Blocks that are shifted by half are counted as if they
were not.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Part, Stream
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import BIASLESS, SOURCE, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_GLOBAL = "global tokens"
_NAMES = ("fc1", "fc2")


@family("pegasus_x", composed=True, heads=("ForConditionalGeneration", "PegasusXModel"))
def describe(reader: Reader) -> Architecture:
    """Count Pegasus-X."""
    hidden = reader.integer("d_model", default=1024)
    layers = reader.integer("encoder_layers", "num_hidden_layers", default=16, most=100_000)
    later = reader.integer("decoder_layers", default=16, most=100_000)
    vocabulary = reader.integer("vocab_size", default=96103)
    tied = reader.flag("tie_word_embeddings", default=True)
    count = reader.integer("num_global_tokens", default=32)
    source = replace(embedding(vocabulary, hidden, "source embedding"), stored=0)
    tower = Part(
        "encoder",
        (
            on(source, SOURCE),
            Component("global embedding", count * hidden, lookup=True, stream=_GLOBAL),
        ),
        _encoder(reader, hidden, layers),
        (on(norms(hidden, bias=True, name="last norm"), SOURCE),),
    )
    ends = () if class_of(reader).endswith("Model") else head(vocabulary, hidden, tied)
    return Architecture(
        family="pegasus_x",
        model_type="pegasus_x",
        layers=(Layer(later, _decoder(reader, hidden)),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="last norm"),
            *ends,
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        parts=(tower,),
        streams=(Stream("tokens"), Stream(SOURCE), Stream(_GLOBAL, "sequence", count)),
    )


def _heads(reader: Reader, side: str, hidden: int) -> tuple[int, int]:
    key = f"{side}_attention_heads"
    heads = reader.integer(key, default=16)
    return heads, reader.divides(hidden, heads, key, "the heads do not share the width evenly")


def _encoder(reader: Reader, hidden: int, layers: int) -> tuple[Layer, ...]:
    heads, width = _heads(reader, "encoder", hidden)
    block = reader.integer("block_size", default=512)
    wide = reader.integer("encoder_ffn_dim", default=4096)
    inner = on(feed_forward(hidden, wide, bias=True, names=_NAMES), SOURCE)
    mixer = selfattention(hidden, heads, width, biases=BIASLESS, stream=SOURCE, block=block)
    few = Mixing(heads, width, width, sees="all", keys=_GLOBAL)
    half = 2 * hidden * hidden
    shared = {"stored": 0, "projections": ()}
    keys = Component("keys of global tokens", half, stored=0, stream=_GLOBAL)
    queries = Component(
        "global attention", half, stored=0, stream=_GLOBAL,
        mixing=(
            Mixing(heads, width, width, sees="all"),
            Mixing(heads, width, width, sees="all", keys=SOURCE),
        ),
    )  # fmt: skip
    own = (
        replace(mixer, mixing=(*mixer.mixing, few)),
        keys,
        inner,
        on(norms(hidden, 3, bias=True), SOURCE),
    )
    others = (queries, replace(on(inner, _GLOBAL), **shared))
    last = Layer(1, (*own, *(replace(one, idle=True) for one in others)))
    return (*((Layer(layers - 1, (*own, *others)),) if layers > 1 else ()), last)


def _decoder(reader: Reader, hidden: int) -> tuple[Component, ...]:
    heads, width = _heads(reader, "decoder", hidden)
    wide = reader.integer("decoder_ffn_dim", default=4096)
    return (
        selfattention(hidden, heads, width, biases=BIASLESS, sees="past"),
        *across(hidden, heads, width, biases=BIASLESS),
        feed_forward(hidden, wide, bias=True, names=_NAMES),
        norms(hidden, 3, bias=True),
    )
