"""`chapterv scan PATH...`: artefacts to facts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chapterv.cli.caching import cache_folder
from chapterv.cli.output import (
    bullet,
    counted,
    format_option,
    heading,
    print_json,
    table,
    wrapped,
)
from chapterv.cli.progress import shown_progress

if TYPE_CHECKING:
    from chapterv.evidence import Scan
    from chapterv.facts import Fact

__all__ = ["command"]

MAX_ROWS = 60


@click.command(
    name="scan",
    epilog="Example: chapterv scan my-model/weights --format json",
    help="Read artefacts (weights, configurations, cards, licences) into facts: what was read, "
    "what was not and why.",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--digest", is_flag=True, help="Take the SHA-256 of every file, weights included.")
@format_option
def command(paths: tuple[Path, ...], digest: bool, form: str) -> None:
    """Scan and print."""
    from chapterv.evidence import scan

    with shown_progress() as progress:
        absolute = [path.absolute() for path in paths]
        result = scan(
            absolute, root=_root(paths), digest=digest, progress=progress, cache=cache_folder()
        )
    if form == "json":
        print_json(result.to_json())
    else:
        click.echo(_text(result))


def _root(paths: tuple[Path, ...]) -> Path:
    """The folder that artefacts are named against: the one given, or the nearest around all."""
    import os

    folders = [path if path.is_dir() else path.parent for path in paths]
    return Path(os.path.commonpath([folder.absolute() for folder in folders]))


def _text(result: Scan) -> str:
    unread = sum(entry.files for entry in result.skipped)
    facts, read = counted(len(result.facts), "fact"), counted(len(result.read), "artefact")
    lines = [heading(wrapped(f"{facts} from {read}; {counted(unread, 'file')} not read."))]
    if result.facts:
        lines += ["", "Facts", table([_fact_row(fact) for fact in result.facts[:MAX_ROWS]])]
        lines += _more(len(result.facts))
    if result.read:
        rows = [(entry.reader, entry.artefact) for entry in result.read[:MAX_ROWS]]
        lines += ["", "Read", table(rows), *_more(len(result.read))]
    if result.skipped:
        shown = result.skipped[:MAX_ROWS]
        lines += ["", "Not read"]
        lines += [wrapped(f"{entry.artefact}: {entry.reason}", 2, 4) for entry in shown]
        lines += _more(len(result.skipped))
    if result.anomalies:
        lines += ["", "Anomalies"]
        lines += [
            bullet(f"{one.artefact}: {one.text} Effect: {one.effect}.")
            for one in result.anomalies[:MAX_ROWS]
        ]
        lines += _more(len(result.anomalies))
    if result.notes:
        lines += ["", "Notes"]
        lines += [bullet(f"{note.artefact}: {note.text}") for note in result.notes[:MAX_ROWS]]
        lines += _more(len(result.notes))
    next_step = "Next: chapterv init FOLDER writes a statement with the open questions."
    lines += ["", wrapped(next_step)]
    return "\n".join(lines)


def _fact_row(fact: Fact) -> tuple[str, str, str]:
    from chapterv.facts import encode

    value = encode(fact.value)
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text if len(text) <= 32 else text[:29] + "..."
    return fact.key, f"{text} {fact.unit or ''}".rstrip(), fact.source.artefact


def _more(count: int) -> list[str]:
    return [f"  and {count - MAX_ROWS} more: --format json"] if count > MAX_ROWS else []
