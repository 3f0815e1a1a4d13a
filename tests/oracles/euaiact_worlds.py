"""Generated worlds: facts under catalogue keys and the date on which the law is asked.

A world is drawn whole first, so that its facts fit one another, and then facts are taken away.
What is taken away is unknown, on both sides of the comparison. Amounts and counts are drawn at
the thresholds of the law, just below and just above them; dates on the days on which something
begins or ends, the day before and the day after. The generator is seeded: the same seed gives
the same worlds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

TURNING_DAYS = (
    date(2025, 8, 2),
    date(2026, 7, 27),
    date(2026, 8, 2),
    date(2027, 8, 2),
    date(2028, 8, 2),
    date(2029, 8, 2),
)
PRESUMPTION_FLOP = 10**25
INDICATION_FLOP = 10**23
BUSINESS_USERS = 10_000
TURNOVER_AT_WHICH_THE_SHARE_OVERTAKES = 500_000_000
UNION_CODES = ("DE", "FR", "IE", "PL")
THIRD_COUNTRY_CODES = ("US", "JP", "CA", "CH")
EXTERNAL_ROUTES = ("library", "api", "repository", "physical_copy", "cloud", "mobile_app")
# The mean of these is the share of unknown facts over all worlds.
SHARES_UNKNOWN = (0.0, 0.1, 0.2, 0.3, 0.3, 0.4, 0.5, 0.6)
# Facts of one event: half of the worlds have no such event at all.
EVENT_SUBJECTS = ("notification.", "complaint.", "request.", "incident.", "representative.")


@dataclass(frozen=True)
class World:
    """Facts under catalogue keys, in their JSON form, and a date; a missing key is unknown."""

    facts: dict[str, object]
    on: date

    def get(self, key: str) -> object:
        """The stated value, or None where nothing is stated."""
        return self.facts.get(key)

    def flag(self, key: str) -> bool | None:
        """A stated truth value, or None."""
        value = self.facts.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise TypeError(f"{key}: expected true or false, got {value!r}")

    def text(self, key: str) -> str | None:
        """A stated text, or None."""
        value = self.facts.get(key)
        if value is None or isinstance(value, str):
            return value
        raise TypeError(f"{key}: expected a text, got {value!r}")

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A stated list of texts, or None."""
        value = self.facts.get(key)
        if value is None:
            return None
        if isinstance(value, list):
            return tuple(str(item) for item in value)
        raise TypeError(f"{key}: expected a list, got {value!r}")

    def amount(self, key: str) -> int | None:
        """A stated amount (FLOP, EUR, persons) as an exact integer, or None."""
        value = self.facts.get(key)
        return None if value is None else int(str(value))

    def day(self, key: str) -> date | None:
        """A stated date, or None."""
        value = self.facts.get(key)
        return None if value is None else date.fromisoformat(str(value))

    def without(self, key: str) -> World:
        """The same world with one fact taken away."""
        return World({name: value for name, value in self.facts.items() if name != key}, self.on)


def worlds(count: int, seed: int) -> Iterator[World]:
    """Draw `count` worlds; the same seed gives the same worlds."""
    random = Random(seed)
    for _ in range(count):
        yield draw_world(random)


def draw_world(random: Random) -> World:
    """Draw one consistent world and take facts away from it."""
    facts: dict[str, object] = {}
    on = _around(random, random.choice(TURNING_DAYS))
    if random.random() < 0.3:
        on = date(2025, 7, 1) + timedelta(days=random.randrange(1600))
    _draw_compute(random, facts)
    _draw_generality(random, facts)
    _draw_risk(random, facts, on)
    _draw_licence(random, facts)
    _draw_provider(random, facts)
    _draw_events(random, facts, on)
    on = _draw_placing(random, facts, _near_a_due_day(random, facts, on))
    share = random.choice(SHARES_UNKNOWN)
    events = {subject for subject in EVENT_SUBJECTS if random.random() < 0.5}
    kept = {
        key: value
        for key, value in sorted(facts.items())
        if random.random() >= share and not any(key.startswith(event) for event in events)
    }
    return World(kept, on)


