"""Layers of encoders: every position of a picture or recording meets every other."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer
from chapterv.compute.blocks import attention, feed_forward, gated, norms

__all__ = ["encoder_layer", "idle", "layers_of", "on", "patches"]


def on(component: Component, stream: str, *, every: int = 1, block: int | None = None) -> Component:
    """Return the component working on a stream, its attention in both directions."""
    mixing = tuple(replace(one, sees="all", block=block) for one in component.mixing)
    return replace(component, stream=stream, every=every, mixing=mixing)


def idle(components: Iterable[Component]) -> tuple[Component, ...]:
    """Return the components as ones whose output nothing uses."""
    return tuple(replace(one, idle=True) for one in components)


def encoder_layer(
    stream: str,
    hidden: int,
    heads: int,
    inner: int,
    *,
    width: int | None = None,
    kv_heads: int | None = None,
    qkv_bias: bool = True,
    out_bias: bool = True,
    mlp_bias: bool = True,
    gate: bool = False,
    norm_bias: bool = True,
    extra: int = 0,
    fused: str | None = None,
    output: str = "out_proj",
    names: tuple[str, str] = ("fc1", "fc2"),
    block: int | None = None,
    every: int = 1,
) -> tuple[Component, ...]:
    """Return the components of one layer of an encoder: attention, feed-forward, two norms.

    Args:
        stream: stream that it works on.
        hidden: width of the stream.
        heads: heads.
        inner: width inside the feed-forward.
        width: width of one head, the stream's share if it is left out.
        kv_heads: key heads, as many as heads if they are left out.
        qkv_bias: the input projections have biases.
        out_bias: the output projection has one.
        mlp_bias: the feed-forward has biases.
        gate: the feed-forward has a gate.
        norm_bias: norms have a shift.
        extra: further vectors, such as norms of queries and keys.
        fused: name of the one matrix of queries, keys and values, where they are not three.
        output: name of the output projection.
        names: names of a plain feed-forward's matrices.
        block: positions meet only inside blocks of this many.
        every: it works once for that many positions of the stream.
    """
    wide = width or max(1, hidden // heads)
    mixer = attention(
        hidden, heads, kv_heads or heads, wide,
        qkv_bias=qkv_bias, out_bias=out_bias, extra=extra, fused=fused, output=output,
    )  # fmt: skip
    rest = gated(hidden, inner, mlp_bias) if gate else feed_forward(hidden, inner, mlp_bias, names)
    around = norms(hidden, 2, norm_bias)
    return tuple(on(one, stream, every=every, block=block) for one in (mixer, rest, around))


def layers_of(components: tuple[Component, ...], layers: int, used: int) -> tuple[Layer, ...]:
    """Return like layers of which the last ones may run for nothing.

    Args:
        components: of one layer.
        layers: layers that there are.
        used: first layers whose output is used.
    """
    used = min(used, layers)
    runs = [(used, components), (layers - used, idle(components))]
    return tuple(Layer(count, parts) for count, parts in runs if count)


def patches(
    stream: str, pixels: int, hidden: int, bias: bool, name: str = "patch embedding"
) -> Component:
    """Return the matrix that makes a feature of a patch.

    Args:
        stream: stream of the patches.
        pixels: numbers in one patch: height times width times colours, times pictures in a row.
        hidden: width of the feature.
        bias: it has a bias.
        name: name of the component.
    """
    return Component(name, pixels * hidden, hidden if bias else 0, stream=stream, raw=True)
