"""The directory of a ZIP file whose entries are stored as they are, as torch writes them.

Source: APPNOTE of PKWARE, sections 4.3.7, 4.3.12 and 4.3.14 to 4.3.16. Compressed and encrypted
entries, entries that overlap, two of one name, and archives in several parts are refused: torch
writes none of these, and each of them has been used to hide something.
"""

from __future__ import annotations

import struct

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Window

__all__ = ["Entry", "read_directory", "read_entry"]

MAX_DIRECTORY = 64 * 1024 * 1024
MAX_ENTRIES = 300_000
MAX_NAME = 1024

_FIX = "Write the file again with torch.save, or as safetensors."
_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
_END_SIZE, _LOCATOR_SIZE, _END64_SIZE = 22, 20, 56
_MAX_COMMENT = 0xFFFF
_FULL = 0xFFFFFFFF


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One file in the archive: size in bytes, offset of its local header."""

    name: str
    size: int
    offset: int


def read_directory(window: Window) -> tuple[dict[str, Entry], bytes]:
    """Return the entries by name, and the bytes of the directory.

    Raises:
        InputError: no directory, one that is broken or too large, or entries of a kind that torch
            does not write.
    """
    start, size, count = _place(window)
    if size > MAX_DIRECTORY or count > MAX_ENTRIES:
        raise _error(window, f"a directory of {count} entries and {size} bytes: more than expected")
    if start + size > window.size:
        raise _error(window, "the directory passes the end of the file")
    data = window.read(start, size)
    if len(data) != size:
        raise _error(window, "the file became shorter while it was read")
    entries: dict[str, Entry] = {}
    at = 0
    for _ in range(count):
        entry, at = _entry(window, data, at)
        if entry.name in entries:
            raise _error(window, f"two entries are called {entry.name[:80]!r}")
        entries[entry.name] = entry
    _check_overlaps(window, entries, start)
    return entries, data


def _place(window: Window) -> tuple[int, int, int]:
    """Return offset, size and number of entries of the directory."""
    tail_at = max(0, window.size - _END_SIZE - _MAX_COMMENT)
    tail = window.read(tail_at, window.size - tail_at)
    found = tail.rfind(_END)
    if found < 0 or found + _END_SIZE > len(tail):
        raise _error(window, "no directory at its end: the file is cut off")
    disk, first, here, count, size, start = struct.unpack_from("<HHHHII", tail, found + 4)
    if disk not in (0, 0xFFFF) or first not in (0, 0xFFFF) or here != count:
        raise _error(window, "an archive in several parts")
    locator_at = tail_at + found - _LOCATOR_SIZE
    locator = window.read(locator_at, _LOCATOR_SIZE) if locator_at >= 0 else b""
    if locator[:4] == _LOCATOR:
        return _place64(window, struct.unpack_from("<Q", locator, 8)[0])
    if _FULL in (size, start) or count == 0xFFFF:
        raise _error(window, "a large archive without its large directory")
    return start, size, count


def _place64(window: Window, at: int) -> tuple[int, int, int]:
    record = window.read(at, _END64_SIZE) if at < window.size else b""
    if len(record) < _END64_SIZE or record[:4] != _END64:
        raise _error(window, "the end of the large directory is not where it should be")
    _, count, size, start = struct.unpack_from("<QQQQ", record, 24)
    return start, size, count


def _entry(window: Window, data: bytes, at: int) -> tuple[Entry, int]:
    if data[at : at + 4] != _CENTRAL or at + 46 > len(data):
        raise _error(window, "the directory is broken")
    flags, method = struct.unpack_from("<HH", data, at + 8)
    packed, size, name_size, extra_size, comment_size = struct.unpack_from("<IIHHH", data, at + 20)
    offset = struct.unpack_from("<I", data, at + 42)[0]
    end = at + 46 + name_size + extra_size + comment_size
    if name_size > MAX_NAME or end > len(data):
        raise _error(window, "the directory is broken")
    name = data[at + 46 : at + 46 + name_size].decode("utf-8", "replace")
    if flags & 1:
        raise _error(window, f"the entry {name[:80]!r} is encrypted")
    if "/code/" in name:
        raise _error(window, "a program of TorchScript, which is code. It was not opened")
    if method:
        raise _error(window, f"the entry {name[:80]!r} is compressed, which torch never does")
    extra = data[at + 46 + name_size : at + 46 + name_size + extra_size]
    size, packed, offset = _large(extra, size, packed, offset)
    if size != packed or _FULL in (size, offset):
        raise _error(window, f"the entry {name[:80]!r} has two sizes")
    return Entry(name, size, offset), end


def _large(extra: bytes, *small: int) -> tuple[int, int, int]:
    """Replace the fields that are full by those of the ZIP64 block, which stand in this order."""
    large: list[int] = []
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            block = extra[at + 4 : at + 4 + length]
            large = [value for (value,) in struct.iter_unpack("<Q", block[: length // 8 * 8])]
            break
        at += 4 + length
    values = [large.pop(0) if value == _FULL and large else value for value in small]
    return values[0], values[1], values[2]


def _check_overlaps(window: Window, entries: dict[str, Entry], directory: int) -> None:
    """Refuse entries that share bytes; the local headers are at least as long as the names say."""
    at, before = 0, "the start"
    for entry in sorted(entries.values(), key=lambda entry: entry.offset):
        if entry.offset < at:
            raise _error(window, f"the entries {before[:80]!r} and {entry.name[:80]!r} overlap")
        at, before = entry.offset + 30 + len(entry.name) + entry.size, entry.name
    if at > directory:
        raise _error(window, f"the entry {before[:80]!r} reaches into the directory")


def read_entry(window: Window, entry: Entry, limit: int) -> bytes:
    """Return the bytes of one entry.

    Raises:
        InputError: larger than `limit`, or its local header says something else.
    """
    if entry.size > limit:
        raise _error(window, f"{entry.name[:80]!r} has {entry.size} bytes, more than {limit}")
    header = window.read(entry.offset, 30)
    if len(header) < 30 or header[:4] != _LOCAL:
        raise _error(window, f"the entry {entry.name[:80]!r} is not where the directory says")
    method = struct.unpack_from("<H", header, 8)[0]
    name_size, extra_size = struct.unpack_from("<HH", header, 26)
    name = window.read(entry.offset + 30, name_size).decode("utf-8", "replace")
    data = window.read(entry.offset + 30 + name_size + extra_size, entry.size)
    if method or name != entry.name or len(data) != entry.size:
        raise _error(window, f"the entry {entry.name[:80]!r} differs from what the directory says")
    return data


def _error(window: Window, what: str) -> InputError:
    return InputError(what, window.path, _FIX)
