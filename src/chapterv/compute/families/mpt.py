"""MPT as it was published: ALiBi, no biases, tied output head.

The original program can also have biases and learned positions; a file that asks for them is
refused, since the present class silently leaves them out.
"""

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


@family("mpt")
def describe(reader: Reader) -> Architecture:
    """Count MPT."""
    hidden = reader.integer("d_model")
    heads = reader.integer("n_heads")
    vocabulary = reader.integer("vocab_size")
    inner = 4 * hidden
    tied = reader.flag("tie_word_embeddings", default=True)
    _check_variant(reader)
    layer = (
        attention(
            hidden, heads, heads, head_width(reader, hidden, heads), fused="Wqkv", output="out_proj"
        ),
        feed_forward(hidden, inner),
        norms(hidden, 2),
    )
    return Architecture(
        family="mpt",
        model_type="mpt",
        layers=(Layer(reader.layers("n_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_seq_len"),
        tied=tied,
    )


def _check_variant(reader: Reader) -> None:
    if reader.integer("expansion_ratio", default=4) != 4:
        # The original program multiplies by it, the present class ignores it.
        reader.fault(
            "a feed-forward other than four times as wide is not covered", "expansion_ratio"
        )
    if not reader.flag("no_bias", default=True):
        reader.fault("a model with biases is not covered", "no_bias")
    mixer = reader.child("attn_config")
    if not mixer.flag("alibi", default=True):
        mixer.fault("learned positions are not covered", "alibi")
    mixer.choice("attn_type", ("multihead_attention",), default="multihead_attention")
    mixer.refuse("qk_ln", "norms of queries and keys are not covered")
