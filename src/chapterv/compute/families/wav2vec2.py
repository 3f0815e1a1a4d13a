"""Encoders of raw sound: wav2vec 2.0 and HuBERT.

Convolutions shorten the recording step by step without filling up its ends, so that each step has a
length of its own, a stream here; `chapterv.compute.recordings` gives them from the number of
samples. The weights of the convolution that tells positions are kept as a direction and a length.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Stream
from chapterv.compute.blocks import feed_forward, norms
from chapterv.compute.encoders import class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader
from chapterv.compute.recordings import FRAMES, steps_of, stream_of

__all__ = ["describe"]

_NAMES = ("intermediate_dense", "output_dense")


@family("wav2vec2", "hubert", heads=("Wav2Vec2Model", "HubertModel", "ForCTC"))
def describe(reader: Reader) -> Architecture:
    """Count wav2vec 2.0 or HuBERT, as the encoder or with a head that writes."""
    name = str(reader.values["model_type"])
    for key in ("add_adapter", "adapter_attn_dim", "conv_pos_batch_norm"):
        reader.refuse(key, "it adds parts that are not counted")
    hidden = reader.integer("hidden_size", default=768)
    heads = reader.integer("num_attention_heads", default=12)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    inner = reader.integer("intermediate_size", default=3072)
    layers = reader.integer("num_hidden_layers", default=12, most=100_000)
    layer = (
        selfattention(hidden, heads, width, stream=FRAMES),
        on(feed_forward(hidden, inner, bias=True, names=_NAMES), FRAMES),
        on(norms(hidden, 2, bias=True), FRAMES),
    )
    steps = steps_of(reader)
    convolutions = _convolutions(reader, steps)
    head: tuple[Component, ...] = ()
    if class_of(reader).endswith("ForCTC"):
        words = reader.integer("vocab_size", default=32)
        head = (Component("output head", hidden * words, words, stream=FRAMES),)
    streams = (
        Stream(FRAMES, "recording"),
        *(Stream(stream_of(index, len(steps)), "recording") for index in range(len(steps) - 1)),
    )
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(1, (*convolutions, *_starts(reader, name, hidden))), Layer(layers, layer)),
        ends=(on(norms(hidden, bias=True, name="encoder norm"), FRAMES), *head),
        part="encoder",
        streams=streams,
    )


def _convolutions(reader: Reader, steps: list[tuple[int, int]]) -> tuple[Component, ...]:
    channels = reader.value("conv_dim") or [512] * len(steps)
    plain = isinstance(channels, list) and len(channels) == len(steps)
    if not plain or not all(type(one) is int and 0 < one < 2**20 for one in channels):
        reader.expected("a number of channels for each convolution", "conv_dim", channels)
        channels = [512] * len(steps)
    bias = reader.flag("conv_bias", default=False)
    normed = reader.choice("feat_extract_norm", ("group", "layer"), "group") == "layer"
    found = []
    before = 1
    for index, (outputs, (kernel, _)) in enumerate(zip(channels, steps, strict=True)):
        vectors = (2 * outputs if normed or index == 0 else 0) + (outputs if bias else 0)
        stream = stream_of(index, len(steps))
        matrices = kernel * before * outputs
        found.append(
            Component(f"convolution {index + 1}", matrices, vectors, stream=stream, raw=not index)
        )
        before = outputs
    return tuple(found)


def _starts(reader: Reader, name: str, hidden: int) -> tuple[Component, ...]:
    """Return what stands between the convolutions and the layers."""
    channels = reader.value("conv_dim")
    last = channels[-1] if isinstance(channels, list) and channels else 512
    last = last if type(last) is int else 512
    normed = name != "hubert" or reader.flag("feat_proj_layer_norm", default=True)
    groups = reader.integer("num_conv_pos_embedding_groups", default=16)
    kernel = reader.integer("num_conv_pos_embeddings", default=128)
    narrow = reader.divides(hidden, groups, "num_conv_pos_embedding_groups", "groups share it")
    masked = any(_share(reader, key, default) for key, default in _MASKS)
    return (
        Component("projection", last * hidden, hidden + (2 * last if normed else 0), stream=FRAMES),
        Component("positions", kernel * narrow * hidden, hidden + kernel, stream=FRAMES),
        *((Component("masked frame", 0, hidden, stream=FRAMES),) if masked else ()),
    )


_MASKS = (("mask_time_prob", 0.05), ("mask_feature_prob", 0.0))


def _share(reader: Reader, name: str, default: float) -> bool:
    """Return whether a share is above nothing."""
    value = reader.value(name)
    if value is None:
        return default > 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        reader.expected("a number", name, value)
        return False
    return value > 0
