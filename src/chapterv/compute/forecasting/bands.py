"""Bands around the pace of training: days of the past, put together anew many times.

Working days and days of outage are told apart. A future is made of blocks of working days of the
present level, broken by outages as often and as long as those seen, and by changes of level as
often and as large as those seen; how often and how large is itself uncertain after a short history,
so each future draws its own. The random numbers are seeded with the digest of the data: the same
data give the same band on every machine. Floats live here alone and never leave as amounts.

The priors (one change of level in 70 days, of some 25 %; one outage in 40 days) are ours; they
matter where the history is short.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

__all__ = ["FUTURES", "History", "Simulated", "read_history", "simulate"]

FUTURES = 300
BLOCK = 5
FEWEST_WORKING_DAYS = 7
LONGEST_WINDOW = 42
"""Working days from which the present level is taken, at most."""
OUTAGE, AROUND = 0.5, 10
"""A day below this share of the better days of ten days before and after is one of outage."""
STRANGE = 3.0
"""Standard errors from which on a block of days has another level."""
CORRELATED = 1.25
"""Days that follow each other are alike, so their noise counts for more than it seems."""
LEVEL_DOUBT = 2.5
"""The level of today is known this much worse than a mean of independent days."""
CHANGES, CHANGE_DAYS = 1.0, 70.0
CHANGE_SIZES = (0.25, 0.25, 0.25)
OUTAGES, OUTAGE_DAYS = 0.5, 20.0
OUTAGE_LENGTHS = (1, 2)


class History(msgspec.Struct, frozen=True):
    """What the past says: logarithms of working days at the present level, outages, changes.

    Args:
        level: mean logarithm of the present level.
        spread: the same days as distances from their mean, in their order.
        doubt: standard error of the level.
        working: working days in all.
        outages: lengths of the outages, in days.
        days: days in all.
        changes: sizes of the changes of level.
        outage_now: the last day was one of outage.
    """

    level: float
    spread: tuple[float, ...]
    doubt: float
    working: int
    outages: tuple[int, ...]
    days: int
    changes: tuple[float, ...]
    outage_now: bool


class Simulated(msgspec.Struct, frozen=True):
    """Futures, summed up.

    Args:
        crossings: for each target the days of all futures, sorted; `horizon + 1` is later.
        paths: for each marked day the operations grown by then, sorted, in the unit of the sums.
    """

    crossings: tuple[tuple[int, ...], ...]
    paths: tuple[tuple[float, ...], ...]


def read_history(sums: Sequence[float]) -> History | None:
    """Read level, noise, outages and changes of level from the sums of days.

    Args:
        sums: one number from zero on for each day, oldest first.
    Returns: what they say, or None with fewer than seven working days.
    """
    out = [_is_outage(sums, index) for index in range(len(sums))]
    logs = [math.log(one) for one, lost in zip(sums, out, strict=True) if not lost]
    if len(logs) < FEWEST_WORKING_DAYS:
        return None
    steps = [abs(after - before) for before, after in pairwise(logs)]
    noise = CORRELATED * 1.4826 * median(steps) / math.sqrt(2)
    levels = _levels(logs, noise)
    window = min(levels[0], LONGEST_WINDOW)
    present = logs[-window:]
    level = sum(present) / window
    return History(
        level=level,
        spread=tuple(one - level for one in present),
        doubt=LEVEL_DOUBT * noise / math.sqrt(window),
        working=len(logs),
        outages=_lengths(out),
        days=len(sums),
        changes=_changes(logs, levels),
        outage_now=out[-1],
    )


def _is_outage(sums: Sequence[float], index: int) -> bool:
    """Compare a day with the better days around it, which a long outage does not pull down."""
    around = sorted(sums[max(0, index - AROUND) : index + AROUND + 1])
    usual = around[(3 * len(around)) // 4]
    return sums[index] <= 0 or sums[index] < OUTAGE * usual


def _lengths(out: Sequence[bool]) -> tuple[int, ...]:
    """How long each outage lasted, one that goes on included."""
    text = "".join("x" if lost else " " for lost in out)
    return tuple(len(piece) for piece in text.split())


def _levels(logs: Sequence[float], noise: float) -> list[int]:
    """Cut working days into stretches of one level, newest first, and return their lengths."""
    lengths: list[int] = []
    end = len(logs)
    while end > 0:
        size = min(FEWEST_WORKING_DAYS, end)
        mean = sum(logs[end - size : end]) / size
        while size < end:
            block = logs[max(0, end - size - BLOCK) : end - size]
            other, count = sum(block) / len(block), len(block)
            if abs(other - mean) > STRANGE * noise * math.sqrt(1 / count + 1 / size) + 1e-9:
                break
            mean = (mean * size + other * count) / (size + count)
            size += count
        lengths.append(size)
        end -= size
    return lengths


def _changes(logs: Sequence[float], lengths: Sequence[int]) -> tuple[float, ...]:
    """Sizes of the changes of level; the climb at the start of a run happens once and is left out.

    Steps in one direction over stretches of the least length are one change that took some days.
    """
    means, end = [], len(logs)
    for size in lengths:
        means.append(sum(logs[end - size : end]) / size)
        end -= size
    sizes: list[float] = []
    merging = False
    for index in range(len(means) - 1):
        step = means[index] - means[index + 1]
        if merging and sizes and sizes[-1] * step > 0:
            sizes[-1] += step
        else:
            sizes.append(step)
        merging = lengths[index + 1] <= FEWEST_WORKING_DAYS + BLOCK
    if sizes and sizes[-1] > 0 and merging:
        sizes.pop()
    return tuple(abs(size) for size in sizes)


def simulate(
    history: History,
    targets: Sequence[float],
    marks: Sequence[int],
    horizon: int,
    futures: int = FUTURES,
) -> Simulated:
    """Play the future many times.

    Args:
        history: from `read_history`.
        targets: growth from now on that has to be exceeded, in the unit of the sums.
        marks: days from now, ascending, at which the growth is noted.
        horizon: days after which a future ends.
        futures: how many.
    """
    seed = hashlib.sha256(repr((history, tuple(targets), horizon)).encode()).digest()
    dice = random.Random(int.from_bytes(seed, "big"))
    order = sorted(range(len(targets)), key=lambda index: targets[index])
    wanted = [targets[index] for index in order]
    crossings: list[list[int]] = [[] for _ in targets]
    paths: list[list[float]] = [[] for _ in marks]
    for _ in range(futures):
        days, noted = _future(history, wanted, marks, horizon, dice)
        for index, day in zip(order, days, strict=True):
            crossings[index].append(day)
        for path, grown in zip(paths, noted, strict=True):
            path.append(grown)
    return Simulated(
        tuple(tuple(sorted(days)) for days in crossings),
        tuple(tuple(sorted(path)) for path in paths),
    )


def _future(
    history: History,
    wanted: Sequence[float],
    marks: Sequence[int],
    horizon: int,
    dice: random.Random,
) -> tuple[list[int], list[float]]:
    """One future: the day on which each target is exceeded, and the growth at each mark."""
    draw = _Draw(history, dice)
    days: list[int] = []
    noted: list[float] = []
    grown, day, until = 0.0, 0, marks[-1] if marks else 0
    while True:
        while len(days) < len(wanted) and grown > wanted[len(days)]:
            days.append(day)
        while len(noted) < len(marks) and marks[len(noted)] <= day:
            noted.append(grown)
        if day >= horizon or (len(days) == len(wanted) and day >= until):
            break
        grown += draw.day()
        day += 1
    days += [horizon + 1] * (len(wanted) - len(days))
    noted += [grown] * (len(marks) - len(noted))
    return days, noted


class _Draw:
    """Days of one future, drawn one after the other."""

    def __init__(self, history: History, dice: random.Random) -> None:
        self.random, self.gauss, self.dice = dice.random, dice.gauss, dice
        self.shares = [math.exp(one) for one in history.spread]
        self.level = math.exp(history.level + dice.gauss(0, history.doubt))
        self.outage = dice.gammavariate(
            OUTAGES + len(history.outages), 1 / (OUTAGE_DAYS + history.working)
        )
        self.lengths = (*history.outages, *OUTAGE_LENGTHS)
        self.change = dice.gammavariate(
            CHANGES + len(history.changes), 1 / (CHANGE_DAYS + history.days)
        )
        self.size = median((*history.changes, *CHANGE_SIZES))
        self.lost = dice.choice(self.lengths) - 1 if history.outage_now else 0
        self.left = self.place = 0

    def day(self) -> float:
        """Return the sum of the next day."""
        if self.lost:
            self.lost -= 1
            return 0.0
        if self.random() < self.outage:
            self.lost = self.dice.choice(self.lengths) - 1
            return 0.0
        if self.random() < self.change:
            self.level *= math.exp(self.gauss(0, self.size))
        if not self.left:
            self.place, self.left = int(self.random() * len(self.shares)), BLOCK
        share = self.shares[self.place]
        self.place = (self.place + 1) % len(self.shares)
        self.left -= 1
        return self.level * share
