"""Towers of Gemma 4: pictures of any size whose features are means over neighbours, and sound.

The audio tower is a conformer. Its attention goes by chunks: a frame scores every key of its own
chunk and of those that reach into it, and its distance to the keys by a product of its own, both
at a fixed cost. The scales that bound inputs and outputs of its matrices are buffers.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Part, Stream
from chapterv.compute.blocks import feed_forward, key_heads, norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, PATCHES, Select, Tower, tower
from chapterv.compute.towers.layers import encoder_layer, on, patches

__all__ = ["DISTANCES", "describe_audio", "describe_vision"]

DISTANCES = "distances of sound"
"""Stream of the distances between frames, whose keys are made once a recording."""


@tower("gemma4_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the vision tower; the mean over neighbours is not counted as a product."""
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.integer("num_hidden_layers", default=16, most=10_000)
    heads = reader.integer("num_attention_heads", default=12)
    kv_heads = key_heads(reader, heads, default=12)
    width = reader.integer("head_dim", default=64)
    patch = reader.integer("patch_size", default=16)
    table = reader.integer("position_embedding_size", default=10240)
    pooled = reader.integer("pooling_kernel_size", default=3)
    starts = (
        patches(PATCHES, 3 * patch * patch, hidden, False),
        Component("positions", 0, 2 * table * hidden, stream=PATCHES),
    )
    mixer, inner, _ = encoder_layer(
        PATCHES, hidden, heads, reader.integer("intermediate_size", default=3072),
        width=width, kv_heads=kv_heads, qkv_bias=False, out_bias=False, mlp_bias=False, gate=True,
        extra=2 * width, output="o_proj",
    )  # fmt: skip
    reader.refuse("attention_bias", "this class has no biases")
    layer = (mixer, inner, on(norms(hidden, 4), PATCHES))
    part = Part("vision tower", starts, (Layer(layers, layer),))
    stream = Stream(PATCHES, "image", None, True, patch)
    return Tower(part, hidden, PATCHES, (stream,), pooled * pooled)


@tower("gemma4_audio")
def describe_audio(reader: Reader, select: Select) -> Tower:
    """Count the audio tower; its convolutions halve time and pitch twice."""
    hidden = reader.integer("hidden_size", default=1024)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    out = reader.integer("output_proj_dims", default=1536)
    kernel = reader.integer("conv_kernel_size", default=5)
    attention, keys, distances = _attention(reader, hidden)
    inner = replace(feed_forward(hidden, 4 * hidden), vectors=2 * hidden)
    layer = (
        on(inner, FRAMES),
        attention,
        keys,
        Component("convolution", hidden * (3 * hidden + kernel), 2 * hidden, stream=FRAMES),
        on(inner, FRAMES),
        on(norms(hidden, 3), FRAMES),
    )
    last = Component("projection", hidden * out, out, stream=FRAMES)
    part = Part("audio tower", _convolutions(reader, hidden), (Layer(layers, layer),), (last,))
    streams = (
        Stream(FRAMES, "recording", None, optional=True),
        Stream(DISTANCES, "recording", distances, optional=True),
    )
    return Tower(part, out, FRAMES, streams)


def _attention(reader: Reader, hidden: int) -> tuple[Component, Component, int]:
    heads = reader.integer("num_attention_heads", default=8)
    width = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    chunk = reader.integer("attention_chunk_size", default=12)
    left = reader.integer("attention_context_left", default=13)
    right = reader.integer("attention_context_right", default=0, least=0)
    context = chunk + left - 1 + right
    distances = context // 2 + 1
    products = hidden * (2 * context + distances)
    mixer = Component("attention", 4 * hidden * hidden, width, products=products, stream=FRAMES)
    return mixer, Component("keys of distances", hidden * hidden, stream=DISTANCES), distances


def _convolutions(reader: Reader, hidden: int) -> tuple[Component, ...]:
    channels = reader.value("subsampling_conv_channels")
    channels = [128, 32] if channels is None else channels
    if (
        not isinstance(channels, list)
        or len(channels) != 2
        or not all(type(one) is int and 4 <= one <= 2**16 for one in channels)
    ):
        reader.expected("two numbers of channels", "subsampling_conv_channels", channels)
        channels = [128, 32]
    first, second = channels
    # The spectrogram has as many bins as the first convolution has channels: the class takes that.
    pitch = first // 4
    return (
        Component("first convolution", 9 * first, first, used=4 * pitch, stream=FRAMES, raw=True),
        Component("second convolution", 9 * first * second, second, used=pitch, stream=FRAMES),
        Component("frames", pitch * second * hidden, stream=FRAMES),
    )
