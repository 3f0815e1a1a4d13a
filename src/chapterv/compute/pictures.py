"""Building blocks of picture models: convolutions, time embeddings, attention of two streams.

Positions are those of the latent at its own resolution (or of the pixels, for an autoencoder); a
layer at half the resolution works once for four of them. What depends only on the time step, such
as a modulation, runs once a sample, and the text that steers a denoiser comes from a model of its
own: no gradient goes back into it.
"""

from __future__ import annotations

from chapterv.compute.architecture import Component, Mixing, Projection, Stream
from chapterv.compute.encoders import BIASED, Biases

__all__ = [
    "LATENT",
    "NOTE",
    "PATCHES",
    "PIXELS",
    "SAMPLE",
    "TEXT",
    "convolution",
    "cross_mixing",
    "embedder",
    "inner",
    "linear",
    "projected",
    "resnet",
    "self_mixing",
    "streams",
]

LATENT = "latent"
PATCHES = "patches"
PIXELS = "pixels"
TEXT = "text tokens"
SAMPLE = "sample"
NOTE = (
    "a denoiser sees one time step a sample; layers on the time step run once a sample, so that "
    "six times parameters times positions does not apply"
)


def streams(name: str, patch: int = 1, *, text: bool = True) -> tuple[Stream, ...]:
    """Return the streams of a denoiser: the picture, the text, and what runs once a sample.

    Args:
        name: stream of the picture.
        patch: positions of the latent along one side of a position of the stream.
        text: a text steers the denoiser.
    """
    picture = Stream(name, "sample", patch=patch)
    words = (Stream(TEXT, "sample"),) if text else ()
    return (picture, *words, Stream(SAMPLE, "sample", 1))


def linear(
    name: str,
    inputs: int,
    outputs: int,
    *,
    bias: bool = True,
    stream: str = LATENT,
    module: str | None = None,
    raw: bool = False,
    every: int = 1,
    extra: int = 0,
) -> Component:
    """Return one matrix.

    Args:
        name: name of the component.
        inputs: width that goes in.
        outputs: width that comes out.
        bias: it has a bias.
        stream: stream that it works on.
        module: what adapters call it, nothing where they do not reach it.
        raw: it reads data that no gradient goes back to.
        every: positions of the stream for one of its own.
        extra: further vectors.
    """
    projections = (Projection(module, inputs, outputs),) if module else ()
    vectors = extra + (outputs if bias else 0)
    return Component(
        name, inputs * outputs, vectors,
        stream=stream, every=every, raw=raw, projections=projections,
    )  # fmt: skip


def convolution(
    name: str,
    inputs: int,
    outputs: int,
    kernel: int = 3,
    *,
    every: int = 1,
    stream: str = LATENT,
    raw: bool = False,
    norm: int = 0,
    bias: bool = True,
    volume: int | None = None,
) -> Component:
    """Return a convolution over an area, with a norm before it where it has one.

    Args:
        name: name of the component.
        inputs: channels that go in.
        outputs: channels that come out.
        kernel: size along one side.
        every: positions of the stream for one that comes out.
        stream: stream that it works on.
        raw: it reads data that no gradient goes back to.
        norm: channels of a norm with scale and shift beside it.
        bias: it has a bias.
        volume: weights for one pair of channels, where the kernel is no square.
    """
    area = kernel * kernel if volume is None else volume
    vectors = 2 * norm + (outputs if bias else 0)
    return Component(
        name, area * inputs * outputs, vectors, stream=stream, every=every, raw=raw
    )  # fmt: skip


def embedder(
    name: str, inputs: int, outputs: int, *, module: str = "time_embedding", raw: bool = True
) -> tuple[Component, ...]:
    """Return two matrices that make a vector for the whole sample, such as of the time step."""
    return (
        linear(f"{name} 1", inputs, outputs, stream=SAMPLE, raw=raw, module="linear_1"),
        linear(f"{name} 2", outputs, outputs, stream=SAMPLE, module="linear_2"),
    )


def resnet(
    inputs: int,
    outputs: int,
    *,
    every: int,
    time: int | None = None,
    scale: bool = False,
    stream: str = LATENT,
) -> tuple[Component, ...]:
    """Return two convolutions with a way around them, and the time's shift between them.

    Args:
        inputs: channels that go in.
        outputs: channels that come out.
        every: positions of the stream for one of its own.
        time: width of the time embedding, nothing where there is none.
        scale: the time gives a scale too.
        stream: stream that it works on.
    """
    wide = 2 * outputs if scale else outputs
    shift = () if time is None else (
        linear("time projection", time, wide, stream=SAMPLE, module="time_emb_proj"),
    )  # fmt: skip
    around = () if inputs == outputs else (
        convolution("shortcut", inputs, outputs, 1, every=every, stream=stream),
    )  # fmt: skip
    return (
        convolution("convolution", inputs, outputs, every=every, stream=stream, norm=inputs),
        *shift,
        convolution("convolution", outputs, outputs, every=every, stream=stream, norm=outputs),
        *around,
    )


def self_mixing(heads: int, width: int) -> Mixing:
    """Return attention in which every position of a picture meets every other."""
    return Mixing(heads, width, width, sees="all")


def cross_mixing(heads: int, width: int, keys: str) -> Mixing:
    """Return attention in which every position meets every one of another stream."""
    return Mixing(heads, width, width, sees="all", keys=keys)


def inner(
    hidden: int,
    wide: int,
    *,
    stream: str = PATCHES,
    gated: bool = False,
    bias: bool = True,
    name: str = "feed-forward",
    module: str = "ff",
) -> Component:
    """Return a feed-forward as the library of denoisers names it.

    Args:
        hidden: width of the stream.
        wide: width inside.
        stream: stream that it works on.
        gated: the first matrix makes the gate too.
        bias: both have biases.
        name: name of the component.
        module: name of the module that holds it.
    """
    first = Projection(f"{module}.net.0.proj", hidden, 2 * wide if gated else wide)
    second = Projection(f"{module}.net.2", wide, hidden)
    matrices = hidden * first.outputs + wide * hidden
    vectors = first.outputs + hidden if bias else 0
    return Component(name, matrices, vectors, stream=stream, projections=(first, second))


def projected(
    name: str,
    hidden: int,
    heads: int,
    width: int,
    modules: tuple[str, str, str, str | None],
    *,
    stream: str,
    mixing: tuple[Mixing, ...],
    biases: Biases = BIASED,
    every: int = 1,
    extra: int = 0,
    out: int | None = None,
) -> Component:
    """Return the projections of one stream with what its queries meet.

    Args:
        name: name of the component.
        hidden: width of the stream.
        heads: query heads.
        width: width of one head.
        modules: what adapters call queries, keys, values and output; no output where it is None.
        stream: stream of queries, keys and values.
        mixing: what the queries meet.
        biases: which of the four have one.
        every: positions of the stream for one of its own.
        extra: further vectors, such as norms of queries and keys.
        out: width that comes out, that of the stream if left out.
    """
    inner = heads * width
    sizes = [(hidden, inner)] * 3 + [(inner, out or hidden)]
    kept = [
        (Projection(module, *size), has)
        for module, size, has in zip(modules, sizes, biases, strict=True)
        if module is not None
    ]
    return Component(
        name,
        sum(one.inputs * one.outputs for one, _ in kept),
        extra + sum(one.outputs for one, has in kept if has),
        mixing=mixing,
        stream=stream,
        every=every,
        projections=tuple(one for one, _ in kept),
    )
