"""Towers that hear: Whisper's encoder as others use it, and the encoders of Qwen-Omni.

Whisper's encoder always hears thirty seconds. Qwen-Omni's hear a recording in pieces: convolutions
run over whole pieces, which the last one is filled up to, and layers meet within a window.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.families.whisper import whisper_encoder, whisper_frames
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Select, Tower, tower
from chapterv.compute.towers.layers import encoder_layer, on

__all__ = ["PIECES", "describe_glmasr", "describe_omni", "describe_omni3", "describe_whisper"]

PIECES = "pieces of sound"
"""Stream of what Qwen3's convolutions read at once."""

_NAME = "audio tower"
_BINS = {"num_mel_bins": 128}


@tower("qwen2_audio_encoder", "voxtral_encoder", "moss_transcribe_diarize_audio")
def describe_whisper(reader: Reader, select: Select) -> Tower:
    """Count Whisper's encoder in another model."""
    small = reader.values["model_type"] == "moss_transcribe_diarize_audio"
    bins = {} if small else _BINS
    filled = Reader({**bins, **reader.values}, reader.where, reader.pointer, reader.faults)
    defaults = (1024, 24, 16, 4096) if small else (1280, 32, 20, 5120)
    part = whisper_encoder(filled, _NAME, FRAMES, defaults)
    hidden = filled.integer("d_model", "hidden_size", default=defaults[0])
    reader.read |= filled.read
    stream = Stream(FRAMES, "recording", whisper_frames(filled), optional=True)
    return Tower(part, hidden, FRAMES, (stream,))


@tower("glmasr_encoder")
def describe_glmasr(reader: Reader, select: Select) -> Tower:
    """Count the encoder of GLM-ASR: convolutions as Whisper's, rotary positions."""
    hidden = reader.integer("hidden_size", default=1280)
    heads = reader.integer("num_attention_heads", default=20)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    kv_heads = reader.integer("num_key_value_heads", default=heads)
    one = encoder_layer(
        FRAMES, hidden, heads, reader.integer("intermediate_size", default=5120),
        kv_heads=kv_heads, output="o_proj",
    )  # fmt: skip
    # Keys alone have no bias.
    mixer = replace(one[0], vectors=one[0].vectors - kv_heads * width)
    layers = Layer(reader.integer("num_hidden_layers", default=32), (mixer, *one[1:]))
    starts = _convolutions(hidden, reader.integer("num_mel_bins", default=128))
    part = Part(_NAME, starts, (layers,), (_last(hidden, FRAMES),))
    return Tower(part, hidden, FRAMES, (Stream(FRAMES, "recording", None, optional=True),))


@tower("qwen2_5_omni_audio_encoder")
def describe_omni(reader: Reader, select: Select) -> Tower:
    """Count the encoder of Qwen2.5-Omni, two of whose frames make one feature."""
    hidden, layer = _layer(reader, biased_keys=False)
    window = reader.integer("n_window", default=100)
    out = reader.integer("output_dim", default=3584)
    layer = tuple(on(one, FRAMES, block=window) for one in layer)
    marks = Component("marks of start and end", 2 * out, lookup=True, stream=FRAMES)
    join = Component("projection", hidden * out, out, stream=FRAMES, every=2)
    part = Part(
        _NAME,
        _convolutions(hidden, reader.integer("num_mel_bins", default=128)),
        (Layer(reader.integer("encoder_layers", default=32), layer),),
        (marks, _last(hidden, FRAMES), join),
    )
    reader.integer("max_source_positions", default=1500)
    return Tower(part, out, FRAMES, (Stream(FRAMES, "recording", None, optional=True),), 2)


@tower("qwen3_omni_moe_audio_encoder", "qwen3_asr_encoder")
def describe_omni3(reader: Reader, select: Select) -> Tower:
    """Count the encoder of Qwen3-Omni or Qwen3-ASR, whose convolutions are of two dimensions."""
    whole = reader.values["model_type"] == "qwen3_omni_moe_audio_encoder"
    hidden, layer = _layer(reader, biased_keys=True, small=not whole)
    middle = reader.integer("downsample_hidden_size", default=480)
    bins = reader.integer("num_mel_bins", default=128)
    length = 2 * reader.integer("n_window", default=50)
    heard = reader.integer("n_window_infer", default=800)
    starts, frames = _convolutions_2d(hidden, middle, bins, length)
    block = frames * max(1, heard // length)
    layer = tuple(on(one, FRAMES, block=block) for one in layer)
    ends: tuple[Component, ...] = (_last(hidden, FRAMES),)
    out = hidden
    if whole:
        out = reader.integer("output_dim", default=3584)
        join = Component("projection", hidden * hidden + hidden * out, hidden + out, stream=FRAMES)
        ends = (*ends, join)
    layers = reader.integer("encoder_layers", default=32 if whole else 24)
    part = Part(_NAME, starts, (Layer(layers, layer),), ends)
    streams = (
        Stream(FRAMES, "recording", None, optional=True),
        Stream(PIECES, "recording", None, optional=True),
    )
    return Tower(part, out, FRAMES, streams)


def _layer(
    reader: Reader, *, biased_keys: bool, small: bool = False
) -> tuple[int, tuple[Component, ...]]:
    hidden = reader.integer("d_model", default=1024 if small else 1280)
    heads = reader.integer("encoder_attention_heads", default=16 if small else 20)
    reader.divides(hidden, heads, "encoder_attention_heads", "heads share the width")
    inner = reader.integer("encoder_ffn_dim", default=4096 if small else 5120)
    one = encoder_layer(FRAMES, hidden, heads, inner)
    if biased_keys:
        return hidden, one
    return hidden, (replace(one[0], vectors=one[0].vectors - hidden), *one[1:])


def _convolutions(hidden: int, bins: int) -> tuple[Component, ...]:
    return (
        # The first convolution runs on twice as many frames as the layers.
        Component("first convolution", 3 * bins * hidden, hidden, used=2, stream=FRAMES, raw=True),
        Component("second convolution", 3 * hidden * hidden, hidden, stream=FRAMES),
    )


def _convolutions_2d(
    hidden: int, middle: int, bins: int, length: int
) -> tuple[tuple[Component, ...], int]:
    """Return three convolutions that each halve time and pitch, and frames of one piece."""
    found = []
    inputs = 1
    for name in ("first", "second", "third"):
        length, bins = (length + 1) // 2, (bins + 1) // 2
        found.append(
            Component(
                f"{name} convolution", 9 * inputs * middle, middle,
                used=length * bins, stream=PIECES, raw=inputs == 1,
            )
        )  # fmt: skip
        inputs = middle
    joined = Component("frames", middle * bins * hidden, used=length, stream=PIECES)
    return (*found, joined), length


def _last(hidden: int, stream: str) -> Component:
    return replace(norms(hidden, bias=True, name="last norm of the tower"), stream=stream)
