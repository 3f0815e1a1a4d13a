"""Where our answer and that of `euaiact` differ on purpose, as data, with the argument.

One entry a reading: in which worlds it may count, which of the package's rules it reaches, and the
argument with its source. The tests check that the two sides differ nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracles.euaiact_case import CHAPTER_V_DAY
from tests.oracles.euaiact_fields import BEFORE_PLACING, SILENCE
from tests.oracles.euaiact_readings import Reading
from tests.oracles.euaiact_worlds import PRESUMPTION_FLOP, World


@dataclass(frozen=True)
class Difference:
    """One reading of ours that the package's rules do not hold."""

    reading: Reading
    rules: frozenset[str]
    when: Callable[[World], bool]
    argument: str
    source: str


DUTIES_OF_ALL = frozenset(
    {"AIA_053_001_A", "AIA_053_001_B", "AIA_053_001_C", "AIA_053_001_D", "AIA_053_003"}
)
REPRESENTATIVE = frozenset({"AIA_054_001", "AIA_054_002", "AIA_054_003_B"})
DUTIES_WITH_RISK = frozenset({"AIA_055_001_A", "AIA_055_001_B", "AIA_055_001_C", "AIA_055_001_D"})
DUTIES = DUTIES_OF_ALL | REPRESENTATIVE | DUTIES_WITH_RISK
RELIEVED = frozenset({"AIA_053_002", "AIA_053_001_A", "AIA_053_001_B"}) | REPRESENTATIVE
POWERS = frozenset({"AIA_091_001", "AIA_092_001", "AIA_093_001_A", "AIA_101_001"})
# Risk reaches the duties and powers of all models too: it ends the exception for internal use.
ON_RISK = (
    DUTIES
    | POWERS
    | {
        "AIA_051_SYSTEMRISIKOEINSTUFUNG",
        "AIA_052_001_BENENNUNG",
        "AIA_053_002",
        "AIA_056_007_TEILNAHMEBEGRENZUNG",
    }
)
ON_GENERALITY = ON_RISK | {"AIA_003_063", "AIA_025_004", "AIA_052_001_MELDUNG"}
ON_RESEARCH = (
    DUTIES | POWERS | {"AIA_002_006", "AIA_002_MODELLRAHMEN_1_BIS_12", "AIA_052_001_MELDUNG"}
)
ON_PLACING = ON_RESEARCH | {"AIA_002_001", "AIA_002_001_A", "AIA_003_009", "AIA_025_004"}
ON_CAPABILITIES = frozenset({"AIA_051_001_A", "AIA_052_001_MELDUNG"})
ON_STANDARDS = frozenset(
    {
        "AIA_040_001",
        "AIA_053_004_ALTERNATIVNACHWEIS",
        "AIA_055_002_ALTERNATIVNACHWEIS",
        "AIA_GPAI_ALTERNATIVNACHWEISBEDARF",
        "AIA_GPAI_KODEXNACHWEIS",
        "AIA_GPAI_NORMVERMUTUNG",
    }
)


def missing(*keys: str) -> Callable[[World], bool]:
    """Worlds in which one of these keys is not stated."""
    return lambda world: any(world.get(key) is None for key in keys)


def only_updates_known(world: World) -> bool:
    """The cumulative amount is unknown, and the known part alone is above the threshold."""
    part = world.amount("model.training_compute")
    total = world.amount("model.cumulative_compute")
    return total is None and part is not None and part > PRESUMPTION_FLOP


def not_known_as_placed(world: World) -> bool:
    """The model is not placed by the day of the world, or nothing says that it is."""
    day, stage = world.day("model.placed_on"), world.text("model.stage")
    if day is not None:
        return day > world.on
    return stage in (*BEFORE_PLACING, None)


def designated_for_silence(world: World) -> bool:
    """A designation for not notifying is stated; the day of the condition may be known or not."""
    return world.get("model.designation_route") == SILENCE


