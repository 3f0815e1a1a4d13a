"""Tower of InternVL: a class token, learned scales of every step, norms of queries and keys."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, side, tower, used_layers
from chapterv.compute.towers.layers import encoder_layer, layers_of, patches
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe"]


@tower("internvl_vision", "qianfan_ocr_vision")
def describe(reader: Reader, select: Select) -> Tower:
    """Count the tower of InternVL or Qianfan-OCR."""
    internvl = reader.values["model_type"] == "internvl_vision"
    hidden = reader.integer("hidden_size", default=1024)
    layers = reader.integer("num_hidden_layers", default=24, most=10_000)
    image, patch = side(reader, "image_size", 448), side(reader, "patch_size", 14)
    channels = reader.integer("num_channels", default=3)
    count = max(1, image // patch) ** 2
    table = reader.flag("use_absolute_position_embeddings", default=True)
    vectors = hidden + ((count + 1) * hidden if table else 0)
    if reader.flag("use_mask_token", default=False):
        vectors += hidden
    starts = (
        patches(PATCHES, patch * patch * channels, hidden, True),
        Component("positions", 0, vectors, stream=WITH_CLASS),
    )
    ends: tuple[Component, ...] = ()
    if not reader.flag("use_mean_pooling", default=True):
        ends = (
            replace(norms(hidden, bias=True, name="last norm of the tower"), stream=WITH_CLASS),
        )
    one = _layer(reader, hidden, bias_default=not internvl)
    part = Part("vision tower", starts, layers_of(one, layers, used_layers(layers, select)), ends)
    streams = (
        Stream(PATCHES, "image", count, True, patch),
        Stream(WITH_CLASS, "image", count + 1, True),
    )
    return Tower(part, hidden, WITH_CLASS, streams)


def _layer(reader: Reader, hidden: int, *, bias_default: bool) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    kind = reader.choice("norm_type", ("layer_norm", "rms_norm"), "layer_norm")
    scales = 2 * hidden  # one for each of the two steps
    if reader.flag("use_qk_norm", default=False):
        scales += 2 * hidden
    return encoder_layer(
        WITH_CLASS, hidden, heads, reader.integer("intermediate_size", default=4096),
        qkv_bias=reader.flag("attention_bias", default=bias_default),
        norm_bias=kind == "layer_norm", extra=scales, output="projection_layer",
    )  # fmt: skip
