"""Granite 4 Vision and Granite Docling: features that also enter above the first text layer.

In Granite 4 Vision windows of patches are asked by learned queries, by one query former for each
text layer that features enter. In Granite Docling a page takes a coarse or a fine path; the coarse
one is counted, of four times fewer features.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Part, Projection, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, sizes, text_part
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.towers import PATCHES, Tower, describe_tower
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["QUERIES", "describe_docling", "describe_vision"]

QUERIES = "queries of windows"
"""Stream of the features that learned queries gather from windows of patches."""

_HEADS = ("ForConditionalGeneration",)
_CORNERS = 4
_TARGETS = (12, 15, 18, 21)
# What the class fills in where the file has no table at all.
_FORMER = {"num_hidden_layers": 1, "intermediate_size": 3072, "cross_attention_frequency": 1,
           "max_position_embeddings": 2048}  # fmt: skip


@family("granite4_vision", composed=True, heads=_HEADS)
def describe_vision(reader: Reader) -> Architecture:
    """Count Granite 4 Vision."""
    entries = _entries(reader)
    place = reader.integer("spatial_vision_layer", default=-1, least=-MAX_LAYERS)
    seen = describe_tower(reader, "clip_vision_model", select=(*entries, place))
    text = text_part(reader, "granite4_vision_text", filled=sizes(32000, 4096, 11008, 32, 32, None))
    _check_class_token(reader, seen)
    asked, wide = _windows(reader, seen)
    copies = len(entries) + _CORNERS
    former = _former(reader, seen.width, asked, wide)
    steps = (linear("out_linear", seen.width, text.width),)
    ends = projector(steps, stream=QUERIES, name="output")
    found = tuple(replace(one, stored=copies, used=copies) for one in (*former, *ends))
    mark = Component("mark between rows", 0, text.width, stream=QUERIES)
    across = round((seen.streams[0].length or 1) ** 0.5)
    stream = Stream(QUERIES, "image", (across // wide * asked) ** 2, optional=True)
    parts = (seen.part, Part("projector", ends=(*found, mark)))
    return compose(reader, text, parts, (*seen.streams, stream))


def _entries(reader: Reader) -> list[int]:
    """Return the layers of the tower whose features enter text layers, by their place."""
    value = reader.value("deepstack_layer_map")
    plain = isinstance(value, list) and len(value) <= 1000
    if not plain or not all(
        isinstance(pair, list) and len(pair) == 2 and all(type(one) is int for one in pair)
        for pair in value
    ):
        reader.expected("a list of pairs of layers", "deepstack_layer_map", value)
        return []
    targets = reader.value("spatial_target_layers")
    targets = list(_TARGETS) if targets is None else targets
    if not isinstance(targets, list) or len(targets) != _CORNERS:
        reader.expected("four layers", "spatial_target_layers", targets)
        targets = []
    entered = [second for _, second in value] + targets
    if any(entered.count(one) > 1 for one in entered):
        reader.fault("features that enter at one layer replace each other", "deepstack_layer_map")
    return [first for first, _ in value]


def _check_class_token(reader: Reader, seen: Tower) -> None:
    """Fault a strategy that would take a place too many or too few."""
    key = "vision_feature_select_strategy"
    strategy = reader.choice(key, ("default", "full"), "default")
    if (strategy == "default") != (seen.stream == WITH_CLASS):
        reader.fault("the first place is dropped where it is a class token, and only there", key)


def _windows(reader: Reader, seen: Tower) -> tuple[int, int]:
    """Return sides of what a window becomes and of the window, in features and in patches."""
    value = reader.value("downsample_rate")
    asked, _, wide = value.partition("/") if isinstance(value, str) else ("", "", "")
    across = round((seen.streams[0].length or 1) ** 0.5)
    for one in (asked, wide):
        if not one.isdecimal() or len(one) > 4 or not 0 < int(one) <= across:
            reader.expected('a rate such as "4/8"', "downsample_rate", value)
            return 1, 1
    reader.divides(across, int(wide), "downsample_rate", "windows do not share the rows evenly")
    return int(asked), int(wide)


def _former(reader: Reader, width: int, asked: int, wide: int) -> tuple[Component, ...]:
    """Return one query former over windows; the class gives it the tower's width."""
    child = reader.child("qformer_config")
    values = dict(child.values) or _FORMER
    child = Reader(values, reader.where, child.pointer, reader.faults)
    child.choice("model_type", ("blip_2_qformer",), "blip_2_qformer")
    child.refuse("use_qformer_text_input", "tables of words are not counted here")
    heads = reader.divides(width, 64, "vision_config", "heads of 64 do not fill the tower's width")
    for name in ("hidden_size", "num_attention_heads", "encoder_hidden_size"):
        child.value(name)
    layers = child.integer("num_hidden_layers", default=12, most=1000)
    every = child.integer("cross_attention_frequency", default=2)
    inner = child.integer("intermediate_size", default=3072)
    child.foreign()
    square = width * width
    own = Component(
        "attention", 4 * square, 6 * width, stream=QUERIES,
        mixing=(Mixing(heads, 64, 64, sees="all", block=asked * asked),),
    )  # fmt: skip
    keys = Component("keys of the picture", 2 * square, 2 * width, stream=PATCHES)
    asks = Component(
        "cross-attention", 2 * square, 4 * width, products=2 * width * wide * wide, stream=QUERIES
    )
    feed = Component(
        "feed-forward", 2 * width * inner, inner + 3 * width, stream=QUERIES,
        projections=(Projection("dense", width, inner), Projection("dense", inner, width)),
    )  # fmt: skip
    run = [
        one
        for index in range(layers)
        for one in (own, *((keys, asks) if index % every == 0 else ()), feed)
    ]
    first = Component("norm of the picture", 0, 2 * width, stream=PATCHES)
    places = Component("learned queries", 0, (asked**2 + wide**2 + 2) * width, stream=QUERIES)
    return (first, places, *run)


