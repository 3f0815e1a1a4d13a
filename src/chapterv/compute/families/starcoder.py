"""StarCoder2 and StableLM: grouped queries with layer norms that have a shift."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    gated,
    head,
    head_width,
    key_heads,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe", "describe_stablelm"]


@family("starcoder2")
def describe(reader: Reader) -> Architecture:
    """Count StarCoder2."""
    hidden = reader.integer("hidden_size")
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    bias = reader.flag("use_bias", default=True)
    width = head_width(reader, hidden, heads)
    layer = (
        attention(
            hidden, heads, kv_heads, width,
            qkv_bias=bias, out_bias=bias, limit=reader.maybe("sliding_window"),
        ),
        feed_forward(
            hidden, reader.integer("intermediate_size"), bias, ("c_fc", "c_proj")
        ),
        norms(hidden, 2, bias=True),
    )  # fmt: skip
    return _assemble(reader, "starcoder2", hidden, layer, tied_default=True)


@family("stablelm")
def describe_stablelm(reader: Reader) -> Architecture:
    """Count StableLM."""
    hidden = reader.integer("hidden_size")
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = head_width(reader, hidden, heads)
    # Each head has a norm of its own here.
    per_head = (heads + kv_heads) * width if reader.flag("qk_layernorm", default=False) else 0
    bias = reader.flag("use_qkv_bias", default=False)
    parallel = reader.flag("use_parallel_residual", default=False)
    layer = (
        attention(hidden, heads, kv_heads, width, qkv_bias=bias, extra=per_head),
        gated(hidden, reader.integer("intermediate_size")),
        norms(hidden, 1 if parallel else 2, bias=True),
    )
    return _assemble(reader, "stablelm", hidden, layer, tied_default=False)


def _assemble(
    reader: Reader, name: str, hidden: int, layer: tuple[Component, ...], tied_default: bool
) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=tied_default)
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )
