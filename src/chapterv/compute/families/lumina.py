"""Lumina-Image 2 and Z-Image: refined apart, text and picture run through the same weights as one.

Feed-forwards are gated, and nothing but the modulations has a bias. The last projection runs over
the text too, whose outputs are cut off. Z-Image fills up both with a vector that is learnt, to
multiples of 32.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing
from chapterv.compute.blocks import key_heads
from chapterv.compute.encoders import BIASLESS, selfattention
from chapterv.compute.families import family
from chapterv.compute.pictures import NOTE, PATCHES, SAMPLE, TEXT, embedder, linear, streams
from chapterv.compute.reading import Reader

__all__ = ["describe", "describe_z"]

_NAMES = ("to_q", "to_k", "to_v", "to_out.0")


@family(classes=("Lumina2Transformer2DModel",), heads=("Lumina2Transformer2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count Lumina-Image 2."""
    hidden = reader.integer("hidden_size", default=2304)
    time = min(hidden, 1024)
    patch = reader.integer("patch_size", default=2, most=64)
    channels = reader.integer("in_channels", default=16)
    outputs = patch * patch * reader.integer("out_channels", default=channels)
    outside = reader.integer("cap_feat_dim", default=1024)
    start = (
        linear("patch projection", patch * patch * channels, hidden, stream=PATCHES, raw=True,
               module="x_embedder"),
        *embedder("time embedding", 256, time),
        linear("text projection", outside, hidden, stream=TEXT, extra=outside,
               module="caption_embedder.1"),
    )  # fmt: skip
    words = _layer(reader, hidden, TEXT, None)
    picture = _layer(reader, hidden, PATCHES, time)
    refiners = reader.integer("num_refiner_layers", default=2, most=1000)
    layers = reader.integer("num_layers", default=26, most=100_000)
    body = (
        Layer(1, start),
        Layer(refiners, words),
        Layer(refiners, picture),
        Layer(layers, (*_joined(picture, PATCHES), *_shared(picture))),
    )
    modules = ("norm_out.linear_1", "norm_out.linear_2")
    return _architecture(
        "Lumina2Transformer2DModel", body, _ends(time, hidden, outputs, modules), patch
    )


def _architecture(
    name: str,
    body: tuple[Layer, ...],
    ends: tuple[Component, ...],
    patch: int,
    *notes: str,
) -> Architecture:
    return Architecture(
        family=name,
        model_type=name,
        layers=body,
        ends=ends,
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE, *notes),
    )


def _ends(time: int, hidden: int, outputs: int, modules: tuple[str, str]) -> tuple[Component, ...]:
    last = linear("last projection", hidden, outputs, stream=PATCHES, module=modules[1])
    return (
        linear("last modulation", time, hidden, stream=SAMPLE, module=modules[0]),
        last,
        replace(last, stream=TEXT, stored=0, projections=()),
    )


@family(classes=("ZImageTransformer2DModel",), heads=("ZImageTransformer2DModel",))
def describe_z(reader: Reader) -> Architecture:
    """Count Z-Image."""
    reader.refuse("siglip_feat_dim", "pictures that come in add parts that are not counted")
    hidden = reader.integer("dim", default=3840)
    time = min(hidden, 256)
    if reader.value("all_patch_size") not in (None, [2]):
        reader.fault("patches of sizes other than two are not counted", "all_patch_size")
    if reader.value("all_f_patch_size") not in (None, [1]):
        reader.fault("patches of several frames are not counted", "all_f_patch_size")
    area = 4 * reader.integer("in_channels", default=16)
    outside = reader.integer("cap_feat_dim", default=2560)
    start = (
        linear("patch projection", area, hidden, stream=PATCHES, raw=True, extra=hidden,
               module="all_x_embedder.2-1"),
        linear("time embedding 1", 256, 1024, stream=SAMPLE, raw=True, module="t_embedder.mlp.0"),
        linear("time embedding 2", 1024, time, stream=SAMPLE, module="t_embedder.mlp.2"),
        linear("text projection", outside, hidden, stream=TEXT, extra=outside + hidden,
               module="cap_embedder.1"),
    )  # fmt: skip
    picture = _z_layer(reader, hidden, PATCHES, time)
    refiners = reader.integer("n_refiner_layers", default=2, most=1000)
    layers = reader.integer("n_layers", default=30, most=100_000)
    body = (
        Layer(1, start),
        Layer(refiners, picture),
        Layer(refiners, _z_layer(reader, hidden, TEXT, None)),
        Layer(layers, (*_joined(picture, PATCHES), *_shared(picture))),
    )
    return _architecture(
        "ZImageTransformer2DModel",
        body,
        _ends(time, hidden, area, ("all_final_layer.2-1.adaLN_modulation.1",
                                   "all_final_layer.2-1.linear")),
        2,
        "picture and text are filled up to multiples of 32 positions, which their lengths should "
        "include",
    )  # fmt: skip


