"""Asking people: which questions are open, in what order, and how an answer reaches the file."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from chapterv.dossier.editing import Page
from chapterv.dossier.gathering import Gathered
from chapterv.errors import InputError
from chapterv.facts import Key, Question, catalogue, decode, parse_statement, subject_kind
from chapterv.facts.world import SINGLE_KINDS

__all__ = ["open_questions", "parse_answer", "with_answer"]

COMPUTED = "model.training_compute"
INPUTS = ("model.training_tokens", "model.training_sequence_length")
YES = ("yes", "y", "true")
NO = ("no", "n", "false")


def open_questions(
    gathered: Gathered, settling: Sequence[Question] = (), *, all_keys: bool = True
) -> list[Question]:
    """Return what is not known yet, what settles most first.

    Args:
        gathered: what is known.
        settling: questions of an assessment, with the number of answers that wait for each.
        all_keys: add the other keys of provider and model, in the order of the catalogue.
    """
    held = gathered.merged(datetime.date.max).world.keys
    known = {key for key, holding in held.items() if holding.value is not None}
    # An answer that another one contradicts is set aside, and still stands in the file.
    stated = gathered.dossier.statement.facts if gathered.dossier.statement else ()
    known |= {fact.key for fact in stated if fact.relation == "exactly"}
    asked = sorted(settling, key=lambda question: -question.settles)
    questions = [
        one
        for one in asked
        if one.key in catalogue() and one.key not in known and _has_place(one, gathered)
    ]
    questions = list(_inputs_first(questions, known))
    seen = {question.key for question in questions}
    if all_keys:
        kinds = [kind for kind in SINGLE_KINDS if kind != "representative"]
        questions += [
            _question(key, entry, gathered.dossier.model)
            for key, entry in catalogue().items()
            if subject_kind(key) in kinds and key not in known and key not in seen
        ]
    return questions


def _inputs_first(questions: Sequence[Question], known: set[str]) -> Iterator[Question]:
    """Ask for the inputs of training compute before it, where the architecture is counted.

    An engineer knows tokens and lengths of sequences from the logs; the operations follow.
    """
    for question in questions:
        if question.key == COMPUTED and "model.parameters_active" in known:
            for key in INPUTS:
                if key in catalogue() and key not in known:
                    entry = catalogue()[key]
                    yield msgspec.structs.replace(
                        question, key=key, text=entry.question, how_to_answer=entry.where,
                        why=f"{entry.why} {question.why}",
                    )  # fmt: skip
        if question.key not in INPUTS:
            yield question


def _has_place(question: Question, gathered: Gathered) -> bool:
    """Tell whether an answer has a table to go to: parts are asked only where they are stated."""
    if subject_kind(question.key) in SINGLE_KINDS:
        return True
    return question.subject in {held.part.subject for held in gathered.dossier.parts}


def _question(key: str, entry: Key, model: str) -> Question:
    subject = model if subject_kind(key) == "model" else subject_kind(key)
    return Question(key, subject, entry.question, (), entry.where, entry.why)


def parse_answer(key: str, text: str) -> Any:
    """Read an answer as a person types it, by the type of its key.

    Args:
        key: a key of the catalogue.
        text: such as "yes", "2026-03-02", "1.44e23", "text, image", `["text"]`.

    Raises:
        InputError: an unknown key, with the nearest one, or a value that the key does not take.
    """
    entry = catalogue().get(key)
    if entry is None:
        decode(key, text)  # raises, naming the nearest key
        raise AssertionError(key)
    text = text.strip()
    given: Any = text
    if entry.type == "list":
        given = _items(text)
    elif len(text) > 1 and text[0] == text[-1] == '"':
        given = text[1:-1]
    if entry.type == "bool":
        given = _yes_or_no(text)
    elif entry.type == "enum" and "true" in entry.values and text.lower() in YES + NO:
        given = "true" if text.lower() in YES else "false"
    elif entry.type in ("amount", "amounts", "number"):
        bare = text.replace(" ", "").replace("\u202f", "")
        several = entry.type == "amounts" and bare.startswith("[")
        given = _items(bare) if several else bare.strip('"')
    return decode(key, given)


def _yes_or_no(text: str) -> Any:
    word = text.lower()
    return True if word in YES else False if word in NO else text


def _items(text: str) -> list[str]:
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    parts = (part.strip().strip("\"'") for part in inner.split(","))
    return [part for part in parts if part]


def with_answer(text: str, subject: str, key: str, value: Any, folder: str = "model") -> str:
    """Return a statement's text with one more answer, every other byte kept.

    Args:
        text: the statement as it stands.
        subject: whom the answer is about.
        key: a key that the statement does not hold yet.
        value: from `parse_answer`.
        folder: names the model where the statement does not.

    Raises:
        InputError: there is no place for it, or the file would say something else too.
    """
    page = Page(text)
    kind, _, name = key.partition(".")
    line = f"{name} = {literal(value)}"
    section = page.section(kind, _position(text, kind, subject, folder))
    if section is None:
        if kind not in SINGLE_KINDS:
            raise InputError(f"{subject} is not in the statement", None, f"Add [[{kind}]] first.")
        page.append([f"[{kind}]", line])
    else:
        # An answer stands below its question; the commented example stays as it is.
        at = page.commented_keys(section).get(name)
        page.insert(page.end_of(section) if at is None else at + 1, [line])
    _check(text, page.text, folder)
    return page.text


def _position(text: str, kind: str, subject: str, folder: str) -> int:
    if kind in SINGLE_KINDS:
        return 0
    parts = [part for part in parse_statement(text, folder=folder).parts if part.kind == kind]
    subjects = [part.subject for part in parts]
    return subjects.index(subject) if subject in subjects else len(subjects)


def literal(value: Any) -> str:
    """Return a decoded value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    # JSON strings are TOML strings, but for DEL, which TOML wants escaped too.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _check(before: str, after: str, folder: str) -> None:
    old, new = (_said(parse_statement(one, folder=folder).facts) for one in (before, after))
    if any(new.get(key) != value for key, value in old.items()):
        raise InputError("the answer does not fit into the file", None, "Write it there by hand.")


def _said(facts: Sequence[Any]) -> Mapping[tuple[str, str], Any]:
    return {(subject_kind(f.subject.replace(":", ".")), f.key): f.value for f in facts}
