"""`chapterv.toml`: what people state of a provider, its model, its runs and its data.

Reads one statement file: tables of catalogue keys become declared facts whose source is the line
they stand on; the rest (evidence, parts, settled conflicts, documents, forms) is kept for the rooms
that use it. Every fault of a file is found before any is raised. What it leaves out: files are not
opened here, so a path is checked for its form only.
"""

from __future__ import annotations

import datetime
import difflib
import hashlib
import pathlib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec

from chapterv.errors import Error, ErrorGroup, InputError
from chapterv.facts.amounts import parse_amount
from chapterv.facts.catalogue import catalogue, subject_kind
from chapterv.facts.making import make_fact
from chapterv.facts.places import Path, Places, locate, path_text
from chapterv.facts.tomltext import MAX_ERRORS, first_errors, load_toml
from chapterv.facts.types import Basis, Fact, Relation, Source
from chapterv.facts.world import BOUNDED_TYPES, SINGLE_KINDS

__all__ = [
    "STATEMENT_NAME",
    "Part",
    "Settling",
    "Statement",
    "model_subject",
    "parse_statement",
    "part_kinds",
    "read_statement",
]

STATEMENT_NAME = "chapterv.toml"
READER = "statement 1"
UNSTATED_VERSION = "unstated"

MAX_BYTES = 1_000_000
MAX_PARTS = 5_000

_OTHER_LISTS = ("evidence", "settle", "document")
_KEPT_TABLES = ("form", "summary")
_WITHOUT_KEYS = ("evaluation",)
_PART_KEYS = ("id", "path")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Part(msgspec.Struct, frozen=True):
    """A run, dataset, crawl ... that the statement names, and where its artefacts lie."""

    kind: str
    id: str
    paths: tuple[str, ...]
    line: int | None = None

    @property
    def subject(self) -> str:
        """Subject of its facts."""
        return f"{self.kind}:{self.id}"


class Settling(msgspec.Struct, frozen=True):
    """A person's choice between sources that disagree."""

    key: str
    subject: str
    choose: str
    """Identifier of a fact, the artefact whose value holds, or the source stated for it."""
    why: str
    line: int | None = None


class Statement(msgspec.Struct, frozen=True):
    """What one statement file holds."""

    artefact: str
    digest: str
    text: str
    model: str
    """Subject of the model's facts."""
    facts: tuple[Fact, ...]
    evidence: tuple[str, ...]
    parts: tuple[Part, ...]
    covers: tuple[str, ...]
    settled: tuple[Settling, ...]
    documents: tuple[dict[str, Any], ...]
    form: dict[str, Any]
    summary: dict[str, Any]


def read_statement(path: pathlib.Path, artefact: str = STATEMENT_NAME) -> Statement:
    """Read a statement file.

    Args:
        path: the file.
        artefact: how the file is named in sources and errors.

    Raises:
        InputError: the file cannot be read, is too large or is not UTF-8.
        ErrorGroup: every fault in the file.
    """
    if path.exists() and not path.is_file():
        # Opening a pipe would wait for a writer for good.
        raise InputError("this is no regular file", artefact, "Put a text file in its place.")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", artefact, "Check the path and its rights."
        ) from None
    if len(content) > MAX_BYTES:
        raise InputError(
            f"the statement is larger than {MAX_BYTES} bytes", artefact, "Name files by their path."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            "the text is not UTF-8", f"{artefact}:{line}", "Save the file as UTF-8."
        ) from None
    return parse_statement(text, artefact, folder=path.absolute().parent.name)


def parse_statement(text: str, artefact: str = STATEMENT_NAME, folder: str = "model") -> Statement:
    """Read the text of a statement file.

    Args:
        text: TOML.
        artefact: how the file is named in sources and errors.
        folder: names the model where the statement does not.

    Raises:
        ErrorGroup: every fault in the text.
    """
    text = text.replace("\r\n", "\n")
    text = text if text.endswith("\n") else text + "\n"
    try:
        places = locate(text, artefact)
    except InputError as error:
        raise ErrorGroup([error]) from None
    loaded = load_toml(text, artefact, places)
    reading = _Reading(artefact, places, loaded.tables, folder)
    statement = reading.run(text)
    faults = loaded.errors + reading.errors
    if faults:
        raise ErrorGroup(first_errors(faults, artefact))
    return statement


