"""GPT-NeoX, from its published configuration and from the training file of the GPT-NeoX program.

The training file has no vocabulary size: the program takes it from the tokenizer and pads it so
that every model-parallel rank gets a multiple of `make-vocab-size-divisible-by`. One tokenizer is
known by its file name; for others `padded_vocab_size` must stand in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chapterv.compute.architecture import Architecture, Component, Layer
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

__all__ = ["describe", "describe_training_file"]

# The GPT-NeoX-20B tokenizer: 50 254 entries and 23 added tokens.
_TOKENIZERS = {"20B_tokenizer.json": 50_277}
_NAMES = ("dense_h_to_4h", "dense_4h_to_h")
_ATTENTION = (
    "global", "flash", "local", "sparse_fixed", "sparse_variable", "bigbird", "bslongformer",
)  # fmt: skip


@family("gpt_neox")
def describe(reader: Reader) -> Architecture:
    """Count GPT-NeoX from `config.json`."""
    hidden = reader.integer("hidden_size")
    heads = reader.integer("num_attention_heads")
    vocabulary = reader.integer("vocab_size")
    inner = reader.integer("intermediate_size")
    bias = reader.flag("attention_bias", default=True)
    tied = reader.flag("tie_word_embeddings", default=False)
    width = head_width(reader, hidden, heads)
    layer = (
        attention(
            hidden, heads, heads, width,
            qkv_bias=bias, out_bias=bias, fused="query_key_value", output="dense",
        ),
        feed_forward(hidden, inner, True, _NAMES),
        norms(hidden, 2, bias=True),
    )  # fmt: skip
    return Architecture(
        family="gpt_neox",
        model_type="gpt_neox",
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )


def _is_training_file(values: Mapping[str, Any]) -> bool:
    names = {str(name).replace("-", "_") for name in values}
    return {"num_layers", "hidden_size", "num_attention_heads", "pos_emb"} <= names


@family(layout=_is_training_file)
def describe_training_file(reader: Reader) -> Architecture:
    """Count GPT-NeoX from its training file, whose keys may have hyphens or underscores."""
    plain = Reader(_underscored(reader), reader.where, faults=reader.faults)
    reader.read.update(reader.values)  # this reader judges the keys, not the outer one
    hidden = plain.integer("hidden_size")
    vocabulary, notes = _vocabulary(plain)
    _check_variant(plain)
    # Weights are tied unless the file says otherwise: the program's own default.
    tied = not plain.flag("no_weight_tying", default=False)
    learned = plain.choice("pos_emb", ("learned", "rotary", "sinusoidal", "alibi", "none"))
    positions = plain.integer("max_position_embeddings")
    table = (embedding(positions, hidden, "position embedding"),) if learned == "learned" else ()
    return Architecture(
        family="gpt_neox",
        model_type="gpt-neox training file",
        layers=(Layer(plain.layers("num_layers"), _training_layer(plain, hidden)),),
        ends=(
            embedding(vocabulary, hidden),
            *table,
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        # The length trained on, which may be below the positions the model has.
        context_length=plain.integer("seq_length", default=positions),
        tied=tied,
        notes=notes,
    )


def _training_layer(plain: Reader, hidden: int) -> tuple[Component, ...]:
    heads = plain.integer("num_attention_heads")
    inner = plain.integer("intermediate_size", default=4 * hidden)
    bias = plain.flag("use_bias_in_attn_linear", default=True)
    kv_heads = key_heads(plain, heads, "num_kv_heads", default=heads)
    width = head_width(plain, hidden, heads)
    norm_count = 1 if plain.flag("gpt_j_tied", default=False) else 2
    return (
        attention(
            hidden, heads, kv_heads, width,
            qkv_bias=bias, out_bias=bias, fused="query_key_value", output="dense",
        ),
        feed_forward(hidden, inner, plain.flag("use_bias_in_mlp", default=True), _NAMES),
        norms(hidden, norm_count, bias=True),
    )  # fmt: skip


def _underscored(reader: Reader) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in reader.values.items():
        plain = str(name).replace("-", "_")
        if plain in values and values[plain] != value:
            reader.fault(f"/{name} stands twice with different values", str(name))
        values[plain] = value
    return values


def _vocabulary(plain: Reader) -> tuple[int, tuple[str, ...]]:
    """Return the padded vocabulary and how it was found."""
    stated = plain.maybe("padded_vocab_size")
    if stated is not None:
        return stated, ()
    file = str(plain.value("vocab_file") or "").rsplit("/", 1)[-1]
    size = _TOKENIZERS.get(file)
    if size is None:
        plain.fault(
            "the size of the vocabulary is not in the file, and its tokenizer is not known: "
            "add padded_vocab_size",
            "vocab_file",
        )
        return 1, ()
    step = plain.integer("make_vocab_size_divisible_by", default=128)
    step *= plain.integer("model_parallel_size", default=1)
    padded = -(-size // step) * step
    note = f"vocabulary: {size} entries of the tokenizer {file}, padded to {padded}"
    return padded, (note,)


def _check_variant(plain: Reader) -> None:
    """Fault settings of the program that change the count and are not covered."""
    plain.choice("norm", ("layernorm",), default="layernorm")
    plain.choice("activation", ("gelu", "relu", "softsign", "mish", "silu"), default="gelu")
    plain.choice("mlp_type", ("regular",), default="regular")
    plain.refuse("moe_num_experts", "experts are not covered in this format", (1,))
    plain.refuse("use_qk_layernorm", "norms of queries and keys are not covered in this format")
    _check_kinds(plain)


def _check_kinds(plain: Reader) -> None:
    """Fault layers other than attention, such as Mamba's, which the program can mix in."""
    runs = plain.value("attention_config")
    if runs is None:
        return
    for run in runs if isinstance(runs, list) else [runs]:
        kinds = run[0] if isinstance(run, list) and run else None
        if not isinstance(kinds, list) or any(kind not in _ATTENTION for kind in kinds):
            plain.fault("layers of this kind are not covered in this format", "attention_config")
            return
