"""From a parsed configuration to an architecture, or to a refusal that names what was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture
from chapterv.compute.families import Family, by_class, by_layout, by_model_type, load
from chapterv.compute.reading import Reader, shown
from chapterv.errors import InputError

__all__ = ["UnknownFamily", "describe", "describe_part", "families"]

MAX_PARAMETERS = 10**17
"""A thousand times the largest counts published; beyond it a dimension is wrong."""

# Tables that stand beside a text part: counting the text part alone would report a part as the
# whole.
_NESTED = (
    "text_config", "vision_config", "audio_config", "language_config", "llm_config",
    "thinker_config", "decoder_config", "encoder", "decoder", "vision_tower", "mm_vision_tower",
)  # fmt: skip
# Further layers that are trained along; the total leaves them out in any case.
_PREDICTION = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules", "use_mtp")
_FIX = (
    "State `model.parameters_total` with a source, or give the configuration of a text decoder "
    "that is covered."
)


class UnknownFamily(InputError):
    """The configuration belongs to a family that is not covered yet."""


def describe(config: Mapping[str, Any], where: str | None = None) -> Architecture:
    """Count a model from its configuration, exactly or not at all.

    Args:
        config: a parsed `config.json`, or a parsed GPT-NeoX training file.
        where: name of the file, for messages.

    Returns: the architecture, from which parameters and operations follow.

    Raises:
        UnknownFamily: the family is not covered, so nothing is guessed.
        InputError: a key is missing, of a wrong type, out of range or contradictory.
    """
    if not isinstance(config, Mapping):
        raise InputError("expected a table of keys and values", where, _FIX)
    family = _family(config, where)
    if not family.composed:
        _refuse_compositions(config, where)
    reader = Reader(config, where)
    _check_purpose(reader, family)
    architecture = family.describe(reader)
    reader.foreign()
    reader.finish()
    if architecture.parameters_total > MAX_PARAMETERS:
        raise InputError(
            f"the sizes multiply to more than {MAX_PARAMETERS:.0e} parameters".replace("+", ""),
            where,
            "Look for a dimension with too many digits.",
        )
    return _with_unread_prediction(reader, architecture)


def describe_part(reader: Reader, model_type: str) -> Architecture:
    """Count a part of a composed model by the family that covers it alone.

    Args:
        reader: the part's own table, such as `reader.child("text_config")`; its faults are those
            of the whole file.
        model_type: name of the family to read it as.

    Returns: the part's architecture.

    Raises:
        UnknownFamily: the family is not covered.
    """
    family = by_model_type(model_type)
    if family is None:
        raise UnknownFamily(
            f"a part of the model is of the family {shown(model_type)} (read at "
            f"{reader.pointer}/model_type), which is not covered yet{_needed(model_type)}",
            reader.where,
            _FIX,
        )
    _check_crossing(reader, family)
    architecture = family.describe(reader)
    reader.foreign()
    return _with_unread_prediction(reader, architecture)


def families() -> list[str]:
    """Return the values of `model_type` and `_class_name` that are covered, sorted."""
    return list(load())


def _family(config: Mapping[str, Any], where: str | None) -> Family:
    name = config.get("model_type")
    if name is None:
        own = config.get("_class_name")
        found = (by_class(own) if isinstance(own, str) else None) or by_layout(config)
        if found is not None:
            return found
        raise UnknownFamily(_unnamed(config), where, _FIX)
    if not isinstance(name, str):
        raise InputError("expected a text at /model_type", where, _FIX)
    found = by_model_type(name)
    if found is None:
        why = _needed(name)
        if not why:
            _refuse_compositions(config, where)
        raise UnknownFamily(
            f"the family {shown(name)} (read at /model_type) is not covered yet{why}", where, _FIX
        )
    return found


def _needed(name: object) -> str:
    """Say what a count of a known family would need, nothing for a name that nobody knows."""
    from chapterv.facts import datafiles  # its front is slow, and only a refusal needs it

    known: dict[str, str] = datafiles.load_tables("chapterv.compute", "refused")["needed"]
    found = known.get(name) if isinstance(name, str) else None
    return f": {found}" if found else ""


def _with_unread_prediction(reader: Reader, architecture: Architecture) -> Architecture:
    """Mark layers that predict further tokens as unknown where the family did not ask for them."""
    named = [name for name in _PREDICTION if reader.values.get(name) and name not in reader.read]
    if not named:
        return architecture
    note = (
        f"the configuration names layers that predict further tokens (/{named[0]}), which are not "
        "covered for this family: the total leaves them out"
    )
    return replace(architecture, prediction=None, notes=(*architecture.notes, note))


def _unnamed(config: Mapping[str, Any]) -> str:
    classes = config.get("architectures")
    first = classes[0] if isinstance(classes, list) and classes else None
    for key, value in (("_class_name", config.get("_class_name")), ("architectures", first)):
        if isinstance(value, str):
            return f"the family {shown(value)} (read at /{key}) is not covered yet{_needed(value)}"
    return "the file names no family: /model_type is missing"


def _refuse_compositions(config: Mapping[str, Any], where: str | None) -> None:
    """Refuse models of several parts, whose text part alone must not pass as the total."""
    name = shown(config.get("model_type") or config.get("_class_name") or "without a name")
    for key in _NESTED:
        if isinstance(config.get(key), Mapping) or (config.get(key) and key.startswith("mm_")):
            raise UnknownFamily(
                f"the family {name} (read at /model_type) is made of several parts (/{key}), and "
                "is not covered yet: the count of its text part is not the count of the model",
                where,
                _FIX,
            )
    if config.get("is_encoder_decoder") is True:
        raise UnknownFamily(
            f"the family {name} (read at /model_type) has an encoder and a decoder "
            "(/is_encoder_decoder), and is not covered yet",
            where,
            _FIX,
        )


def _check_purpose(reader: Reader, family: Family) -> None:
    """Fault a model whose head is another than the family's, since the head is in the count."""
    _check_crossing(reader, family)
    classes = reader.value("architectures")
    if classes is None:
        return
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        reader.expected("a list of class names", "architectures", classes)
        return
    for name in classes:
        if not name.endswith(family.heads):
            reader.fault(
                f"{name[:60]!r} is not a class whose head this family counts ("
                + ", ".join(f"...{head}" for head in family.heads)
                + ")",
                "architectures",
            )


def _check_crossing(reader: Reader, family: Family) -> None:
    if not family.crosses:
        reader.refuse("add_cross_attention", "cross-attention adds parts that are not counted")
