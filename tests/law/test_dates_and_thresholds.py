"""The day before, the day and the day after every date; below, at and above every threshold."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from chapterv.facts import World
from chapterv.law import Assessment, evaluate, load_pack
from chapterv.law.cases import load_cases
from chapterv.law.evaluate import dated_answers
from chapterv.law.registry import is_ruled

PACK = load_pack()
ONE = datetime.timedelta(days=1)
Facts = dict[str, Any]
Day = datetime.date


def base(name: str, **changes: Any) -> Facts:
    """Return the facts of a base world of the cases, with some of them changed."""
    rows = {"gpai": "act:D04", "training": "gl:G3.7", "abroad": "act:A01", "legacy": "gl:E6"}
    case = next(c for c in load_cases() if c.row == rows[name] and c.expect in ("met",))
    facts = {key: value for key, value in case.facts.items() if key != "model.commercial_activity"}
    return facts | {f"model.{key}": value for key, value in changes.items()}


# --- what the data say ------------------------------------------------------------------------

VERSIONS = [
    (row.id, number, version.applies_from)
    for row in PACK.rows.values()
    for number, version in enumerate(row.version)
]


@pytest.mark.parametrize(("row", "number", "day"), VERSIONS)
def test_a_row_says_something_else_from_the_day_of_its_version(
    row: str, number: int, day: Day
) -> None:
    versions = PACK.rows[row].version
    assert PACK.rows[row].on(day - ONE) == (versions[number - 1] if number else None)
    assert PACK.rows[row].on(day) == versions[number]
    assert PACK.rows[row].on(day + ONE) == versions[number]


VALUES = [
    (parameter.id, number, value.applies_from)
    for parameter in PACK.parameters.values()
    for number, value in enumerate(parameter.value)
]


@pytest.mark.parametrize(("name", "number", "day"), VALUES)
def test_a_parameter_has_its_value_from_its_day_on(name: str, number: int, day: Day) -> None:
    values = PACK.parameters[name].value
    # Before the first value the one to come is given, so that what is ahead can be shown.
    assert PACK.parameters[name].on(day - ONE) == values[max(number - 1, 0)]
    assert PACK.parameters[name].on(day) == values[number]
    assert PACK.parameters[name].on(day + ONE) == values[number]


DATED_VERSIONS = [
    (row.id, version.applies_from, version.repealed)
    for row in PACK.rows.values()
    if row.effect and not is_ruled(row.id)
    for version in row.version
]


@pytest.mark.parametrize(("row", "day", "repealed"), DATED_VERSIONS)
def test_a_row_without_a_rule_is_answered_by_its_day(row: str, day: Day, repealed: bool) -> None:
    before = PACK.rows[row].on(day - ONE)
    was = "met" if before is not None and not before.repealed else "not_met"
    now = "not_met" if repealed else "met"
    assert [dated_answers(PACK, day + step * ONE)[row] for step in (-1, 0, 1)] == [was, now, now]


# --- what follows from the days ---------------------------------------------------------------


class Turn(msgspec.Struct, frozen=True):
    """A day on which something turns: what is asked, and the answers around that day."""

    sentence: str
    day: Day
    facts: Facts
    asked: Callable[[Assessment], Any]
    before: Any
    on: Any
    after: Any
    decided_by: str = ""
    """The parameter whose date it is, where it is one."""


def answer(row: str) -> Callable[[Assessment], Any]:
    """Return what reads the answer of a rule."""
    return lambda a: next(f.answer for f in a.findings if f.rule == row)


def status(row: str) -> Callable[[Assessment], Any]:
    """Return what reads the status of a duty."""
    return lambda a: next(d.status for d in a.obligations if d.id == row)


def state(row: str) -> Callable[[Assessment], Any]:
    """Return what reads the state of a clock, None where there is none."""
    return lambda a: next((c.state for c in a.clocks if c.id == row), None)


def late(row: str) -> Callable[[Assessment], Any]:
    """Return what tells whether a duty without evidence is in breach."""
    return lambda a: next(d.late(a.on) for d in a.obligations if d.id == row)


HIGH_RISK = {"used_in_high_risk_system": True}
DESIGNATED = {"designated_on": "2026-10-05", "designation_route": "annex_xiii"}
REQUEST = {"request.kind": "market_surveillance", "request.received_on": "2026-10-01"}

TURNS = [
    Turn(
        "duties begin, with time for models placed before",
        Day(2025, 8, 2),
        base("legacy"),
        status("act:O03"),
        "not_yet",
        "grace",
        "grace",
        "chapter_v_applies",
    ),
    Turn(
        "the powers of the Commission begin",
        Day(2026, 8, 2),
        base("gpai"),
        answer("act:E07"),
        "not_met",
        "met",
        "met",
        "enforcement_applies",
    ),
    Turn(
        "fines become possible",
        Day(2026, 8, 2),
        base("gpai"),
        answer("act:E17"),
        "not_met",
        "met",
        "met",
        "enforcement_applies",
    ),
    Turn(
        "the time of legacy models ends",
        Day(2027, 8, 2),
        base("legacy"),
        status("act:O01"),
        "grace",
        "applies",
        "applies",
        "legacy_comply_by",
    ),
    Turn(
        "a legacy model without documents is in breach from the day after",
        Day(2027, 8, 2),
        base("legacy"),
        late("act:O01"),
        False,
        False,
        True,
        "legacy_comply_by",
    ),
    Turn(
        "agreements with Annex III systems",
        Day(2027, 12, 2),
        base("gpai", **HIGH_RISK, high_risk_annex="annex_iii"),
        status("act:V01"),
        "not_yet",
        "applies",
        "applies",
        "high_risk_applies",
    ),
    Turn(
        "agreements with Annex I systems",
        Day(2028, 8, 2),
        base("gpai", **HIGH_RISK, high_risk_annex="annex_i"),
        status("act:V01"),
        "not_yet",
        "applies",
        "applies",
        "high_risk_applies",
    ),
    Turn(
        "a designated model carries systemic risk",
        Day(2026, 10, 5),
        base("gpai", **DESIGNATED),
        answer("act:SR"),
        "not_met",
        "met",
        "met",
    ),
    Turn(
        "a reassessment can be requested after six months",
        Day(2027, 4, 5),
        base("gpai", **DESIGNATED, reassessment_new_reasons=True),
        answer("act:C11"),
        "not_met",
        "met",
        "met",
    ),
    Turn(
        "duties follow the day of placing",
        Day(2025, 9, 1),
        base("gpai"),
        status("act:O01"),
        "not_yet",
        "applies",
        "applies",
    ),
    Turn(
        "documents are due on the day of placing and late after it",
        Day(2025, 9, 1),
        base("gpai"),
        late("act:O01"),
        False,
        False,
        True,
    ),
    Turn(
        "the last of fourteen days to notify",
        Day(2026, 11, 23),
        base("training"),
        state("act:C06"),
        "running",
        "due",
        "late",
    ),
    Turn(
        "a plan that becomes known",
        Day(2026, 11, 9),
        base("training"),
        answer("act:C06"),
        "not_met",
        "met",
        "met",
    ),
    Turn(
        "a mandate has to be there before the day of placing",
        Day(2025, 9, 1),
        base("abroad"),
        state("act:A01"),
        "running",
        "late",
        "late",
    ),
    Turn(
        "documentation is kept for ten years",
        Day(2035, 9, 1),
        base("abroad"),
        state("act:A03"),
        "running",
        "due",
        "due",
    ),
    Turn(
        "the AI Office answers within thirty days",
        Day(2026, 10, 31),
        base("gpai") | REQUEST,
        state("act:E03"),
        "running",
        "due",
        "late",
    ),
]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: f"{turn.day}: {turn.sentence}")
def test_on_the_day_and_not_before(turn: Turn) -> None:
    world = World.from_object(turn.facts)
    around = [turn.asked(evaluate(world, turn.day + step * ONE)) for step in (-1, 0, 1)]
    assert around == [turn.before, turn.on, turn.after]


def dates_of(name: str) -> set[Day]:
    """Return all dates that a date parameter holds."""
    found = set()
    for value in PACK.parameters[name].value:
        held = value.value.values() if isinstance(value.value, Mapping) else [value.value]
        found |= {day if isinstance(day, Day) else Day.fromisoformat(day) for day in held}
    return found


def test_every_date_that_rules_read_has_a_turn() -> None:
    decided = {(turn.decided_by, turn.day) for turn in TURNS if turn.decided_by}
    named = {parameter.id for parameter in PACK.parameters.values() if parameter.unit == "date"}
    # The cut-off is a day of placing, not of asking; its three days stand below.
    assert {(name, day) for name in named for day in dates_of(name)} - decided == {
        ("legacy_cut_off", Day(2025, 8, 2))
    }


@pytest.mark.parametrize(
    ("placed_on", "legacy"),
    [("2025-08-01", "met"), ("2025-08-02", "not_met"), ("2025-08-03", "not_met")],
)
def test_only_models_placed_before_the_cut_off_have_time(placed_on: str, legacy: str) -> None:
    assessment = evaluate(World.from_object(base("gpai", placed_on=placed_on)), Day(2026, 11, 25))
    assert answer("act:T05")(assessment) == legacy


def test_the_amendment_of_2026_counts_from_27_july() -> None:
    day = Day(2026, 7, 27)
    for row, before, after in (
        ("act:K07", "met", "not_met"),
        ("act:D14", "not_met", "met"),
        ("act:M01", "not_met", "met"),
        ("act:T07", "not_met", "met"),
    ):
        found = [dated_answers(PACK, day + step * ONE)[row] for step in (-1, 0, 1)]
        assert found == [before, after, after], row


def test_the_period_for_what_was_known_before_the_start_rolls_to_monday_beside_the_plain_day() -> (
    None
):
    facts = base("training", compute_known_on="2025-06-20")
    (clock,) = (c for c in evaluate(World.from_object(facts), Day(2025, 8, 10)).clocks)
    assert (clock.started_on, clock.due) == (Day(2025, 8, 2), Day(2025, 8, 16))
    assert clock.due_if_rolled == Day(2025, 8, 18)


# --- thresholds -------------------------------------------------------------------------------


class Edge(msgspec.Struct, frozen=True):
    """A threshold: whose row reads it, from which key, and amounts below, at and above it."""

    row: str
    key: str
    below: tuple[str, ...]
    at: tuple[str, ...]
    above: tuple[str, ...]
    facts: Facts = {}


def around(amount: int) -> dict[str, tuple[str, ...]]:
    """Return amounts below, at and above: the neighbours, and decimals close by."""
    return {
        "below": (str(amount - 1), f"{amount - 1}.999999999999"),
        "at": (str(amount), f"{amount}.000"),
        "above": (str(amount + 1), f"{amount}.000000000001"),
    }


MODIFIER = {
    "model.derived_from": ["meridian-base"],
    "model.modified_by_original_provider": False,
    "model.original_compute": "3e24",
}
EDGES: dict[str, Edge] = {
    "gpai_indicator_compute": Edge(
        "gl:G1.1",
        "model.training_compute",
        **around(10**23),
        facts={"model.modalities_out": ["text"]},
    ),
    "systemic_risk_compute": Edge("act:C03", "model.cumulative_compute", **around(10**25)),
    "modification_share": Edge(
        "gl:G5.2", "model.modification_compute", **around(10**24), facts=MODIFIER
    ),
    "orientation_parameters": Edge("act:D12", "model.parameters_total", **around(10**9)),
    "business_users": Edge("act:XIII.f", "model.business_users_union", **around(10_000)),
    # The margin reaches over a threshold where 1.3 times the estimate is greater than it: there is
    # no decimal that reaches it exactly.
    "estimate_margin": Edge(
        "gl:G8.30",
        "model.cumulative_compute",
        below=("7692307692307692307692307", "7692307692307692307692307.6923"),
        at=(),
        above=("7692307692307692307692308", "7692307692307692307692307.6924"),
    ),
    "notified_figures": Edge(
        "gl:G3.10",
        "notification.compute_text",
        below=("2x10^25 FLOP", "2e25"),
        at=("2.3x10^25 FLOP", "2.0e25"),
        above=("2.31x10^25 FLOP", "2.345e25"),
        facts={"notification.method_described": True},
    ),
}
REACHED_AT = {"greater than": False, "at least": True, "at most": False}


def test_every_threshold_has_its_edge() -> None:
    thresholds = {p.id for p in PACK.parameters.values() if p.relation != "is"}
    assert thresholds == set(EDGES)


@pytest.mark.parametrize("name", EDGES)
def test_below_at_and_above_a_threshold(name: str) -> None:
    edge = EDGES[name]
    at = REACHED_AT[PACK.parameters[name].relation]
    for amounts, reached in ((edge.below, False), (edge.at, at), (edge.above, True)):
        for amount in amounts:
            assessment = evaluate(
                World.from_object(edge.facts | {edge.key: amount}), Day(2026, 11, 25)
            )
            assert answer(edge.row)(assessment) == ("met" if reached else "not_met"), amount


def test_the_fallback_thirds_are_compared_without_rounding() -> None:
    unknown = {
        "model.original_compute_known": False,
        "model.original_compute_estimable": False,
        "model.derived_from": ["closed-base"],
        "model.modified_by_original_provider": False,
    }
    for systemic, below, above in (
        (False, "33333333333333333333333", "33333333333333333333334"),
        (True, "3333333333333333333333333", "3333333333333333333333334"),
    ):
        facts = unknown | {"model.original_systemic": systemic}
        for amount, expected in ((below, "not_met"), (above, "met")):
            world = World.from_object(facts | {"model.modification_compute": amount})
            assert answer("gl:G5.2")(evaluate(world, Day(2026, 11, 25))) == expected


@pytest.mark.parametrize(
    ("turnover", "ceiling"),
    [
        ("499999999", 15_000_000),
        ("500000000", 15_000_000),
        ("500000100", 15_000_003),
        ("1000000000000", 30_000_000_000),
        ("0", 15_000_000),
    ],
)
def test_the_ceiling_is_the_higher_of_share_and_amount(turnover: str, ceiling: int) -> None:
    facts = base("gpai") | {"provider.turnover_eur": turnover}
    found = evaluate(World.from_object(facts), Day(2026, 11, 25)).findings
    value = next(finding.value for finding in found if finding.rule == "act:E17")
    assert value is not None
    assert value["fine_cap_eur"] == ceiling
