"""Encoders of text and proteins with rotated positions: GTE, Jina Embeddings 3 and ESM C."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Projection, Stream
from chapterv.compute.blocks import embedding, feed_forward, gated, head, norms
from chapterv.compute.encoders import BIASED, Biases, class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_LAYERS, Reader

__all__ = ["describe_protein", "describe_text"]

_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")
_POOLED = Stream("pooled", "sequence", 1)


@family("gte", "jina_embeddings_v3", heads=("ForMaskedLM", "GteModel", "JinaEmbeddingsV3Model"))
def describe_text(reader: Reader) -> Architecture:
    """Count GTE or Jina Embeddings 3, alone or with the head that guesses words."""
    name = str(reader.values["model_type"])
    small = name == "gte"
    reader.refuse("is_decoder", "a decoder of this family is not counted")
    hidden = reader.integer("hidden_size", default=768 if small else 1024)
    words = reader.integer("vocab_size", default=250048 if small else 250002)
    kinds = reader.integer("type_vocab_size", default=1, least=0)
    inner = reader.integer("intermediate_size", default=3072 if small else 4096)
    if not reader.flag("tie_word_embeddings", default=True):
        reader.fault("a head apart from the embedding is not counted", "tie_word_embeddings")
    # A gate has no bias, and what follows it has one.
    wide = replace(gated(hidden, inner), vectors=hidden)
    if not small:
        wide = feed_forward(hidden, inner, True, ("fc1", "fc2"))
    heads = reader.integer("num_attention_heads", default=12 if small else 16)
    layer = (_mixer(reader, hidden, heads, BIASED), wide, norms(hidden, 2, bias=True))
    layers = reader.integer("num_hidden_layers", default=12 if small else 24, most=MAX_LAYERS)
    masked = class_of(reader).endswith("ForMaskedLM")
    pooler = Component(
        "pooler", hidden * hidden, hidden, stream=_POOLED.name,
        projections=(Projection("pooler.dense", hidden, hidden),),
    )  # fmt: skip
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, layer),),
        ends=(
            embedding(words, hidden),
            Component("kinds of text", 0, kinds * hidden, lookup=True),
            norms(hidden, bias=True, name="first norm"),
            *(_written(words, hidden, True) if masked else () if small else (pooler,)),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=True,
        part="encoder",
        streams=(Stream("tokens"), *(() if masked or small else (_POOLED,))),
    )


@family("esmc", heads=("ForMaskedLM", "EsmcModel"))
def describe_protein(reader: Reader) -> Architecture:
    """Count ESM C."""
    hidden = reader.integer("hidden_size", default=2560)
    words = reader.integer("vocab_size", default=64)
    heads = reader.integer("num_attention_heads", default=40)
    if reader.integer("num_key_value_heads", default=heads) != heads:
        reader.fault("key heads that several heads share are not counted", "num_key_value_heads")
    bias = reader.flag("attention_bias", default=False)
    inner = reader.integer("intermediate_size", default=6912)
    wide = gated(hidden, inner, reader.flag("mlp_bias", default=False))
    mixer = _mixer(reader, hidden, heads, (bias,) * 4, norms_of_heads=True)
    layers = reader.integer("num_hidden_layers", default=80, most=MAX_LAYERS)
    # The class has a head of its own, whatever a file says.
    reader.flag("tie_word_embeddings", default=False)
    masked = class_of(reader).endswith("ForMaskedLM")
    return Architecture(
        family="esmc",
        model_type="esmc",
        layers=(Layer(layers, (mixer, wide, norms(hidden, 2, bias=True))),),
        ends=(
            embedding(words, hidden),
            norms(hidden, name="last norm"),
            *(_written(words, hidden, False) if masked else ()),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        part="encoder",
    )


def _mixer(
    reader: Reader, hidden: int, heads: int, biases: Biases, *, norms_of_heads: bool = False
) -> Component:
    width = reader.maybe("head_dim") or reader.divides(
        hidden, heads, "num_attention_heads", "heads share the width"
    )
    if heads * width != hidden:
        reader.fault(f"the heads make {heads * width} together", "head_dim")
    # Queries and keys are normed over all heads at once.
    extra = 2 * heads * width if norms_of_heads else 0
    return selfattention(hidden, heads, width, names=_NAMES, biases=biases, extra=extra)


def _written(words: int, hidden: int, tied: bool) -> tuple[Component, ...]:
    """Return the head that guesses words."""
    return (
        Component("head", hidden * hidden, hidden),
        norms(hidden, bias=True, name="head norm"),
        *head(words, hidden, tied, bias=True),
    )
