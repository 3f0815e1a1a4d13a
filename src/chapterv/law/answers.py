"""Three answers, never two: met, not met, cannot tell. Kleene's strong logic over them."""

from __future__ import annotations

from typing import Literal

__all__ = ["CANNOT_TELL", "MET", "NOT_MET", "Answer", "all_of", "any_of", "negate", "of_bool"]

Answer = Literal["met", "not_met", "cannot_tell"]

MET: Answer = "met"
NOT_MET: Answer = "not_met"
CANNOT_TELL: Answer = "cannot_tell"


def all_of(*answers: Answer) -> Answer:
    """Return met if all are, not_met if one is not, else cannot_tell.

    >>> all_of("met", "cannot_tell"), all_of("not_met", "cannot_tell")
    ('cannot_tell', 'not_met')
    """
    if NOT_MET in answers:
        return NOT_MET
    return CANNOT_TELL if CANNOT_TELL in answers else MET


def any_of(*answers: Answer) -> Answer:
    """Return met if one is, not_met if none is, else cannot_tell."""
    if MET in answers:
        return MET
    return CANNOT_TELL if CANNOT_TELL in answers else NOT_MET


def negate(answer: Answer) -> Answer:
    """Return the opposite; cannot_tell stays what it is."""
    if answer == CANNOT_TELL:
        return CANNOT_TELL
    return NOT_MET if answer == MET else MET


def of_bool(value: bool | None) -> Answer:
    """Return the answer that a known or unknown truth value gives."""
    if value is None:
        return CANNOT_TELL
    return MET if value else NOT_MET
