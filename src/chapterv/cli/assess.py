"""`chapterv assess FOLDER`: the law applied to a dossier on a day."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chapterv.cli.output import (
    bullet,
    folder_argument,
    format_option,
    heading,
    law_pack_option,
    on_option,
    print_json,
)
from chapterv.cli.progress import shown_progress

if TYPE_CHECKING:
    from chapterv.dossier.assess import WhatIf
    from chapterv.law import Assessment, Pack

__all__ = ["command", "in_breach"]


@click.command(
    name="assess",
    epilog="Example: chapterv assess my-model --assume model.monetised=false",
    help="Apply the law to a dossier on a day: what applies, what is due, what is open. With "
    "--assume, what would change if a value were another.",
)
@folder_argument
@on_option
@click.option(
    "--assume",
    "assumptions",
    multiple=True,
    metavar="KEY=VALUE",
    help="Assume a value and print what changes; an empty value makes the key unknown. Repeatable.",
)
@click.option("--strict", is_flag=True, help="Exit 1 if a duty is late or sources conflict.")
@law_pack_option
@format_option
def command(
    folder: Path,
    on: datetime.date,
    assumptions: tuple[str, ...],
    strict: bool,
    law_pack: Path | None,
    form: str,
) -> int:
    """Assess and print."""
    from chapterv.dossier import assess_dossier, gather, open_dossier, what_if
    from chapterv.law import load_pack

    pack = load_pack(law_pack)
    dossier = open_dossier(folder)
    with shown_progress() as progress:
        gathered = gather(dossier, progress=progress)
    changed = None
    if assumptions:
        changed = what_if(gathered, on, _assumed(assumptions), pack)
        assessment = changed.assessment
    else:
        assessment = assess_dossier(gathered, on, pack)
    if form == "json":
        print_json(_plain(assessment, changed, pack))
    elif changed is not None:
        click.echo(_what_if_text(changed, pack))
    else:
        from chapterv.dossier.report import build_report, render_text

        click.echo(render_text(build_report(gathered, assessment, pack, on)))
    return 1 if strict and in_breach(assessment) else 0


def in_breach(assessment: Assessment) -> bool:
    """Tell whether a strict run has to fail: a duty or clock is late, or sources conflict."""
    late = any(duty.late(assessment.on) for duty in assessment.obligations)
    overdue = any(clock.state == "late" for clock in assessment.clocks)
    return late or overdue or bool(assessment.conflicts)


def _assumed(assumptions: tuple[str, ...]) -> dict[str, Any]:
    """Read KEY=VALUE pairs; the value is typed as in the statement file, quotes optional."""
    from chapterv.dossier import parse_answer
    from chapterv.errors import UsageError

    values: dict[str, Any] = {}
    for pair in assumptions:
        key, sign, text = pair.partition("=")
        if not sign:
            raise UsageError(
                f"{pair!r} has no value",
                "--assume",
                "Write KEY=VALUE, such as model.monetised=false.",
            )
        values[key.strip()] = parse_answer(key.strip(), text.strip()) if text.strip() else None
    return values


def _plain(assessment: Assessment, changed: WhatIf | None, pack: Pack) -> dict[str, Any]:
    from chapterv.law.plain import plain_assessment

    plain = plain_assessment(assessment, pack)
    if changed is not None:
        plain["assumed"] = changed.assumed
        plain["changes"] = changed.changes
    return plain


def _what_if_text(changed: WhatIf, pack: Pack) -> str:
    from chapterv.cli.law import difference_text, pack_line

    pairs = ", ".join(
        f"{key} = {'unknown' if v is None else v}" for key, v in changed.assumed.items()
    )
    lines = [heading(f"If {pairs}: {len(changed.changes)} differences")]
    lines += [bullet(difference_text(one, pack)) for one in changed.changes]
    if not changed.changes:
        lines.append("  Nothing changes.")
    return "\n".join([*lines, "", pack_line(pack, changed.assessment.on)])
