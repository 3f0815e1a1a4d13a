"""Strict reading of JSON and YAML: bounded, no duplicate keys, no value that is not what it seems.

Both give plain objects. JSON is RFC 8259 with the duplicates and the non-finite numbers that its
section 4 and 6 leave to the reader refused. YAML is read event by event, so that nesting and
aliases are bounded before anything is built; plain scalars are resolved by the core schema of
YAML 1.2 (section 10.3.2), so that `no` is a text and `1_000` is one too.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from chapterv.errors import InputError

__all__ = ["MAX_NESTING", "YamlTable", "decode_json", "decode_text", "decode_yaml"]

MAX_NESTING = 64
MAX_VALUES = 1_000_000
MAX_YAML_VALUES = 50_000
MAX_ALIASES = 64

_SAVE = "Save it as UTF-8 without a byte order mark."
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\xef\xbb\xbf": "UTF-8 with a mark"}


def decode_text(data: bytes, where: str) -> str:
    """Return UTF-8 bytes as text; a byte order mark of UTF-8 is dropped.

    Raises:
        InputError: another encoding.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            raise InputError(f"the text is {name}, not plain UTF-8", where, _SAVE)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the text is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            where,
            _SAVE,
        ) from None


def decode_json(
    data: bytes,
    where: str,
    max_values: int = MAX_VALUES,
    infinity: bool = False,
    not_finite: bool = False,
) -> Any:
    """Return the value of a JSON text.

    Args:
        data: the bytes of the file.
        where: path of the file, for messages.
        max_values: bound on the number of values.
        infinity: take the words Infinity and -Infinity, which the JSON writer of Python's standard
            library puts into configurations.
        not_finite: take NaN too, which trainers write for losses that are none.

    Raises:
        InputError: wrong encoding, broken syntax, duplicate keys, numbers that are not finite or
            too long, nesting or size beyond the bounds.
    """
    if data.startswith(tuple(_MARKS)) or b"\0" in data[:4]:
        raise InputError("the text is not plain UTF-8 (a byte order mark, or UTF-16)", where, _SAVE)
    text = decode_text(data, where)
    # Every value but the last of a table or list is followed by a comma, so this bounds memory
    # before anything is built.
    opened = data.count(b"[") + data.count(b"{")
    if data.count(b",") + opened > max_values:
        raise InputError(f"more than {max_values} values", where, "Check what wrote it.")
    try:
        value = (_ANY_FLOAT if not_finite else _LENIENT if infinity else _DECODER).decode(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {_syntax(error.msg)} at line {error.lineno}, column {error.colno}",
            where,
            "Write the file again with the program that made it.",
        ) from None
    except RecursionError:
        raise _too_deep(where) from None
    except _Fault as fault:
        raise InputError(str(fault), where, "Correct the file.") from None
    except ValueError:
        raise InputError("a whole number has thousands of digits", where, "Correct it.") from None
    if opened > MAX_NESTING:
        _check_nesting(value, where)
    if _SURROGATE.search(data):
        _check_characters(value, where)
    return value


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _check_characters(value: Any, where: str) -> None:
    """Refuse halves of surrogate pairs, which no text can be written with."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError(
            "an escape stands for half of a character", where, "Correct the escape."
        ) from None
    except RecursionError:
        raise _too_deep(where) from None


class _Fault(Exception):
    """Something that the JSON decoder takes and this program does not."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Fault(f"the key {key[:60]!r} stands twice in one table")
            seen.add(key)
    return table


def _constant(name: str) -> Any:
    raise _Fault(f"{name} is not a number that JSON has")


def _constant_or_infinity(name: str) -> Any:
    return _constant(name) if name == "NaN" else float(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Fault(f"the number {text[:30]} is too large")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_finite)
_LENIENT = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant_or_infinity, parse_float=_finite
)
_ANY_FLOAT = json.JSONDecoder(object_pairs_hook=_pairs)


def _syntax(message: str) -> str:
    return message[:1].lower() + message[1:].replace("'utf-8'", "UTF-8")


def _too_deep(where: str) -> InputError:
    return InputError(f"nested more than {MAX_NESTING} levels deep", where, "Check what wrote it.")


def _check_nesting(value: Any, where: str) -> None:
    """Walk level by level, so that the check itself does not nest."""
    level = [value]
    for _ in range(MAX_NESTING + 1):
        outer = [item for item in level if isinstance(item, dict | list)]
        if not outer:
            return
        level = [
            item
            for container in outer
            for item in (container.values() if isinstance(container, dict) else container)
        ]
    raise _too_deep(where)


