"""Building blocks of layers that keep a state instead of meeting all earlier positions.

Each block gives its projections, its short convolution and its state update as components of their
own, since the three are counted by different rules. The update is counted as the recurrence: one
step for each position, whatever length of chunk a program works in, so that the work does not
depend on the program. Where only single entries are multiplied (gates, decays of one channel),
nothing is counted, as for activations.

Source: for Mamba-2 and the gated delta rule, the operations that Megatron-LM counts for a training
step of such layers (7 for each entry of the state; 4 products of key and value width for each
head); for Mamba-1, 9 for each entry, as counted for its selective scan (state-spaces/mamba).
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Projection
from chapterv.compute.blocks import attention

__all__ = [
    "CONVOLUTION",
    "UPDATE",
    "channel_delta",
    "convolution",
    "delta_rule",
    "gated_attention",
    "linear_attention_update",
    "mamba1",
    "mamba2",
    "update",
]

CONVOLUTION = "short convolution"
UPDATE = "state update"


def convolution(channels: int, kernel: int, bias: bool = False) -> Component:
    """Return a convolution over a few earlier positions, each channel for itself."""
    return Component(CONVOLUTION, channels * kernel, channels if bias else 0)


def update(products: int) -> Component:
    """Return the work on the state: products in which no stored weight takes part."""
    return Component(UPDATE, 0, products=products)


def mamba1(
    hidden: int,
    inner: int,
    state: int,
    rank: int,
    kernel: int,
    *,
    bias: bool = False,
    conv_bias: bool = True,
    normed: bool = False,
) -> tuple[Component, ...]:
    """Return a layer of Mamba's first kind.

    Args:
        hidden: width of the stream.
        inner: channels inside, each with a state of its own.
        state: entries of one channel's state.
        rank: width that the step size comes through.
        kernel: positions that the convolution sees.
        bias: the projections in and out have biases.
        conv_bias: the convolution has one.
        normed: step size, input and output of the state have norms.

    Source: Gu and Dao 2023 (Mamba), section 3; 9 operations for each entry of the state.
    """
    selected = rank + 2 * state
    names = (
        Projection("in_proj", hidden, 2 * inner),
        Projection("x_proj", inner, selected),
        Projection("dt_proj", rank, inner),
        Projection("out_proj", inner, hidden),
    )
    vectors = inner * state + 2 * inner + (selected if normed else 0)
    vectors += 2 * inner + hidden if bias else 0
    return (
        _projections("Mamba projections", names, vectors),
        convolution(inner, kernel, conv_bias),
        update(-(-9 * inner * state // 2)),
    )


def mamba2(
    hidden: int,
    inner: int,
    heads: int,
    groups: int,
    state: int,
    kernel: int,
    *,
    bias: bool = False,
    out_bias: bool | None = None,
    conv_bias: bool = True,
    normed: bool = True,
) -> tuple[Component, ...]:
    """Return a layer of Mamba's second kind.

    Args:
        hidden: width of the stream.
        inner: channels inside.
        heads: heads that share the channels.
        groups: groups of heads with one input and output of the state.
        state: entries of one channel's state.
        kernel: positions that the convolution sees.
        bias: the projection in has a bias.
        out_bias: the projection out has one; as `bias` where it is left out.
        conv_bias: the convolution has one.
        normed: the output has a norm before its projection.

    Source: Dao and Gu 2024 (Mamba-2), section 7; 7 operations for each entry of the state.
    """
    channels = inner + 2 * groups * state
    wide = inner + channels + heads
    names = (Projection("in_proj", hidden, wide), Projection("out_proj", inner, hidden))
    vectors = 3 * heads + (inner if normed else 0) + (wide if bias else 0)
    vectors += hidden if (bias if out_bias is None else out_bias) else 0
    return (
        _projections("Mamba-2 projections", names, vectors),
        convolution(channels, kernel, conv_bias),
        update(-(-7 * inner * state // 2)),
    )


def delta_rule(
    hidden: int,
    key_heads: int,
    value_heads: int,
    key_width: int,
    value_width: int,
    kernel: int,
    names: tuple[Projection, ...],
) -> tuple[Component, ...]:
    """Return a layer with the gated delta rule, one decay for each head.

    Args:
        hidden: width of the stream.
        key_heads: heads of queries and keys.
        value_heads: heads of values, each with a state.
        key_width: width of one key.
        value_width: width of one value.
        kernel: positions that the convolution sees.
        names: its projections as the program cuts them.

    Source: Yang et al. 2024 (gated delta networks), section 3; 4 products of key and value width.
    """
    key, value = key_heads * key_width, value_heads * value_width
    vectors = 2 * value_heads + value_width
    return (
        _projections("gated delta projections", names, vectors),
        convolution(2 * key + value, kernel),
        update(4 * value_heads * key_width * value_width),
    )


def channel_delta(
    hidden: int, heads: int, width: int, kernel: int, gates: tuple[Projection, ...]
) -> tuple[Component, ...]:
    """Return a layer with the delta rule and a decay for each channel (Kimi delta attention).

    Args:
        hidden: width of the stream.
        heads: heads.
        width: width of keys and values of one head.
        kernel: positions that the convolution sees.
        gates: projections of the decay and of the output gate.

    Source: Kimi Team 2025 (Kimi Linear), sections 3 and 4; the products of the gated delta rule.
    """
    inner = heads * width
    names = (
        *(Projection(name, hidden, inner) for name in ("q_proj", "k_proj", "v_proj")),
        *gates,
        Projection("b_proj", hidden, heads),
        Projection("o_proj", inner, hidden),
    )
    return (
        _projections("delta attention projections", names, inner + heads + width),
        convolution(3 * inner, kernel),
        update(4 * heads * width * width),
    )


def linear_attention_update(heads: int, key_width: int, value_width: int) -> Component:
    """Return the update of a state by key and value, and its reading by the query."""
    return update(2 * heads * key_width * value_width)


def gated_attention(
    hidden: int, heads: int, kv_heads: int, width: int, *, bias: bool, extra: int
) -> Component:
    """Return grouped-query attention whose query projection also makes a gate of the output."""
    plain = attention(hidden, heads, kv_heads, width, qkv_bias=bias, out_bias=bias, extra=extra)
    inner = heads * width
    names = tuple(
        Projection("q_proj", hidden, 2 * inner) if one.name == "q_proj" else one
        for one in plain.projections
    )
    return replace(
        plain,
        matrices=plain.matrices + hidden * inner,
        vectors=plain.vectors + (inner if bias else 0),
        projections=names,
    )


def _projections(name: str, names: tuple[Projection, ...], vectors: int) -> Component:
    matrices = sum(one.inputs * one.outputs for one in names)
    return Component(name, matrices, vectors, projections=names)
