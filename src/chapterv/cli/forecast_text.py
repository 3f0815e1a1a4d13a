"""A forecast in plain words: where it stands, when, what that starts, what would change it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from chapterv.cli.forecast_plot import plot
from chapterv.cli.output import bullet, heading, table, width, wrapped

if TYPE_CHECKING:
    from chapterv.compute.forecasting import Band, Forecast
    from chapterv.dossier.forecast_records import Entry
    from chapterv.dossier.forecasts import DossierForecast, Foreseen, Notice

__all__ = ["STATES", "forecast_text", "watch_line"]

STATES = {
    "cannot_tell": "cannot tell",
    "below": "below",
    "watch": "watch",
    "expected": "expected",
    "met": "met",
}
MEANING = {
    "cannot_tell": "No work and no plan is known, so nothing can be told.",
    "below": "Neither the work done nor what is planned comes near.",
    "watch": "Not above, but the accepted error of the estimate reaches over it.",
    "expected": "Not above yet; it will be.",
    "met": "Exceeded.",
}
READINGS = {
    "as_reported": "as estimated",
    "error_of_estimate": "if the estimate is low by its margin",
    "error_of_truth": "if the true value is off by the margin",
}
STARTS = {
    "plan": "the plan that exceeds the threshold was approved",
    "met": "the threshold was exceeded",
    "pace": "the pace of training first showed the crossing",
}


def forecast_text(told: DossierForecast, kept: tuple[Entry, ...], unicode: bool) -> str:
    """Return a forecast for a person.

    Args:
        told: the forecast.
        kept: entries that were just written.
        unicode: whether the terminal shows more than ASCII.
    """
    from chapterv.facts.wording import long_date

    first = told.thresholds[0]
    found = first.forecast
    meaning = MEANING[found.state]
    if found.by_plan and found.state == "expected":
        since = f" since {long_date(found.known_on)}" if found.known_on else ""
        meaning = f"Not above yet; known{since} from the plan that it will be."
    name = told.model.partition(":")[2]
    lines = [
        heading(wrapped(f"More than {_amount(first)} FLOP: {STATES[found.state]}")),
        wrapped(f"{name}, {long_date(told.on)}. {meaning}"),
        "",
        table([_HEAD, *(_row(one) for one in told.thresholds)]),
    ]
    for one in told.thresholds:
        near = one is told.thresholds[0] or one.forecast.state in ("watch", "expected")
        shows = near and one.forecast.state != "met"
        drawn = plot(one.forecast, width(), unicode) if shows else []
        if drawn:
            lines += ["", heading(f"{_amount(one)} FLOP, {one.quantity} compute"), *drawn]
        lines += _crossings(one.forecast)
    if first.notice is not None:
        lines += ["", heading("Two weeks to notify the Commission (Article 52(1))")]
        lines += _notice(first, first.notice, told.on)
    lines += ["", heading("What would change this")]
    lines += [bullet(text) for text in _changes(first)]
    lines += _remarks(told, kept)
    foot = f"Law pack {told.law_version}. An indication, not legal advice: a person decides."
    return "\n".join([*lines, "", wrapped(foot)])


_HEAD = ("threshold", "state", "done", "planned", "exceeded at this pace")


def _row(one: Foreseen) -> tuple[str, ...]:
    from chapterv.facts.wording import scientific

    found = one.forecast
    if found.state == "met":
        when = f"since {found.met_on}" if found.met_on else "already"
    elif found.pace is None:
        when = "cannot tell"
    else:
        when = _when(found.band)
    planned = "" if found.planned is None else scientific(found.planned)
    return _amount(one), STATES[found.state], scientific(found.amount), planned, when


def _amount(one: Foreseen) -> str:
    from chapterv.facts.wording import scientific

    return scientific(one.forecast.threshold)


def _when(band: Band) -> str:
    if band.central is None:
        return "not in sight"
    days = str(band.central)
    if band.earliest is not None:
        days += f" ({band.earliest} to {band.latest or 'out of sight'})"
    return days


def _crossings(found: Forecast) -> list[str]:
    """The three readings, where there is a day to tell."""
    rows = [
        (READINGS[one.reading], "already" if one.exceeded else _when(one.band))
        for one in found.crossings
        if one.band.central is not None
    ]
    if not rows:
        return []
    how = {
        "bootstrap": "80 % band: blocks of the days seen, put together anew 300 times.",
        "quantiles": "Band: slowest and fastest tenth of the few days seen.",
        "cannot_tell": "No band: the record has fewer than three days of its own.",
    }[found.method]
    pace = f"Pace: {_flop(found.pace)} a day, mean of {found.pace_days} days, gaps included."
    return ["", table(rows), wrapped(f"{pace} {how}", 2)]


def _flop(amount: int | None) -> str:
    from chapterv.facts.wording import scientific

    return f"{scientific(amount or 0)} FLOP"


def _notice(first: Foreseen, notice: Notice, on: datetime.date) -> list[str]:
    from chapterv.facts.wording import days_between, long_date

    if notice.started_on is None or notice.due is None:
        text = (
            f"They run since {STARTS[notice.started_by]}; on which day is not stated. State "
            "model.compute_known_on, or approved_on of the planned phase."
        )
        if first.first_expected_on is not None:
            text += f" It was known on {long_date(first.first_expected_on)} at the latest."
        return [wrapped(text, 2)]
    lines = [
        wrapped(
            f"From {long_date(notice.started_on)}, when {STARTS[notice.started_by]}, to "
            f"{long_date(notice.due)} ({days_between(on, notice.due)}), that day included; the day "
            "of the event is not counted.",
            2,
        )
    ]
    if notice.due_if_rolled not in (None, notice.due):
        lines.append(wrapped(f"Next working day: {notice.due_if_rolled}.", 2))
    if notice.notified_on is not None:
        lines.append(wrapped(f"Notified on {long_date(notice.notified_on)}.", 2))
    elif notice.state == "late":
        lines.append(wrapped("No notification is on record: it is late.", 2))
    if notice.started_by == "pace":
        lines.append(wrapped("Our reading: a pace that leads there makes it known.", 2))
    return lines


def _changes(first: Foreseen) -> list[str]:
    """What a person could do or state so that the forecast becomes another one."""
    found = first.forecast
    if found.state == "met":
        return ["Nothing that comes: the amount does not fall. A wrong entry can be corrected."]
    texts = []
    if found.planned is None:
        texts.append("A plan: state model.planned_compute, or phases as [[plan]].")
    elif found.by_plan:
        texts.append("A plan approved anew that stays at or below the threshold.")
    if found.pace is None:
        texts.append(
            "Dated work: records of the runs, or their first and last days, three whole days "
            "at least."
        )
    elif found.method != "bootstrap":
        texts.append("Records with times: fourteen days of them give a band.")
    if found.outlook.ends is None:
        texts.append("The day on which training ends (ends_on of a planned phase).")
    for one in found.outlook.later:
        texts.append(f"The plan for {one.phase}, which counts from {one.approved_on}.")
    return texts or ["Another pace, or another plan."]


def _remarks(told: DossierForecast, kept: tuple[Entry, ...]) -> list[str]:
    found = told.thresholds[0].forecast
    texts = list(told.notes)
    texts += [
        f"{one.run or 'a run'}, {one.at}: {_ODD[one.kind]} ({one.before} to {one.after})."
        for one in found.oddities[:5]
    ]
    texts += [
        f"Kept in records/forecast.jsonl: {one.threshold} {one.before or 'unknown'} to "
        f"{one.after}{' (correction)' if one.kind == 'correction' else ''}."
        for one in kept
    ]
    return ["", heading("Remarks"), *(bullet(text) for text in texts)] if texts else []


_ODD = {
    "after_the_day": "a point after the day asked for, left out",
    "clock_back": "the clock went back, taken as standing still",
    "counter_back": "the counter went back, counted on from there",
}


def watch_line(told: DossierForecast, now: str) -> str:
    """Return one line for a watcher: time, and state, amount and day of each threshold."""
    from chapterv.facts.wording import scientific

    parts = []
    for one in told.thresholds:
        found = one.forecast
        day = "" if found.state == "met" else f", {_when(found.band)}"
        state, done = STATES[found.state], scientific(found.amount)
        parts.append(f"{_amount(one)} {state} at {done}{day}")
    return f"{now}  " + "; ".join(parts)
