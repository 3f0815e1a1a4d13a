"""CogView4: patches and a text run through the same weights, size and place embedded beside time.

After the last layer nothing uses what became of the text, so that its last feed-forward runs
forward and is given no gradient.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.families import family
from chapterv.compute.families.cogvideox import over_text
from chapterv.compute.pictures import (
    NOTE,
    PATCHES,
    SAMPLE,
    TEXT,
    convolution,
    cross_mixing,
    embedder,
    inner,
    linear,
    projected,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_MODULES = ("to_q", "to_k", "to_v", "to_out.0")


@family(classes=("CogView4Transformer2DModel",), heads=("CogView4Transformer2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count CogView4."""
    heads = reader.integer("num_attention_heads", default=64)
    width = reader.integer("attention_head_dim", default=40)
    hidden = heads * width
    time = reader.integer("time_embed_dim", default=512)
    patch = reader.integer("patch_size", default=2, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=16)
    # Original size, target size and crop: three pairs.
    sizes = 6 * reader.integer("condition_dim", default=256)
    start = (
        convolution(
            "patch projection", reader.integer("in_channels", default=16), hidden, patch,
            stream=PATCHES, raw=True,
        ),
        linear("text projection", reader.integer("text_embed_dim", default=4096), hidden,
               stream=TEXT, raw=True, module="text_proj"),
        *embedder("time embedding", hidden, time),
        *embedder("size embedding", sizes, time),
    )  # fmt: skip
    layer = _layer(hidden, heads, width, time)
    layers = reader.integer("num_layers", default=30, most=100_000)
    last = (*layer[:-1], replace(layer[-1], idle=True))
    return Architecture(
        family="CogView4Transformer2DModel",
        model_type="CogView4Transformer2DModel",
        layers=(
            Layer(1, start),
            *((Layer(layers - 1, layer),) if layers > 1 else ()),
            Layer(1, last),
        ),
        ends=(
            linear("last modulation", time, 2 * hidden, stream=SAMPLE, module="norm_out.linear"),
            linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE,),
    )


def _layer(hidden: int, heads: int, width: int, time: int) -> tuple[Component, ...]:
    among = projected(
        "attention", hidden, heads, width, _MODULES, stream=PATCHES,
        mixing=(self_mixing(heads, width), cross_mixing(heads, width, TEXT)),
    )  # fmt: skip
    wide = inner(hidden, 4 * hidden)
    modulation = linear("modulation", time, 12 * hidden, stream=SAMPLE, module="norm1.linear")
    return (modulation, among, over_text(among), wide, over_text(wide))
