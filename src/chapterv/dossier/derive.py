"""Facts computed from facts: sums over runs, training compute, and the bounds that follow.

Each derived fact names its inputs, and nothing is guessed: an input that is missing gives no fact,
a sum of which nobody has said that it is complete is a bound from below, and training compute whose
length of sequence nobody stated is given as the two bounds that hold for every length.

Source: Guidelines on obligations for general-purpose AI models, Annex A.1 (what counts) and A.2
(how it is estimated).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from chapterv.compute import Architecture, training_compute
from chapterv.compute.ledger import Counts, Total, add_up
from chapterv.compute.published import ATTRIBUTION
from chapterv.dossier.inherited import Inherited, inherited_of
from chapterv.dossier.ledger import (
    SUBSTANTIAL,
    DossierLedger,
    activity_counts,
    amount_of,
    build_ledger,
)
from chapterv.dossier.run_methods import RunContext
from chapterv.dossier.run_views import activity_of, group_runs
from chapterv.errors import InputError
from chapterv.facts import Fact, Holding, Source, World, make_fact, merge
from chapterv.facts.amounts import Amount, exact_sum
from chapterv.facts.types import Basis

__all__ = ["Derived", "derive"]

READER = "derive 1"
ARTEFACT = "computed"

DescribeAt = Callable[[str], Architecture | None]
"""Describes the configuration at a path of the dossier, or gives None."""


def _nowhere(path: str) -> None:
    """Know no other configuration than the model's."""


class Derived:
    """Derived facts as they come about, on top of the facts given, and notes of what was not."""

    def __init__(
        self,
        facts: Iterable[Fact],
        model: str,
        settled: Mapping[tuple[str, str], str],
        margin: Decimal,
    ) -> None:
        self.given = tuple(facts)
        self.model = model
        self.settled = settled
        self.margin = margin
        self.made: list[Fact] = []
        self.notes: list[str] = []
        self.ledger: DossierLedger | None = None
        self.by_id = {fact.id: fact for fact in self.given}

    def world(self) -> World:
        """Return what is known by now, the newest facts included."""
        return merge((*self.given, *self.made), datetime.date.max, self.settled).world

    def add(
        self,
        key: str,
        value: Amount,
        inputs: Iterable[str],
        *,
        at_least: bool = False,
        at_most: bool = False,
        bound: Decimal | None = None,
        note: str | None = None,
        basis: Basis = "computed",
    ) -> None:
        """Make a computed fact of the model; its day is that of its newest input."""
        used = tuple(dict.fromkeys(inputs))
        days = [day for one in used if one in self.by_id and (day := self.by_id[one].as_of)]
        fact = make_fact(
            self.model,
            key,
            value,
            Source(ARTEFACT, reader=READER, inputs=used),
            basis=basis,
            relation="at_least" if at_least else "at_most" if at_most else "exactly",
            bound=bound,
            as_of=max(days, default=None),
            note=note,
        )
        self.made.append(fact)
        self.by_id[fact.id] = fact


def derive(
    facts: Iterable[Fact],
    model: str,
    architecture: Architecture | None = None,
    settled: Mapping[tuple[str, str], str] | None = None,
    margin: Decimal = Decimal(0),
    describe_at: DescribeAt = _nowhere,
) -> Derived:
    """Compute what follows from facts.

    Args:
        facts: facts of one dossier.
        model: subject of the model's facts.
        architecture: of the model's configuration, or None where there is none that is covered.
        settled: (subject, key) to the fact that a person chose.
        margin: relative error of estimates that the law accepts (Annex A.2).
        describe_at: describes the configuration at a path of the dossier, or gives None.

    Returns: the derived facts in `made`, the ledger of compute, and in `notes` what could not be
        derived and why.
    """
    work = Derived(facts, model, settled or {}, margin)
    _sum_tokens(work)
    _add_ledger(work, architecture, describe_at)
    _estimate_training(work, architecture)
    _bound_cumulative(work)
    return work


def _sum_tokens(work: Derived) -> None:
    """Tokens of the training runs bound the model's training tokens from below."""
    values: list[Amount] = []
    inputs: list[str] = []
    for run in group_runs(work.world().parts.get("run", {})):
        counted = [part for part in run.parts if part.amount("tokens") is not None]
        for one in [run] if run.amount("tokens") is not None else counted:
            amount = one.amount("tokens")
            if amount is not None and activity_of(one, run) == "parameter_updates":
                values.append(amount)
                inputs += [*one.facts("tokens", "stage", "activity"), *run.facts("stage")]
    if values:
        note = _over(len(values), False)
        work.add("model.training_tokens", exact_sum(values), inputs, at_least=True, note=note)


