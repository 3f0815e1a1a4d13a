"""The first Idefics: a decoder of Llama's kind with gated cross-attention between its layers.

Words that were added to the vocabulary have a table and a head of their own. With a resampler the
decoder looks at learned queries, without one at the patches themselves.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Part, Stream, stack
from chapterv.compute.blocks import attention, embedding, gated, head, norms
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose
from chapterv.compute.reading import Reader
from chapterv.compute.towers import Tower, describe_tower
from chapterv.compute.towers.resamplers import LATENTS, idefics_inner, perceiver, perceiver_layer
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe"]


@family("idefics", composed=True, heads=("ForVisionText2Text",))
def describe(reader: Reader) -> Architecture:
    """Count Idefics."""
    tower = describe_tower(reader, "idefics_vision", known_as={"idefics": "idefics_vision"})
    parts: tuple[Part, ...] = (tower.part,)
    streams: tuple[Stream, ...] = tower.streams
    seen = WITH_CLASS
    child = reader.child("perceiver_config")
    resampled = reader.flag("use_resampler", default=False)
    child.read.add("use_resampler")
    if resampled:
        asks, stream = _resampler(child, tower)
        parts, streams, seen = (*parts, asks), (*streams, stream), LATENTS
    text = _text(reader, tower.width, seen)
    return compose(reader, text, parts, streams)


def _resampler(reader: Reader, tower: Tower) -> tuple[Part, Stream]:
    hidden = tower.width
    heads = reader.integer("resampler_n_heads", default=16)
    width = reader.integer("resampler_head_dim", default=96)
    normed = reader.flag("qk_layer_norms_perceiver", default=False)
    layer = (
        *perceiver_layer(
            hidden, heads, heads, width, WITH_CLASS, 4 * hidden + (4 * width if normed else 0)
        ),
        *idefics_inner(hidden, 4 * hidden, False),
    )
    count = reader.integer("resampler_n_latents", default=64)
    depth = reader.integer("resampler_depth", default=6)
    last = Component("last norm", 0, 2 * hidden)
    return perceiver("resampler", count, hidden, depth, layer, last)


def _text(reader: Reader, seen: int, stream: str) -> TextPart:
    hidden = reader.integer("hidden_size", default=4096)
    layers = reader.integer("num_hidden_layers", default=32, most=10_000)
    heads = reader.integer("num_attention_heads", default=32)
    width = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    inner = gated(hidden, reader.integer("intermediate_size", default=11008))
    vocabulary = reader.integer("vocab_size", default=32000)
    added = reader.integer("additional_vocab_size", default=0, least=0)
    every = reader.integer("cross_layer_interval", default=1)
    tied = reader.flag("tie_word_embeddings", default=False)
    normed = 2 * width if reader.flag("qk_layer_norms", default=False) else 0
    gates = 2 * (hidden if reader.value("alpha_type") == "vector" else 1)
    rest = (inner, norms(hidden, 2))
    own = (attention(hidden, heads, heads, width), *rest)
    across = (
        *_across(hidden, heads, width, seen, stream, normed),
        *rest,
        Component("gates", 0, gates),
    )
    if layers % every:
        reader.fault(
            "the last layers would look and have nothing to look with", "cross_layer_interval"
        )
    more = [Component("embedding of added words", added * hidden, lookup=True)] if added else []
    architecture = Architecture(
        family="idefics",
        model_type="idefics",
        layers=stack((*across, *own) if index % every == 0 else own for index in range(layers)),
        ends=(
            embedding(vocabulary, hidden),
            *more,
            norms(hidden, name="last norm"),
            *head(vocabulary + added, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )
    return TextPart(architecture, hidden)


def _across(
    hidden: int, heads: int, width: int, seen: int, stream: str, normed: int
) -> tuple[Component, ...]:
    plain = attention(hidden, heads, heads, width)
    told = Component("keys of the picture", 2 * seen * heads * width, stream=stream)
    mixing = (Mixing(heads, width, width, keys=stream),)
    asks = replace(
        plain, name="cross-attention", matrices=2 * hidden * heads * width, vectors=normed,
        mixing=mixing, projections=(),
    )  # fmt: skip
    return told, asks
