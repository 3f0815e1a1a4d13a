"""Tower of SigLIP 2 with pictures of any size: a table of positions that is stretched to them."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, tower, used_layers
from chapterv.compute.towers.layers import encoder_layer, layers_of, patches
from chapterv.compute.towers.square import pooling_head

__all__ = ["describe"]


@tower("siglip2_vision_model")
def describe(reader: Reader, select: Select) -> Tower:
    """Count the tower of SigLIP 2."""
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    heads = reader.integer("num_attention_heads", default=12)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=16)
    pixels = reader.integer("num_channels", default=3) * patch * patch
    table = reader.integer("num_patches", default=256)
    layer = encoder_layer(PATCHES, hidden, heads, reader.integer("intermediate_size", default=3072))
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, table * hidden, stream=PATCHES),
    )
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    ends, more = pooling_head(reader, hidden, layer)
    run = layers_of(layer, layers, used_layers(layers, select))
    part = Part("vision tower", starts, run, (last, *ends))
    return Tower(part, hidden, PATCHES, (Stream(PATCHES, "image", None, True, patch), *more))
