"""Lengths of a film's streams: frames at full rate, and at each rate that an autoencoder halves to.

The first frame stands for itself, so that of 1 + 4k frames there are 1 + 2k at half the rate and
1 + k at a quarter. Convolutions in time that change the rate run on all but the first.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture
from chapterv.compute.work import Span
from chapterv.errors import InputError

__all__ = ["film_shape", "later_frames", "rate_of"]

_MAX_SIDE = 2**20
_MAX_FRAMES = 2**31
_RATES = 12


def rate_of(level: int) -> str:
    """Return the name of the stream of pixels where the rate of frames was halved so often."""
    return "pixels" if level == 0 else f"pixels of 1 frame in {2**level}"


def later_frames(level: int) -> str:
    """Return the name of the stream of pixels without those of the first frame."""
    return f"pixels of later frames, 1 in {2**level}"


def film_shape(architecture: Architecture, height: int, width: int, frames: int) -> dict[str, Span]:
    """Return the lengths of the streams of a film.

    Args:
        architecture: an autoencoder of films, from `describe`.
        height: pixels.
        width: pixels.
        frames: frames; one more than a multiple of what the autoencoder joins, such as 81.

    Returns: for each stream the pixels of a frame and how many frames there are.

    Raises:
        InputError: the model reads no films, or the film does not fit it.
    """
    names = {stream.name for stream in architecture.streams}
    levels = [level for level in range(1, _RATES) if rate_of(level) in names]
    if not levels:
        raise InputError(
            f"the family {architecture.family} reads no films by their frames", None,
            "Give the length of each of its streams.",
        )  # fmt: skip
    for what, value, most in (
        ("height", height, _MAX_SIDE), ("width", width, _MAX_SIDE), ("frames", frames, _MAX_FRAMES)
    ):  # fmt: skip
        if isinstance(value, bool) or not 1 <= value <= most:
            raise InputError(f"{what} must lie between 1 and {most}", None, "Check its digits.")
    joined = 2 ** levels[-1]
    if (frames - 1) % joined:
        raise InputError(
            f"{frames} frames are not one more than a multiple of {joined}", None,
            "Give the number of frames that the autoencoder reads.",
        )  # fmt: skip
    area = height * width
    shape = {rate_of(0): Span(area, frames)}
    for level in levels:
        later = (frames - 1) // 2**level
        shape[rate_of(level)] = Span(area, later + 1)
        if later:
            shape[later_frames(level)] = Span(area, later)
    return shape
