"""Fun-ASR Nano: attention with a memory of neighbours hears, two more layers join it to the text.

Frames come joined from the processor, so that a position of the stream stands for several of them.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream, stack
from chapterv.compute.blocks import norms
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Select, Tower, describe_tower, tower
from chapterv.compute.towers.layers import encoder_layer, on

__all__ = ["describe", "describe_audio"]


@tower("fun_asr_nano_encoder")
def describe_audio(reader: Reader, select: Select) -> Tower:
    """Count the tower, whose first layer reads the joined frames themselves."""
    hidden = reader.integer("hidden_size", default=512)
    heads = reader.integer("num_attention_heads", default=4)
    reader.divides(hidden, heads, "num_attention_heads", "the heads do not share the width evenly")
    read = reader.integer("num_mel_bins", default=80) * reader.integer(
        "num_stacked_frames", default=7
    )
    layers = reader.integer("num_hidden_layers", default=70, most=10_000)
    later = reader.integer("num_timestamp_prediction_layers", default=20, least=0)
    inner = reader.integer("intermediate_size", default=2048)
    memory = reader.integer("fsmn_kernel_size", default=11) * hidden
    mixer, feed, around = encoder_layer(FRAMES, hidden, heads, inner, output="o_proj")
    near = Component("memory of neighbours", memory, stream=FRAMES)
    shapes = tuple(replace(one, inputs=read) for one in mixer.projections[:3])
    first = replace(
        mixer,
        matrices=3 * read * hidden + hidden * hidden,
        projections=(*shapes, mixer.projections[3]),
    )
    wide = on(norms(read + hidden, bias=True), FRAMES)
    last = on(norms(hidden, bias=True, name="last norm"), FRAMES)
    normed = {layers - later - 1, layers - 1}
    run = stack(
        (
            *((first, near, feed, wide) if index == 0 else (mixer, near, feed, around)),
            *((last,) if index in normed else ()),
        )
        for index in range(layers)
    )
    part = Part("audio tower", (), run)
    return Tower(part, hidden, FRAMES, (Stream(FRAMES, "recording", None, optional=True),))


@family("fun_asr_nano", composed=True, heads=("ForConditionalGeneration",))
def describe(reader: Reader) -> Architecture:
    """Count Fun-ASR Nano."""
    heard = describe_tower(reader, "fun_asr_nano_encoder", key="audio_config")
    text = text_part(reader, "qwen3")
    child = reader.child("adaptor_config")
    if not child.values:
        reader.fault("the file does not describe the layers before the text", "adaptor_config")
    width = child.integer("hidden_size", default=1024)
    if width != text.width:
        child.fault("it gives another width than the text part's", "hidden_size")
    heads = child.integer("num_attention_heads", default=8)
    child.divides(width, heads, "num_attention_heads", "the heads do not share the width evenly")
    inner = child.integer("intermediate_size", default=256)
    between = child.integer("projector_hidden_size", default=2048)
    steps = (linear("linear_1", heard.width, between), linear("linear_2", between, width))
    layer = encoder_layer(FRAMES, width, heads, inner, output="o_proj")
    layers = child.integer("num_hidden_layers", default=2, most=1000)
    child.foreign()
    join = Part("projector", projector(steps, stream=FRAMES), (Layer(layers, layer),))
    return compose(reader, text, (heard.part, join), heard.streams)
