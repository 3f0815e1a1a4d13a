"""Text decoders that hear: Qwen2-Audio, Voxtral, GLM-ASR, Qwen3-ASR and the Qwen-Omni thinkers.

A recording is one sequence of frames. Qwen-Omni also speaks with a second model and a vocoder,
which are not counted: the whole is refused unless its file says that it does not speak.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Part
from chapterv.compute.families import family
from chapterv.compute.nested import compose, linear, projector, sizes, text_part
from chapterv.compute.reading import Reader
from chapterv.compute.towers import FRAMES, Tower, describe_tower

__all__ = ["describe_hearing", "describe_omni", "describe_thinker"]

_HEADS = ("ForConditionalGeneration",)

Build = Callable[[Reader, Tower, int], tuple[Component, ...]]


def _pooled(reader: Reader, tower: Tower, width: int) -> tuple[Component, ...]:
    return projector((linear("linear", tower.width, width),), stream=FRAMES, every=2)


def _stacked(reader: Reader, tower: Tower, width: int) -> tuple[Component, ...]:
    """Return a projector that reads as many frames side by side as fill the inner width."""
    wide, every = _filled(reader, tower)
    steps = (linear("linear_1", wide, width, False), linear("linear_2", width, width, False))
    return projector(steps, stream=FRAMES, every=every)


def _widened(reader: Reader, tower: Tower, width: int) -> tuple[Component, ...]:
    wide, every = _filled(reader, tower)
    steps = (linear("linear_1", wide, 2 * width), linear("linear_2", 2 * width, width))
    return projector(steps, stream=FRAMES, every=every)


def _filled(reader: Reader, tower: Tower) -> tuple[int, int]:
    wide = reader.child("audio_config").integer("intermediate_size", default=5120)
    what = "frames do not fill the width that the projector reads"
    return wide, reader.divides(wide, tower.width, "audio_config", what)


def _plain(reader: Reader, tower: Tower, width: int) -> tuple[Component, ...]:
    out = reader.child("audio_config").integer("output_dim", default=3584)
    if out != width:
        reader.fault("the projector gives another width than the text part's", "audio_config")
    steps = (linear("linear_1", tower.width, tower.width), linear("linear_2", tower.width, out))
    return projector(steps, stream=FRAMES)


def _packed(reader: Reader, tower: Tower, width: int) -> tuple[Component, ...]:
    every = reader.integer("audio_merge_size", default=4)
    wide = tower.width * every
    if reader.integer("adaptor_input_dim", default=wide) != wide:
        reader.fault("the projector reads features of another width", "adaptor_input_dim")
    bias = reader.flag("projector_bias", default=True)
    steps = (linear("linear_1", wide, width, bias), linear("linear_2", width, width, bias))
    return projector(steps, stream=FRAMES, every=every, vectors=2 * width)


_MEMBERS: dict[str, tuple[Build, str, str]] = {
    "qwen2_audio": (_pooled, "qwen2_audio_encoder", "qwen2"),
    "voxtral": (_stacked, "voxtral_encoder", "llama"),
    "glmasr": (_widened, "glmasr_encoder", "llama"),
    "moss_transcribe_diarize": (_packed, "moss_transcribe_diarize_audio", "qwen3"),
    "qwen3_asr": (_plain, "qwen3_asr_encoder", "qwen3"),
}


# Sizes that these classes fill in for their text part.
_FILLED = {
    "voxtral": sizes(131072, 3072, 8192, 30, 32, 8, head_dim=128),
    "glmasr": sizes(59264, 2048, 6144, 28, 16, 4),
}


@family(*_MEMBERS, composed=True, heads=_HEADS)
def describe_hearing(reader: Reader) -> Architecture:
    """Count an audio tower, a projector and a text decoder."""
    name = str(reader.values["model_type"])
    build, tower_name, text_name = _MEMBERS[name]
    tower = describe_tower(reader, tower_name, key="audio_config")
    text = text_part(reader, text_name, filled=_FILLED.get(name))
    join = build(reader, tower, text.width)
    return compose(reader, text, (tower.part, Part("projector", ends=join)), tower.streams)


_THINKERS = {
    "qwen2_5_omni_thinker": ("qwen2_5_omni_text", "qwen2_5_omni_audio_encoder",
                             "qwen2_5_omni_vision_encoder"),
    "qwen3_omni_moe_thinker": ("qwen3_omni_moe_text", "qwen3_omni_moe_audio_encoder",
                               "qwen3_omni_moe_vision_encoder"),
}  # fmt: skip


@family(*_THINKERS, composed=True, heads=_HEADS)
def describe_thinker(reader: Reader) -> Architecture:
    """Count the part of Qwen-Omni that hears, sees and writes."""
    text_name, hearing, seeing = _THINKERS[str(reader.values["model_type"])]
    sound = describe_tower(reader, hearing, key="audio_config")
    sight = describe_tower(reader, seeing)
    text = text_part(reader, text_name)
    if {sound.width, sight.width} != {text.width}:
        reader.fault("a tower gives features of another width than the text part's", "text_config")
    streams = (*sound.streams, *sight.streams)
    return compose(reader, text, (sound.part, sight.part), streams)


@family("qwen2_5_omni", "qwen3_omni_moe", composed=True, heads=_HEADS)
def describe_omni(reader: Reader) -> Architecture:
    """Count Qwen-Omni where its file says that it does not speak."""
    if reader.flag("enable_audio_output", default=True):
        reader.fault(
            "the model also speaks (/talker_config, and a vocoder), and those parts are not "
            "covered yet: its thinker alone is not the model",
            "enable_audio_output",
        )
    name = f"{reader.values['model_type']}_thinker"
    child = reader.child("thinker_config")
    values = {**child.values, "model_type": name}
    found = describe_thinker(Reader(values, reader.where, child.pointer, child.faults))
    outer = str(reader.values["model_type"])
    return replace(found, family=outer, model_type=outer)
