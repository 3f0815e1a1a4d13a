"""Granite Speech: a conformer hears, and learned queries ask windows of its frames.

Each window of frames is asked by a few queries, so that a recording has as many sequences of them
as windows. The adapter that the published models switch on for sound is no part of the count.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Part, Stream
from chapterv.compute.blocks import feed_forward
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import on
from chapterv.compute.towers.resamplers import LATENTS, query_former

__all__ = ["describe", "describe_conformer"]

_NOTE = "adapters that are switched on for sound are not counted"


@tower("granite_speech_encoder", "granite_speech_plus_encoder")
def describe_conformer(reader: Reader, select: Select) -> Tower:
    """Count the conformer; its frames meet within blocks, with a product for their distance."""
    hidden = reader.integer("hidden_dim", default=1024)
    layers = reader.integer("num_layers", default=10, most=10_000)
    out = reader.integer("output_dim", default=42)
    inner = hidden * reader.integer("feedforward_mult", default=4)
    plain = on(feed_forward(hidden, inner, True), FRAMES)
    half = replace(plain, vectors=plain.vectors + 2 * hidden)
    layer = (
        half,
        _attention(reader, hidden),
        _convolution(reader, hidden),
        half,
        Component("last norm of a layer", 0, 2 * hidden, stream=FRAMES),
    )
    read = reader.integer("input_dim", default=160)
    starts = (Component("frames", read * hidden, hidden, stream=FRAMES, raw=True),)
    # Halfway up, a guess of the letters is fed back.
    middle = Component("letters", 2 * hidden * out, hidden + out, stream=FRAMES)
    part = Part("audio tower", starts, (Layer(layers, layer),), (middle,))
    # Features of earlier layers are put beside those of the last.
    beside = len(reader.members("cat_hidden_layers"))
    stream = Stream(FRAMES, "recording", None, optional=True)
    return Tower(part, hidden * (1 + beside), FRAMES, (stream,))


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_heads", default=8)
    width = reader.maybe("dim_head")
    if width is None:
        later = reader.values["model_type"] == "granite_speech_plus_encoder"
        width = max(1, hidden // heads) if later else 128
    context = reader.integer("context_size", default=200)
    places = 2 * reader.integer("max_pos_emb", default=512) + 1
    wide = heads * width
    return Component(
        "attention", 4 * hidden * wide, 3 * hidden + places * width,
        mixing=(Mixing(heads, width, width, sees="all", block=context),),
        products=wide * context, stream=FRAMES,
    )  # fmt: skip


def _convolution(reader: Reader, hidden: int) -> Component:
    inner = hidden * reader.integer("conv_expansion_factor", default=2)
    kernel = reader.integer("conv_kernel_size", default=15)
    matrices = hidden * 2 * inner + inner * kernel + inner * hidden
    vectors = 2 * hidden + 2 * inner + 2 * inner + hidden
    return Component("convolution", matrices, vectors, stream=FRAMES)


@family("granite_speech", "granite_speech_plus", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Granite Speech."""
    name = f"{reader.values['model_type']}_encoder"
    heard = describe_tower(reader, name, key="encoder_config")
    window = reader.integer("window_size", default=15)
    rate = reader.integer("downsample_rate", default=5)
    child = reader.child("projector_config")
    child.choice("model_type", ("blip_2_qformer",), "blip_2_qformer")
    asks, width, streams = query_former(child, max(1, window // rate), heard.width, FRAMES)
    child.foreign()
    text = text_part(reader, "granite")
    join = projector((linear("linear", width, text.width),), stream=LATENTS)
    parts = (heard.part, asks, Part("projector", ends=join))
    windows = tuple(replace(one, unit="window") for one in streams)
    return compose(reader, text, parts, (*heard.streams, *windows), (_NOTE,))
