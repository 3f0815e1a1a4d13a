"""Model configurations: `config.json`, and the training file of GPT-NeoX.

Plain values are read as they stand; parameters are computed from the shapes by the compute room,
or not at all. A configuration of a family that is not covered is read all the same, with a note
that names it. In a pipeline of several models, the configuration of a component describes a part,
so nothing of it becomes a fact of the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from chapterv import compute
from chapterv.errors import ErrorGroup, InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Note, Part
from chapterv.evidence.strict import YamlTable, decode_json, decode_text, decode_yaml
from chapterv.facts import Fact

__all__ = ["Configuration", "read_configuration", "read_neox"]

MAX_CONFIGURATION = 4 * 1024 * 1024
MAX_YAML = 256 * 1024
MAX_NOTES = 10

_CONTEXT = (
    "max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "seq_length",
    "max_seq_len", "max-position-embeddings", "seq-length",
)  # fmt: skip
_VOCABULARY = ("vocab_size", "padded_vocab_size")
_TEXT_PARTS = ("text_config", "llm_config", "language_config")
_DTYPES = ("torch_dtype", "dtype")

# What a family takes in and gives out, where its very definition fixes it. Decoders over tokens
# are not here: the tokens of some stand for sound or images.
_MODALITIES = {
    "whisper": (("speech",), ("text",)),
    "clip": (("text", "image"), ()),
    "clip_text_model": (("text",), ()),
    "vit": (("image",), ()),
    "wav2vec2": (("speech",), ()),
}


class Configuration(msgspec.Struct, frozen=True):
    """What a folder's configuration says, kept for comparison with the weights."""

    architecture: compute.Architecture | None
    total: str | None
    """Identifier of the fact on total parameters."""
    packed_bits: int = 4


@reader("configuration", version="1", names=("config.json",))
def read_configuration(artefact: Artefact) -> Iterator[Found]:
    """Read a `config.json` as model libraries write it."""
    data = artefact.read(MAX_CONFIGURATION)
    config = decode_json(data, artefact.path, infinity=True)
    if not isinstance(config, dict):
        raise InputError("expected a table of keys and values", artefact.path, "Correct the file.")
    if artefact.beside("model_index.json", up=1):
        kind = str(config.get("_class_name") or config.get("model_type") or "unnamed")
        yield Note(
            artefact.path,
            f"describes a component ({kind[:60]}) of a pipeline: a part is not the model, so "
            "nothing is taken from it. State model.parameters_total with a source.",
        )
        return
    yield from _described(artefact, config)


@reader("gpt-neox-configuration", version="1", suffixes=(".yml", ".yaml"))
def read_neox(artefact: Artefact) -> Iterator[Found]:
    """Read a training file of GPT-NeoX; other YAML files are not claimed."""
    if artefact.size > MAX_YAML:
        raise Unclaimed
    text = decode_text(artefact.read(MAX_YAML), artefact.path)
    # Parsing costs far more than looking for the keys that every such file has.
    if "hidden" not in text or "attention" not in text or "layers" not in text:
        raise Unclaimed
    config = decode_yaml(text, artefact.path)
    spelt = {str(key).replace("_", "-") for key in config} if isinstance(config, dict) else set()
    if not {"num-layers", "hidden-size", "num-attention-heads"} <= spelt:
        raise Unclaimed
    yield from _described(artefact, config, family="gpt_neox")


def _described(
    artefact: Artefact, config: dict[str, Any], family: str | None = None
) -> Iterator[Found]:
    facts = list(_plain_facts(artefact, config, family))
    yield from facts
    if "vision_config" in config or "audio_config" in config:
        yield from _composed_modalities(artefact, config)
    try:
        architecture = compute.describe(config, artefact.path)
    except ErrorGroup as group:
        yield from (_refusal(artefact, error) for error in group.errors[:MAX_NOTES])
        architecture = None
    except InputError as error:
        yield _refusal(artefact, error)
        architecture = None
    total = None
    if architecture is not None:
        inputs = tuple(fact.id for fact in facts if fact.key in _COUNTED_FROM)
        counted = _counts(artefact, architecture, inputs)
        total = counted[0].id
        yield from counted
        yield from (Note(artefact.path, note) for note in architecture.notes[:MAX_NOTES])
    packed = _packed_bits(config)
    yield Part(
        "configuration", artefact.folder, artefact.path, Configuration(architecture, total, packed)
    )


_COUNTED_FROM = ("model.architecture", "model.architecture_family", "model.vocabulary_size")


