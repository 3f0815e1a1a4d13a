"""GPT-J and CodeGen: attention beside the feed-forward, one norm, an output head with bias."""

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


@family("gptj", "codegen")
def describe(reader: Reader) -> Architecture:
    """Count GPT-J or CodeGen."""
    hidden = reader.integer("n_embd", "hidden_size")
    heads = reader.integer("n_head", "num_attention_heads")
    vocabulary = reader.integer("vocab_size")
    inner = reader.integer("n_inner", default=4 * hidden)
    tied = reader.flag("tie_word_embeddings", default=False)
    fused = "qkv_proj" if reader.values["model_type"] == "codegen" else None
    layer = (
        attention(
            hidden, heads, heads, head_width(reader, hidden, heads), fused=fused, output="out_proj"
        ),
        feed_forward(hidden, inner, bias=True, names=("fc_in", "fc_out")),
        norms(hidden, 1, bias=True),
    )
    return Architecture(
        family=reader.values["model_type"],
        model_type=reader.values["model_type"],
        layers=(Layer(reader.layers("n_layer", "num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied, bias=True),
        ),
        context_length=reader.maybe("n_positions", "max_position_embeddings"),
        tied=tied,
    )
