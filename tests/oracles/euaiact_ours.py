"""How our side is read: an answer, a status, a day or a value of one of our rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Result = Mapping[str, Any]
WORDS = {True: "met", False: "not_met", None: "cannot_tell"}
COMPANY = "Northlight Research GmbH"


def answer_of(row: str) -> Callable[[Result], str]:
    """Read the answer of one of our rows."""
    return lambda result: str(result["answers"].get(row, "absent"))


def either_of(*rows: str) -> Callable[[Result], str]:
    """Read "one of these rows is met"."""

    def read(result: Result) -> str:
        answers = [result["answers"].get(row, "absent") for row in rows]
        if "absent" in answers:
            return "absent"
        for word in ("met", "cannot_tell"):
            if word in answers:
                return word
        return "not_met"

    return read


def unless(row: str, *exceptions: str) -> Callable[[Result], str]:
    """Read "this row is met, and none of its exceptions is"."""

    def read(result: Result) -> str:
        holds = result["answers"].get(row, "absent")
        others = [result["answers"].get(name, "absent") for name in exceptions]
        if "absent" in (holds, *others):
            return "absent"
        if holds == "not_met" or "met" in others:
            return "not_met"
        return "cannot_tell" if "cannot_tell" in (holds, *others) else "met"

    return read


def designated_by_annex_xiii(result: Result) -> str:
    """Read "designated, and not for silence".

    Our designation is open only where it was for not notifying and may reach back to this day, so
    an open one does not rest on Annex XIII.
    """
    if result["answers"]["act:C02"] == "cannot_tell":
        return "not_met"
    return unless("act:C02", "gl:G3.19")(result)


def status_of(row: str) -> Callable[[Result], str]:
    """Read the status of one of our duties; both words for "not this provider" are one here."""

    def read(result: Result) -> str:
        status = result["obligations"].get(row, {}).get("status", "absent")
        return "off" if status in ("out_of_scope", "not_applicable") else str(status)

    return read


def due_of(row: str, name: str = "due") -> Callable[[Result], str]:
    """Read a day of one of our clocks."""
    return lambda result: str(result["clocks"].get(row, {}).get(name) or "none")


def value_of(row: str, name: str) -> Callable[[Result], str]:
    """Read a named value of one of our rows."""

    def read(result: Result) -> str:
        value = result["values"].get(row, {}).get(name)
        return "none" if value is None else str(value)

    return read


def value_is(row: str, name: str, wanted: str) -> Callable[[Result], str]:
    """Read whether a named value of one of our rows is a certain word; an open row has none."""

    def read(result: Result) -> str:
        if result["answers"].get(row) == "cannot_tell":
            return "cannot_tell"
        found = value_of(row, name)(result).lower()
        return found if found == "none" else WORDS[found == wanted.lower()]

    return read


def provider_is_ours(result: Result) -> str:
    """Read whether the rows on who develops and places name the assessed company."""
    rows = ("gl:G4.1", "gl:G4.2")
    for row in rows:
        if result["answers"].get(row) == "met":
            return WORDS[value_of(row, "provider")(result) == COMPANY]
    return either_of(*rows)(result)
