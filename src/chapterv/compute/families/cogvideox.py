"""CogVideoX: patches of a film and a text run through the same weights."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.families import family
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

__all__ = ["describe", "over_text"]

_MODULES = ("to_q", "to_k", "to_v", "to_out.0")


@family(classes=("CogVideoXTransformer3DModel",), heads=("CogVideoXTransformer3DModel",))
def describe(reader: Reader) -> Architecture:
    """Count CogVideoX of the first version."""
    reader.refuse("patch_size_t", "patches of several frames are not counted")
    reader.refuse("ofs_embed_dim", "the embedding of an offset is not counted")
    heads = reader.integer("num_attention_heads", default=30)
    width = reader.integer("attention_head_dim", default=64)
    hidden = heads * width
    time = reader.integer("time_embed_dim", default=512)
    patch = reader.integer("patch_size", default=2, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=16)
    scaled = 2 * hidden if reader.flag("norm_elementwise_affine", default=True) else 0
    start = (
        convolution(
            "patch projection", reader.integer("in_channels", default=16), hidden, patch,
            stream=PATCHES, raw=True, bias=reader.flag("patch_bias", default=True),
        ),
        linear("text projection", reader.integer("text_embed_dim", default=4096), hidden,
               stream=TEXT, raw=True, module="text_proj"),
        *embedder("time embedding", hidden, time),
    )  # fmt: skip
    layer = _layer(reader, hidden, heads, width, time, scaled)
    layers = reader.integer("num_layers", default=30, most=100_000)
    return Architecture(
        family="CogVideoXTransformer3DModel",
        model_type="CogVideoXTransformer3DModel",
        layers=(Layer(1, start), Layer(layers, layer)),
        ends=(
            # Two norms stand beside it: the last one, and that which the time step shifts.
            linear("last modulation", time, 2 * hidden, stream=SAMPLE, extra=2 * scaled,
                   module="norm_out.linear"),
            linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE, "the table of positions is a buffer and is not counted"),
    )  # fmt: skip


def _layer(
    reader: Reader, hidden: int, heads: int, width: int, time: int, scaled: int
) -> tuple[Component, ...]:
    bias = reader.flag("attention_bias", default=True)
    among = projected(
        "attention", hidden, heads, width, _MODULES, stream=PATCHES,
        mixing=(self_mixing(heads, width), cross_mixing(heads, width, TEXT)),
        biases=(bias, bias, bias, True), extra=4 * width,
    )  # fmt: skip
    wide = inner(hidden, 4 * hidden)
    return (
        *(
            linear(f"modulation {place}", time, 6 * hidden, stream=SAMPLE, extra=scaled,
                   module=f"norm{place}.linear")
            for place in (1, 2)
        ),
        among,
        over_text(among),
        wide,
        over_text(wide),
    )  # fmt: skip


def over_text(component: Component) -> Component:
    """Return the same weights as they run over the text."""
    mixing = tuple(
        replace(one, keys=PATCHES if one.keys == TEXT else one.keys) for one in component.mixing
    )
    return replace(component, stream=TEXT, stored=0, projections=(), mixing=mixing)
