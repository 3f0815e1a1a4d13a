"""Models that describe a picture with a small decoder: BLIP and GIT.

BLIP's decoder looks at the picture by cross-attention in every layer. GIT's reads the picture's
features as the first positions of its own sequence, so that they count among its tokens.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Part
from chapterv.compute.blocks import attention, embedding, feed_forward, head, norms
from chapterv.compute.families import family
from chapterv.compute.nested import TextPart, compose, linear, projector
from chapterv.compute.reading import Reader
from chapterv.compute.towers import describe_tower
from chapterv.compute.towers.square import WITH_CLASS

__all__ = ["describe_blip", "describe_git"]

_NAMES = ("dense", "dense")


def _layer(hidden: int, heads: int, width: int, inner: int) -> tuple[Component, ...]:
    mixer = attention(
        hidden, heads, heads, width,
        qkv_bias=True, out_bias=True, extra=2 * hidden, output="dense",
    )  # fmt: skip
    rest = feed_forward(hidden, inner, True, _NAMES)
    return mixer, replace(rest, vectors=rest.vectors + 2 * hidden)


@family("git", composed=True)
def describe_git(reader: Reader) -> Architecture:
    """Count GIT."""
    tower = describe_tower(reader, "git_vision_model")
    hidden = reader.integer("hidden_size", default=768)
    heads = reader.integer("num_attention_heads", default=12)
    width = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    inner = reader.integer("intermediate_size", default=3072)
    layers = reader.integer("num_hidden_layers", default=6, most=10_000)
    vocabulary = reader.integer("vocab_size", default=30522)
    longest = reader.integer("max_position_embeddings", default=1024)
    tied = reader.flag("tie_word_embeddings", default=False)
    frames = reader.integer("num_image_with_embedding", default=0, least=0)
    architecture = Architecture(
        family="git",
        model_type="git",
        layers=(Layer(layers, _layer(hidden, heads, width, inner)),),
        ends=(
            embedding(vocabulary, hidden),
            embedding(longest, hidden, "positions"),
            norms(hidden, bias=True, name="first norm"),
            *head(vocabulary, hidden, tied, True),
        ),
        context_length=longest,
        tied=tied,
    )
    join = projector(
        (linear("visual_projection", tower.width, hidden),), stream=WITH_CLASS,
        vectors=2 * hidden + frames * tower.width,
    )  # fmt: skip
    parts = (tower.part, Part("projector", ends=join))
    return compose(reader, TextPart(architecture, hidden), parts, tower.streams)


@family("blip", composed=True, heads=("ForConditionalGeneration",))
def describe_blip(reader: Reader) -> Architecture:
    """Count BLIP as it describes pictures."""
    tower = describe_tower(reader, "blip_vision_model")
    child = reader.child("text_config")
    # Either table's word is enough.
    inside = child.flag("tie_word_embeddings", default=True)
    tied = reader.flag("tie_word_embeddings", default=True) or inside
    text = _blip_text(child, tower.width, tied)
    child.foreign()
    return compose(reader, text, (tower.part,), tower.streams)


def _blip_text(reader: Reader, seen: int, tied: bool) -> TextPart:
    hidden = reader.integer("hidden_size", default=768)
    heads = reader.integer("num_attention_heads", default=8)
    width = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    inner = reader.integer("intermediate_size", default=3072)
    layers = reader.integer("num_hidden_layers", default=12, most=10_000)
    vocabulary = reader.integer("vocab_size", default=30524)
    longest = reader.integer("max_position_embeddings", default=512)
    mixer, rest = _layer(hidden, heads, width, inner)
    layer = (mixer, *_across(hidden, heads, width, seen), rest)
    change = Component("transform of the head", hidden * hidden, 3 * hidden)
    architecture = Architecture(
        family="blip",
        model_type="blip",
        layers=(Layer(layers, layer),),
        ends=(
            embedding(vocabulary, hidden),
            embedding(longest, hidden, "positions"),
            norms(hidden, bias=True, name="first norm"),
            change,
            *head(vocabulary, hidden, tied, True),
            # A head of its own has a bias beside the one of the predictions.
            *(() if tied else (Component("bias of the predictions", 0, vocabulary),)),
        ),
        context_length=longest,
        tied=tied,
    )
    return TextPart(architecture, hidden)


def _across(hidden: int, heads: int, width: int, seen: int) -> tuple[Component, ...]:
    mixing = (Mixing(heads, width, width, keys=WITH_CLASS),)
    return (
        Component("keys of the picture", 2 * seen * hidden, 2 * hidden, stream=WITH_CLASS),
        Component("cross-attention", 2 * hidden * hidden, 4 * hidden, mixing=mixing),
    )