def _z_layer(reader: Reader, hidden: int, stream: str, time: int | None) -> tuple[Component, ...]:
    heads = reader.integer("n_heads", default=30)
    # The class reads the number of key heads and has as many of them as of queries.
    if reader.integer("n_kv_heads", default=heads) != heads:
        reader.fault("key heads that several heads share are not counted", "n_kv_heads")
    width = reader.divides(hidden, heads, "n_heads", "heads share the width")
    normed = 2 * width if reader.flag("qk_norm", default=True) else 0
    mixer = selfattention(
        hidden, heads, width, names=_NAMES, biases=BIASLESS, stream=stream,
        extra=normed + 4 * hidden,
    )  # fmt: skip
    wide = _gated(hidden, int(hidden / 3 * 8), stream, ("w1", "w3", "w2"))
    return (*_modulation(time, hidden, "adaLN_modulation.0"), mixer, *wide)


def _layer(reader: Reader, hidden: int, stream: str, time: int | None) -> tuple[Component, ...]:
    """Return a layer within one stream, with a modulation where `time` gives its width."""
    heads = reader.integer("num_attention_heads", default=24)
    kv_heads = key_heads(reader, heads, "num_kv_heads", default=8)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    extra = 2 * width + 4 * hidden
    mixer = selfattention(
        hidden, heads, width, names=_NAMES, biases=BIASLESS, kv_heads=kv_heads, stream=stream,
        extra=extra,
    )  # fmt: skip
    wide = _gated(hidden, _wide(reader, hidden), stream, ("linear_1", "linear_3", "linear_2"))
    return (*_modulation(time, hidden, "norm1.linear"), mixer, *wide)


def _modulation(time: int | None, hidden: int, module: str) -> tuple[Component, ...]:
    if time is None:
        return ()
    return (linear("modulation", time, 4 * hidden, stream=SAMPLE, module=module),)


def _gated(
    hidden: int, wide: int, stream: str, names: tuple[str, str, str]
) -> tuple[Component, ...]:
    """Return the three matrices of a feed-forward with a gate."""
    sizes = ((hidden, wide), (hidden, wide), (wide, hidden))
    return tuple(
        linear(name, *size, bias=False, stream=stream, module=f"feed_forward.{module}")
        for name, size, module in zip(("gate", "up", "down"), sizes, names, strict=True)
    )


def _wide(reader: Reader, hidden: int) -> int:
    """Return the width inside: four times that of the layers, scaled and rounded up."""
    scale = reader.value("ffn_dim_multiplier")
    plain = isinstance(scale, int | float) and not isinstance(scale, bool) and 0 < scale < 1000
    if scale is not None and not plain:
        reader.expected("a number", "ffn_dim_multiplier", scale)
    wide = int(scale * 4 * hidden) if plain else 4 * hidden
    step = reader.integer("multiple_of", default=256)
    return step * -(-wide // step)


def _joined(layer: tuple[Component, ...], stream: str) -> tuple[Component, ...]:
    """Return the layer as its positions also meet those of the other stream."""
    other = TEXT if stream == PATCHES else PATCHES

    def meets(mixing: tuple[Mixing, ...]) -> tuple[Mixing, ...]:
        return (*mixing, *(replace(one, keys=other) for one in mixing))

    return tuple(replace(one, mixing=meets(one.mixing)) if one.mixing else one for one in layer)


def _shared(layer: tuple[Component, ...]) -> tuple[Component, ...]:
    """Return the same weights as they run over the text; the modulation is made once for both."""
    words = tuple(
        replace(one, stream=TEXT, stored=0, projections=())
        for one in layer
        if one.stream == PATCHES
    )
    return _joined(words, TEXT)
