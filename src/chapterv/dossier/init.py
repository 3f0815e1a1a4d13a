"""The statement file of a dossier: written from what the folder holds, with the open questions.

Nothing that was found is stated on anyone's behalf: it stands as a comment that names its place.
Open questions stand as comments too, so the file is valid as it is: in full where something waits
for the answer, else as one line at the end of the table. Run again, it adds questions that have
come up and findings that are new, and changes nothing else.
"""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Sequence
from pathlib import Path

import msgspec

from chapterv.dossier.derive import ARTEFACT as DERIVED
from chapterv.dossier.editing import Page, write_atomically
from chapterv.dossier.gathering import Gathered
from chapterv.errors import InputError
from chapterv.facts import (
    STATEMENT_NAME,
    Fact,
    Key,
    Question,
    catalogue,
    encode,
    parse_statement,
    subject_kind,
)
from chapterv.facts.world import SINGLE_KINDS

__all__ = ["Written", "compose", "current_text", "question_lines", "write_statement"]

WIDTH = 80
TITLES = {
    "provider": "Who provides the model",
    "representative": "The authorised representative, where the provider is outside the Union",
    "model": "The model",
}
NAMES = ("model.name", "model.version")
"""Keys that settle nothing and that every statement should have."""
OPTIONAL = ("representative",)
"""Tables that are left out while no question of theirs waits for an answer."""
LISTS = ("run", "dataset", "crawl", "change")
LIST_TITLES = {
    "run": "Training runs: one [[run]] each. What they add up to is computed.",
    "dataset": "Training data: one [[dataset]] each.",
    "crawl": "Crawls by the provider or on its behalf: one [[crawl]] each.",
    "change": "Changes to the model after its first training run: one [[change]] each.",
}
HEAD = """\
# What people state about this model. The rest is read from the artefacts.
#
# Lines such as "# size = ..." are open questions: remove the "#" and write the
# answer. What you do not know, leave as it is; unknown is a good answer.
# Any value can say where it comes from:
#   licence = { value = "Apache-2.0", source = "LICENSE", as_of = 2026-03-02 }
# Next: chapterv assess FOLDER. Running chapterv init again keeps every line.
"""


class Written(msgspec.Struct, frozen=True):
    """What `write_statement` did."""

    path: Path
    created: bool
    added: tuple[str, ...]
    """Keys and tables that are new in the file, as comments."""
    found: tuple[Fact, ...]
    """Facts of the artefacts that the file names."""
    open: int
    """Open questions for which something waits."""


def write_statement(gathered: Gathered, questions: Sequence[Question]) -> Written:
    """Write or extend the statement file of a dossier.

    Args:
        gathered: what the folder holds.
        questions: open questions, those that settle most first.

    Raises:
        StorageError: the file cannot be written.
    """
    dossier = gathered.dossier
    path = dossier.folder / STATEMENT_NAME
    mark, before = current_text(path)
    text, added = compose(gathered, questions, before)
    if text != before:
        write_atomically(path, text, mark)
    return Written(
        path, not before, tuple(added), tuple(_found(gathered)), len(_settling(questions))
    )


def _settling(questions: Sequence[Question]) -> list[Question]:
    return [question for question in questions if question.settles > 0]


def current_text(path: Path) -> tuple[bool, str]:
    """Return whether a file begins with a byte order mark, and its text; "" where it is not."""
    if not path.exists():
        return False, ""
    content = path.read_bytes()
    return content.startswith(b"\xef\xbb\xbf"), content.decode("utf-8-sig")


def compose(
    gathered: Gathered, questions: Sequence[Question], before: str
) -> tuple[str, list[str]]:
    """Return the text of the statement with what is new, and the names of it.

    Args:
        gathered: what the folder holds.
        questions: open questions, those that settle most first.
        before: the text as it stands, empty where there is none.

    Raises:
        InputError: the additions would change what the statement says.
    """
    page = Page(before or HEAD)
    added: list[str] = []
    asked = [question.key for question in _settling(questions)]
    for kind in SINGLE_KINDS:
        added += _extend(page, kind, gathered, asked, first=not before)
    if before:
        _check_same(before, page.text, gathered.dossier.folder.name)
    else:
        added += _lists(page)
    return page.text, added


