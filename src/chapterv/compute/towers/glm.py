"""Towers of GLM-V: layers like those of Qwen2.5-VL, a convolution that merges, a gated merger."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Part, Projection, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, side, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe"]


@tower("glm4v_vision", "glm4v_moe_vision", "glm_ocr_vision", "glm5_next_vision")
def describe(reader: Reader, select: Select) -> Tower:
    """Count the tower of GLM-4.1V, GLM-4.5V, GLM-OCR or GLM-5.3."""
    later = reader.values["model_type"] == "glm5_next_vision"
    reads = later or reader.values["model_type"] == "glm_ocr_vision"
    hidden = reader.integer("hidden_size", default=1024 if reads else 1536)
    out = reader.integer("out_hidden_size", default=1536 if reads else 4096)
    stated = reader.integer("intermediate_size", default=4096 if reads else 13696)
    channels = reader.integer("in_channels", default=3)
    patch, merge = side(reader, "patch_size", 14), reader.integer("spatial_merge_size", default=2)
    pixels = channels * patch * patch * reader.integer("temporal_patch_size", default=2)
    starts: tuple[Component, ...] = (patches(PATCHES, pixels, hidden, True),)
    image = side(reader, "image_size", 336)
    if not reads:
        table = max(1, image // patch) ** 2 * hidden
        starts = (*starts, Component("positions", 0, table + hidden, stream=PATCHES))
    depth = reader.integer("depth", default=24, most=10_000)
    # The stated inner width is the layers' own in the one class and the merger's in the other.
    layer = _layer(reader, hidden, stated if reads else out, reads)
    inner = out * channels if reads else stated
    if later:
        inner = reader.integer("projection_intermediate_size", default=10240)
    every = merge * merge
    join = Component("downsampling", every * hidden * out, out, stream=PATCHES, every=every)
    last = replace(norms(hidden, name="last norm of the tower"), stream=PATCHES)
    ends = (last, join, _merger(out, inner, every))
    part = Part("vision tower", starts, (Layer(depth, layer),), ends)
    return Tower(part, out, PATCHES, (Stream(PATCHES, "image", None, True, patch),), every)


def _layer(reader: Reader, hidden: int, inner: int, reads: bool) -> tuple[Component, ...]:
    heads = reader.integer("num_heads", default=16 if reads else 12)
    reader.divides(hidden, heads, "num_heads", "the heads do not share the width evenly")
    bias = reader.flag("attention_bias", default=reads)
    return encoder_layer(
        PATCHES, hidden, heads, inner,
        qkv_bias=bias, out_bias=bias and reads, mlp_bias=bias and reads, gate=True,
        norm_bias=False, extra=2 * (hidden // heads) if reads else 0, fused="qkv", output="proj",
    )  # fmt: skip


def _merger(out: int, inner: int, every: int) -> Component:
    shapes = (
        Projection("proj", out, out),
        Projection("gate_proj", out, inner),
        Projection("up_proj", out, inner),
        Projection("down_proj", inner, out),
    )
    return Component(
        "merger", out * out + 3 * out * inner, 2 * out,
        stream=PATCHES, every=every, projections=shapes,
    )  # fmt: skip
