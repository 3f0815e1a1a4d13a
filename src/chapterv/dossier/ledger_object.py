"""The ledger as plain objects, as `chapterv compute ledger --format json` prints it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from chapterv.compute.ledger import Line, Total
from chapterv.compute.reconciling import Gap, Reconciliation
from chapterv.compute.reconciling_figures import compute_figures, two_figures
from chapterv.compute.repairs import Exact, Input, Method
from chapterv.dossier.gathering import Gathered
from chapterv.dossier.ledger import RunResult, amount_of
from chapterv.dossier.run_hardware import RunEnergy
from chapterv.evidence import anomaly_object
from chapterv.facts import Amount, amount_text

__all__ = ["ledger_object", "ratio_text"]

DIGITS = 4


def ledger_object(gathered: Gathered) -> dict[str, Any]:
    """Return entries, sums, methods, what was chosen, and anomalies.

    Args:
        gathered: the facts of a dossier with its ledger.

    Returns: plain objects; amounts are decimal strings.
    """
    found = gathered.ledger
    assert found is not None
    ledger = found.ledger
    return {
        "entries": [_entry(line) for line in ledger.lines],
        "training_compute": _total(ledger.training, ledger.complete),
        "cumulative_compute": _total(ledger.cumulative, ledger.complete),
        "complete": ledger.complete,
        "methods": [_method(run, place) for run in found.runs for place in range(len(run.known))],
        "gaps": [
            _gap(run.subject, run.reconciliation, gap)
            for run in found.runs
            if run.reconciliation is not None
            for gap in run.reconciliation.gaps
            if not gap.agrees
        ],
        "chosen": [_chosen(run) for run in found.runs if run.reconciliation is not None],
        "energy": [_energy(one) for one in found.energies],
        "anomalies": [anomaly_object(one) for one in gathered.scanned.anomalies],
        "notes": list(found.notes),
    }


def _entry(line: Line) -> dict[str, Any]:
    entry, counts = line.entry, line.counts
    return {
        "subject": entry.subject,
        "stage": entry.stage,
        "activity": entry.kind,
        "amount": amount_text(entry.amount),
        "low": _text(entry.low),
        "high": _text(entry.high),
        "at_least": entry.open_above,
        "method": entry.method,
        "training": counts.training,
        "cumulative": counts.cumulative,
        "rule": counts.row,
        "open": list(counts.open),
        "why": counts.why,
        "sources": list(entry.sources),
        "note": entry.note,
    }


def _total(total: Total, complete: bool) -> dict[str, Any]:
    return {
        "amount": amount_text(total.amount),
        "low": amount_text(total.low),
        "high": _text(total.high),
        "relation": "exactly" if complete and total.high is not None else "at_least",
        "least": amount_text(total.least),
        "most": amount_text(total.most),
        **figures_of(total.amount),
    }


def figures_of(amount: Amount) -> dict[str, str]:
    """Return an amount as the notification and the form give it, for display only."""
    if not amount:
        return {}
    figures = compute_figures(amount)
    return {
        "notification": figures.notification,
        "order_of_magnitude": figures.national_authorities,
    }


def _method(run: RunResult, place: int) -> dict[str, Any]:
    found = run.reconciliation
    assert found is not None
    method = found.methods[place]
    return {
        "subject": run.subject,
        "activity": run.kind,
        "method": method.kind,
        "name": method.name,
        "amount": _exact(method.amount),
        "low": None if method.low is None else _exact(method.low),
        "high": None if method.high is None else _exact(method.high),
        "ratio": ratio_text(Fraction(method.amount) / Fraction(found.chosen.amount)),
        "chosen": place == found.chosen.method,
        "inputs": [_input(one) for one in method.inputs],
        "notes": list(method.notes),
        "place": method.place,
        "sources": list(run.known[place].facts),
    }


def _input(one: Input) -> dict[str, Any]:
    return {
        "name": one.name, "value": _exact(one.value), "origin": one.origin, "place": one.place,
    }  # fmt: skip


def _gap(subject: str, found: Reconciliation, gap: Gap) -> dict[str, Any]:
    return {
        "subject": subject,
        "first": _named(found.methods[gap.first]),
        "second": _named(found.methods[gap.second]),
        "ratio": ratio_text(gap.ratio),
        "repairs": [
            {
                "rule": repair.rule, "title": repair.title, "says": repair.says,
                "field": repair.field, "amount": _exact(repair.amount), "quote": repair.quote,
                "place": repair.place, "mends": repair.mends,
            }
            for repair in gap.repairs
        ],
    }  # fmt: skip


def _named(method: Method) -> str:
    return f"{method.kind}: {method.name}" if method.name else method.kind


def _chosen(run: RunResult) -> dict[str, Any]:
    assert run.reconciliation is not None
    chosen = run.reconciliation.chosen
    method = run.reconciliation.methods[chosen.method]
    return {
        "subject": run.subject,
        "activity": run.kind,
        "method": _named(method),
        "amount": _exact(chosen.amount),
        "low": None if chosen.low is None else _exact(chosen.low),
        "high": None if chosen.high is None else _exact(chosen.high),
        "why": chosen.why,
        "bound_from": chosen.bound_from,
        "within_margin": chosen.within_margin,
        "in_ledger": run.entry is not None,
    }


def _energy(one: RunEnergy) -> dict[str, Any]:
    energy = one.energy
    return {
        "subject": one.subject,
        "megawatt_hours": two_figures(energy.megawatt_hours) if energy.joules else "0",
        "joules": _exact(energy.joules),
        "low": _exact(energy.low),
        "high": _exact(energy.high),
        "boundary": energy.boundary,
        "basis": energy.basis,
        "notes": [*energy.notes, *(("a bound from below",) if one.at_least else ())],
        "sources": list(one.facts),
    }


def ratio_text(ratio: Fraction) -> str:
    """Return a ratio with four significant figures."""
    value = Decimal(ratio.numerator) / Decimal(ratio.denominator)
    return f"{value:.{DIGITS}g}" if 0.001 < value < 10000 else f"{value:.{DIGITS - 1}e}"


def _exact(value: Exact) -> str:
    return amount_text(amount_of(value)) if not isinstance(value, Fraction) else _fraction(value)


def _fraction(value: Fraction) -> str:
    if value.denominator == 1:
        return amount_text(value.numerator)
    if value > 10**6:
        return amount_text(round(value))
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.10g}"


def _text(value: Amount | None) -> str | None:
    return None if value is None else amount_text(value)
