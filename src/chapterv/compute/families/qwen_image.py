"""Qwen-Image: picture and text meet in every layer's attention, each with weights of its own.

After the last layer nothing uses what became of the text, so that its last matrices run forward and
are given no gradient.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.families import family
from chapterv.compute.families.flux import double
from chapterv.compute.pictures import NOTE, PATCHES, SAMPLE, TEXT, embedder, linear, streams
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family(classes=("QwenImageTransformer2DModel",), heads=("QwenImageTransformer2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count Qwen-Image, whose latent comes in as squares of two by two, already packed."""
    for name in ("zero_cond_t", "use_additional_t_cond"):
        reader.refuse(name, "it adds work that is not counted")
    # The class has the switch and no part for it.
    reader.read.add("guidance_embeds")
    heads = reader.integer("num_attention_heads", default=24)
    width = reader.integer("attention_head_dim", default=128)
    hidden = heads * width
    inputs = reader.integer("in_channels", default=64)
    patch = reader.integer("patch_size", default=2, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=16)
    outside = reader.integer("joint_attention_dim", default=3584)
    words = linear(
        "text projection", outside, hidden, stream=TEXT, module="txt_in", extra=outside
    )  # fmt: skip
    start = (
        *embedder("time embedding", 256, hidden),
        linear("patch projection", inputs, hidden, stream=PATCHES, raw=True, module="img_in"),
        words,
    )
    layers = reader.integer("num_layers", default=60, most=100_000)
    layer = double(hidden, heads, width)
    return Architecture(
        family="QwenImageTransformer2DModel",
        model_type="QwenImageTransformer2DModel",
        layers=(
            Layer(1, start),
            *((Layer(layers - 1, layer),) if layers > 1 else ()),
            Layer(1, _last(layer, hidden)),
        ),
        ends=(
            linear("last modulation", hidden, 2 * hidden, stream=SAMPLE, module="norm_out.linear"),
            linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE, "the latent is packed two by two before it comes in"),
    )


def _last(layer: tuple[Component, ...], hidden: int) -> tuple[Component, ...]:
    first, second, among, words, wide, wide_words = layer
    back = words.projections[-1]
    before = replace(
        words,
        matrices=words.matrices - back.inputs * back.outputs,
        vectors=words.vectors - hidden,
        projections=words.projections[:-1],
    )
    after = linear("text output", hidden, hidden, stream=TEXT, module="to_add_out")
    return (
        first, second, among, before, replace(after, idle=True), wide,
        replace(wide_words, idle=True),
    )  # fmt: skip
