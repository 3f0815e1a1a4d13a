"""Inkling with pictures and sound: a patch is folded step by step into one feature, without
attention; sound comes as tokens of a table.

How many steps of folding go to a layer follows from logarithms of sizes. Where two plans are
equally good to four places the published program decides by rounding, and the file is refused.
"""

from __future__ import annotations

import itertools
import math

from chapterv.compute.architecture import Architecture, Component, Part, Projection, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, PATCHES, Select, Tower, describe_tower, tower

__all__ = ["describe", "describe_vision"]

Scale = tuple[int, int, int]
"""Pictures in a row, pixels along a side, and width, of what one position stands for."""

_CLOSE = 1e-4
_MOST_SCALES = 16
_ROUND = 64  # widths are multiples of it
# Sizes of the text part's class.
_TEXT = {
    "vocab_size": 201024, "hidden_size": 6144, "num_hidden_layers": 66, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 24576,
    "moe_intermediate_size": 3072,
}  # fmt: skip


@tower("inkling_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count what folds a patch into one feature; attention heads in its table have no meaning."""
    width = reader.integer("text_hidden_size", default=6144)
    patch = reader.integer("patch_size", default=40, least=2, most=2**16)
    frames = reader.integer("temporal_patch_size", default=2, most=2**16)
    channels = reader.integer("num_channels", default=3)
    layers = reader.integer("num_hidden_layers", "n_layers", default=24, most=1000)
    steps = _plan(reader, patch, frames, channels, layers)
    found = []
    for place, (start, end) in enumerate(itertools.pairwise(steps)):
        last = place == layers - 1
        folded = (end[0] // start[0]) * (end[1] // start[1]) ** 2 * start[2]
        out = width if last else end[2]
        found.append(
            Component(
                "folding", folded * out, 0 if last else out,
                used=(frames // end[0]) * (patch // end[1]) ** 2, stream=PATCHES,
                raw=place == 0, projections=(Projection("projection", folded, out),),
            )
        )  # fmt: skip
    found.append(Component("last norm of the tower", 0, width, stream=PATCHES))
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch, cut="up")
    return Tower(Part("vision tower", tuple(found)), width, PATCHES, (stream,))


def _plan(reader: Reader, patch: int, frames: int, channels: int, layers: int) -> list[Scale]:
    """Return the scale before the first layer and after each."""
    scales = _scales(patch, frames, channels)
    if len(scales) > _MOST_SCALES or layers + 1 > len(scales) > layers + 1 + _MOST_SCALES:
        reader.fault("more steps of folding than are covered", "patch_size")
        return [scales[0]] * layers + [scales[-1]]
    sizes = [math.log(scale[0] * scale[1] ** 2) for scale in scales]
    whole = math.log(patch * patch * frames * channels)
    ideal = [whole * place / layers for place in range(layers + 1)]
    costs = [[abs(wanted - size) for size in sizes] for wanted in ideal]
    places = _nearest(reader, costs) if layers >= len(scales) else _matched(reader, costs)
    places[0], places[-1] = 0, len(scales) - 1
    return [scales[place] for place in places]


def _scales(patch: int, frames: int, channels: int) -> list[Scale]:
    """Return every scale that folding goes through: first the sides, then the pictures."""
    sides = list(itertools.accumulate(_primes(patch), lambda one, two: one * two))
    times = list(itertools.accumulate(_primes(frames), lambda one, two: one * two))
    spatial = [(1, one, _rounded(one * one * channels)) for one in sides]
    # The published program multiplies here without having divided before.
    temporal = [(one, patch, patch * patch * channels * one * _ROUND) for one in times]
    return [(1, 1, channels), *spatial, *temporal]


def _rounded(width: int) -> int:
    return -(-width // _ROUND) * _ROUND


def _primes(number: int) -> list[int]:
    """Return the prime factors, largest first."""
    found = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1
    return sorted([*found, *([number] if number > 1 else [])], reverse=True)


def _nearest(reader: Reader, costs: list[list[float]]) -> list[int]:
    """Return the nearest scale for each layer."""
    found = []
    for row in costs:
        first, second, *_ = (*sorted(row), math.inf)
        if second - first < _CLOSE:
            reader.fault("two plans of folding are equally good", "num_hidden_layers")
        found.append(row.index(first))
    return found


def _matched(reader: Reader, costs: list[list[float]]) -> list[int]:
    """Return different scales for all layers, with the least cost in all."""
    plans = [
        (sum(row[place] for row, place in zip(costs, plan, strict=True)), plan)
        for plan in itertools.combinations(range(len(costs[0])), len(costs))
    ]
    best, second, *_ = (*sorted(plans), (math.inf, ()))
    if second[0] - best[0] < _CLOSE and _ends(second[1]) != _ends(best[1]):
        reader.fault("two plans of folding are equally good", "num_hidden_layers")
    return list(best[1])


def _ends(plan: tuple[int, ...]) -> tuple[int, ...]:
    """Return a plan without its ends, which are fixed afterwards."""
    return plan[1:-1]


@family("inkling_mm_model", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Inkling with pictures and sound."""
    settled = _settled(reader)
    seen = describe_tower(settled, "inkling_vision")
    text = text_part(settled, "inkling_text", filled=_TEXT)
    child = settled.child("audio_config")
    if not child.values:
        reader.fault("the file does not describe how it hears", "audio_config")
    bins = child.integer("n_mel_bins", "num_codebooks", default=80)
    kinds = child.integer("mel_vocab_size", "codebook_size", default=256)
    child.foreign()
    heard = Part(
        "sound",
        (Component("table of sound", bins * kinds * text.width, lookup=True, stream=FRAMES),),
        (),
        (Component("norm of sound", 0, text.width, stream=FRAMES),),
    )
    sound = Stream(FRAMES, "recording", None, optional=True)
    return compose(reader, text, (seen.part, heard), (*seen.streams, sound))


def _settled(reader: Reader) -> Reader:
    """Return the file with the text part's width in both others and its prediction layers."""
    values = dict(reader.values)
    text = reader.value("text_config")
    if isinstance(text, dict) and text:
        ahead = reader.child("mtp_config").integer(
            "num_nextn_predict_layers", default=0, least=0, most=100
        )
        values["text_config"] = {"num_mtp_layers": ahead or None, **text}
        width = text.get("hidden_size", _TEXT["hidden_size"])
        vision = reader.value("vision_config")
        if isinstance(vision, dict) and vision:
            values["vision_config"] = {**vision, "text_hidden_size": width}
    settled = Reader(values, reader.where, reader.pointer, reader.faults)
    settled.read = reader.read
    return settled
