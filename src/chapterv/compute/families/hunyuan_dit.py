"""Hunyuan-DiT: two texts steer by cross-attention, later layers join what earlier ones gave.

One text is read as it is, the other brought to its width first; one query pools the second into the
vector of the whole sample.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Stream, stack
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

__all__ = ["SECOND", "describe"]

SECOND = "second text tokens"
"""Name of the stream of the text that is brought to the first one's width."""

_MODULES = ("to_q", "to_k", "to_v", "to_out.0")
_POOL_HEADS = 8


@family(classes=("HunyuanDiT2DModel",), heads=("HunyuanDiT2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count Hunyuan-DiT."""
    reader.choice("activation_fn", ("gelu-approximate", "gelu"), "gelu-approximate")
    heads = reader.integer("num_attention_heads", default=16)
    width = reader.integer("attention_head_dim", default=88)
    hidden = heads * width
    if reader.integer("hidden_size", default=1152) != hidden:
        reader.fault(f"the heads make {hidden} together", "hidden_size")
    channels = reader.integer("in_channels")
    patch = reader.integer("patch_size", most=64)
    twice = 2 if reader.flag("learn_sigma", default=True) else 1
    first = reader.integer("cross_attention_dim", default=1024)
    second = reader.integer("cross_attention_dim_t5", default=2048)
    lengths = reader.integer("text_len", default=77), reader.integer("text_len_t5", default=256)
    start = (
        convolution("patch projection", channels, hidden, patch, stream=PATCHES, raw=True),
        linear("second text projection 1", second, 4 * second, stream=SECOND, raw=True,
               module="text_embedder.linear_1"),
        linear("second text projection 2", 4 * second, first, stream=SECOND,
               module="text_embedder.linear_2", extra=sum(lengths) * first),
        *_vectors(reader, hidden, second, lengths[1]),
    )  # fmt: skip
    layers = reader.integer("num_layers", default=28, most=100_000)
    plain = _layer(reader, hidden, heads, width, first)
    joined = (
        linear("joined layers", 2 * hidden, hidden, stream=PATCHES, extra=4 * hidden,
               module="skip_linear"),
        *plain,
    )  # fmt: skip
    texts = streams(PATCHES, patch)
    return Architecture(
        family="HunyuanDiT2DModel",
        model_type="HunyuanDiT2DModel",
        layers=(
            Layer(1, start),
            *stack(joined if index > layers // 2 else plain for index in range(layers)),
        ),
        ends=(
            linear("last modulation", hidden, 2 * hidden, stream=SAMPLE, module="norm_out.linear"),
            linear("last projection", hidden, patch * patch * twice * channels, stream=PATCHES,
                   module="proj_out"),
        ),
        part="denoiser",
        streams=(*texts, Stream(SECOND, "sample", lengths[1])),
        notes=(NOTE,),
    )  # fmt: skip


def _vectors(reader: Reader, hidden: int, second: int, length: int) -> tuple[Component, ...]:
    """Return what makes the vector of time, pooled text, sizes and style."""
    pooled = reader.integer("pooled_projection_dim", default=1024)
    sized = reader.flag("use_style_cond_and_image_meta_size", default=True)
    width = reader.divides(second, _POOL_HEADS, "cross_attention_dim_t5", "eight heads share it")
    keys = linear(
        "pool keys and values", second, 2 * second, stream=SECOND, extra=(length + 1) * second
    )
    query = linear("pool query", second, second, stream=SAMPLE)
    few = Mixing(_POOL_HEADS, width, width, sees="all")
    # Six numbers on sizes and crop come in, and one of a single style.
    wide = pooled + (6 * 256 + hidden if sized else 0)
    style = Component("style table", hidden, lookup=True, stream=SAMPLE)
    return (
        *embedder("time embedding", 256, hidden),
        *((style,) if sized else ()),
        keys,
        replace(keys, stream=SAMPLE, stored=0),
        replace(query, mixing=(few, replace(few, keys=SECOND))),
        linear("pool output", second, pooled, stream=SAMPLE),
        linear("extra embedding 1", wide, 4 * hidden, stream=SAMPLE, module="linear_1"),
        linear("extra embedding 2", 4 * hidden, hidden, stream=SAMPLE, module="linear_2"),
    )


def _layer(
    reader: Reader, hidden: int, heads: int, width: int, first: int
) -> tuple[Component, ...]:
    ratio = reader.value("mlp_ratio")
    plain = isinstance(ratio, int | float) and not isinstance(ratio, bool) and 0 < ratio < 1000
    if ratio is not None and not plain:
        reader.expected("a number", "mlp_ratio", ratio)
    wide = int(hidden * (ratio if plain else 4.0))
    queries = linear(
        "cross-attention", hidden, hidden, stream=PATCHES, module="attn2.to_q", extra=4 * width
    )
    meets = tuple(cross_mixing(heads, width, text) for text in (TEXT, SECOND))
    keys = tuple(
        linear(f"cross-attention {name}", first, hidden, stream=TEXT, module=module)
        for name, module in (("keys", "attn2.to_k"), ("values", "attn2.to_v"))
    )
    return (
        linear("modulation", hidden, hidden, stream=SAMPLE, module="norm1.linear"),
        projected(
            "attention", hidden, heads, width, _MODULES, stream=PATCHES,
            mixing=(self_mixing(heads, width),), extra=4 * width + 6 * hidden,
        ),
        *keys,
        *(replace(one, stream=SECOND, stored=0, projections=()) for one in keys),
        replace(queries, mixing=meets),
        linear("cross-attention output", hidden, hidden, stream=PATCHES, module="attn2.to_out.0"),
        inner(hidden, wide),
    )  # fmt: skip
