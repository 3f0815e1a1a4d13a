"""`chapterv compute ledger FOLDER`: every run and activity of a dossier, and the two sums."""

from __future__ import annotations

import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chapterv.cli.output import (
    bullet,
    folder_argument,
    format_option,
    heading,
    print_json,
    table,
    wrapped,
)
from chapterv.cli.progress import shown_progress

if TYPE_CHECKING:
    from chapterv.compute.ledger import Ledger, Line, Total
    from chapterv.compute.reconciling import Reconciliation
    from chapterv.dossier import Gathered
    from chapterv.dossier.ledger import DossierLedger, RunResult

__all__ = ["command"]

MAX_ROWS = 40


@click.command(
    name="ledger",
    epilog="Example: chapterv compute ledger my-model --format json",
    help="List every run and activity of a dossier with what it took, the methods side by side, "
    "training compute and cumulative compute, energy, and what is wrong in the records.",
)
@folder_argument
@format_option
def command(folder: Path, form: str) -> None:
    """Gather and print the ledger."""
    from chapterv.dossier import gather, open_dossier
    from chapterv.dossier.ledger_object import ledger_object

    dossier = open_dossier(folder)
    with shown_progress() as progress:
        gathered = gather(dossier, progress=progress, today=datetime.date.today())
    if form == "json":
        print_json(ledger_object(gathered))
    else:
        click.echo(_text(gathered))


def _text(gathered: Gathered) -> str:
    found = gathered.ledger
    assert found is not None
    ledger = found.ledger
    if not ledger.lines and not found.notes:
        return "\n".join([
            heading("The ledger is empty: nothing tells of a run."),
            wrapped(
                "Next: name the records of training runs with [[run]] in chapterv.toml, or state "
                "run.tokens and run.stage."
            ),
        ])  # fmt: skip
    lines = [heading(wrapped(_headline(ledger))), ""]
    lines += [
        "Sums",
        table(
            [
                _sum_row("training compute", ledger.training, ledger.complete),
                _sum_row("cumulative compute", ledger.cumulative, ledger.complete),
            ]
        ),
    ]
    lines += _readings(ledger)
    rows = [_entry_row(line) for line in ledger.lines[:MAX_ROWS]]
    if rows:
        lines += ["", "Entries (T counts in training compute, C in cumulative compute)"]
        lines += [table(rows, right=[2])]
    for run in found.runs:
        if run.reconciliation is not None:
            lines += ["", *_methods(run, run.reconciliation)]
    lines += _energy(found)
    lines += _anomalies(gathered)
    if found.notes:
        lines += ["", "Notes", *(bullet(note) for note in found.notes[:MAX_ROWS])]
    return "\n".join(lines)


def _headline(ledger: Ledger) -> str:
    from chapterv.facts.wording import scientific

    if not ledger.lines:
        return "Nothing could be counted yet; the notes say what is missing."
    more = "" if ledger.complete else "at least "
    return (
        f"Training compute {more}{scientific(ledger.training.amount)} FLOP, cumulative compute "
        f"{more}{scientific(ledger.cumulative.amount)} FLOP."
    )


def _sum_row(name: str, total: Total, complete: bool) -> tuple[str, str, str]:
    from chapterv.facts.wording import scientific

    low, high = scientific(total.low), "open" if total.high is None else scientific(total.high)
    ends = "" if total.low == total.amount == total.high else f"{low} to {high}"
    said = "complete, as stated" if complete else "a bound from below: nobody states it is complete"
    return name, f"{scientific(total.amount)} FLOP", "; ".join(filter(None, (ends, said)))


def _readings(ledger: Ledger) -> list[str]:
    """Say what the sums are under the readings that the text leaves open."""
    from chapterv.facts.wording import scientific

    lines = []
    for name, total in (("training", ledger.training), ("cumulative", ledger.cumulative)):
        if total.depends_on_reading:
            lines.append(bullet(
                f"{name} compute depends on the reading: {scientific(total.least)} to "
                f"{scientific(total.most)} FLOP"
            ))  # fmt: skip
    kinds: dict[str, str] = {}
    for line in ledger.lines:
        if line.counts.open:
            kinds[line.entry.kind] = line.counts.why
    return lines + [bullet(f"{kind.replace('_', ' ')}: {why}") for kind, why in kinds.items()]


def _entry_row(line: Line) -> tuple[str, str, str, str, str]:
    from chapterv.facts.wording import scientific

    entry, counts = line.entry, line.counts
    marks = ("T" if counts.training else "·") + ("C" if counts.cumulative else "·")
    amount = ("≥ " if entry.open_above else "") + scientific(entry.amount)
    what = entry.kind.replace("_", " ") + (f", {entry.stage}" if entry.stage else "")
    return marks, entry.subject, amount, entry.method.replace("_", " "), f"{what} ({counts.row})"


def _methods(run: RunResult, found: Reconciliation) -> list[str]:
    from chapterv.dossier.ledger import amount_of
    from chapterv.dossier.ledger_object import ratio_text
    from chapterv.facts.wording import scientific

    chosen = found.chosen
    rows = []
    for place, method in enumerate(found.methods):
        ratio = Fraction(method.amount) / Fraction(chosen.amount)
        name = method.kind.replace("_", " ") + (f" ({method.name})" if method.name else "")
        mark = "*" if place == chosen.method else " "
        ends = ""
        if method.low is not None and method.high is not None:
            low, high = amount_of(method.low), amount_of(method.high)
            ends = f"{scientific(low)} to {scientific(high)}" if low != high else ""
        amount = scientific(amount_of(method.amount))
        rows.append((mark, name, amount, f"{ratio_text(ratio)} x", ends))
    within = {"met": "within", "not_met": "not within", "cannot_tell": "cannot tell whether within"}
    lines = [f"Methods for {run.subject}", table(rows, right=[2, 3])]
    lines.append(bullet(
        f"chosen because {chosen.why}; bound from {chosen.bound_from}; "
        f"{within[chosen.within_margin]} {int(100 * Fraction(chosen.margin))} %"
    ))  # fmt: skip
    for gap in found.gaps:
        if gap.agrees or gap.first != chosen.method:
            continue
        other = found.methods[gap.second]
        reasons = "; ".join(repair.says for repair in gap.repairs) or "no reason found"
        kind = other.kind.replace("_", " ")
        lines.append(bullet(f"{kind} differs by {ratio_text(gap.ratio)}: {reasons}"))
    return lines


def _energy(found: DossierLedger) -> list[str]:
    from chapterv.compute.reconciling_figures import two_figures

    rows = [
        (
            one.subject,
            f"{two_figures(one.energy.megawatt_hours) if one.energy.joules else '0'} MWh",
            f"{one.energy.boundary}, {one.energy.basis}: {'; '.join(one.energy.notes)}",
        )
        for one in found.energies
    ]
    return ["", "Energy", table(rows)] if rows else []


def _anomalies(gathered: Gathered) -> list[str]:
    found = gathered.scanned.anomalies
    if not found:
        return []
    lines = [
        bullet(f"{one.artefact}: {one.text} Effect: {one.effect}.") for one in found[:MAX_ROWS]
    ]
    if len(found) > MAX_ROWS:
        lines.append(wrapped(f"and {len(found) - MAX_ROWS} more; --format json has all", 2))
    return ["", "Anomalies", *lines]
