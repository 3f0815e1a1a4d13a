"""Everything known of one dossier: what people state, what artefacts hold, what follows from it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from chapterv.compute import Architecture, describe
from chapterv.dossier.configuration import read_configuration
from chapterv.dossier.derive import Derived, derive
from chapterv.dossier.documents import document_notes
from chapterv.dossier.folder import Dossier
from chapterv.dossier.ledger import DossierLedger
from chapterv.dossier.run_records import by_folder
from chapterv.errors import InputError
from chapterv.evidence import Progress, ReadEntry, Scan, scan
from chapterv.facts import (
    STATEMENT_NAME,
    Fact,
    Merged,
    Readings,
    Settling,
    merge,
    reconcile,
    subject_kind,
)
from chapterv.facts.wording import long_date
from chapterv.facts.world import SINGLE_KINDS

__all__ = ["Gathered", "estimate_margin", "gather", "later_notes"]

STATEMENT_READER = "statement 1"
OWN_FOLDERS = (".chapterv/", "records/")
UNJUDGED = (None, "person")
"""Classes of licence names of which the law pack says neither free nor not."""


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
        today: the day on which it was gathered, where the caller said so.
        ledger: every run and activity with what it took, and the two sums.
    """

    def __init__(
        self,
        dossier: Dossier,
        facts: tuple[Fact, ...],
        scanned: Scan,
        notes: tuple[str, ...],
        settled: Mapping[tuple[str, str], str],
        today: datetime.date | None = None,
        ledger: DossierLedger | None = None,
        known: tuple[Fact, ...] = (),
        derived: Callable[[Iterable[Fact]], Derived] | None = None,
    ) -> None:
        self.dossier = dossier
        self.facts = facts
        self._known = known
        self._derived = derived
        self._days: dict[tuple[Fact, ...], Derived] = {}
        self.scanned = scanned
        listed = _with_statement(dossier, scanned)
        self.read = listed.read
        self.skipped = listed.skipped
        self.notes = notes
        self.settled = settled
        self.today = today
        self.ledger = ledger

    @cached_property
    def by_id(self) -> dict[str, Fact]:
        """Facts by their identifier, those derived for an earlier day included."""
        return {fact.id: fact for fact in self.facts}

    def ledger_on(self, on: datetime.date) -> DossierLedger | None:
        """Return the ledger of what was known on a day."""
        work = self._on(on)
        return self.ledger if work is None else work.ledger

    def _on(self, on: datetime.date) -> Derived | None:
        """Derive anew what follows from the facts of a day, where later ones are left out.

        A sum in which one later figure went is dated with it. On the day before, the rest of the
        sum was known all the same.
        """
        earlier = tuple(fact for fact in self._known if fact.as_of is None or fact.as_of <= on)
        if self._derived is None or len(earlier) == len(self._known):
            return None
        if earlier not in self._days:
            work = self._days[earlier] = self._derived(earlier)
            self.by_id.update({fact.id: fact for fact in work.made})
        return self._days[earlier]

    def merged(self, on: datetime.date) -> Merged:
        """Return the world on a day, its conflicts, and what became known only later."""
        work = self._on(on)
        # What was derived from later facts too is listed as later, and counts for nothing.
        facts = self.facts if work is None else (*self._of_later_days(on), *work.made)
        return reconcile(
            merge(facts, on, self.settled),
            self.by_id,
            on,
            today=self.today,
            readings=self._readings,
            settled=self.settled,
        )

    def _of_later_days(self, on: datetime.date) -> Iterable[Fact]:
        """Facts given, and of the derived ones those that rest on a later one."""
        given = {fact.id for fact in self._known}
        for fact in self.facts:
            if fact.id in given or (fact.as_of is not None and fact.as_of > on):
                yield fact

    def notes_on(self, on: datetime.date) -> tuple[str, ...]:
        """Return the remarks for an assessment on a day: what was not known yet stands first."""
        return (*later_notes(self, on), *self.notes)

    @cached_property
    def _readings(self) -> Readings:
        names = {str(fact.value) for fact in self.facts if fact.key == "model.licence"}
        return law_readings(names)


def gather(
    dossier: Dossier,
    progress: Progress | None = None,
    digest: bool = False,
    scanned: Scan | None = None,
    today: datetime.date | None = None,
    cache: Path | None = None,
) -> Gathered:
    """Collect all facts of a dossier.

    Args:
        dossier: from `open_dossier`.
        progress: told of the scan's advance, as `evidence.scan` tells it; None for silence.
        digest: take the digest of every artefact, weights included.
        scanned: an earlier scan of the same dossier, to read only the statement anew.
        today: the day of asking: what is stated without a date was stated on it at the latest.
        cache: folder of the user's own in which to keep how far large logs were read.
    """
    scanned = scanned or scan(
        # The scanner counts relative paths from its root, not from where the program runs.
        [path.absolute() for path in dossier.scanned],
        root=dossier.folder.absolute(),
        subject=dossier.model,
        digest=digest,
        progress=progress,
        runs=dossier.runs,
        cache=cache,
    )
    stated = dossier.statement.facts if dossier.statement else ()
    known = (*stated, *scanned.facts)
    notes = [*dossier.notes, *(f"{note.artefact}: {note.text}" for note in scanned.notes)]
    settled = _settled(dossier, known)
    architecture = _architecture(dossier, known)
    margin, at, owner = estimate_margin(), _describing(dossier), _owner(dossier)

    def derived(facts: Iterable[Fact]) -> Derived:
        return derive(facts, dossier.model, architecture, settled, margin, at, owner)

    work = derived(known)
    if chosen := _settled(dossier, work.made):
        # A person chose a derived fact, so what is derived from it is derived anew.
        settled = {**chosen, **settled}
        work = derived(known)
    notes += work.notes
    notes += [_unmatched(one) for one in _without(dossier, settled)]
    notes += document_notes(dossier)
    facts = (*known, *work.made)
    return Gathered(
        dossier, facts, scanned, tuple(notes), settled, today, work.ledger, known, derived
    )


