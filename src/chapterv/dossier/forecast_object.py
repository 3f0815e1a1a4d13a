"""A forecast as the object that programs read; amounts are decimal strings."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import msgspec

from chapterv.compute.forecasting import Band, Forecast
from chapterv.dossier.forecast_records import Entry
from chapterv.dossier.forecasts import DossierForecast, Foreseen
from chapterv.facts import Amount, amount_text

__all__ = ["forecast_object"]


def forecast_object(told: DossierForecast, kept: Iterable[Entry] = ()) -> dict[str, Any]:
    """Return a forecast as plain objects.

    Args:
        told: the forecast.
        kept: entries that were just written.
    """
    return {
        "model": told.model,
        "on": told.on,
        "law_version": told.law_version,
        "margin": str(_decimal(told.margin)),
        "inputs": told.inputs,
        "thresholds": [_threshold(one) for one in told.thresholds],
        "history": [_entry(one) for one in (*told.records.entries, *kept)],
        "notes": list(told.notes),
    }


def _decimal(share: Fraction) -> Any:
    from decimal import Decimal

    return Decimal(share.numerator) / Decimal(share.denominator)


def _threshold(one: Foreseen) -> dict[str, Any]:
    found = one.forecast
    return {
        "threshold": one.threshold,
        "title": one.title,
        "citation": one.citation,
        "quantity": one.quantity,
        "above": _amount(found.threshold),
        "state": found.state,
        "amount": amount_text(found.amount),
        "planned": None if found.planned is None else amount_text(found.planned),
        "known_from_plan": found.by_plan,
        "known_on": found.known_on,
        "met_on": found.met_on,
        "first_expected_on": one.first_expected_on,
        "pace_per_day": None if found.pace is None else str(found.pace),
        "pace_days": found.pace_days,
        "days_with_a_record": found.observed,
        "last_record_on": found.newest,
        "method": found.method,
        "looked_ahead_until": found.until,
        "crossings": [
            {
                "reading": each.reading,
                "amount": str(each.amount),
                "exceeded": each.exceeded,
                **_band(each.band),
            }
            for each in found.crossings
        ],
        "notice": None if one.notice is None else msgspec.structs.asdict(one.notice),
        "plan": _plan(found),
        "anomalies": _oddities(found),
        "fan": [
            {"day": each.day, "low": _text(each.low), "central": str(each.central),
             "high": _text(each.high)}
            for each in found.fan
        ],
        "past": [{"day": day, "amount": str(amount)} for day, amount in found.past],
    }  # fmt: skip


def _plan(found: Forecast) -> list[dict[str, Any]]:
    entries = [(one, True) for one in found.outlook.entries]
    entries += [(one, False) for one in found.outlook.later]
    return [
        {
            "phase": one.phase,
            "operations": amount_text(one.operations),
            "done": amount_text(one.done),
            "starts": one.starts,
            "ends": one.ends,
            "approved_on": one.approved_on,
            "whole": one.whole,
            "counts": counts,
        }
        for one, counts in entries
    ]


def _oddities(found: Forecast) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind,
            "run": one.run,
            "day": one.at,
            "before": amount_text(one.before),
            "after": amount_text(one.after),
        }
        for one in found.oddities
    ]


def _band(band: Band) -> dict[str, Any]:
    return {"earliest": band.earliest, "central": band.central, "latest": band.latest}


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)


def _amount(amount: Amount | Fraction) -> str:
    """An amount, or the whole number below a third that has no last digit."""
    if isinstance(amount, Fraction):
        return str(amount.numerator // amount.denominator)
    return amount_text(amount)


def _entry(entry: Entry) -> dict[str, Any]:
    earliest, central, latest = entry.crossing
    plain = msgspec.structs.asdict(entry)
    plain["crossing"] = {"earliest": earliest, "central": central, "latest": latest}
    del plain["previous"]
    return plain
