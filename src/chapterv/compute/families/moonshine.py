"""Moonshine: speech from raw sound to text, its recording as long as it is."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Projection, Stream
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import Biases, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader
from chapterv.compute.recordings import FRAMES, steps_of, stream_of

__all__ = ["describe"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")


@family("moonshine", composed=True, heads=("ForConditionalGeneration", "MoonshineModel"))
def describe(reader: Reader) -> Architecture:
    """Count Moonshine."""
    hidden = reader.integer("hidden_size", default=288)
    inner = reader.integer("intermediate_size", default=1152)
    bias = reader.flag("attention_bias", default=False)
    biases = (bias, bias, bias, False)
    steps = steps_of(reader)
    tower = Part(
        "encoder",
        _convolutions(reader, hidden, steps),
        (_encoder(reader, hidden, inner, biases),),
        (on(norms(hidden, name="last norm"), FRAMES),),
    )
    vocabulary = reader.integer("vocab_size", default=32768)
    tied = reader.flag("tie_word_embeddings", default=True)
    ends = () if class_of(reader).endswith("Model") else head(vocabulary, hidden, tied)
    return Architecture(
        family="moonshine",
        model_type="moonshine",
        layers=(_decoder(reader, hidden, inner, biases),),
        ends=(embedding(vocabulary, hidden), norms(hidden, name="last norm"), *ends),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        parts=(tower,),
        streams=(
            Stream("tokens"),
            *(Stream(stream_of(index, len(steps)), "recording") for index in range(len(steps))),
        ),
    )


def _convolutions(
    reader: Reader, hidden: int, steps: list[tuple[int, int]]
) -> tuple[Component, ...]:
    """Return three convolutions, the second of which widens the sound."""
    inputs, outputs = (1, hidden, 2 * hidden), (hidden, 2 * hidden, hidden)
    # A norm follows the first, which alone has no bias.
    vectors = (2 * hidden, 2 * hidden, hidden)
    return tuple(
        Component(
            f"convolution {index + 1}", kernel * inputs[index] * outputs[index], vectors[index],
            stream=stream_of(index, len(steps)), raw=not index,
        )
        for index, (kernel, _) in enumerate(steps)
    )  # fmt: skip


def _heads(reader: Reader, side: str, hidden: int) -> tuple[int, int]:
    key = f"{side}_num_attention_heads"
    heads = reader.integer(key, default=8)
    name = f"{side}_num_key_value_heads"
    if reader.integer(name, default=heads) != heads:
        reader.fault("key heads that several heads share are not counted", name)
    stated = reader.maybe("head_dim")
    width = stated or reader.divides(hidden, heads, key, "heads share the width")
    return heads, width


def _encoder(reader: Reader, hidden: int, inner: int, biases: Biases) -> Layer:
    heads, width = _heads(reader, "encoder", hidden)
    layers = reader.integer("encoder_num_hidden_layers", default=6, most=100_000)
    mixer = selfattention(hidden, heads, width, names=_NAMES, biases=biases, stream=FRAMES)
    wide = on(feed_forward(hidden, inner, bias=True, names=("fc1", "fc2")), FRAMES)
    return Layer(layers, (mixer, wide, on(norms(hidden, 2), FRAMES)))


def _decoder(reader: Reader, hidden: int, inner: int, biases: Biases) -> Layer:
    heads, width = _heads(reader, "decoder", hidden)
    layers = reader.integer("decoder_num_hidden_layers", default=6, most=100_000)
    mixer = selfattention(hidden, heads, width, names=_NAMES, biases=biases, sees="past")
    crossed = across(hidden, heads, width, names=_NAMES, biases=biases, source=FRAMES)
    wide = Component("feed-forward", 3 * hidden * inner, 2 * inner + hidden)
    wide = replace(
        wide,
        projections=(Projection("fc1", hidden, 2 * inner), Projection("fc2", inner, hidden)),
    )
    return Layer(layers, (mixer, *crossed, wide, norms(hidden, 3)))
