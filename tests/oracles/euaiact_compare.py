"""Both sides of every pair, over all worlds, kept for the tests to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.oracles.euaiact_case import Case
from tests.oracles.euaiact_fields import DERIVATIONS
from tests.oracles.euaiact_mapping import PAIRS
from tests.oracles.euaiact_pairs import Pair
from tests.oracles.euaiact_readings import ALL_READINGS, Reading
from tests.oracles.euaiact_worlds import World

Engine = Callable[[World], Mapping[str, Any]]


@dataclass(frozen=True)
class Outcome:
    """What the package says of one pair in one world.

    `plain` is the package alone (None where it is not asked), `argued` the package with our
    readings: what our side must say.
    """

    pair: Pair
    world: World
    plain: str | None
    argued: str


def outcomes(worlds: Iterable[World]) -> list[Outcome]:
    """Ask the package every pair in every world in which the pair is compared."""
    found = []
    for world in worlds:
        plain, argued = Case(world, DERIVATIONS), Case(world, DERIVATIONS, ALL_READINGS)
        for pair in PAIRS:
            if pair.where(argued):
                alone = pair.expect(plain) if pair.where(plain) else None
                found.append(Outcome(pair, world, alone, pair.expect(argued)))
    return found


@dataclass(frozen=True)
class Effect:
    """One reading changes what is said of one pair in one world."""

    reading: Reading
    pair: Pair
    world: World
    without: str
    with_it: str


def effects(worlds: Iterable[World]) -> list[Effect]:
    """Find what each reading changes, all others counting."""
    found = []
    for world in worlds:
        full = Case(world, DERIVATIONS, ALL_READINGS)
        asked = [pair for pair in PAIRS if pair.where(full)]
        said = {pair.name: pair.expect(full) for pair in asked}
        for reading in Reading:
            case = Case(world, DERIVATIONS, ALL_READINGS - {reading})
            for pair in asked:
                if pair.where(case) and (without := pair.expect(case)) != said[pair.name]:
                    found.append(Effect(reading, pair, world, without, said[pair.name]))
    return found


def disagreement(pair: Pair, world: World, engine: Engine) -> str | None:
    """What both sides say, where they differ in this world; None where they agree."""
    argued = Case(world, DERIVATIONS, ALL_READINGS)
    if not pair.where(argued):
        return None
    expected = pair.expect(argued)
    ours = pair.read(engine(world))
    if ours == expected:
        return None
    return f"euaiact says {expected}, chapterv says {ours}"


def smallest(pair: Pair, world: World, engine: Engine) -> World:
    """Take facts away one by one while both sides still differ: a world to read."""
    for key in sorted(world.facts):
        smaller = world.without(key)
        if disagreement(pair, smaller, engine) is not None:
            world = smaller
    return world


def report(pair: Pair, worlds: list[World], engine: Engine, shown: int = 3) -> str:
    """Say where both sides differ, in the smallest worlds found."""
    lines = [f"{pair.name}: {pair.asks} (Art. {pair.article}); {len(worlds)} worlds differ"]
    seen: set[str] = set()
    for world in worlds[:40]:
        small = smallest(pair, world, engine)
        facts = ", ".join(f"{key} = {value!r}" for key, value in sorted(small.facts.items()))
        says = disagreement(pair, small, engine)
        line = f"  on {small.on}: {facts or 'nothing stated'}\n    {says}"
        if says not in seen:
            seen.add(str(says))
            lines.append(line)
        if len(seen) == shown:
            break
    return "\n".join(lines)
