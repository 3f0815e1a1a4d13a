"""Towers that read square pictures of one size: CLIP, SigLIP, and those made after them.

The side of the picture fixes how many patches there are. A class token stands beside them in some,
so that the layers work on one position more than the patch embedding; a pooling head at the end,
where there is one, gives a feature of the whole picture that composed models do not use.
"""

from __future__ import annotations

import msgspec

from chapterv.compute.architecture import Component, Mixing, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, side, tower, used_layers
from chapterv.compute.towers.layers import encoder_layer, layers_of, patches

__all__ = ["WITH_CLASS", "describe", "pooling_head"]

WITH_CLASS = "patches with class token"
"""Stream of the layers where a class token stands beside the patches."""

_POOLED = "pictures"


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group is built, and what its class takes where a key is absent."""

    hidden: int = 768
    inner: int = 3072
    layers: int = 12
    heads: int = 12
    image: int = 224
    patch: int = 16
    patch_bias: bool = True
    class_token: bool = False
    pre_norm: bool = False
    last_norm: bool = True
    rms: bool = False
    gate: bool = False
    bias_key: str | None = None  # of queries, keys and values; None: always there
    bias_default: bool = False
    out_bias: bool | None = None  # of the output projection; None: as the others
    mlp_bias_key: str | None = None
    pooled: bool = False  # a pooling head that a key switches
    flexible: bool = False  # pictures of other sizes are allowed


_MEMBERS = {
    "clip_vision_model": _Member(patch=32, patch_bias=False, class_token=True, pre_norm=True),
    "siglip_vision_model": _Member(pooled=True),
    "idefics2_vision": _Member(patch=32, flexible=True),
    "idefics3_vision": _Member(hidden=1152, heads=16, patch=32),
    "smolvlm_vision": _Member(hidden=1152, heads=16, patch=32),
    "paddleocr_vl_vision": _Member(
        hidden=1152, inner=4304, layers=27, heads=16, image=384, patch=14, flexible=True
    ),
    "idefics_vision": _Member(
        inner=5120, layers=32, heads=16, patch=14, patch_bias=False, class_token=True, pre_norm=True
    ),
    "blip_2_vision_model": _Member(
        hidden=1408, inner=6144, layers=39, heads=16, patch=14, class_token=True,
        bias_key="qkv_bias", bias_default=True, out_bias=True,
    ),
    "kosmos_2_vision_model": _Member(
        hidden=1024, inner=4096, layers=24, heads=16, patch=14, patch_bias=False,
        class_token=True, pre_norm=True,
    ),
    "git_vision_model": _Member(patch_bias=False, class_token=True, pre_norm=True),
    "blip_vision_model": _Member(image=384, class_token=True),
    "ovis2_vision": _Member(
        hidden=1024, inner=2816, layers=24, heads=8, patch=14, rms=True, gate=True,
        bias_key="qkv_bias", mlp_bias_key="mlp_bias",
    ),
}  # fmt: skip
# The class of the first Idefics calls its width otherwise.
_HIDDEN = {"idefics_vision": "embed_dim"}


@tower(*_MEMBERS)
def describe(reader: Reader, select: Select) -> Tower:
    """Count a tower of this group."""
    name = reader.values["model_type"]
    member = _MEMBERS[name]
    hidden = reader.integer(_HIDDEN.get(name, "hidden_size"), default=member.hidden)
    layers = reader.integer("num_hidden_layers", default=member.layers, most=10_000)
    count, patch = _count(reader, member)
    channels = reader.integer("num_channels", default=3)
    stream = WITH_CLASS if member.class_token else PATCHES
    places = count + 1 if member.class_token else count
    starts = [
        patches(PATCHES, patch * patch * channels, hidden, member.patch_bias),
        _extras(stream, hidden * places + (hidden if member.class_token else 0), "positions"),
    ]
    if member.pre_norm or member.rms:
        starts.append(_norm(stream, hidden, member, "first norm"))
    one = _layer(reader, member, stream, hidden)
    ends, more = pooling_head(reader, hidden, one) if member.pooled else ((), ())
    if member.last_norm:
        ends = (_norm(stream, hidden, member, "last norm of the tower"), *ends)
    length = None if member.flexible else count
    streams = [Stream(PATCHES, "image", length, optional=True, patch=patch, cut="down")]
    if member.class_token:
        streams.append(Stream(WITH_CLASS, "image", places, optional=True))
    run = layers_of(one, layers, used_layers(layers, select))
    part = Part("vision tower", tuple(starts), run, ends)
    return Tower(part, hidden, stream, (*streams, *more))


def _count(reader: Reader, member: _Member) -> tuple[int, int]:
    image = side(reader, "image_size", member.image)
    patch = side(reader, "patch_size", member.patch)
    if patch > image:
        reader.fault("a patch is larger than the picture", "patch_size")
    across = max(1, image // patch)
    return across * across, patch


def _layer(reader: Reader, member: _Member, stream: str, hidden: int) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads", default=member.heads)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    bias = True
    if member.bias_key:
        bias = reader.flag(member.bias_key, default=member.bias_default)
    out_bias = bias if member.out_bias is None else member.out_bias
    mlp_bias = reader.flag(member.mlp_bias_key, default=False) if member.mlp_bias_key else True
    return encoder_layer(
        stream, hidden, heads, reader.integer("intermediate_size", default=member.inner),
        qkv_bias=bias, out_bias=out_bias, mlp_bias=mlp_bias, gate=member.gate,
        norm_bias=not member.rms,
    )  # fmt: skip


def pooling_head(
    reader: Reader, hidden: int, layer: tuple[Component, ...]
) -> tuple[tuple[Component, ...], tuple[Stream, ...]]:
    """Return the head that asks all patches with one learned question, and its stream.

    Args:
        reader: the tower's table, which may switch it off.
        hidden: width of the stream.
        layer: attention and feed-forward of a layer, whose sizes it shares.
    """
    if not reader.flag("vision_use_head", default=True):
        return (), ()
    heads = layer[0].mixing[0].heads
    mixing = (Mixing(heads, hidden // heads, hidden // heads, keys=PATCHES),)
    inner = layer[1]
    square = hidden * hidden
    keys = Component("pooling keys", 2 * square, 2 * hidden, stream=PATCHES, idle=True)
    head = Component(
        "pooling head", 2 * square + inner.matrices, 5 * hidden + inner.vectors,
        mixing=mixing, stream=_POOLED, idle=True,
    )  # fmt: skip
    return (keys, head), (Stream(_POOLED, "image", 1, optional=True),)


def _norm(stream: str, hidden: int, member: _Member, name: str) -> Component:
    return msgspec.structs.replace(norms(hidden, bias=not member.rms, name=name), stream=stream)


def _extras(stream: str, vectors: int, name: str) -> Component:
    return Component(name, 0, vectors, stream=stream)
