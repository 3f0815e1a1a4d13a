"""Janus: a decoder that sees by one tower and makes pictures by tokens of a code book.

Operations are those of a model that reads text and pictures. The autoencoder, the table and the
head of picture tokens are stored and not run by it; making pictures is not counted here.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import norms
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, side, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe", "describe_vision"]

_MULTIPLIERS = (1, 1, 2, 2, 4)
_NOTE = "operations are those of reading pictures; the parts that make pictures are stored, not run"


@tower("janus_vision_model")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of Janus."""
    hidden = reader.integer("hidden_size", default=1024)
    heads = reader.integer("num_attention_heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    image, patch = side(reader, "image_size", 384), side(reader, "patch_size", 16)
    count = max(1, image // patch) ** 2
    starts = (
        patches(PATCHES, reader.integer("num_channels", default=3) * patch * patch, hidden, True),
        Component("positions", 0, count * hidden, stream=PATCHES),
    )
    normed = reader.flag("use_qk_norm", default=False)
    layer = encoder_layer(
        PATCHES, hidden, heads, _inner(reader, hidden),
        qkv_bias=reader.flag("attention_bias", default=True), extra=4 * hidden if normed else 0,
        output="projection_layer",
    )  # fmt: skip
    layers = reader.integer("num_hidden_layers", default=24, most=10_000)
    last = replace(norms(hidden, bias=True, name="last norm of the tower"), stream=PATCHES)
    part = Part("vision tower", starts, (Layer(layers, layer),), (last,))
    return Tower(part, hidden, PATCHES, (Stream(PATCHES, "image", count, True, patch, "down"),))


def _inner(reader: Reader, hidden: int) -> int:
    ratio = reader.value("mlp_ratio")
    ratio = 4 if ratio is None else ratio
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0.01 <= ratio <= 1000:
        reader.expected("a ratio", "mlp_ratio", ratio)
        ratio = 4
    return max(1, int(hidden * ratio))


@family("janus", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Janus."""
    seen = describe_tower(reader, "janus_vision_model")
    text = text_part(reader, "llama")
    vision = reader.child("vision_config")
    out = vision.integer("projection_dim", default=2048)
    if out != text.width:
        reader.fault("the projector gives another width than the text part's", "vision_config")
    depth = vision.integer("depth", default=2, most=100)
    steps = [linear("fc1", seen.width, out), *([linear("hidden_layers", out, out)] * (depth - 1))]
    join = Part("projector", ends=projector(steps, stream=PATCHES))
    child = reader.child("vq_config")
    if not child.values:
        reader.fault("the file does not describe the parts that make pictures", "vq_config")
    makes = _makes(child, text.width)
    child.foreign()
    return compose(reader, text, (seen.part, join, makes), seen.streams, (_NOTE,))


def _makes(reader: Reader, width: int) -> Part:
    """Return the autoencoder with the table, projector and head of picture tokens."""
    code = reader.integer("embed_dim", default=8)
    codes = reader.integer("num_embeddings", default=16384)
    out = reader.integer("projection_dim", default=2048)
    if reader.integer("image_token_embed_dim", default=2048) != width or out != width:
        reader.fault("picture tokens have another width than the text part's", "projection_dim")
    deep = reader.integer("num_hidden_layers", default=2, most=100) - 1
    inner = code * out + deep * out * out + width * out + out * codes
    vectors = (deep + 1) * out + out + codes
    found = (
        _stored("picture encoder", *_encoder(reader, code)),
        _stored("picture decoder", *_decoder(reader, code)),
        _stored("code book", 2 * codes * code, 0),
        _stored("head of picture tokens", inner, vectors),
    )
    return Part("picture tokens", ends=found)


def _stored(name: str, matrices: int, vectors: int) -> Component:
    return Component(name, matrices, vectors, used=0, stream=PATCHES, idle=True)


Count = tuple[int, int]


def _add(*counts: Count) -> Count:
    return sum(one for one, _ in counts), sum(two for _, two in counts)


def _channels(reader: Reader) -> list[int]:
    base = reader.integer("base_channels", default=128)
    value = reader.value("channel_multiplier")
    value = list(_MULTIPLIERS) if value is None else value
    plain = isinstance(value, list) and 1 <= len(value) <= 12
    if not plain or not all(type(one) is int and 1 <= one <= 4096 for one in value):
        reader.expected("a list of multipliers", "channel_multiplier", value)
        value = _MULTIPLIERS
    return [base * one for one in value]


def _encoder(reader: Reader, code: int) -> Count:
    channels = _channels(reader)
    blocks = reader.integer("num_res_blocks", default=2, most=100)
    base, inputs = reader.integer("base_channels", default=128), channels[0]
    counts = [_convolution(9 * reader.integer("in_channels", default=3), base)]
    inputs = base
    for level, outputs in enumerate(channels):
        last = level == len(channels) - 1
        for _ in range(blocks):
            counts += [_block(inputs, outputs), *([_attention(outputs)] if last else [])]
            inputs = outputs
        if not last:
            counts.append(_convolution(9 * inputs, inputs))
    latent = reader.integer("latent_channels", default=256)
    reader.refuse("double_latent", "the code is made from half of the latent then")
    after = [(0, 2 * inputs), _convolution(9 * inputs, latent), _convolution(latent, code)]
    return _add(*counts, *_middle(inputs), *after)


def _decoder(reader: Reader, code: int) -> Count:
    channels = _channels(reader)
    blocks = reader.integer("num_res_blocks", default=2, most=100) + 1
    latent = reader.integer("latent_channels", default=256)
    inputs = channels[-1]
    counts = [_convolution(code, latent), _convolution(9 * latent, inputs), *_middle(inputs)]
    for level, outputs in reversed(list(enumerate(channels))):
        last = level == len(channels) - 1
        for _ in range(blocks):
            counts += [_block(inputs, outputs), *([_attention(outputs)] if last else [])]
            inputs = outputs
        if level:
            counts.append(_convolution(9 * inputs, inputs))
    out = reader.integer("out_channels", default=3)
    return _add(*counts, (0, 2 * inputs), _convolution(9 * inputs, out))


def _middle(width: int) -> list[Count]:
    return [_block(width, width), _attention(width), _block(width, width)]


def _convolution(inputs: int, outputs: int) -> Count:
    return inputs * outputs, outputs


def _block(inputs: int, outputs: int) -> Count:
    counts = [(0, 2 * inputs + 2 * outputs), _convolution(9 * inputs, outputs)]
    if inputs != outputs:
        counts.append(_convolution(inputs, outputs))
    return _add(*counts, _convolution(9 * outputs, outputs))


def _attention(width: int) -> Count:
    return 4 * width * width, 6 * width
