"""Conformers of wav2vec's line: wav2vec 2.0 Conformer, and w2v-BERT 2.0 on a spectrogram.

Layers have two halves of a feed-forward around attention and a convolution. How far apart two
frames are comes in by rotation, by a table of distances, or by an embedding of near distances.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Stream
from chapterv.compute.blocks import feed_forward, norms
from chapterv.compute.encoders import class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.families.wav2vec2 import convolutions, starts
from chapterv.compute.reading import MAX_LAYERS, Reader
from chapterv.compute.recordings import DISTANCES, FRAMES, steps_of, stream_of

__all__ = ["describe"]

_NAMES = ("linear_q", "linear_k", "linear_v", "linear_out")
_WIDE = ("intermediate_dense", "output_dense")
_MEMBERS = ("wav2vec2-conformer", "wav2vec2-bert")
_HEADS = ("Wav2Vec2ConformerModel", "Wav2Vec2BertModel", "ForCTC")


@family(*_MEMBERS, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count a conformer, alone or with a head that spells."""
    name = str(reader.values["model_type"])
    raw = name == "wav2vec2-conformer"
    for key in ("add_adapter", "adapter_attn_dim", "use_intermediate_ffn_before_adapter"):
        reader.refuse(key, "it adds parts that are not counted")
    hidden = reader.integer("hidden_size", default=768 if raw else 1024)
    inner = reader.integer("intermediate_size", default=3072 if raw else 4096)
    layers = reader.integer("num_hidden_layers", default=12 if raw else 24, most=MAX_LAYERS)
    half = on(feed_forward(hidden, inner, bias=True, names=_WIDE), FRAMES)
    around = on(norms(hidden, 4, bias=True), FRAMES)
    mixers, far = _mixers(reader, hidden, raw)
    layer = (half, *mixers, _convolution(reader, hidden), half, around)
    ends = [on(norms(hidden, bias=True, name="encoder norm"), FRAMES)] if raw else []
    if class_of(reader).endswith("ForCTC"):
        words = reader.integer("vocab_size")
        ends.append(Component("output head", hidden * words, words, stream=FRAMES))
    before, streams = _before(reader, name, hidden, raw)
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(1, before), Layer(layers, layer)),
        ends=tuple(ends),
        part="encoder",
        streams=(*streams, *((Stream(DISTANCES, "recording"),) if far else ())),
    )


def _before(
    reader: Reader, name: str, hidden: int, raw: bool
) -> tuple[tuple[Component, ...], tuple[Stream, ...]]:
    """Return what stands before the layers, and the streams."""
    frames = Stream(FRAMES, "recording")
    if raw:
        steps = steps_of(reader)
        places = range(len(steps) - 1)
        shorter = tuple(Stream(stream_of(place, len(steps)), "recording") for place in places)
        # The class holds a convolution for positions and does not run it.
        between = tuple(
            replace(one, used=0) if one.name == "positions" else one
            for one in starts(reader, name, hidden)
        )
        return (*convolutions(reader, name, steps), *between), (frames, *shorter)
    wide = reader.integer("feature_projection_input_dim", default=160)
    projected = (
        on(norms(wide, bias=True, name="first norm"), FRAMES),
        Component("projection", wide * hidden, hidden, stream=FRAMES),
    )
    return (*projected, *starts(reader, name, hidden)), (frames,)


def _mixers(reader: Reader, hidden: int, raw: bool) -> tuple[tuple[Component, ...], bool]:
    """Return attention, and whether it meets a table of distances."""
    heads = reader.integer("num_attention_heads", default=12 if raw else 16)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    plain = selfattention(hidden, heads, width, names=_NAMES, stream=FRAMES)
    kinds = ("relative", "rotary") if raw else ("relative", "rotary", "relative_key")
    kind = "none"
    if "position_embeddings_type" not in reader.values or reader.value("position_embeddings_type"):
        kind = reader.choice("position_embeddings_type", kinds, kinds[0 if raw else 2])
    if kind == "relative":
        far = Mixing(heads, width, 0, sees="all", keys=DISTANCES)
        both = replace(plain, mixing=(*plain.mixing, far), vectors=plain.vectors + 2 * hidden)
        # Distances are computed and not learned, so that no gradient goes further back.
        distances = Component("distances", hidden * hidden, stream=DISTANCES, raw=True)
        return (distances, both), True
    if kind == "relative_key":
        left = reader.integer("left_max_position_embeddings", default=64)
        right = reader.integer("right_max_position_embeddings", default=8)
        near = Mixing(heads, width, 0, sees="all")
        table = (left + right + 1) * width
        both = replace(plain, mixing=(*plain.mixing, near), vectors=plain.vectors + table)
        return (both,), False
    return (plain,), False


def _convolution(reader: Reader, hidden: int) -> Component:
    kernel = reader.integer("conv_depthwise_kernel_size", default=31)
    matrices = hidden * (2 * hidden + kernel + hidden)
    return Component("convolution", matrices, 4 * hidden, stream=FRAMES)
