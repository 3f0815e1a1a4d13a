"""Muse Spark: experts at half width, gates on both residuals, and a pyramid of convolutions hears.

The pyramid reads the waveform: each level joins so many positions and mixes neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Part, Projection, Stream, stack
from chapterv.compute.blocks import embedding, experts, feed_forward, gated, head, norms, router
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.families.muse_glimmer import gated_attention, muse_projector, sliding_kinds
from chapterv.compute.nested import TextPart, compose
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import on

__all__ = ["describe", "describe_audio", "describe_text"]

_LEVELS: dict[str, tuple[int, ...]] = {
    "patch_sizes": (16, 6, 5, 4),
    "hidden_sizes": (256, 512, 1024, 2048),
    "depths": (2, 2, 2, 2),
}


@family("muse_spark_text")
def describe_text(reader: Reader) -> Architecture:
    """Count the text part."""
    hidden = reader.integer("hidden_size", default=8192)
    heads = reader.integer("num_attention_heads", default=128)
    reader.divides(hidden, heads, "num_attention_heads", "the class wants a multiple")
    layers = reader.integer("num_hidden_layers", default=62, most=10_000)
    kinds = sliding_kinds(reader, layers)
    mixers = gated_attention(reader, hidden, heads, 16, 64)
    inner = layer_kinds(reader, "mlp_layer_types", layers, ("dense", "sparse"))
    inner = inner or ["sparse"] * layers
    feeds = {
        "dense": (gated(hidden, reader.integer("intermediate_size", default=16384)),),
        "sparse": _mixture(reader, hidden),
    }
    vocabulary = reader.integer("vocab_size", default=202_048)
    if reader.flag("tie_word_embeddings", default=False):
        reader.fault("the class keeps table and head apart", "tie_word_embeddings")
    # Three norms, and one gate for each residual.
    around = norms(hidden, 5)
    return Architecture(
        family="muse_spark",
        model_type="muse_spark_text",
        layers=stack(
            (mixers[kind], *feeds[feed], around) for kind, feed in zip(kinds, inner, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
        context_length=reader.integer("max_position_embeddings", default=1_048_576),
        notes=("the bias that balances the experts is a buffer and is not counted",),
    )


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    narrow = reader.integer("moe_hidden_size", default=4096)
    count = reader.integer("num_local_experts", "num_experts", default=256)
    used = reader.integer("num_experts_per_tok", default=8)
    expert = gated(narrow, reader.integer("moe_intermediate_size", default=4096))
    into = (Projection("pre_expert_proj", hidden, narrow),)
    out = (Projection("post_expert_proj", narrow, hidden),)
    return (
        router(hidden, count),
        # Two norms of the narrow stream.
        Component("to the experts", hidden * narrow, 2 * narrow, projections=into),
        experts(expert, count, used, reader, "num_experts_per_tok"),
        Component("from the experts", narrow * hidden, projections=out),
    )


@tower("muse_spark_audio")
def describe_audio(reader: Reader, select: Select) -> Tower:
    """Count the pyramid; a position of its stream is what one feature stands for."""
    sizes = {name: _numbers(reader, name, default) for name, default in _LEVELS.items()}
    levels = reader.integer("num_hidden_layers", default=4, most=64)
    if {len(one) for one in sizes.values()} != {levels}:
        reader.fault("there is not one entry for each level", "num_hidden_layers")
        sizes = {name: list(one) for name, one in _LEVELS.items()}
    kernel = reader.integer("conv_kernel_size", default=7)
    ratio = reader.value("mlp_ratio")
    ratio = 4 if ratio is None else ratio
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0.01 <= ratio <= 1000:
        reader.expected("a ratio", "mlp_ratio", ratio)
        ratio = 4
    found: list[Component] = []
    inputs, left = 1, _product(sizes["patch_sizes"])
    for joined, width, depth in zip(*sizes.values(), strict=True):
        left //= joined
        enters = Component("joining", inputs * joined * width, 2 * width, raw=inputs == 1)
        near = Component("depthwise convolution", kernel * width, 2 * width)
        feed = feed_forward(width, max(1, int(width * ratio)), True, ("fc1", "fc2"))
        level = (enters, *((near, feed) * depth))
        found += [replace(on(one, FRAMES), used=left) for one in level]
        inputs = width
    out = reader.integer("out_hidden_size", default=8192)
    shapes = (Projection("proj", inputs, out),)
    found.append(
        Component("projection", inputs * out, inputs + 2 * out, stream=FRAMES, projections=shapes)
    )
    stream = Stream(FRAMES, "recording", None, optional=True)
    return Tower(Part("audio tower", tuple(found)), out, FRAMES, (stream,))


def _numbers(reader: Reader, name: str, default: Sequence[int]) -> list[int]:
    value: Any = reader.value(name)
    if value is None:
        return list(default)
    plain = isinstance(value, list) and 1 <= len(value) <= 64
    if not plain or not all(type(one) is int and 0 < one <= 2**20 for one in value):
        reader.expected("a list of numbers", name, value)
        return list(default)
    return list(value)


def _product(numbers: Sequence[int]) -> int:
    whole = 1
    for one in numbers:
        whole *= one
    return whole


@family("muse_spark", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Muse Spark."""
    seen = describe_tower(reader, "muse_spark_vision")
    heard = describe_tower(reader, "muse_spark_audio", key="audio_config")
    child = reader.child("text_config")
    if not child.values:
        reader.fault("the file does not describe the text part", "text_config")
    if reader.flag("tie_word_embeddings", default=False):
        reader.fault("the class keeps table and head apart", "tie_word_embeddings")
    text = TextPart(describe_text(child), child.integer("hidden_size", default=8192))
    child.foreign()
    if heard.width != text.width:
        reader.fault("sound has another width than the text part's", "audio_config")
    join = Part("projector", ends=muse_projector(reader, seen, text.width))
    parts = (seen.part, join, heard.part)
    return compose(reader, text, parts, (*seen.streams, *heard.streams))
