"""Autoencoders of films with convolutions that see the past alone: those of Wan and Qwen-Image.

A stage halves height and width, some also the rate of frames; attention stands in the middle and
meets within a frame. The film goes through in pieces, which changes nothing in the products: what
stands before a piece is kept. `film_shape` gives the lengths of the streams.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.films import later_frames, rate_of
from chapterv.compute.reading import MAX_DIMENSION, Reader

__all__ = ["describe"]

_CLASSES = ("AutoencoderKLWan", "AutoencoderKLQwenImage")
_NOTE = "training a denoiser runs the encoder alone, forward"
Block = tuple[Component, ...]


class _Sizes(msgspec.Struct, frozen=True):
    """What both halves share.

    Args:
        channels: multiples of the first stage's channels.
        halves: which steps between stages also halve the rate of frames.
        resnets: of each stage.
        area: pixels of a frame for one position of the first stage.
        whole: channels do not shrink on the way up (the later kind of Wan).
    """

    channels: tuple[int, ...]
    halves: tuple[bool, ...]
    resnets: int
    area: int
    whole: bool

    def place(self, stage: int) -> tuple[str, int]:
        """Return stream and pixels for one position, behind so many steps down."""
        return rate_of(sum(self.halves[:stage])), self.area * 4**stage


@family(classes=_CLASSES, heads=_CLASSES)
def describe(reader: Reader) -> Architecture:
    """Count the autoencoder of Wan or of Qwen-Image."""
    name = str(reader.values["_class_name"])
    sizes = _sizes(reader)
    base = reader.integer("base_dim", default=96)
    above = reader.integer("decoder_base_dim", default=base)
    latent = reader.integer("z_dim", default=16)
    key = "in_channels" if name == "AutoencoderKLWan" else "input_channels"
    inputs = reader.integer(key, default=3)
    last = len(sizes.channels) - 1
    stream, every = sizes.place(last)
    down = [Layer(1, block) for block in _down(sizes, base)]
    wide = base * sizes.channels[-1]
    encoder = Part(
        "encoder",
        (_convolution("first", inputs, base, *sizes.place(0), raw=True),),
        (*down, *_middle(sizes, wide)),
        (
            _convolution("last", wide, 2 * latent, stream, every, norm=wide),
            _convolution("to the latent", 2 * latent, 2 * latent, stream, every, 1),
        ),
    )
    high = above * sizes.channels[-1]
    start = (
        _convolution("from the latent", latent, latent, stream, every, 1),
        _convolution("first", latent, high, stream, every),
    )
    up = tuple(Layer(1, block) for block in _up(sizes, above))
    outputs = reader.integer("out_channels", default=3) if key == "in_channels" else inputs
    low = above * sizes.channels[0]
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(1, start), *_middle(sizes, high), *up),
        ends=(_convolution("last", low, outputs, *sizes.place(0), norm=low),),
        parts=(encoder,),
        streams=_streams(sizes),
        notes=(_NOTE,),
    )


def _sizes(reader: Reader) -> _Sizes:
    channels = _list(reader, "dim_mult", [1, 2, 4, 4], int)
    halves = [bool(one) for one in _list(reader, "temperal_downsample", [0, 1, 1], bool)]
    if len(halves) != len(channels) - 1:
        reader.fault("there is not a step between each two stages", "temperal_downsample")
        channels, halves = [1, 2, 4, 4], [False, True, True]
    if reader.value("attn_scales"):
        reader.fault("attention on the way down is not counted", "attn_scales")
    patch = reader.integer("patch_size", default=1, most=1024)
    return _Sizes(
        tuple(channels), tuple(halves), reader.integer("num_res_blocks", default=2, most=1000),
        patch * patch, reader.flag("is_residual", default=False),
    )  # fmt: skip


def _list(reader: Reader, name: str, default: list[int], kind: type[int]) -> list[int]:
    """Return whole numbers above nothing, or truths, one for each stage or step."""
    value = reader.value(name)
    if value is None:
        return default
    least = 1 if kind is int else 0
    plain = isinstance(value, list) and 0 < len(value) <= 12
    if not plain or any(type(one) is not kind or not least <= one < 2**16 for one in value):
        reader.expected("a list with an entry for each stage", name, value)
        return default
    return list(value)


def _streams(sizes: _Sizes) -> tuple[Stream, ...]:
    rates = range(1, sum(sizes.halves) + 1)
    return (
        Stream(rate_of(0), "film", patch=1),
        *(Stream(rate_of(level), "film") for level in rates),
        # A single picture has no later frames.
        *(Stream(later_frames(level), "film", optional=True) for level in rates),
    )


def _convolution(
    which: str,
    inputs: int,
    outputs: int,
    stream: str,
    every: int,
    volume: int = 27,
    *,
    norm: int = 0,
    raw: bool = False,
) -> Component:
    """Return a convolution over an area, in time, or over both, by its kernel's volume."""
    matrices = min(volume * inputs * outputs, MAX_DIMENSION**2)
    name = f"{which} convolution"
    return Component(name, matrices, outputs + norm, stream=stream, every=every, raw=raw)


def _resnet(inputs: int, outputs: int, stream: str, every: int) -> Block:
    around = () if inputs == outputs else (
        _convolution("shortcut", inputs, outputs, stream, every, 1),
    )  # fmt: skip
    return (
        _convolution("one", inputs, outputs, stream, every, norm=inputs),
        _convolution("one", outputs, outputs, stream, every, norm=outputs),
        *around,
    )


def _middle(sizes: _Sizes, wide: int) -> tuple[Layer, ...]:
    stream, every = sizes.place(len(sizes.channels) - 1)
    one = _resnet(wide, wide, stream, every)
    among = Component(
        "attention", 4 * wide * wide, wide + 4 * wide,
        mixing=(Mixing(1, wide, wide, sees="all"),), stream=stream, every=every,
    )  # fmt: skip
    return (Layer(1, one), Layer(1, (among,)), Layer(1, one))


def _down(sizes: _Sizes, base: int) -> Iterator[Block]:
    wide = base
    for stage, times in enumerate(sizes.channels):
        for _ in range(sizes.resnets):
            yield _resnet(wide, base * times, *sizes.place(stage))
            wide = base * times
        if stage == len(sizes.halves):
            return
        # Height and width are halved before the rate is.
        before, _ = sizes.place(stage)
        every = sizes.place(stage + 1)[1]
        yield (_convolution("downsampling", wide, wide, before, every, 9),)
        if sizes.halves[stage]:
            later = later_frames(sum(sizes.halves[: stage + 1]))
            yield (_convolution("slowing", wide, wide, later, every, 3),)


def _up(sizes: _Sizes, base: int) -> Iterator[Block]:
    last = len(sizes.channels) - 1
    wide = base * sizes.channels[last]
    for stage in range(last, -1, -1):
        outputs = base * sizes.channels[stage]
        for _ in range(sizes.resnets + 1):
            yield _resnet(wide, outputs, *sizes.place(stage))
            wide = outputs
        if not stage:
            return
        if sizes.halves[stage - 1]:
            later = later_frames(sum(sizes.halves[:stage]))
            yield (_convolution("quickening", wide, 2 * wide, later, sizes.place(stage)[1], 3),)
        # The rate is doubled before height and width are.
        narrow = wide if sizes.whole else wide // 2
        yield (_convolution("upsampling", wide, narrow, *sizes.place(stage - 1), 9),)
        wide = narrow
