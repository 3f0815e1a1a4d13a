"""Building blocks of models that read a source: attention both ways, and across to the source.

An encoder's positions all meet one another, so both conventions of counting agree on them. A
decoder's queries run on its own tokens, while the keys and values of its cross-attention are made
from the source, once for each position there.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from chapterv.compute.architecture import TOKENS, Component, Mixing, Projection
from chapterv.compute.reading import Reader

__all__ = [
    "BIASED",
    "BIASLESS",
    "SOURCE",
    "Biases",
    "across",
    "class_of",
    "on",
    "selfattention",
]

SOURCE = "source tokens"
"""Name of the stream that a text encoder reads."""

Names = tuple[str, str, str, str]
Biases = tuple[bool, bool, bool, bool]

BIASED: Biases = (True, True, True, True)
BIASLESS: Biases = (False, False, False, False)
PROJECTIONS: Names = ("q_proj", "k_proj", "v_proj", "out_proj")


def on(component: Component, stream: str) -> Component:
    """Return the component as it works on another stream."""
    return replace(component, stream=stream)


def selfattention(
    hidden: int,
    heads: int,
    width: int,
    *,
    names: Names = PROJECTIONS,
    biases: Biases = BIASED,
    stream: str = TOKENS,
    sees: Literal["past", "all"] = "all",
    limit: int | None = None,
    block: int | None = None,
    extra: int = 0,
    kv_heads: int | None = None,
) -> Component:
    """Return attention within one stream.

    Args:
        hidden: width of the stream.
        heads: query heads.
        width: width of one head.
        names: what adapters call the projections of queries, keys, values and output.
        biases: which of the four have one.
        stream: stream whose positions meet.
        sees: "all" in an encoder, "past" in a decoder.
        limit: most positions that one sees, around it or before it.
        block: positions meet only inside consecutive blocks of this many.
        extra: further vectors, such as a table of relative positions.
        kv_heads: key and value heads, as many as query heads if left out.
    """
    inner, narrow = heads * width, (kv_heads or heads) * width
    outputs = (inner, narrow, narrow, hidden)
    vectors = extra + sum(size for size, has in zip(outputs, biases, strict=True) if has)
    inputs = (hidden, hidden, hidden, inner)
    projections = tuple(Projection(*one) for one in zip(names, inputs, outputs, strict=True))
    mixing = (Mixing(heads, width, width, limit=limit, sees=sees, block=block),)
    matrices = sum(one.inputs * one.outputs for one in projections)
    return Component(
        "attention", matrices, vectors, mixing=mixing, stream=stream, projections=projections
    )  # fmt: skip


def across(
    hidden: int,
    heads: int,
    width: int,
    *,
    names: Names = PROJECTIONS,
    biases: Biases = BIASED,
    stream: str = TOKENS,
    source: str = SOURCE,
    source_width: int | None = None,
    kv_heads: int | None = None,
    extra: int = 0,
) -> tuple[Component, Component]:
    """Return cross-attention: keys and values on the source, queries and output on the stream.

    Args:
        hidden: width of the stream.
        heads: query heads.
        width: width of one head.
        names: what adapters call the projections of queries, keys, values and output.
        biases: which of the four have one.
        stream: stream of the queries.
        source: stream of keys and values.
        source_width: width of the source, that of the stream if left out.
        kv_heads: key and value heads, as many as query heads if left out.
        extra: further vectors beside the queries.
    """
    inner, narrow = heads * width, (kv_heads or heads) * width
    wide = source_width or hidden
    of_queries, of_keys, of_values, of_output = biases
    keys = Component(
        "cross-attention keys",
        2 * wide * narrow,
        narrow * (of_keys + of_values),
        stream=source,
        given=source != stream,
        projections=(Projection(names[1], wide, narrow), Projection(names[2], wide, narrow)),
    )
    queries = Component(
        "cross-attention",
        2 * hidden * inner,
        extra + inner * of_queries + hidden * of_output,
        mixing=(Mixing(heads, width, width, sees="all", keys=source),),
        stream=stream,
        projections=(Projection(names[0], hidden, inner), Projection(names[3], inner, hidden)),
    )
    return keys, queries


def class_of(reader: Reader) -> str:
    """Return the first class name under `architectures`, or nothing where none is named."""
    classes = reader.value("architectures")
    return classes[0] if isinstance(classes, list) and classes and _text(classes[0]) else ""


def _text(value: object) -> bool:
    return isinstance(value, str)
