"""Diffusion transformers with patches alone in the attention: DiT and PixArt.

DiT is steered by classes through a modulation of its own in every layer, PixArt by a text that
enters through cross-attention and by one modulation for all layers.
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

__all__ = ["describe_dit", "describe_first", "describe_pixart"]

_MODULES = ("to_q", "to_k", "to_v", "to_out.0")
_POSITIONS = "the table of positions is a buffer and is not counted"


@family(classes=("Transformer2DModel",), heads=("Transformer2DModel",))
def describe_first(reader: Reader) -> Architecture:
    """Count a file of the class that DiT and PixArt shared at first, which states every size."""
    for name in ("num_attention_heads", "attention_head_dim", "in_channels", "patch_size",
                 "sample_size", "num_layers"):  # fmt: skip
        reader.integer(name)
    kind = reader.choice("norm_type", ("ada_norm_zero", "ada_norm_single"))
    # What an absent key means differs between this class and those that read such files today.
    for name in ("attention_bias", "norm_elementwise_affine", "out_channels"):
        if name not in reader.values:
            reader.fault("a file of this class must state it", name)
    found = describe_dit(reader) if kind == "ada_norm_zero" else describe_pixart(reader)
    return replace(found, family="Transformer2DModel", model_type="Transformer2DModel")


@family(classes=("PixArtTransformer2DModel",), heads=("PixArtTransformer2DModel",))
def describe_pixart(reader: Reader) -> Architecture:
    """Count PixArt."""
    heads, width, hidden, patch, outputs = _sizes(reader, 8)
    reader.choice("norm_type", ("ada_norm_single",), "ada_norm_single")
    _common(reader)
    spoken = reader.maybe("caption_channels")
    words = () if spoken is None else (
        linear("text projection 1", spoken, hidden, stream=TEXT, raw=True, module="linear_1"),
        linear("text projection 2", hidden, hidden, stream=TEXT, module="linear_2"),
    )  # fmt: skip
    sized = reader.value("use_additional_conditions")
    if sized is None:
        sized = reader.integer("sample_size", default=128) == 128
    third = hidden // 3
    sizes = (
        *embedder("resolution embedding", 256, third),
        *embedder("aspect embedding", 256, third),
    )
    start = (
        convolution(
            "patch projection", reader.integer("in_channels", default=4), hidden, patch,
            stream=PATCHES, raw=True,
        ),
        *embedder("time embedding", 256, hidden),
        # The resolution has two sides, each of which passes through the same weights.
        *((replace(sizes[0], used=2), replace(sizes[1], used=2), *sizes[2:]) if sized else ()),
        linear("modulation", hidden, 6 * hidden, stream=SAMPLE, module="adaln_single.linear"),
        *words,
    )  # fmt: skip
    crossed = reader.integer("cross_attention_dim", default=1152)
    layer = _pixart_layer(reader, hidden, heads, width, crossed, spoken is None)
    layers = reader.integer("num_layers", default=28, most=100_000)
    return Architecture(
        family="PixArtTransformer2DModel",
        model_type="PixArtTransformer2DModel",
        layers=(Layer(1, start), Layer(layers, layer)),
        ends=(
            linear("last projection", hidden, outputs, stream=PATCHES, extra=2 * hidden,
                   module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE, _POSITIONS),
    )  # fmt: skip


def _pixart_layer(
    reader: Reader, hidden: int, heads: int, width: int, crossed: int, raw: bool
) -> tuple[Component, ...]:
    bias = reader.flag("attention_bias", default=True)
    queries = linear("cross-attention", hidden, hidden, bias=bias, stream=PATCHES, module="to_q")
    return (
        projected(
            "attention", hidden, heads, width, _MODULES, stream=PATCHES,
            mixing=(self_mixing(heads, width),), biases=(bias, bias, bias, True),
            # Six vectors shift and scale, beside what the time step gives.
            extra=6 * hidden,
        ),
        *(
            linear(f"cross-attention {name}", crossed, hidden, bias=bias, stream=TEXT, raw=raw,
                   module=module)
            for name, module in (("keys", "to_k"), ("values", "to_v"))
        ),
        replace(queries, mixing=(cross_mixing(heads, width, TEXT),)),
        linear("cross-attention output", hidden, hidden, stream=PATCHES, module="to_out.0"),
        inner(hidden, 4 * hidden),
    )  # fmt: skip


@family(classes=("DiTTransformer2DModel",), heads=("DiTTransformer2DModel",))
def describe_dit(reader: Reader) -> Architecture:
    """Count DiT, where every layer embeds time step and class for itself."""
    channels = reader.integer("in_channels", default=4)
    heads, width, hidden, patch, outputs = _sizes(reader, channels)
    reader.choice("norm_type", ("ada_norm_zero",), "ada_norm_zero")
    _common(reader)
    # One more class stands for none.
    classes = reader.integer("num_embeds_ada_norm", default=1000) + 1
    bias = reader.flag("attention_bias", default=True)
    vector = embedder("time embedding", 256, hidden)
    layer = (
        *vector,
        Component("class table", classes * hidden, lookup=True, stream=SAMPLE),
        linear("modulation", hidden, 6 * hidden, stream=SAMPLE, module="norm1.linear"),
        projected(
            "attention", hidden, heads, width, _MODULES, stream=PATCHES,
            mixing=(self_mixing(heads, width),), biases=(bias, bias, bias, True),
        ),
        inner(hidden, 4 * hidden),
    )  # fmt: skip
    start = convolution("patch projection", channels, hidden, patch, stream=PATCHES, raw=True)
    return Architecture(
        family="DiTTransformer2DModel",
        model_type="DiTTransformer2DModel",
        layers=(
            Layer(1, (start,)),
            Layer(reader.integer("num_layers", default=28, most=100_000), layer),
        ),
        ends=(
            # The first layer's embedding of the time step is made once more.
            *(replace(one, stored=0, projections=()) for one in vector),
            linear("last modulation", hidden, 2 * hidden, stream=SAMPLE, module="proj_out_1"),
            linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out_2"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch, text=False),
        notes=(NOTE, _POSITIONS),
    )


def _sizes(reader: Reader, channels: int) -> tuple[int, int, int, int, int]:
    """Return heads, their width, the layers' width, the patch's side and the outputs."""
    heads = reader.integer("num_attention_heads", default=16)
    width = reader.integer("attention_head_dim", default=72)
    patch = reader.integer("patch_size", default=2, most=64)
    outputs = reader.integer("out_channels", default=channels)
    return heads, width, heads * width, patch, patch * patch * outputs


def _common(reader: Reader) -> None:
    reader.choice("activation_fn", ("gelu-approximate", "gelu"), "gelu-approximate")
    reader.refuse("norm_elementwise_affine", "it adds norms that are not counted")
