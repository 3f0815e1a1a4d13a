"""Building blocks that many families share: attention, feed-forward, experts, embeddings.

Each function gives one `Component`; a family says which blocks its layers have and how its keys
name their sizes. A multiply-add is two operations; norms, activations and softmax are no matrix
products and count only by their parameters.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from chapterv.compute.architecture import Component, Layer, Mixing, Projection
from chapterv.compute.reading import Reader, shown

__all__ = [
    "attention",
    "embedding",
    "experts",
    "feed_forward",
    "gated",
    "head",
    "head_width",
    "key_heads",
    "norms",
    "prediction",
    "router",
    "windows",
]


def embedding(vocabulary: int, width: int, name: str = "token embedding") -> Component:
    """Return a table that is read by index."""
    names = (Projection("embed_tokens", vocabulary, width),) if name == "token embedding" else ()
    return Component(name, vocabulary * width, lookup=True, projections=names)


def head(vocabulary: int, width: int, tied: bool, bias: bool = False) -> tuple[Component, ...]:
    """Return the output head: multiplied whether or not it shares the embedding's matrix."""
    stored = 0 if tied else 1
    names = (Projection("lm_head", width, vocabulary),)
    matrix = Component("output head", vocabulary * width, stored=stored, projections=names)
    return (matrix, Component("output bias", 0, vocabulary)) if bias else (matrix,)


def norms(width: int, count: int = 1, bias: bool = False, name: str = "norms") -> Component:
    """Return `count` norms of one width, each with a scale and perhaps a shift."""
    return Component(name, 0, count * width * (2 if bias else 1))


def attention(
    hidden: int,
    heads: int,
    kv_heads: int,
    width: int,
    *,
    qkv_bias: bool = False,
    out_bias: bool = False,
    extra: int = 0,
    limit: int | None = None,
    fused: str | None = None,
    output: str = "o_proj",
) -> Component:
    """Return grouped-query attention; with as many key heads as heads it is plain multi-head.

    Args:
        hidden: width of the stream.
        heads: query heads.
        kv_heads: key and value heads.
        width: width of one head, for queries, keys and values alike.
        qkv_bias: the three input projections have biases.
        out_bias: the output projection has one.
        extra: further vectors, such as norms of queries and keys.
        limit: sliding window in tokens, or None.
        fused: name of the one matrix that makes queries, keys and values, where they are not three.
        output: name of the output projection.
    """
    inner, key_value = heads * width, 2 * kv_heads * width
    matrices = hidden * (inner + key_value) + inner * hidden
    vectors = extra + (inner + key_value if qkv_bias else 0) + (hidden if out_bias else 0)
    mixing = (Mixing(heads, width, width, limit=limit),)
    names = (
        (Projection(fused, hidden, inner + key_value),)
        if fused
        else (
            Projection("q_proj", hidden, inner),
            Projection("k_proj", hidden, kv_heads * width),
            Projection("v_proj", hidden, kv_heads * width),
        )
    )
    projections = (*names, Projection(output, inner, hidden))
    return Component("attention", matrices, vectors, mixing=mixing, projections=projections)


def feed_forward(
    hidden: int,
    inner: int,
    bias: bool = False,
    names: tuple[str, str] = ("up_proj", "down_proj"),
) -> Component:
    """Return a feed-forward of two matrices, which adapters know by `names`."""
    up, down = Projection(names[0], hidden, inner), Projection(names[1], inner, hidden)
    vectors = hidden + inner if bias else 0
    return Component("feed-forward", 2 * hidden * inner, vectors, projections=(up, down))


def gated(
    hidden: int,
    inner: int,
    bias: bool = False,
    name: str = "feed-forward",
    fused: str | None = None,
    down: str = "down_proj",
) -> Component:
    """Return a feed-forward with a gate, three matrices.

    Args:
        hidden: width of the stream.
        inner: width inside.
        bias: all three have biases.
        name: name of the component.
        fused: name of the one matrix that holds gate and input, where they are not two.
        down: name of the output projection.
    """
    wide = (
        (Projection(fused, hidden, 2 * inner),)
        if fused
        else (Projection("gate_proj", hidden, inner), Projection("up_proj", hidden, inner))
    )
    projections = (*wide, Projection(down, inner, hidden))
    vectors = hidden + 2 * inner if bias else 0
    return Component(name, 3 * hidden * inner, vectors, projections=projections)


def experts(expert: Component, count: int, used: int, reader: Reader, pointer: str) -> Component:
    """Return `count` copies of a feed-forward of which a token passes through `used`."""
    if used > count:
        reader.fault(f"a token cannot use {used} of {count} experts", pointer)
    return replace(expert, name="experts", stored=count, used=used)


def router(hidden: int, count: int, vectors: int = 0, linear: str | None = None) -> Component:
    """Return the matrix that scores the experts, `linear` by name where adapters fit on it."""
    names = (Projection(linear, hidden, count),) if linear else ()
    return Component("router", hidden * count, vectors, projections=names)


def head_width(reader: Reader, hidden: int, heads: int, *names: str, least: int = 1) -> int:
    """Return the width of a head: stated under `names`, else the stream's share.

    A stated width need not divide the stream; a derived one must.
    """
    stated = reader.maybe(*names, least=least) if names else None
    if stated is not None:
        return stated
    return reader.divides(
        hidden, heads, "num_attention_heads", "the heads do not share the hidden size evenly"
    )


def key_heads(reader: Reader, heads: int, *names: str, default: int | None = None) -> int:
    """Return the number of key heads, which must share the query heads evenly.

    Args:
        reader: the configuration.
        heads: query heads.
        names: keys that state it, `num_key_value_heads` if none is given.
        default: what an absent key means; None makes it a fault.
    """
    keys = names or ("num_key_value_heads",)
    count = reader.integer(*keys, default=default)
    reader.divides(heads, count, keys[0], "the key heads do not share the heads evenly")
    return count


def prediction(reader: Reader, hidden: int, layer: tuple[Component, ...]) -> tuple[Layer, ...]:
    """Return the layers that predict further tokens: a projection, three norms, a layer each.

    Embedding and output head are the model's own, though files often store copies of them.
    """
    count = reader.integer("num_nextn_predict_layers", default=0, least=0, most=100)
    if not count:
        return ()
    joined = Component("projection of two streams", 2 * hidden * hidden)
    return (Layer(count, (joined, norms(hidden, 3), *layer)),)


def windows(
    reader: Reader,
    layers: int,
    window: int | None,
    slides: Callable[[int], bool] | None = None,
) -> list[int | None]:
    """Return each layer's sliding window, None for full attention.

    Args:
        reader: the configuration, whose `layer_types` decide where they are given.
        layers: number of layers.
        window: tokens that a sliding layer sees.
        slides: which layers slide where `layer_types` is absent; None means all.
    """
    kinds = reader.per_layer("layer_types", layers)
    if kinds is None:
        return [window if slides is None or slides(index) else None for index in range(layers)]
    for kind in kinds:
        if kind not in ("full_attention", "sliding_attention"):
            reader.fault(f"this family has no layers of the kind {shown(kind)}", "layer_types")
            break
    if window is None and "sliding_attention" in kinds:
        reader.fault("a layer slides, but no window is given", "sliding_window")
    return [window if kind == "sliding_attention" else None for kind in kinds]
