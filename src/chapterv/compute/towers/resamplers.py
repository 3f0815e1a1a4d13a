"""A fixed number of learned vectors that ask a picture: perceiver resamplers and query formers.

Each layer's queries are the learned vectors; its keys come from the picture, and in a perceiver
from the vectors themselves as well.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Mixing, Part, Stream, stack
from chapterv.compute.blocks import feed_forward, gated, norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers.layers import on

__all__ = ["LATENTS", "WORDS", "idefics_inner", "perceiver", "perceiver_layer", "query_former"]

LATENTS = "learned queries"
"""Stream of the learned vectors."""

WORDS = "words of the instruction"
"""Stream of an instruction that the learned vectors see."""

_BOTH = "queries and instruction"


def perceiver_layer(
    hidden: int, heads: int, kv_heads: int, width: int, keys: str, vectors: int
) -> tuple[Component, ...]:
    """Return attention of the learned vectors to a picture and to one another.

    Args:
        hidden: width of both streams.
        heads: query heads.
        kv_heads: key heads.
        width: width of one head.
        keys: stream of the picture.
        vectors: parameters of norms.
    """
    told = 2 * hidden * kv_heads * width
    mixing = (
        Mixing(heads, width, width, sees="all"),
        Mixing(heads, width, width, keys=keys),
    )
    return (
        Component("keys of the picture", told, stream=keys),
        # The same matrices make keys of the learned vectors.
        Component("keys of the queries", told, stored=0, stream=LATENTS),
        Component("attention", 2 * hidden * heads * width, vectors, mixing=mixing, stream=LATENTS),
    )


def perceiver(
    name: str, count: int, hidden: int, depth: int, layer: tuple[Component, ...], last: Component
) -> tuple[Part, Stream]:
    """Return a resampler of like layers, with its stream."""
    start = Component("learned queries", 0, count * hidden, stream=LATENTS)
    part = Part(name, (start,), (Layer(depth, layer),), (replace(last, stream=LATENTS),))
    return part, Stream(LATENTS, "image", count, optional=True)


def query_former(
    reader: Reader, queries: int, seen: int, keys: str, *, instructed: bool = False
) -> tuple[Part, int, tuple[Stream, ...]]:
    """Return a query former as BLIP-2 has it, its width, and its streams.

    Args:
        reader: its table.
        queries: learned vectors.
        seen: width of the picture's features.
        keys: stream of them.
        instructed: it also reads an instruction, whose words meet the queries.
    """
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    heads = reader.integer("num_attention_heads", default=12)
    width = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    inner = reader.integer("intermediate_size", default=3072)
    every = reader.integer("cross_attention_frequency", default=2)
    if reader.integer("encoder_hidden_size", default=1408) != seen:
        reader.fault("it reads features of another width", "encoder_hidden_size")
    stream = _BOTH if instructed else LATENTS
    own = _attention(hidden, heads, width, stream)
    asks = _across(hidden, heads, width, seen, keys)
    ends = [_inner(hidden, inner, LATENTS)]
    if instructed:
        ends.append(_inner(hidden, inner, WORDS))
    run = stack((*own, *(asks if index % every == 0 else ()), *ends) for index in range(layers))
    starts = [Component("learned queries", 0, queries * hidden, stream=LATENTS)]
    starts += _words(reader, hidden, stream, instructed)
    streams = [Stream(LATENTS, "image", queries, optional=True)]
    if instructed:
        streams += [
            Stream(WORDS, "instruction", None, True),
            Stream(_BOTH, "instruction", None, True),
        ]
    return Part("query former", tuple(starts), run), hidden, tuple(streams)


def _words(reader: Reader, hidden: int, stream: str, instructed: bool) -> list[Component]:
    vocabulary = reader.integer("vocab_size", default=30522)
    positions = reader.integer("max_position_embeddings", default=512)
    last = Component("first norm", 0, 2 * hidden, stream=stream)
    if not instructed:
        reader.refuse("use_qformer_text_input", "tables of words are not counted here")
        return [last]
    rows = (vocabulary + positions) * hidden
    return [Component("word embedding", rows, lookup=True, stream=WORDS), last]


def _attention(hidden: int, heads: int, width: int, stream: str) -> tuple[Component, ...]:
    mixing = (Mixing(heads, width, width, sees="all"),)
    square = hidden * hidden
    return (Component("attention", 4 * square, 6 * hidden, mixing=mixing, stream=stream),)


def _across(hidden: int, heads: int, width: int, seen: int, keys: str) -> tuple[Component, ...]:
    mixing = (Mixing(heads, width, width, keys=keys),)
    square = hidden * hidden
    return (
        Component("keys of the picture", 2 * seen * hidden, 2 * hidden, stream=keys),
        Component("cross-attention", 2 * square, 4 * hidden, mixing=mixing, stream=LATENTS),
    )


def _inner(hidden: int, inner: int, stream: str) -> Component:
    plain = on(feed_forward(hidden, inner, True, ("dense", "dense")), stream)
    return replace(plain, vectors=plain.vectors + 2 * hidden)


def idefics_inner(hidden: int, inner: int, gate: bool) -> tuple[Component, ...]:
    """Return the feed-forward of a perceiver's layer with its norm."""
    part = gated(hidden, inner) if gate else feed_forward(hidden, inner)
    return on(part, LATENTS), on(norms(hidden, 1, bias=not gate), LATENTS)
