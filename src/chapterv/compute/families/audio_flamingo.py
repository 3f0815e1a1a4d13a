"""Audio Flamingo 3 and Music Flamingo: Whisper's encoder, pooled by two, before a text decoder.

Their heads are matrices of their own, whatever a file says.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Part
from chapterv.compute.families import family
from chapterv.compute.families.omniasr import apart
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, describe_tower

__all__ = ["describe"]

_ENCODER = "qwen2_audio_encoder"
_SAME = {"audioflamingo3_encoder": _ENCODER, "musicflamingo_encoder": _ENCODER}


@family("audioflamingo3", "musicflamingo", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Audio Flamingo 3 or Music Flamingo, which differ in how time comes in."""
    heard = describe_tower(reader, _ENCODER, key="audio_config", known_as=_SAME)
    text = text_part(apart(reader), "qwen2")
    bias = reader.flag("projector_bias", default=True)
    steps = (
        linear("linear_1", heard.width, text.width, bias),
        linear("linear_2", text.width, text.width, bias),
    )
    join = projector(steps, stream=FRAMES, every=2)
    return compose(reader, text, (heard.part, Part("projector", ends=join)), heard.streams)