def estimate_margin() -> Decimal:
    """Return the relative error of an estimate of compute that the guidelines accept.

    Source: Guidelines on obligations for general-purpose AI models, Annex A.2.
    """
    from chapterv.law import load_pack

    value = load_pack().parameters["estimate_margin"].value[-1].value
    return Decimal(str(value))


def law_readings(licences: Iterable[str]) -> Readings:
    """Return what the law pack says of licences by their names, and of forms of payment.

    Source: Guidelines on obligations for general-purpose AI models, sections 4.2.1 and 4.2.2.
    """
    from chapterv.law import load_pack
    from chapterv.law.rules.open_source import licence_class

    parameters = load_pack().parameters
    presets: Any = parameters["licence_presets"].value[-1].value
    payments: Any = parameters["monetisation"].value[-1].value
    groups = {name: licence_class(presets, name) for name in licences}
    free = {name: group == "free" for name, group in groups.items() if group not in UNJUDGED}
    return Readings(free, frozenset(form for form, entry in payments.items() if entry["monetised"]))


def later_notes(gathered: Gathered, *days: datetime.date) -> list[str]:
    """Say what became known only after the days asked for, one sentence for each date.

    Args:
        gathered: the facts.
        days: the days, in their order.
    """
    by_day: dict[datetime.date, dict[str, None]] = {}
    for fact in merge(gathered.facts, min(days), gathered.settled).later:
        if fact.as_of is not None:
            several = subject_kind(fact.key) not in SINGLE_KINDS
            name = f"{fact.key} of {fact.subject}" if several else fact.key
            by_day.setdefault(fact.as_of, {})[name] = None
    notes = []
    for day, names in sorted(by_day.items()):
        before = " and ".join(long_date(on) for on in dict.fromkeys(days) if on < day)
        listed = ", ".join(names)
        notes.append(f"Known only from {long_date(day)}, so not used on {before}: {listed}.")
    return notes


def _settled(dossier: Dossier, facts: Iterable[Fact]) -> dict[tuple[str, str], str]:
    """Find the facts that people chose.

    A fact is named by its identifier, by the artefact that holds it, or by the source that a person
    states for it; where one name fits several facts, the earlier of these three counts.
    """
    choices = dossier.statement.settled if dossier.statement else ()
    wanted = {(choice.subject, choice.key): choice.choose for choice in choices}
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for fact in facts:
        place = (fact.subject, fact.key)
        names = (fact.id, fact.source.artefact, fact.source.stated)
        if place in wanted and wanted[place] in names:
            rank = names.index(wanted[place])
            found[place] = min(found.get(place, (rank, fact.id)), (rank, fact.id), key=_by_rank)
    return {place: name for place, (_, name) in found.items()}


def _by_rank(one: tuple[int, str]) -> int:
    return one[0]


def _without(dossier: Dossier, settled: Mapping[tuple[str, str], str]) -> list[Settling]:
    given = dossier.statement.settled if dossier.statement else ()
    return [choice for choice in given if (choice.subject, choice.key) not in settled]


def _unmatched(choice: Settling) -> str:
    return (
        f"{STATEMENT_NAME}:{choice.line}: no fact on {choice.key} comes from {choice.choose!r}, "
        "so nothing is settled. Name an artefact, a stated source or a fact of the conflict."
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


def _describing(dossier: Dossier) -> Callable[[str], Architecture | None]:
    """Return what describes a configuration below the folder; others are not opened."""
    root = dossier.folder.resolve()

    def at(place: str) -> Architecture | None:
        path = dossier.folder / place
        try:
            if not path.resolve().is_relative_to(root):
                return None
            return describe(read_configuration(path, place), place)
        except (InputError, OSError, ValueError, RuntimeError):
            return None  # no path, a loop of links, or a family that is not covered

    return cache(at)


def _owner(dossier: Dossier) -> Callable[[str], str]:
    """Return what tells the run that an artefact is a record of: the nearest one that is listed."""
    listed = dossier.runs

    def at(artefact: str) -> str:
        path = artefact
        while path:
            if path in listed:
                return listed[path]
            path = path.rpartition("/")[0]
        return listed.get("") or listed.get(".") or by_folder(artefact)

    return cache(at)


def _with_statement(dossier: Dossier, scanned: Scan) -> Scan:
    """List the statement as read, and leave the program's own folders out."""
    skipped = tuple(
        entry
        for entry in scanned.skipped
        if entry.artefact != STATEMENT_NAME and not entry.artefact.startswith(OWN_FOLDERS)
    )
    statement = dossier.statement
    if statement is None:
        return replace(scanned, skipped=skipped)
    own = ReadEntry(
        STATEMENT_NAME,
        STATEMENT_READER,
        len(statement.facts),
        len(statement.text.encode()),
        statement.digest,
        "file",
    )
    return replace(scanned, read=(own, *scanned.read), skipped=skipped)