@family("granite_docling", composed=True, heads=_HEADS)
def describe_docling(reader: Reader) -> Architecture:
    """Count Granite Docling."""
    known = {"granite_docling": "idefics3_vision", "granite_docling_vision": "idefics3_vision"}
    filled = _filled(reader)
    seen = describe_tower(filled, "idefics3_vision", known_as=known)
    text = text_part(
        reader, "granite_docling_text",
        filled=sizes(133800, 1024, 2048, 28, 16, 4, tie_word_embeddings=True),
    )  # fmt: skip
    vision = reader.child("vision_config")
    if vision.integer("out_hidden_size", default=1024) != text.width:
        reader.fault("the connector gives another width than the text part's", "vision_config")
    join, streams = _connector(reader, vision, seen, text.width)
    return compose(reader, text, (seen.part, join), (*seen.streams, *streams))


def _filled(reader: Reader) -> Reader:
    values = reader.value("vision_config")
    if not isinstance(values, dict) or not values:
        return reader
    plain = {"hidden_size": 768, "num_attention_heads": 12, "image_size": 512, "patch_size": 16}
    settled = Reader(
        {**reader.values, "vision_config": {**plain, **values}},
        reader.where, reader.pointer, reader.faults,
    )  # fmt: skip
    settled.read = reader.read
    return settled


def _connector(
    reader: Reader, vision: Reader, seen: Tower, width: int
) -> tuple[Part, tuple[Stream, ...]]:
    factor = vision.integer("scale_factor", default=4)
    taken = vision.members("deepstack_visual_indexes")
    if vision.value("deepstack_visual_indexes") is None:
        taken = frozenset((3, 7, 10))
    across = round((seen.streams[0].length or 1) ** 0.5)
    vision.divides(across, factor, "scale_factor", "the factor does not share the rows evenly")
    first = replace(norms(seen.width, bias=True, name="first norm"), stream=PATCHES)
    paths = list(_path(seen.width, width, factor, len(taken)))
    if vision.flag("use_fine_route", default=True):
        vision.divides(factor, 2, "scale_factor", "the fine path takes half of the factor")
        fine = _path(seen.width, width, max(1, factor // 2), len(taken))
        paths += [replace(one, used=0, name=f"fine {one.name}") for one in fine]
    last = projector(
        (linear("mlp_fc2", width, width, False),), stream=PATCHES, every=factor * factor,
        norm=2 * width, vectors=2 * width, name="connector",
    )  # fmt: skip
    router, streams = _density(reader, seen.width)
    return Part("connector", ends=(*router, first, *paths, *last)), streams


def _path(hidden: int, width: int, factor: int, taken: int) -> tuple[Component, ...]:
    every = factor * factor
    wide = hidden * every
    mergers = projector(
        (linear("linear_1", wide, width), linear("linear_2", width, width)),
        stream=PATCHES, every=every, norm=2 * wide, name="merger",
    )  # fmt: skip
    plain = projector(
        (linear("projection", wide, width, False),), stream=PATCHES, every=every, name="connector"
    )
    return (*plain, *(replace(one, stored=taken, used=taken) for one in mergers))


def _density(reader: Reader, hidden: int) -> tuple[tuple[Component, ...], tuple[Stream, ...]]:
    """Return what guesses whether a page needs the fine path."""
    inner = reader.maybe("density_router_hidden_size")
    if inner is None:
        return (), ()
    name = "pages"
    weighs = Component("router of pages", hidden, 1, stream=PATCHES)
    guesses = Component(
        "router of pages", hidden * inner + inner, 2 * hidden + inner + 1, stream=name
    )
    return (weighs, guesses), (Stream(name, "image", 1, optional=True),)
