"""Aria: learned queries ask the picture once, as many as suit its number of patches."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Mixing, Part, Stream
from chapterv.compute.families import family
from chapterv.compute.nested import compose, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Tower, describe_tower, selected
from chapterv.compute.towers.resamplers import LATENTS

__all__ = ["describe"]

_QUERIES = {"1225": 128, "4900": 256}


@family("aria", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Aria."""
    select, features = selected(reader, "vision_feature_layer", -1)
    if features != 1:
        reader.fault("this family takes one layer's features", "vision_feature_layer")
    tower = describe_tower(reader, "idefics3_vision", select=select)
    text = text_part(reader, "aria_text")
    heads = reader.child("vision_config").integer("num_attention_heads", default=16)
    part, stream = _projector(reader, tower, heads, text.width)
    return compose(reader, text, (tower.part, part), (*tower.streams, stream))


def _projector(reader: Reader, tower: Tower, heads: int, width: int) -> tuple[Part, Stream]:
    table = reader.value("projector_patch_to_query_dict")
    table = _QUERIES if table is None else table
    counts = (
        [one for one in table.values() if type(one) is int and 0 < one < 2**20]
        if (isinstance(table, dict))
        else []
    )
    if not counts or len(counts) != len(table):
        reader.expected("numbers of queries by patches", "projector_patch_to_query_dict", table)
        counts = [1]
    patches = tower.streams[0].length
    count = table.get(str(patches)) if isinstance(table, dict) else None
    wide = tower.width
    square, share = wide * wide, wide // heads
    mixing = (Mixing(heads, share, share, keys=PATCHES),)
    # Each projection is followed by the one inside the attention itself.
    told = Component("keys of the picture", 4 * square, 4 * wide, stream=PATCHES)
    asks = Component(
        "cross-attention", 4 * square, max(counts) * wide + 7 * wide, mixing=mixing, stream=LATENTS
    )
    inner = Component("feed-forward", wide * width + width * width, stream=LATENTS)
    stream = Stream(LATENTS, "image", count if isinstance(count, int) else None, optional=True)
    return Part("projector", ends=(told, asks, inner)), stream
