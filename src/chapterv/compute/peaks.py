"""Accelerators and their dense peaks, found by the names that logs and schedulers write.

The table is `data/peaks.toml`, each row with its source and the status of our check. A name that
fits several variants is refused with all of them: the variants of one H100 differ by a third.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from chapterv.errors import InputError

__all__ = ["FORMATS", "Chip", "chips", "find_chip", "find_chips", "find_peak"]

FORMATS = ("fp4", "fp8", "bf16", "fp16", "tf32", "fp32")
"""Number formats in which matrix products are counted."""

_MAX_TEXT = 200
# Words that make another product of the same family name, or a part of one.
_OTHERS = frozenset(
    {"ti", "super", "laptop", "mobile", "maxq", "mig", "1g", "2g", "3g", "4g", "7g", "vgpu", "grid"}
)


class Chip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of accelerator.

    Args:
        id: name in the table, for good.
        maker: who makes it.
        name: product name.
        family: names that logs write, in small letters.
        peaks: dense peak by number format, FLOP a second.
        released: date of first release or announcement, ISO.
        source: document that the figures come from.
        status: V seen in the maker's document, S in a secondary source, U not seen again.
        checked: date of our check, ISO.
        variant: form factor or memory that tells it from its siblings.
        marks: words that tell the variant.
        memory_gb: memory in gigabytes, 0 where the table leaves it out.
        devices: devices that a scheduler may count in one module.
        tdp_watts: design power of the module, 0 where the maker states none.
        power_watts: mean power that the maker measured, 0 where it states none.
        note: what a person should know.
    """

    id: str
    maker: str
    name: str
    family: tuple[str, ...]
    peaks: dict[str, int]
    released: str
    source: str
    status: str
    checked: str = ""
    variant: str = ""
    marks: tuple[str, ...] = ()
    memory_gb: int = 0
    devices: int = 1
    tdp_watts: int = 0
    power_watts: int = 0
    note: str = ""

    @property
    def label(self) -> str:
        """Maker, name and variant."""
        return " ".join(filter(None, (self.maker, self.name, self.variant)))

    def peak(self, number_format: str) -> int:
        """Dense peak of a number format, FLOP a second.

        Raises:
            InputError: a format that the table has no peak for.
        """
        peak = self.peaks.get(number_format.lower())
        if peak is None:
            known = ", ".join(self.peaks)
            raise InputError(
                f"no peak of {self.label} in {number_format[:20]!r} is known", None,
                f"Known: {known}. Or state the dense peak with its source.",
            )  # fmt: skip
        return peak


@cache
def chips() -> tuple[Chip, ...]:
    """Every accelerator of the table."""
    from chapterv.facts import datafiles  # its front is slow, and only a table needs it

    table = datafiles.load_tables("chapterv.compute", "peaks")
    rows: list[dict[str, Any]] = table["chip"]
    checked = str(table["checked"])
    return tuple(
        msgspec.convert({**row, "released": str(row["released"]), "checked": checked}, Chip)
        for row in rows
    )


def find_chips(text: str) -> tuple[Chip, ...]:
    """Every accelerator that a name fits, as few as its words allow.

    Args:
        text: as a log or scheduler writes it, such as ``NVIDIA H100 80GB HBM3``.

    Returns: candidates in the order of the table; none for an unknown name.
    """
    words = _words(text)
    padded = f" {' '.join(words)} "
    if _OTHERS.intersection(words):
        return ()
    found = [chip for chip in chips() if any(f" {name} " in padded for name in chip.family)]
    longest = max((_longest(chip, padded) for chip in found), default=0)
    found = [chip for chip in found if _longest(chip, padded) == longest]
    marked = [chip for chip in found if set(chip.marks).intersection(words)]
    if not marked and _stated_marks(found, words):
        return ()
    return tuple(_by_memory(marked or found, words))


def find_chip(text: str) -> Chip:
    """The one accelerator that a name means.

    Args:
        text: as a log or scheduler writes it, or an id of the table.

    Raises:
        InputError: an unknown name, or one that several variants bear, with all of them.

    >>> find_chip("NVIDIA H100 80GB HBM3").id
    'h100-sxm'
    """
    by_id = next((chip for chip in chips() if chip.id == text.strip().lower()), None)
    if by_id is not None:
        return by_id
    found = find_chips(text)
    if len(found) == 1:
        return found[0]
    shown = text.strip()[:60]
    if not found:
        raise InputError(
            f"{shown!r} is no accelerator of the table", None,
            "State its dense peak for the number format used, with the source.",
        )  # fmt: skip
    raise InputError(
        f"{shown!r} may be {len(found)} accelerators: {_listed(found)}", None,
        "Name the variant, such as SXM, PCIe or NVL; the driver's product name has it.",
    )  # fmt: skip


def find_peak(text: str, number_format: str) -> int:
    """The dense peak of a name where all its variants have the same one.

    Args:
        text: as a log or scheduler writes it.
        number_format: one of ``FORMATS``.

    Raises:
        InputError: an unknown name or format, or variants that differ.

    >>> find_peak("gres/gpu:a100", "bf16")
    312000000000000
    """
    found = find_chips(text)
    peaks = {chip.peak(number_format) for chip in found}
    if len(peaks) == 1 and len({chip.devices for chip in found}) == 1:
        return peaks.pop()
    return find_chip(text).peak(number_format)


def _words(text: str) -> list[str]:
    """Small letters and digits, with form factors and memory sizes set apart."""
    plain = re.sub(r"[^a-z0-9]+", " ", text[:_MAX_TEXT].lower())
    plain = re.sub(r"(\d+)\s?gi?b\b", r" \1gb ", plain)
    plain = re.sub(r"(?<=\d)(sxm\d?|pcie|nvl\d*)\b", r" \1", plain)
    return plain.split()


def _longest(chip: Chip, padded: str) -> int:
    return max((len(name) for name in chip.family if f" {name} " in padded), default=0)


def _stated_marks(found: list[Chip], words: list[str]) -> bool:
    """Whether the words name a form factor that none of the candidates has."""
    forms = {"sxm", "sxm2", "sxm4", "sxm5", "sxm6", "pcie", "nvl", "oam"}
    return bool(forms.intersection(words)) and any(chip.marks for chip in found)


def _by_memory(found: list[Chip], words: list[str]) -> list[Chip]:
    sized = [chip for chip in found if f"{chip.memory_gb}gb" in words]
    return sized or found


def _listed(found: tuple[Chip, ...]) -> str:
    """The candidates, and the range of their peaks in the formats that all of them have."""
    shared = [name for name in FORMATS if all(name in chip.peaks for chip in found)]
    ranges = [_range(name, [chip.peaks[name] for chip in found]) for name in shared]
    return f"{'; '.join(chip.label for chip in found)} ({', '.join(ranges)})"


def _range(name: str, peaks: list[int]) -> str:
    low, high = (Decimal(peak) / 10**12 for peak in (min(peaks), max(peaks)))
    spread = f"{low.normalize():f}" if low == high else f"{low.normalize():f} to {high:f}"
    return f"{name} {spread} TFLOP/s"