def model_subject(name: str, version: str | None) -> str:
    """Return the subject of a model's facts.

    >>> model_subject("northlight-1b", "1.0")
    'model:northlight-1b@1.0'
    """
    return f"model:{name}@{version or UNSTATED_VERSION}"


def part_kinds() -> tuple[str, ...]:
    """Return the kinds of which a statement may hold many, in the order of the catalogue."""
    kinds = dict.fromkeys(subject_kind(key) for key in catalogue())
    named = (kind for kind in kinds if kind not in (*SINGLE_KINDS, *_KEPT_TABLES))
    return tuple(dict.fromkeys((*named, *_WITHOUT_KEYS)))


class _Reading:
    """One pass over the tables of a statement; faults are collected in `errors`."""

    def __init__(
        self, artefact: str, places: Places, tables: Mapping[str, Any], folder: str
    ) -> None:
        self.artefact = artefact
        self.places = places
        self.tables = tables
        self.errors: list[Error] = []
        self.facts: list[Fact] = []
        self.parts: list[Part] = []
        self.model = self._model(folder)

    def run(self, text: str) -> Statement:
        """Read every table."""
        self._check_names((), self.tables, self._top_level())
        for kind in SINGLE_KINDS:
            subject = self.model if kind == "model" else kind
            self._facts((kind,), kind, subject, self._table(kind))
        for kind in part_kinds():
            self._parts_of(kind)
        return Statement(
            artefact=self.artefact,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            text=text,
            model=self.model,
            facts=tuple(self.facts),
            evidence=self._evidence(),
            parts=tuple(self.parts),
            covers=self._texts(("covers",), self.tables.get("covers", [])),
            settled=tuple(self._settled()),
            documents=tuple(table for _, table in self._list("document")),
            form=self._table("form"),
            summary=self._table("summary"),
        )

    def _model(self, folder: str) -> str:
        table = self.tables.get("model")
        given = table if isinstance(table, dict) else {}
        name, version = (_plain(given.get(key)) for key in ("name", "version"))
        return model_subject(name or folder, version)

    def _top_level(self) -> tuple[str, ...]:
        return (*SINGLE_KINDS, *part_kinds(), *_OTHER_LISTS, *_KEPT_TABLES, "covers")

    def _table(self, name: str) -> dict[str, Any]:
        table = self.tables.get(name, {})
        if isinstance(table, dict):
            return table
        self._fault((name,), f"{name} is one table", f"Write [{name}] once.")
        return {}

    def _list(self, name: str) -> list[tuple[Path, dict[str, Any]]]:
        """The entries of `[[name]]` with their paths."""
        entries = self.tables.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            self._fault((name,), f"{name} is a list of tables", f"Write [[{name}]] for each.")
            return []
        if len(entries) > MAX_PARTS:
            self._fault((name,), f"more than {MAX_PARTS} entries", "Join entries that are alike.")
            return []
        return [((name, number), entry) for number, entry in enumerate(entries)]

    # --- facts ----------------------------------------------------------------------------------

    def _facts(self, path: Path, prefix: str, subject: str, table: Mapping[str, Any]) -> None:
        """Make facts of a table; a name that only begins known keys is a table of them."""
        for name, value in table.items():
            key, place = f"{prefix}.{name}", (*path, name)
            if key in catalogue():
                self._fact(place, key, subject, value)
            elif isinstance(value, dict) and any(one.startswith(key + ".") for one in catalogue()):
                self._facts(place, key, subject, value)
            else:
                self._unknown(place, key)

    def _fact(self, path: Path, key: str, subject: str, given: Any) -> None:
        told = self._told(path, key, given)
        if told is None:
            return
        source = Source(
            self.artefact,
            pointer=f"line {self.places.line(path)}",
            reader=READER,
            stated=told.source,
        )
        try:
            fact = make_fact(
                subject,
                key,
                told.value,
                source,
                basis=told.basis,
                relation=told.relation,
                bound=told.bound,
                as_of=told.as_of,
                note=told.note,
                unit=told.unit,
            )
        except InputError as error:
            self._fault(path, error.what, error.fix)
        else:
            self.facts.append(fact)

    def _told(self, path: Path, key: str, given: Any) -> _Told | None:
        """Read a value, or a table of a value and what is said of it."""
        before = len(self.errors)
        table = given if isinstance(given, dict) else {"value": given}
        self._check_names(path, table, _Told.__struct_fields__)
        if "value" not in table:
            self._fault(path, f"{key} has a table without a value", "Write value = ...")
        elif table["value"] == "":
            self._fault(path, f"{key} is empty", "Leave the line out where it is not known.")
        told = _Told(
            value=table.get("value"),
            source=self._text(path, "source", table),
            note=self._text(path, "note", table),
            as_of=self._day(path, table),
            basis=self._choice(path, "basis", table, "declared", _STATED),
            relation=self._choice(path, "relation", table, "exactly", get_args(Relation)),
            bound=self._bound(path, table),
            unit=self._unit(path, key, table),
        )
        if told.relation != "exactly" and catalogue()[key].type not in BOUNDED_TYPES:
            self._fault(path, f"{key} is no amount, so it has no bound", "Leave relation out.")
        return told if len(self.errors) == before else None

    def _text(self, path: Path, name: str, table: Mapping[str, Any]) -> str | None:
        text = table.get(name)
        if text is None or (isinstance(text, str) and 0 < len(text) <= 2_000):
            return text
        self._fault((*path, name), f"{name} takes a text of at most 2000 characters")
        return None

    def _day(self, path: Path, table: Mapping[str, Any]) -> datetime.date | None:
        day = table.get("as_of")
        if day is None:
            return None
        if isinstance(day, datetime.date) and not isinstance(day, datetime.datetime):
            return day
        self._fault((*path, "as_of"), "as_of takes a date", "Write dates as 2026-03-02.")
        return None

    def _choice(
        self, path: Path, name: str, table: Mapping[str, Any], default: Any, words: Iterable[str]
    ) -> Any:
        word = table.get(name, default)
        if isinstance(word, str) and word in words:
            return word
        self._fault((*path, name), f"{name} is one of {', '.join(words)}")
        return default

    def _bound(self, path: Path, table: Mapping[str, Any]) -> Decimal | None:
        if "bound" not in table:
            return None
        try:
            bound = Decimal(parse_amount(table["bound"]))
        except InputError:
            bound = Decimal(-1)
        if 0 <= bound <= 1:
            return bound
        self._fault(
            (*path, "bound"), "bound is a relative error between 0 and 1", "Write 0.3 for 30 %."
        )
        return None

    def _unit(self, path: Path, key: str, table: Mapping[str, Any]) -> str | None:
        unit, fixed = self._text(path, "unit", table), catalogue()[key].unit
        if unit and fixed and unit != fixed:
            self._fault((*path, "unit"), f"{key} is counted in {fixed}", f"Convert it to {fixed}.")
        return unit

    # --- everything else ------------------------------------------------------------------------

    def _parts_of(self, kind: str) -> None:
        seen: dict[str, int | None] = {}
        for path, entry in self._list(kind):
            identifier = self._identifier(path, entry)
            line = self.places.line(path)
            if identifier in seen:
                self._fault(
                    path,
                    f"two entries of [[{kind}]] have the id {identifier!r}",
                    f"The other is on line {seen[identifier]}: give each its own id.",
                )
                continue
            seen[identifier] = line
            part = Part(kind, identifier, self._paths(path, entry), line)
            self.parts.append(part)
            own = {name: value for name, value in entry.items() if name not in _PART_KEYS}
            self._facts(path, kind, part.subject, own)

    def _identifier(self, path: Path, entry: Mapping[str, Any]) -> str:
        given = entry.get("id", str(int(path[-1]) + 1))
        if isinstance(given, str) and _IDENTIFIER.fullmatch(given):
            return given
        self._fault(
            (*path, "id"),
            "an id has letters, digits, dot, hyphen and underscore, at most 100",
            'Write it as id = "pretrain-2".',
        )
        return str(int(path[-1]) + 1)

    def _evidence(self) -> tuple[str, ...]:
        paths: list[str] = []
        for path, entry in self._list("evidence"):
            self._check_names(path, entry, ("path",))
            if "path" not in entry:
                self._fault(path, "an [[evidence]] entry needs a path", 'Write path = "weights".')
            paths += self._paths(path, entry)
        return tuple(dict.fromkeys(paths))

    def _paths(self, path: Path, entry: Mapping[str, Any]) -> tuple[str, ...]:
        texts = self._texts((*path, "path"), entry.get("path", []))
        return tuple(text for text in texts if self._is_inside((*path, "path"), text))

    def _is_inside(self, path: Path, text: str) -> bool:
        """Paths stay inside the dossier, so that a statement of others reads nothing else."""
        parts = re.split(r"[/\\]", text)
        if text.startswith(("/", "\\", "~")) or ":" in parts[0] or ".." in parts or "\0" in text:
            self._fault(
                path,
                f"the path {text[:100]!r} leaves the folder of the statement",
                "Put the statement into a folder that holds all artefacts.",
            )
            return False
        return True

    def _texts(self, path: Path, given: Any) -> tuple[str, ...]:
        texts = [given] if isinstance(given, str) else given
        good = isinstance(texts, list) and len(texts) <= MAX_PARTS
        if good and all(isinstance(text, str) and 0 < len(text) <= 1_000 for text in texts):
            return tuple(texts)
        self._fault(path, f"{path[-1]} takes a text or a list of texts")
        return ()

    def _settled(self) -> Iterable[Settling]:
        for path, entry in self._list("settle"):
            before = len(self.errors)
            self._check_names(path, entry, ("key", "subject", "choose", "why"))
            for name in ("key", "choose", "why"):
                if not isinstance(entry.get(name), str) or not entry[name]:
                    self._fault(
                        path,
                        f"a [[settle]] entry needs {name} as a text",
                        "Write key, choose (an artefact, a stated source or a fact) and why.",
                    )
            key = entry.get("key")
            if isinstance(key, str) and key and key not in catalogue():
                self._unknown((*path, "key"), key)
            if len(self.errors) == before:
                subject = self._settled_subject(path, key or "", entry.get("subject"))
                line = self.places.line(path)
                yield Settling(str(key), subject, entry["choose"], entry["why"], line)

    def _settled_subject(self, path: Path, key: str, given: Any) -> str:
        kind = subject_kind(key)
        if given is None and kind in SINGLE_KINDS:
            return self.model if kind == "model" else kind
        if isinstance(given, str) and subject_kind(given.replace(":", ".")) == kind:
            return given
        self._fault(
            path,
            f"subject of {key} is missing or of another kind",
            f'Write subject = "{kind}:<id>".',
        )
        return kind

    # --- faults ---------------------------------------------------------------------------------

    def _near(self, name: str, known: Iterable[str], cutoff: float) -> list[str]:
        """Look for the nearest name, as long as somebody reads it."""
        if len(self.errors) > MAX_ERRORS:
            return []
        return difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)

    def _check_names(self, path: Path, table: Mapping[str, Any], known: Iterable[str]) -> None:
        for name in table:
            if name not in known:
                near = self._near(name, known, 0.5)
                fix = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
                self._fault((*path, name), f"unknown name {name[:60]!r}", fix)

    def _unknown(self, path: Path, key: str) -> None:
        kind = subject_kind(key)
        known = [one for one in catalogue() if subject_kind(one) == kind]
        near = self._near(key, known, 0.6)
        near = near or self._near(key, catalogue(), 0.75)
        fix = f"Did you mean {near[0]!r}?" if near else "List the keys: chapterv schema keys."
        self._fault(path, f"unknown key {key[:100]!r}", fix)

    def _fault(self, path: Path, what: str, fix: str | None = None) -> None:
        line = self.places.line(path)
        place = f"{self.artefact}:{line}" if line else self.artefact
        self.errors.append(InputError(what, f"{place} ({path_text(path)[:120]})", fix))


class _Told(msgspec.Struct, frozen=True):
    """A value as stated; the names of the fields are those that a value's table may have."""

    value: Any
    source: str | None
    note: str | None
    as_of: datetime.date | None
    basis: Basis
    relation: Relation
    bound: Decimal | None
    unit: str | None


_STATED: tuple[Literal["declared", "assumed"], ...] = ("declared", "assumed")


def _plain(given: Any) -> str | None:
    value = given.get("value") if isinstance(given, dict) else given
    return value.strip() or None if isinstance(value, str) else None
