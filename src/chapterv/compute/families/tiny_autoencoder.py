"""The tiny autoencoder that shows pictures while they are made: convolutions alone."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.pictures import PIXELS, convolution
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family(classes=("AutoencoderTiny",), heads=("AutoencoderTiny",))
def describe(reader: Reader) -> Architecture:
    """Count the tiny autoencoder; positions are pixels."""
    down = _stages(reader, "encoder", [1, 3, 3, 3])
    up = _stages(reader, "decoder", [3, 3, 3, 1])
    latent = reader.integer("latent_channels", default=4)
    inputs = reader.integer("in_channels", default=3)
    outputs = reader.integer("out_channels", default=3)
    if reader.integer("upsampling_scaling_factor", default=2) != 2:
        reader.fault("pictures are made larger by other than two", "upsampling_scaling_factor")
    if len(down) != len(up):
        reader.fault("encoder and decoder have not as many stages", "num_decoder_blocks")
    deepest = 4 ** (len(down) - 1)
    encoder = Part(
        "encoder",
        (_one("first", inputs, down[0][0], 1, raw=True),),
        tuple(Layer(1, block) for block in _down(down)),
        (_one("last", down[-1][0], latent, deepest),),
    )
    start = Layer(1, (_one("first", latent, up[0][0], deepest),))
    return Architecture(
        family="AutoencoderTiny",
        model_type="AutoencoderTiny",
        layers=(start, *(Layer(1, block) for block in _up(up))),
        ends=(_one("last", up[-1][0], outputs, 1),),
        parts=(encoder,),
        streams=(Stream(PIXELS, "picture", patch=1),),
    )


def _one(
    which: str, inputs: int, outputs: int, every: int, *, raw: bool = False, bias: bool = True
) -> Component:
    return convolution(
        f"{which} convolution", inputs, outputs, every=every, stream=PIXELS, raw=raw, bias=bias
    )


def _stages(reader: Reader, side: str, counts: list[int]) -> list[tuple[int, int]]:
    """Return channels and number of blocks of each stage."""
    found = []
    for name, default in (
        (f"{side}_block_out_channels", [64] * 4),
        (f"num_{side}_blocks", counts),
    ):
        value = reader.value(name)
        plain = isinstance(value, list) and 0 < len(value) <= 12
        if value is not None and not (
            plain and all(type(one) is int and 0 < one < 2**16 for one in value)
        ):
            reader.expected("a list of whole numbers", name, value)
            value = None
        found.append(value or default)
    if len(found[0]) != len(found[1]):
        reader.fault("there are not as many stages as numbers of blocks", f"num_{side}_blocks")
        found = [[64] * 4, counts]
    if len(set(found[0])) > 1:
        # The class makes no step from one number of channels to another.
        reader.fault("stages of several widths are not counted", f"{side}_block_out_channels")
    return list(zip(*found, strict=True))


def _block(channels: int, every: int) -> tuple[Component, ...]:
    return (_one("a", channels, channels, every),) * 3


def _down(stages: list[tuple[int, int]]) -> list[tuple[Component, ...]]:
    found: list[tuple[Component, ...]] = []
    for place, (channels, blocks) in enumerate(stages):
        if place:
            found.append((_one("downsampling", channels, channels, 4**place, bias=False),))
        found += [_block(channels, 4**place)] * blocks
    return found


def _up(stages: list[tuple[int, int]]) -> list[tuple[Component, ...]]:
    found: list[tuple[Component, ...]] = []
    for place, (channels, blocks) in enumerate(stages):
        left = len(stages) - 1 - place
        found += [_block(channels, 4**left)] * blocks
        if left:
            every = 4 ** (left - 1)
            found.append((_one("upsampling", channels, channels, every, bias=False),))
    return found
