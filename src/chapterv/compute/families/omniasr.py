"""Omnilingual ASR: an encoder of raw sound of wav2vec's kind, and a text decoder or a speller."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import feed_forward, norms
from chapterv.compute.encoders import on, selfattention
from chapterv.compute.families import family
from chapterv.compute.families.wav2vec2 import convolutions
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.recordings import FRAMES, steps_of, stream_of

__all__ = ["apart", "describe", "describe_spelling"]

_NAMES = ("intermediate_dense", "output_dense")


@family("omniasr", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Omnilingual ASR with its text decoder."""
    heard, streams, hidden = _tower(reader)
    text = text_part(apart(reader), "llama")
    join = projector((linear("multi_modal_projector", hidden, text.width),), stream=FRAMES)
    optional = tuple(replace(stream, optional=True) for stream in streams)
    return compose(reader, text, (heard, Part("projector", ends=join)), optional)


@family("omniasr_ctc", composed=True, heads=("ForCTC",))
def describe_spelling(reader: Reader) -> Architecture:
    """Count Omnilingual ASR with a head that spells each frame."""
    heard, streams, hidden = _tower(reader)
    words = reader.integer("vocab_size", default=10288)
    spelt = Component("output head", hidden * words, words, stream=FRAMES)
    return Architecture(
        "omniasr_ctc", "omniasr_ctc", (Layer(1, heard.starts), *heard.layers),
        (*heard.ends, spelt), part="encoder", streams=tuple(reversed(streams)),
    )  # fmt: skip


def _tower(reader: Reader) -> tuple[Part, tuple[Stream, ...], int]:
    """Return the encoder, its streams with the frames as the last, and its width."""
    child = reader.child("audio_config")
    child.choice("model_type", ("omniasr_audio",), "omniasr_audio")
    hidden = child.integer("hidden_size", default=1024)
    steps = steps_of(child)
    part = Part(
        "audio tower",
        (*convolutions(child, "data2vec-audio", steps, biased=True), *_starts(child, hidden)),
        (_layer(child, hidden),),
        (on(norms(hidden, bias=True, name="last norm"), FRAMES),),
    )
    child.foreign()
    places = range(len(steps))
    streams = tuple(Stream(stream_of(place, len(steps)), "recording") for place in places)
    return part, streams, hidden


def apart(reader: Reader) -> Reader:
    """Return the configuration with a head of its own, as the class has it whatever a file says.

    Args:
        reader: a composed model's configuration.
    """
    reader.flag("tie_word_embeddings", default=False)
    text = {**reader.child("text_config").values, "tie_word_embeddings": False}
    values = {**reader.values, "text_config": text, "tie_word_embeddings": False}
    return Reader(values, reader.where, reader.pointer, reader.faults)


def _starts(reader: Reader, hidden: int) -> tuple[Component, ...]:
    """Return what stands between the convolutions and the layers."""
    channels = reader.value("conv_dim")
    last = channels[-1] if isinstance(channels, list) and channels else 512
    last = last if type(last) is int and last > 0 else 512
    groups = reader.integer("num_conv_pos_embedding_groups", default=16)
    kernel = reader.integer("num_conv_pos_embeddings", default=128)
    narrow = reader.divides(hidden, groups, "num_conv_pos_embedding_groups", "groups share it")
    return (
        Component("projection", last * hidden, hidden + 2 * last, stream=FRAMES),
        Component("positions", kernel * narrow * hidden, hidden, stream=FRAMES),
    )


def _layer(reader: Reader, hidden: int) -> Layer:
    heads = reader.integer("num_attention_heads", default=16)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    inner = reader.integer("intermediate_size", default=4096)
    layers = reader.integer("num_hidden_layers", default=24, most=MAX_LAYERS)
    mixer = selfattention(hidden, heads, width, stream=FRAMES)
    wide = on(feed_forward(hidden, inner, bias=True, names=_NAMES), FRAMES)
    return Layer(layers, (mixer, wide, on(norms(hidden, 2, bias=True), FRAMES)))
