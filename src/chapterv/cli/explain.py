"""`chapterv explain ROW FOLDER`: one row for one dossier, down to file and provision."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chapterv.cli.caching import cache_folder
from chapterv.cli.law import pack_line
from chapterv.cli.output import (
    folder_argument,
    format_option,
    heading,
    law_pack_option,
    on_option,
    print_json,
    wrapped,
)
from chapterv.cli.progress import shown_progress

if TYPE_CHECKING:
    from chapterv.dossier import Gathered
    from chapterv.facts import Fact
    from chapterv.law import Assessment, Pack
    from chapterv.law.explaining import Explanation

__all__ = ["command"]

MOST = 200
"""Characters of a value that are shown."""


@click.command(
    name="explain",
    epilog="Example: chapterv explain act:D08 my-model",
    help="Explain how one row of the law is answered for a dossier: what it says, the reasons in "
    "order, the facts with file and place, and what is missing.",
)
@click.argument("row")
@folder_argument
@on_option
@law_pack_option
@format_option
def command(row: str, folder: Path, on: datetime.date, law_pack: Path | None, form: str) -> None:
    """Assess the dossier and explain one row."""
    from chapterv.dossier import assess_dossier, gather, open_dossier
    from chapterv.law import load_pack
    from chapterv.law.explaining import explain, find_row

    pack = load_pack(law_pack)
    found = find_row(pack, row)
    with shown_progress() as progress:
        gathered = gather(
            open_dossier(folder),
            progress=progress,
            today=datetime.date.today(),
            cache=cache_folder(),
        )
    assessment = assess_dossier(gathered, on, pack)
    explanation = explain(pack, assessment, found)
    if form == "json":
        print_json(_object(explanation, gathered, pack, assessment))
    else:
        click.echo(_text(explanation, gathered, pack, on))


def _object(
    explanation: Explanation, gathered: Gathered, pack: Pack, assessment: Assessment
) -> dict[str, Any]:
    """The explanation with its facts, those included that a used fact was computed from."""
    from chapterv.facts import fact_object
    from chapterv.law.plain import plain_explanation

    names = dict.fromkeys(explanation.uses)
    for name in explanation.uses:
        if name in gathered.by_id:
            names.update(dict.fromkeys(gathered.by_id[name].source.inputs))
    return {
        "on": assessment.on,
        "law_version": assessment.law_version,
        "explanation": plain_explanation(explanation, pack),
        "facts": [fact_object(gathered.by_id[name]) for name in names if name in gathered.by_id],
        "notes": list(gathered.notes_on(assessment.on)),
    }


def _text(shown: Explanation, gathered: Gathered, pack: Pack, on: datetime.date) -> str:
    from chapterv.facts.wording import long_date

    row = shown.row
    lines = [
        heading(wrapped(f"{row.id}  {row.title}: {_outcome(shown, pack)}", 0, 2)),
        wrapped(f"{gathered.dossier.model} on {long_date(on)}", 2),
        wrapped(row.citation, 2),
    ]
    if shown.text:
        lines += ["", wrapped(shown.text, 2)]
    if shown.reasons:
        lines += ["", heading("Why")]
        lines += [wrapped("· " + r.text, 2 + 2 * r.depth, 4 + 2 * r.depth) for r in shown.reasons]
    if shown.uses:
        lines += ["", heading("Facts")]
        lines += [line for name in shown.uses for line in _fact(gathered, pack, name, on)]
    if shown.missing:
        open_answer = shown.finding is not None and shown.finding.answer == "cannot_tell"
        title = "What would settle it" if open_answer else "Questions beside the answer"
        lines += ["", heading(title), *_questions(shown.missing)]
    if row.our_reading:
        lines += ["", wrapped(f"Our reading: {row.our_reading}", 0, 2)]
    if shown.finding is None and shown.obligation is None:
        lines += ["", wrapped(_no_rule(shown), 0)]
    return "\n".join([*lines, "", pack_line(pack, on)])


def _outcome(shown: Explanation, pack: Pack) -> str:
    """Each outcome with what it is an outcome of, where there are several."""
    from chapterv.facts.wording import long_date
    from chapterv.law.wording import word

    parts: list[tuple[str, str]] = []
    if shown.finding:
        hedge = "indicated " if shown.finding.indicated else ""
        parts.append(("answer", hedge + word(pack, "answer", shown.finding.answer)))
    if shown.obligation:
        duty = shown.obligation
        due = f", due {long_date(duty.due)}" if duty.due else ""
        parts.append(("duty", word(pack, "status", duty.status) + due))
    if shown.clock:
        due = f", due {long_date(shown.clock.due)}" if shown.clock.due else ""
        parts.append(("clock", word(pack, "state", shown.clock.state) + due))
    if len(parts) == 1 and parts[0][0] != "clock":
        return parts[0][1]
    return "; ".join(f"{of}: {outcome}" for of, outcome in parts) or "nothing to answer"


def _no_rule(shown: Explanation) -> str:
    if shown.row.effect:
        return "The day alone decides this row; no fact of the dossier enters it."
    return "This row explains; it decides nothing."


def _fact(gathered: Gathered, pack: Pack, name: str, on: datetime.date) -> Iterator[str]:
    """A fact: its value, where it comes from, what it was computed from, what its margin means."""
    from chapterv.law.explaining import margin_notes

    fact = gathered.by_id[name]
    yield wrapped(f"· {_value(fact, pack)}", 2, 4)
    if fact.basis == "computed" and fact.source.inputs:
        yield wrapped("computed from:", 6)
        inputs = (gathered.by_id[one] for one in fact.source.inputs if one in gathered.by_id)
        for one in inputs:
            yield wrapped(f"{_value(one, pack)} [{_place(one)}]", 8, 10)
    else:
        yield wrapped(f"{fact.basis}, {_place(fact)}", 6, 8)
    if fact.note:
        yield wrapped(fact.note, 6, 8)
    for text in margin_notes(fact, pack, on):
        yield wrapped(text, 6, 8)


def _value(fact: Fact, pack: Pack) -> str:
    from chapterv.facts import catalogue
    from chapterv.law.wording import value_text

    words = {"at_least": "at least ", "at_most": "at most ", "exactly": ""}
    bound = f" (± {(fact.bound * 100).normalize():f} %)" if fact.bound else ""
    value = value_text(pack, fact.key, fact.value)
    value = value if len(value) <= MOST else value[: MOST - 1] + "…"
    return f"{catalogue()[fact.key].label}: {words[fact.relation]}{value}{bound}"


def _place(fact: Fact) -> str:
    place = fact.source.artefact
    if fact.source.pointer:
        place += f":{fact.source.pointer}"
    return f"{place}, which names {fact.source.stated}" if fact.source.stated else place


def _questions(keys: tuple[str, ...]) -> list[str]:
    from chapterv.facts import catalogue

    lines = []
    for key in keys:
        entry = catalogue()[key]
        lines.append(wrapped(f"· {entry.question} [{key}]", 2, 4))
    return lines
