"""Command R and Command R7B (Cohere): one norm before attention and feed-forward, tied head."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    gated,
    head,
    head_width,
    key_heads,
    norms,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("cohere", "cohere2")
def describe(reader: Reader) -> Architecture:
    """Count a Command R model."""
    name = reader.values["model_type"]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    rest = (gated(hidden, reader.integer("intermediate_size")), norms(hidden, 1))
    spans: list[int | None] = [None] * layers
    if name == "cohere2":
        period = reader.integer("sliding_window_pattern", default=4)
        window = reader.integer("sliding_window", default=4096)
        spans = windows(reader, layers, window, lambda index: (index + 1) % period != 0)
    mixers = {span: _attention(reader, name, hidden, span) for span in dict.fromkeys(spans)}
    return Architecture(
        family=name,
        model_type=name,
        layers=stack((mixers[span], *rest) for span in spans),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _attention(reader: Reader, name: str, hidden: int, span: int | None) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads, default=heads)
    width = head_width(reader, hidden, heads, "head_dim")
    bias = reader.flag("attention_bias", default=False)
    normed = name == "cohere" and reader.flag("use_qk_norm", default=False)
    extra = (heads + kv_heads) * width if normed else 0
    return attention(
        hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias, extra=extra, limit=span
    )
