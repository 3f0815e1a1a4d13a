"""A generator of training runs for the tests of the forecast: ramps, outages, phases, noise.

It knows nothing of the estimator, and the estimator nothing of it. The band of the generator itself
comes from playing its true future many times from the state it is in, with its own parameters.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import msgspec


class World(msgspec.Struct):
    """What a run is like: daily noise and its memory, outages, changes of pace."""

    noise: float
    memory: float
    outage: float
    outage_days: float
    rest: float
    phase: float
    phase_size: float


class Now(msgspec.Struct):
    """Where a run is: its level, the level it climbs to, days of climb, noise, days of outage."""

    level: float
    goal: float
    climb: int
    swing: float
    out: int

    def copy(self) -> Now:
        """Return a state of its own."""
        return Now(self.level, self.goal, self.climb, self.swing, self.out)


class Run(msgspec.Struct):
    """A run up to today, and what is left to do."""

    world: World
    now: Now
    days: list[float]
    left: float


def make_run(dice: random.Random) -> Run:
    """Make a run of 21 to 120 days that has the work of 8 to 75 of its present days before it."""
    world = World(
        noise=dice.uniform(0.03, 0.15),
        memory=dice.uniform(0, 0.5),
        outage=dice.uniform(0.005, 0.05),
        outage_days=dice.uniform(1, 3),
        rest=dice.uniform(0, 0.1),
        phase=dice.uniform(0.002, 0.02),
        phase_size=dice.uniform(0.1, 0.35),
    )
    now = Now(dice.uniform(0.2, 0.9), 1.0, dice.choice((1, 7, 14, 25)), 0.0, 0)
    days = [next_day(world, now, dice) for _ in range(dice.randint(21, 120))]
    return Run(world, now, days, dice.uniform(8, 75) * now.level)


def next_day(world: World, now: Now, dice: random.Random) -> float:
    """Go on by a day and return its work, in units of a usual day."""
    if now.out:
        now.out -= 1
        return now.level * world.rest
    if dice.random() < world.outage:
        while dice.random() < 1 - 1 / world.outage_days:
            now.out += 1
        return now.level * world.rest
    if now.climb:
        now.level += (now.goal - now.level) / now.climb
        now.climb -= 1
    elif dice.random() < world.phase:
        now.goal = now.level * math.exp(dice.gauss(0, world.phase_size))
        now.climb = dice.choice((1, 1, 3, 7))
    now.swing = world.memory * now.swing + dice.gauss(0, world.noise)
    return now.level * math.exp(now.swing)


def days_to_go(run: Run, dice: random.Random) -> int:
    """Play one true future and return the day on which the work left has been exceeded."""
    now, done, day = run.now.copy(), 0.0, 0
    while done <= run.left:
        done += next_day(run.world, now, dice)
        day += 1
    return day


def true_band(run: Run, dice: random.Random, futures: int = 200) -> tuple[int, int]:
    """Return the 10 % and 90 % quantiles of many true futures."""
    days: Sequence[int] = sorted(days_to_go(run, dice) for _ in range(futures))
    return days[futures // 10], days[9 * futures // 10]
