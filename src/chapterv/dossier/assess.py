"""The law applied to a dossier: on a day, on two days, and with something assumed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import msgspec

from chapterv.dossier.gathering import Gathered
from chapterv.facts import decode
from chapterv.law import Assessment, Obligation, Pack, evaluate
from chapterv.law.comparing import Difference, differences

__all__ = ["WhatIf", "assess_dossier", "what_if"]


class WhatIf(msgspec.Struct, frozen=True):
    """An assessment with something assumed, and what differs from the one without."""

    assumed: dict[str, Any]
    assessment: Assessment
    changes: tuple[Difference, ...]


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
    held = _documents(gathered)
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
    values = {
        key: None if value is None else decode(key, value, "--assume")
        for key, value in assumed.items()
    }
    before = assess_dossier(gathered, on, pack)
    after = assess_dossier(gathered, on, pack, values)
    return WhatIf(dict(assumed), after, differences(before, after))


def _documents(gathered: Gathered) -> frozenset[str]:
    """Return the kinds of document that the statement names and that exist in the folder."""
    statement = gathered.dossier.statement
    given = statement.documents if statement else ()
    return frozenset(
        str(entry["kind"])
        for entry in given
        if isinstance(entry.get("kind"), str)
        and isinstance(entry.get("path"), str)
        and _inside(gathered, entry["path"])
    )


def _inside(gathered: Gathered, path: str) -> bool:
    folder = gathered.dossier.folder.resolve()
    target = (folder / path).resolve()
    return target.is_relative_to(folder) and target.is_file()


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
