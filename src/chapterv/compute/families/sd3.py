"""Stable Diffusion 3: picture and text meet in one attention, each with weights of its own."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, stack
from chapterv.compute.families import family
from chapterv.compute.families.flux import double
from chapterv.compute.pictures import (
    NOTE,
    PATCHES,
    SAMPLE,
    TEXT,
    convolution,
    cross_mixing,
    embedder,
    linear,
    projected,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family(classes=("SD3Transformer2DModel",), heads=("SD3Transformer2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count Stable Diffusion 3 or 3.5."""
    heads = reader.integer("num_attention_heads", default=18)
    width = reader.integer("attention_head_dim", default=64)
    hidden = heads * width
    channels = reader.integer("in_channels", default=16)
    patch = reader.integer("patch_size", default=2, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=16)
    words = reader.integer("caption_projection_dim", default=1152)
    if words != hidden:
        reader.fault(f"the text comes in {words} wide, and the layers are {hidden}",
                     "caption_projection_dim")  # fmt: skip
    start = (
        convolution("patch projection", channels, hidden, patch, stream=PATCHES, raw=True),
        *embedder("time embedding", 256, hidden),
        *embedder("text vector", reader.integer("pooled_projection_dim", default=2048), hidden),
        linear("text projection", reader.integer("joint_attention_dim", default=4096), hidden,
               stream=TEXT, raw=True, module="context_embedder"),
    )  # fmt: skip
    return Architecture(
        family="SD3Transformer2DModel",
        model_type="SD3Transformer2DModel",
        layers=(Layer(1, start), *_layers(reader, hidden, heads, width)),
        ends=(
            linear("last modulation", hidden, 2 * hidden, stream=SAMPLE, module="norm_out.linear"),
            linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE, "the table of positions is a buffer and is not counted"),
    )


def _layers(reader: Reader, hidden: int, heads: int, width: int) -> tuple[Layer, ...]:
    layers = reader.integer("num_layers", default=18, most=100_000)
    twice = reader.members("dual_attention_layers")
    normed = reader.choice("qk_norm", ("none", "rms_norm"), "none") == "rms_norm"
    return stack(
        _layer(hidden, heads, width, index in twice, normed, index == layers - 1)
        for index in range(layers)
    )


def _layer(
    hidden: int, heads: int, width: int, twice: bool, normed: bool, last: bool
) -> tuple[Component, ...]:
    """Return a layer; the last one gives nothing back for the text."""
    first, second, among, words, inner, inner_words = double(hidden, heads, width)
    if not normed:
        among = replace(among, vectors=among.vectors - 2 * width)
        words = replace(words, vectors=words.vectors - 2 * width)
    again: tuple[Component, ...] = ()
    if twice:
        first = linear("modulation", hidden, 9 * hidden, stream=SAMPLE, module="norm1.linear")
        again = (
            projected(
                "second attention", hidden, heads, width, ("to_q", "to_k", "to_v", "to_out.0"),
                stream=PATCHES, mixing=(self_mixing(heads, width),),
                extra=2 * width if normed else 0,
            ),
        )  # fmt: skip
    if not last:
        return (first, second, among, words, *again, inner, inner_words)
    second = linear(
        "text modulation", hidden, 2 * hidden, stream=SAMPLE, module="norm1_context.linear"
    )
    words = projected(
        "text attention", hidden, heads, width, ("add_q_proj", "add_k_proj", "add_v_proj", None),
        stream=TEXT, mixing=(self_mixing(heads, width), cross_mixing(heads, width, PATCHES)),
        extra=2 * width if normed else 0,
    )  # fmt: skip
    return (first, second, among, words, *again, inner)
