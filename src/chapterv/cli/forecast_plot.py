"""A forecast as a plot of signs: time to the right, operations upwards on a logarithmic scale."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chapterv.compute.forecasting import Forecast

__all__ = ["plot"]

ROWS = 11
LABELS = 14
SIGNS = {"past": "●", "central": "○", "band": "░", "line": "─", "corner": "└", "edge": "│"}
PLAIN = {"past": "#", "central": "o", "band": ":", "line": "-", "corner": "+", "edge": "|"}


def plot(found: Forecast, columns: int, unicode: bool) -> list[str]:
    """Return the lines of a plot; none where there are fewer than two days to show.

    Args:
        found: the forecast of one threshold.
        columns: width of a line.
        unicode: whether the terminal shows more than ASCII.
    """
    from chapterv.facts.wording import log10

    past = [(day, Fraction(amount)) for day, amount in found.past if amount > 0]
    fan = [one for one in found.fan if one.central > 0]
    days = [day for day, _ in past] + [one.day for one in fan]
    if len(set(days)) < 2:
        return []
    highs = [Fraction(one.high or one.central) for one in fan]
    amounts = [amount for _, amount in past] + highs + [Fraction(found.threshold)]
    grid = _Grid(
        min(days), max(days), log10(min(amounts)), log10(max(amounts)), columns - LABELS - 1
    )
    signs = SIGNS if unicode else PLAIN
    grid.line(log10(Fraction(found.threshold)), signs["line"])
    for day, low, high in _filled(grid, [(f.day, f.low, f.high) for f in fan]):
        grid.band(day, low, high, signs["band"])
    for day, amount in _between(
        grid, [(one.day, float(log10(Fraction(one.central)))) for one in fan]
    ):
        grid.put(day, amount, signs["central"])
    for day, amount in _between(grid, [(day, log10(amount)) for day, amount in past]):
        grid.put(day, amount, signs["past"])
    return _framed(grid, found, signs, unicode)


class _Grid:
    """Cells of a plot; `put` takes a column and a logarithm."""

    def __init__(
        self, first: datetime.date, last: datetime.date, low: float, high: float, columns: int
    ) -> None:
        self.first, self.last = first, last
        air = max((high - low) * 0.05, 0.02)
        self.low, self.high = low - air, high + air
        self.columns = columns
        self.cells = [[" "] * columns for _ in range(ROWS)]

    def column(self, day: datetime.date) -> int:
        """Return the column of a day."""
        span = (self.last - self.first).days
        return round((day - self.first).days * (self.columns - 1) / span)

    def row(self, logarithm: float) -> int:
        """Return the row of an amount, 0 at the top."""
        share = (logarithm - self.low) / (self.high - self.low)
        return min(max(round((1 - share) * (ROWS - 1)), 0), ROWS - 1)

    def put(self, column: int, logarithm: float, sign: str) -> None:
        """Set one cell."""
        self.cells[self.row(logarithm)][column] = sign

    def line(self, logarithm: float, sign: str) -> None:
        """Set a whole row."""
        self.cells[self.row(logarithm)] = [sign] * self.columns

    def band(self, column: int, low: float, high: float, sign: str) -> None:
        """Set the cells between two amounts."""
        for row in range(self.row(high), self.row(low) + 1):
            self.cells[row][column] = sign


def _between(grid: _Grid, points: Sequence[tuple[datetime.date, float]]) -> list[tuple[int, float]]:
    """Fill the columns between points with straight lines."""
    found: list[tuple[int, float]] = []
    places = [(grid.column(day), value) for day, value in points]
    for (start, before), (end, after) in pairwise(places):
        steps = max(end - start, 1)
        found += [(start + step, before + (after - before) * step / steps) for step in range(steps)]
    return found + places[-1:]


def _filled(
    grid: _Grid, fan: Sequence[tuple[datetime.date, int | None, int | None]]
) -> list[tuple[int, float, float]]:
    from chapterv.facts.wording import log10

    known = [
        (day, log10(Fraction(low)), log10(Fraction(high))) for day, low, high in fan if low and high
    ]
    lows = _between(grid, [(day, low) for day, low, _ in known])
    highs = _between(grid, [(day, high) for day, _, high in known])
    return [(column, low, high) for (column, low), (_, high) in zip(lows, highs, strict=True)]


def _framed(grid: _Grid, found: Forecast, signs: dict[str, str], unicode: bool) -> list[str]:
    """Put labels to the left, days below, and say what the signs are."""
    from chapterv.facts.wording import log10

    labels = [""] * ROWS
    labels[grid.row(log10(Fraction(found.threshold)))] = _short(found.threshold, unicode)
    if found.past:
        row = grid.row(log10(Fraction(max(found.past[-1][1], 1))))
        labels[row] = labels[row] or _short(found.past[-1][1], unicode)
    lines = [
        f"{label:>{LABELS - 1}} {signs['edge']}{''.join(cells)}".rstrip()
        for label, cells in zip(labels, grid.cells, strict=True)
    ]
    lines.append(" " * LABELS + signs["corner"] + signs["line"] * grid.columns)
    first, last = grid.first.isoformat(), grid.last.isoformat()
    lines.append(" " * LABELS + f" {first}{last:>{grid.columns - len(first)}}")
    told = [f"{signs['past']} done", f"{signs['central']} at this pace"]
    if any(one.low is not None for one in found.fan):
        told.append(f"{signs['band']} 10 to 90 % of futures")
    lines.append(" " * LABELS + " " + "   ".join([*told, f"{signs['line'] * 3} threshold"]))
    return lines


def _short(amount: int | Fraction | object, unicode: bool) -> str:
    """An amount in few signs."""
    from decimal import Decimal

    from chapterv.facts.wording import scientific

    if not isinstance(amount, int | Fraction | Decimal):
        return ""
    if unicode:
        return scientific(amount).replace("\u202f", "")
    return f"{Decimal(int(amount)):.2e}".replace("e+", "e")
