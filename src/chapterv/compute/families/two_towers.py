"""Models that look twice: Video-LLaVA with a tower for films, DeepSeek-VL with one for detail.

Video-LLaVA's projector serves both towers. DeepSeek-VL's second tower takes the output of its first
layer that meets everywhere as well as that of its last.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Tower, describe_tower, selected
from chapterv.compute.towers.sam import Sam, neck, read_sam
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe_hybrid", "describe_video"]

_HEADS = ("ForConditionalGeneration",)
_FILM = "film "
_DETAIL = "detail "


@family("video_llava", composed=True, heads=_HEADS)
def describe_video(reader: Reader) -> Architecture:
    """Count Video-LLaVA, whose films are read picture by picture."""
    select, features = selected(reader, "vision_feature_layer", -2)
    tower = describe_tower(reader, "clip_vision_model", select=select)
    film = _renamed(tower, _FILM, "film tower")
    text = text_part(reader, "llama")
    bias = reader.flag("multimodal_projector_bias", default=True)
    strategy = reader.choice("vision_feature_select_strategy", ("default", "full"), "default")
    steps = (
        linear("linear_1", tower.width * features, text.width, bias),
        linear("linear_2", text.width, text.width, bias),
    )
    seen = PATCHES if strategy == "default" else tower.stream
    join = projector(steps, stream=seen)
    again = tuple(
        replace(one, name="projector of films", stored=0, vectors=0, stream=_FILM + WITH_CLASS)
        for one in join
    )
    parts = (film.part, tower.part, Part("projector", ends=(*again, *join)))
    return compose(reader, text, parts, (*tower.streams, *film.streams))


def _renamed(tower: Tower, prefix: str, name: str) -> Tower:
    """Return the tower on streams of its own."""

    def move(one: Component) -> Component:
        mixing = tuple(_moved(each, prefix) for each in one.mixing)
        return replace(one, stream=prefix + one.stream, mixing=mixing)

    part = tower.part
    layers = tuple(
        Layer(layer.count, tuple(map(move, layer.components)), layer.places)
        for layer in part.layers
    )
    moved = Part(name, tuple(map(move, part.starts)), layers, tuple(map(move, part.ends)))
    streams = tuple(
        replace(one, name=prefix + one.name, unit=f"{prefix}image") for one in tower.streams
    )
    return Tower(moved, tower.width, prefix + tower.stream, streams, tower.every)


def _moved(mixing: Mixing, prefix: str) -> Mixing:
    return mixing if mixing.keys is None else replace(mixing, keys=prefix + mixing.keys)


@family("deepseek_vl_hybrid", composed=True, heads=_HEADS)
def describe_hybrid(reader: Reader) -> Architecture:
    """Count DeepSeek-VL with its second tower for detail."""
    low = describe_tower(reader, "siglip_vision_model")
    child = reader.child("high_res_vision_config")
    if not child.values:
        reader.fault("the tower for detail is not described", "high_res_vision_config")
    child.choice("model_type", ("sam_vision_model",), "sam_vision_model")
    sam = read_sam(child, "detail tower")
    child.foreign()
    text = text_part(reader, "llama")
    part, streams = _detail(sam)
    steps = (
        linear("vision_proj", low.width, text.width // 2),
        linear("high_res_vision_proj", 4 * sam.out, text.width // 2),
        linear("proj", text.width, text.width),
    )
    join = (*_shrunk(sam), *projector(steps, stream=PATCHES))
    parts = (part, low.part, Part("projector", ends=join))
    return compose(reader, text, parts, (*low.streams, *streams))


def _detail(sam: Sam) -> tuple[Part, tuple[Stream, ...]]:
    """Return the tower for detail with both of its necks, on streams of its own."""
    ends = (
        *neck(sam.hidden, sam.out),
        *neck(sam.hidden, sam.out, "neck of an early layer"),
        Component("weight of the early layer", 0, 1, stream=PATCHES),
    )
    tower = Tower(replace(sam.part, ends=ends), sam.out, PATCHES, sam.streams)
    moved = _renamed(tower, _DETAIL, "detail tower")
    streams = tuple(replace(one, unit="image") for one in moved.streams)
    return moved.part, streams


def _shrunk(sam: Sam) -> tuple[Component, ...]:
    """Return convolutions that bring the features of detail to the patches of the other tower.

    Both run for the early layer and for the last one, the first on four times as many positions.
    """
    out = sam.out
    return (
        Component("first convolution", 18 * out * out, used=8, stream=PATCHES),
        Component("second convolution", 72 * out * out, used=2, stream=PATCHES),
    )