def _refusal(artefact: Artefact, error: Exception) -> Note:
    text = str(error).removeprefix(artefact.path).lstrip("#: ")
    return Note(artefact.path, f"parameters are not computed: {text}")


def _counts(
    artefact: Artefact, architecture: compute.Architecture, inputs: tuple[str, ...]
) -> list[Fact]:
    """Make the facts that follow from the shapes."""
    note = None
    if architecture.parameters_mtp and not architecture.prediction_in_total:
        note = (
            f"without {architecture.parameters_mtp} parameters of layers that predict further "
            "tokens"
        )
    return [
        artefact.fact(
            "model.parameters_total",
            architecture.parameters_total,
            basis="computed",
            inputs=inputs,
            note=note,
        ),
        artefact.fact(
            "model.parameters_active",
            architecture.parameters_active,
            basis="computed",
            inputs=inputs,
            note="both embeddings counted",
        ),
    ]


def _plain_facts(
    artefact: Artefact, config: Mapping[str, Any], family: str | None
) -> Iterator[Fact]:
    """Make facts of values that stand in the file."""
    classes = config.get("architectures")
    if isinstance(classes, list) and classes and all(isinstance(c, str) for c in classes):
        yield artefact.fact("model.architecture", classes[0], "/architectures/0")
    elif isinstance(config.get("_class_name"), str):
        yield artefact.fact("model.architecture", config["_class_name"], "/_class_name")
    named = config.get("model_type")
    if family is not None:
        yield artefact.fact("model.architecture_family", family, note="told by the file's layout")
    elif isinstance(named, str) and named:
        yield artefact.fact("model.architecture_family", named, "/model_type")
        taken, given = _MODALITIES.get(named, ((), ()))
        if taken:
            yield artefact.fact("model.modalities_in", taken, "/model_type")
        if given:
            yield artefact.fact("model.modalities_out", given, "/model_type")
    part, pointer = _text_part(config)
    for key, names in (("model.context_length", _CONTEXT), ("model.vocabulary_size", _VOCABULARY)):
        name = _one_of(part, names)
        if name and not config.get("is_encoder_decoder"):
            line = part.lines.get(name) if isinstance(part, YamlTable) else None
            yield artefact.fact(key, part[name], f"line {line}" if line else f"{pointer}/{name}")
    yield from _dtype(artefact, config, part, pointer)


def _text_part(config: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return the table that describes the text decoder: the file itself, or a part of it."""
    for name in _TEXT_PARTS:
        part = config.get(name)
        if isinstance(part, dict):
            return part, f"/{name}"
    return config, ""


def _one_of(table: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Return the first name whose value is a sensible size, unless two of them disagree."""
    found = [name for name in names if table.get(name) is not None]
    values = {repr(table[name])[:40] for name in found}
    if len(values) != 1:
        return None
    value = table[found[0]]
    sensible = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**40
    return found[0] if sensible else None


def _dtype(
    artefact: Artefact, config: Mapping[str, Any], part: Mapping[str, Any], pointer: str
) -> Iterator[Fact]:
    """Take the declared number format, unless the weights were quantised after it."""
    if config.get("quantization_config") or part.get("quantization_config"):
        return
    for table, place in ((config, ""), (part, pointer)):
        for name in _DTYPES:
            value = table.get(name)
            if isinstance(value, str) and value not in ("", "auto"):
                value = value.removeprefix("torch.")
                pointed = f"{place}/{name}"
                yield artefact.fact("model.weights_dtype", value, pointed, basis="declared")
                return


def _composed_modalities(artefact: Artefact, config: Mapping[str, Any]) -> Iterator[Fact]:
    """Tell what a model of several parts takes in from the encoders that it has."""
    taken = ["text"]
    if isinstance(config.get("vision_config"), dict):
        taken.append("image")
    if isinstance(config.get("audio_config"), dict):
        taken.append("audio")
    if isinstance(config.get("video_token_id"), int):
        taken.append("video")
    if len(taken) > 1:
        yield artefact.fact(
            "model.modalities_in", taken, note="told by the encoders that the configuration has"
        )


def _packed_bits(config: Mapping[str, Any]) -> int:
    """Return how many bits one value has where weights are packed into integers."""
    quantised = config.get("quantization_config")
    if not isinstance(quantised, dict):
        return 4
    for name in ("bits", "w_bit", "num_bits"):
        if quantised.get(name) in (1, 2, 3, 4, 8):
            return int(quantised[name])
    return 8 if quantised.get("load_in_8bit") is True else 4
