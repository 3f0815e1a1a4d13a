"""`chapterv init FOLDER`: read what is there, write chapterv.toml with the open questions."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chapterv.cli.caching import cache_folder
from chapterv.cli.output import (
    bullet,
    counted,
    folder_argument,
    format_option,
    heading,
    print_json,
    shown,
    table,
    wrapped,
)
from chapterv.cli.progress import shown_progress
from chapterv.errors import Error, UsageError

if TYPE_CHECKING:
    from chapterv.dossier import Gathered, Written
    from chapterv.facts import Question

__all__ = ["command"]

SHOWN = 8


@click.command(
    name="init",
    epilog="Example: chapterv init my-model --ask",
    help="Read a folder and write its chapterv.toml: what was found, and the open questions. "
    "Run again, it keeps every line and adds what is new.",
)
@folder_argument
@click.option("--ask", is_flag=True, help="Ask the open questions here, what settles most first.")
@format_option
def command(folder: Path, ask: bool, form: str) -> None:
    """Write or extend the statement, and ask where wanted."""
    from chapterv.dossier import write_statement

    if ask and form == "json":
        raise UsageError("--ask speaks with a person", "chapterv init", "Leave --format json out.")
    gathered = _gathered(folder)
    written = write_statement(gathered, _questions(gathered))
    if form == "json":
        print_json(_object(written))
    else:
        click.echo(_text(written, folder, gathered))
    if ask:
        _interview(folder)


def _gathered(folder: Path) -> Gathered:
    from chapterv.dossier import gather, open_dossier

    with shown_progress() as progress:
        return gather(
            open_dossier(folder),
            progress=progress,
            today=datetime.date.today(),
            cache=cache_folder(),
        )


def _questions(gathered: Gathered) -> list[Question]:
    """The open questions for which something waits today, those that settle most first."""
    from chapterv.dossier import assess_dossier, open_questions

    assessment = assess_dossier(gathered, datetime.date.today())
    questions = open_questions(gathered, assessment.questions, all_keys=False)
    return [question for question in questions if question.settles > 0]


def _object(written: Written) -> dict[str, object]:
    from chapterv.facts import fact_object

    return {
        "path": str(written.path),
        "created": written.created,
        "added": written.added,
        "found": [fact_object(fact) for fact in written.found],
        "open_questions": written.open,
    }


def _text(written: Written, folder: Path, gathered: Gathered) -> str:
    if written.created:
        did = f"Written: {written.path}, with {counted(written.open, 'open question')}."
    elif written.added:
        did = f"Added to {written.path}: {counted(len(written.added), 'line')}, all as comments."
    else:
        did = f"{written.path} holds everything already; nothing was changed."
    read = [entry for entry in gathered.read if entry.artefact != written.path.name]
    lines = [heading(wrapped(did)), ""]
    lines.append(
        f"Read {counted(len(read), 'artefact')}, found {counted(len(written.found), 'value')}."
    )
    rows = [(fact.key, _short(fact.value), fact.source.artefact) for fact in written.found]
    lines += [table(rows[:SHOWN])] if rows else []
    if len(rows) > SHOWN:
        lines.append(f"  and {len(rows) - SHOWN} more: chapterv scan {folder}")
    notes = gathered.notes[len(gathered.dossier.notes) if written.created else 0 :]
    lines += [bullet(note) for note in notes[:SHOWN]]
    lines += ["", "Next:", f"  edit {written.path}, or: chapterv init {folder} --ask"]
    return "\n".join(lines)


def _short(value: object) -> str:
    from chapterv.facts import encode

    plain = encode(value)
    text = ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain)
    return text if len(text) <= 32 else text[:29] + "..."


# --- the interview --------------------------------------------------------------------------------


def _interview(folder: Path) -> None:
    """Ask one question after another; each answer is in the file before the next is asked."""
    skipped: set[str] = set()
    answered = 0
    gathered = _gathered(folder)
    click.echo("\n" + wrapped("Enter skips, ? explains, q stops. Each answer is saved at once."))
    while question := next((q for q in _questions(gathered) if q.key not in skipped), None):
        skipped.add(question.key)
        given = _ask(question, len(_questions(gathered)))
        if given is None:
            break
        if given == "":
            continue
        _save(folder, question, given)
        answered += 1
        gathered = _again(gathered)
    left = len(_questions(gathered))
    click.echo(f"\nAnswered {answered}; {counted(left, 'question')} open.")
    click.echo(f"Next: chapterv assess {folder}")


def _again(gathered: Gathered) -> Gathered:
    from chapterv.dossier import gather, open_dossier

    dossier = open_dossier(gathered.dossier.folder)
    return gather(dossier, scanned=gathered.scanned, today=gathered.today)


def _ask(question: Question, count: int) -> object:
    """Return the answer as its type, "" to skip, None to stop."""
    from chapterv.dossier import parse_answer

    click.echo("\n" + heading(wrapped(question.text)))
    waiting = counted(len(question.asked_by), "answer") if question.asked_by else ""
    verb = "waits" if len(question.asked_by) == 1 else "wait"
    why = f"{question.why} {waiting} {verb} for it." if waiting else question.why
    click.echo(wrapped(why, 2))
    while True:
        text = _typed(f"  ({count} open) > ")
        if text is None or text == "q":
            return None
        if text == "":
            return ""
        if text == "?":
            click.echo(_help(question))
            continue
        try:
            return parse_answer(question.key, text)
        except Error as error:
            click.echo(wrapped(str(error), 2))


def _typed(prompt: str) -> str | None:
    """Return a line as typed, None at the end of the input.

    On a pipe nothing is echoed while it is typed, so it is printed: the lines below it then begin
    where they do on a terminal.
    """
    click.echo(prompt, nl=False)
    try:
        text = input().strip()
    except EOFError:
        click.echo()
        return None
    if not sys.stdin.isatty():
        click.echo(shown(text[:200]))
    return text


def _help(question: Question) -> str:
    from chapterv.facts import catalogue

    entry = catalogue()[question.key]
    rows = [("key", question.key), ("usually in", entry.where), ("example", entry.example)]
    rows.append(("ask", entry.answered_by))
    if question.asked_by:
        rows.append(("rows of law", ", ".join(question.asked_by[:SHOWN])))
    rows += [(value, entry.values_help.get(value, "")) for value in entry.values]
    return table([(name, text) for name, text in rows])


def _save(folder: Path, question: Question, value: object) -> None:
    from chapterv.dossier.editing import write_atomically
    from chapterv.dossier.init import current_text
    from chapterv.dossier.interview import with_answer
    from chapterv.facts import STATEMENT_NAME

    path = folder / STATEMENT_NAME
    mark, text = current_text(path)
    name = folder.absolute().name
    new = with_answer(text, question.subject, question.key, value, name)
    write_atomically(path, new, mark)
