"""Later encoders of text, with rotary positions: ModernBERT, Nomic-BERT and EuroBERT."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import embedding, gated, head, norms
from chapterv.compute.encoders import class_of, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe_euro", "describe_modern", "describe_nomic"]

_HEADS = ("ForMaskedLM", "Model")


@family("modernbert", heads=_HEADS)
def describe_modern(reader: Reader) -> Architecture:
    """Count ModernBERT, most of whose layers see a window around each token."""
    hidden, layers, heads, width = _sizes(reader)
    inner = reader.integer("intermediate_size", default=1152)
    shift = reader.flag("norm_bias", default=False)
    bias = reader.flag("attention_bias", default=False)
    broad = reader.flag("mlp_bias", default=False)
    side = reader.integer("local_attention", default=128) // 2
    mixer = selfattention(hidden, heads, width, biases=(bias,) * 4)
    mixer = replace(
        mixer,
        projections=(
            Projection("attn.Wqkv", hidden, 3 * hidden),
            Projection("attn.Wo", hidden, hidden),
        ),
    )
    near = replace(mixer, mixing=(replace(mixer.mixing[0], limit=2 * side + 1),))
    rest = replace(
        gated(hidden, inner, broad),
        projections=(Projection("Wi", hidden, 2 * inner), Projection("mlp.Wo", inner, hidden)),
    )
    both = norms(hidden, 2, bias=shift)
    first = norms(hidden, 1, bias=shift)
    body = stack(
        (mixer if full else near, rest, both if index else first)
        for index, full in enumerate(_full(reader, layers))
    )
    kind = class_of(reader)
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    dense = reader.flag("classifier_bias", default=False)
    output = reader.flag("decoder_bias", default=True)
    masked = (
        Component("head", hidden * hidden, hidden if dense else 0),
        norms(hidden, bias=shift, name="head norm"),
        *head(vocabulary, hidden, tied, bias=output),
    )
    return Architecture(
        family="modernbert",
        model_type="modernbert",
        layers=body,
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, bias=shift, name="first norm"),
            norms(hidden, bias=shift, name="last norm"),
            *(masked if kind.endswith("ForMaskedLM") else ()),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        part="encoder",
    )


def _full(reader: Reader, layers: int) -> list[bool]:
    """Return which layers see the whole text."""
    kinds = reader.per_layer("layer_types", layers)
    if kinds is None:
        step = reader.integer("global_attn_every_n_layers", default=3)
        return [index % step == 0 for index in range(layers)]
    if not set(map(str, kinds)) <= {"full_attention", "sliding_attention"}:
        reader.expected("full_attention or sliding_attention", "layer_types", kinds)
    return [kind == "full_attention" for kind in kinds]


@family("nomic_bert", heads=_HEADS)
def describe_nomic(reader: Reader) -> Architecture:
    """Count Nomic-BERT."""
    hidden, layers, heads, width = _sizes(reader)
    inner = reader.integer("intermediate_size", default=3072)
    kinds = reader.integer("type_vocab_size", default=2, least=0)
    names = ("q_proj", "k_proj", "v_proj", "o_proj")
    layer = (
        selfattention(hidden, heads, width, names=names, biases=(False,) * 4),
        gated(hidden, inner),
        norms(hidden, 2, bias=True),
    )
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    masked = (
        Component("head", hidden * hidden, hidden),
        norms(hidden, bias=True, name="head norm"),
        *head(vocabulary, hidden, tied, bias=True),
    )
    alone = not class_of(reader).endswith("ForMaskedLM")
    return Architecture(
        family="nomic_bert",
        model_type="nomic_bert",
        layers=stack([layer] * layers),
        ends=(
            embedding(vocabulary, hidden),
            Component("kinds of text", 0, kinds * hidden, lookup=True),
            norms(hidden, bias=True, name="first norm"),
            *(() if alone else masked),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        part="encoder",
    )


@family("eurobert", heads=_HEADS)
def describe_euro(reader: Reader) -> Architecture:
    """Count EuroBERT, a decoder's layers in which all tokens see one another."""
    hidden, layers, heads, width = _sizes(reader)
    kv_heads = reader.integer("num_key_value_heads", default=heads)
    reader.divides(heads, kv_heads, "num_key_value_heads", "the key heads share the heads")
    inner = reader.integer("intermediate_size", default=3072)
    bias = reader.flag("attention_bias", default=False)
    broad = reader.flag("mlp_bias", default=False)
    names = ("q_proj", "k_proj", "v_proj", "o_proj")
    layer = (
        selfattention(
            hidden, heads, width, names=names, biases=(bias,) * 4, kv_heads=kv_heads
        ),
        gated(hidden, inner, broad),
        norms(hidden, 2),
    )  # fmt: skip
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    alone = not class_of(reader).endswith("ForMaskedLM")
    return Architecture(
        family="eurobert",
        model_type="eurobert",
        layers=stack([layer] * layers),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *(() if alone else head(vocabulary, hidden, tied, bias=broad)),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        part="encoder",
    )


def _sizes(reader: Reader) -> tuple[int, int, int, int]:
    """Return the layers' width and number, their heads and the width of one."""
    hidden = reader.integer("hidden_size", default=768)
    layers = reader.layers("num_hidden_layers")
    heads = reader.integer("num_attention_heads", default=12)
    stated = reader.maybe("head_dim")
    width = stated or reader.divides(hidden, heads, "num_attention_heads", "heads share the width")
    return hidden, layers, heads, width
