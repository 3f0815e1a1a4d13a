"""The law applied to a dossier: on a day, on two days, and with something assumed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import msgspec

from chapterv.dossier.documents import found_kinds
from chapterv.dossier.gathering import Gathered, later_notes
from chapterv.errors import Error, ErrorGroup, InputError
from chapterv.facts import catalogue, decode
from chapterv.law import Assessment, Obligation, Pack, evaluate
from chapterv.law.comparing import Difference, differences

__all__ = ["Compared", "WhatIf", "assess_dossier", "compare_days", "what_if"]


class WhatIf(msgspec.Struct, frozen=True):
    """An assessment with something assumed, and what differs from the one without."""

    assumed: dict[str, Any]
    """Key to decoded value; None where the key was made unknown."""
    before: Assessment
    assessment: Assessment
    changes: tuple[Difference, ...]


class Compared(msgspec.Struct, frozen=True):
    """The assessments of a dossier on two days, what differs, and remarks on either day."""

    before: Assessment
    after: Assessment
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def assess_dossier(
    gathered: Gathered,
    on: datetime.date,
    pack: Pack | None = None,
    assumed: Mapping[str, Any] | None = None,
) -> Assessment:
    """Apply the law to a dossier on a day.

    Args:
        gathered: the facts of the dossier.
        on: the day.
        pack: the law; the one in the package where none is given.
        assumed: keys whose values are assumed instead of what is known.
    """
    merged = gathered.merged(on)
    world = merged.world.with_values(assumed) if assumed else merged.world
    assessment = evaluate(world, on, pack, merged.conflicts)
    held = found_kinds(gathered.dossier)
    duties = tuple(_with_evidence(duty, assessment, held) for duty in assessment.obligations)
    return msgspec.structs.replace(assessment, obligations=duties)


def what_if(
    gathered: Gathered,
    on: datetime.date,
    assumed: Mapping[str, Any],
    pack: Pack | None = None,
) -> WhatIf:
    """Assess a dossier with values assumed, and tell what they change.

    Args:
        gathered: the facts of the dossier.
        on: the day.
        assumed: key to value as typed; None makes a key unknown.
        pack: the law.

    Raises:
        InputError: a key or value that the catalogue does not take.
    """
    values: dict[str, Any] = {}
    errors: list[Error] = []
    for key, value in assumed.items():
        try:
            values[key] = _assumed(key, value)
        except InputError as error:
            errors.append(error)
    if errors:
        raise ErrorGroup(errors)
    before = assess_dossier(gathered, on, pack)
    after = assess_dossier(gathered, on, pack, values)
    return WhatIf(values, before, after, differences(before, after))


def _assumed(key: str, value: Any) -> Any:
    where = f"assumption {key}"
    if value is None and key in catalogue():
        return None
    return decode(key, value, where)


def compare_days(
    gathered: Gathered, first: datetime.date, last: datetime.date, pack: Pack | None = None
) -> Compared:
    """Assess a dossier on two days, and tell what differs.

    Args:
        gathered: the facts of the dossier; each day rests on what was known on it.
        first: the day that is the basis.
        last: the other day.
        pack: the law.
    """
    before, after = (assess_dossier(gathered, day, pack) for day in (first, last))
    notes = tuple(later_notes(gathered, first, last))
    return Compared(before, after, differences(before, after), notes)


def _with_evidence(
    duty: Obligation, assessment: Assessment, documents: frozenset[str]
) -> Obligation:
    """Say how far a duty is evidenced.

    A satisfied clock shows the thing done. A document that is there but has not been checked is
    partial evidence, whatever it holds.
    """
    done = any(clock.id == duty.id and clock.state == "satisfied" for clock in assessment.clocks)
    if done:
        return msgspec.structs.replace(duty, evidence="complete")
    if documents.intersection(duty.discharged_by):
        return msgspec.structs.replace(duty, evidence="partial")
    return duty
