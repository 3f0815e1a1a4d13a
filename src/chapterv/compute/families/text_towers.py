"""Text towers that picture models listen to: those of CLIP, SigLIP and SigLIP 2.

A tower ends with its last norm; a projection, where the class has one, works on one position of
each text.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.blocks import embedding, feed_forward, norms
from chapterv.compute.encoders import class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe_clip", "describe_siglip"]

POOLED = Stream("pooled", "sequence", 1)
"""One position of each text, which stands for the whole."""


@family("clip_text_model", heads=("CLIPTextModel", "CLIPTextModelWithProjection"))
def describe_clip(reader: Reader) -> Architecture:
    """Count the text tower of CLIP, whose tokens see those before them."""
    hidden = reader.integer("hidden_size", default=512)
    outputs = reader.integer("projection_dim", default=512)
    projected = class_of(reader).endswith("WithProjection")
    end = Component(
        "text projection",
        hidden * outputs,
        stream=POOLED.name,
        projections=(Projection("text_projection", hidden, outputs),),
    )
    return _tower(reader, hidden, (8, 2048, 77, 49408), "past", (end,) if projected else ())


@family("siglip_text_model", "siglip2_text_model", heads=("SiglipTextModel", "Siglip2TextModel"))
def describe_siglip(reader: Reader) -> Architecture:
    """Count the text tower of SigLIP, whose tokens see one another."""
    hidden = reader.integer("hidden_size", default=768)
    outputs = reader.integer("projection_size", default=hidden)
    end = Component(
        "head",
        hidden * outputs,
        outputs,
        stream=POOLED.name,
        projections=(Projection("head", hidden, outputs),),
    )
    return _tower(reader, hidden, (12, 3072, 64, 32000), "all", (end,))


def _tower(
    reader: Reader,
    hidden: int,
    defaults: tuple[int, int, int, int],
    sees: str,
    ends: tuple[Component, ...],
) -> Architecture:
    count, broad, rows, words = defaults
    name = str(reader.values.get("model_type", "clip_text_model"))
    layers = reader.integer("num_hidden_layers", default=12, most=100_000)
    heads = reader.integer("num_attention_heads", default=count)
    width = reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    inner = reader.integer("intermediate_size", default=broad)
    positions = reader.integer("max_position_embeddings", default=rows)
    layer = (
        selfattention(hidden, heads, width, sees="past" if sees == "past" else "all"),
        feed_forward(hidden, inner, bias=True, names=("fc1", "fc2")),
        norms(hidden, 2, bias=True),
    )
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, layer),),
        ends=(
            embedding(reader.integer("vocab_size", default=words), hidden),
            Component("positions", 0, positions * hidden, lookup=True),
            norms(hidden, bias=True, name="last norm"),
            *ends,
        ),
        context_length=positions,
        part="text tower",
        streams=(Stream("tokens"), *((POOLED,) if ends else ())),
    )
