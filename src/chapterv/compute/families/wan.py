"""Video denoisers that a text steers by cross-attention: Wan and LTX-Video.

Patches of all frames meet one another; one modulation serves all layers, each of which adds six
vectors of its own.
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
    inner,
    linear,
    projected,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader

__all__ = ["describe_ltx", "describe_wan"]

_MODULES = ("to_q", "to_k", "to_v", "to_out.0")
_FRAMES = "frames of the latent count as patches of their own, the first one for itself"


def _text(outside: int, hidden: int) -> tuple[Component, ...]:
    """Return two matrices that bring the text to the layers' width."""
    return (
        linear("text projection 1", outside, hidden, stream=TEXT, raw=True, module="linear_1"),
        linear("text projection 2", hidden, hidden, stream=TEXT, module="linear_2"),
    )


def _mixers(
    hidden: int, heads: int, bias: bool, out_bias: bool, first: int, second: int
) -> tuple[Component, ...]:
    """Return attention among patches and to the text, queries and keys of both normed.

    Args:
        hidden: width of the layers.
        heads: query heads.
        bias: queries, keys and values have biases.
        out_bias: outputs have one.
        first: further vectors beside the first attention.
        second: further vectors beside the second.
    """
    width = hidden // heads
    queries = linear(
        "cross-attention", hidden, hidden, bias=bias, stream=PATCHES, module="attn2.to_q",
        extra=2 * hidden + second,
    )  # fmt: skip
    return (
        projected(
            "attention", hidden, heads, width, _MODULES, stream=PATCHES,
            mixing=(self_mixing(heads, width),), biases=(bias, bias, bias, out_bias),
            extra=2 * hidden + first,
        ),
        *(
            linear(f"cross-attention {name}", hidden, hidden, bias=bias, stream=TEXT, module=module)
            for name, module in (("keys", "attn2.to_k"), ("values", "attn2.to_v"))
        ),
        replace(queries, mixing=(cross_mixing(heads, width, TEXT),)),
        linear(
            "cross-attention output", hidden, hidden, bias=out_bias, stream=PATCHES,
            module="attn2.to_out.0",
        ),
    )  # fmt: skip


@family(classes=("WanTransformer3DModel",), heads=("WanTransformer3DModel",))
def describe_wan(reader: Reader) -> Architecture:
    """Count Wan, steered by a text."""
    for name in ("image_dim", "added_kv_proj_dim", "pos_embed_seq_len"):
        reader.refuse(name, "a picture that steers the film adds parts that are not counted")
    heads = reader.integer("num_attention_heads", default=40)
    hidden = heads * reader.integer("attention_head_dim", default=128)
    wide = reader.integer("ffn_dim", default=13824)
    volume, side = _patch(reader)
    outputs = reader.integer("out_channels", default=reader.integer("in_channels", default=16))
    reader.choice("qk_norm", ("rms_norm_across_heads",), "rms_norm_across_heads")
    normed = reader.flag("cross_attn_norm", default=True)
    start = (
        convolution(
            "patch projection", reader.integer("in_channels", default=16), hidden, volume=volume,
            stream=PATCHES, raw=True,
        ),
        *embedder("time embedding", reader.integer("freq_dim", default=256), hidden),
        linear("modulation", hidden, 6 * hidden, stream=SAMPLE, module="time_proj"),
        *_text(reader.integer("text_dim", default=4096), hidden),
    )  # fmt: skip
    mixers = _mixers(hidden, heads, True, True, 6 * hidden, 2 * hidden if normed else 0)
    layer = (*mixers, inner(hidden, wide, module="ffn"))
    return Architecture(
        family="WanTransformer3DModel",
        model_type="WanTransformer3DModel",
        layers=(
            Layer(1, start),
            Layer(reader.integer("num_layers", default=40, most=100_000), layer),
        ),
        ends=(
            linear("last projection", hidden, volume * outputs, stream=PATCHES, extra=2 * hidden,
                   module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, side),
        notes=(NOTE, _FRAMES),
    )  # fmt: skip


def _patch(reader: Reader) -> tuple[int, int]:
    """Return the positions in a patch, and how many lie along one side."""
    patch = reader.value("patch_size") or [1, 2, 2]
    plain = isinstance(patch, list) and len(patch) == 3
    if not plain or not all(type(one) is int and 0 < one < 64 for one in patch):
        reader.expected("three whole numbers", "patch_size", patch)
        return 4, 2
    frames, height, width = patch
    if frames != 1 or height != width:
        reader.fault("patches of several frames, or that are not square, are not counted",
                     "patch_size")  # fmt: skip
    return frames * height * width, height


@family(classes=("LTXVideoTransformer3DModel",), heads=("LTXVideoTransformer3DModel",))
def describe_ltx(reader: Reader) -> Architecture:
    """Count LTX-Video, whose autoencoder leaves nothing to cut into patches."""
    for name in ("patch_size", "patch_size_t"):
        if reader.integer(name, default=1) != 1:
            reader.fault("patches of more than one position are not counted", name)
    heads = reader.integer("num_attention_heads", default=32)
    hidden = heads * reader.integer("attention_head_dim", default=64)
    channels = reader.integer("in_channels", default=128)
    outputs = reader.integer("out_channels", default=channels)
    if reader.integer("cross_attention_dim", default=2048) != hidden:
        reader.fault(f"the text must be {hidden} wide, as the layers are", "cross_attention_dim")
    reader.choice("qk_norm", ("rms_norm_across_heads",), "rms_norm_across_heads")
    reader.choice("activation_fn", ("gelu-approximate", "gelu"), "gelu-approximate")
    scaled = hidden if reader.flag("norm_elementwise_affine", default=False) else 0
    bias = reader.flag("attention_bias", default=True)
    out_bias = reader.flag("attention_out_bias", default=True)
    start = (
        linear("patch projection", channels, hidden, stream=PATCHES, raw=True, module="proj_in"),
        *embedder("time embedding", 256, hidden),
        linear("modulation", hidden, 6 * hidden, stream=SAMPLE, module="time_embed.linear"),
        *_text(reader.integer("caption_channels", default=4096), hidden),
    )
    mixers = _mixers(hidden, heads, bias, out_bias, 6 * hidden + scaled, scaled)
    layers = reader.integer("num_layers", default=28, most=100_000)
    return Architecture(
        family="LTXVideoTransformer3DModel",
        model_type="LTXVideoTransformer3DModel",
        layers=(Layer(1, start), Layer(layers, (*mixers, inner(hidden, 4 * hidden)))),
        ends=(
            linear("last projection", hidden, outputs, stream=PATCHES, extra=2 * hidden,
                   module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES),
        notes=(NOTE, _FRAMES),
    )  # fmt: skip
