"""`chapterv assess FOLDER`: the law applied to a dossier on a day."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chapterv.cli.caching import cache_folder
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
    from chapterv.dossier.assess import WhatIf
    from chapterv.errors import Error
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
        gathered = gather(
            dossier, progress=progress, today=datetime.date.today(), cache=cache_folder()
        )
    changed = None
    if assumptions:
        changed = what_if(gathered, on, _assumed(assumptions), pack)
        assessment = changed.assessment
    else:
        assessment = assess_dossier(gathered, on, pack)
    if form == "json":
        print_json(_plain(gathered, assessment, changed, pack))
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
    from chapterv.errors import ErrorGroup, InputError, UsageError
    from chapterv.facts import catalogue

    values: dict[str, Any] = {}
    errors: list[Error] = []
    for pair in assumptions:
        key, sign, text = (part.strip() for part in pair.partition("="))
        if not sign:
            raise UsageError(
                f"{pair!r} has no value",
                "--assume",
                "Write KEY=VALUE, such as model.monetised=false.",
            )
        try:
            known = key in catalogue()
            values[key] = None if known and not text else parse_answer(key, text)
        except InputError as error:
            errors.append(InputError(error.what, f"--assume {pair[:80]}", error.fix))
    if errors:
        raise ErrorGroup(errors)
    return values


def _plain(
    gathered: Gathered, assessment: Assessment, changed: WhatIf | None, pack: Pack
) -> dict[str, Any]:
    from chapterv.facts import encode
    from chapterv.law.plain import plain_assessment, plain_change

    plain = plain_assessment(assessment, pack)
    plain["notes"] = list(gathered.notes_on(assessment.on))
    if changed is not None:
        plain["assumed"] = {key: encode(value) for key, value in changed.assumed.items()}
        plain["changes"] = [plain_change(change) for change in changed.changes]
    return plain


def _what_if_text(changed: WhatIf, pack: Pack) -> str:
    from chapterv.cli.differing import difference_lines, differences_counted
    from chapterv.cli.law import pack_line

    told = differences_counted(changed.changes) or "nothing"
    lines = [heading(wrapped(f"If {_assumptions(changed, pack)}, {told} would differ."))]
    lines += difference_lines(changed.changes, changed.before, changed.assessment, pack)
    return "\n".join([*lines, "", pack_line(pack, changed.assessment.on)])


def _assumptions(changed: WhatIf, pack: Pack) -> str:
    from chapterv.law.wording import value_text

    return ", ".join(
        f"{key} = {'unknown' if value is None else value_text(pack, key, value)}"
        for key, value in changed.assumed.items()
    )
