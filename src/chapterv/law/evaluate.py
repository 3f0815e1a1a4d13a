"""The law on a day: every rule, duty and clock for one model, with the questions that remain."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from chapterv.facts import Conflict, Question, World, catalogue, encode, subject_kind
from chapterv.law import rules  # noqa: F401 - importing registers the rules
from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer
from chapterv.law.case import Case
from chapterv.law.pack import Pack, load_pack
from chapterv.law.registry import CLOCKS, OBLIGATIONS, RULES, Registered, is_ruled
from chapterv.law.types import Assessment, Clock, Finding, Obligation

__all__ = ["dated_answers", "evaluate", "evaluate_object"]


def evaluate(
    world: World,
    on: datetime.date,
    pack: Pack | None = None,
    conflicts: Iterable[Conflict] = (),
) -> Assessment:
    """Apply the law to one model on one day.

    Args:
        world: what is known, merged.
        on: the day; rules never read a clock.
        pack: the law; the one in the package where none is given.
        conflicts: disagreements between sources, carried along.

    Returns: findings in the order of the rules, duties, clocks, and questions by what they settle.
    """
    pack = pack or load_pack()
    case = Case(world, pack.on(on))
    findings: list[Finding] = []
    duties: list[Obligation] = []
    clocks: list[Clock] = []
    for kind, subjects in _subjects(world):
        for subject, part in subjects.items():
            case.about(subject, part)
            if kind != "model":
                case.findings = dict(case.findings)
                for row in _rows_about(kind):
                    case.findings.pop(row, None)
            findings += [case.run(entry.id) for entry in _about(RULES, kind)]
            for entry in _about(OBLIGATIONS, kind):
                case.fresh()
                duties.append(entry.function(case))
            for entry in _about(CLOCKS, kind):
                case.fresh()
                clock = entry.function(case)
                if clock is not None:
                    clocks.append(clock)
    return Assessment(
        on,
        pack.version,
        tuple(findings),
        tuple(duties),
        tuple(clocks),
        _questions(findings, duties),
        tuple(conflicts),
    )


def _subjects(world: World) -> Iterable[tuple[str, Mapping[str, Mapping[str, Any]]]]:
    yield "model", {"": {}}
    for kind in world.parts:
        if kind in _KINDS:
            yield kind, world.parts[kind]


def _by_kind(table: Mapping[str, Registered]) -> dict[str, tuple[Registered, ...]]:
    kinds: dict[str, list[Registered]] = {}
    for entry in table.values():
        kinds.setdefault(entry.about, []).append(entry)
    return {kind: tuple(entries) for kind, entries in kinds.items()}


_TABLES = {id(table): _by_kind(table) for table in (RULES, OBLIGATIONS, CLOCKS)}
_KINDS = frozenset(entry.about for entry in RULES.values()) - {"model"}


def _about(table: Mapping[str, Registered], kind: str) -> tuple[Registered, ...]:
    return _TABLES[id(table)].get(kind, ())


def _rows_about(kind: str) -> Iterable[str]:
    for entry in _about(RULES, kind):
        yield entry.id
        yield from entry.also


# What a reader asks first; what an open answer to one of them waits for is asked first.
_HEADLINES = frozenset(("act:REACH", "act:SR", "act:D01", "act:C06", "gl:G6.1"))
_OPEN_DUTY, _OPEN_HEADLINE, _BESIDE_DUTY = 6, 4, 1
_BESIDE_NOT_REACHED = 8


def _questions(findings: list[Finding], duties: list[Obligation]) -> tuple[Question, ...]:
    """Return what is missing, most settling first.

    An open duty weighs most, then an open headline, then a question beside a decided duty. Rows
    that nothing waits for are asked last. Nothing is owed by somebody whom the chapter does not
    reach, so only what could still change that is asked first there.
    """
    waiting: dict[str, list[str]] = {}
    weight: dict[str, int] = {}
    reached = all(finding.answer != NOT_MET for finding in findings if finding.rule == "act:REACH")
    for finding in findings:
        open_headline = finding.answer == CANNOT_TELL and finding.rule in _HEADLINES and reached
        share = _OPEN_HEADLINE * open_headline
        if finding.rule == "act:REACH" and not reached:
            share = _BESIDE_NOT_REACHED
        for key in finding.missing:
            waiting.setdefault(key, []).append(finding.rule)
            weight[key] = weight.get(key, 0) + share
    for duty in duties:
        share = _OPEN_DUTY if duty.status == CANNOT_TELL else _BESIDE_DUTY * reached
        for key in duty.missing:
            waiting.setdefault(key, []).append(duty.id)
            weight[key] = weight.get(key, 0) + share
    known = catalogue()
    questions = [
        Question(
            key,
            subject_kind(key),
            known[key].question,
            tuple(dict.fromkeys(rows)),
            known[key].where,
            known[key].why,
            weight[key],
        )
        for key, rows in waiting.items()
    ]
    questions.sort(key=lambda q: (-q.settles, -len(q.asked_by), q.key))
    return tuple(questions)


def dated_answers(pack: Pack, on: datetime.date) -> dict[str, Answer]:
    """Return the rows that the day alone answers: in force, or gone, on that day.

    A statement that is often met and wrong is answered too: it never holds.
    """
    answers: dict[str, Answer] = {}
    for row in pack.rows.values():
        if row.wrong:
            answers[row.id] = NOT_MET
        elif row.effect and not is_ruled(row.id):
            version = row.on(on)
            answers[row.id] = MET if version is not None and not version.repealed else NOT_MET
    return answers


def evaluate_object(
    facts: Mapping[str, Any], on: datetime.date, pack: Pack | None = None
) -> dict[str, Any]:
    """Run the rules on a plain object of catalogue keys: what `law evaluate` prints.

    Args:
        facts: key to value; a missing key or null is unknown.
        on: the day.
        pack: the law; the one in the package where none is given.

    Returns: plain JSON values: `on`, `law_version`, `answers`, `obligations`, `clocks`, `values`,
        `indicated` and `questions`.
    """
    pack = pack or load_pack()
    assessment = evaluate(World.from_object(facts), on, pack)
    return plain_answers(assessment, pack)


def plain_answers(assessment: Assessment, pack: Pack) -> dict[str, Any]:
    """Return an assessment by row: answers, statuses, clocks and values as plain JSON."""
    answers: dict[str, str] = dict(dated_answers(pack, assessment.on))
    values: dict[str, dict[str, Any]] = {}
    indicated: list[str] = []
    for finding in assessment.findings:
        for row in _names(RULES, finding.rule):
            answers[row] = finding.answer
            if finding.value:
                values[row] = _plain(finding.value)
            if finding.indicated:
                indicated.append(row)
    obligations: dict[str, dict[str, Any]] = {}
    for duty in assessment.obligations:
        shown = {
            "status": duty.status,
            "from": encode(duty.starts),
            "due": encode(duty.due),
            "until": encode(duty.until),
        }
        for row in _names(OBLIGATIONS, duty.id):
            obligations[row] = shown
            if duty.value:
                values[row] = {**values.get(row, {}), **_plain(duty.value)}
    clocks: dict[str, dict[str, Any]] = {}
    for clock in assessment.clocks:
        for row in _names(CLOCKS, clock.id):
            clocks[row] = {
                "started_on": encode(clock.started_on),
                "due": encode(clock.due),
                "due_if_rolled": encode(clock.due_if_rolled),
                "state": clock.state,
                "satisfied_on": encode(clock.satisfied_on),
            }
    return {
        "on": assessment.on.isoformat(),
        "law_version": assessment.law_version,
        "answers": answers,
        "indicated": indicated,
        "obligations": obligations,
        "clocks": clocks,
        "values": values,
        "questions": [
            {"key": q.key, "text": q.text, "asked_by": list(q.asked_by), "settles": q.settles}
            for q in assessment.questions
        ],
    }


def _names(table: Mapping[str, Registered], row: str) -> tuple[str, ...]:
    entry = table[row]
    return (entry.id, *entry.also)


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if part == "none" and name == "incident_days" else encode(part)
        for name, part in value.items()
    }
