"""T5Gemma: two models of the Gemma 2 line, one that reads and one that writes.

Encoder and decoder have sizes and embeddings of their own; in every other layer a token sees a
window, which in the encoder lies around it.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream, stack
from chapterv.compute.blocks import embedding, gated, head, key_heads, norms, windows
from chapterv.compute.encoders import SOURCE, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]

_HEADS = ("ForConditionalGeneration", "T5GemmaModel", "T5GemmaEncoderModel")
_NAMES = ("q_proj", "k_proj", "v_proj", "o_proj")


@family("t5gemma", composed=True, heads=_HEADS)
def describe(reader: Reader) -> Architecture:
    """Count T5Gemma, whole or as its encoder alone."""
    first, second = reader.child("encoder"), reader.child("decoder")
    kind = class_of(reader)
    alone = kind.endswith("EncoderModel")
    outside = first.integer("hidden_size", default=2304)
    tower = _tower(first, "tokens" if alone else SOURCE)
    first.foreign()
    if alone:
        starts, ends = tower.starts, tower.ends
        return Architecture(
            "t5gemma", "t5gemma", tower.layers, (*starts, *ends), part="encoder",
            context_length=first.maybe("max_position_embeddings"),
        )  # fmt: skip
    hidden = second.integer("hidden_size", default=2304)
    vocabulary = second.integer("vocab_size", default=256000)
    tied = reader.flag("tie_word_embeddings", default=True)
    layers = _layers(second, "tokens", outside)
    second.foreign()
    ends = () if kind.endswith("Model") else head(vocabulary, hidden, tied)
    return Architecture(
        family="t5gemma",
        model_type="t5gemma",
        layers=layers,
        ends=(embedding(vocabulary, hidden), norms(hidden, name="last norm"), *ends),
        context_length=second.maybe("max_position_embeddings"),
        tied=tied,
        parts=(tower,),
        streams=(Stream("tokens"), Stream(SOURCE)),
    )


def _tower(reader: Reader, stream: str) -> Part:
    hidden = reader.integer("hidden_size", default=2304)
    table = embedding(reader.integer("vocab_size", default=256000), hidden)
    name = "token embedding" if stream == "tokens" else "source embedding"
    return Part(
        "encoder",
        (on(replace(table, name=name), stream),),
        _layers(reader, stream, None),
        (on(norms(hidden, name="last norm"), stream),),
    )


def _layers(reader: Reader, stream: str, outside: int | None) -> tuple[Layer, ...]:
    """Return the layers; those of the decoder also read the source, `outside` wide."""
    hidden = reader.integer("hidden_size", default=2304)
    layers = reader.integer("num_hidden_layers", default=26, most=100_000)
    heads = reader.integer("num_attention_heads", default=8)
    kv_heads = key_heads(reader, heads, default=4)
    width = reader.integer("head_dim", default=256)
    biases = (reader.flag("attention_bias", default=False),) * 4
    inner = on(gated(hidden, reader.integer("intermediate_size", default=9216)), stream)
    spans = windows(
        reader, layers, reader.integer("sliding_window", default=4096), lambda index: not index % 2
    )
    crossed: tuple[Component, ...] = ()
    if outside is not None:
        crossed = across(
            hidden, heads, width, names=_NAMES, biases=biases, kv_heads=kv_heads,
            source_width=outside,
        )  # fmt: skip
    around = on(norms(hidden, 6 if crossed else 4), stream)

    def mixer(span: int | None) -> Component:
        past = outside is not None
        limit = span if past or span is None else 2 * span + 1
        return selfattention(
            hidden, heads, width, names=_NAMES, biases=biases, kv_heads=kv_heads, stream=stream,
            sees="past" if past else "all", limit=limit,
        )  # fmt: skip

    return stack((mixer(span), *crossed, inner, around) for span in spans)
