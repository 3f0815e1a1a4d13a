"""`chapterv explain ROW FOLDER`: one row for one dossier, down to file and provision."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chapterv.cli.law import pack_line
from chapterv.cli.output import (
    folder_argument,
    format_option,
    heading,
    law_pack_option,
    on_option,
    print_json,
    table,
    wrapped,
)

if TYPE_CHECKING:
    from chapterv.dossier import Gathered
    from chapterv.law import Pack
    from chapterv.law.explaining import Explanation

__all__ = ["command"]


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
    gathered = gather(open_dossier(folder))
    assessment = assess_dossier(gathered, on, pack)
    explanation = explain(pack, assessment, found)
    if form == "json":
        facts = [gathered.by_id[name] for name in explanation.uses if name in gathered.by_id]
        print_json({"explanation": explanation, "facts": facts, "on": on})
    else:
        click.echo(_text(explanation, gathered, pack, on))


def _text(shown: Explanation, gathered: Gathered, pack: Pack, on: datetime.date) -> str:
    from chapterv.facts.wording import long_date

    row = shown.row
    lines = [
        heading(f"{row.id}  {row.title}: {_outcome(shown, pack)}"),
        wrapped(f"{gathered.dossier.model} on {long_date(on)}", 2),
        wrapped(row.citation, 2),
    ]
    if shown.text:
        lines += ["", wrapped(shown.text, 2)]
    if shown.reasons:
        lines += ["", heading("Why")]
        lines += [wrapped("· " + r.text, 2 + 2 * r.depth, 4 + 2 * r.depth) for r in shown.reasons]
    if shown.uses:
        lines += ["", heading("Facts"), table([_fact(gathered, pack, name) for name in shown.uses])]
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
    from chapterv.law.wording import word

    parts = []
    if shown.finding:
        hedge = "indicated " if shown.finding.indicated else ""
        parts.append(hedge + word(pack, "answer", shown.finding.answer))
    if shown.obligation:
        duty = shown.obligation
        due = f", due {duty.due}" if duty.due else ""
        parts.append(word(pack, "status", duty.status) + due)
    if shown.clock:
        parts.append(
            f"clock {word(pack, 'state', shown.clock.state)}, {shown.clock.due or 'no day'}"
        )
    return "; ".join(parts) or "nothing to answer"


def _no_rule(shown: Explanation) -> str:
    if shown.row.effect:
        return "The day alone decides this row; no fact of the dossier enters it."
    return "This row explains; it decides nothing."


def _fact(gathered: Gathered, pack: Pack, name: str) -> tuple[str, str, str]:
    from chapterv.facts import catalogue
    from chapterv.law.wording import value_text

    fact = gathered.by_id[name]
    place = fact.source.artefact
    if fact.source.pointer:
        place += f":{fact.source.pointer}"
    if fact.source.stated:
        place += f" (stated source: {fact.source.stated})"
    value = value_text(pack, fact.key, fact.value)
    value = value if len(value) <= 36 else value[:33] + "..."
    return catalogue()[fact.key].label[:30], value, f"{fact.basis}, {place}"


def _questions(keys: tuple[str, ...]) -> list[str]:
    from chapterv.facts import catalogue

    lines = []
    for key in keys:
        entry = catalogue()[key]
        lines.append(wrapped(f"· {entry.question} [{key}]", 2, 4))
    return lines
