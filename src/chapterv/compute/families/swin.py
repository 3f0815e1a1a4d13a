"""Swin and the encoder of Donut: windows that meet inside, and stages that merge four positions."""

from __future__ import annotations

from collections.abc import Iterator

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.blocks import feed_forward
from chapterv.compute.encoders import Biases, class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.families.sight import PICTURE, labels, once
from chapterv.compute.reading import MAX_DIMENSION, MAX_LAYERS, Reader
from chapterv.compute.towers import PATCHES
from chapterv.compute.towers.layers import on, patches

__all__ = ["describe", "last_width", "merged"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")
_HEADS = ("SwinModel", "ForImageClassification")


@family("swin", "donut-swin", heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count Swin alone or with its classifier."""
    name = str(reader.values["model_type"])
    if reader.flag("use_absolute_embeddings", default=False):
        reader.fault("a table of positions is not counted", "use_absolute_embeddings")
    first = reader.integer("embed_dim", default=96, most=2**20)
    patch = reader.integer("patch_size", default=4)
    grid = _grid(reader, patch)
    pixels = patch * patch * reader.integer("num_channels", default=3)
    starts = (
        patches(PATCHES, pixels, first, True),
        Component("first norm", 0, 2 * first, stream=PATCHES),
    )
    wide = last_width(reader)
    depths = _list(reader, "depths", [2, 2, 6, 2])
    last = merged(len(depths) - 1)
    # Donut reads the last stage as it is.
    ends = [] if name == "donut-swin" else [Component("last norm", 0, 2 * wide, stream=last)]
    streams = [
        Stream(merged(stage), "image", max(1, grid[0] >> stage) * max(1, grid[1] >> stage))
        for stage in range(len(depths))
    ]
    if class_of(reader).endswith("Classification"):
        ends.append(once("classifier", wide, labels(reader)))
        streams.append(PICTURE)
    stages = tuple(_stages(reader, first, grid, depths))
    return Architecture(
        name, name, (Layer(1, starts), *stages), tuple(ends), part="encoder", streams=tuple(streams)
    )


def merged(stage: int) -> str:
    """Return the name of the stream of a stage: patches, then those merged from four each.

    Args:
        stage: from 0.
    """
    return PATCHES if stage == 0 else f"patches merged {4**stage} to one"


def last_width(reader: Reader) -> int:
    """Return the width of the last stage, twice that of the one before it each time."""
    first = reader.integer("embed_dim", default=96, most=2**20)
    doubled: int = first << (len(_list(reader, "depths", [2, 2, 6, 2])) - 1)
    return min(doubled, MAX_DIMENSION)


def _grid(reader: Reader, patch: int) -> tuple[int, int]:
    """Return how many patches stand along each side."""
    value = reader.value("image_size")
    sides = value if isinstance(value, list) else [224 if value is None else value] * 2
    if len(sides) != 2 or not all(type(one) is int and 0 < one <= 2**20 for one in sides):
        reader.expected("one side or two", "image_size", value)
        sides = [224, 224]
    high, across = (max(1, -(-one // patch)) for one in sides)
    return high, across


def _list(reader: Reader, name: str, default: list[int]) -> list[int]:
    value = reader.value(name)
    if value is None:
        return default
    plain = isinstance(value, list) and 0 < len(value) <= 8
    if not plain or not all(type(one) is int and 0 < one <= MAX_LAYERS for one in value):
        reader.expected("a list with an entry for each stage", name, value)
        return default
    return list(value)


def _stages(reader: Reader, wide: int, grid: tuple[int, int], depths: list[int]) -> Iterator[Layer]:
    heads = _list(reader, "num_heads", [3, 6, 12, 24])
    if len(heads) != len(depths):
        reader.fault("there are not as many stages as numbers of heads", "num_heads")
        heads = [1] * len(depths)
    high, across = grid
    for stage, depth in enumerate(depths):
        yield Layer(depth, _layer(reader, wide, heads[stage], (high, across), merged(stage)))
        if stage == len(depths) - 1:
            return
        if high % 2 or across % 2:
            reader.fault("a stage has an odd number of positions, which is filled up", "image_size")
        high, across = max(1, high // 2), max(1, across // 2)
        step = Component(
            "merging", 8 * wide * wide, 8 * wide, stream=merged(stage + 1),
            projections=(Projection("reduction", 4 * wide, 2 * wide),),
        )  # fmt: skip
        yield Layer(1, (step,))
        wide *= 2


def _layer(
    reader: Reader, wide: int, heads: int, grid: tuple[int, int], stream: str
) -> tuple[Component, ...]:
    window = reader.integer("window_size", default=7, most=2**16)
    table = (2 * window - 1) ** 2 * heads
    if grid[0] % window or grid[1] % window:
        reader.fault("windows do not fill the picture evenly", "window_size")
    bias = reader.flag("qkv_bias", default=True)
    width = reader.divides(wide, heads, "num_heads", "heads share the width")
    biases: Biases = (bias, bias, bias, True)
    mixer = selfattention(
        wide, heads, width, names=_NAMES, biases=biases, stream=stream, block=window**2,
        extra=table,
    )  # fmt: skip
    ratio = reader.value("mlp_ratio")
    ratio = 4 if ratio is None else ratio
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio < 2**10:
        reader.expected("a number", "mlp_ratio", ratio)
        ratio = 4
    feed = feed_forward(wide, max(1, int(ratio * wide)), True, ("fc1", "fc2"))
    return (mixer, on(feed, stream), Component("norms", 0, 4 * wide, stream=stream))
