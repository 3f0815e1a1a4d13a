"""What `compute forecast` prints with `--format json`; see `shapes`."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

__all__ = ["ComputeForecast"]

Day = datetime.date


class Band(msgspec.Struct):
    """Days of a crossing; null is out of sight, or cannot be told."""

    earliest: Day | None
    central: Day | None
    latest: Day | None


class ForecastCrossing(msgspec.Struct):
    """When the amount, read in one way, exceeds a threshold."""

    reading: Literal["as_reported", "error_of_estimate", "error_of_truth"]
    amount: str
    exceeded: bool
    earliest: Day | None
    central: Day | None
    latest: Day | None


class ForecastNotice(msgspec.Struct):
    """The two weeks for notifying the Commission."""

    started_by: Literal["plan", "met", "pace"]
    started_on: Day | None
    due: Day | None
    due_if_rolled: Day | None
    state: Literal["running", "due", "late", "satisfied", "cannot_tell"]
    days_left: int | None
    notified_on: Day | None


class ForecastPlan(msgspec.Struct):
    """A planned phase, or the plan as a whole; one approved later than the day does not count."""

    phase: str
    operations: str
    done: str
    starts: Day | None
    ends: Day | None
    approved_on: Day | None
    whole: bool
    counts: bool


class ForecastAnomaly(msgspec.Struct):
    """Something odd among the points of a run."""

    kind: Literal["after_the_day", "clock_back", "counter_back"]
    run: str
    day: Day
    before: str
    after: str


class FanDay(msgspec.Struct):
    """Operations by the end of a day to come."""

    day: Day
    low: str | None
    central: str
    high: str | None


class PastDay(msgspec.Struct):
    """Operations by the end of a day that is over."""

    day: Day
    amount: str


ForecastState = Literal["cannot_tell", "below", "watch", "expected", "met"]


class ForecastThreshold(msgspec.Struct):
    """One threshold: where the work stands, and when it will be exceeded."""

    threshold: str
    title: str
    citation: str
    quantity: str
    above: str
    state: ForecastState
    amount: str
    planned: str | None
    known_from_plan: bool
    known_on: Day | None
    met_on: Day | None
    first_expected_on: Day | None
    pace_per_day: str | None
    pace_days: int
    days_with_a_record: int
    last_record_on: Day | None
    method: Literal["bootstrap", "quantiles", "cannot_tell"]
    looked_ahead_until: Day | None
    crossings: list[ForecastCrossing]
    notice: ForecastNotice | None
    plan: list[ForecastPlan]
    anomalies: list[ForecastAnomaly]
    fan: list[FanDay]
    past: list[PastDay]


class ForecastEntry(msgspec.Struct):
    """A change of a state, or a correction, as it was kept."""

    kind: Literal["state", "correction"]
    threshold: str
    day: Day
    before: str | None
    after: str
    above: str
    amount: str
    inputs: str
    law_version: str
    planned: str | None
    by_plan: bool
    known_on: Day | None
    whole_day: Day | None
    at_whole_day: str | None
    corrected: str | None
    corrects: Day | None
    crossing: Band


class ComputeForecast(msgspec.Struct):
    """`compute forecast`."""

    model: str
    on: Day
    law_version: str
    margin: str
    inputs: str
    thresholds: list[ForecastThreshold]
    history: list[ForecastEntry]
    notes: list[str]
