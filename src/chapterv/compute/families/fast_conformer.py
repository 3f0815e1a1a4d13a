"""Speech recognisers on a FastConformer: Parakeet that spells, Canary and Cohere's that write.

Convolutions over time and pitch shorten a spectrogram step by step, each step with a length of its
own; then layers of attention with a table of distances and a convolution each. From a spectrogram
of so many frames `spectrogram_shape` gives the lengths.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Mixing,
    Part,
    Projection,
    Stream,
)
from chapterv.compute.blocks import embedding, feed_forward, head, key_heads, norms
from chapterv.compute.encoders import Biases, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.recordings import DISTANCES, FRAMES, halvings, step_of

__all__ = ["conformer", "describe_spelling", "describe_writing"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")
_WIDE = ("linear1", "linear2")
_PLAIN = {
    "hidden_size": 1024, "num_attention_heads": 8, "intermediate_size": 4096,
    "num_hidden_layers": 24, "num_mel_bins": 80,
}  # fmt: skip
# What Cohere's class fills in for its encoder, and Canary's where the table is missing as a whole.
_COHERE = {
    "hidden_size": 1280, "num_hidden_layers": 48, "intermediate_size": 5120, "num_mel_bins": 128,
}  # fmt: skip
_CANARY = {"num_hidden_layers": 32, "num_mel_bins": 128}


@family("parakeet_ctc", composed=True, heads=("ForCTC",))
def describe_spelling(reader: Reader) -> Architecture:
    """Count Parakeet with a head that spells each frame."""
    child, hidden = _encoder_table(reader)
    words = reader.integer("vocab_size", default=1025)
    starts, layer = _starts(child, hidden), _layer(child, hidden)
    streams = _streams(child)
    spelt = Component(
        "output head", hidden * words, words, stream=FRAMES,
        projections=(Projection("ctc_head", hidden, words),),
    )  # fmt: skip
    child.foreign()
    return Architecture(
        "parakeet_ctc", "parakeet_ctc", (Layer(1, starts), layer), (spelt,),
        part="encoder", streams=(streams[-2], *streams[:-2], streams[-1]),
    )  # fmt: skip


@family("canary", "cohere_asr", composed=True, heads=("ForConditionalGeneration", "Model"))
def describe_writing(reader: Reader) -> Architecture:
    """Count Canary or Cohere's recogniser: the encoder, and a decoder that reads it."""
    name = str(reader.values["model_type"])
    child, outside = _encoder_table(reader)
    ends: tuple[Component, ...] = ()
    text = reader.child("decoder_config") if name == "canary" else reader
    hidden = text.integer("hidden_size", default=1024)
    if name == "cohere_asr":
        names = (Projection("proj", outside, hidden),)
        ends = (
            Component("projection", outside * hidden, hidden, stream=FRAMES, projections=names),
        )
    elif outside != hidden:
        text.fault("it reads features of another width than the encoder's", "hidden_size")
    tower = Part("encoder", _starts(child, outside), (_layer(child, outside),), ends)
    streams = _streams(child)
    child.foreign()
    words = text.integer("vocab_size", default=16384)
    rows = text.integer("max_position_embeddings", default=1024)
    tied = reader.flag("tie_word_embeddings", default=name == "canary")
    # Canary's positions are computed.
    places = () if name == "canary" else (Component("positions", 0, rows * hidden, lookup=True),)
    headless = class_of(reader).endswith("Model")
    layer = _writer(text, hidden)
    text.foreign()
    return Architecture(
        family=name,
        model_type=name,
        layers=(layer,),
        ends=(
            embedding(words, hidden),
            *places,
            norms(hidden, 2, bias=True, name="first and last norm"),
            *(() if headless else head(words, hidden, tied, bias=True)),
        ),
        context_length=rows,
        tied=tied,
        parts=(tower,),
        streams=(Stream("tokens"), *streams),
    )


def conformer(reader: Reader, name: str) -> tuple[Part, int, tuple[Stream, ...]]:
    """Return the encoder as a tower of another model, its width and its streams.

    Args:
        reader: the encoder's own table.
        name: name of the part.
    """
    child = Reader(
        {"num_mel_bins": 80, "num_hidden_layers": 24, "num_attention_heads": 8,
         "intermediate_size": 4096, **reader.values},
        reader.where, reader.pointer, reader.faults,
    )  # fmt: skip
    child.choice("model_type", ("parakeet_encoder",), "parakeet_encoder")
    hidden = child.integer("hidden_size", default=1024)
    part = Part(name, _starts(child, hidden), (_layer(child, hidden),))
    streams = tuple(replace(one, optional=True) for one in _streams(child))
    reader.read |= child.read
    return part, hidden, streams


