"""TrOCR's decoder: a decoder of BART's kind that reads what an encoder of pictures gives."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Stream
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import SOURCE, across, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_LAYERS, Reader

__all__ = ["describe"]


@family("trocr", crosses=True)
def describe(reader: Reader) -> Architecture:
    """Count the decoder, which always has attention to a source."""
    hidden = reader.integer("d_model", "hidden_size", default=1024)
    heads = reader.integer("decoder_attention_heads", "num_attention_heads", default=16)
    width = reader.divides(hidden, heads, "decoder_attention_heads", "heads share the width")
    inner = reader.integer("decoder_ffn_dim", default=4096)
    layers = reader.integer("decoder_layers", "num_hidden_layers", default=12, most=MAX_LAYERS)
    vocabulary = reader.integer("vocab_size", default=50265)
    rows = reader.integer("max_position_embeddings", default=512)
    wide = reader.integer("cross_attention_hidden_size", default=hidden)
    tied = reader.flag("tie_word_embeddings", default=True)
    layer = (
        selfattention(hidden, heads, width, sees="past"),
        *across(hidden, heads, width, source_width=wide),
        feed_forward(hidden, inner, bias=True, names=("fc1", "fc2")),
        norms(hidden, 3, bias=True),
    )
    starts = []
    if reader.flag("use_learned_position_embeddings", default=True):
        # The table starts two rows before position 0.
        starts.append(Component("positions", 0, (rows + 2) * hidden, lookup=True))
    if reader.flag("layernorm_embedding", default=True):
        starts.append(norms(hidden, bias=True, name="first norm"))
    return Architecture(
        family="trocr",
        model_type="trocr",
        layers=(Layer(layers, layer),),
        ends=(embedding(vocabulary, hidden), *starts, *head(vocabulary, hidden, tied)),
        context_length=rows,
        tied=tied,
        streams=(Stream("tokens"), Stream(SOURCE)),
    )
