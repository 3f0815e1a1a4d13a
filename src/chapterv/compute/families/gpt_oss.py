"""gpt-oss: experts with biases in every layer, attention sinks, every other layer slides."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    experts,
    gated,
    head,
    key_heads,
    norms,
    router,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("gpt_oss")
def describe(reader: Reader) -> Architecture:
    """Count gpt-oss."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    count = reader.integer("num_local_experts", "num_experts")
    used = reader.integer("num_experts_per_tok", "experts_per_token")
    expert = gated(hidden, reader.integer("intermediate_size"), bias=True)
    tied = reader.flag("tie_word_embeddings", default=False)
    window = reader.integer("sliding_window", default=128)
    rest = (
        router(hidden, count, vectors=count),
        experts(expert, count, used, reader, "num_experts_per_tok"),
        norms(hidden, 2),
    )
    spans = windows(reader, layers, window, lambda index: index % 2 == 0)
    mixers = {span: _attention(reader, hidden, span) for span in dict.fromkeys(spans)}
    return Architecture(
        family="gpt_oss",
        model_type="gpt_oss",
        layers=stack((mixers[span], *rest) for span in spans),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _attention(reader: Reader, hidden: int, span: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    bias = reader.flag("attention_bias", default=True)
    return attention(
        hidden, heads, kv_heads, reader.integer("head_dim"),
        qkv_bias=bias,
        out_bias=bias,
        extra=heads,  # one sink for each head
        limit=span,
    )  # fmt: skip
