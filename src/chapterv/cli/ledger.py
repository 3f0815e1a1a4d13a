"""`chapterv compute ledger FOLDER`: every run and activity of a dossier, and the two sums."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from chapterv.cli.caching import cache_folder
from chapterv.cli.output import folder_argument, format_option, print_json
from chapterv.cli.progress import shown_progress

__all__ = ["command"]


@click.command(
    name="ledger",
    epilog="Example: chapterv compute ledger my-model --format json",
    help="List every run and activity of a dossier with what it took, the methods side by side, "
    "training compute and cumulative compute, energy, and what is wrong in the records.",
)
@folder_argument
@click.option(
    "--ascii",
    "plain",
    is_flag=True,
    help="Write bars, exponents and signs in ASCII, as where the terminal shows nothing else.",
)
@format_option
def command(folder: Path, plain: bool, form: str) -> None:
    """Gather and print the ledger."""
    from chapterv.cli.ledger_text import ledger_text, shows_signs
    from chapterv.dossier import gather, open_dossier
    from chapterv.dossier.ledger_object import ledger_object

    dossier = open_dossier(folder)
    with shown_progress() as progress:
        gathered = gather(
            dossier, progress=progress, today=datetime.date.today(), cache=cache_folder()
        )
    if form == "json":
        print_json(ledger_object(gathered))
    else:
        click.echo(ledger_text(gathered, unicode=not plain and shows_signs()))
