"""The deep-compression autoencoder of SANA: residual blocks, then blocks of linear attention, with
pixels that are moved into channels from stage to stage.

Linear attention makes a square matrix of each head and reads it at each position: the products of
Cai et al. 2023 (EfficientViT), section 3. Below as many positions as a head is wide the class turns
to ordinary attention, which no usual picture reaches.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Projection, Stream
from chapterv.compute.families import family
from chapterv.compute.pictures import PIXELS, convolution
from chapterv.compute.reading import MAX_DIMENSION, Reader

__all__ = ["describe"]

_CLASSES = ("AutoencoderDC",)
_RESIDUAL, _ATTENDING = "ResBlock", "EfficientViTBlock"
_NORMS = ("rms_norm", "batch_norm")
Block = tuple[Component, ...]


class _Stage(msgspec.Struct, frozen=True):
    """A stage: its channels, its blocks, their kind, and the kernels of wider queries."""

    channels: int
    blocks: int
    kind: str
    kernels: tuple[int, ...]


@family(classes=_CLASSES, heads=_CLASSES)
def describe(reader: Reader) -> Architecture:
    """Count the deep-compression autoencoder; positions are pixels."""
    down = _stages(reader, "encoder", (2, 2, 2, 3, 3, 3))
    up = _stages(reader, "decoder", (3, 3, 3, 3, 3, 3))
    latent = reader.integer("latent_channels", default=32)
    colours = reader.integer("in_channels", default=3)
    width = reader.integer("attention_head_dim", default=32)
    moved = reader.choice("downsample_block_type", ("pixel_unshuffle", "conv"), "pixel_unshuffle")
    kinds = ("pixel_shuffle", "interpolate")
    shuffled = reader.choice("upsample_block_type", kinds, kinds[0])
    _check_norms(reader)
    if len(down) != len(up):
        reader.fault("encoder and decoder have not as many stages", "decoder_layers_per_block")
    last = len(down) - 1
    encoder = Part(
        "encoder",
        _first(down, colours, moved == "pixel_unshuffle"),
        tuple(Layer(1, block) for block in _down(reader, down, width, moved == "pixel_unshuffle")),
        (_one("last", down[-1].channels, latent, 4**last),),
    )
    start = Layer(1, (_one("first", latent, up[-1].channels, 4**last),))
    body = _up(reader, up, width, shuffled == "pixel_shuffle")
    return Architecture(
        family="AutoencoderDC",
        model_type="AutoencoderDC",
        layers=(start, *(Layer(1, block) for block in body)),
        ends=_last(up, colours, shuffled == "pixel_shuffle"),
        parts=(encoder,),
        streams=(Stream(PIXELS, "picture", patch=1),),
        notes=("training a denoiser runs the encoder alone, forward",),
    )


def _one(
    which: str, inputs: int, outputs: int, every: int, *, raw: bool = False, bias: bool = True
) -> Component:
    name = f"{which} convolution"
    return convolution(name, inputs, outputs, every=every, stream=PIXELS, raw=raw, bias=bias)


def _check_norms(reader: Reader) -> None:
    """Refuse other norms than those with a scale and a shift for each channel."""
    value = reader.value("decoder_norm_types")
    listed = value if isinstance(value, list) else [value or _NORMS[0]]
    if any(not isinstance(one, str) or one not in _NORMS for one in listed):
        reader.expected("norms among " + ", ".join(_NORMS), "decoder_norm_types", value)


def _stages(reader: Reader, side: str, blocks: tuple[int, ...]) -> list[_Stage]:
    channels = _list(reader, f"{side}_block_out_channels", [128, 256, 512, 512, 1024, 1024], 1)
    counts = _list(reader, f"{side}_layers_per_block", list(blocks), 0)
    kinds = reader.value(f"{side}_block_types") or _RESIDUAL
    kinds = kinds if isinstance(kinds, list) else [kinds] * len(channels)
    scales = reader.value(f"{side}_qkv_multiscales")
    scales = [[], [], [], [5], [5], [5]] if scales is None else scales
    plain = isinstance(scales, list) and all(isinstance(one, list) for one in scales)
    sizes = {len(channels), len(counts), len(kinds), len(scales) if plain else -1}
    known = all(isinstance(kind, str) and kind in (_RESIDUAL, _ATTENDING) for kind in kinds)
    if len(sizes) > 1 or not known:
        reader.fault("its lists do not give one entry for each stage", f"{side}_block_types")
        return [_Stage(128, 1, _RESIDUAL, ())]
    if not all(type(one) is int and 0 < one < 1000 for each in scales for one in each):
        reader.expected("lists of kernel sizes", f"{side}_qkv_multiscales", scales)
        return [_Stage(128, 1, _RESIDUAL, ())]
    if 0 in counts[1:]:
        reader.fault("only the first stage may be empty", f"{side}_layers_per_block")
    return [
        _Stage(wide, count, kind, tuple(kernels))
        for wide, count, kind, kernels in zip(channels, counts, kinds, scales, strict=True)
    ]


def _list(reader: Reader, name: str, default: list[int], least: int) -> list[int]:
    value = reader.value(name)
    if value is None:
        return default
    plain = isinstance(value, list) and 1 < len(value) <= 12
    if not plain or not all(type(one) is int and least <= one < 2**16 for one in value):
        reader.expected("a list with an entry for each stage", name, value)
        return default
    return list(value)


def _first(stages: list[_Stage], colours: int, moved: bool) -> Block:
    """Return the first convolution; it halves the picture where the first stage is empty."""
    if stages[0].blocks or len(stages) == 1:
        return (_one("first", colours, stages[0].channels, 1, raw=True),)
    outputs = stages[1].channels
    if moved:
        return (_one("first", colours, outputs // 4, 1, raw=True),)
    return (_one("first", colours, outputs, 4, raw=True),)


def _last(stages: list[_Stage], colours: int, shuffled: bool) -> Block:
    empty = not stages[0].blocks and len(stages) > 1
    wide = stages[1].channels if empty else stages[0].channels
    every = 4 if empty else 1
    norm = Component("last norm", 0, 2 * wide, stream=PIXELS, every=every)
    if not empty:
        return (norm, _one("last", wide, colours, 1))
    if shuffled:
        return (norm, _one("last", wide, 4 * colours, 4))
    return (norm, _one("last", wide, colours, 1))


def _down(reader: Reader, stages: list[_Stage], width: int, moved: bool) -> Iterator[Block]:
    for place, stage in enumerate(stages):
        for _ in range(stage.blocks):
            yield _block(reader, stage, width, 4**place)
        if place == len(stages) - 1 or not stage.blocks:
            continue
        outputs = stages[place + 1].channels
        if moved:
            # A quarter of the channels at each pixel, of which four make one.
            if outputs % 4:
                reader.fault("pixels cannot be moved into channels", "encoder_block_out_channels")
            yield (_one("downsampling", stage.channels, outputs // 4, 4**place),)
        else:
            yield (_one("downsampling", stage.channels, outputs, 4 ** (place + 1)),)


def _up(reader: Reader, stages: list[_Stage], width: int, shuffled: bool) -> Iterator[Block]:
    for place in range(len(stages) - 1, -1, -1):
        stage = stages[place]
        if place < len(stages) - 1 and stage.blocks:
            before = stages[place + 1].channels
            if shuffled:
                outputs = min(4 * stage.channels, MAX_DIMENSION)
                yield (_one("upsampling", before, outputs, 4 ** (place + 1)),)
            else:
                yield (_one("upsampling", before, stage.channels, 4**place),)
        for _ in range(stage.blocks):
            yield _block(reader, stage, width, 4**place)


def _block(reader: Reader, stage: _Stage, width: int, every: int) -> Block:
    wide = stage.channels
    norm = Component("norm", 0, 2 * wide, stream=PIXELS, every=every)
    if stage.kind == _RESIDUAL:
        return (_one("one", wide, wide, every), _one("one", wide, wide, every, bias=False), norm)
    heads = wide // width
    if not heads:
        reader.fault("a head is wider than its stage", "attention_head_dim")
        heads = 1
    inner, scales = heads * width, 1 + len(stage.kernels)
    names = tuple(Projection(name, wide, inner) for name in ("to_q", "to_k", "to_v"))
    # Wider queries, keys and values: a kernel for each channel, then a square for each head.
    wider = sum(3 * inner * (kernel * kernel + width) for kernel in stage.kernels)
    attention = Component(
        "attention", 3 * wide * inner + wider + inner * scales * wide, stream=PIXELS, every=every,
        products=2 * (width + 1) * width * heads * scales,
        projections=(*names, Projection("to_out", inner * scales, wide)),
    )  # fmt: skip
    high = 4 * wide
    gated = Component(
        "gated convolution", wide * 2 * high + 9 * 2 * high + high * wide, 4 * high,
        stream=PIXELS, every=every,
    )  # fmt: skip
    return (attention, norm, gated, norm)
