"""MiniCPM-V 4.6 and later, MiniCPM-OCR: patches are joined in the middle of the tower already.

After one layer of the tower, windows of patches become one position each, and the layers above run
on a quarter of the positions; a second merger gives the text part's width.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, side, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe", "describe_vision"]

_WINDOW = 4


@tower("minicpmv4_6_vision", "minicpmv4_7_vision", "minicpm_ocr_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower with the merger inside it."""
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    heads = reader.integer("num_attention_heads", default=12)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    inner = reader.integer("intermediate_size", default=3072)
    image, patch = side(reader, "image_size", 224), side(reader, "patch_size", 16)
    pixels = reader.integer("num_channels", default=3) * patch * patch
    above = reader.integer("insert_layer_id", default=6, least=-1) + 1
    if side(reader, "window_kernel_size", 2) != 2:
        reader.fault("windows of this family have two patches a side", "window_kernel_size")
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, max(1, image // patch) ** 2 * hidden, stream=PATCHES),
    )
    first, joined = min(above, layers), layers - min(above, layers)
    runs = (
        Layer(first, encoder_layer(PATCHES, hidden, heads, inner)),
        Layer(1, _merger(hidden, heads, inner, merges=0 < above <= layers)),
        Layer(joined, encoder_layer(PATCHES, hidden, heads, inner, every=_every(above))),
    )
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    part = Part("vision tower", starts, tuple(run for run in runs if run.count), (last,))
    return Tower(
        part, hidden, PATCHES, (Stream(PATCHES, "image", None, True, patch),), _every(above)
    )


def _every(above: int) -> int:
    return _WINDOW if above else 1


def _merger(hidden: int, heads: int, inner: int, *, merges: bool) -> tuple[Component, ...]:
    mixer = encoder_layer(PATCHES, hidden, heads, inner, block=_WINDOW)[0]
    mixer = replace(mixer, name="attention in windows", vectors=mixer.vectors + 2 * hidden)
    wide = _WINDOW * inner
    join = Component(
        "merger of windows", _WINDOW * hidden * wide + wide * hidden,
        2 * _WINDOW * hidden + wide + hidden, stream=PATCHES, every=_WINDOW,
    )  # fmt: skip
    # Where no layer is named for it, its weights are stored and not run.
    return tuple(replace(one, used=1 if merges else 0) for one in (mixer, join))


@family(
    "minicpmv4_6", "minicpmv4_7", "minicpm_ocr", composed=True,
    heads=("ForConditionalGeneration",),
)  # fmt: skip
def describe(reader: Reader) -> Architecture:
    """Count MiniCPM-V."""
    name = str(reader.values["model_type"])
    seen = describe_tower(_settled(reader, name), f"{name}_vision")
    text = text_part(reader, "qwen3_5_text")
    reader.refuse("drop_vision_last_layer", "the tower would have one layer less")
    if side(reader, "merge_kernel_size", 2) != 2:
        reader.fault("the merger joins two rows and two columns", "merge_kernel_size")
    times = reader.integer("merger_times", default=1, most=8)
    wide = _WINDOW * seen.width
    join: tuple[Component, ...] = ()
    for step in range(1, times + 1):
        out = text.width if step == times else seen.width
        steps = (linear("linear_1", wide, wide), linear("linear_2", wide, out))
        every = seen.every * _WINDOW**step
        join += projector(steps, stream=PATCHES, every=every, norm=2 * wide)
    parts = (seen.part, Part("projector", ends=join))
    return compose(reader, text, parts, seen.streams)


def _settled(reader: Reader, name: str) -> Reader:
    """Return the file with the outer table's word on where the tower joins its patches, or -1."""
    default = "4x" if name == "minicpm_ocr" else "16x"
    mode = reader.choice("downsample_mode", ("16x", "4x"), default)
    place = reader.integer("insert_layer_id", default=6, least=0)
    values = reader.value("vision_config")
    if not isinstance(values, dict) or not values:
        return reader
    if mode == "16x" and place >= reader.child("vision_config").integer(
        "num_hidden_layers", default=12
    ):
        reader.fault("the tower has no such layer", "insert_layer_id")
    inner = {**values, "insert_layer_id": place if mode == "16x" else -1}
    outer = {**reader.values, "vision_config": inner}
    return Reader(outer, reader.where, reader.pointer, reader.faults)
