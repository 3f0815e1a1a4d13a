"""The JSON twin of a report: all of it, amounts as decimal strings."""

from __future__ import annotations

from typing import Any

import msgspec

from chapterv.dossier.forecast_object import forecast_object
from chapterv.dossier.report_model import Report
from chapterv.facts import canonical_json

__all__ = ["FORMAT", "render_json", "report_object"]

FORMAT = "chapterv report 1"


def render_json(report: Report) -> bytes:
    """Return a report as indented JSON, ending in a line break.

    Args:
        report: any report.
    """
    return msgspec.json.format(canonical_json(report_object(report)), indent=1) + b"\n"


def report_object(report: Report) -> dict[str, Any]:
    """Return a report as plain objects.

    `assessment` has the shape that `assess` prints, with reasons as text and code; `ledger` and
    `forecast` have those of the commands on compute. What the page adds stands beside them under
    the names of the view model.
    """
    told = report.forecast
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(report, forecast=None))
    plain["forecast"] = None if told is None else forecast_object(told)
    assessment = {
        "on": plain["on"],
        "law_version": report.law.version,
        "law_state_date": plain["law"]["state_date"],
        "law_age_days": report.law.age_days,
        "findings": plain.pop("findings"),
        "obligations": plain.pop("duties"),
        "clocks": plain.pop("clocks"),
        "questions": plain.pop("questions"),
        "conflicts": plain.pop("conflicts"),
    }
    return {"format": FORMAT, **plain, "assessment": assessment}
