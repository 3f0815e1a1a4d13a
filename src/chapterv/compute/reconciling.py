"""Several ways of knowing the compute of one run, side by side.

The methods are compared in pairs; where two are further apart than the tolerance, the reason is
proposed together with the repair. One estimate is chosen by a fixed order, never by averaging:
a mean of a right and a wrong figure is wrong. A method whose input the evidence shows to be wrong
stands behind the others. The order in which methods come in changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import msgspec

from chapterv.compute.repairs import (
    COUNTED,
    Evidence,
    Exact,
    Method,
    Repair,
    distance,
    exact,
    propose_repairs,
)
from chapterv.compute.repairs_arithmetic import read_calculations
from chapterv.errors import InputError

__all__ = ["KINDS", "Chosen", "Gap", "Reconciliation", "methods_in_text", "reconcile"]

KINDS = (
    "measured",
    "architecture",
    "hardware",
    "six_per_parameter",
    "published",
    "calculation",
    "tool",
    "stated",
)
"""Kinds of methods, best first where nothing speaks against them."""

_WHY = {
    "measured": "a meter counted the operations of this run while it ran",
    "architecture": "operations follow from the architecture and from the tokens in the logs",
    "hardware": "units, time, peak and the utilisation by the model's own operations are known",
    "six_per_parameter": "only the approximation for large dense transformers can be worked out",
    "published": "others published an estimate and nothing nearer to the run is known",
    "calculation": "the documents work it out and nothing nearer to the run is known",
    "tool": "only a tool's own counter is known, whose rules differ from the Guidelines'",
    "stated": "it was stated, without a calculation that can be followed",
}
# Methods that rest on the same inputs, or that cite each other, confirm nothing.
_BASIS = {
    "measured": "meter",
    "architecture": "tokens",
    "six_per_parameter": "tokens",
    "hardware": "hardware",
}


class Gap(msgspec.Struct, frozen=True):
    """Two methods against each other.

    Args:
        first: place of the one in the list of methods, the better one.
        second: place of the other.
        ratio: amount of the first divided by that of the second.
        agrees: whether they are within the tolerance of each other, from either side.
        repairs: what would bring them nearer, those that mend first; empty where they agree.
    """

    first: int
    second: int
    ratio: Fraction
    agrees: bool
    repairs: tuple[Repair, ...]


class Chosen(msgspec.Struct, frozen=True):
    """The estimate to use.

    Args:
        method: place in the list of methods.
        amount: operations, unrounded: thresholds are compared with this, never with a rounded one.
        low: least that it may be, or None where nothing bounds it.
        high: most that it may be.
        why: the reason for this method.
        bound_from: what the bound rests on.
        within_margin: met, not_met or cannot_tell: whether low and high lie within the margin.
        margin: the share that was asked for.
    """

    method: int
    amount: Exact
    low: Exact | None
    high: Exact | None
    why: str
    bound_from: str
    within_margin: str
    margin: Exact


class Reconciliation(msgspec.Struct, frozen=True):
    """Methods, their gaps and the estimate.

    Args:
        methods: best first.
        gaps: every pair.
        chosen: the estimate.
    """

    methods: tuple[Method, ...]
    gaps: tuple[Gap, ...]
    chosen: Chosen

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """Pairs that disagree and that no repair mends."""
        return tuple(
            gap for gap in self.gaps if not gap.agrees and not any(r.mends for r in gap.repairs)
        )


def reconcile(
    methods: Iterable[Method],
    evidence: Evidence,
    *,
    tolerance: Exact,
    margin: Exact,
    doubted: Mapping[Method, str] | None = None,
) -> Reconciliation:
    """Compare methods in pairs, propose repairs and choose one estimate.

    Args:
        methods: at least one; their order changes nothing.
        evidence: texts and stated amounts that can support a repair.
        tolerance: share within which two methods agree.
        margin: the Guidelines' accuracy as a share of the estimate; law data.
        doubted: methods that other records show to be wrong, with the reason; they stand behind.

    Returns: methods best first, gaps and the chosen estimate.

    Raises:
        InputError: no method, an unknown kind, a binary float or an amount not above zero.

    Source: Guidelines, Annex A.2 (any method accurate within the margin of the estimate).
    """
    ordered = tuple(sorted((_checked(method) for method in methods), key=_order))
    if not ordered:
        raise InputError("no method is given", None, "Give at least one way of knowing it.")
    gaps = _gaps(ordered, evidence, tolerance)
    behind = doubted or {}
    doubts = {place: behind[one] for place, one in enumerate(ordered) if one in behind}
    doubts = {**_doubts(ordered, gaps), **doubts}
    if doubts and len(doubts) < len(ordered):
        # What the evidence shows to be wrong is kept and shown, behind what it leaves standing.
        standing = [method for place, method in enumerate(ordered) if place not in doubts]
        ordered = (*standing, *(ordered[place] for place in sorted(doubts)))
        gaps = _gaps(ordered, evidence, tolerance)
    else:
        doubts = {}
    return Reconciliation(ordered, gaps, _choose(ordered, gaps, margin, tuple(doubts.values())))


def methods_in_text(evidence: Evidence) -> tuple[Method, ...]:
    """Every amount of compute that the texts work out themselves, each with its place.

    Args:
        evidence: the texts.

    Returns: methods of kind ``calculation``, from a million FLOP on, without those whose own
        result differs from what their numbers come to.
    """
    found: dict[Fraction, Method] = {}
    for passage in evidence.passages:
        for calculation in read_calculations(passage.text):
            value = calculation.value
            if calculation.holds and not calculation.restates and value >= 10**6:
                found.setdefault(
                    value,
                    Method("calculation", value, name=calculation.text, place=passage.place),
                )
    return tuple(found.values())


def _checked(method: Method) -> Method:
    if method.kind not in KINDS:
        raise InputError(
            f"{method.kind[:40]!r} is no kind of method", None, "Known: " + ", ".join(KINDS) + "."
        )
    low, amount, high = (
        exact(value, f"the amount of {method.kind}") if value is not None else None
        for value in (method.low, method.amount, method.high)
    )
    if amount is None or amount <= 0:
        raise InputError(f"the amount of {method.kind} must be above zero", None, "Check it.")
    if (low is not None and low > amount) or (high is not None and high < amount):
        raise InputError(
            f"the bound of {method.kind} does not contain its amount", None,
            "Give low, amount and high in rising order.",
        )  # fmt: skip
    return method


def _order(method: Method) -> tuple[int, str, str, Fraction, str]:
    return (_rank(method), method.name, method.place, exact(method.amount), repr(method.inputs))


def _rank(method: Method) -> int:
    """The method's place in the order: a method without its own basis stands behind the others."""
    rank = 10 * KINDS.index(method.kind)
    if method.kind == "architecture" and _origin(method, "tokens") not in COUNTED:
        return 10 * KINDS.index("hardware") + 5
    if method.kind == "hardware" and not _by_model(method):
        return 10 * KINDS.index("calculation") + 5
    return rank


