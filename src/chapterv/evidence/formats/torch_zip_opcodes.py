"""A pickle walked as data: what it would build is described, and nothing of it is run.

A pickle is a program for a small stack machine, in which two instructions call functions by name.
This machine knows the instructions that torch's files consist of, and a list of names. A name on
the list becomes a description (`Made`); any other name, and any other instruction, ends the walk
with that name in the error. No module is imported, no function called, no class looked up.

Source: module `pickletools` of Python's standard library (the instructions, protocols 2 to 5).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from chapterv.errors import InputError

__all__ = ["Made", "Name", "walk_pickle"]

MAX_STEPS = 6_000_000
MAX_STACK = 1_000_000
MAX_MEMO = 4_000_000
MAX_WHOLE = 64
"""Bytes of one whole number. Sizes have eight."""

_FIX = (
    "It was not opened. Convert the weights to safetensors, or state model.parameters_total with "
    "a source."
)


class Name(msgspec.Struct, frozen=True):
    """A function or class, by its name only."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Made(msgspec.Struct, eq=False):
    """What a call would have made: the name, the arguments, and the state set afterwards.

    Two of them are equal only if they are the same one, so that they can be keys of a table.
    """

    name: Name
    arguments: Any
    state: Any = None
    items: dict[Any, Any] = msgspec.field(default_factory=dict)


_MARK = object()


def walk_pickle(
    data: bytes,
    where: str,
    allowed: Collection[str],
    stored: Callable[[Any], Any] | None = None,
) -> Any:
    """Describe what a pickle would build.

    Args:
        data: the pickle.
        where: place for messages.
        allowed: full names that may be called.
        stored: makes a description of what stands outside the pickle, from its identifier.

    Returns: tables, lists, tuples, texts, numbers and `Made`.

    Raises:
        InputError: a name that is not allowed, an instruction that torch does not write, or a
            broken or endless program.
    """
    machine = _Machine(data, where, allowed, stored)
    try:
        return machine.run()
    except (IndexError, struct.error, TypeError, AttributeError):
        raise machine.error("broken at") from None


class _Machine:
    """The stack machine."""

    def __init__(
        self,
        data: bytes,
        where: str,
        allowed: Collection[str],
        stored: Callable[[Any], Any] | None,
    ) -> None:
        self.data = data
        self.where = where
        self.allowed = allowed
        self.stored = stored
        self.at = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Walk to the end, and return what is on the stack."""
        for _ in range(MAX_STEPS):
            code = self.data[self.at]
            self.at += 1
            if code == 0x2E:  # STOP
                return self.pop()
            step = _STEPS.get(code)
            if step is None:
                raise self.error(f"the instruction {code:#04x}, which torch does not write, at")
            step(self)
            if len(self.stack) > MAX_STACK or len(self.memo) > MAX_MEMO:
                raise self.error("more values than a checkpoint has at")
        raise self.error("more instructions than a checkpoint has at")

    def error(self, what: str) -> InputError:
        """Return an error at the present place."""
        return InputError(f"a pickle, {what} byte {self.at}", self.where, _FIX)

    def take(self, length: int) -> bytes:
        """Return the next bytes."""
        data = self.data[self.at : self.at + length]
        if len(data) != length:
            raise self.error("cut off at")
        self.at += length
        return data

    def pop(self) -> Any:
        """Take the last value off the stack."""
        value = self.stack.pop()
        if value is _MARK:
            raise self.error("a mark in place of a value at")
        return value

    def number(self, form: str, size: int) -> Any:
        """Return the next number."""
        return struct.unpack(form, self.take(size))[0]

    def line(self) -> str:
        """Return the text up to the next line break."""
        end = self.data.find(b"\n", self.at, self.at + 1024)
        if end < 0:
            raise self.error("cut off at")
        text = self.take(end - self.at).decode("utf-8", "replace")
        self.at += 1
        return text

    def text(self, size: int) -> None:
        """Push a text."""
        self.stack.append(self.take(size).decode("utf-8", "replace"))

    def whole(self, size: int) -> None:
        """Push a whole number of any length."""
        if size > MAX_WHOLE:
            raise self.error("a whole number of many digits at")
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))

    def marked(self) -> list[Any]:
        """Take everything above the last mark off the stack."""
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise self.error("a list without its start at")

    def name(self, module: str, name: str) -> None:
        """Push a name, if it is allowed."""
        full = f"{module}.{name}"
        if full not in self.allowed:
            raise InputError(
                f"a pickle that would call {full[:120]!r}, which is not on the list of what "
                "weights need",
                f"{self.where}: byte {self.at}",
                _FIX,
            )
        self.stack.append(Name(module, name))

    def call(self) -> None:
        """Describe a call."""
        arguments = self.pop()
        name = self.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise self.error("a call of something that is no name at")
        self.stack.append(Made(name, arguments))

    def build(self) -> None:
        """Set the state of what is on the stack."""
        state = self.pop()
        made = self.stack[-1]
        if not isinstance(made, Made):
            raise self.error("a state for something that has none at")
        made.state = state

    def put(self, items: list[Any]) -> None:
        """Put keys and values into the table on the stack."""
        target = self.stack[-1]
        table = target.items if isinstance(target, Made) else target
        if not isinstance(table, dict) or len(items) % 2:
            raise self.error("keys for something that is no table at")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # A tuple that holds itself many times over has a hash that takes for ever.
            if not isinstance(key, str | int | float | bytes | Made | None):
                raise self.error("a key that is no text and no number at")
            table[key] = value

    def extend(self, items: list[Any]) -> None:
        """Put values into the list or set on the stack."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        else:
            raise self.error("values for something that is no list at")

    def remember(self, index: int) -> None:
        """Give what is on the stack a number."""
        if self.stack[-1] is _MARK:
            raise self.error("a mark in place of a value at")
        self.memo[index] = self.stack[-1]

    def recall(self, index: int) -> None:
        """Push what has a number."""
        if index not in self.memo:
            raise self.error("a reference to nothing at")
        self.stack.append(self.memo[index])

    def outside(self) -> None:
        """Describe something that stands outside the pickle."""
        identifier = self.pop()
        if self.stored is None:
            raise self.error("something from outside at")
        self.stack.append(self.stored(identifier))

    def tuple(self, count: int) -> None:
        """Push the last values as a tuple."""
        if len(self.stack) < count:
            raise self.error("a tuple of nothing at")
        items = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        if any(item is _MARK for item in items):
            raise self.error("a tuple across a mark at")
        self.stack.append(items)

    def named(self) -> None:
        """Push the name whose two parts are on the stack."""
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise self.error("a name that is no text at")
        self.name(module, name)


