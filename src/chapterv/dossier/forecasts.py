"""The forecast of a dossier: thresholds of the day, states, the two-week clock, what is kept.

Two quantities are forecast: cumulative compute against 10^25 and training compute against 10^23;
where the model was made from another one, the work on it against a third of the original. Numbers
come from the law pack. A state that changes is kept in `records/forecast.jsonl`.

Source: Regulation (EU) 2024/1689, Article 52(1); guidelines, sections 2.1, 2.3.2 and 3.2.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, Literal

import msgspec

from chapterv.compute.forecasting import Daily, Forecast, Limit, daily_sums, forecast
from chapterv.dossier.forecast_logs import Followers
from chapterv.dossier.forecast_points import Inputs, Quantity, read_inputs
from chapterv.dossier.forecast_records import Entry, Records, append_entries, read_records
from chapterv.dossier.gathering import Gathered
from chapterv.facts import Amount, World, amount_text, canonical_json
from chapterv.law import Pack
from chapterv.law.calendar import add_days, rolled

__all__ = ["DossierForecast", "Foreseen", "Notice", "forecast_dossier", "keep_states"]

Day = datetime.date
StartedBy = Literal["plan", "met", "pace"]

SYSTEMIC, INDICATOR, SHARE = (
    "systemic_risk_compute",
    "gpai_indicator_compute",
    "modification_share",
)
LIVE_DAYS = 14
"""Whole days at most for which the silence of a record that is followed counts as no work."""


class Notice(msgspec.Struct, frozen=True):
    """The two weeks for notifying the Commission.

    Args:
        started_by: what started them first: the plan, the crossing, or the pace of training.
        started_on: that day, None where it cannot be told.
        due: last day, the day of the event not counted.
        due_if_rolled: the next working day where that is none.
        state: running, due, late, satisfied, or cannot_tell where the day is not known.
        days_left: from the day asked for; negative when late.
        notified_on: the day on which the Commission was notified.
    """

    started_by: StartedBy
    started_on: Day | None
    due: Day | None
    due_if_rolled: Day | None
    state: Literal["running", "due", "late", "satisfied", "cannot_tell"]
    days_left: int | None
    notified_on: Day | None = None


class Foreseen(msgspec.Struct, frozen=True):
    """One threshold.

    Args:
        threshold: parameter of the law pack.
        title: what it is.
        citation: where it stands.
        quantity: what is compared with it.
        forecast: where the work stands and when it will be exceeded.
        first_expected_on: first day on which the crossing was expected, as kept.
        notice: the two weeks, for the threshold that calls for a notification.
        daily: the work by days.
    """

    threshold: str
    title: str
    citation: str
    quantity: str
    forecast: Forecast
    first_expected_on: Day | None
    notice: Notice | None
    daily: Daily


class DossierForecast(msgspec.Struct, frozen=True):
    """All thresholds of a dossier on a day.

    Args:
        model: subject.
        on: the day.
        law_version: of the pack.
        margin: accepted error of an estimate.
        thresholds: in the order of their weight.
        inputs: SHA-256 over points and plan.
        notes: what is missing or was assumed, one sentence each.
        records: what was kept before.
    """

    model: str
    on: Day
    law_version: str
    margin: Fraction
    thresholds: tuple[Foreseen, ...]
    inputs: str
    notes: tuple[str, ...]
    records: Records


def forecast_dossier(
    gathered: Gathered,
    followers: Followers,
    pack: Pack,
    on: Day,
    *,
    live: bool = False,
    horizon_days: int | None = None,
) -> DossierForecast:
    """Forecast every threshold of a dossier.

    Args:
        gathered: facts of the dossier.
        followers: records of its runs, read as far as they go.
        pack: the law.
        on: the day asked for.
        live: the records are followed now, so their silence up to today is time without work.
        horizon_days: days looked ahead where no plan says when training ends; None for the usual.
    """
    law = pack.on(on).values
    records = read_records(gathered.dossier.folder)
    inputs = read_inputs(gathered, followers.records, law["compute_activities"], on)
    world = gathered.merged(on).world
    notes = [*inputs.notes, *records.notes]
    made = []
    for name, quantity, amount in _limits(world, law, notes):
        points, plan = inputs.points[quantity], inputs.plan[quantity]
        daily = daily_sums(points, on)
        silent = on if live and daily.newest and (on - daily.newest).days <= LIVE_DAYS else None
        options: dict[str, Any] = {"horizon_days": horizon_days} if horizon_days else {}
        found = forecast(
            points, plan, [Limit(name, amount)], law["estimate_margin"], on,
            silent_until=silent, ended=inputs.ended, **options,
        )[0]  # fmt: skip
        first = records.first_expected(name)
        notice = _notice(found, first, world, law, on) if name == SYSTEMIC else None
        parameter = pack.parameters[name]
        made.append(
            Foreseen(
                name, parameter.title, parameter.citation, quantity, found, first, notice, daily
            )
        )
    return DossierForecast(
        model=gathered.dossier.model,
        on=on,
        law_version=pack.version,
        margin=Fraction(law["estimate_margin"]),
        thresholds=tuple(made),
        inputs=_digest(inputs),
        notes=tuple(dict.fromkeys(notes)),
        records=records,
    )


def _digest(inputs: Inputs) -> str:
    points = [
        [quantity, [[str(one.at), str(one.amount), one.run] for one in points]]
        for quantity, points in inputs.points.items()
    ]
    plan = {
        name: [msgspec.to_builtins(_plain(one)) for one in p] for name, p in inputs.plan.items()
    }
    return hashlib.sha256(canonical_json([points, plan])).hexdigest()


def _plain(entry: Any) -> dict[str, str]:
    return {name: str(value) for name, value in msgspec.structs.asdict(entry).items()}


def _limits(
    world: World, law: dict[str, Any], notes: list[str]
) -> Iterator[tuple[str, Quantity, Amount | Fraction]]:
    """The thresholds that concern this model, with the quantity that is compared with each."""
    yield SYSTEMIC, "cumulative", law[SYSTEMIC]
    derived = world.keys.get("model.derived_from")
    if derived is None or not derived.value:
        yield INDICATOR, "training", law[INDICATOR]
        return
    original = _original(world, law)
    if original is None:
        notes.append(
            "The model was made from another one whose training compute is not stated "
            "(model.original_compute), so the third of it is not forecast."
        )
        return
    yield SHARE, "modification", Fraction(original) * law[SHARE]


def _original(world: World, law: dict[str, Any]) -> Amount | None:
    """Compute of the original; the fallback only where it is neither known nor to be estimated."""
    held = world.keys.get("model.original_compute")
    if held is not None and held.value:
        amount: Amount = held.value
        return amount
    known, estimable, systemic = (
        world.keys.get(f"model.original_{name}")
        for name in ("compute_known", "compute_estimable", "systemic")
    )
    if known is None or known.value or estimable is None or estimable.value or systemic is None:
        return None
    fallback: Amount = law[SYSTEMIC if systemic.value else INDICATOR]
    return fallback


def _notice(
    found: Forecast, first: Day | None, world: World, law: dict[str, Any], on: Day
) -> Notice | None:
    """The clock, from the earliest of plan, crossing and pace; not before Chapter V applied."""
    events: list[tuple[StartedBy, Day | None]] = []
    met = world.keys.get("model.systemic_condition_met_on")
    if found.by_plan:
        events.append(("plan", found.known_on))
    if found.state == "met":
        events.append(("met", met.value if met is not None else found.met_on))
    if first is not None or (found.state == "expected" and not found.by_plan):
        events.append(("pace", min(first or on, on)))
    if not events:
        return None
    dated = [(day, by) for by, day in events if day is not None]
    notified = world.keys.get("model.notified_on")
    notified_on = notified.value if notified is not None and notified.value <= on else None
    unknown = any(day is None for _, day in events)
    if not dated or (unknown and not notified_on and events[0][1] is None):
        state: Any = "satisfied" if notified_on else "cannot_tell"
        return Notice(events[0][0], None, None, None, state, None, notified_on)
    day, started_by = min(dated)
    day = max(day, law["chapter_v_applies"])
    due = add_days(day, law["notification_days"])
    state = "running" if on < due else "due" if on == due else "late"
    state = "satisfied" if notified_on else state
    return Notice(started_by, day, due, rolled(due), state, (due - on).days, notified_on)


# --- what is kept -----------------------------------------------------------------------------


def keep_states(folder: Any, told: DossierForecast) -> tuple[Entry, ...]:
    """Append what changed since the last entries; nothing is ever edited.

    Args:
        folder: the dossier.
        told: a forecast for today. One for a day before the last entry keeps nothing.
    Returns: the new entries.
    Raises: StorageError if the file cannot be written.
    """
    fresh = [entry for one in told.thresholds for entry in _changes(one, told)]
    append_entries(folder, fresh)
    return tuple(fresh)


def _changes(one: Foreseen, told: DossierForecast) -> Iterator[Entry]:
    last = told.records.last(one.threshold)
    if last is not None and last.day > told.on:
        return
    entry = _entry(one, told, last)
    wrong = _corrected(last, one.daily) if last is not None else None
    if wrong is not None:
        yield msgspec.structs.replace(
            entry, kind="correction", corrected=wrong[1], corrects=wrong[0]
        )
    elif last is None or (last.after, last.by_plan, last.known_on) != (
        entry.after,
        entry.by_plan,
        entry.known_on,
    ):
        yield entry


def _entry(one: Foreseen, told: DossierForecast, last: Entry | None) -> Entry:
    found, daily = one.forecast, one.daily
    # Between two records that lie far apart nobody knows the days; only seen days are compared.
    seen = daily.observed >= 3
    return Entry(
        kind="state",
        threshold=one.threshold,
        day=told.on,
        before=last.after if last else None,
        after=found.state,
        above=_text(found.threshold),
        amount=amount_text(found.amount),
        inputs=told.inputs,
        law_version=told.law_version,
        planned=None if found.planned is None else amount_text(found.planned),
        by_plan=found.by_plan,
        known_on=found.known_on,
        whole_day=daily.last if seen else None,
        at_whole_day=str(ceil(daily.amounts[-1])) if seen else None,
        crossing=(found.band.earliest, found.band.central, found.band.latest),
    )


def _text(amount: Amount | Fraction) -> str:
    return str(amount) if isinstance(amount, Fraction) else amount_text(amount)


def _corrected(last: Entry, daily: Daily) -> tuple[Day, str] | None:
    """The day and amount of an entry that today's record contradicts, None where it agrees."""
    if last.whole_day is not None and last.at_whole_day is not None:
        today = dict(daily.ends()).get(last.whole_day)
        if today is not None and daily.observed >= 3 and str(ceil(today)) != last.at_whole_day:
            return last.whole_day, last.at_whole_day
    if Fraction(daily.total) < Fraction(last.amount):
        return last.day, last.amount
    return None


def states(told: DossierForecast) -> Sequence[tuple[str, str, Day | None]]:
    """Return what a watcher looks at: threshold, state and central day of each."""
    return [
        (one.threshold, one.forecast.state, one.forecast.band.central) for one in told.thresholds
    ]


def history(told: DossierForecast, fresh: Iterable[Entry] = ()) -> tuple[Entry, ...]:
    """Return all entries, those just written among them."""
    return (*told.records.entries, *fresh)
