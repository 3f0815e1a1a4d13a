"""Tower of SAM as text models use it: windows that are filled up, positions relative to each other.

Most layers meet within windows that tile the picture, which is filled up at its edges for them; a
few meet everywhere. The score of a pair has a part for its distance in each direction, which is a
product of the query with a learned vector for each row and each column.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from chapterv.compute.architecture import Component, Part, Stream, stack
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, side, tower
from chapterv.compute.towers.layers import encoder_layer, on, patches

__all__ = ["FILLED", "Sam", "describe", "neck", "read_sam"]

FILLED = "patches of filled windows"
"""Stream of attention within windows."""


class Sam(msgspec.Struct, frozen=True):
    """The layers of the tower before its neck.

    Args:
        part: patch embedding and layers.
        hidden: width of the layers.
        out: width that the neck gives.
        count: patches of a picture.
        streams: streams of patches.
        first_global: the first layer whose positions meet everywhere.
        layers: number of layers.
    """

    part: Part
    hidden: int
    out: int
    count: int
    streams: tuple[Stream, ...]
    first_global: int
    layers: int


def read_sam(reader: Reader, name: str = "vision tower") -> Sam:
    """Read the layers of the tower."""
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    image, patch = side(reader, "image_size", 1024), side(reader, "patch_size", 16)
    across = max(1, image // patch)
    window = reader.integer("window_size", default=14, least=0)
    everywhere = reader.members("global_attn_indexes")
    if reader.value("global_attn_indexes") is None:
        everywhere = frozenset((2, 5, 8, 11))
    filled = -(-across // window) * window if window else across
    kinds = {
        True: _layer(reader, hidden, PATCHES, across, None),
        False: _layer(reader, hidden, FILLED if window else PATCHES, window or across, window),
    }
    channels = reader.integer("num_channels", default=3)
    starts = [patches(PATCHES, channels * patch * patch, hidden, True)]
    if reader.flag("use_abs_pos", default=True):
        starts.append(Component("positions", 0, across * across * hidden, stream=PATCHES))
    run = stack(kinds[index in everywhere] for index in range(layers))
    streams = (
        Stream(PATCHES, "image", across * across, True, patch),
        Stream(FILLED, "image", filled * filled, True),
    )
    out = reader.integer("output_channels", default=256)
    first = min(everywhere, default=layers)
    return Sam(Part(name, tuple(starts), run), hidden, out, across**2, streams, first, layers)


def _layer(
    reader: Reader, hidden: int, stream: str, rows: int, window: int | None
) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads", default=12)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    width = max(1, hidden // heads)
    bias = reader.flag("qkv_bias", default=True)
    relative = reader.flag("use_rel_pos", default=True)
    mixer, rest, around = encoder_layer(
        PATCHES, hidden, heads, reader.integer("mlp_dim", default=3072),
        qkv_bias=bias, extra=2 * (2 * rows - 1) * width if relative else 0,
        fused="qkv", output="proj", names=("lin1", "lin2"),
    )  # fmt: skip
    block = window * window if window else None
    mixer = replace(on(mixer, stream, block=block), products=2 * rows * hidden if relative else 0)
    return mixer, rest, around


def neck(hidden: int, out: int, name: str = "neck") -> tuple[Component, ...]:
    """Return the two convolutions after the layers, each with a norm."""
    matrices = hidden * out + 9 * out * out
    return (Component(name, matrices, 4 * out, stream=PATCHES),)


@tower("got_ocr2_vision", "pp_chart2table_vision")
def describe(reader: Reader, select: Select) -> Tower:
    """Count the tower of GOT-OCR 2 or PP-Chart2Table."""
    sam = read_sam(reader)
    part = replace(sam.part, ends=neck(sam.hidden, sam.out))
    return Tower(part, sam.out, PATCHES, sam.streams)
