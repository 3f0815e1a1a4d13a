"""Our readings of the Act that the rules of `euaiact` do not hold, each under a name.

A case is asked with a set of readings. With none, the package decides alone and every missing key
is unknown. With all, its answer is what ours must be. With all but one, the difference that one
reading makes is seen apart. The arguments stand in `euaiact_differences`.
"""

from __future__ import annotations

from enum import StrEnum


class Reading(StrEnum):
    """One reading, by what it says in short."""

    MONETISATION = "monetisation ends the open-source relief"
    INTERNAL_USE = "purely internal use is no placing"
    INDICATION = "compute and modality indicate generality"
    INTEGRABLE = "integrable in systems unless denied"
    RESEARCH_ONLY = "research before placing is asked of the time, not of the model"
    SOLE_RESEARCH = "a model for the market is not for the sole purpose of research"
    COMMERCIAL = "supply is commercial unless denied"
    DESIGNATION = "a designation is on record or there is none"
    REACHES_BACK = "a designation for not notifying reaches back"
    REBUTTAL = "an accepted rebuttal is on record or there is none"
    CAPABILITIES = "capabilities that nothing shows do not hold the answer open"
    KNOWN_PART = "a known part above the threshold decides"
    NOTICE_BEFORE_PLACING = "the notice is due before placing"
    PLAN = "a plan is on record or there is none"
    PLAN_BOUNDS = "a plan at or below the threshold bounds a run under way"
    EXPECTED_RISK = "a plan above the threshold tells which duties a model to be placed will have"
    AFTER_REBUTTAL = "an accepted rebuttal leaves no notice to give"
    NOT_YET = "duties towards a model to be placed are not yet due"
    POWERS_EARLY = "powers reach whoever is to place a model"
    INTENT = "a fine is possible until intent and negligence are denied"
    PLACED_BY_NOW = "what is placed by now was placed before a later day"
    STANDARD = "a standard is relied on or there is none"
    FULL_CODE = "interest in the full code is declared or there is none"


ALL_READINGS = frozenset(Reading)
