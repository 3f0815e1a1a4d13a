"""MiMo: a Qwen2-like decoder that publishes its prediction layer as a part of the model.

The published class holds the layer and every published count includes it, so this family alone
includes it in the total.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.blocks import (
    attention,
    embedding,
    gated,
    head,
    head_width,
    key_heads,
    norms,
    prediction,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_NOTE = "the total includes the prediction layers, as the published model does"


@family("mimo")
def describe(reader: Reader) -> Architecture:
    """Count MiMo with its prediction layers."""
    hidden = reader.integer("hidden_size")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    layer = (
        _attention(reader, hidden),
        gated(hidden, reader.integer("intermediate_size")),
        norms(hidden, 2),
    )
    ahead = prediction(reader, hidden, layer)
    return Architecture(
        family="mimo",
        model_type="mimo",
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        prediction=ahead,
        prediction_in_total=True,
        notes=(_NOTE,) if ahead else (),
    )


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = head_width(reader, hidden, heads, "head_dim")
    reader.refuse("use_sliding_window", "sliding layers are not covered in this family")
    bias = reader.flag("attention_bias", default=True)
    return attention(hidden, heads, kv_heads, width, qkv_bias=bias)
