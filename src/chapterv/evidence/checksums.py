"""CRC-32C, the check sum of TFRecord files, without a library.

Source: RFC 3720, section 12.1 and appendix B.4 (the polynomial and test values); the mask is the
one of TFRecord and LevelDB, which keeps a check sum of a check sum from being trivial.
"""

from __future__ import annotations

import sys
from array import array
from functools import cache

__all__ = ["crc32c", "masked_crc32c"]

_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8


@cache
def _tables() -> tuple[list[int], list[int]]:
    """Return the table for one byte, and the one for two, which halves the steps."""
    small = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        small.append(value)
    return small, [small[small[low] & 0xFF ^ high] ^ small[low] >> 8
                   for high in range(256) for low in range(256)]  # fmt: skip


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of some bytes.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    small, large = _tables()
    crc = 0xFFFFFFFF
    even = len(data) & ~1
    words = array("H", data[:even])
    if sys.byteorder == "big":
        words.byteswap()
    for word in words:
        crc = large[(crc ^ word) & 0xFFFF] ^ crc >> 16
    for byte in data[even:]:
        crc = small[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """Return the check sum as TFRecord files store it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF
