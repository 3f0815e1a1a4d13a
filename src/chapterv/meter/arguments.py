"""What the meter is given, checked before it counts."""

from __future__ import annotations

from operator import index
from typing import Any

from chapterv.errors import InputError

__all__ = ["check_activity", "drawn", "positive", "whole"]


def drawn(prompts: list[int], generated: list[int]) -> dict[int, int]:
    """Return documents by length: each sample with its prompt, less prompts read once before.

    Args:
        prompts: lengths of the prompts.
        generated: lengths of the samples, equally many for each prompt, in their order.

    Raises:
        InputError: samples that do not belong to the prompts.
    """
    each, rest = divmod(len(generated), len(prompts) or 1)
    if not prompts or rest or not each:
        raise InputError(
            f"{len(generated)} samples do not belong to {len(prompts)} prompts", None,
            "Give equally many samples for each prompt.",
        )  # fmt: skip
    table: dict[int, int] = {}
    for number, length in enumerate(generated):
        whole = prompts[number // each] + length
        table[whole] = table.get(whole, 0) + 1
    for length in prompts if each > 1 else ():
        table[length] = table.get(length, 0) - (each - 1)
    return {length: count for length, count in table.items() if count}


def check_activity(activity: str, passes: str) -> None:
    """Refuse words that the catalogue does not have.

    Raises:
        InputError: an unknown activity or kind of pass.
    """
    from chapterv.facts import catalogue

    known = catalogue()["run.activity"].values
    if activity not in known:
        raise InputError(
            f"{activity[:60]!r} is no kind of activity", None, "Known: " + ", ".join(known) + "."
        )
    if passes not in ("update", "forward"):
        raise InputError(f"{passes!r} is no kind of pass", None, 'Give "update" or "forward".')


def positive(value: int | None, what: str) -> int | None:
    """Return a whole number above 0, or None for None.

    Raises:
        InputError: another value.
    """
    if value is not None and (type(value) is not int or not 0 < value < 2**31):
        raise InputError(f"{what} cannot be {value!r}", None, "Give a whole number above 0.")
    return value


def whole(value: Any) -> int:
    """Return a whole number, of whatever library.

    Raises:
        InputError: anything else.
    """
    try:
        return int(index(value))
    except TypeError:
        raise InputError(
            f"{value!r:.60} is no whole number", None, "Give counts as whole numbers."
        ) from None
