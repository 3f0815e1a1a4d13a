"""`chapterv report FOLDER --out DIR`: the main job, from a model folder to a report."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chapterv.cli.caching import cache_folder
from chapterv.cli.output import (
    bullet,
    folder_argument,
    format_option,
    heading,
    law_pack_option,
    on_option,
    shown,
)
from chapterv.cli.progress import shown_progress

if TYPE_CHECKING:
    from chapterv.dossier.report import Report

__all__ = ["command"]

PAGE = "index.html"
TWIN = "report.json"
LIST = "questions.md"


@click.command(
    name="report",
    epilog="Example: chapterv report my-model --out my-report",
    help="Scan a folder, apply the law on a day, and write the report: a page that opens without a "
    "network, its JSON twin, and the list of open questions.",
)
@folder_argument
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the report; made where it is missing. Files of an earlier report in it are "
    "replaced.",
)
@on_option
@click.option("--strict", is_flag=True, help="Exit 1 if a duty is late or sources conflict.")
@law_pack_option
@format_option
def command(
    folder: Path,
    out: Path,
    on: datetime.date,
    strict: bool,
    law_pack: Path | None,
    form: str,
) -> int:
    """Write the report and say where it is."""
    from chapterv.cli.assess import in_breach
    from chapterv.dossier import assess_dossier, gather, open_dossier
    from chapterv.dossier.report import build_report, render_json, render_text
    from chapterv.law import load_pack

    pack = load_pack(law_pack)
    dossier = open_dossier(folder)
    with shown_progress() as progress:
        gathered = gather(
            dossier, progress=progress, today=datetime.date.today(), cache=cache_folder()
        )
    assessment = assess_dossier(gathered, on, pack)
    report = build_report(gathered, assessment, pack, on)
    _write(report, out)
    if form == "json":
        click.echo(render_json(report), nl=False)
    else:
        colour = sys.stdout.isatty()
        click.echo(render_text(report, color=colour, details=False))
        click.echo(_where(report, out))
    return 1 if strict and in_breach(assessment) else 0


def _write(report: Report, out: Path) -> None:
    """Write the files of a report, each whole or not at all."""
    from chapterv.dossier.report import render_html, render_json, render_questions

    made = {
        PAGE: render_html(report).encode(),
        TWIN: render_json(report),
        LIST: render_questions(report).encode(),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        fresh = out / f".{name}.new"
        fresh.write_bytes(content)
        fresh.replace(out / name)


def _where(report: Report, out: Path) -> str:
    from chapterv.documents import texts

    words = texts(report.language)
    lines = ["", heading(shown(words("command.written", folder=str(out))))]
    lines += [
        bullet(words(f"command.{name}", file=file))
        for name, file in (("page", PAGE), ("json", TWIN), ("list", LIST))
    ]
    return "\n".join(lines)
