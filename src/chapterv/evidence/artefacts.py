"""One file of the folder, as readers see it: bounded bytes, digest, and a door for making facts.

A reader never opens a path itself. It asks its artefact for bytes, so that bounds, special files
and files that change while they are read are dealt with here and nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chapterv.errors import InputError
from chapterv.facts import Basis, Fact, Relation, Source, make_fact
from chapterv.facts.types import DigestOf

__all__ = ["Artefact", "Window", "printable"]

# Without O_NONBLOCK, opening a pipe that took the place of a file would wait for a writer for good.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_CHUNK = 1 << 20


class Window:
    """An open regular file, read by offset and never beyond the size it had when opened."""

    __slots__ = ("_descriptor", "path", "size")

    def __init__(self, descriptor: int, path: str, size: int) -> None:
        self._descriptor = descriptor
        self.path = path
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`.

        Raises:
            InputError: the file cannot be read there.
        """
        wanted = max(0, min(length, self.size - offset))
        data = self._pread(offset, wanted)
        if len(data) == wanted:
            return data
        pieces = [data]
        got = len(data)
        while data and got < wanted:
            data = self._pread(offset + got, wanted - got)
            pieces.append(data)
            got += len(data)
        return b"".join(pieces)

    def _pread(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise unreadable(error, self.path) from None


class Artefact:
    """A file under the dossier's root, handed to the reader of its format.

    Args:
        path: path relative to the root, with forward slashes; it may stand in documents.
        location: path in the file system, used only to open the file.
        size: bytes when the folder was listed.
        subject: subject of the facts that readers make.
        digest: SHA-256 of the whole file where it is known already.
        listing: tells whether a path relative to the root was found by this scan.
        run: subject of the facts on a training run that the file records.
        cache: folder in which a reader may keep how far it read a file that grows, or None.
    """

    __slots__ = (
        "cache",
        "digest",
        "digest_of",
        "folder",
        "listing",
        "location",
        "name",
        "path",
        "reader",
        "run",
        "size",
        "subject",
    )

    def __init__(
        self,
        path: str,
        location: str,
        size: int,
        subject: str = "model",
        digest: str | None = None,
        listing: Callable[[str], bool] = lambda path: False,
        run: str | None = None,
        cache: Path | None = None,
    ) -> None:
        self.path = path
        self.folder, _, self.name = path.rpartition("/")
        self.location = location
        self.size = size
        self.subject = subject
        self.digest = digest
        self.digest_of: DigestOf | None = "file" if digest else None
        self.listing = listing
        self.cache = cache
        self.run = run or f"run:{self.folder or self.name}"
        self.reader: str | None = None

    @contextmanager
    def opened(self) -> Iterator[Window]:
        """Open the file for reading by offset; its size is taken anew.

        Raises:
            InputError: the file cannot be opened, or is no regular file.
        """
        try:
            descriptor = os.open(self.location, _OPEN_FLAGS)
        except (OSError, ValueError) as error:
            raise unreadable(error, self.path) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InputError("not a regular file", self.path, "Put a plain file in its place.")
            self.size = status.st_size
            yield Window(descriptor, self.path, status.st_size)
        finally:
            os.close(descriptor)

    def read(self, limit: int) -> bytes:
        """Return the whole file, and keep its digest for the facts made from it.

        Args:
            limit: most bytes that a file of this kind may have.

        Raises:
            InputError: larger than the limit, or unreadable.
        """
        with self.opened() as window:
            if window.size > limit:
                raise InputError(
                    f"the file has {window.size} bytes, more than the {limit} that a file of "
                    "this kind may have",
                    self.path,
                    "Check that it is what its name says.",
                )
            data = window.read(0, window.size)
        self.keep_digest(data, "file")
        return data

    def keep_digest(self, data: bytes, of: DigestOf) -> None:
        """Take the digest of what was read, unless that of the whole file is known."""
        if self.digest is None:
            self.digest = hashlib.sha256(data).hexdigest()
            self.digest_of = of

    def beside(self, name: str, up: int = 0) -> bool:
        """Tell whether a file of this name stands in the same folder, or `up` folders higher."""
        folder = self.folder
        for _ in range(up):
            if not folder:
                return False
            folder = folder.rpartition("/")[0]
        return self.listing(f"{folder}/{name}" if folder else name)

    def run_of(self, name: str) -> str:
        """Return the subject of one of several runs that this file records."""
        return f"{self.run}.{printable(name)[:100]}"

    def source(self, pointer: str | None = None, inputs: tuple[str, ...] = ()) -> Source:
        """Return where a value in this file stands."""
        return Source(self.path, self.digest, self.digest_of, pointer, self.reader, inputs)

    def fact(
        self,
        key: str,
        value: Any,
        pointer: str | None = None,
        *,
        basis: Basis = "measured",
        relation: Relation = "exactly",
        inputs: tuple[str, ...] = (),
        note: str | None = None,
        subject: str | None = None,
    ) -> Fact:
        """Make a fact from a value of this file.

        Args:
            key: a key of the catalogue; those of kind `run` are facts on the file's run.
            value: as the key takes it.
            pointer: place in the file.
            basis: how it is known.
            relation: exactly, or a bound.
            inputs: facts that it was computed from.
            note: a remark.
            subject: another subject than the file's, such as `run_of(name)`.

        Raises:
            InputError: the key does not take the value.
        """
        return make_fact(
            subject or (self.run if key.startswith("run.") else self.subject),
            key,
            _cleaned(value),
            self.source(pointer and printable(pointer), inputs),
            basis=basis,
            relation=relation,
            note=note and printable(note),
        )


def file_digest(artefact: Artefact, advance: Callable[[int], None]) -> str:
    """Return the SHA-256 of a whole file, read in pieces.

    Args:
        artefact: the file.
        advance: called with the number of bytes of each piece.

    Raises:
        InputError: the file cannot be read.
    """
    digest = hashlib.sha256()
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    with artefact.opened() as window:
        done = 0
        while done < window.size:
            try:
                got = os.preadv(window._descriptor, [view], done)
            except OSError as error:
                raise unreadable(error, artefact.path) from None
            got = min(got, window.size - done)
            if got <= 0:
                break
            digest.update(view[:got])
            done += got
            advance(got)
    return digest.hexdigest()


def unreadable(error: Exception, path: str) -> InputError:
    """Say what the operating system refused, in words of ours."""
    known = {
        FileNotFoundError: ("there is no such file", "Check the path."),
        PermissionError: ("the file cannot be opened: no permission", "Grant read access to it."),
        IsADirectoryError: ("a folder stands where a file was", "Scan the folder again."),
    }
    what, fix = known.get(type(error), (None, None)) if isinstance(error, OSError) else (None, None)
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(what or f"cannot be read: {reason.lower()}", path, fix)


def printable(text: str) -> str:
    """Return a text that can be written as UTF-8 and shown on one line of a terminal.

    Control characters and halves of surrogate pairs become visible escapes.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == " " else _escape(c) for c in text)


def _escape(character: str) -> str:
    if character in "\n\t":
        return " "
    return character.encode("unicode_escape").decode("ascii")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | tuple):
        return tuple(_cleaned(item) for item in value)
    return value