def _bytes(size: int, form: str) -> Callable[[_Machine], object]:
    return lambda m: m.stack.append(m.take(m.number(form, size)))


def _protocol(machine: _Machine) -> None:
    version = machine.take(1)[0]
    if version not in (2, 3, 4, 5):
        raise machine.error(f"in protocol {version} at")


def _set_item(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.put([key, value])


def _append(machine: _Machine) -> None:
    machine.extend([machine.pop()])


def _dict(machine: _Machine) -> None:
    items = machine.marked()
    machine.stack.append({})
    machine.put(items)


_STEPS: dict[int, Callable[[_Machine], object]] = {
    0x80: _protocol,  # PROTO
    0x95: lambda m: m.number("<Q", 8),  # FRAME
    0x28: lambda m: m.stack.append(_MARK),  # MARK
    0x30: lambda m: m.stack.pop(),  # POP
    0x4E: lambda m: m.stack.append(None),  # NONE
    0x88: lambda m: m.stack.append(True),  # NEWTRUE
    0x89: lambda m: m.stack.append(False),  # NEWFALSE
    0x4A: lambda m: m.stack.append(m.number("<i", 4)),  # BININT
    0x4B: lambda m: m.stack.append(m.number("<B", 1)),  # BININT1
    0x4D: lambda m: m.stack.append(m.number("<H", 2)),  # BININT2
    0x8A: lambda m: m.whole(m.number("<B", 1)),  # LONG1
    0x47: lambda m: m.stack.append(m.number(">d", 8)),  # BINFLOAT
    0x8C: lambda m: m.text(m.number("<B", 1)),  # SHORT_BINUNICODE
    0x58: lambda m: m.text(m.number("<I", 4)),  # BINUNICODE
    0x8D: lambda m: m.text(m.number("<Q", 8)),  # BINUNICODE8
    0x43: _bytes(1, "<B"),  # SHORT_BINBYTES
    0x42: _bytes(4, "<I"),  # BINBYTES
    0x5D: lambda m: m.stack.append([]),  # EMPTY_LIST
    0x7D: lambda m: m.stack.append({}),  # EMPTY_DICT
    0x29: lambda m: m.stack.append(()),  # EMPTY_TUPLE
    0x85: lambda m: m.tuple(1),  # TUPLE1
    0x86: lambda m: m.tuple(2),  # TUPLE2
    0x87: lambda m: m.tuple(3),  # TUPLE3
    0x74: lambda m: m.stack.append(tuple(m.marked())),  # TUPLE
    0x6C: lambda m: m.stack.append(m.marked()),  # LIST
    0x64: _dict,  # DICT
    0x61: _append,  # APPEND
    0x65: lambda m: m.extend(m.marked()),  # APPENDS
    0x73: _set_item,  # SETITEM
    0x75: lambda m: m.put(m.marked()),  # SETITEMS
    0x71: lambda m: m.remember(m.number("<B", 1)),  # BINPUT
    0x72: lambda m: m.remember(m.number("<I", 4)),  # LONG_BINPUT
    0x94: lambda m: m.remember(len(m.memo)),  # MEMOIZE
    0x68: lambda m: m.recall(m.number("<B", 1)),  # BINGET
    0x6A: lambda m: m.recall(m.number("<I", 4)),  # LONG_BINGET
    0x63: lambda m: m.name(m.line(), m.line()),  # GLOBAL
    0x93: lambda m: m.named(),  # STACK_GLOBAL
    0x52: lambda m: m.call(),  # REDUCE
    0x81: lambda m: m.call(),  # NEWOBJ
    0x62: lambda m: m.build(),  # BUILD
    0x51: lambda m: m.outside(),  # BINPERSID
}
