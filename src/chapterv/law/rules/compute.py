"""How far an estimate of compute carries: the margin, and a threshold inside it.

Guidelines, Annex A.2. The reported estimate decides; an interval that holds a threshold warns and
never flips the answer.
"""

from __future__ import annotations

from fractions import Fraction

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer
from chapterv.law.case import Case, Number
from chapterv.law.registry import rule
from chapterv.law.rules.gpai import training_bounds
from chapterv.law.rules.systemic import cumulative_bounds
from chapterv.law.types import Finding

__all__: list[str] = []


def _straddles(case: Case, key: str, low: Number | None, high: Number | None, name: str) -> Answer:
    """Tell whether the margin around an estimate at or below a threshold reaches over it."""
    if low is None or low != high:
        case.value(key)
        case.missing(key)
        return CANNOT_TELL
    threshold = case.parameters[name]
    margin: Fraction = case.parameters["estimate_margin"]
    upper = Fraction(low) * (1 + margin)
    warn = low <= threshold < upper
    case.say("G8.warn" if warn else "G8.clear", key, low, threshold, upper)
    return MET if warn else NOT_MET


@rule("gl:G8.30", also=("gl:G8.31",))
def margin_reaches_over(case: Case) -> Finding:
    """The estimate is at or below a threshold that its margin reaches over: a warning."""
    key, name, bounds = "model.cumulative_compute", "systemic_risk_compute", cumulative_bounds(case)
    if not case.knows(key):
        key, name, bounds = (
            "model.training_compute",
            "gpai_indicator_compute",
            training_bounds(case),
        )
    answer = _straddles(case, key, *bounds, name)
    value = None
    if answer != CANNOT_TELL and bounds[0] is not None:
        value = _interval(case, Fraction(bounds[0]), answer, case.parameters[name])
    return case.close(answer, value=value)


def _interval(
    case: Case, estimate: Fraction, answer: Answer, threshold: Number
) -> dict[str, object]:
    margin: Fraction = case.parameters["estimate_margin"]
    ends = (estimate * (1 - margin), estimate * (1 + margin))
    return {
        "interval": [str(round(end)) for end in ends],
        "over_threshold": estimate > threshold,
        "warn": answer == MET,
    }
