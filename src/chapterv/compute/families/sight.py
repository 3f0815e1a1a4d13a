"""Encoders of pictures that stand alone: ViT, DeiT, ViT-MSN, I-JEPA, DINO 2 and 3, and the halves
of CLIP and SigLIP that see.

The towers of composed models, with what their own class puts after them: a pooler, a classifier, a
projection, each of which works once for a picture.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.encoders import class_of
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_DIMENSION, Reader
from chapterv.compute.towers import Tower, plain, siglip2, square

__all__ = ["PICTURE", "alone", "describe", "labels", "once"]

PICTURE = Stream("pictures", "image", 1)
"""What runs once for a picture."""

_POOLED = ("vit", "deit")
_CLASSIFIED = ("vit", "deit", "vit_msn", "ijepa", "dinov2", "dinov2_with_registers")
_HALVES = {
    "clip_vision_model": square.describe,
    "siglip_vision_model": square.describe,
    "siglip2_vision_model": siglip2.describe,
}
_HEADS = ("Model", "ForImageClassification", "WithProjection", "WithTeacher")


@family(*_CLASSIFIED, "dinov3_vit", *_HALVES, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count an encoder of pictures as the class that the file names."""
    name = str(reader.values["model_type"])
    found = _HALVES.get(name, plain.describe)(reader, -1)
    ends = tuple(replace(one, idle=False) for one in found.part.ends)
    streams = alone(found)
    after = _after(reader, name, found.width)
    if after and PICTURE.name not in {stream.name for stream in streams}:
        streams = (*streams, PICTURE)
    return Architecture(
        family=name,
        model_type=name,
        # What stands before the layers is one of its own, so that it keeps its place.
        layers=(Layer(1, found.part.starts), *found.part.layers),
        ends=(*ends, *after),
        part="encoder",
        streams=streams,
    )


def alone(found: Tower) -> tuple[Stream, ...]:
    """Return the tower's streams for a model that always sees."""
    return tuple(replace(stream, optional=False) for stream in found.streams)


def once(name: str, inputs: int, outputs: int, bias: bool = True) -> Component:
    """Return a matrix that works once for a picture.

    Args:
        name: name of the component, and of what adapters call it.
        inputs: width that goes in.
        outputs: width that comes out.
        bias: it has a bias.
    """
    return Component(
        name.replace("_", " "), inputs * outputs, outputs if bias else 0,
        stream=PICTURE.name, projections=(Projection(name, inputs, outputs),),
    )  # fmt: skip


def labels(reader: Reader) -> int:
    """Return between how many classes a classifier chooses, two where the file does not say."""
    named = reader.value("id2label")
    if named is None:
        return reader.integer("num_labels", default=2)
    if not isinstance(named, dict) or not named:
        reader.expected("a table of labels", "id2label", named)
        return 2
    return len(named)


def _after(reader: Reader, name: str, hidden: int) -> tuple[Component, ...]:
    """Return what the class has after the tower."""
    kind = class_of(reader)
    if kind.endswith("WithTeacher"):
        if name != "deit":
            reader.fault(f"{kind[:60]!r} has a head that is not counted", "architectures")
        count = labels(reader)
        return (
            once("cls_classifier", hidden, count),
            once("distillation_classifier", hidden, count),
        )
    if kind.endswith("ForImageClassification"):
        if name not in _CLASSIFIED:
            reader.fault(f"{kind[:60]!r} has a head that is not counted", "architectures")
        # DINO also reads the mean of the patches.
        wide = 2 * hidden if name.startswith("dinov2") else hidden
        return (once("classifier", min(wide, MAX_DIMENSION), labels(reader)),)
    if kind.endswith("WithProjection"):
        outputs = reader.integer("projection_dim", default=512)
        return (once("visual_projection", hidden, outputs, False),)
    if name in _POOLED:
        width = reader.integer("pooler_output_size", default=hidden)
        return (once("pooler.dense", hidden, width),)
    return ()
