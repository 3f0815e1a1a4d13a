"""xLSTM: matrix memories that each position writes to and reads from, gated feed-forward."""

from __future__ import annotations

from decimal import Decimal

from chapterv.compute.architecture import Architecture, Component, Layer, Projection
from chapterv.compute.blocks import embedding, head, norms
from chapterv.compute.families import family
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import linear_attention_update

__all__ = ["describe"]


@family("xlstm")
def describe(reader: Reader) -> Architecture:
    """Count xLSTM."""
    hidden = reader.integer("hidden_size", "embedding_dim")
    vocabulary = reader.integer("vocab_size")
    reader.refuse("tie_word_embeddings", "the published program never ties the output head")
    bias = reader.flag("use_bias", default=False)
    fused = reader.choice("weight_mode", ("single", "fused"), default="single") == "fused"
    layer = (
        *_memory(reader, hidden, bias, fused),
        _feed_forward(reader, hidden, bias, fused),
        norms(hidden, 2, bias),
    )
    return Architecture(
        family="xlstm",
        model_type="xlstm",
        layers=(Layer(reader.layers("num_hidden_layers", "num_blocks"), layer),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
    )


def _memory(reader: Reader, hidden: int, bias: bool, fused: bool) -> tuple[Component, ...]:
    heads = reader.integer("num_heads", default=8)
    key = int(hidden * _factor(reader, "qk_dim_factor", "0.5"))
    value = int(hidden * _factor(reader, "v_dim_factor", "1"))
    key_width = reader.divides(key, heads, "num_heads", "the heads do not share the keys evenly")
    value_width = reader.divides(value, heads, "num_heads", "the heads do not share the values")
    cut = (
        {"qkv_opreact": 2 * key + 2 * value, "ifgate_preact": 2 * heads}
        if fused
        else {"q": key, "k": key, "v": value, "ogate_preact": value,
              "igate_preact": heads, "fgate_preact": heads}
    )  # fmt: skip
    names = (
        *(Projection(name, hidden, width) for name, width in cut.items()),
        Projection("out_proj", value, hidden),
    )
    # The two gates always have biases, and the memory's norm one scale for each channel.
    vectors = 2 * heads + value + (2 * key + 3 * value + hidden if bias else 0)
    matrices = sum(one.inputs * one.outputs for one in names)
    into = Component("memory projections", matrices, vectors, projections=names)
    return (into, linear_attention_update(heads, key_width, value_width))


def _feed_forward(reader: Reader, hidden: int, bias: bool, fused: bool) -> Component:
    multiple = reader.integer("ffn_round_up_to_multiple_of", default=64)
    wide = int(hidden * _factor(reader, "ffn_proj_factor", "2.667") + multiple - 1)
    inner = max(1, wide // multiple * multiple)
    names = (
        (Projection("proj_up_gate_z", hidden, 2 * inner),)
        if fused
        else (Projection("proj_up_gate", hidden, inner), Projection("proj_up", hidden, inner))
    )
    down = Projection("proj_down", inner, hidden)
    vectors = 2 * inner + hidden if bias else 0
    return Component("feed-forward", 3 * hidden * inner, vectors, projections=(*names, down))


def _factor(reader: Reader, name: str, default: str) -> Decimal:
    value = reader.value(name)
    if value is None:
        return Decimal(default)
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if not number or not 0 < value <= 1000:
        reader.expected("a number above zero", name, value)
        return Decimal(default)
    return Decimal(str(value))
