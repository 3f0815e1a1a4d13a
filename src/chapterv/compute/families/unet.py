"""UNet of Stable Diffusion 1, 2 and XL: convolutions and attention at falling resolutions.

Each stage halves the height and the width, so that its convolutions run once for four, sixteen, ...
positions of the latent; the text enters by cross-attention. Heights and widths are taken to be
multiples of the lowest stage's side.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing
from chapterv.compute.families import family
from chapterv.compute.pictures import (
    LATENT,
    NOTE,
    SAMPLE,
    TEXT,
    convolution,
    embedder,
    linear,
    projected,
    resnet,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader, shown

__all__ = ["describe", "guided_block"]

_DOWN = ("CrossAttnDownBlock2D", "DownBlock2D")
_UP = ("CrossAttnUpBlock2D", "UpBlock2D")
_MODULES = ("to_q", "to_k", "to_v", "to_out.0")
_OUTPUT_BIASED = (False, False, False, True)


class _Stage(msgspec.Struct, frozen=True):
    """What is chosen for one resolution."""

    channels: int
    resnets: int
    depth: int
    heads: int
    text: int
    crossing: bool
    only_text: bool


@family(classes=("UNet2DConditionModel",), heads=("UNet2DConditionModel",))
def describe(reader: Reader) -> Architecture:
    """Count a UNet that text steers."""
    _refuse(reader)
    stages = _stages(reader)
    first = stages[0].channels
    time = reader.integer("time_embedding_dim", default=4 * first)
    scale = reader.choice("resnet_time_scale_shift", ("default", "scale_shift"), "default")
    scaled = scale == "scale_shift"
    kernel = reader.integer("conv_in_kernel", default=3, most=99)
    begin = convolution(
        "first convolution", reader.integer("in_channels", default=4), first, kernel, raw=True
    )
    norm = first if reader.integer("norm_num_groups", default=32) else 0
    end = convolution(
        "last convolution",
        first,
        reader.integer("out_channels", default=4),
        reader.integer("conv_out_kernel", default=3, most=99),
        norm=norm,
    )
    blocks = (
        _start(reader, first, time, begin),
        *_down(stages, time, scaled),
        *_middle(reader, stages, time, scaled),
        *_up(reader, stages, time, scaled),
    )
    return Architecture(
        family="UNet2DConditionModel",
        model_type="UNet2DConditionModel",
        layers=tuple(Layer(1, block) for block in blocks),
        ends=(end,),
        part="denoiser",
        streams=streams(LATENT),
        notes=(NOTE,),
    )


def _refuse(reader: Reader) -> None:
    """Fault switches that add parts which are not counted."""
    for name in ("dual_cross_attention", "class_embeddings_concat"):
        reader.refuse(name, "it adds parts that are not counted")
    for name in (
        "num_attention_heads", "encoder_hid_dim", "encoder_hid_dim_type", "cross_attention_norm",
        "reverse_transformer_layers_per_block", "time_embedding_act_fn", "timestep_post_act",
    ):  # fmt: skip
        reader.refuse(name, "it changes the parts in a way that is not counted")
    reader.choice("attention_type", ("default",), "default")
    reader.choice("time_embedding_type", ("positional",), "positional")


def _each(reader: Reader, name: str, count: int, default: int, most: int = 2**20) -> list[int]:
    """Return a whole number for each stage, from one number or a list."""
    value = reader.value(name)
    values = value if isinstance(value, list) else [default if value is None else value] * count
    if len(values) != count or not all(type(one) is int and 0 < one <= most for one in values):
        reader.expected("a whole number, or one for each stage", name, value)
        return [default] * count
    return values


def _stages(reader: Reader) -> list[_Stage]:
    kinds = reader.value("down_block_types") or ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"]
    plain = isinstance(kinds, list) and 0 < len(kinds) <= 12
    if not plain or not set(map(str, kinds)) <= set(_DOWN):
        reader.expected("a list of " + " or ".join(_DOWN), "down_block_types", kinds)
        kinds = [_DOWN[1]]
    count = len(kinds)
    channels = reader.value("block_out_channels") or [320, 640, 1280, 1280]
    if not isinstance(channels, list) or len(channels) != count:
        reader.expected("one number of channels for each stage", "block_out_channels", channels)
        channels = [4] * count
    if not all(type(one) is int and 0 < one < 2**20 for one in channels):
        reader.expected("whole numbers", "block_out_channels", channels)
        channels = [4] * count
    only = reader.value("only_cross_attention")
    only = only if isinstance(only, list) and len(only) == count else [bool(only)] * count
    columns = zip(
        kinds,
        channels,
        _each(reader, "layers_per_block", count, 2, 20),
        _each(reader, "transformer_layers_per_block", count, 1, 100),
        _each(reader, "attention_head_dim", count, 8),
        _each(reader, "cross_attention_dim", count, 1280),
        only,
        strict=True,
    )
    # The key says width of a head and means their number, which the class keeps for old files.
    return [
        _Stage(wide, resnets, depth, heads, text, kind == _DOWN[0], bool(alone))
        for kind, wide, resnets, depth, heads, text, alone in columns
    ]


def _start(reader: Reader, first: int, time: int, begin: Component) -> tuple[Component, ...]:
    """Return what makes the first map and the vector of time, class and size."""
    guided = reader.maybe("time_cond_proj_dim")
    found = [*embedder("time embedding", first, time, raw=not guided)]
    if guided:
        found.insert(0, linear("guidance", guided, first, bias=False, stream=SAMPLE, raw=True))
    wide = reader.maybe("projection_class_embeddings_input_dim") or 1
    kind = reader.value("class_embed_type")
    classes = reader.maybe("num_class_embeds")
    if kind is None and classes:
        found.append(Component("class table", classes * time, lookup=True, stream=SAMPLE))
    elif kind in ("timestep", "projection"):
        found += embedder("class embedding", first if kind == "timestep" else wide, time)
    elif kind is not None:
        reader.fault(f"classes come in as {shown(kind)}, which is not counted", "class_embed_type")
    added = reader.value("addition_embed_type")
    if added == "text_time":
        found += embedder("size embedding", wide, time)
    elif added is not None:
        reader.fault(f"{shown(added)} adds parts that are not counted", "addition_embed_type")
    return (*found, begin)


def _down(stages: list[_Stage], time: int, scaled: bool) -> Iterator[tuple[Component, ...]]:
    wide = stages[0].channels
    for place, stage in enumerate(stages):
        every = 4**place
        for _ in range(stage.resnets):
            yield _step(stage, wide, stage.channels, every, time, scaled)
            wide = stage.channels
        if place < len(stages) - 1:
            yield (convolution("downsampling", wide, wide, every=4 * every),)


def _middle(
    reader: Reader, stages: list[_Stage], time: int, scaled: bool
) -> Iterator[tuple[Component, ...]]:
    kind = reader.values.get("mid_block_type", "UNetMidBlock2DCrossAttn")
    reader.read.add("mid_block_type")
    if kind not in (None, "UNetMidBlock2DCrossAttn"):
        reader.expected("UNetMidBlock2DCrossAttn", "mid_block_type", kind)
    if kind is None:
        return
    last = msgspec.structs.replace(stages[-1], crossing=True, only_text=False)
    every = 4 ** (len(stages) - 1)
    yield _step(last, last.channels, last.channels, every, time, scaled)
    yield resnet(last.channels, last.channels, every=every, time=time, scale=scaled)


def _up(
    reader: Reader, stages: list[_Stage], time: int, scaled: bool
) -> Iterator[tuple[Component, ...]]:
    kinds = reader.value("up_block_types") or ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3
    if not isinstance(kinds, list) or not set(map(str, kinds)) <= set(_UP):
        reader.expected("a list of " + " or ".join(_UP), "up_block_types", kinds)
        return
    if len(kinds) != len(stages):
        reader.fault("there are not as many stages up as down", "up_block_types")
        return
    before = stages[-1].channels
    for place, kind in enumerate(kinds):
        level = len(stages) - 1 - place
        stage = msgspec.structs.replace(stages[level], crossing=kind == _UP[0])
        skipped = stages[max(level - 1, 0)].channels
        every = 4**level
        for index in range(stage.resnets + 1):
            wide = before if index == 0 else stage.channels
            beside = skipped if index == stage.resnets else stage.channels
            yield _step(stage, wide + beside, stage.channels, every, time, scaled)
        before = stage.channels
        if level:
            yield (convolution("upsampling", before, before, every=every // 4),)


def _step(
    stage: _Stage, wide: int, channels: int, every: int, time: int, scaled: bool
) -> tuple[Component, ...]:
    """Return one residual block with the attention that follows it."""
    found = resnet(wide, channels, every=every, time=time, scale=scaled)
    if not stage.crossing:
        return found
    inner = stage.heads * (channels // stage.heads)
    enter = linear("projection in", channels, inner, every=every, extra=2 * channels)
    leave = linear("projection out", inner, channels, every=every)
    return (*found, enter, *(stage.depth * guided_block(inner, stage, every)), leave)


def guided_block(inner: int, stage: _Stage, every: int) -> tuple[Component, ...]:
    """Return attention among positions, attention to the text, and a gated feed-forward."""
    width = inner // stage.heads
    among = projected(
        "attention", inner, stage.heads, width, _MODULES,
        stream=LATENT, mixing=(self_mixing(stage.heads, width),),
        biases=_OUTPUT_BIASED, every=every, extra=6 * inner,
    )  # fmt: skip
    crossed = _crossed(inner, stage, every)
    if stage.only_text:
        first: tuple[Component, ...] = (
            *crossed[:-1], msgspec.structs.replace(crossed[-1], vectors=7 * inner)
        )  # fmt: skip
    else:
        first = (among,)
    return (
        *first,
        *crossed,
        linear("gate and up", inner, 8 * inner, every=every, module="ff.net.0.proj"),
        linear("down", 4 * inner, inner, every=every, module="ff.net.2"),
    )


def _crossed(inner: int, stage: _Stage, every: int) -> tuple[Component, ...]:
    width = inner // stage.heads
    keys = (
        linear(f"cross-attention {name}", stage.text, inner,
               bias=False, stream=TEXT, raw=True, module=module)
        for name, module in (("keys", "to_k"), ("values", "to_v"))
    )  # fmt: skip
    queries = linear("cross-attention", inner, inner, bias=False, every=every, module="to_q")
    mixing = (Mixing(stage.heads, width, width, sees="all", keys=TEXT),)
    out = linear("cross-attention output", inner, inner, every=every, module="to_out.0")
    return (*keys, msgspec.structs.replace(queries, mixing=mixing), out)
