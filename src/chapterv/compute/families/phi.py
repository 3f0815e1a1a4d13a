"""Phi-1 to Phi-2 under present and first keys, and Persimmon: biases everywhere, no gate.

The first files of Phi (`mixformer-sequential`) name their sizes as GPT-2 does. Read with the
present class, whose keys differ, they give another model's count without a word, so the two key
sets are never mixed here.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Layer
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    head,
    head_width,
    key_heads,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe", "describe_first_keys", "describe_persimmon"]


@family("phi")
def describe(reader: Reader) -> Architecture:
    """Count Phi from its present keys."""
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads, default=heads)
    return _assemble(
        reader,
        hidden=reader.integer("hidden_size"),
        layers=reader.layers("num_hidden_layers"),
        heads=heads,
        kv_heads=kv_heads,
        inner=reader.integer("intermediate_size"),
        positions=reader.maybe("max_position_embeddings"),
        qk_norm=reader.flag("qk_layernorm", default=False),
    )


@family("mixformer-sequential")
def describe_first_keys(reader: Reader) -> Architecture:
    """Count Phi from the keys of its first release."""
    hidden = reader.integer("n_embd")
    heads = reader.integer("n_head")
    blocks = reader.child("architecture")
    blocks.choice("block_cls", ("parallel",), default="parallel")
    blocks.child("mlp").choice("mlp_cls", ("fused_mlp", "mlp"), default="mlp")
    blocks.refuse("mixer", "another mixer than attention is not covered")
    return _assemble(
        reader,
        hidden=hidden,
        layers=reader.layers("n_layer"),
        heads=heads,
        kv_heads=key_heads(reader, heads, "n_head_kv", default=heads),
        inner=reader.integer("n_inner", default=4 * hidden),
        positions=reader.maybe("n_positions"),
    )


@family("persimmon")
def describe_persimmon(reader: Reader) -> Architecture:
    """Count Persimmon."""
    heads = reader.integer("num_attention_heads")
    return _assemble(
        reader,
        hidden=reader.integer("hidden_size"),
        layers=reader.layers("num_hidden_layers"),
        heads=heads,
        kv_heads=heads,
        inner=reader.integer("intermediate_size"),
        positions=reader.maybe("max_position_embeddings"),
        qk_norm=reader.flag("qk_layernorm", default=True),
        norm_count=2,
        head_bias=False,
        fused="query_key_value",
        names=("dense_h_to_4h", "dense_4h_to_h"),
    )


def _assemble(
    reader: Reader,
    *,
    hidden: int,
    layers: int,
    heads: int,
    kv_heads: int,
    inner: int,
    positions: int | None,
    qk_norm: bool = False,
    norm_count: int = 1,
    head_bias: bool = True,
    fused: str | None = None,
    names: tuple[str, str] = ("fc1", "fc2"),
) -> Architecture:
    name = reader.values["model_type"]
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    width = head_width(reader, hidden, heads)
    extra = 4 * width if qk_norm else 0
    layer = (
        attention(
            hidden, heads, kv_heads, width,
            qkv_bias=True, out_bias=True, extra=extra, fused=fused, output="dense",
        ),
        feed_forward(hidden, inner, bias=True, names=names),
        norms(hidden, norm_count, bias=True),
    )  # fmt: skip
    return Architecture(
        family="phi" if name == "mixformer-sequential" else name,
        model_type=name,
        layers=(Layer(layers, layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied, bias=head_bias),
        ),
        context_length=positions,
        tied=tied,
    )
