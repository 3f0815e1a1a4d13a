"""Moshi's text decoder alone, without the codec and the small decoder over its codebooks."""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Layer, Projection
from chapterv.compute.blocks import attention, embedding, gated, head, head_width, key_heads, norms
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["describe"]


@family("moshi", heads=("MoshiForCausalLM",))
def describe(reader: Reader) -> Architecture:
    """Count the text decoder of Moshi."""
    if reader.value("architectures") is None:
        # The usual file is that of the whole model, whose other parts are not counted here.
        for name in ("audio_encoder_config", "depth_decoder_config"):
            reader.refuse(name, "the whole of a speech model is not covered")
    hidden = reader.integer("hidden_size")
    heads = reader.integer("num_attention_heads")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    kv_heads = key_heads(reader, heads, default=heads)
    width = reader.maybe("head_dim") or head_width(reader, hidden, heads)
    window = reader.integer("sliding_window", default=3000)
    wide = reader.integer("ffn_dim")
    inner = reader.divides(wide, 2, "ffn_dim", "gate and input share the width")
    mixer = attention(hidden, heads, kv_heads, width, limit=window)
    # The four matrices of attention stand in wrappers, each under the same name.
    named = tuple(Projection("linear", one.inputs, one.outputs) for one in mixer.projections)
    layer = (
        replace(mixer, projections=named),
        gated(hidden, inner, fused="fc1", down="fc2"),
        norms(hidden, 2),
    )
    if tied:
        reader.fault("a tied head is not covered", "tie_word_embeddings")
    return Architecture(
        family="moshi",
        model_type="moshi",
        layers=(Layer(reader.layers("num_hidden_layers"), layer),),
        ends=(
            # One more entry stands for the start.
            embedding(vocabulary + 1, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
        context_length=reader.maybe("max_position_embeddings"),
    )
