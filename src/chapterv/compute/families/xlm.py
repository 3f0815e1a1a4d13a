"""XLM and FlauBERT: encoders of text in one or several languages, or decoders that see the past."""

from __future__ import annotations

from typing import Literal

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_DIMENSION, MAX_LAYERS, Reader

__all__ = ["describe"]

_NAMES = ("q_lin", "k_lin", "v_lin", "out_lin")


@family("xlm", "flaubert", heads=("WithLMHeadModel", "XLMModel", "FlaubertModel"))
def describe(reader: Reader) -> Architecture:
    """Count XLM or FlauBERT."""
    name = str(reader.values["model_type"])
    reader.refuse("asm", "a head of several steps is not counted")
    if not reader.flag("is_encoder", default=True):
        reader.fault("a decoder that reads a source is not counted", "is_encoder")
    hidden = reader.integer("emb_dim", "hidden_size", default=2048)
    heads = reader.integer("n_heads", "num_attention_heads", default=16)
    layers = reader.integer("n_layers", "num_hidden_layers", default=12, most=MAX_LAYERS)
    words = reader.integer("vocab_size", "n_words", default=30145)
    rows = reader.integer("max_position_embeddings", default=512)
    languages = reader.integer("n_langs", default=1)
    width = reader.divides(hidden, heads, "n_heads", "heads share the width")
    sees: Literal["past", "all"] = "past" if reader.flag("causal", default=False) else "all"
    tables = rows
    if languages > 1 and reader.flag("use_lang_emb", default=True):
        tables += languages
    if not reader.flag("tie_word_embeddings", default=True):
        reader.fault("a head apart from the embedding is not counted", "tie_word_embeddings")
    headless = class_of(reader).endswith("Model") and not class_of(reader).endswith("LMHeadModel")
    layer = (
        selfattention(hidden, heads, width, names=_NAMES, sees=sees),
        feed_forward(hidden, min(4 * hidden, MAX_DIMENSION), True, ("lin1", "lin2")),
        norms(hidden, 2, bias=True),
    )
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, layer),),
        ends=(
            embedding(words, hidden),
            Component("positions and languages", 0, tables * hidden, lookup=True),
            norms(hidden, bias=True, name="first norm"),
            *(() if headless else head(words, hidden, True, bias=True)),
        ),
        context_length=rows,
        tied=True,
        part="encoder" if sees == "all" else "decoder",
    )
