"""ConvNeXt, its second version, and DINO 3's: convolutions for each channel and matrices for each
position, in stages that halve height and width.
"""

from __future__ import annotations

from collections.abc import Iterator

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.encoders import class_of
from chapterv.compute.families import family
from chapterv.compute.families.sight import PICTURE, labels, once
from chapterv.compute.families.swin import merged
from chapterv.compute.reading import MAX_LAYERS, Reader

__all__ = ["describe"]

_HEADS = ("ConvNextModel", "ConvNextV2Model", "ForImageClassification")
# What adapters call the matrices of a layer.
_NAMES = {"dinov3_convnext": ("pointwise_conv1", "pointwise_conv2")}


@family("convnext", "convnextv2", "dinov3_convnext", heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count a ConvNeXt alone or with its classifier."""
    name = str(reader.values["model_type"])
    widths = _list(reader, "hidden_sizes", [96, 192, 384, 768])
    depths = _list(reader, "depths", [3, 3, 9, 3])
    if len(widths) != len(depths):
        reader.fault("there are not as many stages as widths", "depths")
        widths = [96] * len(depths)
    patch = 4 if name == "dinov3_convnext" else reader.integer("patch_size", default=4)
    high, across = _grid(reader, patch)
    pixels = patch * patch * reader.integer("num_channels", default=3)
    stem = Component(
        "patch embedding", pixels * widths[0], 3 * widths[0], stream=merged(0), raw=True
    )
    streams = [
        Stream(merged(stage), "image", max(1, high >> stage) * max(1, across >> stage))
        for stage in range(len(depths))
    ]
    ends = [Component("last norm", 0, 2 * widths[-1], stream=merged(len(depths) - 1))]
    if class_of(reader).endswith("Classification"):
        if name == "dinov3_convnext":
            reader.fault("a head that is not counted", "architectures")
        ends.append(once("classifier", widths[-1], labels(reader)))
        streams.append(PICTURE)
    return Architecture(
        name, name, (Layer(1, (stem,)), *_stages(reader, name, widths, depths)), tuple(ends),
        part="encoder", streams=tuple(streams),
    )  # fmt: skip


def _list(reader: Reader, name: str, default: list[int]) -> list[int]:
    value = reader.value(name)
    if value is None:
        return default
    plain = isinstance(value, list) and 0 < len(value) <= 12
    if not plain or not all(type(one) is int and 0 < one <= MAX_LAYERS for one in value):
        reader.expected("a list with an entry for each stage", name, value)
        return default
    return list(value)


def _grid(reader: Reader, patch: int) -> tuple[int, int]:
    """Return how many patches stand along each side."""
    value = reader.value("image_size")
    sides = value if isinstance(value, list) else [224 if value is None else value] * 2
    if len(sides) != 2 or not all(type(one) is int and 0 < one <= 2**20 for one in sides):
        reader.expected("one side or two", "image_size", value)
        sides = [224, 224]
    high, across = (max(1, one // patch) for one in sides)
    return high, across


def _stages(reader: Reader, name: str, widths: list[int], depths: list[int]) -> Iterator[Layer]:
    for stage, (wide, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            before = widths[stage - 1]
            yield Layer(
                1,
                (
                    Component("norm", 0, 2 * before, stream=merged(stage - 1)),
                    Component("merging", 4 * before * wide, wide, stream=merged(stage)),
                ),
            )
        yield Layer(depth, _layer(reader, name, wide, merged(stage)))


def _layer(reader: Reader, name: str, wide: int, stream: str) -> tuple[Component, ...]:
    """Return a convolution for each channel, and two matrices for each position."""
    first, second = _NAMES.get(name, ("pwconv1", "pwconv2"))
    scale = reader.value("layer_scale_init_value")
    if scale is not None and (isinstance(scale, bool) or not isinstance(scale, int | float)):
        reader.expected("a number", "layer_scale_init_value", scale)
        scale = None
    # The second version norms responses over a picture, with a scale and a shift.
    vectors = 8 * wide if name == "convnextv2" else wide if scale is None or scale > 0 else 0
    names = (Projection(first, wide, 4 * wide), Projection(second, 4 * wide, wide))
    return (
        Component("convolution", 49 * wide, 3 * wide, stream=stream),
        Component(
            "feed-forward", 8 * wide * wide, 5 * wide + vectors, stream=stream, projections=names
        ),
    )
