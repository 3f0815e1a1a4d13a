"""Towers of Qwen-VL and those after them: pictures of any size, patches merged four to one.

The patch embedding reads two pictures in a row; layers meet within one picture, in the 2.5 most of
them within windows only; a merger joins neighbouring patches and gives them the width of the text
part. In the 3 further mergers feed early text layers. Windows at the edge of a picture whose side
is no multiple of the window are smaller than counted here, so that the count is an upper bound.
"""

from __future__ import annotations

import math

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Part, Projection, Stream, stack
from chapterv.compute.blocks import key_heads
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe_qwen2", "describe_qwen2_5", "describe_qwen3", "merger"]


def merger(
    name: str,
    norm: int,
    wide: int,
    out: int,
    every: int,
    *,
    norm_bias: bool = True,
    names: tuple[str, str] = ("mlp.0", "mlp.2"),
) -> Component:
    """Return two matrices that make one feature of neighbouring patches.

    Args:
        name: name of the component.
        norm: width of its norm.
        wide: width of the joined patches.
        out: width of the feature.
        every: patches joined.
        norm_bias: the norm has a shift.
        names: what the two matrices are called.
    """
    vectors = norm * (2 if norm_bias else 1) + wide + out
    shapes = (Projection(names[0], wide, wide), Projection(names[1], wide, out))
    return Component(
        name, wide * wide + wide * out, vectors,
        stream=PATCHES, every=every, projections=shapes,
    )  # fmt: skip


def _start(reader: Reader, hidden: int, patch: int, bias: bool) -> Component:
    channels = reader.integer("in_channels", "in_chans", default=3)
    frames = reader.integer("temporal_patch_size", default=2)
    return patches(PATCHES, channels * frames * patch * patch, hidden, bias)


def _streams(patch: int) -> tuple[Stream, ...]:
    return (Stream(PATCHES, "image", None, optional=True, patch=patch),)


def _heads(reader: Reader, hidden: int) -> int:
    heads = reader.integer("num_heads", default=16)
    reader.divides(hidden, heads, "num_heads", "the heads do not share the width evenly")
    return heads


@tower("qwen2_vl_vision")
def describe_qwen2(reader: Reader, select: Select) -> Tower:
    """Count the tower of Qwen2-VL, whose `hidden_size` is the width of the text part."""
    hidden = reader.integer("embed_dim", default=1280)
    out = reader.integer("hidden_size", default=3584)
    inner = hidden * reader.integer("mlp_ratio", default=4)
    patch = reader.integer("patch_size", "spatial_patch_size", default=14)
    merge = reader.integer("spatial_merge_size", default=2)
    one = encoder_layer(PATCHES, hidden, _heads(reader, hidden), inner, fused="qkv", output="proj")
    wide = hidden * merge * merge
    join = merger("merger", hidden, wide, out, merge * merge)
    depth = reader.layers("depth") if reader.value("depth") is not None else 32
    part = Part("vision tower", (_start(reader, hidden, patch, False),), (Layer(depth, one),))
    ends = replace(part, ends=(join,))
    return Tower(ends, out, PATCHES, _streams(patch), merge * merge)


@tower("qwen2_5_vl_vision", "qwen2_5_omni_vision_encoder", "exaone4_5_vision")
def describe_qwen2_5(reader: Reader, select: Select) -> Tower:
    """Count the tower of Qwen2.5-VL, most of whose layers meet within windows."""
    hidden = reader.integer("hidden_size", default=3584)
    out = reader.integer("out_hidden_size", default=3584)
    inner = reader.integer("intermediate_size", default=3420)
    patch = reader.integer("patch_size", "spatial_patch_size", default=14)
    merge = reader.integer("spatial_merge_size", default=2)
    depth = reader.integer("depth", default=32, most=10_000)
    window = reader.integer("window_size", default=112)
    full = reader.members("fullatt_block_indexes")
    if reader.value("fullatt_block_indexes") is None:
        full = frozenset((7, 15, 23, 31))
    across = max(1, window // merge // patch) * merge
    heads = _heads(reader, hidden)
    kv_heads = heads
    if reader.values["model_type"] == "exaone4_5_vision":
        kv_heads = key_heads(reader, heads, default=8)
    kinds = {
        block: encoder_layer(
            PATCHES, hidden, heads, inner,
            kv_heads=kv_heads, gate=True, norm_bias=False, fused="qkv", output="proj", block=block,
        )
        for block in (None, across * across)
    }  # fmt: skip
    wide = hidden * merge * merge
    join = merger("merger", hidden, wide, out, merge * merge, norm_bias=False)
    run = stack(kinds[None if index in full else across * across] for index in range(depth))
    part = Part("vision tower", (_start(reader, hidden, patch, False),), run, (join,))
    return Tower(part, out, PATCHES, _streams(patch), merge * merge)


@tower("qwen3_vl_vision", "qwen3_5_vision", "qwen3_omni_moe_vision_encoder")
def describe_qwen3(reader: Reader, select: Select) -> Tower:
    """Count the tower of Qwen3-VL or Qwen3.5, which feeds some text layers from early layers."""
    hidden = reader.integer("hidden_size", default=1152)
    out = reader.integer("out_hidden_size", default=3584)
    inner = reader.integer("intermediate_size", default=4304)
    patch = reader.integer("patch_size", default=16)
    merge = reader.integer("spatial_merge_size", default=2)
    depth = reader.integer("depth", default=27, most=10_000)
    table = reader.integer("num_position_embeddings", default=2304)
    if math.isqrt(table) ** 2 != table:
        reader.fault("the table of positions is not square", "num_position_embeddings")
    one = encoder_layer(
        PATCHES, hidden, _heads(reader, hidden), inner,
        fused="qkv", output="proj", names=("linear_fc1", "linear_fc2"),
    )  # fmt: skip
    starts = (
        _start(reader, hidden, patch, True),
        Component("positions", 0, table * hidden, stream=PATCHES),
    )
    every = merge * merge
    wide = hidden * every
    older = reader.values["model_type"] == "qwen3_omni_moe_vision_encoder"
    names = ("mlp.0", "mlp.2") if older else ("linear_fc1", "linear_fc2")
    deep = merger("deep merger", wide, wide, out, every, names=names)
    ends = (
        merger("merger", hidden, wide, out, every, names=names),
        *(_deep(reader, depth) * (deep,)),
    )
    part = Part("vision tower", starts, (Layer(depth, one),), ends)
    return Tower(part, out, PATCHES, _streams(patch), every)


def _deep(reader: Reader, depth: int) -> int:
    if reader.values["model_type"] == "qwen3_5_vision":
        reader.refuse("deepstack_visual_indexes", "this tower has no further mergers", ([],))
        return 0
    if reader.value("deepstack_visual_indexes") is None:
        return 3
    chosen = reader.members("deepstack_visual_indexes")
    if any(not 0 <= index < depth for index in chosen):
        reader.fault("a layer that is not there feeds the text part", "deepstack_visual_indexes")
    return len(chosen)
