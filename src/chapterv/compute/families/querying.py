"""Models whose picture is asked by learned vectors: Idefics 2, BLIP-2, InstructBLIP.

The text part receives as many features as there are learned vectors, whatever the picture's size.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, describe_tower
from chapterv.compute.towers.resamplers import (
    LATENTS,
    idefics_inner,
    perceiver,
    perceiver_layer,
    query_former,
)

__all__ = ["describe_blip", "describe_idefics2"]

_HEADS = ("ForConditionalGeneration",)


@family("idefics2", composed=True, heads=_HEADS)
def describe_idefics2(reader: Reader) -> Architecture:
    """Count Idefics 2."""
    known = {"idefics2": "idefics2_vision"}
    tower = describe_tower(reader, "idefics2_vision", known_as=known)
    text = text_part(reader, "mistral")
    # The projector has the inner width of the text part.
    inner = reader.child("text_config").integer("intermediate_size", default=14336)
    steps = (
        linear("gate_proj", tower.width, inner, False),
        linear("up_proj", tower.width, inner, False),
        linear("down_proj", inner, text.width, False),
    )
    join = Part("projector", ends=projector(steps, stream=PATCHES))
    child = reader.child("perceiver_config")
    asks, stream = _perceiver(child, text.width)
    child.foreign()
    return compose(reader, text, (tower.part, join, asks), (*tower.streams, stream))


def _perceiver(reader: Reader, width: int) -> tuple[Part, Stream]:
    hidden = reader.integer("hidden_size", default=4096)
    if hidden != width:
        reader.fault("it gives another width than the text part's", "hidden_size")
    heads = reader.integer("resampler_n_heads", default=16)
    kv_heads = reader.integer("num_key_value_heads", default=4)
    layer = (
        *perceiver_layer(
            hidden, heads, kv_heads, reader.integer("resampler_head_dim", default=96), PATCHES,
            2 * hidden,
        ),
        *idefics_inner(hidden, 4 * hidden, True),
    )  # fmt: skip
    count = reader.integer("resampler_n_latents", default=64)
    depth = reader.integer("resampler_depth", default=3)
    last = Component("last norm", 0, hidden)
    return perceiver("resampler", count, hidden, depth, layer, last)


_INSTRUCTED = {"instructblip", "instructblipvideo"}
_TOWER = "blip_2_vision_model"


@family("blip-2", "instructblip", "instructblipvideo", composed=True, heads=_HEADS)
def describe_blip(reader: Reader) -> Architecture:
    """Count BLIP-2 or InstructBLIP."""
    name = str(reader.values["model_type"])
    tower = describe_tower(reader, _TOWER, known_as={f"{name}_vision_model": _TOWER})
    queries = reader.integer("num_query_tokens", default=32)
    child = reader.child("qformer_config")
    former, width, streams = query_former(
        child, queries, tower.width, tower.stream, instructed=name in _INSTRUCTED
    )
    child.foreign()
    text = text_part(reader, "opt")
    join = projector((linear("language_projection", width, text.width),), stream=LATENTS)
    parts = (tower.part, former, Part("projector", ends=join))
    return compose(reader, text, parts, (*tower.streams, *streams))
