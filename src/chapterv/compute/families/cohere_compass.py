"""Cohere Compass: the tower of Qwen3-VL before a decoder of Command R7B's kind."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture
from chapterv.compute.families import family
from chapterv.compute.families.cohere import describe as describe_cohere
from chapterv.compute.nested import compose, sizes, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import describe_tower

__all__ = ["describe", "describe_text"]


@family("cohere_compass_text")
def describe_text(reader: Reader) -> Architecture:
    """Count the text part: all layers see everything where no list says otherwise."""
    layers = reader.layers("num_hidden_layers")
    hidden, heads = reader.integer("hidden_size"), reader.integer("num_attention_heads")
    share = reader.divides(hidden, heads, "num_attention_heads", "the heads share the width")
    if reader.maybe("head_dim") not in (None, share):
        reader.fault("the class takes the stream's share whatever the file says", "head_dim")
    kinds = reader.value("layer_types") or ["full_attention"] * layers
    values = {**reader.values, "model_type": "cohere2", "layer_types": kinds}
    settled = Reader(values, reader.where, reader.pointer, reader.faults)
    settled.read = reader.read
    return describe_cohere(settled)


@family("cohere_compass", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Cohere Compass."""
    name = "qwen3_vl_vision"
    known = {"cohere_compass": name, "cohere_compass_vision": name}
    tower = describe_tower(reader, name, known_as=known)
    text = text_part(reader, "cohere_compass_text", filled=sizes(256000, 8192, 22528, 40, 64, None))
    if reader.value("tie_word_embeddings") is None:
        reader.fault(
            "two classes of this family differ in whether table and head are one matrix: say which",
            "tie_word_embeddings",
        )
    if tower.width != text.width:
        reader.fault(
            "the tower gives features of another width than the text part's", "vision_config"
        )
    return compose(reader, text, (tower.part,), tower.streams)
