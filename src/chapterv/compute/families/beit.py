"""BEiT and data2vec for pictures: ViT with a table of distances for each layer or for all."""

from __future__ import annotations

import math

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Stream
from chapterv.compute.blocks import feed_forward
from chapterv.compute.encoders import class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.families.sight import PICTURE, labels, once
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.towers import PATCHES
from chapterv.compute.towers.layers import on, patches
from chapterv.compute.towers.plain import grid
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe"]

_NAMES = {
    "beit": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "data2vec-vision": ("query", "key", "value", "attention.output.dense"),
}
_WIDE = {"beit": ("fc1", "fc2"), "data2vec-vision": ("intermediate.dense", "output.dense")}
_HEADS = ("BeitModel", "Data2VecVisionModel", "ForImageClassification")


@family(*_NAMES, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count BEiT or data2vec for pictures, alone or with a classifier."""
    name = str(reader.values["model_type"])
    hidden = reader.integer("hidden_size", default=768)
    heads = reader.integer("num_attention_heads", default=12)
    layers = reader.integer("num_hidden_layers", default=12, most=MAX_LAYERS)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    count, patch = grid(reader, 16)
    pixels = patch * patch * reader.integer("num_channels", default=3)
    shared, own = _tables(reader, heads, count)
    mixer = selfattention(
        hidden, heads, width, names=_NAMES[name], biases=(True, False, True, True),
        stream=WITH_CLASS, extra=own,
    )  # fmt: skip
    inner = reader.integer("intermediate_size", default=3072)
    around = Component("norms", 0, 4 * hidden + _scales(reader, hidden), stream=WITH_CLASS)
    layer = (mixer, on(feed_forward(hidden, inner, True, _WIDE[name]), WITH_CLASS), around)
    vectors = hidden * (1 + reader.flag("use_mask_token", default=False)) + shared
    if reader.flag("use_absolute_position_embeddings", default=False):
        vectors += (count + 1) * hidden
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, vectors, stream=PATCHES),
    )
    classifies = class_of(reader).endswith("Classification")
    # A norm follows the mean of the patches, which data2vec alone does not take, or the layers.
    pooled = reader.flag("use_mean_pooling", default=True)
    normed = classifies or not pooled or name == "beit"
    ends = [Component("last norm", 0, 2 * hidden, stream=WITH_CLASS)] if normed else []
    streams = [Stream(PATCHES, "image", count, patch=patch), Stream(WITH_CLASS, "image", count + 1)]
    if classifies:
        ends.append(once("classifier", hidden, labels(reader)))
        streams.append(PICTURE)
    return Architecture(
        name, name, (Layer(1, starts), Layer(layers, layer)), tuple(ends),
        part="encoder", streams=tuple(replace(stream, cut="down") for stream in streams),
    )  # fmt: skip


def _tables(reader: Reader, heads: int, count: int) -> tuple[int, int]:
    """Return the sizes of the table of distances that all layers share, and of each one's own."""
    side = math.isqrt(count)
    # Three more entries are for the class token, to it, and for itself.
    size = ((2 * side - 1) ** 2 + 3) * heads
    return (
        size if reader.flag("use_shared_relative_position_bias", default=False) else 0,
        size if reader.flag("use_relative_position_bias", default=False) else 0,
    )


def _scales(reader: Reader, hidden: int) -> int:
    value = reader.value("layer_scale_init_value")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        reader.expected("a number", "layer_scale_init_value", value)
        return 0
    return 2 * hidden if value is None or value > 0 else 0
