"""Tower of Pixtral: pictures of any size, gated feed-forward, no biases, rotary positions."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, side, tower, used_layers
from chapterv.compute.towers.layers import encoder_layer, layers_of, patches

__all__ = ["describe"]


@tower("pixtral")
def describe(reader: Reader, select: Select) -> Tower:
    """Count the tower of Pixtral, Mistral 3 and LightOnOCR."""
    hidden = reader.integer("hidden_size", default=1024)
    layers = reader.integer("num_hidden_layers", default=24, most=10_000)
    heads = reader.integer("num_attention_heads", default=16)
    patch = side(reader, "patch_size", 16)
    side(reader, "image_size", 1024)
    # The class never reads `head_dim`: a head is the stream's share.
    share = reader.divides(
        hidden, heads, "num_attention_heads", "the heads do not share the width evenly"
    )
    if reader.maybe("head_dim") not in (None, share):
        reader.fault("the heads of this tower share the width evenly", "head_dim")
    one = encoder_layer(
        PATCHES, hidden, heads, reader.integer("intermediate_size", default=4096),
        qkv_bias=False, out_bias=False, mlp_bias=False, gate=True, norm_bias=False,
        output="o_proj",
    )  # fmt: skip
    channels = reader.integer("num_channels", default=3)
    starts = (
        patches(PATCHES, patch * patch * channels, hidden, False),
        replace(norms(hidden, name="first norm"), stream=PATCHES),
    )
    part = Part("vision tower", starts, layers_of(one, layers, used_layers(layers, select)))
    return Tower(part, hidden, PATCHES, (Stream(PATCHES, "image", None, True, patch, "up"),))
