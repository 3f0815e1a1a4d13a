"""Two models put together, one that reads text, pictures or sound and one that writes.

Either is counted by the family that covers it alone: the encoder without a head, the decoder with
cross-attention and the head that guesses words. Where their widths differ a matrix stands between
them. A pooler of the encoder runs for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Projection, Stream
from chapterv.compute.describing import UnknownFamily, describe_part
from chapterv.compute.encoders import SOURCE
from chapterv.compute.families import by_model_type, family
from chapterv.compute.families.swin import last_width
from chapterv.compute.reading import Reader, shown

__all__ = ["describe"]

_NAMES = ("encoder-decoder", "vision-encoder-decoder", "speech-encoder-decoder")
_HEADS = ("EncoderDecoderModel",)
# Beside what runs once for a whole, the class token has a stream of its own, which is the one read.
_ONCE = ("pooled", "pictures")


@family(*_NAMES, composed=True, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count the pair."""
    reader.refuse("tie_encoder_decoder", "weights that both share are not counted")
    first, second = _half(reader, "encoder"), _half(reader, "decoder")
    wide, width = _width(first), _width(second)
    stated = second.maybe("cross_attention_hidden_size")
    if stated is not None and stated != wide:
        second.fault("it reads features of another width", "cross_attention_hidden_size")
    encoder = describe_part(first, str(first.values["model_type"]))
    if encoder.parts or encoder.part != "encoder":
        first.fault("such a model is not counted as the half that reads", "model_type")
    decoder = describe_part(second, str(second.values["model_type"]))
    names = {"tokens": SOURCE, "pooled": "pooled source"}
    streams = tuple(_renamed(stream, names) for stream in encoder.streams)
    read = next(one.name for one in reversed(streams) if _is_read(one, encoder))
    tower = _tower(encoder, names)
    if stated is None and wide != width:
        between = Component(
            "projection", wide * width, width, stream=read,
            projections=(Projection("enc_to_dec_proj", wide, width),),
        )  # fmt: skip
        tower = replace(tower, ends=(*tower.ends, between))
    others = tuple(one for one in decoder.streams if one.name != SOURCE)
    name = str(reader.values["model_type"])
    moved = _moved_layers(decoder.layers, {SOURCE: read})
    return replace(
        decoder, family=name, model_type=name, layers=moved, parts=(tower,), part="decoder",
        streams=(*others, *streams), notes=(*encoder.notes, *decoder.notes),
    )  # fmt: skip


def _half(reader: Reader, key: str) -> Reader:
    """Return one model's table, as the class that a pair makes of it."""
    child = reader.child(key)
    name = child.value("model_type")
    found = by_model_type(name) if isinstance(name, str) else None
    if found is None or (key == "decoder" and not found.crosses):
        raise UnknownFamily(
            f"the {key} of the pair is of the family {shown(name)} (read at "
            f"{child.pointer}/model_type), which is not covered yet in that place",
            reader.where,
            "State `model.parameters_total` with a source.",
        )
    values: dict[str, Any] = {**child.values}
    if key == "decoder":
        values |= {"architectures": ["ForCausalLM"], "is_decoder": True}
        values["add_cross_attention"] = True
    else:
        if values.get("is_decoder") is True or values.get("is_encoder_decoder") is True:
            child.fault("it is said to write", "is_decoder")
        values["architectures"] = ["Model"]
    return Reader(values, reader.where, child.pointer, reader.faults)


def _width(reader: Reader) -> int:
    name = str(reader.values["model_type"])
    if name in ("swin", "donut-swin"):
        return last_width(reader)
    return reader.integer("hidden_size", "d_model", "n_embd", "dim", default=_DEFAULTS.get(name))


_DEFAULTS: Mapping[str, int] = {
    "vit": 768, "deit": 768, "vit_msn": 768, "dinov2": 768, "dinov2_with_registers": 768,
    "dinov3_vit": 384, "ijepa": 768, "clip_vision_model": 768, "siglip_vision_model": 768,
    "wav2vec2": 768, "hubert": 768, "wavlm": 768, "unispeech": 768, "unispeech-sat": 768,
    "data2vec-audio": 768, "audio-spectrogram-transformer": 768, "trocr": 1024,
}  # fmt: skip


def _is_read(stream: Stream, encoder: Architecture) -> bool:
    """Return whether a stream is that of the encoder's last layers."""
    last = encoder.layers[-1].components[-1].stream
    return stream.name == (SOURCE if last == "tokens" else last)


def _tower(encoder: Architecture, names: Mapping[str, str]) -> Part:
    """Return the encoder on streams of its own, its pooler running for nothing."""
    main = encoder.main

    def end(one: Component) -> Component:
        return replace(_moved(one, names), idle=one.stream in _ONCE)

    return Part(
        "encoder",
        tuple(_moved(one, names) for one in main.starts),
        _moved_layers(main.layers, names),
        tuple(end(one) for one in main.ends),
    )


def _moved_layers(layers: tuple[Layer, ...], names: Mapping[str, str]) -> tuple[Layer, ...]:
    return tuple(
        replace(layer, components=tuple(_moved(one, names) for one in layer.components))
        for layer in layers
    )


def _moved(one: Component, names: Mapping[str, str]) -> Component:
    """Return a component that works on, and reads, streams of other names."""
    mixing = tuple(
        each if each.keys is None else replace(each, keys=names.get(each.keys, each.keys))
        for each in one.mixing
    )
    name = "source embedding" if one.name == "token embedding" else one.name
    stream = names.get(one.stream, one.stream)
    return replace(one, name=name, stream=stream, mixing=mixing)


def _renamed(stream: Stream, names: Mapping[str, str]) -> Stream:
    return replace(stream, name=names.get(stream.name, stream.name))
