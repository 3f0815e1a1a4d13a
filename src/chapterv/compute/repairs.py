"""Why two amounts for the same compute differ, and the repair that would bring them together.

A repair is proposed only where the words of the evidence support it *and* it brings the two amounts
nearer to each other. Nothing is searched: what may change, and which words allow it, is the table
`data/repairs.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import msgspec

from chapterv.compute.repairs_arithmetic import Calculation, read_calculations
from chapterv.compute.repairs_text import Passage, Quantity, read_quantities
from chapterv.errors import InputError

__all__ = [
    "COUNTED",
    "Evidence",
    "Exact",
    "Input",
    "Method",
    "Repair",
    "Rule",
    "distance",
    "exact",
    "propose_repairs",
    "rules",
]

COUNTED = frozenset({"log", "measured", "meter"})
"""Origins of inputs that were counted while the run went on."""

Exact = int | Decimal | Fraction
"""An amount without rounding."""


class Input(msgspec.Struct, frozen=True):
    """One figure that a method multiplied.

    Args:
        name: what it is, such as ``parameters``, ``tokens``, ``utilisation``.
        value: exact.
        origin: where it comes from, such as ``log``, ``stated``, ``model``.
        place: file and place, if any.
    """

    name: str
    value: Exact
    origin: str = ""
    place: str = ""


class Method(msgspec.Struct, frozen=True):
    """One way of knowing the compute of a run.

    Args:
        kind: measured, architecture, six_per_parameter, hardware, tool, published, stated or
            calculation.
        amount: operations.
        low: least that it may be, where the method knows.
        high: most that it may be.
        inputs: the figures that it multiplied.
        notes: what a person should know of it.
        name: what tells two methods of one kind apart.
        place: where it comes from.
    """

    kind: str
    amount: Exact
    low: Exact | None = None
    high: Exact | None = None
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()
    name: str = ""
    place: str = ""

    def value_of(self, name: str) -> Fraction | None:
        """An input's value, or None where the method has none of that name."""
        return next((exact(i.value, i.name) for i in self.inputs if i.name == name), None)


class Evidence(msgspec.Struct, frozen=True):
    """What supports a repair.

    Args:
        passages: texts about the run, the weightiest first.
        known: amounts that somebody stated apart, by what they are: ``fine_tune_compute``,
            ``active_parameters``, ``tokens``, ``epochs``, ``base_compute``, ``runs``; or 1 for
            what is so or not, such as ``recomputation``.
    """

    passages: tuple[Passage, ...] = ()
    known: Mapping[str, Exact] = {}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table of repairs."""

    id: str
    title: str
    kinds: tuple[str, ...]
    field: str
    way: str
    says: str
    factor: str = ""
    value: str = ""
    reads: str = ""
    fact: str = ""
    takes: str = ""
    words: tuple[str, ...] = ()
    explains: bool = False


class Repair(msgspec.Struct, frozen=True):
    """A change of one input that would bring two methods nearer.

    Args:
        rule: id of the row in the table.
        title: what was wrong, in a few words.
        kind: the method whose input it changes.
        field: the input.
        before: its value, where it has one.
        after: the value proposed.
        amount: what the method then comes to.
        says: the reason in a sentence.
        quote: the words that support it.
        place: where they stand.
        mends: whether an input changed and the two amounts then agree.
        explains: whether it tells where the other amount comes from, and changes no input.
    """

    rule: str
    title: str
    kind: str
    field: str
    before: Fraction | None
    after: Fraction
    amount: Fraction
    says: str
    quote: str
    place: str
    mends: bool
    explains: bool


class _Change(msgspec.Struct, frozen=True):
    after: Fraction
    amount: Fraction
    quote: str
    place: str
    before: Fraction | None = None


def exact(value: Exact, what: str = "the amount") -> Fraction:
    """An exact fraction of a number that is no binary float.

    Raises:
        InputError: a float, or a number that is not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise InputError(
            f"{what} must be an integer, a decimal or a fraction, got {type(value).__name__}",
            None, "Read it from its text, so that no digit is lost.",
        )  # fmt: skip
    if isinstance(value, Decimal) and not value.is_finite():
        raise InputError(f"{what} must be a finite number", None, "Check it.")
    return Fraction(value)


