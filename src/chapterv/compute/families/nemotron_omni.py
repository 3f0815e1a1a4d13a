"""Nemotron 3 Omni: registers beside the patches of any picture, a conformer that may hear.

Pictures in a row have a patch embedding of their own, which is stored and not run by single ones.
"""

from __future__ import annotations

import math
from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.families import family
from chapterv.compute.families.fast_conformer import conformer
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.recordings import FRAMES
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["REGISTERED", "describe", "describe_vision"]

REGISTERED = "patches with registers"
"""Stream of the layers, where class tokens and registers stand beside the patches."""

_OLDER = {
    "llm_config": "text_config",
    "sound_config": "audio_config",
    "vit_hidden_size": "vision_hidden_size",
}


@tower("radio")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count C-RADIO."""
    hidden = reader.integer("hidden_size", default=1280)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=16)
    pixels = reader.integer("num_channels", default=3) * patch * patch
    places = max(1, reader.integer("max_img_size", default=2048) // patch) ** 2
    beside = reader.integer("num_cls_tokens", default=3, least=0) + reader.integer(
        "num_registers", default=7, least=0
    )
    starts = [patches(PATCHES, pixels, hidden, False)]
    frames = reader.maybe("video_temporal_patch_size", least=2)
    if frames is not None:
        film = patches(PATCHES, frames * pixels, hidden, False, "patch embedding of films")
        starts.append(replace(film, used=0))
    starts.append(Component("positions", 0, (places + beside) * hidden, stream=REGISTERED))
    gate = reader.flag("use_swiglu_ffn", default=False)
    mixer, feed, around = encoder_layer(
        REGISTERED, hidden, heads, _inner(reader, hidden, gate),
        qkv_bias=reader.flag("qkv_bias", default=True), gate=gate, output="o_proj",
    )  # fmt: skip
    scales = Component("scales", 0, 2 * hidden, stream=REGISTERED)
    layers = reader.integer("num_hidden_layers", default=32, most=10_000)
    part = Part("vision tower", tuple(starts), (Layer(layers, (mixer, scales, feed, around)),))
    streams = (
        Stream(PATCHES, "image", None, optional=True, patch=patch),
        Stream(REGISTERED, "image", None, optional=True, patch=patch, beside=beside),
    )
    return Tower(part, hidden, PATCHES, streams)


def _inner(reader: Reader, hidden: int, gate: bool) -> int:
    ratio = reader.value("mlp_ratio")
    ratio = 4 if ratio is None else ratio
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0.01 <= ratio <= 1000:
        reader.expected("a ratio", "mlp_ratio", ratio)
        ratio = 4
    inner = max(1, int(hidden * ratio))
    # With a gate two thirds of it, to the next multiple of eight.
    return (int(inner * 2 / 3) + 7) // 8 * 8 if gate else inner


@family("nemotron_h_omni", composed=True, heads=("Reasoning_V3",))
def describe(reader: Reader) -> Architecture:
    """Count Nemotron 3 Omni."""
    settled = _settled(reader)
    seen = describe_tower(settled, "radio")
    text = text_part(settled, "nemotron_h")
    wide = settled.integer("vision_hidden_size", default=1280)
    if wide != seen.width:
        settled.fault("the tower gives features of another width", "vision_hidden_size")
    factor = _factor(settled)
    inner = settled.integer("projector_hidden_size", default=4096)
    steps = (
        linear("linear_1", wide * factor * factor, inner, False),
        linear("linear_2", inner, text.width, False),
    )
    join = projector(
        steps, stream=PATCHES, every=factor * factor, norm=wide * factor * factor
    )  # fmt: skip
    if settled.child("text_config").values.get("num_nextn_predict_layers"):
        last = replace(norms(wide, bias=True, name="last norm of the tower"), stream=PATCHES)
        join = (last, *join)
    parts, streams = [seen.part, Part("projector", ends=join)], list(seen.streams)
    if settled.value("audio_config") is not None:
        heard, sounds = _hears(settled, text.width)
        parts += heard
        streams += sounds
    return compose(reader, text, parts, streams)


def _hears(reader: Reader, width: int) -> tuple[list[Part], tuple[Stream, ...]]:
    child = reader.child("audio_config")
    values: dict[str, Any] = {"attention_bias": False, **child.values}
    child = Reader(values, reader.where, child.pointer, reader.faults)
    part, hidden, streams = conformer(child, "audio tower")
    inner = child.integer("projection_hidden_size")
    bias = child.flag("projection_bias", default=False)
    child.foreign()
    steps = (linear("linear_1", hidden, inner, bias), linear("linear_2", inner, width, bias))
    join = projector(steps, stream=FRAMES, norm=hidden)
    return [part, Part("projector of sound", ends=join)], streams


def _factor(reader: Reader) -> int:
    """Return how many rows are joined: one part of a whole number is stated."""
    ratio = reader.value("downsample_ratio")
    if ratio is None:
        return 2
    if isinstance(ratio, int | float) and not isinstance(ratio, bool) and 0.001 <= ratio <= 1:
        inverse = round(1 / ratio)
        if math.isclose(inverse * ratio, 1) and int(1 / ratio) == inverse:
            return inverse
    reader.expected("one part of a whole number, such as 0.5", "downsample_ratio", ratio)
    return 2


def _settled(reader: Reader) -> Reader:
    """Return the file with its first names translated."""
    values = dict(reader.values)
    for older, name in _OLDER.items():
        if values.get(older) is not None:
            values[name] = reader.value(name, older)
            del values[older]
    films = values.get("video_temporal_patch_size", 2)
    vision = values.get("vision_config")
    if isinstance(vision, dict) and vision.get("video_temporal_patch_size") != films:
        reader.fault("the tower joins another number of pictures", "video_temporal_patch_size")
    settled = Reader(values, reader.where, reader.pointer, reader.faults)
    settled.read = reader.read
    return settled
