"""Towers without a square: Kimi K2.5 and VideoLLaMA 3, whose pictures have any size.

Kimi's keys are read as its publisher's files name them and as transformers does.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe_kimi", "describe_videollama"]


@tower("kimi_k25_vision")
def describe_kimi(reader: Reader, select: Select) -> Tower:
    """Count the tower of Kimi K2.5; positions in time are computed and not stored."""
    hidden = reader.integer("hidden_size", "vt_hidden_size", default=1152)
    inner = reader.integer("intermediate_size", "vt_intermediate_size", default=4304)
    layers = reader.integer("num_hidden_layers", "vt_num_hidden_layers", default=27, most=10_000)
    heads = reader.integer("num_attention_heads", "vt_num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=14)
    height = reader.integer("pos_emb_height", "init_pos_emb_height", default=64)
    width = reader.integer("pos_emb_width", "init_pos_emb_width", default=64)
    starts = (
        patches(PATCHES, 3 * patch * patch, hidden, True),
        Component("positions", 0, height * width * hidden, stream=PATCHES),
    )
    layer = encoder_layer(PATCHES, hidden, heads, inner, output="proj")
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    part = Part("vision tower", starts, (Layer(layers, layer),), (last,))
    stream = Stream(PATCHES, "image", None, True, patch)
    return Tower(part, hidden, PATCHES, (stream,), _kernel(reader))


def _kernel(reader: Reader) -> int:
    kernel = reader.value("merge_kernel_size")
    if kernel is None:
        return 4
    if (
        not isinstance(kernel, list)
        or len(kernel) != 2
        or not all(type(one) is int and 0 < one <= 64 for one in kernel)
        or kernel[0] != kernel[1]
    ):
        reader.expected("two equal numbers", "merge_kernel_size", kernel)
        return 4
    return int(kernel[0] * kernel[1])


@tower("video_llama_3_vision")
def describe_videollama(reader: Reader, select: Select) -> Tower:
    """Count the tower of VideoLLaMA 3, after which patches of films are merged, of pictures not."""
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    heads = reader.integer("num_attention_heads", default=12)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=16)
    pixels = reader.integer("num_channels", default=3) * patch * patch
    inner = reader.integer("intermediate_size", default=3072)
    layer = encoder_layer(PATCHES, hidden, heads, inner)
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    starts = (patches(PATCHES, pixels, hidden, True),)
    part = Part("vision tower", starts, (Layer(layers, layer),), (last,))
    return Tower(part, hidden, PATCHES, (Stream(PATCHES, "image", None, True, patch),))
