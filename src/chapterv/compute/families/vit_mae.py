"""ViT-MAE: an encoder that sees a part of a picture, and a decoder that paints the rest."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import feed_forward
from chapterv.compute.encoders import Biases, class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.towers import PATCHES
from chapterv.compute.towers.layers import on, patches
from chapterv.compute.towers.plain import grid
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe"]

_KEPT = "patches that are kept"
_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")


@family("vit_mae", heads=("ForPreTraining", "ViTMAEModel"))
def describe(reader: Reader) -> Architecture:
    """Count ViT-MAE with its decoder, or as the encoder alone."""
    hidden = reader.integer("hidden_size", default=768)
    count, patch = grid(reader, 16)
    pixels = patch * patch * reader.integer("num_channels", default=3)
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, (count + 2) * hidden, stream=PATCHES),
    )
    last = Component("last norm", 0, 2 * hidden, stream=_KEPT)
    encoder = _layers(reader, "", _KEPT, hidden, (12, 12, 3072))
    streams = (
        Stream(PATCHES, "image", count, patch=patch, cut="down"),
        Stream(_KEPT, "image", _kept(reader, count) + 1),
    )
    if class_of(reader).endswith("Model"):
        return Architecture(
            "vit_mae", "vit_mae", (Layer(1, starts), encoder), (last,),
            part="encoder", streams=streams,
        )  # fmt: skip
    narrow = reader.integer("decoder_hidden_size", default=512)
    narrowed = Component("decoder_embed", hidden * narrow, narrow, stream=_KEPT)
    first = Component("positions", 0, (count + 2) * narrow, stream=WITH_CLASS)
    painted = Component("decoder_pred", narrow * pixels, 2 * narrow + pixels, stream=WITH_CLASS)
    decoder = _layers(reader, "decoder_", WITH_CLASS, narrow, (8, 16, 2048))
    return Architecture(
        family="vit_mae",
        model_type="vit_mae",
        layers=(Layer(1, (narrowed, first)), decoder),
        ends=(painted,),
        parts=(Part("encoder", starts, (encoder,), (last,)),),
        streams=(*streams, Stream(WITH_CLASS, "image", count + 1)),
    )


def _kept(reader: Reader, count: int) -> int:
    """Return how many patches are left when the share that is hidden is taken away."""
    share = reader.value("mask_ratio")
    if share is None:
        share = 0.75
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        reader.expected("a share below 1", "mask_ratio", share)
        return count
    return int(count * (1 - share))


def _layers(
    reader: Reader, prefix: str, stream: str, hidden: int, defaults: tuple[int, int, int]
) -> Layer:
    many, count, broad = defaults
    layers = reader.integer(f"{prefix}num_hidden_layers", default=many, most=MAX_LAYERS)
    heads = reader.integer(f"{prefix}num_attention_heads", default=count)
    inner = reader.integer(f"{prefix}intermediate_size", default=broad)
    width = reader.divides(hidden, heads, f"{prefix}num_attention_heads", "heads share the width")
    bias = reader.flag("qkv_bias", default=True)
    biases: Biases = (bias, bias, bias, True)
    mixer = selfattention(hidden, heads, width, names=_NAMES, biases=biases, stream=stream)
    wide = on(feed_forward(hidden, inner, True, ("fc1", "fc2")), stream)
    return Layer(layers, (mixer, wide, Component("norms", 0, 4 * hidden, stream=stream)))
