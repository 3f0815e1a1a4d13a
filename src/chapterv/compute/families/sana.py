"""Sana: attention whose work grows with the picture and not with its square.

Keys and values of a head are summed to one small matrix, which every query is multiplied with; a
convolution in the feed-forward carries what lies near. Each channel of it has nine weights of its
own.
"""

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
    linear,
    projected,
    streams,
)
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_MODULES = ("to_q", "to_k", "to_v", "to_out.0")


@family(classes=("SanaTransformer2DModel",), heads=("SanaTransformer2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count Sana."""
    hidden = reader.integer("num_attention_heads", default=70)
    hidden *= reader.integer("attention_head_dim", default=32)
    channels = reader.integer("in_channels", default=32)
    patch = reader.integer("patch_size", default=1, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=channels)
    outside = reader.integer("caption_channels", default=2304)
    guided = reader.flag("guidance_embeds", default=False)
    start = (
        convolution("patch projection", channels, hidden, patch, stream=PATCHES, raw=True),
        *embedder("time embedding", 256, hidden),
        *(embedder("guidance embedding", 256, hidden) if guided else ()),
        linear("modulation", hidden, 6 * hidden, stream=SAMPLE, module="time_embed.linear"),
        linear("text projection 1", outside, hidden, stream=TEXT, raw=True, module="linear_1"),
        linear(
            "text projection 2", hidden, hidden, stream=TEXT, module="linear_2", extra=hidden
        ),
    )  # fmt: skip
    layers = reader.integer("num_layers", default=20, most=100_000)
    return Architecture(
        family="SanaTransformer2DModel",
        model_type="SanaTransformer2DModel",
        layers=(Layer(1, start), Layer(layers, _layer(reader, hidden))),
        ends=(
            linear("last projection", hidden, outputs, stream=PATCHES, extra=2 * hidden,
                   module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE, "attention is linear: it is the same under both conventions"),
    )  # fmt: skip


def _layer(reader: Reader, hidden: int) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads", default=70)
    width = reader.integer("attention_head_dim", default=32)
    bias = reader.flag("attention_bias", default=False)
    kinds = ("none", "rms_norm_across_heads")
    normed = reader.choice("qk_norm", kinds, "none") == kinds[1]
    affine = reader.flag("norm_elementwise_affine", default=False)
    among = projected(
        "linear attention", hidden, heads, width, _MODULES, stream=PATCHES, mixing=(),
        biases=(bias, bias, bias, True),
        extra=6 * hidden + (2 * hidden if affine else 0) + (2 * hidden if normed else 0),
    )  # fmt: skip
    # One row beside the values sums the keys, to divide by.
    among = replace(among, products=2 * heads * width * (width + 1))
    return (among, *_crossed(reader, hidden, normed), *_inner(reader, hidden))


def _crossed(reader: Reader, hidden: int, normed: bool) -> tuple[Component, ...]:
    heads = reader.integer("num_cross_attention_heads", default=20)
    width = reader.integer("cross_attention_head_dim", default=112)
    if reader.integer("cross_attention_dim", default=2240) != hidden:
        reader.fault(f"the text must be {hidden} wide, as the layers are", "cross_attention_dim")
    wide = heads * width
    queries = linear(
        "cross-attention", hidden, wide, stream=PATCHES, module="attn2.to_q",
        extra=2 * wide if normed else 0,
    )  # fmt: skip
    return (
        *(
            linear(f"cross-attention {name}", hidden, wide, stream=TEXT, module=module)
            for name, module in (("keys", "attn2.to_k"), ("values", "attn2.to_v"))
        ),
        replace(queries, mixing=(cross_mixing(heads, width, TEXT),)),
        linear("cross-attention output", wide, hidden, stream=PATCHES, module="attn2.to_out.0"),
    )


def _inner(reader: Reader, hidden: int) -> tuple[Component, ...]:
    """Return a feed-forward with a gate and a convolution within each channel."""
    ratio = reader.value("mlp_ratio")
    plain = isinstance(ratio, int | float) and not isinstance(ratio, bool) and 0 < ratio < 1000
    if ratio is not None and not plain:
        reader.expected("a number", "mlp_ratio", ratio)
    wide = int(hidden * (ratio if plain else 2.5))
    return (
        convolution("up", hidden, 2 * wide, 1, stream=PATCHES),
        Component("neighbours", 9 * 2 * wide, 2 * wide, stream=PATCHES),
        convolution("down", wide, hidden, 1, stream=PATCHES, bias=False),
    )
