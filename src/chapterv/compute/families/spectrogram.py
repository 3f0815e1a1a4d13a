"""The audio spectrogram transformer: a ViT on overlapping patches of a spectrogram."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.blocks import feed_forward
from chapterv.compute.encoders import Biases, class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.families.sight import labels
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.towers import PATCHES, side
from chapterv.compute.towers.layers import on, patches
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")
_RECORDING = Stream("recordings", "recording", 1)


@family("audio-spectrogram-transformer", heads=("ASTModel", "ForAudioClassification"))
def describe(reader: Reader) -> Architecture:
    """Count the transformer alone or with its classifier."""
    hidden = reader.integer("hidden_size", default=768)
    patch = side(reader, "patch_size", 16)
    count = _steps(reader, "num_mel_bins", 128, "frequency_stride", patch)
    count *= _steps(reader, "max_length", 1024, "time_stride", patch)
    starts = (
        patches(PATCHES, patch * patch, hidden, True),
        # A token for the class and one for distillation stand beside them.
        Component("positions", 0, (count + 4) * hidden, stream=PATCHES),
    )
    ends = [Component("last norm", 0, 2 * hidden, stream=WITH_CLASS)]
    if class_of(reader).endswith("Classification"):
        count_of = labels(reader)
        ends.append(
            Component(
                "classifier", hidden * count_of, 2 * hidden + count_of, stream=_RECORDING.name,
                projections=(Projection("classifier.dense", hidden, count_of),),
            )
        )  # fmt: skip
    streams = (
        Stream(PATCHES, "recording", count),
        Stream(WITH_CLASS, "recording", count + 2),
        *((_RECORDING,) if len(ends) > 1 else ()),
    )
    name = "audio-spectrogram-transformer"
    return Architecture(
        name, name, (Layer(1, starts), _layers(reader, hidden)), tuple(ends),
        part="encoder", streams=streams,
    )  # fmt: skip


def _steps(reader: Reader, key: str, default: int, step: str, patch: int) -> int:
    """Return how many patches stand along one side."""
    length = reader.integer(key, default=default)
    if patch > length:
        reader.fault("a patch is longer than the spectrogram", key)
    return max(0, length - patch) // reader.integer(step, default=10) + 1


def _layers(reader: Reader, hidden: int) -> Layer:
    heads = reader.integer("num_attention_heads", default=12)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    inner = reader.integer("intermediate_size", default=3072)
    bias = reader.flag("qkv_bias", default=True)
    biases: Biases = (bias, bias, bias, True)
    mixer = selfattention(hidden, heads, width, names=_NAMES, biases=biases, stream=WITH_CLASS)
    wide = on(feed_forward(hidden, inner, True, ("fc1", "fc2")), WITH_CLASS)
    around = Component("norms", 0, 4 * hidden, stream=WITH_CLASS)
    return Layer(reader.integer("num_hidden_layers", default=12, most=MAX_LAYERS),
                 (mixer, wide, around))  # fmt: skip