def run_under_way_with_low_plan(world: World) -> bool:
    """A run is planned or under way, and its plan stays at or below the threshold."""
    planned = world.amount("model.planned_compute")
    under_way = world.text("model.stage") in ("planned", "training")
    return under_way and planned is not None and planned <= PRESUMPTION_FLOP


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        Reading.MONETISATION,
        RELIEVED,
        lambda world: world.flag("model.monetised") is not False,
        "Article 53(2) speaks of a free and open-source licence; by recital 103 what is provided"
        " against a price or otherwise monetised does not get the exceptions, and the guidelines"
        " make the absence of monetisation a condition. The package's rule reads the limbs of the"
        " enacting text only.",
        "Recital 103; guidelines, section 4.2.2",
    ),
    Difference(
        Reading.INTERNAL_USE,
        DUTIES | POWERS,
        lambda world: world.flag("model.internal_only") is not False,
        "Recital 97 takes out own models that are used for purely internal processes, are not"
        " essential for a product or service to third parties and do not affect the rights of"
        " natural persons, unless they carry systemic risk. The package encodes enacting terms.",
        "Recital 97; guidelines, section 3.1.2",
    ),
    Difference(
        Reading.INDICATION,
        ON_GENERALITY,
        missing("model.significant_generality", "model.wide_range_of_tasks"),
        "Where nothing is stated on a limb of Article 3(63), the criterion of the guidelines (more"
        " than 10^23 FLOP and a listed modality) indicates it, and its lack is the exception to be"
        " shown; a run under way is judged by its plan. The package leaves the limb unknown.",
        "Guidelines, section 2.1",
    ),
    Difference(
        Reading.INTEGRABLE,
        ON_GENERALITY,
        missing("model.integrable_in_systems"),
        "The third limb of Article 3(63) is taken as met unless a fact denies it: a model that is"
        " general and competent at many tasks can be built into varied systems.",
        "Article 3(63); our reading",
    ),
    Difference(
        Reading.RESEARCH_ONLY,
        ON_GENERALITY,
        lambda world: True,
        "Article 3(63) and Article 2(8) leave out the same time: research, development and"
        " prototyping before placing. We answer it once, as a question of time beside the"
        " definition, so that the same model is not another kind of thing the day after.",
        "Articles 2(8), 3(63); guidelines, section 2.1",
    ),
    Difference(
        Reading.SOLE_RESEARCH,
        ON_RESEARCH,
        missing("model.sole_scientific_research"),
        "Article 2(6) asks for the sole purpose of scientific research. A model that is supplied"
        " commercially on the Union market has another one; no statement is needed to tell.",
        "Article 2(6); recital 25",
    ),
    Difference(
        Reading.COMMERCIAL,
        ON_PLACING,
        missing("model.commercial_activity"),
        "Article 3(10) asks for supply in the course of a commercial activity, paid or free. A"
        " company that places a model acts commercially unless it says otherwise; the question is"
        " asked beside the answer.",
        "Article 3(10); guidelines, section 3.1.1",
    ),
    Difference(
        Reading.DESIGNATION,
        ON_RISK | {"AIA_051_001_B", "AIA_052_004", "AIA_052_005_ANTRAG"},
        missing("model.designated_on"),
        "A designation is a decision of which the provider is informed and which the Commission"
        " publishes: none on record is none, and does not leave the duties open.",
        "Articles 51(1)(b), 52(4), 52(6)",
    ),
    Difference(
        Reading.REACHES_BACK,
        DUTIES
        | {
            "AIA_051_001_B",
            "AIA_051_SYSTEMRISIKOEINSTUFUNG",
            "AIA_053_002",
            "AIA_056_007_TEILNAHMEBEGRENZUNG",
        },
        designated_for_silence,
        "A model designated because it was not notified counts from the day on which the condition"
        " was met, not from the day of the decision.",
        "Article 52(1); guidelines, section 2.3.4",
    ),
    Difference(
        Reading.REBUTTAL,
        ON_RISK,
        missing("model.rebuttal"),
        "The exception needs a decision of the Commission on arguments that the provider itself"
        " filed; without one on record the classification stands. Filing alone suspends nothing.",
        "Article 52(2)-(3); guidelines, section 2.3.3",
    ),
    Difference(
        Reading.CAPABILITIES,
        ON_RISK | {"AIA_052_001_MELDUNG"},
        missing("model.high_impact_capabilities"),
        "With known compute at or below the threshold and no designation, capabilities that no fact"
        " shows do not hold the answer open; the question is asked beside it. The guidelines name"
        " no other trigger than compute and modification today.",
        "Article 51(1)(a), (2); guidelines, section 2.3.2, footnote",
    ),
    Difference(
        Reading.KNOWN_PART,
        ON_RISK | ON_CAPABILITIES | {"AIA_051_002"},
        only_updates_known,
        "Compute of the updates is a part of the cumulative amount: once it is above 10^25 FLOP, so"
        " is the whole, whatever the rest is. The package takes one exact amount.",
        "Article 51(2); recital 111; guidelines, Annex A.1",
    ),
    Difference(
        Reading.NOTICE_BEFORE_PLACING,
        frozenset({"AIA_052_001_MELDUNG"}),
        not_known_as_placed,
        "Article 52(1) asks for the notice once it is known that the condition will be met, and"
        " recital 112 before training ends. The package's provider has placed the model, so that"
        " its rule cannot ask for the notice in time.",
        "Article 52(1); recital 112; guidelines, section 2.3.2",
    ),
    Difference(
        Reading.PLAN,
        frozenset({"AIA_052_001_MELDUNG"}),
        missing("model.planned_compute"),
        "A plan above the threshold is a ground for the notice beside the amount spent. None on"
        " record says nothing of the requirement itself and does not hold the answer open.",
        "Article 52(1); guidelines, section 2.3.2",
    ),
    Difference(
        Reading.PLAN_BOUNDS,
        frozenset({"AIA_052_001_MELDUNG"}),
        run_under_way_with_low_plan,
        "The estimate made before the run is of the whole cumulative amount. While the run is under"
        " way, one at or below the threshold bounds what has been spent: watch it, and notify when"
        " it changes. The package knows a plan only as a ground for the notice.",
        "Guidelines, section 2.3.2",
    ),
    Difference(
        Reading.EXPECTED_RISK,
        DUTIES_WITH_RISK | RELIEVED,
        lambda world: world.text("model.stage") != "placed",
        "A plan above the threshold, known before placing, has to be notified; the duties that will"
        " hold from placing on are then told as not yet due, and no relief is promised. The package"
        " asks for the amount spent.",
        "Articles 52(1), 55(1); recitals 112, 114; our reading",
    ),
    Difference(
        Reading.AFTER_REBUTTAL,
        frozenset({"AIA_052_001_MELDUNG"}),
        lambda world: world.text("model.rebuttal") == "accepted",
        "The arguments are filed with the notice, so that an accepted rebuttal says that the notice"
        " was given; a new one is due only when the facts change. The requirement of Article"
        " 51(1)(a) itself stays met, as the package says.",
        "Article 52(2); guidelines, section 2.3.3",
    ),
    Difference(
        Reading.NOT_YET,
        DUTIES,
        lambda world: world.text("model.stage") != "placed",
        "The package's provider has placed the model, so that a model to be placed has no provider"
        " and no duty. What is owed from the day of placing is shown as not yet due: the"
        " representative has to be there before that day, and recital 114 asks for evaluations"
        " before it.",
        "Articles 54(1), 113; recital 114; our reading",
    ),
    Difference(
        Reading.POWERS_EARLY,
        POWERS,
        lambda world: world.text("model.stage") != "placed",
        "Notices and evaluations are owed before placing (recitals 112, 114), and the powers to"
        " see to them reach whoever is to place the model. The text speaks of the provider of the"
        " model concerned, which the package reads as one that has placed it.",
        "Articles 52(1), 91(1), 92(1); recitals 112, 114; our reading",
    ),
    Difference(
        Reading.INTENT,
        frozenset({"AIA_101_001"}),
        missing("provider.breach_intent"),
        "Article 101(1) asks for intent or negligence, which is found when a breach is; until it is"
        " denied, the power to fine is there. The question is asked beside the answer.",
        "Article 101(1); our reading",
    ),
    Difference(
        Reading.PLACED_BY_NOW,
        frozenset({"AIA_111_BESTANDSFRIST"}),
        lambda world: world.on < CHAPTER_V_DAY and world.get("model.placed_on") is None,
        "A model that is placed by a day before the cut-off was placed before the cut-off, whatever"
        " the day was. The package asks for the date itself.",
        "Article 111(3)",
    ),
    Difference(
        Reading.STANDARD,
        ON_STANDARDS,
        missing("provider.harmonised_standards_met"),
        "Presumption needs a standard whose reference is published, and a provider relies on one by"
        " saying so: none named is none relied on.",
        "Articles 40(1), 53(4), 55(2)",
    ),
    Difference(
        Reading.FULL_CODE,
        frozenset({"AIA_056_007_TEILNAHMEBEGRENZUNG"}),
        missing("provider.code_chapters_signed"),
        "Article 56(7) lets adherence stay with Article 53 unless the provider explicitly declares"
        " interest in the full code; no declaration on record is none.",
        "Article 56(7)",
    ),
)