def _by_model(method: Method) -> bool:
    """Whether utilisation, or the rate that a log gives for one unit, counts the model alone."""
    return "model" in (_origin(method, "utilisation"), _origin(method, "throughput"))


def _origin(method: Method, name: str) -> str:
    return next((given.origin for given in method.inputs if given.name == name), "")


def _gaps(methods: tuple[Method, ...], evidence: Evidence, tolerance: Exact) -> tuple[Gap, ...]:
    return tuple(
        _gap(methods, first, second, evidence, tolerance)
        for first in range(len(methods))
        for second in range(first + 1, len(methods))
    )


def _doubts(methods: tuple[Method, ...], gaps: tuple[Gap, ...]) -> dict[int, str]:
    """Methods of which an input is shown to be wrong, and no input of the method beside them."""
    found: dict[int, str] = {}
    for gap in gaps:
        mending = {repair.kind: repair.title for repair in reversed(gap.repairs) if repair.mends}
        kinds = {methods[place].kind: place for place in (gap.first, gap.second)}
        if len(mending) == 1 and len(kinds) == 2:
            ((kind, title),) = mending.items()
            name = kind.replace("_", " ")
            found.setdefault(kinds[kind], f"the {name} method was passed over ({title.lower()})")
    return found


def _gap(
    methods: tuple[Method, ...], first: int, second: int, evidence: Evidence, tolerance: Exact
) -> Gap:
    one, other = methods[first], methods[second]
    left, right = exact(one.amount), exact(other.amount)
    agrees = distance(left, right) <= 1 + exact(tolerance, "the tolerance")
    repairs: tuple[Repair, ...] = ()
    if not agrees:
        proposed = (
            *propose_repairs(other, left, evidence, tolerance, one),
            *propose_repairs(one, right, evidence, tolerance, other),
        )
        repairs = tuple(sorted(proposed, key=lambda r: (not r.mends, not r.explains)))
    return Gap(first, second, left / right, agrees, repairs)


def _choose(
    methods: tuple[Method, ...], gaps: tuple[Gap, ...], margin: Exact, passed_over: tuple[str, ...]
) -> Chosen:
    method = methods[0]
    low, high, rests_on = _bound(methods, gaps)
    return Chosen(
        method=0,
        amount=method.amount,
        low=low,
        high=high,
        why="; ".join((_why(method), *passed_over)),
        bound_from=rests_on,
        within_margin=_margin_test(exact(method.amount), low, high, exact(margin, "the margin")),
        margin=margin,
    )


def _why(method: Method) -> str:
    if method.kind == "architecture" and _origin(method, "tokens") not in COUNTED:
        return "operations follow from the architecture; the tokens were stated, not read from logs"
    if method.kind == "hardware" and not _by_model(method):
        return "only hardware time is known, with a utilisation whose origin leaves it open"
    return _WHY[method.kind]


def _bound(
    methods: tuple[Method, ...], gaps: tuple[Gap, ...]
) -> tuple[Exact | None, Exact | None, str]:
    """The method's own bound, widened to independent methods that agree with it."""
    method = methods[0]
    basis = _BASIS.get(method.kind)
    agreeing = [
        methods[gap.second]
        for gap in gaps
        if gap.first == 0
        and gap.agrees
        and _BASIS.get(methods[gap.second].kind) not in (None, basis)
    ]
    own = method.low is not None and method.high is not None
    if not own and (not agreeing or basis is None):
        return (
            method.low,
            method.high,
            "nothing: no bound is stated, and no independent method agrees",
        )
    amounts: list[Exact] = [method.amount, *(other.amount for other in agreeing)]
    amounts += [end for end in (method.low, method.high) if end is not None]
    sources = ["the method's own bound"] if own else []
    sources += [f"agreement with the {other.kind.replace('_', ' ')} method" for other in agreeing]
    return min(amounts), max(amounts), " and ".join(dict.fromkeys(sources))


def _margin_test(amount: Fraction, low: Exact | None, high: Exact | None, margin: Fraction) -> str:
    if low is None or high is None:
        return "cannot_tell"
    inside = amount * (1 - margin) <= exact(low) and exact(high) <= amount * (1 + margin)
    return "met" if inside else "not_met"