def _around(random: Random, day: date) -> date:
    return day + timedelta(days=random.choice((-1, 0, 1)))


def _beside(random: Random, threshold: int) -> int:
    return threshold + random.choice((-1, 0, 1))


def _draw_compute(random: Random, facts: dict[str, object]) -> None:
    cumulative = random.choice(
        (
            10**22,
            _beside(random, INDICATION_FLOP),
            10**24,
            _beside(random, PRESUMPTION_FLOP),
            _beside(random, PRESUMPTION_FLOP),
            3 * 10**25,
        )
    )
    # Updates are a part of the cumulative amount, often all of it.
    training = random.choice((cumulative, cumulative, cumulative // 2))
    planned = max(cumulative, random.choice((10**24, _beside(random, PRESUMPTION_FLOP))))
    if training <= PRESUMPTION_FLOP or random.random() < 0.7:
        facts["model.cumulative_compute"] = str(cumulative)
    facts["model.training_compute"] = str(training)
    facts["model.planned_compute"] = str(planned)
    facts["model.modalities_out"] = random.choice((["text"], ["text"], ["other:game_moves"]))


def _draw_generality(random: Random, facts: dict[str, object]) -> None:
    if random.random() < 0.3:
        return
    general = random.random() < 0.85
    facts["model.significant_generality"] = general or random.random() < 0.5
    facts["model.wide_range_of_tasks"] = general
    facts["model.integrable_in_systems"] = general or random.random() < 0.5


def _draw_risk(random: Random, facts: dict[str, object], on: date) -> None:
    facts["model.business_users_union"] = _beside(random, BUSINESS_USERS)
    if random.random() < 0.5:
        facts["model.high_impact_capabilities"] = random.random() < 0.3
    facts["model.rebuttal"] = random.choice(("none", "none", "pending", "accepted", "rejected"))
    facts["model.notified"] = random.random() < 0.5
    if random.random() < 0.4:
        designated = on - timedelta(days=random.choice((-1, 0, 1, 100, 183, 184, 185, 400)))
        facts["model.designated_on"] = max(designated, date(2025, 8, 2)).isoformat()
        facts["model.designation_route"] = random.choice(
            ("annex_xiii", "annex_xiii", "not_notified")
        )
        facts["model.reassessment_new_reasons"] = random.random() < 0.7
    compute = int(str(facts.get("model.cumulative_compute", facts["model.training_compute"])))
    met = on - timedelta(days=random.choice((0, 5, 13, 14, 15, 40, 200)))
    reached = compute > PRESUMPTION_FLOP or facts.get("model.high_impact_capabilities")
    if reached and random.random() < 0.5:
        facts["model.systemic_condition_met_on"] = met.isoformat()
    if int(str(facts["model.planned_compute"])) > PRESUMPTION_FLOP:
        known = met - timedelta(days=random.choice((0, 0, 3, 30)))
        facts["model.compute_known_on"] = known.isoformat()


def _draw_licence(random: Random, facts: dict[str, object]) -> None:
    open_release = random.random() < 0.5
    for key in (
        "model.licence_free_and_open",
        "model.weights_public",
        "model.architecture_public",
        "model.usage_info_public",
    ):
        facts[key] = random.random() < (0.95 if open_release else 0.5)
    facts["model.monetised"] = random.random() < 0.25


def _draw_provider(random: Random, facts: dict[str, object]) -> None:
    facts["provider.name"] = "Northlight Research GmbH"
    facts["provider.established_in"] = random.choice(UNION_CODES + THIRD_COUNTRY_CODES)
    facts["provider.size"] = random.choice(("micro", "small", "medium", "small_mid_cap", "large"))
    facts["provider.code_chapters_signed"] = random.choice(
        ([], ["transparency", "copyright"], ["transparency", "copyright", "safety"], ["safety"])
    )
    facts["provider.harmonised_standards_met"] = random.choice(([], [], ["EN 00000:2030"]))
    facts["provider.turnover_eur"] = str(
        random.choice((0, _beside(random, TURNOVER_AT_WHICH_THE_SHARE_OVERTAKES), 10**11))
    )
    facts["provider.breach_intent"] = random.choice(("none", "negligent", "intentional"))
    ours, other = facts["provider.name"], "Harbour Compute Oy"
    facts["model.placed_by"] = random.choice((ours, ours, other))
    # Whoever places the model has developed it, or has had it developed by somebody else.
    facts["model.developed_for"] = facts["model.placed_by"]
    facts["model.developed_by"] = random.choice((ours, other))


def _draw_events(random: Random, facts: dict[str, object], on: date) -> None:
    facts["notification.compute_text"] = random.choice(("2.3x10^25", "2.31x10^25", "2x10^25"))
    facts["notification.method_described"] = random.random() < 0.7
    facts["complaint.complainant"] = random.choice(("downstream_provider", "end_user"))
    facts["complaint.reasoned"] = random.random() < 0.7
    facts["request.kind"] = random.choice(
        ("market_surveillance", "market_surveillance", "article_91", "mandate_copy")
    )
    received = on - timedelta(days=random.choice((0, 29, 30, 31, 100)))
    facts["request.received_on"] = received.isoformat()
    facts["incident.kind"] = random.choice(
        ("parameter_exfiltration", "self_exfiltration", "cyberattack")
    )
    outcomes = [name for name in ("I1", "I2", "I3", "I4") if random.random() < 0.2]
    facts["incident.outcomes"] = outcomes
    # The first outcome is a disruption that is serious and irreversible by its own words.
    facts["incident.irreversible"] = "I1" in outcomes or random.random() < 0.5
    facts["model.used_in_high_risk_system"] = random.random() < 0.5
    facts["representative.established_in"] = random.choice(UNION_CODES + THIRD_COUNTRY_CODES)
    facts["representative.mandate_accepted_on"] = _around(random, on).isoformat()
    facts["representative.considers_breach_on"] = _around(random, on).isoformat()


def _near_a_due_day(random: Random, facts: dict[str, object], on: date) -> date:
    """Sometimes ask on the last day of the notice, the day before or the day after."""
    started = facts.get("model.systemic_condition_met_on")
    if started is None or random.random() >= 0.3:
        return on
    facts["model.compute_known_on"] = started
    return _around(random, date.fromisoformat(str(started)) + timedelta(weeks=2))


def _draw_placing(random: Random, facts: dict[str, object], on: date) -> date:
    facts["model.union_market"] = random.choice(("true",) * 8 + ("false", "excluded"))
    facts["model.commercial_activity"] = random.random() < 0.85
    facts["model.placing_routes"] = [random.choice(EXTERNAL_ROUTES)]
    facts["model.sole_scientific_research"] = random.random() < 0.1
    facts["model.exclusively_military_use"] = random.random() < 0.1
    facts["model.outputs_used_in_union"] = random.random() < 0.7
    internal = random.random() < 0.1
    facts["model.internal_only"] = internal
    facts["model.essential_for_third_parties"] = random.random() < 0.4
    facts["model.affects_persons_rights"] = random.random() < 0.4
    if internal:
        facts["model.placing_routes"] = ["internal"]
    if random.random() < 0.8:
        day = random.choice(
            (
                date(2024, 1, 15),
                _around(random, date(2025, 8, 2)),
                _around(random, date(2025, 8, 2)),
                on,
                on - timedelta(days=200),
            )
        )
        facts["model.stage"] = "placed"
        facts["model.first_supply_in_union"] = True
        facts["model.placed_on"] = min(day, on).isoformat()
    else:
        facts["model.stage"] = random.choice(("planned", "training", "trained"))
        facts["model.placed_on"] = (on + timedelta(days=random.choice((1, 60)))).isoformat()
    return on
