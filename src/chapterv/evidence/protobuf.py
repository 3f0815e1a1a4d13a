"""The wire format of Protocol Buffers, read field by field without any schema.

Source: Protocol Buffers, "Encoding" (developers' documentation). Groups, which the language gave
up long ago, are refused. A reader names the few field numbers that it needs and skips the rest, so
that what a message holds beside them is never decoded, let alone kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["BYTES", "FIXED32", "FIXED64", "VARINT", "BrokenMessage", "fields", "signed", "text"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}


class BrokenMessage(ValueError):
    """The bytes are not a message."""


def fields(message: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield number, wire type and value of each field of a message.

    Args:
        message: the bytes of one message.

    Returns: a whole number for a varint, bytes for everything else, little-endian where they have
        four or eight.

    Raises:
        BrokenMessage: the message ends inside a field, or has a field of no known kind.
    """
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at, end)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _varint(message, at, end)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = _varint(message, at, end)
        elif kind in _WIDTHS:
            length = _WIDTHS[kind]
        else:
            raise BrokenMessage(f"a field of kind {kind}")
        if length > end - at:
            raise BrokenMessage("a field passes the end of its message")
        yield number, kind, message[at : at + length]
        at += length


def _varint(message: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise BrokenMessage("a number of more than ten bytes")
    raise BrokenMessage("a number passes the end of its message")


def signed(value: int) -> int:
    """Return a varint as the whole number of 64 bits with a sign that it stands for."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def text(value: int | bytes) -> str:
    """Return the bytes of a field as text; bytes that are not UTF-8 are replaced."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def double(value: int | bytes) -> float:
    """Return a field of eight bytes as a number.

    Raises:
        BrokenMessage: the field has another length.
    """
    return _unpack("<d", value)


def single(value: int | bytes) -> float:
    """Return a field of four bytes as a number.

    Raises:
        BrokenMessage: the field has another length.
    """
    return _unpack("<f", value)


def _unpack(form: str, value: int | bytes) -> float:
    try:
        number: float = struct.unpack(form, value if isinstance(value, bytes) else b"")[0]
    except struct.error:
        raise BrokenMessage("a number of the wrong length") from None
    return number
