"""The container of W&B's `run-*.wandb`: a log of records in blocks, each with a check sum.

Source: log format of LevelDB (blocks of 32 KiB, records of four kinds). W&B's own differ from it
in a head of seven bytes and in the check sum, which is the CRC-32 of ZIP over kind and data.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact, Window
from chapterv.evidence.results import Anomaly, Note

__all__ = ["HEAD", "LogRecords"]

HEAD = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
BLOCK = 32 * 1024
MAX_RECORD = 64 * 1024 * 1024
_HEADER = 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_BLOCKS_AT_ONCE = 32


class LogRecords:
    """The records of a log; a block with a wrong check sum is left out, the next one is read.

    Args:
        window: the open file.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.digest = hashlib.sha256()
        self.lost: list[int] = []
        self.torn = 0
        self.cut = False
        self.pieces: list[bytes] = []
        self.size = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield offset and data of each whole record.

        Raises:
            InputError: the file does not begin as such a log does.
        """
        if self.window.read(0, len(HEAD)) != HEAD:
            raise InputError(
                "no log of W&B, or of a version that is not known", self.window.path,
                "Check that it is what its name says.",
            )  # fmt: skip
        at = 0
        while at < self.window.size:
            chunk = self.window.read(at, BLOCK * _BLOCKS_AT_ONCE)
            if not chunk:
                break
            self.digest.update(chunk)
            for begin in range(0, len(chunk), BLOCK):
                yield from self._block(at + begin, chunk[begin : begin + BLOCK])
            at += len(chunk)
        if self.pieces:
            self.cut = True

    def _block(self, offset: int, block: bytes) -> Iterator[tuple[int, bytes]]:
        at = len(HEAD) if offset == 0 else 0
        while at + _HEADER <= len(block):
            check, length, kind = struct.unpack_from("<IHB", block, at)
            data = block[at + _HEADER : at + _HEADER + length]
            if not check and not length and not kind:
                return  # the rest of a block that no record fits into
            if len(data) < length:
                self._end_of_block(offset + at, len(block))
                return
            if zlib.crc32(data, zlib.crc32(bytes([kind]))) != check:
                # Lengths cannot be believed any more, so reading goes on with the next block.
                self.lost.append(offset + at)
                self._drop()
                return
            record = self._piece(kind, data)
            if record is not None:
                yield offset + at, record
            at += _HEADER + length
        if len(block) < BLOCK and at < len(block):
            self.cut = True

    def _end_of_block(self, place: int, length: int) -> None:
        if length < BLOCK:
            self.cut = True
        else:
            self.lost.append(place)
        self._drop()

    def _drop(self) -> None:
        self.pieces, self.size = [], 0

    def _piece(self, kind: int, data: bytes) -> bytes | None:
        """Join the pieces of a record; return it when it is whole."""
        if kind == _FULL:
            self.torn += bool(self.pieces)
            self._drop()
            return data
        if kind == _FIRST:
            self.torn += bool(self.pieces)
            self.pieces, self.size = [data], len(data)
        elif kind in (_MIDDLE, _LAST) and self.pieces:
            self.pieces.append(data)
            self.size += len(data)
            if self.size > MAX_RECORD:
                self.torn += 1
                self._drop()
            elif kind == _LAST:
                record = b"".join(self.pieces)
                self._drop()
                return record
        else:
            self.torn += 1
        return None

    def found(self, artefact: Artefact) -> Iterator[Note | Anomaly]:
        """Yield what was wrong with the records."""
        if self.lost:
            yield Anomaly(
                artefact.path,
                "checksum_wrong",
                f"{len(self.lost)} records differ from their check sums; the rest of their blocks "
                "is not read",
                "what stands before and after them counts",
                f"byte {self.lost[0]}",
                times=len(self.lost),
            )
        if self.torn:
            yield Anomaly(
                artefact.path,
                "record_broken",
                f"{self.torn} records lack a piece",
                "passed over",
                times=self.torn,
            )
        if self.cut:
            yield Note(
                artefact.path, "the last record is cut off, as while the writer is still at work"
            )
