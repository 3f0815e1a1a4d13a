"""Diffusion transformers in which picture and text meet in one attention: FLUX.1 and its kin.

First layers keep weights of their own for picture and text, later ones run the same weights over
both. A modulation of six or three vectors comes from the time step in every layer, once a sample.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.families import family
from chapterv.compute.pictures import (
    NOTE,
    PATCHES,
    SAMPLE,
    TEXT,
    cross_mixing,
    embedder,
    inner,
    linear,
    projected,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader

__all__ = ["describe", "double", "single"]

_PICTURE = ("to_q", "to_k", "to_v", "to_out.0")
_WORDS = ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")


@family(classes=("FluxTransformer2DModel",), heads=("FluxTransformer2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count FLUX.1, whose latent comes in as squares of two by two, already packed."""
    heads = reader.integer("num_attention_heads", default=24)
    width = reader.integer("attention_head_dim", default=128)
    hidden = heads * width
    inputs = reader.integer("in_channels", default=64)
    patch = reader.integer("patch_size", default=1, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=inputs)
    pooled = reader.integer("pooled_projection_dim", default=768)
    guided = reader.flag("guidance_embeds", default=False)
    start = (
        *embedder("time embedding", 256, hidden),
        *(embedder("guidance embedding", 256, hidden) if guided else ()),
        *embedder("text vector", pooled, hidden),
        linear("text projection", reader.integer("joint_attention_dim", default=4096), hidden,
               stream=TEXT, raw=True, module="context_embedder"),
        linear("patch projection", inputs, hidden, stream=PATCHES, raw=True, module="x_embedder"),
    )  # fmt: skip
    both = reader.integer("num_layers", default=19, most=100_000)
    later = reader.integer("num_single_layers", default=38, most=100_000)
    one = Layer(later, single(hidden, heads, width))
    return Architecture(
        family="FluxTransformer2DModel",
        model_type="FluxTransformer2DModel",
        layers=(Layer(1, start), Layer(both, double(hidden, heads, width)), one),
        ends=(
            linear("last modulation", hidden, 2 * hidden, stream=SAMPLE, module="norm_out.linear"),
            linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, 2),
        notes=(NOTE, "the latent is packed two by two before it comes in"),
    )


def double(hidden: int, heads: int, width: int) -> tuple[Component, ...]:
    """Return a layer with weights of their own for picture and text."""
    among = self_mixing(heads, width)
    return (
        linear("modulation", hidden, 6 * hidden, stream=SAMPLE, module="norm1.linear"),
        linear("text modulation", hidden, 6 * hidden, stream=SAMPLE, module="norm1_context.linear"),
        projected(
            "attention", hidden, heads, width, _PICTURE, stream=PATCHES,
            mixing=(among, cross_mixing(heads, width, TEXT)), extra=2 * width,
        ),
        projected(
            "text attention", hidden, heads, width, _WORDS, stream=TEXT,
            mixing=(among, cross_mixing(heads, width, PATCHES)), extra=2 * width,
        ),
        inner(hidden, 4 * hidden),
        inner(hidden, 4 * hidden, stream=TEXT, name="text feed-forward", module="ff_context"),
    )  # fmt: skip


def single(hidden: int, heads: int, width: int) -> tuple[Component, ...]:
    """Return a layer that runs the same weights over picture and text."""
    own = (
        projected(
            "attention", hidden, heads, width, (*_PICTURE[:3], None), stream=PATCHES,
            mixing=(self_mixing(heads, width), cross_mixing(heads, width, TEXT)), extra=2 * width,
        ),
        linear("up", hidden, 4 * hidden, stream=PATCHES, module="proj_mlp"),
        linear("down", 5 * hidden, hidden, stream=PATCHES, module="proj_out"),
    )  # fmt: skip
    meets = (self_mixing(heads, width), cross_mixing(heads, width, PATCHES))
    words = tuple(
        replace(one, stream=TEXT, stored=0, projections=(), mixing=meets if one.mixing else ())
        for one in own
    )
    modulation = linear("modulation", hidden, 3 * hidden, stream=SAMPLE, module="norm.linear")
    return (modulation, *own, *words)
