"""Figures: numbers in, accessible SVG and its data table out.

A figure is drawn twice, for wide and narrow screens, carries its result in words and its exact
numbers as a table, and needs no script. It judges nothing: states and thresholds come from the
caller. A page that shows figures includes `stylesheet()` once.
"""

from __future__ import annotations

from chapterv.facts.wording import Amount, exact, long_date, percent, scientific, superscript
from chapterv.figures.compute_axis import compute_axis
from chapterv.figures.compute_rows import ComputeRow, Threshold, within
from chapterv.figures.duties_entries import STATES, State, TimelineEntry
from chapterv.figures.duties_timeline import duties_timeline
from chapterv.figures.figure import Figure, Table
from chapterv.figures.forecast_fan import CrossingDays, FanPoint, forecast_fan
from chapterv.figures.ledger_bars import LedgerBar, ledger_bars
from chapterv.figures.style import DARK, LIGHT, stylesheet
from chapterv.figures.texts import ENGLISH

__all__ = [
    "DARK",
    "ENGLISH",
    "LIGHT",
    "STATES",
    "Amount",
    "ComputeRow",
    "CrossingDays",
    "FanPoint",
    "Figure",
    "LedgerBar",
    "State",
    "Table",
    "Threshold",
    "TimelineEntry",
    "compute_axis",
    "duties_timeline",
    "exact",
    "forecast_fan",
    "ledger_bars",
    "long_date",
    "percent",
    "scientific",
    "stylesheet",
    "superscript",
    "within",
]
