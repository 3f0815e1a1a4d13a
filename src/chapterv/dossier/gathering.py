"""Everything known of one dossier: what people state, what artefacts hold, what follows from it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property

from chapterv.compute import Architecture, describe
from chapterv.dossier.configuration import read_configuration
from chapterv.dossier.derive import derive
from chapterv.dossier.folder import Dossier
from chapterv.errors import InputError
from chapterv.evidence import Progress, ReadEntry, Scan, scan
from chapterv.facts import STATEMENT_NAME, Fact, Merged, Settling, merge

__all__ = ["Gathered", "estimate_margin", "gather"]

STATEMENT_READER = "statement 1"
OWN_FOLDERS = (".chapterv/", "records/")


class Gathered:
    """The facts of a dossier with where each was read, and the world on any day.

    Attributes:
        dossier: the folder.
        facts: stated, read and derived facts.
        read: what was read, the statement included.
        skipped: what was not, and why.
        scanned: the scan that the facts rest on.
        notes: remarks for a person, one sentence each.
        settled: (subject, key) to the identifier of the fact that a person chose.
    """

    def __init__(
        self,
        dossier: Dossier,
        facts: tuple[Fact, ...],
        scanned: Scan,
        notes: tuple[str, ...],
        settled: Mapping[tuple[str, str], str],
    ) -> None:
        self.dossier = dossier
        self.facts = facts
        self.scanned = scanned
        listed = _with_statement(dossier, scanned)
        self.read = listed.read
        self.skipped = listed.skipped
        self.notes = notes
        self.settled = settled

    @cached_property
    def by_id(self) -> Mapping[str, Fact]:
        """Facts by their identifier."""
        return {fact.id: fact for fact in self.facts}

    def merged(self, on: datetime.date) -> Merged:
        """Return the world on a day, and the conflicts between its sources."""
        return merge(self.facts, on, self.settled)


def gather(
    dossier: Dossier,
    progress: Progress | None = None,
    digest: bool = False,
    scanned: Scan | None = None,
) -> Gathered:
    """Collect all facts of a dossier.

    Args:
        dossier: from `open_dossier`.
        progress: told of the scan's advance, as `evidence.scan` tells it; None for silence.
        digest: take the digest of every artefact, weights included.
        scanned: an earlier scan of the same dossier, to read only the statement anew.
    """
    scanned = scanned or scan(
        list(dossier.evidence),
        root=dossier.folder,
        subject=dossier.model,
        digest=digest,
        progress=progress,
    )
    stated = dossier.statement.facts if dossier.statement else ()
    known = (*stated, *scanned.facts)
    notes = [*dossier.notes, *(f"{note.artefact}: {note.text}" for note in scanned.notes)]
    settled = _settled(dossier, known)
    architecture = _architecture(dossier, known)
    work = derive(known, dossier.model, architecture, settled, estimate_margin())
    if chosen := _settled(dossier, work.made):
        # A person chose a derived fact, so what is derived from it is derived anew.
        settled = {**chosen, **settled}
        work = derive(known, dossier.model, architecture, settled, estimate_margin())
    notes += work.notes
    notes += [_unmatched(one) for one in _without(dossier, settled)]
    facts = (*known, *work.made)
    return Gathered(dossier, facts, scanned, tuple(notes), settled)


def estimate_margin() -> Decimal:
    """Return the relative error of an estimate of compute that the guidelines accept.

    Source: Guidelines on obligations for general-purpose AI models, Annex A.2.
    """
    from chapterv.law import load_pack

    value = load_pack().parameters["estimate_margin"].value[-1].value
    return Decimal(str(value))


def _settled(dossier: Dossier, facts: Iterable[Fact]) -> dict[tuple[str, str], str]:
    """Find the facts that people chose, by identifier or by the artefact that holds them."""
    choices = dossier.statement.settled if dossier.statement else ()
    wanted = {(choice.subject, choice.key): choice.choose for choice in choices}
    chosen: dict[tuple[str, str], str] = {}
    for fact in facts:
        place = (fact.subject, fact.key)
        if wanted.get(place) in (fact.id, fact.source.artefact):
            chosen.setdefault(place, fact.id)
    return chosen


def _without(dossier: Dossier, settled: Mapping[tuple[str, str], str]) -> list[Settling]:
    given = dossier.statement.settled if dossier.statement else ()
    return [choice for choice in given if (choice.subject, choice.key) not in settled]


def _unmatched(choice: Settling) -> str:
    return (
        f"{STATEMENT_NAME}:{choice.line}: no fact on {choice.key} comes from {choice.choose!r}, "
        "so nothing is settled. Name an artefact or a fact that the conflict lists."
    )


def _architecture(dossier: Dossier, facts: Iterable[Fact]) -> Architecture | None:
    """Count the model from the configuration that its facts were read from."""
    wanted = ("model.parameters_total", "model.architecture_family")
    places = {
        fact.source.artefact
        for fact in facts
        if fact.subject == dossier.model and fact.key in wanted and fact.basis != "declared"
    }
    for place in sorted(places, key=lambda place: (place.count("/"), place)):
        try:
            return describe(read_configuration(dossier.folder / place, place), place)
        except InputError:
            continue  # weights, or a family that is not covered; the scan has said so
    return None


def _with_statement(dossier: Dossier, scanned: Scan) -> Scan:
    """List the statement as read, and leave the program's own folders out."""
    skipped = tuple(
        entry
        for entry in scanned.skipped
        if entry.artefact != STATEMENT_NAME and not entry.artefact.startswith(OWN_FOLDERS)
    )
    statement = dossier.statement
    if statement is None:
        return Scan(scanned.facts, scanned.read, skipped, scanned.notes)
    own = ReadEntry(
        STATEMENT_NAME,
        STATEMENT_READER,
        len(statement.facts),
        len(statement.text.encode()),
        statement.digest,
        "file",
    )
    return Scan(scanned.facts, (own, *scanned.read), skipped, scanned.notes)
