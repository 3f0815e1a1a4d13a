"""Placing the labels of vertical lines so that none covers another or is crossed by a line.

A label hangs like a flag at the top of its line, at one of several heights, to the right of the
line or to its left. Every choice of sides is tried: there are at most eight lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import msgspec

__all__ = ["MOST_FLAGS", "Flag", "place_flags"]

# All choices of sides for so many lines are 256.
MOST_FLAGS = 8


class Flag(msgspec.Struct, frozen=True):
    """Where a label hangs.

    Args:
        x: place of its line in user units.
        left: left edge of the label.
        right: right edge of the label.
        level: 0 is nearest to the plot.
        leftward: the label hangs to the left of its line.
    """

    x: float
    left: float
    right: float
    level: int
    leftward: bool


class _Hanging(msgspec.Struct, frozen=True):
    """All flags for one choice of sides, and how many labels are crossed by a line."""

    flags: tuple[Flag, ...]
    crossings: int

    @property
    def cost(self) -> tuple[int, int, int]:
        """Crossings first, then height, then flags against the reading direction."""
        height = max((flag.level for flag in self.flags), default=0)
        return self.crossings, height, sum(flag.leftward for flag in self.flags)


def place_flags(
    positions: Sequence[float], widths: Sequence[float], low: float, high: float, gap: float = 6
) -> tuple[Flag, ...]:
    """Give each label a side and a height.

    Args:
        positions: x of each line, in user units; at most eight.
        widths: width of each label, in user units.
        low: left edge that no label passes.
        high: right edge that no label passes.
        gap: room between a line and its label, and between labels.
    Returns: a flag for each line, in the order given. No two labels overlap; a line crosses a
        label only where no choice of sides and heights avoids it.
    """
    sides = [_sides(x, size, low, high, gap) for x, size in zip(positions, widths, strict=True)]
    choices = (_hang(choice, gap) for choice in product(*sides))
    return min(choices, key=lambda hanging: hanging.cost).flags


def _sides(x: float, size: float, low: float, high: float, gap: float) -> list[Flag]:
    """Both ways to hang a flag, the right one first; pushed in from the edge if neither fits."""
    sides = []
    if x + gap + size <= high:
        sides.append(Flag(x, x + gap, x + gap + size, 0, leftward=False))
    if x - gap - size >= low:
        sides.append(Flag(x, x - gap - size, x - gap, 0, leftward=True))
    if not sides:
        left = max(low, min(x + gap, high - size))
        sides.append(Flag(x, left, left + size, 0, leftward=False))
    return sides


def _hang(flags: Sequence[Flag], gap: float) -> _Hanging:
    """Find the lowest heights at which each flag hangs above all whose lines would cross it."""
    count = len(flags)
    below = {
        index: {other for other in range(count) if _would_cross(flags[other], flags[index], gap)}
        for index in range(count)
    }
    placed: dict[int, Flag] = {}
    crossings = 0
    while len(placed) < count:
        waiting = [index for index in range(count) if index not in placed]
        # Where two lines would cross each other's labels, no order helps: one crossing is taken.
        index = min(waiting, key=lambda i: (len(below[i] - placed.keys()), -flags[i].x, i))
        crossings += len(below[index] - placed.keys())
        level = max((placed[other].level + 1 for other in below[index] & placed.keys()), default=0)
        while any(_overlap(flags[index], o, gap) for o in placed.values() if o.level == level):
            level += 1
        placed[index] = msgspec.structs.replace(flags[index], level=level)
    return _Hanging(tuple(placed[index] for index in range(count)), crossings)


def _would_cross(line: Flag, label: Flag, gap: float) -> bool:
    """Whether a line, if it reached so high, ran through a label or between it and its line."""
    reach = min(label.x, label.left), max(label.x, label.right) + gap / 2
    return line.x != label.x and reach[0] < line.x < reach[1]


def _overlap(one: Flag, other: Flag, gap: float) -> bool:
    return not (one.left >= other.right + gap or other.left >= one.right + gap)
