"""UNet without a text: that of the first diffusion models, steered by a class or nothing."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.families import family
from chapterv.compute.pictures import (
    LATENT,
    NOTE,
    SAMPLE,
    convolution,
    embedder,
    projected,
    resnet,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]

_DOWN = ("DownBlock2D", "AttnDownBlock2D")
_UP = ("UpBlock2D", "AttnUpBlock2D")
_MODULES = ("to_q", "to_k", "to_v", "to_out.0")


class _Plan(msgspec.Struct, frozen=True):
    """What all stages share."""

    channels: list[int]
    resnets: int
    time: int
    scaled: bool
    width: int | None


@family(classes=("UNet2DModel",), heads=("UNet2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count a UNet that no text steers."""
    for name in ("downsample_type", "upsample_type"):
        reader.choice(name, ("conv",), "conv")
    reader.choice("time_embedding_type", ("positional",), "positional")
    channels = _channels(reader)
    first = channels[0]
    scale = reader.choice("resnet_time_scale_shift", ("default", "scale_shift"), "default")
    plan = _Plan(
        channels,
        reader.integer("layers_per_block", default=2, most=100),
        reader.integer("time_embedding_dim", default=4 * first),
        scale == "scale_shift",
        _head_width(reader),
    )
    begin = convolution(
        "first convolution", reader.integer("in_channels", default=3), first, raw=True
    )
    outputs = reader.integer("out_channels", default=3)
    blocks = (
        (*_vectors(reader, first, plan.time), begin),
        *_down(reader, plan),
        *_middle(reader, plan),
        *_up(reader, plan),
    )
    return Architecture(
        family="UNet2DModel",
        model_type="UNet2DModel",
        layers=tuple(Layer(1, block) for block in blocks),
        ends=(convolution("last convolution", first, outputs, norm=first),),
        part="denoiser",
        streams=streams(LATENT, text=False),
        notes=(NOTE,),
    )


def _channels(reader: Reader) -> list[int]:
    channels = reader.value("block_out_channels") or [224, 448, 672, 896]
    plain = isinstance(channels, list) and 0 < len(channels) <= 12
    if not plain or not all(type(one) is int and 0 < one < 2**20 for one in channels):
        reader.expected("a list of channels", "block_out_channels", channels)
        return [8]
    return list(channels)


def _head_width(reader: Reader) -> int | None:
    """Return the width of a head; a null in the file means one head as wide as the stage."""
    if "attention_head_dim" in reader.values and reader.values["attention_head_dim"] is None:
        reader.read.add("attention_head_dim")
        return None
    return reader.integer("attention_head_dim", default=8)


def _vectors(reader: Reader, first: int, time: int) -> tuple[Component, ...]:
    found = embedder("time embedding", first, time)
    kind = reader.value("class_embed_type")
    classes = reader.maybe("num_class_embeds")
    if kind is None and classes:
        return (*found, Component("class table", classes * time, lookup=True, stream=SAMPLE))
    if kind == "timestep":
        return (*found, *embedder("class embedding", first, time))
    if kind not in (None, "identity"):
        reader.fault(f"classes come in as {shown(kind)}, which is not counted", "class_embed_type")
    return found


def _kinds(reader: Reader, name: str, allowed: tuple[str, str], default: list[str]) -> list[bool]:
    """Return which stages have attention."""
    kinds = reader.value(name) or default
    if not isinstance(kinds, list) or not set(map(str, kinds)) <= set(allowed):
        reader.expected("a list of " + " or ".join(allowed), name, kinds)
        return []
    return [kind == allowed[1] for kind in kinds]


def _step(
    plan: _Plan, wide: int, channels: int, every: int, attends: bool
) -> tuple[Component, ...]:
    found = resnet(wide, channels, every=every, time=plan.time, scale=plan.scaled)
    return (*found, _attention(plan, channels, every)) if attends else found


def _attention(plan: _Plan, channels: int, every: int) -> Component:
    width = min(plan.width or channels, channels)
    heads = channels // width
    return projected(
        "attention", channels, heads, width, _MODULES, stream=LATENT,
        mixing=(self_mixing(heads, width),), every=every, extra=2 * channels,
    )  # fmt: skip


def _down(reader: Reader, plan: _Plan) -> Iterator[tuple[Component, ...]]:
    kinds = _kinds(reader, "down_block_types", _DOWN, [_DOWN[0], *[_DOWN[1]] * 3])
    if len(kinds) != len(plan.channels):
        reader.fault("there are not as many stages as numbers of channels", "down_block_types")
        return
    wide = plan.channels[0]
    for place, (channels, attends) in enumerate(zip(plan.channels, kinds, strict=True)):
        for _ in range(plan.resnets):
            yield _step(plan, wide, channels, 4**place, attends)
            wide = channels
        if place < len(kinds) - 1:
            yield (convolution("downsampling", wide, wide, every=4 ** (place + 1)),)


def _middle(reader: Reader, plan: _Plan) -> Iterator[tuple[Component, ...]]:
    kind = reader.values.get("mid_block_type", "UNetMidBlock2D")
    reader.read.add("mid_block_type")
    attends = reader.flag("add_attention", default=True)
    if kind is None:
        return
    if kind != "UNetMidBlock2D":
        reader.expected("UNetMidBlock2D", "mid_block_type", kind)
    if plan.scaled and attends and reader.value("attn_norm_num_groups") is None:
        reader.fault("attention without a norm is not counted", "attn_norm_num_groups")
    last, every = plan.channels[-1], 4 ** (len(plan.channels) - 1)
    yield _step(plan, last, last, every, attends)
    yield _step(plan, last, last, every, False)


def _up(reader: Reader, plan: _Plan) -> Iterator[tuple[Component, ...]]:
    kinds = _kinds(reader, "up_block_types", _UP, [*[_UP[1]] * 3, _UP[0]])
    if len(kinds) != len(plan.channels):
        reader.fault("there are not as many stages as numbers of channels", "up_block_types")
        return
    before = plan.channels[-1]
    for place, attends in enumerate(kinds):
        level = len(kinds) - 1 - place
        channels, skipped = plan.channels[level], plan.channels[max(level - 1, 0)]
        for index in range(plan.resnets + 1):
            wide = before if index == 0 else channels
            beside = skipped if index == plan.resnets else channels
            yield _step(plan, wide + beside, channels, 4**level, attends)
        before = channels
        if level:
            yield (convolution("upsampling", before, before, every=4 ** (level - 1)),)
