"""DiffusionGemma: a prompt is read once in order, a canvas beside it is refined all at once.

Both passes have the same weights. The canvas sees the keys of the prompt, in layers that slide the
last ones of its window. One pass over a canvas is counted, without the pass before it that a run
may make to condition the model on its own guess.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Mixing,
    Part,
    Stream,
)
from chapterv.compute.blocks import gated
from chapterv.compute.describing import describe_part
from chapterv.compute.families import family
from chapterv.compute.families.step3p7 import layer_numbers
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import describe_tower

__all__ = ["PROMPT", "describe"]

PROMPT = "prompt tokens"
"""Stream of the prompt, in which a picture's features stand; the canvas is the main stream."""

_KEYS = ("k_proj", "v_proj")
_TEXT = {
    "vocab_size": 262_144, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 30,
    "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 131_072,
    "sliding_window": 512,
}  # fmt: skip
# What the class always has, in the words of Gemma 4.
_FIXED = {
    "model_type": "gemma4_text", "enable_moe_block": True, "attention_k_eq_v": True,
    "hidden_size_per_layer_input": 0, "num_kv_shared_layers": 0, "use_double_wide_mlp": False,
}  # fmt: skip


@family("diffusion_gemma", composed=True, heads=("ForBlockDiffusion",))
def describe(reader: Reader) -> Architecture:
    """Count DiffusionGemma."""
    seen = describe_tower(reader, "gemma4_vision")
    text, inner = _text(reader)
    steps = (linear("embedding_projection", seen.width, text.width, False),)
    join = projector(steps, stream=seen.stream, every=seen.every)
    own = text.architecture
    ends = {one.name: one for one in own.ends}
    table = replace(ends["token embedding"], stored=0, stream=PROMPT)
    last = replace(ends["last norm"], stored=0, stream=PROMPT, idle=True)
    prompt = Part("prompt encoder", (table,), _prompt_layers(own), (last,))
    guess = replace(gated(text.width, inner), name="own guess", vectors=text.width)
    # The guess passes before the layers: it is counted with them, once.
    body = (Layer(1, (guess,)), *(_canvas_layer(layer) for layer in own.layers))
    canvas = replace(own, layers=body)
    parts = (seen.part, Part("projector", ends=join), prompt)
    streams = (*seen.streams, Stream(PROMPT))
    return compose(reader, TextPart(canvas, text.width), parts, streams)


def _text(reader: Reader) -> tuple[TextPart, int]:
    child = reader.child("text_config")
    if not child.values:
        reader.fault("the file does not describe the text part", "text_config")
    values: dict[str, Any] = {**_TEXT, **child.values}
    values.update(_wide_layers(child, values))
    for name, value in _FIXED.items():
        stated = values.get(name, value)
        if name != "model_type" and stated is not None and stated != value:
            child.fault("this family has that otherwise", name)
    outer = reader.value("tie_word_embeddings")
    if values.get("tie_word_embeddings", True) is not True or outer is False:
        reader.fault("table and head of this family are one matrix", "tie_word_embeddings")
    child.refuse("attention_bias", "both passes would have biases of their own")
    values = {name: value for name, value in values.items() if name != "per_layer_config"}
    settled = Reader({**values, **_FIXED}, reader.where, child.pointer, reader.faults)
    found = describe_part(settled, "gemma4_text")
    width = settled.integer("hidden_size")
    return TextPart(found, width), settled.integer("intermediate_size")


def _wide_layers(child: Reader, values: dict[str, Any]) -> dict[str, Any]:
    """Return the sizes of layers that do not slide, from what a file says layer by layer."""
    stated = child.value("per_layer_config")
    if stated is None:
        return {}
    layers = values.get("num_hidden_layers")
    kinds = values.get("layer_types")
    count = layers if isinstance(layers, int) and 0 < layers <= 10_000 else 0
    if not isinstance(kinds, list):
        kinds = ["full_attention" if (index + 1) % 6 == 0 else "" for index in range(count)]
    full = {index for index, kind in enumerate(kinds) if kind == "full_attention"}
    full |= {count - 1}  # the last one never slides
    numbered = layer_numbers(stated)
    entries = list(numbered.values())
    if set(numbered) != full or any(entry != entries[0] for entry in entries):
        child.fault("layers differ otherwise than by their kind", "per_layer_config")
        return {}
    first = entries[0] if isinstance(entries[0], dict) else {}
    if not set(first) <= {"head_dim", "num_key_value_heads"}:
        child.fault("layers differ in more than their heads", "per_layer_config")
    return {
        "global_head_dim": first.get("head_dim", 512),
        "num_global_key_value_heads": first.get("num_key_value_heads"),
    }


def _prompt_layers(own: Architecture) -> tuple[Layer, ...]:
    """Return the layers as the prompt passes them; of the last one only the keys are used."""
    last = own.layer_count - 1
    found: list[Layer] = []
    place = 0
    for layer in own.layers:
        places = layer.places or tuple(range(place, place + layer.count))
        place += layer.count
        again = tuple(replace(one, stored=0, stream=PROMPT) for one in layer.components)
        rest = tuple(one for one in places if one != last)
        if rest:
            found.append(Layer(len(rest), again, rest))
        if last in places:
            found.append(Layer(1, _keys_alone(again), (last,)))
    return tuple(found)


def _keys_alone(components: tuple[Component, ...]) -> tuple[Component, ...]:
    found = []
    for one in components:
        if not one.mixing:
            found.append(replace(one, idle=True))
            continue
        names = tuple(name for name in one.projections if name.name in _KEYS)
        keys = sum(name.inputs * name.outputs for name in names)
        found += [
            replace(one, name="keys for the canvas", matrices=keys, mixing=(), projections=names),
            replace(one, matrices=one.matrices - keys, idle=True),
        ]
    return tuple(found)


def _canvas_layer(layer: Layer) -> Layer:
    """Return a layer whose positions meet one another and the keys of the prompt."""

    def meets(mixing: Mixing) -> tuple[Mixing, Mixing]:
        whole = replace(mixing, sees="all", limit=None)
        # A window holds one position less of what lies before.
        before = None if mixing.limit is None else max(1, mixing.limit - 1)
        return whole, replace(whole, keys=PROMPT, limit=before)

    parts = tuple(
        replace(one, mixing=tuple(each for own in one.mixing for each in meets(own)))
        for one in layer.components
    )
    places = tuple(one + 1 for one in layer.places)
    return Layer(layer.count, parts, places)
