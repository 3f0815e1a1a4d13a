"""The fan of a dossier's forecast, as pages and reports show it."""

from __future__ import annotations

from collections.abc import Sequence

from chapterv.dossier.forecasts import DossierForecast, Foreseen
from chapterv.figures import CrossingDays, FanPoint, Figure, Threshold, forecast_fan

__all__ = ["forecast_figure"]


def forecast_figure(told: DossierForecast, id: str = "forecast") -> Figure:
    """Draw the work against the thresholds that concern the same quantity.

    Args:
        told: the forecast.
        id: unique on the page.
    """
    first = told.thresholds[0]
    same = [one for one in told.thresholds if one.quantity == first.quantity]
    return _drawn(first, same, told, id)


def _drawn(
    first: Foreseen, thresholds: Sequence[Foreseen], told: DossierForecast, id: str
) -> Figure:
    found = first.forecast
    return forecast_fan(
        [FanPoint(day, amount) for day, amount in found.past],
        [FanPoint(one.day, one.central, one.low, one.high) for one in found.fan],
        [
            CrossingDays(
                Threshold(one.title, one.forecast.threshold),
                one.forecast.band.earliest,
                one.forecast.band.central,
                one.forecast.band.latest,
            )
            for one in thresholds
        ],
        told.on,
        id=id,
    )