def _extend(
    page: Page, kind: str, gathered: Gathered, asked: Sequence[str], *, first: bool
) -> list[str]:
    """Add to the table of one kind what it does not mention yet."""
    section = page.section(kind)
    stated = _stated(gathered)
    if section is None and any(subject_kind(key) == kind for key in stated):
        return []  # stated in another form, such as dotted keys; a second table would be an error
    mentioned = page.commented_keys(section) if section else {}
    new = [
        line
        for line in _found_lines(gathered, kind)
        if section is None or not page.has_line(section, line)
    ]
    answered = stated | {fact.key for fact in _found(gathered)}
    unknown = [
        key
        for key in catalogue()
        if subject_kind(key) == kind and _name(key) not in mentioned and key not in answered
    ]
    full = [key for key in asked if key in unknown]
    rest = [key for key in unknown if key not in asked] if first else []
    plain = [key for key in rest if key in NAMES]
    brief = [key for key in rest if key not in NAMES]
    lines = [
        *map(_brief_line, plain),
        *new,
        *(line for key in full for line in ("", *question_lines(key))),
    ]
    if not (lines or (brief and kind not in OPTIONAL)):
        return []
    if brief:
        lines += ["", "# Asked only in special cases:", *map(_brief_line, brief)]
    if section is None:
        page.append([f"# {TITLES[kind]}", f"[{kind}]", *lines])
    else:
        page.insert(page.end_of(section), lines)
    return [*plain, *(line.removeprefix("# Found: ") for line in new), *full, *brief]


def _stated(gathered: Gathered) -> set[str]:
    statement = gathered.dossier.statement
    return {fact.key for fact in statement.facts} if statement else set()


def question_lines(key: str) -> list[str]:
    """Return a question as comments: what, why, where such a thing is found, an example."""
    entry = catalogue()[key]
    lines = _comment(f"{entry.question} ({entry.answered_by})")
    lines += _comment(f"Why: {entry.why}", "  ") if entry.why else []
    lines += _comment(f"Where: {entry.where}", "  ") if entry.where else []
    if entry.values and len(entry.values) <= 12:
        lines += _comment(f"One of: {', '.join(entry.values)}", "  ")
    return [*lines, f"# {_name(key)} = {_example(entry)}"]


def _brief_line(key: str) -> str:
    entry = catalogue()[key]
    line = f"# {_name(key)} = {_example(entry)}"
    room = WIDTH - len(line) - 4
    return f"{line}  # {entry.label}" if len(entry.label) <= room else line


def _example(entry: Key) -> str:
    return entry.example.replace("\n", " ") or '""'


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}  ",
        break_on_hyphens=False,
    )


def _lists(page: Page) -> list[str]:
    """Add a commented pattern for each kind of list that the file does not mention."""
    known = {section.name for section in page.sections()}
    added = []
    for kind in (*LISTS, "evidence"):
        if kind not in known:
            page.append(_pattern(kind))
            added.append(f"[[{kind}]]")
    return added


def _pattern(kind: str) -> list[str]:
    if kind == "evidence":
        title = "Where the model's artefacts lie; the whole folder where nothing is said."
        return [*_comment(title), "# [[evidence]]", '# path = "weights"']
    keys = [key for key in catalogue() if subject_kind(key) == kind and key.count(".") == 1]
    place = [f'# path = "{kind}s/first"'] if kind != "change" else []
    return [
        *_comment(LIST_TITLES[kind]),
        f"# [[{kind}]]",
        '# id = "first"',
        *place,
        *map(_brief_line, keys),
    ]


def _found(gathered: Gathered) -> list[Fact]:
    """The facts of artefacts that the merged world uses; derived ones and bounds left out."""
    world = gathered.merged(datetime.date.max).world
    used = (gathered.by_id.get(one) for held in world.keys.values() for one in held.facts)
    return [
        fact
        for fact in used
        if fact
        and fact.source.artefact not in (STATEMENT_NAME, DERIVED)
        and fact.relation == "exactly"
    ]


def _found_lines(gathered: Gathered, kind: str) -> list[str]:
    """One line for each finding of a kind, those left out that a person states alike."""
    disputed = {conflict.key for conflict in gathered.merged(datetime.date.max).conflicts}
    known = _stated(gathered) - disputed
    return [
        f"# Found: {_name(fact.key)} = {_toml(encode(fact.value))}, in {fact.source.artefact}"
        for fact in _found(gathered)
        if subject_kind(fact.key) == kind and fact.key not in known
    ]


def _toml(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 100 else text[:97] + "..."


def _name(key: str) -> str:
    return key.partition(".")[2]


def _check_same(before: str, after: str, folder: str) -> None:
    """Refuse additions that would change a statement: only comments and headers may be new."""
    old, new = (parse_statement(text, folder=folder) for text in (before, after))
    if [(f.subject, f.key, f.value) for f in old.facts] != [
        (f.subject, f.key, f.value) for f in new.facts
    ]:
        raise InputError(
            "the open questions do not fit into this file as it is written",
            STATEMENT_NAME,
            "Give each table its own [header] line; then run init again.",
        )
