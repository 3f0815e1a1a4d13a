"""Encoders of raw sound: wav2vec 2.0, HuBERT, WavLM, UniSpeech and data2vec.

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

__all__ = ["convolutions", "describe", "starts"]

_NAMES = ("intermediate_dense", "output_dense")
_MEMBERS = ("wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat", "data2vec-audio")
_HEADS = (
    "Wav2Vec2Model", "HubertModel", "WavLMModel", "UniSpeechModel", "UniSpeechSatModel",
    "Data2VecAudioModel", "ForCTC",
)  # fmt: skip


@family(*_MEMBERS, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count an encoder of this group, alone or with a head that writes."""
    name = str(reader.values["model_type"])
    for key in ("add_adapter", "adapter_attn_dim", "conv_pos_batch_norm"):
        reader.refuse(key, "it adds parts that are not counted")
    hidden = reader.integer("hidden_size", default=768)
    heads = reader.integer("num_attention_heads", default=12)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    inner = reader.integer("intermediate_size", default=3072)
    layers = reader.integer("num_hidden_layers", default=12, most=100_000)
    gates = _gates(reader, heads, width) if name == "wavlm" else ()
    layer = (
        selfattention(hidden, heads, width, stream=FRAMES),
        *gates,
        on(feed_forward(hidden, inner, bias=True, names=_NAMES), FRAMES),
        on(norms(hidden, 2, bias=True), FRAMES),
    )
    steps = steps_of(reader)
    shortened = convolutions(reader, name, steps)
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
        layers=(Layer(1, (*shortened, *starts(reader, name, hidden))), Layer(layers, layer)),
        ends=(on(norms(hidden, bias=True, name="encoder norm"), FRAMES), *head),
        part="encoder",
        streams=streams,
    )


def _gates(reader: Reader, heads: int, width: int) -> tuple[Component, ...]:
    """Return what lets each position and head decide how much distances weigh."""
    # One matrix serves all heads.
    matrix = Component("gate of distances", 8 * width, 8, used=heads, stream=FRAMES)
    return (matrix, Component("gate constants", 0, heads, stream=FRAMES))


def convolutions(
    reader: Reader, name: str, steps: list[tuple[int, int]], *, biased: bool = False
) -> tuple[Component, ...]:
    """Return the convolutions that shorten a recording.

    Args:
        reader: the table that holds their channels.
        name: the family, which says what norms they have.
        steps: kernel and step of each.
        biased: they have biases where the table does not say.
    """
    channels = reader.value("conv_dim") or [512] * len(steps)
    plain = isinstance(channels, list) and len(channels) == len(steps)
    if not plain or not all(type(one) is int and 0 < one < 2**20 for one in channels):
        reader.expected("a number of channels for each convolution", "conv_dim", channels)
        channels = [512] * len(steps)
    bias = reader.flag("conv_bias", default=biased)
    normed = name == "data2vec-audio" or (
        reader.choice("feat_extract_norm", ("group", "layer"), "group") == "layer"
    )
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


def starts(reader: Reader, name: str, hidden: int) -> tuple[Component, ...]:
    """Return what stands between the convolutions and the layers.

    Args:
        reader: the table that holds the sizes.
        name: the family; that which reads a spectrogram has none of the convolutions.
        hidden: width of the layers.
    """
    masked = any(_share(reader, key, default) for key, default in _MASKS)
    mask = (Component("masked frame", 0, hidden, stream=FRAMES),) if masked else ()
    if name == "wav2vec2-bert":
        return mask
    channels = reader.value("conv_dim")
    last = channels[-1] if isinstance(channels, list) and channels else 512
    last = last if type(last) is int else 512
    normed = name != "hubert" or reader.flag("feat_proj_layer_norm", default=True)
    return (
        Component("projection", last * hidden, hidden + (2 * last if normed else 0), stream=FRAMES),
        *_positions(reader, name, hidden),
        *mask,
    )


def _positions(reader: Reader, name: str, hidden: int) -> tuple[Component, ...]:
    """Return what tells positions: a wide convolution, or several narrow ones."""
    groups = reader.integer("num_conv_pos_embedding_groups", default=16)
    narrow = reader.divides(hidden, groups, "num_conv_pos_embedding_groups", "groups share it")
    if name == "data2vec-audio":
        count = reader.integer("num_conv_pos_embeddings", default=5, most=1000)
        kernel = reader.integer("conv_pos_kernel_size", default=19)
        one = Component("positions", kernel * narrow * hidden, hidden, stream=FRAMES)
        return (one,) * count
    kernel = reader.integer("num_conv_pos_embeddings", default=128)
    found = (Component("positions", kernel * narrow * hidden, hidden + kernel, stream=FRAMES),)
    if name != "wavlm":
        return found
    buckets = reader.integer("num_buckets", default=320)
    heads = reader.integer("num_attention_heads", default=12)
    # The first layer's table serves all.
    return (*found, Component("distances", 0, buckets * heads, stream=FRAMES))


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