def _over(count: int, complete: bool) -> str:
    said = "somebody states that nothing is missing" if complete else _NOT_ALL
    return f"sum over {count} run{'s' if count > 1 else ''}; {said}"


_NOT_ALL = "nobody states that they are all"


def _add_ledger(work: Derived, architecture: Architecture | None, describe_at: DescribeAt) -> None:
    """Build the ledger, and give its sums as facts (Annex A.1)."""
    world = work.world()
    counts = activity_counts()
    context = RunContext(world, work.by_id, architecture, describe_at, work.margin, counts)
    base = inherited_of(world)
    work.ledger = build_ledger(context, base.entries)
    work.notes += (*work.ledger.notes, *base.notes)
    _add_energy(work, work.ledger)
    if _made_from_another(world):
        _add_original(work, world, base)
        _add_modification(work, work.ledger)
        if not _by_original_provider(world):
            return
    ledger = work.ledger.ledger
    for key, total, name in (
        ("model.training_compute", ledger.training, "training"),
        ("model.cumulative_compute", ledger.cumulative, "cumulative"),
    ):
        lines = [line.entry for line in ledger.lines if getattr(line.counts, name)]
        if not lines or (name == "cumulative" and total == ledger.training):
            continue
        sources = [source for entry in lines for source in entry.sources]
        _add_total(work, key, total, sources, len({one.subject for one in lines}))


def _add_total(work: Derived, key: str, total: Total, inputs: list[str], runs: int) -> None:
    """Add a sum: exactly where the ledger is complete, else as a bound from below."""
    assert work.ledger is not None
    complete = work.ledger.ledger.complete
    note = _over(runs, complete)
    exact = total.low == total.amount == total.high
    bound = None if exact else work.margin
    narrow = total.high is not None and _within(total, work.margin)
    if complete and narrow:
        work.add(key, total.amount, inputs, bound=bound, note=note)
        return
    work.add(key, total.low, inputs, at_least=True, bound=bound, note=note)
    if complete and total.high is not None:
        work.add(key, total.high, inputs, at_most=True, bound=bound, note=note)


def _within(total: Total, margin: Decimal) -> bool:
    assert total.high is not None
    amount, share = Fraction(total.amount), Fraction(margin)
    low, high = Fraction(total.low), Fraction(total.high)
    return low >= amount * (1 - share) and high <= amount * (1 + share)


def _by_original_provider(world: World) -> bool:
    held = world.keys.get("model.modified_by_original_provider")
    return held is not None and held.value is True


def _add_original(work: Derived, world: World, base: Inherited) -> None:
    """Give the compute of the one base that the table of published models has."""
    if base.amount is None or "model.original_compute" in world.keys:
        return
    name, model = base.published[0]
    note = f"{model.model} for {name!r}; {model.grade.lower() or 'not graded'}; {ATTRIBUTION}"
    work.add("model.original_compute", base.amount, base.facts, note=note, basis="assumed")