def distance(first: Fraction, second: Fraction) -> Fraction:
    """How many times the larger of two amounts is the smaller."""
    if first <= 0 or second <= 0:
        raise InputError("an amount of compute must be above zero", None, "Check it.")
    return max(first, second) / min(first, second)


@cache
def rules() -> tuple[Rule, ...]:
    """The table of repairs, in the order in which they are proposed."""
    from chapterv.facts import datafiles  # its front is slow, and only a table needs it

    rows: list[dict[str, Any]] = datafiles.load_tables("chapterv.compute", "repairs")["repair"]
    return tuple(msgspec.convert(rows, list[Rule]))


def propose_repairs(
    method: Method,
    reference: Exact,
    evidence: Evidence,
    tolerance: Exact,
    other: Method | None = None,
) -> tuple[Repair, ...]:
    """Propose what would bring a method nearer to another amount.

    Args:
        method: the method whose inputs may be wrong.
        reference: operations by another method.
        evidence: texts and stated amounts about the run.
        tolerance: share within which two amounts agree, such as Decimal("0.3").
        other: the method that the reference comes from, whose inputs support a repair too.

    Returns: at most one repair a rule, those that mend first, then those that explain.

    Raises:
        InputError: a binary float, or an amount that is not above zero.
    """
    aim = exact(reference, "the reference")
    limit = 1 + exact(tolerance, "the tolerance")
    now = distance(exact(method.amount), aim)
    found = []
    evidence = _with_inputs(evidence, other)
    for rule in rules():
        if method.kind not in rule.kinds:
            continue
        changes = [c for c in _changes(rule, method, evidence) if c.amount > 0]
        nearer = [c for c in changes if distance(c.amount, aim) < now]
        if nearer:
            best = min(nearer, key=lambda c: distance(c.amount, aim))
            found.append(_repair(rule, method, best, distance(best.amount, aim) <= limit))
    return tuple(sorted(found, key=lambda repair: (not repair.mends, not repair.explains)))


def _repair(rule: Rule, method: Method, change: _Change, agrees: bool) -> Repair:
    before = change.before if change.before is not None else method.value_of(rule.field)
    return Repair(
        rule=rule.id,
        title=rule.title,
        kind=method.kind,
        field=rule.field,
        before=before,
        after=change.after,
        amount=change.amount,
        says=rule.says,
        quote=change.quote,
        place=change.place,
        mends=agrees and not rule.explains,
        explains=agrees and rule.explains,
    )


def _changes(rule: Rule, method: Method, evidence: Evidence) -> Iterator[_Change]:
    support = _support(rule, evidence)
    if rule.words and support is None:
        return
    if rule.way == "calculation":
        yield from _calculated(rule, method, evidence)
    elif rule.field == "amount":
        yield from _amounts(rule, method, evidence, support)
    else:
        yield from _inputs(rule, method, evidence, support)


def _with_inputs(evidence: Evidence, other: Method | None) -> Evidence:
    """Add what another method rests on: only the architecture knows what a token passes through."""
    if other is None or other.kind not in ("architecture", "measured"):
        return evidence
    names = {"parameters": "active_parameters", "tokens": "tokens", "epochs": "epochs"}
    inputs = {names[i.name]: i.value for i in other.inputs if i.name in names}
    return Evidence(evidence.passages, {**inputs, **evidence.known})


def _support(rule: Rule, evidence: Evidence) -> Quantity | None:
    """The fact or the first words that a rule asks for, with their surroundings."""
    if rule.way == "times" and evidence.known.get(rule.fact):
        return Quantity(Fraction(1), rule.fact.replace("_", " "), "stated")
    for passage in evidence.passages:
        for words in rule.words:
            if match := re.search(words, passage.text):
                around = passage.text[max(0, match.start() - 60) : match.end() + 60]
                return Quantity(Fraction(0), " ".join(around.split()), passage.place)
    return None


