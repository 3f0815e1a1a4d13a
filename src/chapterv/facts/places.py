"""Where each key and table of a TOML text stands: line numbers that `tomllib` does not give.

It reads only as much of the grammar as is needed to know where statements begin and end, and it is
forgiving: a text that is not TOML gives fewer places, never an exception other than for a bound.
What the values are is left to `tomllib`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

import msgspec

from chapterv.errors import InputError

__all__ = ["Path", "Places", "Statement", "Table", "locate", "path_text", "printable"]

Path = tuple[str | int, ...]
"""Keys and list positions from the root of the document, such as ("run", 0, "tokens")."""

MAX_DEPTH = 16
MAX_PARTS = 8


class Table(msgspec.Struct, frozen=True):
    """One `[header]` or `[[header]]` and the lines up to the next one; lines count from 1."""

    path: Path
    line: int
    last: int


class Statement(msgspec.Struct, frozen=True):
    """The lines of one key and its value, or of one header."""

    first: int
    last: int
    header: bool


class Places(msgspec.Struct, frozen=True):
    """Lines of keys, tables and statements; `keys` holds the first place of each path."""

    keys: dict[Path, int]
    tables: tuple[Table, ...]
    statements: tuple[Statement, ...]
    unclosed: tuple[int, ...] = ()
    """Lines on which a quote opens that nothing closes."""

    def line(self, path: Path) -> int | None:
        """Return the line of a path, or of the nearest one around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.keys:
                return self.keys[path[:length]]
        return None

    def statement_at(self, line: int) -> Statement | None:
        """Return the statement that covers a line."""
        return next((one for one in self.statements if one.first <= line <= one.last), None)


def locate(text: str, where: str | None = None) -> Places:
    """Find where keys and tables stand.

    Args:
        text: a TOML document, valid or not.
        where: file named in an error.

    Raises:
        InputError: keys of more than `MAX_PARTS` parts or values nested deeper than `MAX_DEPTH`.
    """
    return _Scanner(text, where).run()


def path_text(path: Path) -> str:
    """Return a path as a person reads it.

    >>> path_text(("run", 1, "tokens"))
    'run[1].tokens'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return printable(text)


def printable(text: str) -> str:
    """Return a foreign text on one line, control characters as escapes."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


_PART = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_EMPTY = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_HEADER = re.compile(rf"\[(\[)?[ \t]*({_DOTTED})[ \t]*\]")
_KEY = re.compile(rf"({_DOTTED})[ \t]*=[ \t]*")
_SPLIT = re.compile(_PART)
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[\]{},\n]|[^\[\]{},\n\"'#]+|.",
    re.DOTALL,
)


class _Frame(msgspec.Struct):
    """An open bracket inside a value: its kind, the path of what it holds, the position in it."""

    kind: str
    path: Path
    index: int = 0

    def inner(self) -> Path:
        return (*self.path, self.index)


class _Scanner:
    def __init__(self, text: str, where: str | None) -> None:
        self.text = text
        self.where = where
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.keys: dict[Path, int] = {}
        self.headers: list[tuple[Path, int]] = []
        self.statements: list[Statement] = []
        self.lists: dict[Path, int] = {}
        self.table: Path = ()
        self.unclosed: list[int] = []

    def run(self) -> Places:
        at = self._skip_empty(0)
        while at < len(self.text):
            at = self._skip_empty(self._statement(at))
        return Places(
            self.keys, tuple(self._tables()), tuple(self.statements), tuple(self.unclosed)
        )

    def _statement(self, at: int) -> int:
        first = self._line(at)
        if header := _HEADER.match(self.text, at):
            end = self._end_of_line(header.end())
            self.table = self._open(self._parts(header[2], at), bool(header[1]), first)
            self.keys.setdefault(self.table, first)
            self.headers.append((self.table, first))
        elif key := _KEY.match(self.text, at):
            path = (*self.table, *self._parts(key[1], at))
            self.keys.setdefault(path, first)
            end = self._value(key.end(), path)
        else:
            end = self._end_of_line(at)
        self.statements.append(Statement(first, self._line(max(at, end - 1)), bool(header)))
        return end

    def _value(self, at: int, path: Path) -> int:
        """Pass over a value, noting keys of inline tables; return where it ends."""
        frames: list[_Frame] = []
        while token := _TOKEN.match(self.text, at):
            sign = token[0]
            if not frames and (sign == "\n" or sign.startswith("#")):
                return at
            at = token.end()
            if sign in ("[", "{"):
                if len(frames) >= MAX_DEPTH:
                    raise self._error(at, f"values are nested deeper than {MAX_DEPTH}")
                inside_list = frames and frames[-1].kind == "["
                frames.append(_Frame(sign, frames[-1].inner() if inside_list else path))
            elif sign in ("]", "}") and frames:
                frames.pop()
            elif sign in ('"', "'"):
                # Looking for the end of every further quote would take quadratic time.
                self.unclosed.append(self._line(at - 1))
                return self._end_of_line(at)
            elif sign == "," and frames:
                frames[-1].index += 1
            if frames and frames[-1].kind == "{" and sign in ("{", ","):
                at, path = self._inline_key(at, frames[-1])
        return at

    def _inline_key(self, at: int, frame: _Frame) -> tuple[int, Path]:
        at = self._skip_empty(at)
        key = _KEY.match(self.text, at)
        if key is None:
            return at, frame.path
        path = (*frame.path, *self._parts(key[1], at))
        self.keys.setdefault(path, self._line(at))
        return key.end(), path

    def _open(self, parts: tuple[str, ...], is_list: bool, line: int) -> Path:
        """Return the path of a header; parts that are lists stand for their last item."""
        path: Path = ()
        for part in parts[:-1]:
            path = (*path, part)
            path = (*path, self.lists[path]) if path in self.lists else path
        path = (*path, parts[-1])
        if is_list:
            self.keys.setdefault(path, line)
            self.lists[path] = self.lists.get(path, -1) + 1
        return (*path, self.lists[path]) if path in self.lists else path

    def _parts(self, dotted: str, at: int) -> tuple[str, ...]:
        parts = tuple(_unquoted(part) for part in _SPLIT.findall(dotted))
        if len(parts) > MAX_PARTS:
            raise self._error(at, f"a key has more than {MAX_PARTS} parts")
        return parts

    def _tables(self) -> list[Table]:
        lines = [line for _, line in self.headers] + [len(self.starts) + 1]
        return [
            Table(path, line, following - 1)
            for (path, line), following in zip(self.headers, lines[1:], strict=True)
        ]

    def _skip_empty(self, at: int) -> int:
        match = _EMPTY.match(self.text, at)
        return match.end() if match else at

    def _end_of_line(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _line(self, at: int) -> int:
        return bisect_right(self.starts, at)

    def _error(self, at: int, what: str) -> InputError:
        place = f"{self.where}:{self._line(at)}" if self.where else f"line {self._line(at)}"
        return InputError(what, place, "Write it with fewer levels.")


def _unquoted(part: str) -> str:
    if part.startswith("'"):
        return part[1:-1]
    if not part.startswith('"'):
        return part
    try:
        return str(json.loads(part))
    except ValueError:
        return part[1:-1]