def _encoder_table(reader: Reader) -> tuple[Reader, int]:
    """Return the encoder's table with what the class fills in, and its width."""
    child = reader.child("encoder_config")
    child.choice("model_type", ("parakeet_encoder",), "parakeet_encoder")
    name = str(reader.values["model_type"])
    filled = _COHERE if name == "cohere_asr" else {}
    if name == "canary" and not child.values:
        filled = _CANARY
    values = {**_PLAIN, **filled, **child.values}
    settled = Reader(values, reader.where, child.pointer, reader.faults)
    return settled, settled.integer("hidden_size")


def _streams(reader: Reader) -> tuple[Stream, ...]:
    """Return the steps of the convolutions, the frames, and the distances between them."""
    names = [step_of(index, halvings(reader)) for index in range(halvings(reader))]
    return tuple(Stream(name, "recording") for name in (*names, DISTANCES))


def _starts(reader: Reader, hidden: int) -> tuple[Component, ...]:
    """Return the convolutions, whose kernels are shared by all pitches that are left."""
    kernel = reader.integer("subsampling_conv_kernel_size", default=3, most=1000)
    stride = reader.integer("subsampling_conv_stride", default=2, most=1000)
    channels = reader.integer("subsampling_conv_channels", default=256)
    bins = reader.integer("num_mel_bins")
    count = halvings(reader)
    found = []
    high = bins
    for index in range(count):
        high = max(0, high + 2 * ((kernel - 1) // 2) - kernel) // stride + 1
        stream = step_of(index, count)
        # The first reads the spectrogram, later ones each channel apart.
        one = kernel * kernel * channels
        found.append(
            Component(
                f"convolution {index + 1}", one, channels, used=high, stream=stream, raw=not index
            )
        )
        if index:
            name = f"channels {index + 1}"
            found.append(Component(name, channels * channels, channels, used=high, stream=stream))
    left = bins // stride**count
    if left != high:
        reader.fault("the pitches do not come out as the class expects", "num_mel_bins")
    wide = channels * left
    names = (Projection("subsampling.linear", wide, hidden),)
    return (*found, Component("frames", wide * hidden, hidden, stream=FRAMES, projections=names))


def _layer(reader: Reader, hidden: int) -> Layer:
    """Return two halves of a feed-forward around attention and a convolution."""
    bias = reader.flag("attention_bias", default=True)
    inner = reader.integer("intermediate_size")
    kernel = reader.integer("conv_kernel_size", default=9)
    half = on(feed_forward(hidden, inner, bias, _WIDE), FRAMES)
    biased = reader.flag("convolution_bias", default=True)
    convolution = Component(
        "convolution", hidden * (2 * hidden + kernel + hidden),
        2 * hidden + (4 * hidden if biased else 0), stream=FRAMES,
    )  # fmt: skip
    layers = reader.integer("num_hidden_layers", most=MAX_LAYERS)
    around = on(norms(hidden, 5, bias=True), FRAMES)
    return Layer(layers, (half, *_mixers(reader, hidden, bias), convolution, half, around))


def _mixers(reader: Reader, hidden: int, bias: bool) -> tuple[Component, ...]:
    """Return attention between frames, with products of every frame and every distance."""
    heads = reader.integer("num_attention_heads")
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    biases: Biases = (bias, bias, bias, bias)
    plain = selfattention(
        hidden, heads, width, names=_NAMES, biases=biases, stream=FRAMES, extra=2 * hidden
    )
    far = Mixing(heads, width, 0, sees="all", keys=DISTANCES)
    # Distances are computed and not learned, so that no gradient goes further back.
    names = (Projection("relative_k_proj", hidden, hidden),)
    distances = Component(
        "distances", hidden * hidden, stream=DISTANCES, raw=True, projections=names
    )
    return (distances, replace(plain, mixing=(*plain.mixing, far)))


def _writer(reader: Reader, hidden: int) -> Layer:
    heads = reader.integer("num_attention_heads", default=8)
    kv_heads = key_heads(reader, heads, default=heads)
    width = reader.maybe("head_dim") or reader.divides(
        hidden, heads, "num_attention_heads", "heads share the width"
    )
    bias = reader.flag("attention_bias", default=True)
    biases: Biases = (bias, bias, bias, bias)
    inner = reader.integer("intermediate_size", default=4096)
    own = selfattention(
        hidden, heads, width, names=_NAMES, biases=biases, sees="past", kv_heads=kv_heads
    )
    other = across(
        hidden, heads, width, names=_NAMES, biases=biases, source=FRAMES, kv_heads=kv_heads
    )
    feed = feed_forward(hidden, inner, bias=True, names=("fc1", "fc2"))
    layers = reader.integer("num_hidden_layers", default=8, most=MAX_LAYERS)
    return Layer(layers, (own, *other, feed, norms(hidden, 3, bias=True)))
