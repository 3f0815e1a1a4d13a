"""BLOOM: ALiBi positions, a norm after the embedding, biases everywhere, tied output head."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Layer
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    head,
    head_width,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("bloom")
def describe(reader: Reader) -> Architecture:
    """Count BLOOM."""
    hidden = reader.integer("n_embed", "hidden_size")
    heads = reader.integer("num_attention_heads", "n_head")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    layer = (
        attention(
            hidden, heads, heads, head_width(reader, hidden, heads),
            qkv_bias=True, out_bias=True, fused="query_key_value", output="dense",
        ),
        feed_forward(hidden, 4 * hidden, True, ("dense_h_to_4h", "dense_4h_to_h")),
        norms(hidden, 2, bias=True),
    )  # fmt: skip
    return Architecture(
        family="bloom",
        model_type="bloom",
        layers=(Layer(reader.layers("n_layer", "num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="embedding norm"),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        # ALiBi has no table; `seq_length` is the length trained on.
        context_length=reader.maybe("seq_length"),
        tied=tied,
    )
