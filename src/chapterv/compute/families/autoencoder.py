"""The autoencoder of Stable Diffusion and FLUX 1 and 2: from pixels to a latent and back.

Each stage halves height and width. Training a denoiser runs the encoder forward alone; positions
are pixels, and height and width are taken to be multiples of the lowest stage's side.
"""

from __future__ import annotations

from collections.abc import Iterator

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.pictures import PIXELS, convolution, projected, resnet, self_mixing
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_MODULES = ("to_q", "to_k", "to_v", "to_out.0")


_CLASSES = ("AutoencoderKL", "AutoencoderKLFlux2")
_FLUX2 = [128, 256, 512, 512]


@family(classes=_CLASSES, heads=_CLASSES)
def describe(reader: Reader) -> Architecture:
    """Count an autoencoder with a normal distribution for its latent."""
    name = str(reader.values["_class_name"])
    later = name == "AutoencoderKLFlux2"
    stages = _stages(reader, _FLUX2 if later else [64])
    # The decoder of the later class may be of other widths.
    rising = _channels(reader, "decoder_block_out_channels", stages) if later else stages
    if len(rising) != len(stages):
        reader.fault("encoder and decoder have not as many stages", "decoder_block_out_channels")
    resnets = reader.integer("layers_per_block", default=2 if later else 1, most=100)
    latent = reader.integer("latent_channels", default=32 if later else 4)
    attends = reader.flag("mid_block_add_attention", default=True)
    last, every = stages[-1], 4 ** (len(stages) - 1)
    middle = tuple(Layer(1, block) for block in _middle(last, every, attends))
    down = tuple(Layer(1, block) for block in _down(stages, resnets))
    high = rising[-1]
    above = tuple(Layer(1, block) for block in _middle(high, every, attends))
    up = tuple(Layer(1, block) for block in _up(rising, resnets + 1))
    before, after = _around_latent(reader, latent, every)
    encoder = Part(
        "encoder",
        (_one("first", reader.integer("in_channels", default=3), stages[0], 1, raw=True),),
        (*down, *middle),
        (_one("last", last, 2 * latent, every, norm=last), *before),
    )
    start = (*after, _one("first", latent, high, every))
    outputs = reader.integer("out_channels", default=3)
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(1, start), *above, *up),
        ends=(_one("last", rising[0], outputs, 1, norm=rising[0]),),
        parts=(encoder,),
        part="decoder",
        streams=(Stream(PIXELS, "picture", patch=1),),
        notes=("training a denoiser runs the encoder alone, forward",),
    )


def _one(
    which: str, inputs: int, outputs: int, every: int, *, raw: bool = False, norm: int = 0
) -> Component:
    return convolution(
        f"{which} convolution", inputs, outputs, every=every, stream=PIXELS, raw=raw, norm=norm
    )


def _channels(reader: Reader, name: str, default: list[int]) -> list[int]:
    channels = reader.value(name) or default
    plain = isinstance(channels, list) and 0 < len(channels) <= 12
    if not plain or not all(type(one) is int and 0 < one < 2**20 for one in channels):
        reader.expected("a list of channels", name, channels)
        return default
    return list(channels)


def _stages(reader: Reader, default: list[int]) -> list[int]:
    """Return the channels of each stage."""
    channels = _channels(reader, "block_out_channels", default)
    for name, kind in (
        ("down_block_types", "DownEncoderBlock2D"),
        ("up_block_types", "UpDecoderBlock2D"),
    ):
        kinds = reader.value(name) or [kind] * len(default)
        if not isinstance(kinds, list) or set(map(str, kinds)) != {kind}:
            reader.expected(f"a list of {kind}", name, kinds)
        elif len(kinds) != len(channels):
            reader.fault("there are not as many stages as numbers of channels", name)
    return list(channels)


def _around_latent(
    reader: Reader, latent: int, every: int
) -> tuple[tuple[Component, ...], tuple[Component, ...]]:
    """Return the matrices on both sides of the latent."""

    def step(name: str, key: str, wide: int) -> tuple[Component, ...]:
        if not reader.flag(key, default=True):
            return ()
        return (convolution(name, wide, wide, 1, every=every, stream=PIXELS),)

    return (
        step("to the latent", "use_quant_conv", 2 * latent),
        step("from the latent", "use_post_quant_conv", latent),
    )


def _down(stages: list[int], resnets: int) -> Iterator[tuple[Component, ...]]:
    wide = stages[0]
    for place, channels in enumerate(stages):
        for _ in range(resnets):
            yield resnet(wide, channels, every=4**place, stream=PIXELS)
            wide = channels
        if place < len(stages) - 1:
            yield (_step("downsampling", wide, 4 ** (place + 1)),)


def _middle(channels: int, every: int, attends: bool) -> Iterator[tuple[Component, ...]]:
    yield resnet(channels, channels, every=every, stream=PIXELS)
    if attends:
        among = projected(
            "attention", channels, 1, channels, _MODULES, stream=PIXELS,
            mixing=(self_mixing(1, channels),), every=every, extra=2 * channels,
        )  # fmt: skip
        yield (among,)
    yield resnet(channels, channels, every=every, stream=PIXELS)


def _up(stages: list[int], resnets: int) -> Iterator[tuple[Component, ...]]:
    wide = stages[-1]
    for place in reversed(range(len(stages))):
        for _ in range(resnets):
            yield resnet(wide, stages[place], every=4**place, stream=PIXELS)
            wide = stages[place]
        if place:
            yield (_step("upsampling", wide, 4 ** (place - 1)),)


def _step(name: str, channels: int, every: int) -> Component:
    return convolution(name, channels, channels, every=every, stream=PIXELS)
