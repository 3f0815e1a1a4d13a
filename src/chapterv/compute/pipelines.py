"""From the size of a picture to the lengths of streams, and a whole pipeline in training.

A denoiser works on a latent that an autoencoder makes from the pixels, steered by texts that
encoders read. Training it runs all of them once a sample: the denoiser forward and backward at one
time step, the frozen others forward alone. Where their results were made once and kept, they cost
nothing more in the run, and their making is a line of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from chapterv.compute.architecture import Architecture, Stream
from chapterv.compute.describing import describe
from chapterv.compute.operations import SampleOperations, sample_operations
from chapterv.compute.pictures import LATENT, PATCHES, PIXELS, TEXT
from chapterv.compute.work import ALL, NOTHING, Span
from chapterv.errors import InputError

__all__ = ["PipelineOperations", "picture_shape", "pipeline_operations"]

_MAX_SIDE = 10**6
_PICTURES = (LATENT, PATCHES, PIXELS)
# Pixels along one side of a position of the latent, and frames of a film for one of its own.
_FACTOR = 8
_FACTORS = {
    "LTXVideoTransformer3DModel": (32, 8),
    "MochiTransformer3DModel": (8, 6),
    "SanaTransformer2DModel": (32, 1),
}
_FILM = 4


class PipelineOperations(msgspec.Struct, frozen=True):
    """Operations of one sample through a pipeline.

    Args:
        full: all of them, every position meeting every other of its sequence.
        causal: all of them, every position meeting those that it can see.
        parts: name of each part of the pipeline, its full and its causal operations.
        notes: assumptions that the figures rest on.
    """

    full: int
    causal: int
    parts: tuple[tuple[str, int, int], ...]
    notes: tuple[str, ...] = ()


def picture_shape(
    architecture: Architecture,
    height: int,
    width: int,
    frames: int = 1,
    text_tokens: int | None = None,
    factor: int | None = None,
) -> dict[str, Span]:
    """Return the lengths of the streams for a picture or a film of a size.

    Args:
        architecture: a denoiser or an autoencoder.
        height: pixels.
        width: pixels.
        frames: frames of a film, 1 for a picture.
        text_tokens: length of the text that steers it.
        factor: pixels along one side of a position of the latent; 8 where neither it nor the
            family says otherwise.

    Returns: a length for each stream that a size decides.

    Raises:
        InputError: a size out of range, or a model that works on no picture.
    """
    for what, size in (("height", height), ("width", width), ("number of frames", frames)):
        _check(what, size)
    stream = next((one for one in architecture.streams if _is_picture(one)), None)
    if stream is None:
        raise InputError(
            f"the family {architecture.family} works on no picture whose size would matter",
            None,
            "Give the lengths of its streams instead.",
        )
    side, film = _FACTORS.get(architecture.family, (_FACTOR, _FILM))
    side = (factor or side) * (stream.patch or 1)
    if stream.name == PIXELS:
        side, film = 1, 1
    area = -(-height // side) * -(-width // side)
    # The first frame of a film stands alone in its latent.
    found = {stream.name: Span(area * (1 + -(-(frames - 1) // film)))}
    if text_tokens is not None and any(one.name == TEXT for one in architecture.streams):
        _check("length of the text", text_tokens)
        found[TEXT] = Span(text_tokens)
    return found


def pipeline_operations(
    parts: Mapping[str, Mapping[str, Any]],
    height: int,
    width: int,
    text_tokens: int,
    frames: int = 1,
    kept: Collection[str] = (),
) -> PipelineOperations:
    """Count one sample of training a denoiser in its pipeline.

    Args:
        parts: the parsed configuration of each folder that `model_index.json` names, by folder.
        height: pixels.
        width: pixels.
        text_tokens: tokens of a text, as the denoiser sees it.
        frames: frames of a film, 1 for a picture.
        kept: folders whose results were made beforehand and are read from storage; they need not be
            covered.

    Returns: exact integers, with the share of each folder.

    Raises:
        UnknownFamily: a part is not covered, so nothing is guessed.
        InputError: no denoiser, or a size out of range.

    Source: Annex A.2.2; frozen parts cost a forward pass.
    """
    models = {name: describe(one, name) for name, one in parts.items() if name not in kept}
    if not any(model.part == "denoiser" for model in models.values()):
        raise InputError(
            "none of the parts is a denoiser",
            None,
            "Give the folders that model_index.json names, with that of the transformer or unet.",
        )
    factor = next((found for one in parts.values() if (found := _latent_factor(one))), None)
    counted = [
        (name, *_part(model, height, width, frames, text_tokens, factor))
        for name, model in models.items()
    ]
    left = [f"{name} is left out: its results were made beforehand" for name in kept]
    return PipelineOperations(
        full=sum(full for _, full, _ in counted),
        causal=sum(causal for _, _, causal in counted),
        parts=tuple(counted),
        notes=(
            f"one sample is {height} by {width} pixels in {frames} frame(s) with {text_tokens} "
            "tokens of text, at one time step",
            "the denoiser is trained; the other parts run forward, the autoencoder's encoder alone",
            *left,
        ),
    )


def _latent_factor(config: Mapping[str, Any]) -> int | None:
    """Return the pixels along one side of a position of the latent, where a part says so."""
    channels = config.get("block_out_channels")
    if config.get("_class_name") != "AutoencoderKL" or not isinstance(channels, list):
        return None
    return int(2 ** (len(channels[:32]) - 1))


def _part(
    model: Architecture, height: int, width: int, frames: int, text: int, factor: int | None
) -> tuple[int, int]:
    """Return the full and the causal operations of one folder's model."""
    if model.part == "denoiser":
        shape = picture_shape(model, height, width, frames, text, factor)
        found = sample_operations(model, shape, ALL)
        return found.full, found.causal
    if any(_is_picture(one) for one in model.streams):
        shape = picture_shape(model, height, width)
        return _encoder(sample_operations(model, shape, NOTHING), frames)
    length = min(text, model.context_length or text)
    found = sample_operations(model, {model.streams[0].name: Span(length)}, NOTHING)
    return found.full, found.causal


def _encoder(found: SampleOperations, frames: int) -> tuple[int, int]:
    """Return the way to the latent alone."""
    full = sum(full for name, full, _ in found.parts if name == "encoder")
    causal = sum(causal for name, _, causal in found.parts if name == "encoder")
    return full * frames, causal * frames


def _is_picture(stream: Stream) -> bool:
    """Return whether a stream is what a denoiser or an autoencoder makes, and not what is seen."""
    return stream.name in _PICTURES and stream.unit != "image"


def _check(what: str, size: object) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _MAX_SIDE:
        raise InputError(
            f"the {what} must be a whole number between 1 and {_MAX_SIDE}",
            None,
            "Check the number of digits.",
        )
