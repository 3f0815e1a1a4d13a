"""Early decoders: GPT, XGLM, CTRL, CPM-Ant and the Japanese GPT-NeoX."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    feed_forward,
    gated,
    head,
    head_width,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = [
    "describe_cpm_ant",
    "describe_ctrl",
    "describe_gpt",
    "describe_japanese",
    "describe_xglm",
]


@family("openai-gpt")
def describe_gpt(reader: Reader) -> Architecture:
    """Count GPT, which has no last norm."""
    hidden = reader.integer("n_embd", "hidden_size")
    heads = reader.integer("n_head", "num_attention_heads")
    positions = reader.integer("n_positions", "max_position_embeddings", default=512)
    width = head_width(reader, hidden, heads)
    layer = (
        attention(
            hidden, heads, heads, width,
            qkv_bias=True, out_bias=True, fused="c_attn", output="c_proj",
        ),
        feed_forward(hidden, 4 * hidden, True, ("c_fc", "c_proj")),
        norms(hidden, 2, bias=True),
    )  # fmt: skip
    layers = (Layer(reader.layers("n_layer", "num_hidden_layers"), layer),)
    table = (embedding(positions, hidden, "position embedding"),)
    return _assemble(reader, "openai-gpt", hidden, layers, table, positions)


@family("xglm")
def describe_xglm(reader: Reader) -> Architecture:
    """Count XGLM, whose positions are computed."""
    hidden = reader.integer("d_model", "hidden_size")
    heads = reader.integer("attention_heads", "num_attention_heads")
    width = head_width(reader, hidden, heads)
    layer = (
        attention(hidden, heads, heads, width, qkv_bias=True, out_bias=True, output="out_proj"),
        feed_forward(hidden, reader.integer("ffn_dim"), True, ("fc1", "fc2")),
        norms(hidden, 2, bias=True),
    )
    layers = (Layer(reader.layers("num_layers", "num_hidden_layers"), layer),)
    last = (norms(hidden, bias=True, name="last norm"),)
    positions = reader.maybe("max_position_embeddings")
    return _assemble(reader, "xglm", hidden, layers, last, positions)


@family("ctrl")
def describe_ctrl(reader: Reader) -> Architecture:
    """Count CTRL, whose output head has a bias."""
    hidden = reader.integer("n_embd", "hidden_size")
    heads = reader.integer("n_head", "num_attention_heads")
    plain = attention(
        hidden, heads, heads, head_width(reader, hidden, heads), qkv_bias=True, out_bias=True
    )
    names = tuple(Projection(name, hidden, hidden) for name in ("Wq", "Wk", "Wv", "dense"))
    layer = (
        replace(plain, projections=names),
        # The two matrices stand in a list and are known by their places in it.
        feed_forward(hidden, reader.integer("dff"), True, ("0", "2")),
        norms(hidden, 2, bias=True),
    )
    layers = (Layer(reader.layers("n_layer", "num_hidden_layers"), layer),)
    last = (norms(hidden, bias=True, name="last norm"),)
    positions = reader.maybe("n_positions", "max_position_embeddings")
    return _assemble(reader, "ctrl", hidden, layers, last, positions, head_bias=True)


@family("gpt_neox_japanese")
def describe_japanese(reader: Reader) -> Architecture:
    """Count the Japanese GPT-NeoX: no biases but one, behind the last layer's attention."""
    hidden = reader.integer("hidden_size")
    heads = reader.integer("num_attention_heads")
    inner = reader.integer("intermediate_multiple_size", default=4) * hidden
    mixer = attention(
        hidden, heads, heads, head_width(reader, hidden, heads),
        fused="query_key_value", output="dense",
    )  # fmt: skip
    rest = (
        feed_forward(hidden, inner, False, ("dense_h_to_4h", "dense_4h_to_h")),
        norms(hidden, 2, bias=True),
    )
    number = reader.layers("num_hidden_layers")
    biased = replace(mixer, vectors=mixer.vectors + hidden)
    layers = stack((biased if index == number - 1 else mixer, *rest) for index in range(number))
    last = (norms(hidden, bias=True, name="last norm"),)
    positions = reader.maybe("max_position_embeddings")
    return _assemble(reader, "gpt_neox_japanese", hidden, layers, last, positions)


@family("cpmant")
def describe_cpm_ant(reader: Reader) -> Architecture:
    """Count CPM-Ant, with tables for prompts, segments and relative places."""
    hidden = reader.integer("hidden_size")
    heads = reader.integer("num_attention_heads")
    width = reader.integer("dim_head", default=128)
    vocabulary = reader.integer("vocab_size")
    segments = reader.integer("segment_types", default=32)
    prompts = reader.integer("prompt_types", default=32) * reader.integer(
        "prompt_length", default=32
    )
    buckets = reader.integer("position_bias_num_buckets", default=512)
    inner = heads * width
    names = (
        *(Projection(one, hidden, inner) for one in ("project_q", "project_k", "project_v")),
        Projection("attention_out", inner, hidden),
    )
    wide = reader.integer("dim_ff", default=10_240)
    feed = (
        Projection("w_0", hidden, wide),
        Projection("w_1", hidden, wide),
        Projection("w_out", wide, hidden),
    )
    layer = (
        replace(attention(hidden, heads, heads, width), projections=names),
        replace(gated(hidden, wide), projections=feed),
        norms(hidden, 2),
    )
    return Architecture(
        family="cpmant",
        model_type="cpmant",
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary + prompts, hidden),
            embedding(segments, hidden, "segment embedding"),
            # Pairs of segments, and distances within one.
            embedding(segments * segments + buckets, heads, "position bias"),
            norms(hidden, name="last norm"),
            # The published program stores the head apart, whatever the file says.
            *head(vocabulary, hidden, tied=False),
        ),
        notes=("the prompt's positions before each sequence are not in its length",),
    )


def _assemble(
    reader: Reader,
    name: str,
    hidden: int,
    layers: tuple[Layer, ...],
    around: tuple[Component, ...],
    positions: int | None,
    head_bias: bool = False,
) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    return Architecture(
        family=name,
        model_type=name,
        layers=layers,
        ends=(
            embedding(vocabulary, hidden),
            *around,
            *head(vocabulary, hidden, tied, head_bias),
        ),
        context_length=positions,
        tied=tied,
    )
