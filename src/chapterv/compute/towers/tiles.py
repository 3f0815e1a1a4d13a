"""Towers that read a picture in square tiles: Llama 4 and Llama 3.2 Vision.

Llama 4 reads each tile for itself and joins four patches. In Llama 3.2 the patches of all tiles of
a picture meet one another; each tile is filled up to a multiple of eight, and a picture always to
the full number of tiles.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Part, Projection, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, side, tower
from chapterv.compute.towers.layers import encoder_layer, patches
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["FILLED", "describe_llama4", "describe_mllama"]

FILLED = "filled patches"
"""Stream of the layers of Llama 3.2 Vision."""


def _grid(reader: Reader) -> tuple[int, int]:
    image, patch = side(reader, "image_size", 448), side(reader, "patch_size", 14)
    return max(1, image // patch) ** 2, patch


@tower("llama4_vision_model")
def describe_llama4(reader: Reader, select: Select) -> Tower:
    """Count the tower of Llama 4 with the adapter behind it."""
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.integer("num_hidden_layers", default=34, most=10_000)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    inner = reader.integer("intermediate_size", default=5632)
    count, patch = _grid(reader)
    every = _joined(reader)
    # The second matrix of the adapter reads the width that it gives.
    out = reader.integer("projector_output_dim", default=4096)
    if reader.integer("projector_input_dim", default=4096) != out:
        reader.fault("the two matrices of the adapter do not fit", "projector_input_dim")
    if hidden * every != inner:
        reader.fault("the joined patches are not as wide as the adapter reads", "intermediate_size")
    channels = reader.integer("num_channels", default=3)
    starts = (
        patches(PATCHES, channels * patch * patch, hidden, False),
        Component("positions", 0, (count + 2) * hidden, stream=WITH_CLASS),
        replace(norms(hidden, bias=True, name="first norm"), stream=WITH_CLASS),
    )
    layer = encoder_layer(WITH_CLASS, hidden, heads, inner, output="o_proj")
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=WITH_CLASS)
    matrices = inner * out + out * out
    shapes = (Projection("fc1", inner, out), Projection("fc2", out, out))
    adapter = Component("adapter", matrices, stream=PATCHES, every=every, projections=shapes)
    part = Part("vision tower", starts, (Layer(layers, layer),), (last, adapter))
    streams = (
        Stream(PATCHES, "image", count, True, patch),
        Stream(WITH_CLASS, "image", count + 1, True),
    )
    return Tower(part, out, PATCHES, streams, every)


def _joined(reader: Reader) -> int:
    ratio = reader.value("pixel_shuffle_ratio")
    if ratio is None:
        return 4
    for side_of in range(1, 65):
        if isinstance(ratio, int | float) and ratio * side_of == 1:
            return side_of * side_of
    reader.expected("one part of a whole number, such as 0.5", "pixel_shuffle_ratio", ratio)
    return 4


@tower("mllama_vision_model")
def describe_mllama(reader: Reader, select: Select) -> Tower:
    """Count the tower of Llama 3.2 Vision, which gives features of several layers at once."""
    hidden = reader.integer("hidden_size", default=1280)
    local = reader.integer("num_hidden_layers", default=32, most=10_000)
    above = reader.integer("num_global_layers", default=8, most=10_000)
    count, patch = _grid(reader)
    tiles = reader.integer("max_num_tiles", default=4)
    taken = reader.value("intermediate_layers_indices")
    taken = [3, 7, 15, 23, 30] if taken is None else taken
    if not isinstance(taken, list) or not all(
        type(one) is int and 0 <= one <= local for one in taken
    ):
        reader.expected("a list of layer numbers", "intermediate_layers_indices", taken)
        taken = []
    width = hidden * (1 + len(taken))
    if reader.integer("vision_output_dim", default=7680) != width:
        reader.fault("the chosen layers do not give that width", "vision_output_dim")
    filled = -(-(count + 1) // 8) * 8
    part = Part(
        "vision tower",
        _start(reader, hidden, count, patch, tiles),
        _runs(reader, hidden, local, above),
        (replace(norms(hidden, bias=True, name="last norm of the tower"), stream=FILLED),),
    )
    streams = (
        Stream(PATCHES, "image", tiles * count, True, patch),
        Stream(FILLED, "image", tiles * filled, True),
        Stream(WITH_CLASS, "image", tiles * (count + 1), True),
    )
    return Tower(part, width, WITH_CLASS, streams)


def _start(
    reader: Reader, hidden: int, count: int, patch: int, tiles: int
) -> tuple[Component, ...]:
    ratios = reader.value("supported_aspect_ratios")
    shapes = (8 if ratios is None else len(ratios) if isinstance(ratios, list) else 0) + 1
    channels = reader.integer("num_channels", default=3)
    by_tile = shapes * tiles * hidden
    # A table for each shape of picture, three gates, the class token.
    vectors = by_tile * (count + 1) + 2 * by_tile + (count + 1) * hidden + hidden + 3
    return (
        patches(PATCHES, channels * patch * patch, hidden, False),
        Component("positions", 0, vectors, stream=FILLED),
        replace(norms(hidden, bias=True, name="first norm"), stream=FILLED),
    )


def _runs(reader: Reader, hidden: int, local: int, above: int) -> tuple[Layer, ...]:
    heads = reader.integer("attention_heads", "num_attention_heads", default=16)
    reader.divides(hidden, heads, "attention_heads", "the heads do not share the width evenly")
    plain = encoder_layer(
        FILLED, hidden, heads, reader.integer("intermediate_size", default=5120),
        qkv_bias=False, out_bias=False, output="o_proj",
    )  # fmt: skip
    gates = Component("gates", 0, 2, stream=FILLED)
    return (Layer(local, plain), Layer(above, (*plain, gates)))
