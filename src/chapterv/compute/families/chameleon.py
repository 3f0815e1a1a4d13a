"""Chameleon: pictures become tokens of the vocabulary by a code book, and a decoder reads both.

The encoder of pictures chooses the nearest code, through which no gradient passes: it costs a
forward pass however the model is trained.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Part, Stream
from chapterv.compute.blocks import attention, embedding, gated, head, key_heads, norms
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES

__all__ = ["describe"]

_MULTIPLIERS = (1, 1, 2, 2, 4)


@family("chameleon", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Chameleon."""
    child = reader.child("vq_config")
    part, stream = _encoder(child)
    child.foreign()
    return compose(reader, _text(reader), (part,), (stream,))


def _text(reader: Reader) -> TextPart:
    hidden = reader.integer("hidden_size", default=4096)
    layers = reader.integer("num_hidden_layers", default=32, most=10_000)
    heads = reader.integer("num_attention_heads", default=32)
    kv_heads = key_heads(reader, heads, default=32)
    width = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    vocabulary = reader.integer("vocab_size", default=65536)
    bias = reader.flag("attention_bias", default=False)
    tied = reader.flag("tie_word_embeddings", default=False)
    mixer = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, extra=2 * (heads + kv_heads) * width,
    )  # fmt: skip
    inner = gated(
        hidden,
        reader.integer("intermediate_size", default=11008),
        reader.flag("mlp_bias", default=False),
    )
    architecture = Architecture(
        family="chameleon",
        model_type="chameleon",
        layers=(Layer(layers, (mixer, inner, norms(hidden, 2))),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
    )
    return TextPart(architecture, hidden)


def _encoder(reader: Reader) -> tuple[Part, Stream]:
    base = reader.integer("base_channels", default=128)
    channels = [base * one for one in _multipliers(reader)]
    blocks = reader.integer("num_res_blocks", default=2, most=100)
    levels = len(channels)
    reader.refuse("attn_resolutions", "attention above the last resolution is not counted", ([],))
    found = [_convolution("first", 9 * reader.integer("in_channels", default=3), base, levels - 1)]
    inputs = base
    for level, outputs in enumerate(channels):
        below = levels - 1 - level
        for _ in range(blocks):
            found.append(_block(inputs, outputs, below))
            inputs = outputs
        if below:
            found.append(_convolution("halving", 9 * inputs, inputs, below - 1))
    found += _middle(reader, inputs)
    side = 2 ** (levels - 1)
    across = max(1, reader.integer("resolution", default=512) // side)
    stream = Stream(PATCHES, "image", across * across, True, side)
    return Part("picture tokenizer", tuple(found)), stream


def _multipliers(reader: Reader) -> list[int]:
    value = reader.value("channel_multiplier")
    if value is None:
        return list(_MULTIPLIERS)
    plain = isinstance(value, list) and 1 <= len(value) <= 12
    if not plain or not all(type(one) is int and 1 <= one <= 4096 for one in value):
        reader.expected("a list of multipliers", "channel_multiplier", value)
        return list(_MULTIPLIERS)
    return list(value)


def _middle(reader: Reader, width: int) -> list[Component]:
    """Return what runs at the resolution of the codes, and the search for the nearest code."""
    latent = reader.integer("latent_channels", default=256)
    wide = 2 * latent if reader.flag("double_latent", default=False) else latent
    code = reader.integer("embed_dim", default=256)
    codes = reader.integer("num_embeddings", default=8192)
    reader.choice("attn_type", ("vanilla",), "vanilla")
    mixing = (Mixing(1, width, width, sees="all"),)
    square = width * width
    after = Component("last convolution", latent * code, latent, used=0, stream=PATCHES, idle=True)
    return [
        _block(width, width, 0),
        Component("attention", 4 * square, 6 * width, mixing=mixing, stream=PATCHES, idle=True),
        _block(width, width, 0),
        Component("last norm of the tower", 0, 2 * width, stream=PATCHES, idle=True),
        _convolution("last", 9 * width, wide, 0),
        _convolution("code", latent, code, 0),
        Component("code book", codes * code, stream=PATCHES, idle=True),
        # It leads from codes back to pictures, which the model does not do by itself.
        after,
    ]


def _convolution(name: str, inputs: int, outputs: int, below: int) -> Component:
    return Component(
        f"{name} convolution", inputs * outputs, outputs, used=4**below, stream=PATCHES, idle=True
    )


def _block(inputs: int, outputs: int, below: int) -> Component:
    matrices = 9 * inputs * outputs + 9 * outputs * outputs
    vectors = 2 * inputs + 4 * outputs
    if inputs != outputs:
        matrices += inputs * outputs
        vectors += outputs
    return Component("residual block", matrices, vectors, used=4**below, stream=PATCHES, idle=True)
