"""VibeVoice ASR: two pyramids of causal convolutions hear, neither of which is trained with it.

The class runs both without a gradient, so that they cost a forward pass however the model is
trained. A position of their stream is what one feature stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Part, Projection, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Select, Tower, describe_tower, tower

__all__ = ["describe", "describe_pyramid"]

_RATIOS = (2, 2, 4, 5, 5, 8)
_DEPTHS = (3, 3, 3, 3, 3, 3, 8)
_MOST_LEVELS = 24


@tower("vibevoice_acoustic_tokenizer_encoder")
def describe_pyramid(reader: Reader, select: Select) -> Tower:
    """Count one pyramid; each level doubles the width and shortens the sound."""
    ratios = _numbers(reader, "downsampling_ratios", _RATIOS)
    depths = _numbers(reader, "depths", _DEPTHS)
    if len(depths) != len(ratios) + 1:
        reader.fault("there is not one depth for each level and the first", "depths")
        ratios, depths = list(_RATIOS), list(_DEPTHS)
    kernel = reader.integer("kernel_size", default=7)
    width = reader.integer("num_filters", default=32)
    wider = reader.integer("ffn_expansion", default=4)
    out = reader.integer("hidden_size", default=64)
    left = 1
    for ratio in ratios:
        left *= ratio
    first = kernel * reader.integer("channels", default=1)
    found = [_convolution(first, width, left), *_blocks(width, kernel, wider, depths[0], left)]
    for ratio, depth in zip(ratios, depths[1:], strict=True):
        left //= ratio
        found.append(_convolution(2 * ratio * width, 2 * width, left))
        width *= 2
        found += _blocks(width, kernel, wider, depth, left)
    found.append(_convolution(kernel * width, out, 1))
    stream = Stream(FRAMES, "recording", None, optional=True)
    return Tower(Part("audio tower", tuple(found)), out, FRAMES, (stream,))


def _numbers(reader: Reader, name: str, default: Sequence[int]) -> list[int]:
    value: Any = reader.value(name)
    if value is None:
        return list(default)
    plain = isinstance(value, list) and 1 <= len(value) <= _MOST_LEVELS
    if not plain or not all(type(one) is int and 0 < one <= 1000 for one in value):
        reader.expected("a list of numbers", name, value)
        return list(default)
    return list(value)


def _convolution(inputs: int, outputs: int, used: int) -> Component:
    return Component(
        "convolution", inputs * outputs, outputs, used=used, stream=FRAMES, idle=True
    )  # fmt: skip


def _blocks(width: int, kernel: int, wider: int, depth: int, used: int) -> list[Component]:
    inner = wider * width
    # Two norms and two scales beside the biases.
    near = Component(
        "depthwise convolution", kernel * width, 5 * width, used=used, stream=FRAMES, idle=True
    )
    feed = Component(
        "feed-forward", 2 * width * inner, inner + width, used=used, stream=FRAMES, idle=True,
        projections=(Projection("linear1", width, inner), Projection("linear2", inner, width)),
    )  # fmt: skip
    return [near, feed] * depth


@family("vibevoice_asr", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count VibeVoice ASR."""
    text = text_part(reader, "qwen2")
    if text.architecture.tied:
        reader.fault("the class keeps table and head apart", "text_config")
    parts: list[Part] = []
    streams: tuple[Stream, ...] = ()
    for kind in ("acoustic", "semantic"):
        heard = describe_tower(
            reader, "vibevoice_acoustic_tokenizer_encoder", key=f"{kind}_tokenizer_encoder_config"
        )
        steps = (
            linear(f"{kind}_linear_1", heard.width, text.width),
            linear(f"{kind}_linear_2", text.width, text.width),
        )
        first, *rest = projector(steps, stream=FRAMES, vectors=text.width)
        # What it reads was made without a gradient.
        join = (replace(first, raw=True), *rest)
        parts += [
            Part(f"{kind} tower", heard.part.starts),
            Part(f"{kind} projector", ends=join),
        ]
        streams += heard.streams
    return compose(reader, text, parts, streams)
