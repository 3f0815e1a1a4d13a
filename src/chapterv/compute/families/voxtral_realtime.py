"""Voxtral Realtime: a causal audio tower, whose features are added to the tokens one by one.

How far the text may lag behind the sound comes in as one vector, from which each layer makes a
scale once for a sequence.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Projection, Stream
from chapterv.compute.blocks import attention, embedding, gated, head, head_width, key_heads, norms
from chapterv.compute.encoders import on
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Select, Tower, describe_tower, tower

__all__ = ["DELAY", "describe", "describe_audio"]

DELAY = "delay"
"""Stream of the one vector that says how far the text lags."""

_NARROW = 32
# What the class fills in where the text part's table leaves it out.
_TEXT = {
    "vocab_size": 131072, "hidden_size": 3072, "intermediate_size": 9216, "num_hidden_layers": 26,
    "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131072,
    "head_dim": 128, "tie_word_embeddings": True, "sliding_window": 8192,
}  # fmt: skip


@tower("voxtral_realtime_encoder")
def describe_audio(reader: Reader, select: Select) -> Tower:
    """Count the tower: two convolutions, then layers that see a window of what was heard before."""
    hidden = reader.integer("hidden_size", "d_model", default=1280)
    heads = reader.integer("num_attention_heads", "encoder_attention_heads", default=32)
    if reader.maybe("num_key_value_heads") not in (None, heads):
        reader.fault("this tower has as many key heads as heads", "num_key_value_heads")
    stated = "head_dim" in reader.values
    width = head_width(reader, hidden, heads, "head_dim") if stated else 64
    inner = reader.integer("intermediate_size", "encoder_ffn_dim", default=5120)
    window = reader.integer("sliding_window", default=750)
    bins = reader.integer("num_mel_bins", default=128)
    mixer = attention(
        hidden, heads, heads, width, qkv_bias=True, out_bias=True, limit=window
    )  # fmt: skip
    # Keys alone have no bias, and of the feed-forward the last matrix alone has one.
    mixer = replace(mixer, vectors=mixer.vectors - heads * width)
    feed = replace(gated(hidden, inner), vectors=hidden)
    layer = tuple(on(one, FRAMES) for one in (mixer, feed, norms(hidden, 2)))
    starts = (
        # The first convolution runs on twice as many frames as the layers.
        Component("first convolution", 3 * bins * hidden, hidden, used=2, stream=FRAMES, raw=True),
        Component("second convolution", 3 * hidden * hidden, hidden, stream=FRAMES),
    )
    layers = reader.integer("num_hidden_layers", "encoder_layers", default=32, most=10_000)
    last = on(norms(hidden, name="last norm of the tower"), FRAMES)
    part = Part("audio tower", starts, (Layer(layers, layer),), (last,))
    stream = Stream(FRAMES, "recording", None, optional=True)
    return Tower(part, hidden, FRAMES, (stream,))


@family("voxtral_realtime", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Voxtral Realtime."""
    heard = describe_tower(reader, "voxtral_realtime_encoder", key="audio_config")
    text = _text(reader)
    every = reader.integer("downsample_factor", default=4)
    steps = (
        linear("linear_1", heard.width * every, text.width, False),
        linear("linear_2", text.width, text.width, False),
    )
    join = projector(steps, stream=FRAMES, every=every)
    delay = Stream(DELAY, "sequence", 1)
    parts = (heard.part, Part("projector", ends=join))
    return compose(reader, text, parts, (*heard.streams, delay))


def _text(reader: Reader) -> TextPart:
    child = reader.child("text_config")
    if not child.values:
        reader.fault("the file does not describe the text part", "text_config")
    child = Reader({**_TEXT, **child.values}, reader.where, child.pointer, reader.faults)
    child.choice("model_type", ("voxtral_realtime_text",), "voxtral_realtime_text")
    hidden, heads = child.integer("hidden_size"), child.integer("num_attention_heads")
    kv_heads = key_heads(child, heads, default=heads)
    width = head_width(child, hidden, heads, "head_dim")
    mixer = attention(hidden, heads, kv_heads, width, limit=child.maybe("sliding_window"))
    # The first matrix reads a vector that nothing is learned for.
    scale = tuple(
        Component(
            "scale of the delay", inputs * outputs, stream=DELAY, raw=place == 0,
            projections=(Projection(f"ada_rms_norm.linear{place + 1}", inputs, outputs),),
        )
        for place, (inputs, outputs) in enumerate(((hidden, _NARROW), (_NARROW, hidden)))
    )  # fmt: skip
    feed = gated(hidden, child.integer("intermediate_size"))
    vocabulary = child.integer("vocab_size")
    tied = child.flag("tie_word_embeddings", default=True)
    if reader.flag("tie_word_embeddings", default=True) != tied:
        reader.fault("the text part says otherwise", "tie_word_embeddings")
    architecture = Architecture(
        family="voxtral_realtime",
        model_type="voxtral_realtime",
        layers=(Layer(child.layers("num_hidden_layers"), (mixer, *scale, feed, norms(hidden, 2))),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=child.maybe("max_position_embeddings"),
        tied=tied,
    )
    child.foreign()
    return TextPart(architecture, hidden)
