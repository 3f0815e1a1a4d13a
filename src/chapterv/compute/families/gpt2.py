"""GPT-2 and its multi-query descendant GPT-BigCode: learned positions, biases everywhere, tied.

An absent or null inner width means four times the stream, as the format documents. The causal mask
that published files carry along is a buffer and no parameter. GPT-2 may read a source as well.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    head,
    head_width,
    norms,
)
from chapterv.compute.encoders import SOURCE, across
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("gpt2", "gpt-sw3", "gpt_bigcode", crosses=True)
def describe(reader: Reader) -> Architecture:
    """Count GPT-2 or GPT-BigCode."""
    name = reader.values["model_type"]
    hidden = reader.integer("n_embd", "hidden_size")
    heads = reader.integer("n_head", "num_attention_heads")
    positions = reader.integer("n_positions", "max_position_embeddings")
    vocabulary = reader.integer("vocab_size")
    inner = reader.integer("n_inner", default=4 * hidden)
    width = head_width(reader, hidden, heads)
    single = name == "gpt_bigcode" and reader.flag("multi_query", default=True)
    kv_heads = 1 if single else heads
    tied = reader.flag("tie_word_embeddings", default=True)
    crossed = _crossed(reader, name, hidden, heads, width)
    layer = (
        attention(
            hidden, heads, kv_heads, width,
            qkv_bias=True, out_bias=True, fused="c_attn", output="c_proj",
        ),
        *crossed,
        feed_forward(hidden, inner, bias=True, names=("c_fc", "c_proj")),
        norms(hidden, 3 if crossed else 2, bias=True),
    )  # fmt: skip
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(reader.layers("n_layer", "num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            embedding(positions, hidden, "position embedding"),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=positions,
        tied=tied,
        streams=(Stream("tokens"), *((Stream(SOURCE),) if crossed else ())),
    )


def _crossed(
    reader: Reader, name: str, hidden: int, heads: int, width: int
) -> tuple[Component, ...]:
    """Return attention to a source where the file adds it."""
    if not reader.flag("add_cross_attention", default=False):
        return ()
    if name == "gpt_bigcode":
        reader.fault("cross-attention is not counted for this family", "add_cross_attention")
    keys, queries = across(hidden, heads, width, names=("q_attn", "c_attn", "c_attn", "c_proj"))
    return (replace(keys, projections=(Projection("c_attn", hidden, 2 * hidden),)), queries)
