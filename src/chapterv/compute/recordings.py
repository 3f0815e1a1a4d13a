"""Lengths of a recording behind each convolution that shortens it.

A convolution that fills up neither end makes `(length - kernel) // step + 1` positions of `length`;
one over a spectrogram fills up both, so that each halving rounds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chapterv.compute.reading import Reader
from chapterv.compute.work import Span
from chapterv.errors import InputError

__all__ = [
    "DISTANCES",
    "FRAMES",
    "halvings",
    "recording_shape",
    "spectrogram_shape",
    "step_of",
    "steps_of",
    "stream_of",
]

FRAMES = "frames"
"""Name of the stream that the layers behind the convolutions work on."""

DISTANCES = "distances"
"""Name of the stream of how far apart two frames may be, in either direction."""

_KERNELS = [10, 3, 3, 3, 3, 2, 2]
_STRIDES = [5, 2, 2, 2, 2, 2, 2]
_MOONSHINE = [(127, 64), (7, 3), (3, 2)]
_MOST = 10**10


def stream_of(index: int, count: int) -> str:
    """Return the name of the stream behind a convolution, counted from 0."""
    return FRAMES if index == count - 1 else f"sound {index + 1}"


def steps_of(reader: Reader) -> list[tuple[int, int]]:
    """Return kernel and step of each convolution, as the configuration has them.

    Args:
        reader: a configuration whose keys are `conv_kernel` and `conv_stride`.
    """
    if reader.values.get("model_type") == "moonshine":
        return _MOONSHINE
    kernels = _sizes(reader, "conv_kernel", _KERNELS)
    strides = _sizes(reader, "conv_stride", _STRIDES)
    if len(kernels) != len(strides):
        reader.fault("there are not as many steps as kernels", "conv_stride")
        return list(zip(_KERNELS, _STRIDES, strict=True))
    return list(zip(kernels, strides, strict=True))


def _sizes(reader: Reader, name: str, default: list[int]) -> list[int]:
    value = reader.value(name)
    if value is None:
        return default
    plain = isinstance(value, list) and 0 < len(value) < 32
    if not plain or not all(type(one) is int and 0 < one < 2**16 for one in value):
        reader.expected("a list of whole numbers", name, value)
        return default
    return list(value)


def recording_shape(config: Mapping[str, Any], samples: int) -> dict[str, Span]:
    """Return the lengths of the streams for a recording.

    Args:
        config: the parsed configuration of an encoder of raw sound.
        samples: numbers in the recording: its seconds times the rate at which it was sampled.

    Returns: a length for each stream.

    Raises:
        InputError: a recording too short for the convolutions, or absurdly long.

    >>> recording_shape({"model_type": "wav2vec2"}, 16_000)["frames"]
    Span(length=49, count=1)
    """
    if isinstance(samples, bool) or not 1 <= samples <= _MOST:
        raise InputError(
            f"the number of samples must lie between 1 and {_MOST}", None, "Check its digits."
        )
    reader = Reader(config)
    steps = steps_of(reader)
    reader.finish()
    found: dict[str, Span] = {}
    length = samples
    for index, (kernel, step) in enumerate(steps):
        length = (length - kernel) // step + 1
        if length < 1:
            raise InputError(
                f"a recording of {samples} samples is too short for convolution {index + 1}",
                None,
                "Give the samples of a longer one.",
            )
        found[stream_of(index, len(steps))] = Span(length)
    return found


def step_of(index: int, count: int) -> str:
    """Return the name of the stream behind a convolution of a spectrogram, counted from 0."""
    return FRAMES if index == count - 1 else f"steps {index + 1}"


def halvings(reader: Reader) -> int:
    """Return how many convolutions shorten a spectrogram.

    Args:
        reader: the encoder's table, whose `subsampling_factor` they make together.
    """
    factor = reader.integer("subsampling_factor", default=8, least=2, most=2**16)
    return factor.bit_length() - 1


def spectrogram_shape(config: Mapping[str, Any], length: int) -> dict[str, Span]:
    """Return the lengths of the streams for a spectrogram.

    Args:
        config: the parsed configuration of a recogniser with a FastConformer.
        length: frames of the spectrogram.

    Returns: a length for each stream.

    Raises:
        InputError: a spectrogram absurdly long or without a frame.

    >>> spectrogram_shape({"model_type": "parakeet_ctc"}, 100)["frames"]
    Span(length=13, count=1)
    """
    if isinstance(length, bool) or not 1 <= length <= _MOST:
        raise InputError(
            f"the number of frames must lie between 1 and {_MOST}", None, "Check its digits."
        )
    reader = Reader(config).child("encoder_config")
    count = halvings(reader)
    kernel = reader.integer("subsampling_conv_kernel_size", default=3, most=1000)
    stride = reader.integer("subsampling_conv_stride", default=2, most=1000)
    reader.finish()
    found: dict[str, Span] = {}
    for index in range(count):
        length = max(0, length + 2 * ((kernel - 1) // 2) - kernel) // stride + 1
        found[step_of(index, count)] = Span(length)
    found[DISTANCES] = Span(2 * length - 1)
    return found
