"""HunyuanOCR and Hunyuan V4 with pictures: a merger that halves both sides by a convolution.

The classes give the mark at the end of each row of features to the last matrix again and again; it
is one vector, so that those products are left out here.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Projection, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.families import family
from chapterv.compute.nested import compose, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe", "describe_vision"]

_FLAT = ("vision_config", "architectures")
# Names of one quantity in the first files.
_ALIASES = {"attention_head_dim": "head_dim", "org_vocab_size": "vocab_size"}


@tower("hunyuan_vl_vision", "hy_v4_vl_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of HunyuanOCR or of Hunyuan V4."""
    later = reader.values["model_type"] == "hy_v4_vl_vision"
    hidden = reader.integer("hidden_size", default=1536 if later else 1152)
    heads = reader.integer("num_attention_heads", "attention_heads", default=16)
    share = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    if reader.maybe("head_dim") not in (None, share):
        reader.fault("the heads of this tower share the width evenly", "head_dim")
    patch = reader.integer("patch_size", default=16)
    most = reader.integer("max_image_size", default=2048)
    places = max(1, most // patch) ** 2 + 1  # one for a class token that no picture uses
    pixels = reader.integer("num_channels", default=3) * patch * patch
    inner = reader.integer("intermediate_size", default=6144 if later else 4304)
    layers = reader.integer("num_hidden_layers", default=40 if later else 27, most=10_000)
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, places * hidden, stream=PATCHES),
    )
    layer = encoder_layer(PATCHES, hidden, heads, inner, output="o_proj")
    every = reader.integer("spatial_merge_size", default=2) ** 2
    out, ends = (_merger if later else _deep_merger)(reader, hidden, every)
    first = replace(norms(hidden, name="norm of the merger"), stream=PATCHES)
    part = Part("vision tower", starts, (Layer(layers, layer),), (first, *ends))
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch)
    return Tower(part, out, PATCHES, (stream,), every)


def _merger(reader: Reader, hidden: int, every: int) -> tuple[int, tuple[Component, ...]]:
    out = reader.integer("out_hidden_size", default=6144)
    wide = hidden * every
    return out, (
        _step("proj_conv", wide, wide, wide, every),
        _step("proj_out", wide, out, 2 * out, every),
    )


def _deep_merger(reader: Reader, hidden: int, every: int) -> tuple[int, tuple[Component, ...]]:
    out = reader.integer("text_hidden_size")
    wide = 4 * hidden
    # Marks of a picture's start, end and parting, and the last norm, as wide as the text part.
    return out, (
        _step("proj_conv", hidden * every, 2 * hidden, 2 * hidden, every),
        _step("proj_out", 2 * hidden, wide, 2 * wide, every),
        _step("mlp", wide, out, 5 * out, every),
    )


def _step(name: str, inputs: int, outputs: int, vectors: int, every: int) -> Component:
    shapes = (Projection(name, inputs, outputs),)
    return Component(
        "merger", inputs * outputs, vectors, stream=PATCHES, every=every, projections=shapes
    )


@family("hunyuan_vl", "hy_v4_vl", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count HunyuanOCR or Hunyuan V4 with pictures."""
    name = str(reader.values["model_type"])
    settled = _settled(reader) if name == "hunyuan_vl" else reader
    seen = describe_tower(settled, f"{name}_vision", known_as={name: f"{name}_vision"})
    text = text_part(settled, f"{name}_text", flat=_FLAT if name == "hunyuan_vl" else ())
    if seen.width != text.width:
        reader.fault(
            "the tower gives features of another width than the text part's", "vision_config"
        )
    return compose(reader, text, (seen.part,), seen.streams)


def _settled(reader: Reader) -> Reader:
    """Return the file with its first names translated and the text part's width in the tower."""
    values = _renamed(reader, dict(reader.values))
    text = values.get("text_config")
    if isinstance(text, dict):
        values["text_config"] = text = _renamed(reader.child("text_config"), text)
        if values.get("tie_word_embeddings") is None and text.get("tie_word_embeddings") is False:
            reader.fault("the outer table ties where it says nothing", "tie_word_embeddings")
    source = text if isinstance(text, dict) and text else values
    if source.get("hidden_size") is None and source is values:
        reader.fault("the file does not describe the text part", "text_config")
    vision = values.get("vision_config")
    if isinstance(vision, dict) and vision:
        # The class takes the text part's width whatever the tower's table says.
        values["vision_config"] = {**vision, "text_hidden_size": source.get("hidden_size", 4096)}
    settled = Reader(values, reader.where, reader.pointer, reader.faults)
    settled.read = reader.read
    return settled


def _renamed(reader: Reader, values: dict[str, object]) -> dict[str, object]:
    found = {name: value for name, value in values.items() if name not in _ALIASES}
    for name, meant in _ALIASES.items():
        if values.get(name) is not None:
            found[meant] = reader.value(meant, name)
    return found
