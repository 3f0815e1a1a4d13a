"""`chapterv law`: a provision on a day, what changed between two days, rules on plain facts."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chapterv.cli.caching import cache_folder
from chapterv.cli.differing import difference_lines, differences_counted
from chapterv.cli.output import (
    bullet,
    counted,
    format_option,
    heading,
    law_pack_option,
    on_option,
    print_json,
    shown,
    table,
    wrapped,
)
from chapterv.cli.progress import shown_progress

if TYPE_CHECKING:
    from chapterv.dossier import Compared, Gathered
    from chapterv.law import Pack
    from chapterv.law.comparing import LawChange

__all__ = ["command"]

MAX_FACTS_FILE = 5_000_000
DATE = click.DateTime(["%Y-%m-%d"])


@click.group(
    name="law",
    epilog="Example: chapterv law show act:C03 --on 2026-11-25",
    help="The law as data: one provision, changes between two days, rules on plain facts.",
)
def command() -> None:
    """Group of the commands on law."""


@command.command(
    epilog="Example: chapterv law show act:K06 --on 2026-07-26",
    help="Show a row of the law as it stands on a day; without ROW, list all rows.",
)
@click.argument("row", required=False)
@on_option
@law_pack_option
@format_option
def show(row: str | None, on: datetime.date, law_pack: Path | None, form: str) -> None:
    """Print one row, or the list."""
    from chapterv.law import load_pack
    from chapterv.law.explaining import find_row, show_row

    pack = load_pack(law_pack)
    if row is None:
        rows = [(one.id, one.title) for one in pack.rows.values()]
        if form == "json":
            print_json([{"id": name, "title": title} for name, title in rows])
        else:
            click.echo(table(rows))
        return
    told = show_row(pack, find_row(pack, row), on)
    if form == "json":
        print_json(told)
    else:
        click.echo(_row_text(told, pack, on))


def _row_text(told: dict[str, Any], pack: Pack, on: datetime.date) -> str:
    from chapterv.facts.wording import long_date

    lines = [
        heading(f"{told['id']}  {told['title']}"),
        wrapped(f"{told['citation']}, as of {long_date(on)}", 2),
        "",
    ]
    if told["text"] is None:
        first = datetime.date.fromisoformat(told["versions"][0]["applies_from"])
        lines.append(wrapped(f"Not in force yet on this day: from {long_date(first)}.", 2))
    else:
        lines.append(wrapped(told["text"], 2))
    for name, label in (("our_reading", "Our reading"), ("open_question", "Open")):
        if told[name]:
            lines += ["", wrapped(f"{label}: {told[name]}", 2)]
    for parameter in told["parameters"]:
        lines += ["", wrapped(_parameter_text(parameter), 2, 4)]
    if len(told["versions"]) > 1:
        lines += ["", "Versions"]
        lines += [bullet(f"{v['applies_from']}: {v['text']}") for v in told["versions"]]
    lines += ["", wrapped(f"Check: {told['status']}. {told['checked']}.", 2, 4)]
    if told["see"]:
        lines.append(wrapped("See also " + ", ".join(told["see"]), 2, 4))
    return "\n".join([*lines, "", pack_line(pack, on)])


def _parameter_text(parameter: dict[str, Any]) -> str:
    value = parameter["value"]
    if isinstance(value, dict | list):
        names = ", ".join(map(str, value))
        return f"{parameter['title']}: {names} (since {parameter['applies_from']})"
    unit = "" if parameter["unit"] == "date" else f" {parameter['unit']}"
    relation = "" if parameter["relation"] == "is" else f"{parameter['relation']} "
    return f"{parameter['title']}: {relation}{value}{unit} (since {parameter['applies_from']})"


def pack_line(pack: Pack, on: datetime.date) -> str:
    """Return the line that names the law pack, its state and its age."""
    from chapterv.facts.wording import grouped, long_date

    age = (on - pack.state_date).days
    days = "day" if abs(age) == 1 else "days"
    told = (
        f"{grouped(age)} {days} old on that day"
        if age >= 0
        else f"later than that day by {grouped(-age)} {days}"
    )
    return wrapped(
        f"Law pack {pack.version}, state of {long_date(pack.state_date)}, {told}. "
        "An indication, not legal advice.",
        0,
    )


@command.command(
    epilog="Example: chapterv law changes --from 2026-07-26 --to 2026-08-02 my-model",
    help="What the law changes between two days, and which answers and duties of the given "
    "dossiers differ.",
)
@click.option("--from", "start", type=DATE, required=True, help="Day before the changes.")
@click.option("--to", "end", type=DATE, required=True, help="Last day looked at.")
@click.option(
    "--explanations",
    is_flag=True,
    help="Rows without legal effect too, such as what became known on a day.",
)
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@law_pack_option
@format_option
def changes(
    start: datetime.datetime,
    end: datetime.datetime,
    folders: tuple[Path, ...],
    explanations: bool,
    law_pack: Path | None,
    form: str,
) -> None:
    """Print changes of law, and differences of dossiers."""
    from chapterv.dossier import compare_days
    from chapterv.errors import UsageError
    from chapterv.law import load_pack
    from chapterv.law.comparing import law_changes

    first, last = start.date(), end.date()
    if first > last:
        raise UsageError(
            "the first day lies after the last", "law changes", "Swap --from and --to."
        )
    pack = load_pack(law_pack)
    found = law_changes(pack, first, last, explanations)
    dossiers = [(folder, compare_days(_gathered(folder), first, last, pack)) for folder in folders]
    if form == "json":
        print_json(_changes_object(found, dossiers, first, last, pack))
    else:
        click.echo(_changes_text(found, dossiers, first, last, pack))


def _gathered(folder: Path) -> Gathered:
    from chapterv.dossier import gather, open_dossier

    with shown_progress() as progress:
        return gather(
            open_dossier(folder),
            progress=progress,
            today=datetime.date.today(),
            cache=cache_folder(),
        )


def _changes_object(
    found: tuple[LawChange, ...],
    dossiers: list[tuple[Path, Compared]],
    first: datetime.date,
    last: datetime.date,
    pack: Pack,
) -> dict[str, Any]:
    from chapterv.law.plain import plain_change

    return {
        "from": first,
        "to": last,
        "law_version": pack.version,
        "changes": [plain_change(change) for change in found],
        "dossiers": {
            str(folder): {
                "differences": [plain_change(one) for one in compared.differences],
                "notes": compared.notes,
            }
            for folder, compared in dossiers
        },
    }


def _changes_text(
    found: tuple[LawChange, ...],
    dossiers: list[tuple[Path, Compared]],
    first: datetime.date,
    last: datetime.date,
    pack: Pack,
) -> str:
    from chapterv.facts.wording import long_date

    count = counted(len(found), "change") if found else "No change"
    lines = [heading(f"{count} of law from {long_date(first)} to {long_date(last)}")]
    for change in found:
        lines += ["", *_change_lines(change)]
    for folder, compared in dossiers:
        told = differences_counted(compared.differences)
        verb = "differ" if len(compared.differences) != 1 else "differs"
        lines += ["", heading(shown(f"{folder}: {told} {verb}" if told else str(folder)))]
        lines += [bullet(note) for note in compared.notes]
        lines += difference_lines(compared.differences, compared.before, compared.after, pack)
        if not compared.differences:
            lines.append("  Nothing differs for this dossier.")
    return "\n".join([*lines, "", pack_line(pack, last)])


def _change_lines(change: LawChange) -> list[str]:
    """A change of law: when and what, what it says from then on, and what it said before."""
    from chapterv.facts.wording import long_date

    ends = "ends" if change.repealed else "changes" if change.before else "begins"
    by = f", by {change.changed_by}" if change.changed_by else ""
    name = f"{change.title} ({change.id})"
    lines = [wrapped(f"{long_date(change.applies_from)}: {name} {ends}{by}", 0, 2)]
    lines.append(wrapped(change.citation, 2))
    if change.after:
        lines.append(wrapped(f"{'Now' if change.before else 'From then on'}: {change.after}", 2, 4))
    if change.before:
        lines.append(wrapped(f"Before: {change.before}", 2, 4))
    return lines


@command.command(
    name="pack",
    epilog="Example: chapterv law pack > law-pack.json",
    help="Print the law pack as one file with its digest, for --law-pack elsewhere.",
)
@click.argument("folder", required=False, type=click.Path(exists=True, path_type=Path))
def packed(folder: Path | None) -> None:
    """Print a law pack as one file."""
    from chapterv.law.pack import compile_pack

    click.echo(compile_pack(folder), nl=False)


@command.command(
    epilog="Example: chapterv law evaluate facts.json --on 2026-11-25",
    help="Run the rules on a JSON object of fact keys ('-' for standard input). Unknown keys are "
    "errors, a missing key or null is unknown; the exit code is 0 whatever is unknown.",
)
@click.argument("facts", type=click.Path(allow_dash=True, path_type=Path))
@on_option
@law_pack_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="json",
    show_default=True,
    help="For people, or for programs.",
)
def evaluate(facts: Path, on: datetime.date, law_pack: Path | None, form: str) -> None:
    """Print answers, obligations, clocks and values."""
    from chapterv.law import evaluate_object, load_pack

    pack = load_pack(law_pack)
    result = evaluate_object(_facts_file(facts), on, pack)
    if form == "json":
        print_json(result)
        return
    rows = [
        (name, duty["status"].replace("_", " "), duty["due"] or "", pack.rows[name].title)
        for name, duty in result["obligations"].items()
    ]
    answered = [
        (name, answer.replace("_", " "), pack.rows[name].title)
        for name, answer in result["answers"].items()
    ]
    lines = [heading("Duties"), table(rows), "", heading("Answers"), table(answered)]
    click.echo("\n".join([*lines, "", pack_line(pack, on)]))


def _facts_file(path: Path) -> dict[str, Any]:
    from chapterv.errors import InputError
    from chapterv.evidence import decode_json

    name = "standard input" if str(path) == "-" else str(path)
    if str(path) == "-":
        content = sys.stdin.buffer.read(MAX_FACTS_FILE + 1)
    else:
        with path.open("rb") as file:
            content = file.read(MAX_FACTS_FILE + 1)
    if len(content) > MAX_FACTS_FILE:
        raise InputError(
            f"larger than {MAX_FACTS_FILE} bytes", name, "Give one model's facts only."
        )
    facts = decode_json(content, name)
    if not isinstance(facts, dict):
        raise InputError(
            "expected an object of fact keys", name, 'Such as {"model.placed_on": "2026-03-02"}.'
        )
    return facts
