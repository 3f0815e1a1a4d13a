"""TFRecord: records one after the other, each with its length and two check sums."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact, Window
from chapterv.evidence.checksums import masked_crc32c
from chapterv.evidence.results import Anomaly, Note

__all__ = ["Records"]

MAX_RECORD = 64 * 1024 * 1024
CHECKED_BYTES = 64 * 1024 * 1024
"""So many bytes of data are checked. The check takes a second for 20 MB; graphs and pictures,
which no counter is in, make files larger than that."""
_CHUNK = 1 << 20


class Records:
    """The records of a file, read in pieces; iterating stops at the first one that is broken.

    Args:
        window: the open file.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.digest = hashlib.sha256()
        self.at = 0
        self.count = self.checked = self.unchecked = 0
        self.fault: tuple[str, str] | None = None
        self.cut = False
        self.buffer = b""
        self.start = 0
        self.hashed = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield offset and data of each record.

        Raises:
            InputError: the first record is broken, so the file is none of this format.
        """
        while self.at < self.window.size:
            record = self._record()
            if record is None:
                break
            yield record
        if self.fault and not self.count:
            raise InputError("no event file: its first record is broken", self.window.path)
        self._hash_to(self.window.size)

    def _record(self) -> tuple[int, bytes] | None:
        offset = self.at
        head = self._take(12)
        if len(head) < 12:
            self.cut = True
            return None
        length, check = struct.unpack("<QI", head)
        # The length is checked before it is believed.
        if masked_crc32c(head[:8]) != check or length > MAX_RECORD:
            self.fault = ("the length of a record", f"byte {offset}")
            return None
        body = self._take(length + 4)
        if len(body) < length + 4:
            self.cut = True
            return None
        data = body[:length]
        if self.checked + length > CHECKED_BYTES:
            self.unchecked += 1
        else:
            self.checked += length
            if masked_crc32c(data) != struct.unpack("<I", body[length:])[0]:
                self.fault = ("the data of a record", f"byte {offset}")
                return None
        self.count += 1
        return offset, data

    def _take(self, length: int) -> bytes:
        begin = self.at - self.start
        if begin + length > len(self.buffer):
            self._hash_to(self.at)
            self.buffer = self.window.read(self.at, max(length, _CHUNK))
            self.start, begin = self.at, 0
        data = self.buffer[begin : begin + length]
        self.at += len(data)
        return data

    def _hash_to(self, end: int) -> None:
        """Take the digest of the bytes up to an offset, each once."""
        while self.hashed < end:
            begin = self.hashed - self.start
            if 0 <= begin < len(self.buffer):
                data = self.buffer[begin : begin + end - self.hashed]
            else:
                data = self.window.read(self.hashed, min(_CHUNK, end - self.hashed))
            if not data:
                break
            self.digest.update(data)
            self.hashed += len(data)

    def found(self, artefact: Artefact) -> Iterator[Note | Anomaly]:
        """Yield what was wrong with the records."""
        if self.fault:
            what, place = self.fault
            left = self.window.size - int(place.removeprefix("byte "))
            yield Anomaly(
                artefact.path,
                "checksum_wrong",
                f"{what} differs from its check sum; the {left} bytes from there on are not read",
                "what stands before it counts",
                place,
            )
        elif self.cut:
            yield Note(
                artefact.path, "the last record is cut off, as while the writer is still at work"
            )
        if self.unchecked:
            yield Note(artefact.path, f"the data of {self.unchecked} records were not checked")
