"""Llama 3.2 Vision: some text layers look at the picture by cross-attention instead of back.

The embedding has eight rows more than the vocabulary, and the head is never tied to it. Without a
picture the model skips the layers that look, which the count without pictures does not.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Part, stack
from chapterv.compute.blocks import attention, embedding, gated, head, head_width, key_heads, norms
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import describe_tower
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe"]

_CROSSED = (3, 8, 13, 18, 23, 28, 33, 38)
_NOTE = "without pictures the layers that look at them are skipped, which is not taken off here"


@family("mllama", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Llama 3.2 Vision."""
    tower = describe_tower(reader, "mllama_vision_model")
    child = reader.child("text_config")
    text = _text(child)
    child.foreign()
    join = projector((linear("multi_modal_projector", tower.width, text.width),), stream=WITH_CLASS)
    parts = (tower.part, Part("projector", ends=join))
    return compose(reader, text, parts, tower.streams, (_NOTE,))


def _text(reader: Reader) -> TextPart:
    hidden = reader.integer("hidden_size", default=4096)
    layers = reader.integer("num_hidden_layers", default=40, most=10_000)
    heads = reader.integer("num_attention_heads", default=32)
    kv_heads = key_heads(reader, heads, default=8)
    width = head_width(reader, hidden, heads)
    inner = gated(hidden, reader.integer("intermediate_size", default=14336))
    vocabulary = reader.integer("vocab_size", default=128256)
    crossed = reader.members("cross_attention_layers")
    if reader.value("cross_attention_layers") is None:
        crossed = frozenset(_CROSSED)
    rest = (inner, norms(hidden, 2))
    own = (attention(hidden, heads, kv_heads, width), *rest)
    across = (*_across(hidden, heads, kv_heads, width), *rest, Component("gates", 0, 2))
    architecture = Architecture(
        family="mllama",
        model_type="mllama",
        layers=stack(across if index in crossed else own for index in range(layers)),
        ends=(
            embedding(vocabulary + 8, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, False),
        ),
        context_length=reader.maybe("max_position_embeddings"),
    )
    return TextPart(architecture, hidden)


def _across(hidden: int, heads: int, kv_heads: int, width: int) -> tuple[Component, ...]:
    plain = attention(hidden, heads, kv_heads, width)
    keys = 2 * kv_heads * width * hidden
    names = {"k_proj", "v_proj"}
    mixing = (Mixing(heads, width, width, keys=WITH_CLASS),)
    asks = replace(
        plain, name="cross-attention", matrices=plain.matrices - keys, vectors=width,
        mixing=mixing,
        projections=tuple(one for one in plain.projections if one.name not in names),
    )  # fmt: skip
    told = Component(
        "keys of pictures", keys, width, stream=WITH_CLASS,
        projections=tuple(one for one in plain.projections if one.name in names),
    )  # fmt: skip
    return told, asks
