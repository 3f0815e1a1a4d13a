"""Models of two towers that meet at the end: CLIP, SigLIP and SigLIP 2.

A text and a picture each become one vector. What compares them, all texts of a batch with all its
pictures, depends on the batch and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Part, Projection
from chapterv.compute.describing import describe_part
from chapterv.compute.families import family
from chapterv.compute.families.sight import PICTURE, alone, once
from chapterv.compute.families.text_towers import POOLED
from chapterv.compute.reading import Reader
from chapterv.compute.towers import siglip2, square

__all__ = ["describe_clip", "describe_siglip"]

_NOTE = "what compares the texts and pictures of a batch is left out"


@family("clip", composed=True, heads=("CLIPModel",))
def describe_clip(reader: Reader) -> Architecture:
    """Count CLIP, with a projection after each tower."""
    outputs = reader.integer("projection_dim", default=512)
    text = _half(reader, "text_config")
    width = text.integer("hidden_size", default=512)
    sight = _half(reader, "vision_config")
    seen = once("visual_projection", sight.integer("hidden_size", default=768), outputs, False)
    told = Component(
        "text projection", width * outputs, stream=POOLED.name,
        projections=(Projection("text_projection", width, outputs),),
    )  # fmt: skip
    return _joined(reader, text, sight, (seen,), (told, Component("scale", 0, 1)))


@family("siglip", "siglip2", composed=True, heads=("SiglipModel", "Siglip2Model"))
def describe_siglip(reader: Reader) -> Architecture:
    """Count SigLIP, whose towers end with heads of their own."""
    text, sight = _half(reader, "text_config"), _half(reader, "vision_config")
    width = sight.integer("hidden_size", default=768)
    stated = text.maybe("projection_size")
    if (stated or text.integer("hidden_size", default=768)) != width:
        reader.fault("the towers end with vectors of two widths", "text_config")
    return _joined(reader, text, sight, (), (Component("scale and shift", 0, 2),))


def _half(reader: Reader, key: str) -> Reader:
    """Return a tower's table; what the first files repeat under another key counts for more."""
    child, again = reader.child(key), reader.child(f"{key}_dict")
    values: Mapping[str, Any] = {**child.values, **again.values}
    kind = "text" if key == "text_config" else "vision"
    name = f"{reader.values['model_type']}_{kind}_model"
    if values.get("model_type", name) != name:
        reader.fault(f"a tower of another family than {name} is not counted", key)
    settled = {**values, "model_type": name, "architectures": None}
    return Reader(settled, reader.where, child.pointer, reader.faults)


def _joined(
    reader: Reader,
    text: Reader,
    sight: Reader,
    seen: tuple[Component, ...],
    told: tuple[Component, ...],
) -> Architecture:
    """Return the towers as one model, what each has at its end given apart."""
    name = str(reader.values["model_type"])
    found = describe_part(text, f"{name}_text_model")
    tower = (siglip2 if name == "siglip2" else square).describe(sight, -1)
    sight.foreign()
    streams = alone(tower)
    if PICTURE.name not in {stream.name for stream in streams} and seen:
        streams = (*streams, PICTURE)
    ends = tuple(replace(one, idle=False) for one in tower.part.ends)
    part = Part(tower.part.name, tower.part.starts, tower.part.layers, (*ends, *seen))
    own = found.streams if POOLED in found.streams else (*found.streams, POOLED)
    return replace(
        found,
        family=name,
        model_type=name,
        parts=(part,),
        ends=(*found.ends, *told),
        streams=(*own, *streams),
        notes=(*found.notes, _NOTE),
    )
