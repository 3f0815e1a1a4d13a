"""The one exception family, sorted by who can put the matter right.

The command line maps each family to its exit code, the web to one JSON shape. A message says what
is wrong, where, and what to do; the exception of a third-party library never reaches a user.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "Error",
    "ErrorGroup",
    "EvidenceConflict",
    "InputError",
    "LawDataError",
    "RenderError",
    "StorageError",
    "UsageError",
]


class Error(Exception):
    """Base of all errors that chapterv raises on purpose.

    Args:
        what: what is wrong, one sentence without the place.
        where: file and place in it (line, JSON pointer, byte offset), or None.
        fix: what the reader can do about it, or None.
    """

    exit_code = 1

    def __init__(self, what: str, where: str | None = None, fix: str | None = None) -> None:
        super().__init__(what, where, fix)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        text = text if text.endswith((".", "?", "!")) else text + "."
        return f"{text} {self.fix}" if self.fix else text


class UsageError(Error):
    """The command was called with words that it does not take."""

    exit_code = 2


class InputError(Error):
    """An artefact, a statement file or a request cannot be read as it stands."""

    exit_code = 3


class LawDataError(Error):
    """The law pack is broken or does not fit this version of the program."""

    exit_code = 3


class EvidenceConflict(Error):
    """Two sources disagree and a strict run was asked for."""

    exit_code = 1


class StorageError(Error):
    """Something could not be written, or was written and cannot be read back."""

    exit_code = 4


class RenderError(Error):
    """A document could not be made from its model."""

    exit_code = 5


class ErrorGroup(InputError):
    """Every error of one input, collected before any was raised.

    Args:
        errors: the errors, in the order of their places.
    """

    def __init__(self, errors: Iterable[Error]) -> None:
        self.errors = tuple(errors)
        count = len(self.errors)
        super().__init__(f"{count} error{'s' if count != 1 else ''}")

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)
