"""Model cards: the YAML block at the head of `README.md`, `MODEL_CARD.md` and their like.

Only the block is read, whose keys have fixed meanings on model hubs. The text below it is for
people: a number in it may speak of a whole family of models, so none is taken from it. A card of a
dataset uses the same form and is told from the keys that only datasets have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.formats.adapter import LOCAL_PATH
from chapterv.evidence.formats.licence import licence_name
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Note
from chapterv.evidence.strict import YamlTable, decode_text, decode_yaml
from chapterv.facts import Fact

__all__ = ["read_card"]

MAX_CARD = 8 * 1024 * 1024
MAX_BLOCK = 256 * 1024
MAX_ITEMS = 1_000

_DATASET_KEYS = {"dataset_info", "size_categories", "task_categories", "annotations_creators"}

_DERIVATIONS = {
    "finetune": "fine_tune",
    "adapter": "adapter",
    "quantized": "quantisation",
    "merge": "merge",
}

# The task names of model hubs whose input or output is fixed by the name. A name with several
# inputs is a coarse word: models of it may take more, so it fixes the output only.
_TASKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text-generation": (("text",), ("text",)),
    "text2text-generation": (("text",), ("text",)),
    "summarization": (("text",), ("text",)),
    "translation": (("text",), ("text",)),
    "image-text-to-text": ((), ("text",)),
    "image-to-text": (("image",), ("text",)),
    "visual-question-answering": ((), ("text",)),
    "video-text-to-text": ((), ("text",)),
    "audio-text-to-text": ((), ("text",)),
    "automatic-speech-recognition": (("speech",), ("text",)),
    "text-to-speech": (("text",), ("speech",)),
    "text-to-audio": (("text",), ("audio",)),
    "text-to-image": (("text",), ("image",)),
    "image-to-image": (("image",), ("image_from_image",)),
    "text-to-video": (("text",), ("video",)),
    "image-to-video": (("image",), ("video",)),
}


@reader(
    "model-card",
    version="1",
    names=(
        "readme.md", "model_card.md", "modelcard.md", "model-card.md", "model card.md",
        "model_card*.md", "modelcard*.md",
    ),
)  # fmt: skip
def read_card(artefact: Artefact) -> Iterator[Found]:
    """Read the block at the head of a model card."""
    text = decode_text(artefact.read(MAX_CARD), artefact.path)
    block = _block(text, artefact.path)
    if block is None:
        yield Note(
            artefact.path,
            "no block of settings at its head, and nothing is taken from running text",
        )
        return
    table = decode_yaml(block, artefact.path, first_line=2)
    if table is None:
        return
    if not isinstance(table, YamlTable):
        raise InputError("the block is not a table", f"{artefact.path}:2", "Correct the block.")
    if _DATASET_KEYS & table.keys():
        raise Unclaimed("recognised, not read yet: the card of a dataset")
    yield from _licence(artefact, table)
    yield from _base_models(artefact, table)
    yield from _lists(artefact, table)
    yield from _task(artefact, table)
    if any(str(key).startswith("extra_gated") for key in table):
        yield Note(
            artefact.path, "texts for gated access are given: say whether model.access_gated holds"
        )


def _block(text: str, path: str) -> str | None:
    """Return what stands between two lines of three hyphens at the start of a card."""
    lines = text.split("\n", 1)
    if lines[0].rstrip() != "---" or len(lines) < 2:
        return None
    taken: list[str] = []
    size = 0
    for line in lines[1].splitlines(keepends=True):
        if line.rstrip() == "---":
            return "".join(taken)
        taken.append(line)
        size += len(line)
        if size > MAX_BLOCK:
            break
    what = "is not closed" if size <= MAX_BLOCK else f"is longer than {MAX_BLOCK} characters"
    raise InputError(
        f"the block at the head {what}", f"{path}:1", "Close it with a line of three hyphens."
    )


def _declared(artefact: Artefact, table: YamlTable, key: str, name: str, value: Any) -> Fact:
    line = table.lines.get(name)
    return artefact.fact(key, value, f"line {line}" if line else None, basis="declared")


def _licence(artefact: Artefact, table: YamlTable) -> Iterator[Found]:
    """Read the licence; `other` stands for the one named beside it."""
    named = _texts(table.get("license"))
    if not named:
        return
    if len(named) > 1:
        yield Note(
            artefact.path,
            f"several licences are named ({', '.join(named)[:200]}): state model.licence",
        )
        return
    name, place = named[0], "license"
    if name.lower() in ("other", "unknown"):
        other = _texts(table.get("license_name"))
        if name.lower() == "unknown" or not other:
            yield Note(artefact.path, f"the licence is given as {name!r}: state model.licence")
            return
        name, place = other[0], "license_name"
    yield _declared(artefact, table, "model.licence", place, licence_name(name[:200]))
    link = _texts(table.get("license_link"))
    if link:
        yield Note(artefact.path, f"the licence is linked: {link[0][:300]}")


def _base_models(artefact: Artefact, table: YamlTable) -> Iterator[Found]:
    bases = _texts(table.get("base_model"))
    named = [base for base in bases if not LOCAL_PATH.match(base)]
    if len(named) != len(bases):
        yield Note(
            artefact.path,
            "a base model is named by a place on somebody's machine. State model.derived_from.",
        )
    if named:
        yield _declared(artefact, table, "model.derived_from", "base_model", named)
    relation = _texts(table.get("base_model_relation"))
    if relation and relation[0].lower() in _DERIVATIONS:
        word = _DERIVATIONS[relation[0].lower()]
        yield _declared(artefact, table, "model.derivation", "base_model_relation", word)
    elif relation:
        yield Note(
            artefact.path,
            f"the relation to the base model is {relation[0][:60]!r}: state model.derivation",
        )


def _lists(artefact: Artefact, table: YamlTable) -> Iterator[Fact]:
    for name, key in (
        ("datasets", "model.datasets"),
        ("language", "model.languages"),
        ("tags", "model.tags"),
    ):
        values = _texts(table.get(name))
        if values:
            yield _declared(artefact, table, key, name, values)


def _task(artefact: Artefact, table: YamlTable) -> Iterator[Fact]:
    task = _texts(table.get("pipeline_tag"))
    if not task:
        return
    yield _declared(artefact, table, "model.task", "pipeline_tag", task[0])
    taken, given = _TASKS.get(task[0].lower(), ((), ()))
    if taken:
        yield _declared(artefact, table, "model.modalities_in", "pipeline_tag", taken)
    if given:
        yield _declared(artefact, table, "model.modalities_out", "pipeline_tag", given)


def _texts(value: Any) -> list[str]:
    """Return a text or a list of texts as a list, leaving out what is neither.

    Language codes such as `no` are texts here already, since the core schema is used.
    """
    items = value if isinstance(value, list) else [value]
    texts = [item.strip()[:1000] for item in items[:MAX_ITEMS] if isinstance(item, str)]
    return [text for text in texts if text]
