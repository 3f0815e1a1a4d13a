"""DeepSeek-OCR 2 and Unlimited-OCR: a tower for detail, two convolutions, an encoder over the rest.

The encoder of the first reads patches and learned queries; patches meet one another and queries see
what lies before them, which is counted here as everything meeting everything. In the second a token
of the text sees what it refers to and a window; how long the former is depends on the data, so that
causal operations take all earlier tokens.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Part,
    Stream,
    stack,
)
from chapterv.compute.blocks import (
    attention,
    embedding,
    experts,
    gated,
    head,
    key_heads,
    norms,
    router,
)
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES
from chapterv.compute.towers.layers import encoder_layer, on
from chapterv.compute.towers.sam import Sam, neck, read_sam

__all__ = ["JOINED", "QUERIES", "describe", "describe_unlimited"]

JOINED = "joined patches and queries"
"""Stream of the encoder behind the tower for detail."""

QUERIES = "learned queries"
"""Stream of the features that the text part reads."""

_HEADS = ("ForConditionalGeneration",)
_FEW, _MANY = 144, 256  # queries of a view of 768 pixels and of one of 1024


@family("deepseek_ocr2", composed=True, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count DeepSeek-OCR 2."""
    vision = reader.child("vision_config")
    sam, ends, count = _detail(vision, (512, 896))
    child = _table(vision, "encoder_config")
    queries = _FEW if count <= _FEW else _MANY
    encoder, width = _encoder(child)
    child.foreign()
    if width != ends[-1].matrices // 9 // _channels(vision, (512, 896))[0]:
        vision.fault("the convolutions give another width than the encoder's", "sam_config")
    text = _text(reader, 4096, 11008, 32, 32, 1407)
    steps = (linear("multi_modal_projector", width, text.width),)
    join = projector(steps, stream=QUERIES, vectors=text.width)
    learned = Component("learned queries", 0, (_FEW + _MANY) * width, stream=QUERIES)
    parts = (
        replace(sam.part, ends=(*sam.part.ends, *ends)),
        replace(encoder, starts=(learned,)),
        Part("projector", ends=join),
    )
    streams = (
        *sam.streams,
        Stream(JOINED, "image", count + queries, optional=True),
        Stream(QUERIES, "image", queries, optional=True),
    )
    return compose(reader, text, parts, streams)


@family("unlimited_ocr", composed=True, heads=_HEADS)
def describe_unlimited(reader: Reader) -> Architecture:
    """Count Unlimited-OCR."""
    vision = reader.child("vision_config")
    sam, ends, count = _detail(vision, (512, 1024))
    child = _table(vision, "encoder_config")
    encoder, width = _clip(child)
    child.foreign()
    last = _channels(vision, (512, 1024))[1]
    if width != last:
        vision.fault("the convolutions give another width than the encoder's", "sam_config")
    text = _text(reader, 1280, 6848, 12, 10, 896, used=6, window=True)
    steps = (linear("multi_modal_projector", last + width, text.width),)
    # Marks between rows and between views.
    join = projector(steps, stream=PATCHES, every=16, vectors=2 * text.width)
    parts = (
        replace(sam.part, ends=(*sam.part.ends, *ends)), encoder, Part("projector", ends=join)
    )  # fmt: skip
    streams = (*sam.streams, Stream(JOINED, "image", count + 1, optional=True))
    return compose(reader, text, parts, streams)


def _table(reader: Reader, name: str) -> Reader:
    child = reader.child(name)
    if not child.values:
        reader.fault("the file does not describe this part", name)
    return child


def _channels(vision: Reader, default: tuple[int, int]) -> tuple[int, int]:
    value = vision.child("sam_config").value("downsample_channels")
    if value is None:
        return default
    plain = isinstance(value, list) and len(value) == 2
    if not plain or not all(type(one) is int and 0 < one <= 2**20 for one in value):
        vision.expected("two numbers of channels", "sam_config", value)
        return default
    return value[0], value[1]


def _detail(vision: Reader, channels: tuple[int, int]) -> tuple[Sam, list[Component], int]:
    """Return the tower for detail, its neck and convolutions, and how many patches are left."""
    child = _table(vision, "sam_config")
    values: dict[str, Any] = dict(child.values)
    ratio = child.value("mlp_ratio")
    if values.get("mlp_dim") is None and ratio is not None:
        if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio <= 1000:
            child.expected("a ratio", "mlp_ratio", ratio)
            ratio = 4
        values["mlp_dim"] = int(child.integer("hidden_size", default=768) * ratio)
    settled = Reader(values, vision.where, child.pointer, vision.faults)
    sam = read_sam(settled, "detail tower")
    across = round(sam.count**0.5)
    if across % 4:
        child.fault("two convolutions cannot halve the rows evenly", "image_size")
    settled.read |= {"downsample_channels", "mlp_ratio"}
    settled.foreign()
    first, second = _channels(vision, channels)
    joined = [
        projector(
            (linear(name, 9 * wide, out, False),), stream=PATCHES, every=every, name="downsampling"
        )[0]
        for name, wide, out, every in (
            ("conv1", sam.out, first, 4), ("conv2", first, second, 16),
        )
    ]  # fmt: skip
    return sam, [*neck(sam.hidden, sam.out), *joined], sam.count // 16


