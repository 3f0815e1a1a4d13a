"""Gemma 1 to 3 (text): wide heads, tied output head, from the second on four norms a layer.

Gemma 2 slides in every other layer, Gemma 3 in five of six, unless `layer_types` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

from chapterv.compute.architecture import Architecture, Component, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    gated,
    head,
    key_heads,
    norms,
    windows,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("gemma", "gemma2", "gemma3_text", "vaultgemma")
def describe(reader: Reader) -> Architecture:
    """Count a text model of the Gemma line."""
    name = reader.values["model_type"]
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.integer("head_dim")
    vocabulary = reader.integer("vocab_size")
    bias = reader.flag("attention_bias", default=False)
    tied = reader.flag("tie_word_embeddings", default=True)
    extra = 2 * width if name == "gemma3_text" else 0
    inner = gated(hidden, reader.integer("intermediate_size"))
    around = norms(hidden, 4 if name in ("gemma2", "gemma3_text") else 2)

    def layer(span: int | None) -> tuple[Component, ...]:
        mixer = attention(
            hidden, heads, kv_heads, width,
            qkv_bias=bias, out_bias=bias, extra=extra, limit=span,
        )  # fmt: skip
        return (mixer, inner, around)

    return Architecture(
        family=name,
        model_type=name,
        layers=stack(layer(span) for span in _windows(reader, name, layers)),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _windows(reader: Reader, name: str, layers: int) -> list[int | None]:
    if name == "gemma":
        return [None] * layers
    period = 2
    if name == "gemma3_text":
        period = reader.integer("sliding_window_pattern", "_sliding_window_pattern", default=6)
    slides: Callable[[int], bool] = lambda index: (index + 1) % period != 0  # noqa: E731
    return windows(reader, layers, reader.integer("sliding_window", default=4096), slides)
