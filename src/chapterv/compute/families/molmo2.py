"""Molmo 2: each feature asks the patches that it stands for, whose mean is the question.

How many patches stand behind one feature is said by the processor's file: two by two for pictures
(three by three for films), and that is counted. The crops of a large picture overlap, and patches
seen twice give one feature: give the number of features where it is known.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Part,
    Projection,
    Stream,
    stack,
)
from chapterv.compute.blocks import attention, embedding, gated, head, key_heads, norms
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, selected, tower
from chapterv.compute.towers.layers import encoder_layer, layers_of, patches

__all__ = ["POOLED", "describe", "describe_text", "describe_vision"]

POOLED = "pooled patches"
"""Stream of the features that the text part reads."""

_POOL = 2
_NOTE = (
    "features stand for two by two patches, as the processor of this family takes them for "
    "pictures; overlap between the crops of a picture is not taken off"
)
_SPELT = {
    "image_default_input_size": "image_size",
    "image_patch_size": "patch_size",
    "image_num_pos": "num_position_embeddings",
}


@family("molmo2_text")
def describe_text(reader: Reader) -> Architecture:
    """Count the text part, whose table takes more tokens than its head gives."""
    hidden = reader.integer("hidden_size", default=4096)
    heads = reader.integer("num_attention_heads", default=32)
    kv_heads = key_heads(reader, heads, default=8)
    width = reader.integer("head_dim", default=128)
    vocabulary = reader.integer("vocab_size", default=151936)
    more = reader.integer("additional_vocab_size", default=128, least=0)
    if reader.flag("tie_word_embeddings", default=False):
        reader.fault("the table and the head of this family differ", "tie_word_embeddings")
    normed = reader.choice("qk_norm_type", ("qwen3", "olmo"), "qwen3")
    mixer = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=reader.flag("attention_bias", "qkv_bias", default=False),
        extra=2 * width if normed == "qwen3" else (heads + kv_heads) * width,
    )  # fmt: skip
    feed = gated(hidden, reader.integer("intermediate_size", default=12288))
    layers = reader.integer("num_hidden_layers", default=36, most=10_000)
    return Architecture(
        family="molmo2",
        model_type="molmo2_text",
        layers=stack([(mixer, feed, norms(hidden, 2))] * layers),
        ends=(
            embedding(vocabulary + more, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
        context_length=reader.integer("max_position_embeddings", default=36864),
    )


@tower("molmo2_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of Molmo 2; `select` names layers by the place of what they give."""
    hidden = reader.integer("hidden_size", default=1152)
    heads = reader.integer("num_attention_heads", default=16)
    kv_heads = key_heads(reader, heads, default=16)
    patch = reader.integer("patch_size", default=14)
    rows, columns = _size(reader)
    count = max(1, rows // patch) * max(1, columns // patch)
    if reader.integer("num_position_embeddings", default=count) != count:
        reader.fault("the positions are not those of the patches", "num_position_embeddings")
    pixels = reader.integer("num_channels", default=3) * patch * patch
    bias = reader.flag("attention_bias", default=True)
    layer = encoder_layer(
        PATCHES, hidden, heads, reader.integer("intermediate_size", default=4304),
        width=reader.integer("head_dim", default=72), kv_heads=kv_heads,
        qkv_bias=bias, out_bias=bias, output="o_proj",
    )  # fmt: skip
    layers = reader.integer("num_hidden_layers", default=25, most=10_000)
    starts = (
        patches(PATCHES, pixels, hidden, True),
        Component("positions", 0, count * hidden, stream=PATCHES),
    )
    chosen = [select] if isinstance(select, int) else list(select)
    for one in chosen:
        if not -layers <= one < layers:
            reader.fault(f"there is no layer {one} to take features from", "num_hidden_layers")
    used = max(one + 1 if one >= 0 else layers + 1 + one for one in chosen)
    part = Part("vision tower", starts, layers_of(layer, layers, min(used, layers)))
    pooled = -(-max(1, rows // patch) // _POOL) * -(-max(1, columns // patch) // _POOL)
    streams = (
        Stream(PATCHES, "image", count, optional=True, patch=patch),
        Stream(POOLED, "image", pooled, optional=True),
    )
    return Tower(part, hidden, PATCHES, streams)


def _size(reader: Reader) -> tuple[int, int]:
    value = reader.value("image_size")
    if value is None:
        return 378, 378
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(type(one) is int and 0 < one <= 2**16 for one in value)
    ):
        reader.expected("two sides in pixels", "image_size", value)
        return 378, 378
    return value[0], value[1]


@family("molmo2", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Molmo 2."""
    settled = _settled(reader)
    child = settled.child("adapter_config")
    if not child.values:
        settled.fault("the file does not describe what joins patches", "adapter_config")
    select, features = selected(child, "vision_feature_layer", (24, 18))
    seen = describe_tower(
        settled, "molmo2_vision", select=select, known_as={"molmo2": "molmo2_vision"}
    )
    inner = settled.child("text_config")
    if not inner.values:
        settled.fault("the file does not describe the text part", "text_config")
    text = TextPart(describe_text(inner), inner.integer("hidden_size", default=4096))
    inner.foreign()
    asks = _adapter(child, seen, features, text.width)
    child.foreign()
    return compose(reader, text, (seen.part, asks), seen.streams, (_NOTE,))


def _adapter(reader: Reader, seen: Tower, features: int, width: int) -> Part:
    hidden = reader.integer("hidden_size", default=1152)
    heads = reader.integer("num_attention_heads", default=16)
    kv_heads = key_heads(reader, heads, default=16)
    head_width = reader.integer("head_dim", default=72)
    if seen.width != hidden:
        reader.fault("the tower gives features of another width", "hidden_size")
    if reader.integer("text_hidden_size", default=3584) != width:
        reader.fault("it gives another width than the text part's", "text_hidden_size")
    bias = reader.flag("attention_bias", default=True)
    wide, made, narrow = hidden * features, heads * head_width, kv_heads * head_width
    slots = _POOL * _POOL
    keys = Component(
        "pooling keys", 2 * wide * narrow, 2 * narrow if bias else 0, used=slots, stream=POOLED,
        projections=(Projection("k_proj", wide, narrow), Projection("v_proj", wide, narrow)),
    )  # fmt: skip
    queries = Component(
        "pooling", wide * made + made * hidden, made + hidden if bias else 0,
        products=2 * made * slots, stream=POOLED,
        projections=(Projection("q_proj", wide, made), Projection("o_proj", made, hidden)),
    )  # fmt: skip
    inner = reader.integer("intermediate_size", default=18944)
    up = gated(hidden, inner)
    feed = replace(
        up,
        matrices=2 * hidden * inner + inner * width,
        vectors=2 * inner if reader.flag("mlp_bias", default=False) else 0,
        stream=POOLED,
        projections=(*up.projections[:2], Projection("down_proj", inner, width)),
    )
    return Part("projector", ends=(keys, queries, feed))


def _settled(reader: Reader) -> Reader:
    """Return the file by present names, the tower cut after the last layer that is used."""
    values = dict(reader.values)
    older = reader.value("vit_config")
    adapter = dict(reader.child("adapter_config").values)
    if adapter.get("vit_layers") is not None:
        adapter["vision_feature_layer"] = adapter.pop("vit_layers")
    if older is not None and reader.value("vision_config") is not None:
        reader.fault("the tower is described twice", "vit_config")
    elif isinstance(older, dict):
        tower_values, adapter = _cut(reader, dict(older), adapter)
        values["vision_config"] = tower_values
    vision = values.get("vision_config")
    if isinstance(vision, dict):
        values["vision_config"] = {
            **{_SPELT.get(name, name): value for name, value in vision.items()},
            "model_type": "molmo2_vision",
        }
    values["adapter_config"] = adapter
    settled = Reader(values, reader.where, reader.pointer, reader.faults)
    settled.read = reader.read
    return settled


def _cut(
    reader: Reader, vision: dict[str, Any], adapter: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cut the tower of a first file, which names more layers than the weights have."""
    layers = vision.get("num_hidden_layers", 25)
    chosen = adapter.get("vision_feature_layer") or [24, 18]
    plain = isinstance(chosen, list) and all(type(one) is int for one in chosen)
    if not plain or type(layers) is not int or layers < 1:
        reader.expected("a list of layer numbers", "adapter_config", chosen)
        return vision, adapter
    places = [one % layers for one in chosen]
    return (
        {**vision, "num_hidden_layers": max(places) + 1},
        {**adapter, "vision_feature_layer": places},
    )
