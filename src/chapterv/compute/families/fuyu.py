"""Fuyu: patches of a picture go through one matrix straight into the text decoder."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, sizes, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES
from chapterv.compute.towers.layers import patches

__all__ = ["describe"]


@family("fuyu", composed=True)
def describe(reader: Reader) -> Architecture:
    """Count Fuyu."""
    text = text_part(reader, "persimmon", filled=sizes(262144, 4096, 16384, 36, 64, None))
    patch = reader.integer("patch_size", default=30)
    reader.integer("image_size", default=300)
    pixels = patch * patch * reader.integer("num_channels", default=3)
    part = Part("projector", ends=(patches(PATCHES, pixels, text.width, True),))
    stream = Stream(PATCHES, "image", None, True, patch, "up")
    return compose(reader, text, (part,), (stream,))
