"""Gemma 4: a text decoder that may see, hear or both, one matrix behind each tower.

A table that is null stands for a tower that the model does not have.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import describe_tower

__all__ = ["describe"]

_TOWERS = {
    "vision_config": ("gemma4_vision", "projector"),
    "audio_config": ("gemma4_audio", "projector of sound"),
}


@family("gemma4", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Gemma 4 with the towers that its file describes."""
    text = text_part(reader, "gemma4_text")
    parts: list[Part] = []
    streams: list[Stream] = []
    for key, (name, joint) in _TOWERS.items():
        if key in reader.values and reader.value(key) is None:
            continue
        tower = describe_tower(reader, name, key=key)
        steps = (linear("embedding_projection", tower.width, text.width, False),)
        join = projector(steps, stream=tower.stream, every=tower.every)
        parts += (tower.part, Part(joint, ends=join))
        streams += tower.streams
    return compose(reader, text, parts, streams)