def _inputs(
    rule: Rule, method: Method, evidence: Evidence, support: Quantity | None
) -> Iterator[_Change]:
    if any(i.name == rule.field and i.origin in COUNTED for i in method.inputs):
        return  # what was counted while it happened is not put right by words
    before = method.value_of(rule.field)
    if before is None:
        before = Fraction(1) if rule.field in ("epochs", "operations_per_token") else None
    if not before:
        return
    amount = exact(method.amount)
    for after, quote, place in _values(rule, before, evidence, support):
        if after > 0 and after != before:
            yield _Change(after, amount * after / before, quote, place, before)


def _values(
    rule: Rule, before: Fraction, evidence: Evidence, support: Quantity | None
) -> Iterator[tuple[Fraction, str, str]]:
    if support is not None and rule.way in ("times", "set"):
        after = before * Fraction(rule.factor) if rule.way == "times" else Fraction(rule.value)
        yield after, support.quote, support.place
    elif rule.reads == "thousandfold_parameters":
        yield from _thousandfold(before, evidence)
    elif rule.way in ("read", "times_read", "share"):
        for quantity in _quantities(rule.reads, evidence):
            after = {
                "read": quantity.value,
                "times_read": before * quantity.value,
                "share": before / quantity.value,
            }[rule.way]
            yield after, quantity.quote, quantity.place
        if rule.reads == "active_parameters":
            for share in read_quantities("active_shares", evidence.passages):
                yield before * share.value, share.quote, share.place


def _quantities(name: str, evidence: Evidence) -> Iterator[Quantity]:
    """What is known apart, then what the texts say."""
    known = evidence.known.get(name)
    if known is not None:
        yield Quantity(exact(known, name), name.replace("_", " "), "stated")
    yield from read_quantities(name, evidence.passages)


def _thousandfold(before: Fraction, evidence: Evidence) -> Iterator[tuple[Fraction, str, str]]:
    for quantity in read_quantities("parameters", evidence.passages):
        for factor in (Fraction(1000), Fraction(1, 1000)):
            if 20 * abs(quantity.value - before * factor) <= quantity.value:
                yield quantity.value, quantity.quote, quantity.place


def _amounts(
    rule: Rule, method: Method, evidence: Evidence, support: Quantity | None
) -> Iterator[_Change]:
    amount = exact(method.amount)
    if rule.way == "fact":
        known = evidence.known.get(rule.fact)
        if known is not None and support is not None:
            after = exact(known, rule.fact)
            yield _Change(after, after, support.quote, support.place, amount)
        return
    sign = -1 if rule.way == "less" else 1
    for quantity in _quantities(rule.reads, evidence):
        after = amount + sign * quantity.value
        yield _Change(after, after, quantity.quote, quantity.place, amount)


def _calculated(rule: Rule, method: Method, evidence: Evidence) -> Iterator[_Change]:
    """Calculations of the text itself, none of which has the result among its numbers."""
    amount = exact(method.amount)
    for passage in evidence.passages:
        for calculation in read_calculations(passage.text):
            value = calculation.value
            usable = calculation.holds and value > 0 and not calculation.restates
            if usable and _taken(calculation, method) == rule.takes:
                yield _Change(value, value, calculation.text, passage.place, amount)


def _taken(calculation: Calculation, method: Method) -> str:
    """What a calculation has in common with a method: `six`, `sample` or only its result."""
    shares = {
        name: _has(calculation, value)
        for name in ("parameters", "tokens")
        if (value := method.value_of(name))
    }
    if _is_six(calculation) and any(shares.values()):
        return "six"
    if shares.get("tokens") and not _is_six(calculation):
        return "sample"
    return "other"


def _has(calculation: Calculation, value: Fraction) -> bool:
    """Whether a number of a calculation is a value, to 5 %."""
    return value > 1000 and any(20 * abs(n - value) <= value for n in calculation.numbers)


def _is_six(calculation: Calculation) -> bool:
    """Whether a calculation multiplies six, or two and three, with two larger numbers."""
    values = [factor.value for factor in calculation.factors]
    units = " ".join(factor.unit.lower() for factor in calculation.factors)
    if re.search(r"/s\b|per sec|sec|hour|day|gpu|tpu|chip|utili|mult|adds", units):
        return False
    six = 6 in values or (2 in values and 3 in values)
    return six and sum(value >= 1000 for value in values) >= 2
