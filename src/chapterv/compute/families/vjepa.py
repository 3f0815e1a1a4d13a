"""V-JEPA 2: an encoder of films, and a predictor of what was hidden from it.

In training the encoder sees a part of a film; a second encoder, whose weights are a mean of the
first's over time, runs forward on all of it and is no part of this class.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Projection, Stream
from chapterv.compute.blocks import feed_forward
from chapterv.compute.encoders import Biases, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_DIMENSION, MAX_LAYERS, Reader
from chapterv.compute.towers import PATCHES
from chapterv.compute.towers.layers import on, patches

__all__ = ["describe"]

_BOTH = "patches of the predictor"
_HIDDEN = "patches to predict"
_NAMES = ("query", "key", "value", "proj")
_NOTE = (
    "the encoder is counted on all patches of a clip unless fewer are given, and the mean of "
    "encoders that makes the targets is not counted"
)


@family("vjepa2", heads=("VJEPA2Model",))
def describe(reader: Reader) -> Architecture:
    """Count V-JEPA 2 with its predictor."""
    hidden = reader.integer("hidden_size", default=1024)
    narrow = reader.integer("pred_hidden_size", default=384)
    patch = reader.integer("patch_size", default=16)
    depth = reader.integer("tubelet_size", default=2)
    pixels = depth * patch * patch * reader.integer("in_chans", default=3)
    encoder = Part(
        "encoder",
        (patches(PATCHES, pixels, hidden, True),),
        (_layers(reader, "", hidden, PATCHES, (16, 24)),),
        (Component("last norm", 0, 2 * hidden, stream=PATCHES),),
    )
    masks = reader.integer("pred_num_mask_tokens", default=10)
    first = Component(
        "predictor embedding", hidden * narrow, narrow, stream=PATCHES,
        projections=(Projection("predictor_embeddings", hidden, narrow),),
    )  # fmt: skip
    starts = (first, Component("hidden patches", 0, masks * narrow, stream=_HIDDEN))
    ends = (
        Component("last norm", 0, 2 * narrow, stream=_BOTH),
        Component("projection", narrow * hidden, hidden, stream=_HIDDEN),
    )
    return Architecture(
        family="vjepa2",
        model_type="vjepa2",
        layers=(Layer(1, starts), _layers(reader, "pred_", narrow, _BOTH, (12, 12))),
        ends=ends,
        parts=(encoder,),
        part="predictor",
        streams=(
            Stream(PATCHES, "film", _count(reader, patch, depth)),
            Stream(_BOTH, "film"),
            Stream(_HIDDEN, "film"),
        ),
        notes=(_NOTE,),
    )


def _count(reader: Reader, patch: int, depth: int) -> int:
    """Return how many patches a clip has."""
    side = reader.integer("crop_size", default=256) // patch
    frames = reader.integer("frames_per_clip", default=64) // depth
    if not side or not frames:
        reader.fault("a patch is larger than the clip", "patch_size")
    return max(1, min(side * side * frames, MAX_DIMENSION))


def _layers(
    reader: Reader, prefix: str, hidden: int, stream: str, defaults: tuple[int, int]
) -> Layer:
    heads = reader.integer(f"{prefix}num_attention_heads", default=defaults[0])
    layers = reader.integer(f"{prefix}num_hidden_layers", default=defaults[1], most=MAX_LAYERS)
    width = reader.divides(hidden, heads, f"{prefix}num_attention_heads", "heads share the width")
    ratio = reader.value(f"{prefix}mlp_ratio")
    ratio = 4 if ratio is None else ratio
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio < 2**10:
        reader.expected("a number", f"{prefix}mlp_ratio", ratio)
        ratio = 4
    bias = reader.flag("qkv_bias", default=True)
    biases: Biases = (bias, bias, bias, True)
    mixer = selfattention(hidden, heads, width, names=_NAMES, biases=biases, stream=stream)
    wide = feed_forward(hidden, max(1, int(hidden * ratio)), True, ("fc1", "fc2"))
    return Layer(
        layers, (mixer, on(wide, stream), Component("norms", 0, 4 * hidden, stream=stream))
    )
