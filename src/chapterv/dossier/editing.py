"""Adding lines to a statement file without touching a byte that is there.

A section is the lines from a header to the next one. A header that stands as a comment
(`# [[run]]`) begins a section too: whoever removes its mark must not find keys of another table
below it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from chapterv.errors import StorageError

__all__ = ["Page", "Section", "write_atomically"]

_HEADER = re.compile(r"\s*(#\s*)?(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
_COMMENTED_KEY = re.compile(r"\s*#\s*([A-Za-z0-9_.-]+)\s*=")


class Section(msgspec.Struct, frozen=True):
    """A header and the lines below it; numbers count from 0, `last` is past the end."""

    name: str
    number: int
    """Position among the sections of this name that are no comments."""
    commented: bool
    first: int
    last: int


class Page:
    """The lines of a text file, with their ends as they are."""

    def __init__(self, text: str) -> None:
        self.lines = _split(text)
        self.end = "\r\n" if self.lines and self.lines[0].endswith("\r\n") else "\n"

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.lines)

    def sections(self) -> list[Section]:
        """Return the sections in their order."""
        found: list[tuple[int, str, bool]] = []
        for number, line in enumerate(self.lines):
            if header := _HEADER.match(line):
                found.append((number, header[3], bool(header[1])))
        starts = [*(number for number, _, _ in found), len(self.lines)]
        counts: dict[str, int] = {}
        sections = []
        for (first, name, commented), last in zip(found, starts[1:], strict=True):
            position = counts.get(name, 0)
            counts[name] = position + (not commented)
            sections.append(Section(name, position, commented, first, last))
        return sections

    def section(self, name: str, number: int = 0) -> Section | None:
        """Return a section that is no comment, by name and position."""
        for section in self.sections():
            if (section.name, section.number, section.commented) == (name, number, False):
                return section
        return None

    def commented_keys(self, section: Section) -> dict[str, int]:
        """Return the keys that stand as comments in a section, and their lines."""
        keys: dict[str, int] = {}
        for number in range(section.first + 1, section.last):
            if match := _COMMENTED_KEY.match(self.lines[number]):
                keys.setdefault(match[1], number)
        return keys

    def has_line(self, section: Section, line: str) -> bool:
        """Tell whether a section has this very line."""
        return any(self.lines[n].strip() == line for n in range(section.first + 1, section.last))

    def end_of(self, section: Section) -> int:
        """Return where lines can be added to a section.

        Comments that stand right above the next header belong to that one.
        """
        at = section.last
        if at < len(self.lines):
            while at > section.first + 1 and self.lines[at - 1].lstrip().startswith("#"):
                at -= 1
            if at == section.first + 1:
                at = section.last
        while at > section.first + 1 and not self.lines[at - 1].strip():
            at -= 1
        return at

    def insert(self, at: int, lines: Iterable[str]) -> None:
        """Insert lines, given without their ends, before line `at`."""
        if at > 0 and not self.lines[at - 1].endswith("\n"):
            self.lines[at - 1] += self.end
        self.lines[at:at] = [line + self.end for line in lines]

    def append(self, lines: Iterable[str]) -> None:
        """Add lines at the end, after an empty one."""
        gap = [""] if self.lines and self.lines[-1].strip() else []
        self.insert(len(self.lines), [*gap, *lines])


def _split(text: str) -> list[str]:
    """Split at line feeds alone: a lone carriage return ends no line in TOML."""
    lines = text.split("\n")
    kept = [line + "\n" for line in lines[:-1]]
    return [*kept, lines[-1]] if lines[-1] else kept


def write_atomically(path: Path, text: str, mark: bool = False) -> None:
    """Write a file in one step, so that a stop leaves the old or the new one whole.

    Args:
        path: the file; a symbolic link is followed.
        text: its text.
        mark: begin with a byte order mark, as the file did before.

    Raises:
        StorageError: the folder or file cannot be written.
    """
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8-sig" if mark else "utf-8"))
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, mode)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            f"cannot be written: {error.strerror or error}",
            str(path),
            "Check the rights of the folder and the free space.",
        ) from None
