"""The status of a duty, composed of the answers of `euaiact` to its parts.

The package has no status of its own: it says whether a duty is triggered, whether the Act reaches
the model, when a part of the Act begins and whether a model may wait. This composes them in the
order in which several reasons are told: does not reach, relieved, not begun, may wait, applies.
"""

from __future__ import annotations

from itertools import product

from tests.oracles.euaiact_case import LEGACY_MODELS_COMPLY_BY, Answer, Case, conjunction, negation
from tests.oracles.euaiact_fields import internal_exception, market_or_plan
from tests.oracles.euaiact_readings import Reading


def status_of_duty(
    case: Case, *, relief: Answer = False, own_condition: Answer = True
) -> str | None:
    """What becomes of a duty of a provider, composed of the package's own answers.

    Args:
        case: the world.
        relief: whether the open-source relief covers the duty.
        own_condition: whether the duty's own condition holds, such as systemic risk.
    Returns: "off" (the duty does not reach this provider), "exempt", "not_yet", "grace",
        "applies", or None where what is unknown could change it.
    """
    reach = conjunction(
        market_or_plan(case),
        negation(case.rule("AIA_002_006")),
        case.field("gpai_modell"),
        negation(internal_exception(case)),
    )
    waits = case.world.on < LEGACY_MODELS_COMPLY_BY
    placed = negation(case.rule("AIA_002_008"))
    if not case.reads(Reading.NOT_YET):
        reach, placed = conjunction(reach, placed, case.field("anbieterrolle")), True
    begun = conjunction(case.begun("KAPITEL_V"), placed)
    grace = case.legacy() if waits else False
    parts = (reach, own_condition, relief, begun, grace)
    found = {_status(*choice) for choice in product(*(_possible(part) for part in parts))}
    return found.pop() if len(found) == 1 else None


def _possible(answer: Answer) -> tuple[bool, ...]:
    return (False, True) if answer is None else (answer,)


def _status(reach: bool, own_condition: bool, relief: bool, begun: bool, grace: bool) -> str:
    if not reach or not own_condition:
        return "off"
    if relief:
        return "exempt"
    if not begun:
        return "not_yet"
    return "grace" if grace else "applies"
