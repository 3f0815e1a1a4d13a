"""T5Gemma 2: an encoder of text and pictures, and a decoder that reads it within one attention.

The decoder's attention has one set of projections for its own tokens and the source. All embeddings
and the head are one matrix, that of the encoder.
"""

from __future__ import annotations

import math

from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Mixing,
    Part,
    Stream,
    stack,
)
from chapterv.compute.blocks import embedding, gated, head, key_heads, norms, windows
from chapterv.compute.encoders import SOURCE, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.nested import linear, projector
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.towers import Tower, describe_tower

__all__ = ["describe"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")
_HEADS = ("ForConditionalGeneration", "T5Gemma2Model")


@family("t5gemma2", composed=True, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count T5Gemma 2."""
    first, second = reader.child("encoder"), reader.child("decoder")
    text = first.child("text_config")
    width = text.integer("hidden_size", default=2304)
    words = text.integer("vocab_size", default=262_208)
    hidden = second.integer("hidden_size", default=2304)
    if (hidden, second.integer("vocab_size", default=262_208)) != (width, words):
        second.fault("the embedding is shared, and must be of one size", "hidden_size")
    tower = describe_tower(first, "siglip_vision_model")
    join = _joined(first, tower, width)
    # A vector for the token that ends a picture stands beside the table.
    extra = Component("end of a picture", 0, width, lookup=True, stream=SOURCE)
    table = replace(embedding(words, width, "source embedding"), stored=0)
    read = Part(
        "encoder", (on(table, SOURCE), extra), _layers(text, SOURCE),
        (on(norms(width, name="last norm"), SOURCE),),
    )  # fmt: skip
    tied = reader.flag("tie_word_embeddings", default=True)
    ends = () if class_of(reader).endswith("Model") else head(words, hidden, tied)
    layers = _layers(second, "tokens")
    text.foreign()
    second.foreign()
    return Architecture(
        family="t5gemma2",
        model_type="t5gemma2",
        layers=layers,
        ends=(embedding(words, hidden), norms(hidden, name="last norm"), *ends),
        context_length=second.maybe("max_position_embeddings"),
        tied=tied,
        parts=(tower.part, Part("projector", ends=join), read),
        streams=(Stream("tokens"), Stream(SOURCE), *tower.streams),
    )


def _joined(reader: Reader, tower: Tower, width: int) -> tuple[Component, ...]:
    """Return what pools patches and gives them the text's width."""
    features = reader.integer("mm_tokens_per_image", default=256)
    patches = tower.streams[0].length or 1
    side = math.isqrt(patches) // max(1, math.isqrt(features))
    if side < 1:
        reader.fault("there are more features than patches", "mm_tokens_per_image")
    step = linear("mm_input_projection", tower.width, width, False)
    return projector((step,), stream=tower.stream, every=max(1, side) ** 2, norm=tower.width)


def _layers(reader: Reader, stream: str) -> tuple[Layer, ...]:
    """Return the layers of one half: the writer's tokens see the past, and the source."""
    writes = stream == "tokens"
    hidden = reader.integer("hidden_size", default=2304)
    heads = reader.integer("num_attention_heads", default=8)
    kv_heads = key_heads(reader, heads, default=4)
    width = reader.integer("head_dim", default=256)
    bias = reader.flag("attention_bias", default=False)
    inner = on(gated(hidden, reader.integer("intermediate_size", default=9216)), stream)
    around = on(norms(hidden, 4), stream)
    narrow = kv_heads * width
    # The same projections make keys and values of the source.
    again = Component(
        "keys of the source", 2 * hidden * narrow, stored=0, stream=SOURCE, given=True
    )
    far = Mixing(heads, width, width, sees="all", keys=SOURCE)

    def layer(span: int | None) -> tuple[Component, ...]:
        mixer = selfattention(
            hidden, heads, width, names=_NAMES, biases=(bias,) * 4, kv_heads=kv_heads,
            stream=stream, sees="past" if writes else "all", limit=span, extra=2 * width,
        )  # fmt: skip
        if writes:
            mixer = replace(mixer, mixing=(*mixer.mixing, far))
        return (again, mixer, inner, around) if writes else (mixer, inner, around)

    return stack(layer(span) for span in _spans(reader))


def _spans(reader: Reader) -> list[int | None]:
    layers = reader.integer("num_hidden_layers", default=26, most=MAX_LAYERS)
    window = reader.integer("sliding_window", default=4096)
    every = reader.integer("sliding_window_pattern", default=6)
    return windows(reader, layers, window, lambda index: bool((index + 1) % every))
