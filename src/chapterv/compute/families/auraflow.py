"""AuraFlow: picture, text and a few register tokens meet in one attention.

The registers pass beside the text with the same weights. Nothing but the embedding of the time step
has a bias.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Stream
from chapterv.compute.encoders import BIASLESS
from chapterv.compute.families import family
from chapterv.compute.pictures import (
    NOTE,
    PATCHES,
    SAMPLE,
    TEXT,
    embedder,
    linear,
    projected,
    streams,
)
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_REGISTERS = "register tokens"
_COUNT = 8
_ALL = (PATCHES, TEXT, _REGISTERS)
_PICTURE = ("to_q", "to_k", "to_v", "to_out.0")
_WORDS = ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")


@family(classes=("AuraFlowTransformer2DModel",), heads=("AuraFlowTransformer2DModel",))
def describe(reader: Reader) -> Architecture:
    """Count AuraFlow."""
    heads = reader.integer("num_attention_heads", default=12)
    width = reader.integer("attention_head_dim", default=256)
    hidden = heads * width
    patch = reader.integer("patch_size", default=2, most=64)
    channels = reader.integer("in_channels", default=4)
    outputs = patch * patch * reader.integer("out_channels", default=4)
    rows = reader.integer("pos_embed_max_size", default=1024)
    if reader.integer("caption_projection_dim", default=3072) != hidden:
        reader.fault(f"the text must be {hidden} wide, as the layers are", "caption_projection_dim")
    start = (
        linear("patch projection", patch * patch * channels, hidden, stream=PATCHES, raw=True,
               extra=rows * hidden, module="pos_embed.proj"),
        linear("text projection", reader.integer("joint_attention_dim", default=2048), hidden,
               bias=False, stream=TEXT, raw=True, module="context_embedder"),
        Component("registers", 0, _COUNT * hidden, stream=_REGISTERS),
        *embedder("time embedding", 256, hidden),
    )  # fmt: skip
    both = reader.integer("num_mmdit_layers", default=4, most=100_000)
    later = reader.integer("num_single_dit_layers", default=32, most=100_000)
    return Architecture(
        family="AuraFlowTransformer2DModel",
        model_type="AuraFlowTransformer2DModel",
        layers=(
            Layer(1, start),
            Layer(both, _double(hidden, heads, width)),
            Layer(later, _single(hidden, heads, width)),
        ),
        ends=(
            linear("last modulation", hidden, 2 * hidden, bias=False, stream=SAMPLE,
                   module="norm_out.linear"),
            linear("last projection", hidden, outputs, bias=False, stream=PATCHES,
                   module="proj_out"),
        ),
        part="denoiser",
        streams=(*streams(PATCHES, patch), Stream(_REGISTERS, "sample", _COUNT)),
        notes=(NOTE,),
    )  # fmt: skip


def _meets(stream: str, heads: int, width: int) -> tuple[Mixing, ...]:
    own = Mixing(heads, width, width, sees="all")
    return (own, *(replace(own, keys=other) for other in _ALL if other != stream))


def _inner(hidden: int, stream: str, module: str) -> tuple[Component, ...]:
    """Return a feed-forward with a gate, two thirds of the usual width, rounded up to 256."""
    wide = 256 * -(-(8 * hidden // 3) // 256)
    sizes = {
        "linear_1": (hidden, wide),
        "linear_2": (hidden, wide),
        "out_projection": (wide, hidden),
    }
    return tuple(
        linear(f"{module} {name}", *size, bias=False, stream=stream, module=f"{module}.{name}")
        for name, size in sizes.items()
    )


def _modulation(hidden: int, module: str) -> Component:
    return linear(
        "modulation", hidden, 6 * hidden, bias=False, stream=SAMPLE, module=f"{module}.linear"
    )


def _beside(component: Component, stream: str) -> Component:
    """Return the same weights as they run over another stream."""
    mixing = component.mixing
    if mixing:
        mixing = _meets(stream, mixing[0].heads, mixing[0].key_width)
    return replace(component, stream=stream, stored=0, projections=(), mixing=mixing)


def _attention(name: str, hidden: int, heads: int, width: int, stream: str) -> Component:
    return projected(
        name, hidden, heads, width, _PICTURE if stream == PATCHES else _WORDS, stream=stream,
        mixing=_meets(stream, heads, width), biases=BIASLESS,
    )  # fmt: skip


def _double(hidden: int, heads: int, width: int) -> tuple[Component, ...]:
    words = (
        _attention("text attention", hidden, heads, width, TEXT),
        *_inner(hidden, TEXT, "ff_context"),
    )
    return (
        _modulation(hidden, "norm1"),
        _modulation(hidden, "norm1_context"),
        _attention("attention", hidden, heads, width, PATCHES),
        *_inner(hidden, PATCHES, "ff"),
        *words,
        *(_beside(one, _REGISTERS) for one in words),
    )


def _single(hidden: int, heads: int, width: int) -> tuple[Component, ...]:
    own = (
        _attention("attention", hidden, heads, width, PATCHES),
        *_inner(hidden, PATCHES, "ff"),
    )
    others = (_beside(one, stream) for stream in (TEXT, _REGISTERS) for one in own)
    return (_modulation(hidden, "norm1"), *own, *others)