class YamlTable(dict[str, Any]):
    """A YAML mapping that remembers the line of each key, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


def decode_yaml(text: str, where: str, first_line: int = 1) -> Any:
    """Return the value of a YAML text of one document.

    Args:
        text: the YAML.
        where: path of the file, for messages.
        first_line: line of the file on which the text begins.

    Returns: tables as `YamlTable`, lists, texts, whole numbers, floats, booleans, None.

    Raises:
        InputError: broken syntax, duplicate keys, tags, or bounds passed.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    builder = _Builder(where, first_line)
    try:
        for event in _events(YAML(typ="safe", pure=True), text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" at line {mark.line + first_line}" if mark else ""
        problem = str(error.problem or error.context or "broken syntax").split("\n")[0]
        raise InputError(f"not YAML: {problem[:120]}{line}", where, "Correct the syntax.") from None
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        problem = str(error).split("\n")[0]
        raise InputError(f"not YAML: {problem[:120]}", where, "Correct the syntax.") from None
    return builder.root


def _events(yaml: Any, text: str) -> Iterator[Any]:
    yield from yaml.parse(text)


class _Builder:
    """Builds plain objects from parser events, within bounds."""

    def __init__(self, where: str, first_line: int) -> None:
        self.where = where
        self.first_line = first_line
        self.root: Any = None
        self.stack: list[tuple[Any, str | None]] = []
        self.key: Any = _NO_KEY
        self.keys: list[Any] = []
        self.anchors: dict[str, Any] = {}
        self.count = self.aliases = self.documents = 0

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._add(_scalar(event), event, event.anchor)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._open(YamlTable() if kind == "MappingStartEvent" else [], event)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._close(event)
        elif kind == "AliasEvent":
            self._alias(event)
        elif kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                raise self._error("more than one document", event)

    def _open(self, container: Any, event: Any) -> None:
        if len(self.stack) >= MAX_NESTING:
            raise _too_deep(self.where)
        self.stack.append((container, event.anchor))
        self.keys.append(self.key)
        self.key = _NO_KEY

    def _close(self, event: Any) -> None:
        container, anchor = self.stack.pop()
        self.key = self.keys.pop()
        self._add(container, event, anchor)

    def _alias(self, event: Any) -> None:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self._error(f"more than {MAX_ALIASES} aliases", event)
        if event.anchor not in self.anchors:
            raise self._error("an alias without its anchor", event)
        self._add(self.anchors[event.anchor], event, None)

    def _add(self, value: Any, event: Any, anchor: str | None) -> None:
        self.count += 1
        if self.count > MAX_YAML_VALUES:
            raise self._error(f"more than {MAX_YAML_VALUES} values", event)
        if anchor:
            self.anchors[anchor] = value
        if not self.stack:
            self.root = value
            return
        container = self.stack[-1][0]
        if isinstance(container, list):
            container.append(value)
        elif self.key is _NO_KEY:
            self._take_key(container, value, event)
        else:
            container[self.key] = value
            self.key = _NO_KEY

    def _take_key(self, table: YamlTable, key: Any, event: Any) -> None:
        if isinstance(key, dict | list):
            raise self._error("a table or list stands as a key", event)
        name = key if isinstance(key, str) else json.dumps(key)
        if name in table.lines:
            raise self._error(f"the key {name[:60]!r} stands twice in one table", event)
        table.lines[name] = event.start_mark.line + self.first_line
        self.key = name

    def _error(self, what: str, event: Any) -> InputError:
        line = event.start_mark.line + self.first_line
        return InputError(what, f"{self.where}:{line}", "Correct the file.")


_NO_KEY = object()
_HALVES = re.compile("[\ud800-\udfff]")
_MAX_DIGITS = 100
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {
    word: value
    for words, value in (
        (("", "~", "null", "Null", "NULL"), None),
        (("true", "True", "TRUE"), True),
        (("false", "False", "FALSE"), False),
    )
    for word in words
}


def _scalar(event: Any) -> Any:
    """Resolve a scalar: quoted ones and ones with a tag are text, plain ones by their form."""
    text: str = event.value
    if _HALVES.search(text):
        # Escapes of JSON, which YAML takes over, write one character as two halves.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if not event.implicit[0] or event.tag:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