def _encoder(reader: Reader) -> tuple[Part, int]:
    """Return a text decoder's layers over patches and queries."""
    hidden = reader.integer("hidden_size", default=4096)
    heads = reader.integer("num_attention_heads", default=32)
    stated = "num_key_value_heads" in reader.values
    kv_heads = key_heads(reader, heads, default=heads if stated else 32)
    width = reader.maybe("head_dim") or reader.divides(
        hidden, heads, "num_attention_heads", "the heads share the width"
    )
    reader.refuse("use_sliding_window", "windows of the encoder are not counted")
    inner = reader.integer("intermediate_size", default=22016)
    mixer = attention(hidden, heads, kv_heads, width, qkv_bias=True)
    layer = tuple(on(one, JOINED) for one in (mixer, gated(hidden, inner), norms(hidden, 2)))
    layers = reader.integer("num_hidden_layers", default=32, most=10_000)
    last = replace(norms(hidden, name="last norm of the encoder"), stream=JOINED)
    return Part("vision encoder", (), (Layer(layers, layer),), (last,)), hidden


def _clip(reader: Reader) -> tuple[Part, int]:
    """Return an encoder with a class token that reads features instead of pixels."""
    hidden = reader.integer("hidden_size", default=1024)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    image = reader.integer("image_size", default=224)
    places = max(1, image // reader.integer("patch_size", default=14)) ** 2 + 1
    inner = reader.integer("intermediate_size", default=4096)
    layer = encoder_layer(JOINED, hidden, heads, inner)
    layers = reader.integer("num_hidden_layers", default=24, most=10_000)
    reader.integer("num_channels", default=3)
    starts = (
        Component("positions", 0, (places + 1) * hidden, stream=JOINED),
        replace(norms(hidden, bias=True, name="first norm"), stream=JOINED),
    )
    return Part("vision encoder", starts, (Layer(layers, layer),)), hidden


def _text(
    reader: Reader,
    hidden: int,
    inner: int,
    layers: int,
    heads: int,
    width: int,
    *,
    used: int | None = None,
    window: bool = False,
) -> TextPart:
    """Return a decoder with experts behind first dense layers."""
    child = _table(reader, "text_config")
    hidden = child.integer("hidden_size", default=hidden)
    heads = child.integer("num_attention_heads", default=heads)
    share = child.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    kv_heads = key_heads(child, heads, default=heads)
    bias = child.flag("attention_bias", default=False)
    mixer = attention(hidden, heads, kv_heads, share, qkv_bias=bias, out_bias=bias)
    layers = child.integer("num_hidden_layers", default=layers, most=10_000)
    feeds = _feeds(child, hidden, inner, width, used)
    vocabulary = child.integer("vocab_size", default=129280 if window else 102400)
    tied = child.flag("tie_word_embeddings", default=False)
    if reader.flag("tie_word_embeddings", default=tied) != tied:
        reader.fault("the text part says otherwise", "tie_word_embeddings")
    if window:
        known = ("reference_sliding_attention", "full_attention")
        layer_kinds(child, "layer_types", layers, known)
    name = str(reader.values["model_type"])
    architecture = Architecture(
        family=name,
        model_type=name,
        layers=stack(
            (mixer, *feeds[kind], norms(hidden, 2)) for kind in _kinds(child, layers, window)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=child.maybe("max_position_embeddings"),
        tied=tied,
    )
    child.foreign()
    return TextPart(architecture, hidden)


def _kinds(reader: Reader, layers: int, window: bool) -> list[str]:
    kinds = layer_kinds(reader, "mlp_layer_types", layers, ("dense", "sparse"))
    if kinds is not None:
        return kinds
    if not window:
        reader.fault("the class cannot do without each layer's kind", "mlp_layer_types")
    first = reader.integer("first_k_dense_replace", default=1, least=0)
    return ["dense" if index < first else "sparse" for index in range(layers)]


def _feeds(
    reader: Reader, hidden: int, inner: int, width: int, used: int | None
) -> dict[str, tuple[Component, ...]]:
    bias = reader.flag("mlp_bias", default=False)
    count = reader.integer("n_routed_experts", "num_experts", default=64)
    used = reader.integer("num_experts_per_tok", default=used)
    width = reader.integer("moe_intermediate_size", default=width)
    shared = reader.integer("n_shared_experts", default=2)
    return {
        "dense": (gated(hidden, reader.integer("intermediate_size", default=inner), bias),),
        "sparse": (
            router(hidden, count),
            experts(gated(hidden, width), count, used, reader, "num_experts_per_tok"),
            gated(hidden, shared * width, bias, name="shared experts"),
        ),
    }
