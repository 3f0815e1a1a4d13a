"""From the size of a picture to the lengths of the streams that a tower works on.

A tower for squares of one size reads as many patches whatever the picture was; a picture that was
cut into tiles counts as that many pictures. A tower for any size makes each side a multiple of its
patches, or of the patches that are merged. Limits on the number of pixels stand in the processor's
file and not in the configuration: give the size that the picture has after them.
"""

from __future__ import annotations

import math

import msgspec

from chapterv.compute.architecture import Architecture, Component, Stream
from chapterv.compute.work import Span
from chapterv.errors import InputError

__all__ = ["Pictures", "image_shape"]

_MAX_SIDE = 2**20
_MAX_IMAGES = 2**31


class Pictures(msgspec.Struct, frozen=True):
    """Pictures as streams.

    Args:
        shape: length and number of sequences of each stream, for `sample_operations`.
        features: what the text part receives for one picture, in positions of its own stream;
            separators that a processor adds are not among them, and models that look at a picture
            by cross-attention receive none.
    """

    shape: dict[str, Span]
    features: int


def image_shape(
    architecture: Architecture,
    height: int | None = None,
    width: int | None = None,
    images: int = 1,
) -> Pictures:
    """Return the lengths of the streams of pictures of one size.

    Args:
        architecture: from `describe`.
        height: pixels, where the tower reads pictures of any size.
        width: pixels.
        images: pictures, or tiles of them.

    Raises:
        InputError: the model reads no pictures, or their size is needed and missing.
    """
    streams = [stream for stream in architecture.streams if stream.unit == "image"]
    if not streams:
        raise InputError(
            f"the family {architecture.family} reads no pictures", None, "Leave the pictures out."
        )
    _check("the number of pictures", images, _MAX_IMAGES)
    last = _features(architecture)
    merge = max((math.isqrt(one.every) for one in _image_components(architecture)), default=1)
    lengths = {one.name: _length(architecture, one, merge, height, width) for one in streams}
    shape = {name: Span(length, images) for name, length in lengths.items()}
    features = 0 if last is None else -(-lengths[last.stream] // last.every)
    return Pictures(shape, features)


def _image_components(architecture: Architecture) -> list[Component]:
    names = {stream.name for stream in architecture.streams if stream.unit == "image"}
    return [one for part in architecture.parts for one in part.components() if one.stream in names]


def _features(architecture: Architecture) -> Component | None:
    """Return what makes the features that the text part reads as tokens, if it reads any."""
    names = {stream.name for stream in architecture.streams if stream.unit == "image"}
    crossed = {mixing.keys for one in architecture.main.components() for mixing in one.mixing}
    if crossed & names:
        return None
    run = [one for one in _image_components(architecture) if one.matrices and one.used]
    # Where no gradient passes the tower at all, its last part makes codes.
    made = [one for one in run if not one.idle] or run
    return made[-1] if made else None


def _length(
    architecture: Architecture, stream: Stream, merge: int, height: int | None, width: int | None
) -> int:
    if stream.length is not None:
        return stream.length
    if height is None or width is None or stream.patch is None:
        raise InputError(
            f"the family {architecture.family} reads pictures of any size",
            None,
            "Give their height and width in pixels.",
        )
    _check("the height", height, _MAX_SIDE)
    _check("the width", width, _MAX_SIDE)
    side = stream.patch * merge
    tiles = _multiples(height, side, stream) * _multiples(width, side, stream)
    return tiles * merge * merge + stream.beside


def _multiples(pixels: int, side: int, stream: Stream) -> int:
    if stream.cut == "up":
        return -(-pixels // side)
    if stream.cut == "down":
        return max(1, pixels // side)
    # Half goes to the even neighbour, as processors that use Python's rounding do.
    whole, rest = divmod(pixels, side)
    up = 2 * rest > side or (2 * rest == side and whole % 2 == 1)
    return max(1, whole + up)


def _check(what: str, value: object, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InputError(
            f"{what} must be a whole number between 1 and {most}", None, "Check what was given."
        )