def _add_energy(work: Derived, found: DossierLedger) -> None:
    """Add the energy of runs whose compute counts for the model, boundaries never mixed."""
    known = found.energies
    boundaries = sorted({one.energy.boundary for one in known})
    if not known:
        return
    if len(boundaries) > 1:
        work.notes.append(
            f"The energy of the runs covers {' and '.join(boundaries)}, which cannot be added: "
            "state run.pue, or model.training_energy."
        )
        return
    joules = sum((Fraction(one.energy.joules) for one in known), Fraction(0))
    amount = amount_of(joules / JOULES_A_MWH)
    low, high = (
        sum((Fraction(getattr(one.energy, end)) for one in known), Fraction(0))
        for end in ("low", "high")
    )
    bound = max(joules - low, high - joules) / joules if joules else Fraction(0)
    facts = [name for one in known for name in one.facts]
    basis = "measured" if all(one.energy.basis == "measured" for one in known) else "from power"
    note = f"boundary: {boundaries[0]}; {basis}, over {len(known)} runs"
    limit = Decimal(-(-bound.numerator * 1000 // bound.denominator)) / 1000 if bound else None
    work.add("model.training_energy", amount, facts, note=note, bound=limit)


JOULES_A_MWH = 3_600_000_000


def _add_modification(work: Derived, found: DossierLedger) -> None:
    """Compute of the runs on another's model is the compute of the modification."""
    lines = [one.entry for one in found.ledger.lines if one.entry.kind in SUBSTANTIAL]
    if not lines:
        return
    own = add_up(lines, {kind: Counts(True, True) for kind in SUBSTANTIAL}).training
    sources = [source for entry in lines for source in entry.sources]
    count = len({one.subject for one in lines})
    _add_total(work, "model.modification_compute", own, sources, count)


def _made_from_another(world: World) -> bool:
    held = (world.keys.get(key) for key in ("model.derived_from", "model.derivation"))
    return any(one is not None and one.value != () for one in held)


def _estimate_training(work: Derived, architecture: Architecture | None) -> None:
    """Training compute from the architecture and the tokens, by Annex A.2.2."""
    world = work.world()
    tokens = world.keys.get("model.training_tokens")
    if architecture is None or tokens is None or not (tokens.low or tokens.high):
        return
    if all(name in work.by_id and work.by_id[name].basis == "computed" for name in tokens.facts):
        return  # a sum over runs, each of which the ledger has counted by itself
    if _made_from_another(world):
        if work.ledger is not None and work.ledger.ledger.lines:
            return
        work.notes.append(
            "The model was made from another one, so its training compute is not estimated from "
            "tokens: state model.modification_compute."
        )
        return
    try:
        _estimate(work, architecture, tokens, world)
    except InputError as error:
        work.notes.append(f"Training compute was not estimated: {error}")


def _estimate(work: Derived, architecture: Architecture, tokens: Holding, world: World) -> None:
    stated = world.keys.get("model.training_sequence_length")
    inputs = [*tokens.facts, *_counted_from(work)]
    if stated is not None and stated.value is not None:
        length = int(stated.value)
        note = f"from tokens and architecture, at {length} tokens a sequence"
        _add_estimates(work, architecture, tokens, (length, length), [*inputs, *stated.facts], note)
        return
    context = world.keys.get("model.context_length")
    longest = int(context.value) if context and context.value else architecture.context_length
    note = "from tokens and architecture; the length of sequences is not stated"
    used = [*inputs, *(context.facts if context else ())]
    _add_estimates(work, architecture, tokens, (1, longest), used, note)


def _add_estimates(
    work: Derived,
    architecture: Architecture,
    tokens: Holding,
    lengths: tuple[int, int | None],
    inputs: list[str],
    note: str,
) -> None:
    """Add one estimate, or the two bounds where the length of sequences would change it much.

    Where all lengths up to the longest stay within the margin that the guidelines accept, the
    estimate at the longest is given and its error covers the others.
    """
    key = "model.training_compute"
    margin = work.margin
    shortest, longest = lengths
    if tokens.low is not None:
        low = training_compute(architecture, int(tokens.low), shortest).amount
        high = longest and training_compute(architecture, int(tokens.low), longest).amount
        settled_length = bool(high) and low >= (1 - margin) * (high or 0)
        exact = tokens.value is not None and settled_length
        amount = high if settled_length and high else low
        work.add(key, amount, inputs, at_least=not exact, bound=margin, note=note)
        if exact:
            return
    if tokens.high is not None and longest is not None:
        most = training_compute(architecture, int(tokens.high), longest).amount
        work.add(key, most, inputs, at_most=True, bound=margin, note=note)


def _counted_from(work: Derived) -> list[str]:
    """The facts of the configuration that the architecture was counted from."""
    wanted = ("model.parameters_total", "model.architecture_family")
    return [
        fact.id
        for fact in work.given
        if fact.subject == work.model and fact.key in wanted and fact.basis != "declared"
    ]


def _bound_cumulative(work: Derived) -> None:
    """Training compute is a part of cumulative compute, so it bounds it from below (Annex A.1)."""
    known = work.world().keys.get("model.training_compute")
    if known is not None and known.low:
        note = "training compute is a part of cumulative compute"
        bounds = [work.by_id[one].bound for one in known.facts if one in work.by_id]
        work.add(
            "model.cumulative_compute",
            known.low,
            known.facts,
            at_least=True,
            bound=next((bound for bound in bounds if bound is not None), None),
            note=note,
        )
