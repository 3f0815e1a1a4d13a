"""Step-3.7: experts, a gate for each head, windows with other heads; convolutions join patches."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Part,
    Projection,
    Stream,
    stack,
)
from chapterv.compute.blocks import (
    attention,
    embedding,
    experts,
    gated,
    head,
    key_heads,
    norms,
    router,
)
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader, shown
from chapterv.compute.towers import PATCHES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, patches

__all__ = ["describe", "describe_text", "describe_vision", "layer_numbers"]

_KINDS = ("full_attention", "sliding_attention")
_MOST_AHEAD = 100


@family("step3p5")
def describe_text(reader: Reader) -> Architecture:
    """Count the text part of Step-3.7."""
    ahead = _ahead(reader)
    hidden = reader.integer("hidden_size", default=4096)
    layers = reader.integer("num_hidden_layers", default=45, most=10_000)
    vocabulary = reader.integer("vocab_size", default=128815)
    tied = reader.flag("tie_word_embeddings", default=False)
    cut = _cut(reader, layers, ahead, ("layer_types", "mlp_layer_types"))
    kinds = layer_kinds(cut, "layer_types", layers, _KINDS) or [_KINDS[0]] * layers
    mixers = _mixers(reader, hidden, kinds)
    around = norms(hidden, 2)
    feeds = {True: _mixture(reader, hidden), False: _dense(reader, hidden)}
    sparse = _sparse_layers(cut, layers)
    return Architecture(
        family="step3p5",
        model_type="step3p5",
        layers=stack(
            (mixers[kind], *feeds[mixed], around) for kind, mixed in zip(kinds, sparse, strict=True)
        ),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.integer("max_position_embeddings", default=128000),
        tied=tied,
        notes=("the bias that balances the experts is a buffer and is not counted",),
    )


def _ahead(reader: Reader) -> int:
    """Return how many layers predict further tokens; they are not counted, and the core says so."""
    value = reader.values.get("num_nextn_predict_layers") or 0
    if type(value) is not int or not 0 <= value <= _MOST_AHEAD:
        reader.expected(f"0 to {_MOST_AHEAD}", "num_nextn_predict_layers", value)
        return 0
    return value


def _cut(reader: Reader, layers: int, ahead: int, names: tuple[str, ...]) -> Reader:
    """Return the file with what lists say of prediction layers left out."""
    values: dict[str, Any] = dict(reader.values)
    for name in names:
        value = values.get(name)
        if isinstance(value, list) and len(value) == layers + ahead:
            values[name] = value[:layers]
    settled = Reader(values, reader.where, reader.pointer, reader.faults)
    settled.read = reader.read
    return settled


def _mixers(reader: Reader, hidden: int, kinds: list[str]) -> dict[str, Component]:
    heads = reader.integer("num_attention_heads", default=64)
    fewer = _sliding_heads(reader, heads)
    _check_layers(reader, kinds, fewer)
    window = reader.maybe("sliding_window")
    if window is None and _KINDS[1] in kinds:
        reader.fault("a layer slides, but no window is given", "sliding_window")
    return {
        _KINDS[0]: _attention(reader, hidden, heads, None),
        _KINDS[1]: _attention(reader, hidden, fewer, window),
    }


def _sliding_heads(reader: Reader, heads: int) -> int:
    stated = reader.maybe("num_sliding_attention_heads")
    other = reader.child("attention_other_setting")
    if not other.values:
        return stated or heads
    for name in ("num_attention_groups", "num_key_value_heads", "head_dim"):
        value = other.values.get(name)
        own = reader.values.get(name)
        if value is not None and own is not None and value != own:
            other.fault("layers that slide differ in their number of heads alone", name)
    return stated or other.integer("num_attention_heads", default=heads)


def _check_layers(reader: Reader, kinds: list[str], fewer: int) -> None:
    """Fault settings of single layers other than the heads of those that slide."""
    stated = reader.value("per_layer_config")
    if stated is None:
        return
    expected = {
        index: {"num_attention_heads": fewer}
        for index, kind in enumerate(kinds)
        if kind == _KINDS[1]
    }
    if layer_numbers(stated) != expected:
        reader.fault("layers differ otherwise than by their kind", "per_layer_config")


def layer_numbers(stated: object) -> dict[int, object]:
    """Return settings of single layers by number, which files fill up with noughts: "05".

    A key that is no number counts as layer -1, which no model has.
    """
    if not isinstance(stated, dict):
        return {-1: None}
    return {
        int(key) if isinstance(key, str) and key.isdecimal() and len(key) < 7 else -1: value
        for key, value in stated.items()
    }


def _attention(reader: Reader, hidden: int, heads: int, window: int | None) -> Component:
    kv_heads = key_heads(reader, heads, "num_key_value_heads", "num_attention_groups", default=8)
    width = reader.integer("head_dim", default=128)
    bias = reader.flag("attention_bias", default=False)
    plain = attention(
        hidden, heads, kv_heads, width,
        qkv_bias=bias, out_bias=bias, extra=2 * width, limit=window,
    )  # fmt: skip
    gating = reader.value("gating")
    if gating not in (None, True, "per-head") or reader.value("use_head_wise_attn_gate") is False:
        reader.fault(f"another gate than one a head is not covered, got {shown(gating)}", "gating")
    gate = Projection("g_proj", hidden, heads)
    return replace(
        plain,
        matrices=plain.matrices + hidden * heads,
        projections=(*plain.projections, gate),
    )


def _sparse_layers(reader: Reader, layers: int) -> list[bool]:
    kinds = layer_kinds(reader, "mlp_layer_types", layers, ("dense", "sparse"))
    if kinds is not None:
        return [kind == "sparse" for kind in kinds]
    named = reader.value("moe_layers_enum")
    if named is None:
        return [index >= 3 for index in range(layers)]
    if isinstance(named, str):
        named = [int(one) if one.strip().isdecimal() else one for one in named[:10_000].split(",")]
    if not isinstance(named, list) or any(type(one) is not int for one in named):
        reader.expected("a list of layer numbers", "moe_layers_enum", named)
        return [True] * layers
    return [index in named for index in range(layers)]


def _dense(reader: Reader, hidden: int) -> tuple[Component, ...]:
    bias = reader.flag("mlp_bias", default=False)
    return (gated(hidden, reader.integer("intermediate_size", default=11264), bias),)


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    names = ("n_routed_experts", "num_local_experts", "moe_num_experts")
    count = reader.integer(*names, default=288)
    used = reader.integer("num_experts_per_tok", "moe_top_k", default=8)
    expert = gated(hidden, reader.integer("moe_intermediate_size", default=1280))
    wide = reader.integer("share_expert_dim", "share_expert_dims", default=1280)
    bias = reader.flag("mlp_bias", default=False)
    return (
        router(hidden, count),
        experts(expert, count, used, reader, "num_experts_per_tok"),
        gated(hidden, wide, bias, name="shared expert"),
    )


@tower("step3p5_vision")
def describe_vision(reader: Reader, select: Select) -> Tower:
    """Count the tower of Step-3.7 with the two convolutions that each halve both sides."""
    hidden = reader.integer("hidden_size", "width", default=1536)
    heads = reader.integer("num_attention_heads", "heads", default=16)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    patch = reader.integer("patch_size", default=14)
    places = max(1, reader.integer("image_size", default=728) // patch) ** 2
    pixels = reader.integer("num_channels", default=3) * patch * patch
    mixer, feed, around = encoder_layer(PATCHES, hidden, heads, _inner(reader, hidden))
    scales = Component("scales", 0, 2 * hidden, stream=PATCHES)
    starts = (
        patches(PATCHES, pixels, hidden, False),
        Component("positions", 0, places * hidden, stream=PATCHES),
        replace(norms(hidden, bias=True, name="first norm"), stream=PATCHES),
    )
    layers = reader.integer("num_hidden_layers", "layers", default=47, most=10_000)
    joined = tuple(
        projector(
            (linear(name, 9 * wide, 2 * wide),), stream=PATCHES, every=every, name="downsampling"
        )[0]
        for name, wide, every in (("downsampler1", hidden, 4), ("downsampler2", 2 * hidden, 16))
    )
    run = (Layer(layers, (mixer, scales, feed, around)),)
    part = Part("vision tower", starts, run, joined)
    stream = Stream(PATCHES, "image", None, optional=True, patch=patch)
    return Tower(part, 4 * hidden, PATCHES, (stream,), 16)


def _inner(reader: Reader, hidden: int) -> int:
    """Return the inner width, which follows from a ratio whatever the file says of it itself."""
    ratio = reader.value("mlp_ratio")
    if ratio is None:
        ratio = 8960 / 1536
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0.01 <= ratio <= 1000:
        reader.expected("a ratio", "mlp_ratio", ratio)
        ratio = 4
    return max(1, int(hidden * ratio))


@family("step3p7", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Step-3.7."""
    # The class reads both tables as its own kinds, whatever they name themselves.
    settled = Reader(
        {**reader.values, **{name: _named(reader, name, kind) for name, kind in _TABLES.items()}},
        reader.where, reader.pointer, reader.faults,
    )  # fmt: skip
    settled.read = reader.read
    seen = describe_tower(settled, "step3p5_vision")
    text = text_part(settled, "step3p5", filled={"hidden_size": 4096})
    bias = reader.flag("projector_bias", default=False)
    steps = (linear("multi_modal_projector", seen.width, text.width, bias),)
    join = projector(steps, stream=PATCHES, every=seen.every)
    return compose(reader, text, (seen.part, Part("projector", ends=join)), seen.streams)


_TABLES = {"text_config": "step3p5", "vision_config": "step3p5_vision"}


def _named(reader: Reader, name: str, kind: str) -> Any:
    value = reader.value(name)
    return {**value, "model_type": kind} if isinstance(value, dict) and value else value
