"""Readers: one function for each format, found by looking, and the same door for plug-ins.

A module of `chapterv.evidence.formats` registers its reader with `@reader`; a plug-in does the
same in a module that it names as an entry point of the group `chapterv.readers`. Formats that are
known and not read are registered with `not_read`, so that a scan can say why. A value that only
several files give together (shards, a configuration and its weights) is left as a `Part`, and a
function registered with `@joins` makes facts of the parts when all files are read.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import translate
from functools import cache

import msgspec

from chapterv.errors import Error
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.results import Anomaly, Note, Part
from chapterv.facts import Fact

__all__ = [
    "ENTRY_POINTS",
    "Joined",
    "Parts",
    "Reader",
    "Unclaimed",
    "join_order",
    "joins",
    "load",
    "matching",
    "not_read",
    "reader",
    "readers",
]

ENTRY_POINTS = "chapterv.readers"
SNIFF_BYTES = 1024
"""Files up to this size are shown to readers that recognise a format by its first bytes."""

Found = Fact | Note | Part | Anomaly
Read = Callable[[Artefact], Iterator[Found]]


class Unclaimed(Exception):
    """A reader found that the file is of another format than its name suggests.

    Args:
        reason: what a scan says of the file where no other reader takes it, if anything.
    """


class Reader(msgspec.Struct, frozen=True):
    """A registered format.

    Args:
        name: name of the format.
        version: version of the reader, changed whenever it reads something differently.
        suffixes: ends of file names, in lower case.
        names: whole file names in lower case, with `*` and `?` as in a shell.
        read: the function, or None for a format that is known and not read.
        reason: why it is not read.
        sniff: recognises small files by their first bytes, whatever their name.
    """

    name: str
    version: str
    suffixes: tuple[str, ...]
    names: tuple[str, ...]
    read: Read | None
    reason: str = ""
    sniff: Callable[[bytes], bool] | None = None

    @property
    def label(self) -> str:
        """Name and version as sources carry them."""
        return f"{self.name} {self.version}"


class Joined(msgspec.Struct, frozen=True):
    """A fact that rests on several artefacts."""

    fact: Fact
    artefacts: tuple[str, ...]


class Parts:
    """The parts of one scan, by kind and folder."""

    def __init__(self, parts: Sequence[Part], subject: str) -> None:
        self.subject = subject
        self._parts: dict[tuple[str, str], list[Part]] = {}
        for part in parts:
            self._parts.setdefault((part.kind, part.folder), []).append(part)

    def folders(self, *kinds: str) -> list[str]:
        """Return the folders that hold parts of these kinds, sorted."""
        return sorted({folder for kind, folder in self._parts if kind in kinds})

    def here(self, kind: str, folder: str) -> list[Part]:
        """Return the parts of a kind in one folder."""
        return self._parts.get((kind, folder), [])

    def nearest(self, kind: str, folder: str) -> list[Part]:
        """Return the parts of a kind in a folder, or else in the folder above it."""
        found = self.here(kind, folder)
        return found or (self.here(kind, folder.rpartition("/")[0]) if folder else [])


Join = Callable[[Parts], Iterator[Joined | Note | Anomaly]]

_READERS: dict[str, Reader] = {}
_JOINS: dict[str, Join] = {}


def reader(
    name: str,
    *,
    version: str,
    suffixes: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    sniff: Callable[[bytes], bool] | None = None,
) -> Callable[[Read], Read]:
    """Register the reader of a format.

    Args:
        name: name of the format, as it stands in sources.
        version: version of the reader.
        suffixes: ends of file names that it reads.
        names: whole file names that it reads; they go before suffixes.
        sniff: recognises files of at most `SNIFF_BYTES` bytes by content; goes before names.

    Returns: the decorator. The function gets an `Artefact` and yields facts, notes and parts; it
        raises `InputError` for a broken file and `Unclaimed` for one of another format.

    Raises:
        ValueError: the name is taken.
    """

    def register(read: Read) -> Read:
        _register(Reader(name, version, suffixes, names, read, sniff=sniff))
        return read

    return register


def not_read(name: str, reason: str, *names: str, suffixes: tuple[str, ...] = ()) -> None:
    """Register a format that is recognised and not read.

    Args:
        name: name of the format.
        reason: why, as a scan says it.
        names: file names or patterns.
        suffixes: ends of file names.
    """
    _register(Reader(name, "0", suffixes, names, None, reason))


def joins(kind: str) -> Callable[[Join], Join]:
    """Register the function that makes facts of the parts of one kind."""

    def register(join: Join) -> Join:
        _JOINS[kind] = join
        return join

    return register


def _register(entry: Reader) -> None:
    if entry.name in _READERS:
        raise ValueError(f"two readers are called {entry.name!r}")
    _READERS[entry.name] = entry
    _table.cache_clear()


@cache
def load() -> tuple[str, ...]:
    """Import every reader once, those of plug-ins last.

    Returns: what went wrong with plug-ins, one line each.
    """
    package = importlib.import_module("chapterv.evidence.formats")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    faults = []
    for entry in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda e: e.name):
        try:
            entry.load()
        except Exception as error:  # a plug-in may fail in any way, and must not stop a scan
            faults.append(f"the plug-in {entry.name!r} cannot be loaded: {error}")
    return tuple(faults)


def readers() -> Mapping[str, Reader]:
    """Return all formats by name, those that are recognised only included."""
    load()
    return _READERS


def join_order() -> list[Join]:
    """Return the joining functions, sorted by their kind."""
    load()
    return [_JOINS[kind] for kind in sorted(_JOINS)]


class _Table(msgspec.Struct, frozen=True):
    names: dict[str, list[Reader]]
    patterns: list[tuple[re.Pattern[str], Reader]]
    suffixes: list[tuple[str, Reader]]
    sniffers: list[Reader]


@cache
def _table() -> _Table:
    load()
    table = _Table({}, [], [], [])
    for entry in _READERS.values():
        for name in entry.names:
            if any(sign in name for sign in "*?["):
                table.patterns.append((re.compile(translate(name)), entry))
            else:
                table.names.setdefault(name, []).append(entry)
        table.suffixes.extend((suffix, entry) for suffix in entry.suffixes)
        if entry.sniff is not None:
            table.sniffers.append(entry)
    # Longer suffixes say more: `.index.json` goes before `.json`.
    table.suffixes.sort(key=lambda pair: -len(pair[0]))
    return table


def matching(name: str, start: bytes = b"") -> Iterator[Reader]:
    """Yield the readers that may read a file, the surest first.

    Args:
        name: file name.
        start: the file's bytes where it is small, else nothing.
    """
    table = _table()
    if start:
        yield from (entry for entry in table.sniffers if entry.sniff and entry.sniff(start))
    lowered = name.lower()
    yield from table.names.get(lowered, ())
    for suffix, entry in table.suffixes:
        if lowered.endswith(suffix) and entry.read is not None:
            yield entry
    for pattern, entry in table.patterns:
        if pattern.match(lowered):
            yield entry
    for suffix, entry in table.suffixes:
        if lowered.endswith(suffix) and entry.read is None:
            yield entry


def describe_error(error: Error, path: str) -> str:
    """Return an error as the reason of a skipped artefact, its path left out."""
    text = str(error)
    return text.removeprefix(f"{path}: ")
