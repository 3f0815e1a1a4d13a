"""Gemma 4 without towers: patches of pixels and frames of sound enter the decoder by matrices."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, PATCHES

__all__ = ["describe"]


@family("gemma4_unified", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count the Gemma 4 that has no towers."""
    text = text_part(reader, "gemma4_unified_text")
    parts: list[Part] = []
    streams: list[Stream] = []
    for key, build in (("vision_config", _sight), ("audio_config", _sound)):
        if key in reader.values and reader.value(key) is None:
            continue
        child = reader.child(key)
        part, stream = build(child, text.width)
        child.foreign()
        parts.append(part)
        streams.append(stream)
    return compose(reader, text, parts, streams)


def _sight(reader: Reader, width: int) -> tuple[Part, Stream]:
    side = reader.integer("patch_size", default=16)
    side *= reader.integer("pooling_kernel_size", default=3)
    hidden = reader.integer("mm_embed_dim", default=3840)
    if reader.integer("output_proj_dims", default=hidden) != hidden:
        reader.fault("the projection reads another width", "output_proj_dims")
    table = reader.integer("mm_posemb_size", default=1120)
    pixels = 3 * side * side
    part = Part(
        "projector",
        ends=(
            # A norm of the pixels is trained, so that the matrix behind it passes a gradient on.
            Component("norm of pixels", 0, 2 * pixels, stream=PATCHES, raw=True),
            Component("patch embedding", pixels * hidden, hidden, stream=PATCHES),
            Component("positions and norms", 0, (2 * table + 4) * hidden, stream=PATCHES),
            Component("projector", hidden * width, stream=PATCHES),
        ),
    )
    return part, Stream(PATCHES, "image", None, True, side)


def _sound(reader: Reader, width: int) -> tuple[Part, Stream]:
    read = reader.integer("audio_embed_dim", default=640)
    component = Component("projector of sound", read * width, stream=FRAMES, raw=True)
    stream = Stream(FRAMES, "recording", None, optional=True)
    return Part("projector of sound", ends=(component,)), stream
