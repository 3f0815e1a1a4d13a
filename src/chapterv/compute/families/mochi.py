"""Mochi: a wide stream of patches and a narrow one of text meet in one attention.

One query pools the text into the vector of the whole sample. The last layer gives nothing back for
the text.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing
from chapterv.compute.encoders import BIASLESS, Biases
from chapterv.compute.families import family
from chapterv.compute.pictures import (
    NOTE,
    PATCHES,
    SAMPLE,
    TEXT,
    convolution,
    cross_mixing,
    embedder,
    inner,
    linear,
    projected,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_PICTURE = ("to_q", "to_k", "to_v", "to_out.0")
_WORDS = ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")
_OUT: Biases = (False, False, False, True)
_POOL_HEADS = 8


@family(classes=("MochiTransformer3DModel",), heads=("MochiTransformer3DModel",))
def describe(reader: Reader) -> Architecture:
    """Count Mochi."""
    reader.choice("activation_fn", ("swiglu",), "swiglu")
    reader.choice("qk_norm", ("rms_norm",), "rms_norm")
    heads = reader.integer("num_attention_heads", default=24)
    width = reader.integer("attention_head_dim", default=128)
    hidden = heads * width
    narrow = reader.integer("pooled_projection_dim", default=1536)
    outside = reader.integer("text_embed_dim", default=4096)
    channels = reader.integer("in_channels", default=12)
    patch = reader.integer("patch_size", default=2, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=channels)
    start = (
        convolution("patch projection", channels, hidden, patch, stream=PATCHES, raw=True),
        *embedder("time embedding", reader.integer("time_embed_dim", default=256), hidden),
        *_pool(reader, outside, hidden),
        linear("text projection", outside, narrow, stream=TEXT, raw=True, module="caption_proj"),
        # Three coordinates of each position are multiplied with frequencies that are learnt.
        Component("position frequencies", 3 * heads * (width // 2), stream=PATCHES, raw=True),
    )
    layers = reader.integer("num_layers", default=48, most=100_000)
    layer = _layer(hidden, narrow, heads, width)
    return Architecture(
        family="MochiTransformer3DModel",
        model_type="MochiTransformer3DModel",
        layers=(
            Layer(1, start),
            *((Layer(layers - 1, layer),) if layers > 1 else ()),
            Layer(1, _last(layer, hidden, narrow)),
        ),
        ends=(
            linear("last modulation", hidden, 2 * hidden, stream=SAMPLE, module="norm_out.linear"),
            linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out"),
        ),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE,),
    )


def _pool(reader: Reader, outside: int, hidden: int) -> tuple[Component, ...]:
    """Return attention with one query, the mean of the text, which is a key of its own too."""
    width = reader.divides(outside, _POOL_HEADS, "text_embed_dim", "eight heads share the text")
    keys = linear("pool keys", outside, 2 * outside, stream=TEXT, raw=True, module="to_kv")
    query = linear("pool query", outside, outside, stream=SAMPLE, raw=True, module="to_q")
    few = Mixing(_POOL_HEADS, width, width, sees="all")
    return (
        keys,
        replace(keys, stream=SAMPLE, stored=0, projections=()),
        replace(query, mixing=(few, replace(few, keys=TEXT))),
        linear("pool output", outside, hidden, stream=SAMPLE, module="to_out"),
    )


def _layer(hidden: int, narrow: int, heads: int, width: int) -> tuple[Component, ...]:
    among = self_mixing(heads, width)
    words = projected(
        "text attention", narrow, heads, width, _WORDS, stream=TEXT, biases=_OUT,
        mixing=(among, cross_mixing(heads, width, PATCHES)), extra=2 * width,
    )  # fmt: skip
    return (
        linear("modulation", hidden, 4 * hidden, stream=SAMPLE, module="norm1.linear"),
        linear("text modulation", hidden, 4 * narrow, stream=SAMPLE, module="norm1_context.linear"),
        projected(
            "attention", hidden, heads, width, _PICTURE, stream=PATCHES, biases=_OUT,
            mixing=(among, cross_mixing(heads, width, TEXT)), extra=2 * width,
        ),
        words,
        inner(hidden, 8 * hidden // 3, gated=True, bias=False),
        inner(
            narrow, 8 * narrow // 3, stream=TEXT, gated=True, bias=False,
            name="text feed-forward", module="ff_context",
        ),
    )  # fmt: skip


def _last(layer: tuple[Component, ...], hidden: int, narrow: int) -> tuple[Component, ...]:
    first, _, among, words, wide, _ = layer
    heads, width = words.mixing[0].heads, words.mixing[0].key_width
    return (
        first,
        linear("text modulation", hidden, narrow, stream=SAMPLE, module="norm1_context.linear_1"),
        among,
        projected(
            "text attention", narrow, heads, width, (*_WORDS[:3], None), stream=TEXT,
            biases=BIASLESS, mixing=words.mixing, extra=2 * width,
        ),
        wide,
    )  # fmt: skip
