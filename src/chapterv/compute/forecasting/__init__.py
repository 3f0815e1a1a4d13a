"""Forecasts: when computing power will exceed a threshold, and since when that is known."""

from __future__ import annotations

from chapterv.compute.forecasting.ahead import Band, FanDay, Method, Pace
from chapterv.compute.forecasting.days import (
    Daily,
    Oddity,
    Point,
    brussels_day,
    daily_sums,
    wall_clock,
)
from chapterv.compute.forecasting.model import (
    HORIZON_DAYS,
    Crossing,
    Forecast,
    Limit,
    Reading,
    State,
    forecast,
)
from chapterv.compute.forecasting.plan import Outlook, PlanEntry

__all__ = [
    "HORIZON_DAYS",
    "Band",
    "Crossing",
    "Daily",
    "FanDay",
    "Forecast",
    "Limit",
    "Method",
    "Oddity",
    "Outlook",
    "Pace",
    "PlanEntry",
    "Point",
    "Reading",
    "State",
    "brussels_day",
    "daily_sums",
    "forecast",
    "wall_clock",
]
