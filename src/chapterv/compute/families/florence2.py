"""Florence-2: a tower of four stages before an encoder-decoder.

A stage attends within windows and then among groups of channels. The class fills a side that is no
multiple of the window up, and projects the mean of all features as one feature more; the mean of
what is projected is the same, so that neither is counted here.
"""

from __future__ import annotations

from typing import Any

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Mixing,
    Part,
    Projection,
    Stream,
)
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import on

__all__ = ["describe", "describe_vision"]

_LISTS: dict[str, tuple[int, ...]] = {
    "depths": (1, 1, 9, 1),
    "patch_size": (7, 3, 3, 3),
    "patch_stride": (4, 2, 2, 2),
    "patch_padding": (3, 1, 1, 1),
    "embed_dim": (128, 256, 512, 1024),
    "num_heads": (4, 8, 16, 32),
    "num_groups": (4, 8, 16, 32),
}
# Sizes of the text part's class.
_BART = {
    "vocab_size": 50265, "d_model": 1024, "encoder_layers": 12, "decoder_layers": 12,
    "encoder_attention_heads": 16, "decoder_attention_heads": 16, "encoder_ffn_dim": 4096,
    "decoder_ffn_dim": 4096, "max_position_embeddings": 1024,
}  # fmt: skip
_BEFORE = (False, True, True, True)
_MOST_STAGES = 12


@tower("florence_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of Florence-2; its positions are those of the first stage."""
    sizes = {name: _numbers(reader, name, default) for name, default in _LISTS.items()}
    stages = len(sizes["embed_dim"])
    before = reader.value("patch_prenorm")
    before = list(_BEFORE) if before is None else before
    short = [name for name, found in sizes.items() if len(found) != stages]
    if short or not isinstance(before, list) or len(before) != stages:
        reader.fault("there is not one entry for each stage", (short or ["patch_prenorm"])[0])
        sizes, stages, before = {name: list(one) for name, one in _LISTS.items()}, 4, list(_BEFORE)
    window = reader.integer("window_size", default=12)
    bias = reader.flag("qkv_bias", default=True)
    inputs, every = reader.integer("in_channels", default=3), 1
    found: list[Layer] = []
    for stage in range(stages):
        own = {name: values[stage] for name, values in sizes.items()}
        if stage:
            every *= own["patch_stride"] ** 2
        enters = _enter(reader, own, inputs, bool(before[stage]), every, raw=stage == 0)
        block = _block(reader, own, window, bias, every)
        found += [Layer(1, (enters,)), Layer(own["depths"], block)]
        inputs = own["embed_dim"]
    part = Part("vision tower", (), tuple(found))
    patch = sizes["patch_stride"][0]
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch)
    return Tower(part, inputs, PATCHES, (stream,), every)


def _numbers(reader: Reader, name: str, default: tuple[int, ...]) -> list[int]:
    value: Any = reader.value(name)
    if value is None:
        return list(default)
    plain = isinstance(value, list) and 1 <= len(value) <= _MOST_STAGES
    least = 0 if name == "patch_padding" else 1
    if not plain or not all(type(one) is int and least <= one <= 2**20 for one in value):
        reader.expected("a list of numbers", name, value)
        return list(default)
    return list(value)


def _enter(
    reader: Reader, own: dict[str, int], inputs: int, before: bool, every: int, *, raw: bool
) -> Component:
    """Return the convolution that a stage begins with, and its norm."""
    kernel, stride, padding = own["patch_size"], own["patch_stride"], own["patch_padding"]
    if not kernel - stride <= 2 * padding <= kernel:
        reader.fault("the convolution would lose or add a row", "patch_padding")
    width = own["embed_dim"]
    matrices = kernel * kernel * inputs * width
    vectors = width + 2 * (inputs if before else width)
    return Component("convolution", matrices, vectors, stream=PATCHES, every=every, raw=raw)


def _block(
    reader: Reader, own: dict[str, int], window: int, bias: bool, every: int
) -> tuple[Component, ...]:
    """Return a block within windows and one among channels, each with its feed-forward."""
    width, heads, groups = own["embed_dim"], own["num_heads"], own["num_groups"]
    share = reader.divides(width, heads, "num_heads", "the heads do not share the width evenly")
    cut = reader.divides(width, groups, "num_groups", "the groups do not share the width evenly")
    inner = _inner(reader, width)
    names = (Projection("qkv", width, 3 * width), Projection("proj", width, width))
    vectors = (3 * width if bias else 0) + width
    mixing = (Mixing(heads, share, share, sees="all", block=window * window),)
    square = 4 * width * width
    within = Component("attention", square, vectors, mixing=mixing, projections=names)
    # Every channel of a group meets every other, over all positions.
    among = Component(
        "channel attention", square, vectors, products=2 * width * cut, projections=names
    )
    near = Component("depthwise convolution", 9 * width, width)
    feed = Component(
        "feed-forward", 2 * width * inner, width + inner,
        projections=(Projection("fc1", width, inner), Projection("fc2", inner, width)),
    )  # fmt: skip
    around = Component("norms", 0, 4 * width)
    each = [(near, one, near, feed, around) for one in (within, among)]
    block = window * window
    return tuple(
        on(one, PATCHES, every=every, block=block if one.mixing else None)
        for half in each
        for one in half
    )


def _inner(reader: Reader, width: int) -> int:
    ratio = reader.value("mlp_ratio")
    ratio = 4 if ratio is None else ratio
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0.01 <= ratio <= 1000:
        reader.expected("a ratio", "mlp_ratio", ratio)
        ratio = 4
    return max(1, int(width * ratio))


@family("florence2", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Florence-2."""
    seen = describe_tower(reader, "florence_vision", known_as={"davit": "florence_vision"})
    text = text_part(reader, "bart", filled=_BART)
    if not text.architecture.tied:
        reader.fault("tables of encoder and decoder apart are not covered", "tie_word_embeddings")
    vision = reader.child("vision_config")
    places = vision.integer("max_position_embeddings", default=50) * seen.width
    out = vision.integer("projection_dim", default=1024)
    width = reader.child("text_config").integer("d_model", "hidden_size", default=1024)
    if out != width:
        reader.fault("the projector gives another width than the text part's", "vision_config")
    steps = (linear("image_projection", seen.width, out, False),)
    # Half of a place's vector comes from a table of rows, the other from one of columns.
    join = projector(steps, stream=PATCHES, every=seen.every, vectors=2 * out)
    places_of = Component("positions", 0, places, stream=PATCHES, every=seen.every)
    parts = (seen.part, Part("projector", ends=(places_of, *join)))
    return compose(reader, text, parts, seen.streams)
