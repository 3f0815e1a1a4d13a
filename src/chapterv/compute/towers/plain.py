"""Towers of the ViT line: ViT, DeiT, ViT-MSN, I-JEPA, and DINO 2 and 3.

The side of the picture fixes how many patches there are; the layers also work on a class token, on
one for distillation, and on registers, where the member has them.
"""

from __future__ import annotations

import msgspec

from chapterv.compute.architecture import Component, Part, Stream
from chapterv.compute.blocks import feed_forward, gated
from chapterv.compute.encoders import selfattention
from chapterv.compute.reading import MAX_DIMENSION, Reader
from chapterv.compute.towers import PATCHES, Select, Tower, side, tower, used_layers
from chapterv.compute.towers.layers import layers_of, on, patches
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe", "grid"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")
_QKV = (("qkv_bias", True),) * 3
# DINO 3 names each of its biases.
_EACH = (("query_bias", True), ("key_bias", False), ("value_bias", True))


class _Member(msgspec.Struct, frozen=True):
    """How one member of the group is built, and what its class takes where a key is absent.

    Args:
        tokens: positions beside the patches: class and distillation.
        registers: further ones where the file does not say; None for a member without any.
        hidden: width.
        inner: width inside the feed-forward.
        heads: heads.
        patch: side of a patch.
        ratio: the inner width is stated as a multiple of the width.
        scales: each half of a layer has a scale for its output.
        mask: a vector stands for hidden patches: "always", or the key that says so.
        places: a table of positions is stored.
        biases: keys of the biases of queries, keys and values.
        gate: key that gives the feed-forward a gate.
        wide: what adapters call the matrices of the feed-forward.
    """

    tokens: int = 1
    registers: int | None = None
    hidden: int = 768
    inner: int = 3072
    heads: int = 12
    patch: int = 16
    ratio: bool = False
    scales: bool = False
    mask: str = ""
    places: bool = True
    biases: tuple[tuple[str, bool], ...] = _QKV
    gate: str = ""
    wide: tuple[str, str] = ("fc1", "fc2")


_MEMBERS = {
    "vit": _Member(),
    "deit": _Member(tokens=2),
    "vit_msn": _Member(),
    "ijepa": _Member(tokens=0),
    "dinov2": _Member(
        patch=14, ratio=True, scales=True, mask="use_mask_token", gate="use_swiglu_ffn"
    ),
    "dinov2_with_registers": _Member(
        registers=4, ratio=True, scales=True, mask="always", gate="use_swiglu_ffn"
    ),
    "dinov3_vit": _Member(
        registers=0, hidden=384, inner=1536, heads=6, scales=True, mask="always", places=False,
        biases=_EACH, gate="use_gated_mlp", wide=("up_proj", "down_proj"),
    ),
}  # fmt: skip


@tower(*_MEMBERS)
def describe(reader: Reader, select: Select) -> Tower:
    """Count a tower of this group."""
    member = _MEMBERS[str(reader.values["model_type"])]
    hidden = reader.integer("hidden_size", default=member.hidden)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    count, patch = grid(reader, member.patch)
    beside = member.tokens
    if member.registers is not None:
        beside += reader.integer("num_register_tokens", default=member.registers, least=0)
    stream = WITH_CLASS if beside else PATCHES
    pixels = patch * patch * reader.integer("num_channels", default=3)
    starts = (patches(PATCHES, pixels, hidden, True), _starts(reader, member, hidden, count))
    last = Component("last norm of the tower", 0, 2 * hidden, stream=stream)
    run = layers_of(_layer(reader, member, stream, hidden), layers, used_layers(layers, select))
    streams = [Stream(PATCHES, "image", count, optional=True, patch=patch, cut="down")]
    if beside:
        streams.append(Stream(WITH_CLASS, "image", count + beside, optional=True))
    return Tower(Part("vision tower", starts, run, (last,)), hidden, stream, tuple(streams))


def grid(reader: Reader, patch: int, image: int = 224) -> tuple[int, int]:
    """Return how many patches a picture has, and the side of one.

    Args:
        reader: the tower's table.
        patch: side of a patch where the table does not say.
        image: side of the picture where the table does not say.
    """
    sides = side(reader, "image_size", image), side(reader, "patch_size", patch)
    if sides[1] > sides[0]:
        reader.fault("a patch is larger than the picture", "patch_size")
    across = max(1, sides[0] // sides[1])
    return across * across, sides[1]


def _starts(reader: Reader, member: _Member, hidden: int, count: int) -> Component:
    """Return vectors that are put beside or added to the patches."""
    registers = reader.integer("num_register_tokens", default=member.registers or 0, least=0)
    vectors = member.tokens + (0 if member.registers is None else registers)
    if member.places:
        # Registers have no position of their own.
        vectors += count + member.tokens
    if member.mask == "always" or (member.mask and reader.flag(member.mask, default=True)):
        vectors += 1
    return Component("positions", 0, vectors * hidden, stream=PATCHES)


def _layer(reader: Reader, member: _Member, stream: str, hidden: int) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads", default=member.heads)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    query, key, value = (reader.flag(name, default=known) for name, known in member.biases)
    plain = member.biases is _QKV or reader.flag("proj_bias", default=True)
    mixer = selfattention(
        hidden, heads, width, names=_NAMES, biases=(query, key, value, plain), stream=stream
    )
    scales = 2 * hidden if member.scales else 0
    around = Component("norms", 0, 4 * hidden + scales, stream=stream)
    return (mixer, on(_inner(reader, member, hidden), stream), around)


def _inner(reader: Reader, member: _Member, hidden: int) -> Component:
    gate = bool(member.gate) and reader.flag(member.gate, default=False)
    bias = member.biases is _QKV or reader.flag("mlp_bias", default=True)
    if not member.ratio:
        wide = reader.integer("intermediate_size", default=member.inner)
        return gated(hidden, wide, bias) if gate else feed_forward(hidden, wide, bias, member.wide)
    wide = min(hidden * reader.integer("mlp_ratio", default=4), MAX_DIMENSION)
    if not gate:
        return feed_forward(hidden, wide, bias, member.wide)
    # Two thirds, rounded up to a multiple of eight.
    return gated(hidden, (int(wide * 2 / 3) + 7) // 8 * 8, bias)
