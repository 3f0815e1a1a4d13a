"""Speech recognisers with an encoder of sound and a decoder of text: Whisper and Speech2Text.

Convolutions read the spectrogram and halve its frames, then an encoder layer sees all of them.
Whisper always reads the same number of frames, silence filled up; Speech2Text reads what is there.
`whisper_encoder` gives the encoder alone, for models that hear with it.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer, Part, Stream
from chapterv.compute.blocks import embedding, feed_forward, head, norms
from chapterv.compute.encoders import BIASED, Biases, across, class_of, on, selfattention
from chapterv.compute.families import family
from chapterv.compute.reading import Reader

__all__ = ["FRAMES", "describe_speech", "describe_whisper", "whisper_encoder", "whisper_frames"]

FRAMES = "frames"
"""Name of the stream that the encoder's layers work on."""

_HEADS = ("ForConditionalGeneration", "WhisperModel", "Speech2TextModel")
# Keys have no bias: attention does not change if every key is shifted by the same.
_WHISPER_BIASES = (True, False, True, True)
_NAMES = ("fc1", "fc2")


def whisper_frames(reader: Reader) -> int:
    """Return how many frames the encoder's layers see, whatever the recording's length."""
    return reader.integer("max_source_positions", default=1500)


def whisper_encoder(
    reader: Reader,
    name: str = "audio tower",
    stream: str = FRAMES,
    defaults: tuple[int, int, int, int] = (384, 4, 6, 1536),
) -> Part:
    """Return Whisper's encoder.

    Args:
        reader: the table that holds `d_model` and `encoder_layers`.
        name: name of the part.
        stream: stream of the frames after the convolutions.
        defaults: width, layers, heads and inner width where the table does not say.
    """
    wide, many, count, broad = defaults
    hidden = reader.integer("d_model", "hidden_size", default=wide)
    layers = reader.integer("encoder_layers", "num_hidden_layers", default=many, most=100_000)
    heads = reader.integer("encoder_attention_heads", "num_attention_heads", default=count)
    inner = reader.integer("encoder_ffn_dim", "intermediate_size", default=broad)
    width = reader.divides(hidden, heads, "encoder_attention_heads", "heads share the width")
    bins = reader.integer("num_mel_bins", default=80)
    mixer = selfattention(hidden, heads, width, biases=_WHISPER_BIASES, stream=stream)
    rest = on(feed_forward(hidden, inner, bias=True, names=_NAMES), stream)
    around = on(norms(hidden, 2, bias=True), stream)
    return Part(
        name,
        (
            # The first convolution runs on twice as many frames as the layers.
            Component(
                "first convolution", 3 * bins * hidden, hidden, used=2, stream=stream, raw=True
            ),
            Component("second convolution", 3 * hidden * hidden, hidden, stream=stream),
            Component("positions", 0, whisper_frames(reader) * hidden, stream=stream),
        ),
        (Layer(layers, (mixer, rest, around)),),
        (on(norms(hidden, bias=True, name="last norm"), stream),),
    )


@family("whisper", composed=True, heads=_HEADS)
def describe_whisper(reader: Reader) -> Architecture:
    """Count Whisper."""
    tower = whisper_encoder(reader, "encoder")
    hidden = reader.integer("d_model", default=384)
    positions = reader.integer("max_target_positions", default=448)
    # Set for a classifier of recordings alone, which is another class.
    reader.read.add("classifier_proj_size")
    streams = (Stream("tokens"), Stream(FRAMES, "recording", whisper_frames(reader)))
    return _pair(reader, tower, streams, hidden, _WHISPER_BIASES, positions, (4, 6, 1536))


@family("speech_to_text", composed=True, heads=_HEADS)
def describe_speech(reader: Reader) -> Architecture:
    """Count Speech2Text, whose positions are computed and not stored."""
    hidden = reader.integer("d_model", default=256)
    layers = reader.integer("encoder_layers", "num_hidden_layers", default=12, most=100_000)
    heads = reader.integer("encoder_attention_heads", "num_attention_heads", default=4)
    width = reader.divides(hidden, heads, "encoder_attention_heads", "heads share the width")
    inner = reader.integer("encoder_ffn_dim", default=2048)
    layer = (
        selfattention(hidden, heads, width, stream=FRAMES),
        on(feed_forward(hidden, inner, bias=True, names=_NAMES), FRAMES),
        on(norms(hidden, 2, bias=True), FRAMES),
    )
    last = on(norms(hidden, bias=True, name="last norm"), FRAMES)
    tower = Part("encoder", _convolutions(reader, hidden), (Layer(layers, layer),), (last,))
    streams = (Stream("tokens"), Stream(FRAMES, "recording"))
    return _pair(reader, tower, streams, hidden, BIASED, 0, (6, 4, 2048))


def _convolutions(reader: Reader, hidden: int) -> tuple[Component, ...]:
    """Return convolutions that each halve the frames and half of whose output gates the other."""
    bins = reader.integer("input_feat_per_channel", default=80)
    wide = bins * reader.integer("input_channels", default=1)
    middle = reader.integer("conv_channels", default=1024)
    count = reader.integer("num_conv_layers", default=2, most=16)
    kernels = reader.per_layer("conv_kernel_sizes", count) or [5] * count
    if not all(type(one) is int and 0 < one < 1000 for one in kernels):
        reader.expected("a list of kernel sizes", "conv_kernel_sizes", kernels)
        kernels = [5] * count
    found = []
    for index, kernel in enumerate(kernels):
        inputs = wide if index == 0 else middle // 2
        outputs = middle if index < count - 1 else 2 * hidden
        runs = 2 ** (count - 1 - index)
        found.append(
            Component(
                f"convolution {index + 1}", kernel * inputs * outputs, outputs,
                used=runs, stream=FRAMES, raw=index == 0,
            )
        )  # fmt: skip
    return tuple(found)


def _pair(
    reader: Reader,
    tower: Part,
    streams: tuple[Stream, ...],
    hidden: int,
    biases: Biases,
    positions: int,
    defaults: tuple[int, int, int],
) -> Architecture:
    """Return the decoder with its tower before it."""
    name = reader.values["model_type"]
    many, count, broad = defaults
    layers = reader.integer("decoder_layers", default=many, most=100_000)
    heads = reader.integer("decoder_attention_heads", default=count)
    inner = reader.integer("decoder_ffn_dim", default=broad)
    width = reader.divides(hidden, heads, "decoder_attention_heads", "heads share the width")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=True)
    layer = (
        selfattention(hidden, heads, width, biases=biases, sees="past"),
        *across(hidden, heads, width, biases=biases, source=FRAMES),
        feed_forward(hidden, inner, bias=True, names=_NAMES),
        norms(hidden, 3, bias=True),
    )
    table = Component("positions", 0, positions * hidden, lookup=True)
    headless = class_of(reader).endswith("Model")
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, layer),),
        ends=(
            embedding(vocabulary, hidden),
            *((table,) if positions else ()),
            norms(hidden, bias=True, name="last norm"),
            *(() if headless else head(vocabulary, hidden, tied)),
        ),
        context_length=reader.maybe("max_target_positions"),
        tied=tied,
        parts=(tower,),
        streams=streams,
    )
