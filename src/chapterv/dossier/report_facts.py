"""Facts, conflicts and artefacts as a report shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from chapterv.documents import Texts
from chapterv.dossier.gathering import Gathered
from chapterv.dossier.report_model import (
    ConflictView,
    FactView,
    FindingView,
    ReadView,
    SkippedView,
)
from chapterv.facts import Conflict, Fact, TableRef, World, catalogue, fact_object
from chapterv.facts.wording import grouped
from chapterv.law import Pack
from chapterv.law.wording import value_text

__all__ = ["conflict_views", "fact_views", "read_views", "skipped_views"]


def fact_views(
    gathered: Gathered,
    world: World,
    findings: Iterable[FindingView],
    pack: Pack,
    words: Texts,
) -> tuple[FactView, ...]:
    """Return the facts by subject, in the order of the catalogue.

    Args:
        gathered: all facts.
        world: what the law was applied to.
        findings: which of them rest on which facts.
        pack: words of values.
        words: words of the page.
    """
    used = set(_used(world))
    users: dict[str, list[str]] = {}
    for finding in findings:
        for name in finding.uses:
            users.setdefault(name, []).append(finding.anchor)
    place = {key: number for number, key in enumerate(catalogue())}
    subjects = _subject_order(gathered)
    ordered = sorted(
        gathered.by_id.values(),
        key=lambda fact: (
            subjects(fact.subject), fact.subject, place.get(fact.key, len(place)),
            fact.id not in used, fact.id,
        ),
    )  # fmt: skip
    return tuple(
        _fact(fact, fact.id in used, tuple(users.get(fact.id, ())), pack, words) for fact in ordered
    )


def _subject_order(gathered: Gathered) -> Any:
    first = ("provider", "representative", gathered.dossier.model)
    return lambda subject: first.index(subject) if subject in first else len(first)


def _used(world: World) -> Iterable[str]:
    for held in world.keys.values():
        yield from held.facts
    for subjects in world.parts.values():
        for keys in subjects.values():
            for held in keys.values():
                yield from held.facts


def _fact(fact: Fact, used: bool, users: tuple[str, ...], pack: Pack, words: Texts) -> FactView:
    plain = fact_object(fact)
    text = _value_text(fact, pack, words)
    exact = plain["value"] if isinstance(plain["value"], str) else ""
    number = isinstance(fact.value, int | Decimal) and not isinstance(fact.value, bool)
    return FactView(
        fact.id,
        fact.subject,
        fact.key,
        catalogue()[fact.key].label,
        plain["value"],
        text,
        exact if number and len(exact) > 7 else "",
        fact.relation,
        fact.unit,
        fact.basis,
        plain["bound"],
        fact.as_of,
        fact.note,
        fact.source,
        used,
        users,
    )


def _value_text(fact: Fact, pack: Pack, words: Texts) -> str:
    if isinstance(fact.value, TableRef):
        return words("facts.table", rows=grouped(fact.value.rows))
    text = value_text(pack, fact.key, fact.value)
    if fact.value in ("true", "false") and catalogue()[fact.key].type == "enum":
        text = words("word.yes" if fact.value == "true" else "word.no")
    if fact.relation != "exactly":
        text = words(f"relation.{fact.relation}", value=text)
    if fact.bound:
        text = words("facts.bound", value=text, percent=f"{(fact.bound * 100).normalize():f}")
    return text


def conflict_views(
    gathered: Gathered, conflicts: Iterable[Conflict], words: Texts
) -> tuple[ConflictView, ...]:
    """Return the conflicts, each with the lines that would settle it.

    Args:
        gathered: the facts that they name.
        conflicts: of the assessment.
        words: words of the page.
    """
    return tuple(
        ConflictView(
            conflict.subject,
            conflict.key,
            catalogue()[conflict.key].label,
            conflict.tolerance,
            conflict.facts,
            conflict.chosen,
            conflict.why,
            _settling(conflict, gathered, words),
        )
        for conflict in conflicts
    )


def _settling(conflict: Conflict, gathered: Gathered, words: Texts) -> str:
    """Return the lines of the statement that choose as the program did."""
    chosen = gathered.by_id.get(conflict.chosen)
    lines = [
        ("key", conflict.key),
        ("subject", conflict.subject),
        ("choose", _name(chosen, gathered, conflict.facts) if chosen else conflict.chosen),
        ("why", words("conflicts.why_example")),
    ]
    shown = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in lines)
    return "\n".join(["[[settle]]", *shown])


def _name(chosen: Fact, gathered: Gathered, names: Sequence[str]) -> str:
    """Name a fact by its artefact where that is enough to tell it from the others."""
    held = [gathered.by_id[name] for name in names if name in gathered.by_id]
    alike = [fact for fact in held if fact.source.artefact == chosen.source.artefact]
    return chosen.source.artefact if len(alike) == 1 else chosen.id


def read_views(gathered: Gathered) -> tuple[ReadView, ...]:
    """Return the artefacts that were read."""
    return tuple(
        ReadView(one.artefact, one.reader, one.facts, one.size_bytes, one.digest, one.digest_of)
        for one in gathered.read
    )


def skipped_views(gathered: Gathered) -> tuple[SkippedView, ...]:
    """Return the artefacts that were not read, with the reason."""
    return tuple(SkippedView(one.artefact, one.reason, one.files) for one in gathered.skipped)
