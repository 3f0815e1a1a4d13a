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

import msgspec

from chapterv.compute import Architecture, forward_operations, training_compute
from chapterv.compute.ledger import Counts, Total, add_up
from chapterv.compute.published import ATTRIBUTION
from chapterv.dossier.inherited import INHERITED, Inherited, inherited_of
from chapterv.dossier.ledger import (
    SUBSTANTIAL,
    DossierLedger,
    activity_counts,
    build_ledger,
)
from chapterv.dossier.run_hardware import RunEnergy
from chapterv.dossier.run_methods import RunContext
from chapterv.dossier.run_records import by_folder
from chapterv.errors import InputError
from chapterv.facts import Fact, Holding, Merged, Source, World, make_fact, merge
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

    def merged(self) -> Merged:
        """Return what is known by now, the newest facts included, and where sources disagree."""
        return merge((*self.given, *self.made), datetime.date.max, self.settled)

    def world(self) -> World:
        """Return what is known by now."""
        return self.merged().world

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
    owner: Callable[[str], str] = by_folder,
) -> Derived:
    """Compute what follows from facts.

    Args:
        facts: facts of one dossier.
        model: subject of the model's facts.
        architecture: of the model's configuration, or None where there is none that is covered.
        settled: (subject, key) to the fact that a person chose.
        margin: relative error of estimates that the law accepts (Annex A.2).
        describe_at: describes the configuration at a path of the dossier, or gives None.
        owner: the run that an artefact is a record of.

    Returns: the derived facts in `made`, the ledger of compute, and in `notes` what could not be
        derived and why.
    """
    work = Derived(facts, model, settled or {}, margin)
    _add_ledger(work, architecture, describe_at, owner)
    _sum_tokens(work)
    _estimate_training(work, architecture)
    _bound_cumulative(work)
    _benchmark(work, architecture)
    return work


def _sum_tokens(work: Derived) -> None:
    """Tokens of the training runs bound the model's training tokens from below."""
    told = work.ledger.tokens if work.ledger is not None else ()
    if told:
        inputs = [name for _, facts in told for name in facts]
        total, note = exact_sum(amount for amount, _ in told), _over(len(told), False)
        work.add("model.training_tokens", total, inputs, at_least=True, note=note)


def _over(count: int, complete: bool) -> str:
    said = "somebody states that nothing is missing" if complete else _NOT_ALL
    return f"sum over {count} run{'s' if count > 1 else ''}; {said}"


_NOT_ALL = "nobody states that they are all"


def _add_ledger(
    work: Derived,
    architecture: Architecture | None,
    describe_at: DescribeAt,
    owner: Callable[[str], str],
) -> None:
    """Build the ledger, and give its sums as facts (Annex A.1)."""
    merged = work.merged()
    world = merged.world
    counts = activity_counts()
    context = RunContext(
        world, work.by_id, architecture, describe_at, work.margin, counts, work.settled,
        merged.conflicts, owner,
    )  # fmt: skip
    base = inherited_of(world)
    work.ledger = build_ledger(context, base)
    work.notes += (*work.ledger.notes, *base.notes)
    _add_energy(work, work.ledger)
    if _made_from_another(world):
        _add_original(work, world, base)
        _add_modification(work, work.ledger, world)
        if not _by_original_provider(world) and not _distilled(world):
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
    stated = work.world().keys.get("model.compute_ledger_complete") if complete else None
    inputs = [*inputs, *(stated.facts if stated is not None else ())]
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


def _distilled(world: World) -> bool:
    held = world.keys.get("model.derivation")
    return held is not None and held.value == "distillation"


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
    # A hundred kilowatt-hours are no whole number of megawatt-hours.
    amount = exact_sum([Decimal(round(joules * 10**9 / JOULES_A_MWH)).scaleb(-9)])
    low, high = (
        sum((Fraction(getattr(one.energy, end)) for one in known), Fraction(0))
        for end in ("low", "high")
    )
    bound = max(joules - low, high - joules) / joules if joules else Fraction(0)
    facts = [name for one in known for name in one.facts]
    if found.energy_missing:
        names = ", ".join(found.energy_missing[:10])
        more = f" and {len(found.energy_missing) - 10} more" * (len(found.energy_missing) > 10)
        work.notes.append(
            f"The energy of {names}{more} is not known, so the training energy leaves it out."
        )
    runs = f"{len(known)} run{'s' if len(known) > 1 else ''}"
    note = f"boundary: {boundaries[0]}; {_how(known)}, over {runs}"
    limit = Decimal(-(-bound.numerator * 1000 // bound.denominator)) / 1000 if bound else None
    least = bool(found.energy_missing) or any(one.at_least for one in known)
    work.add(
        "model.training_energy", amount, facts, note=note, bound=limit,
        at_least=least or not found.ledger.complete,
    )  # fmt: skip


def _how(known: Iterable[RunEnergy]) -> str:
    if not all(one.energy.basis == "measured" for one in known):
        return "from power"
    return "estimated by the record" if any(one.estimated for one in known) else "measured"


JOULES_A_MWH = 3_600_000_000


def _add_modification(work: Derived, found: DossierLedger, world: World) -> None:
    """Compute of the runs on another's model is the compute of the modification.

    It is taken on the basis of the original: all that contributed where the original carries
    systemic risk, else what updated parameters (our reading of section 3.2 with Annex A.1).
    """
    systemic = world.keys.get("model.original_systemic")
    every = systemic is not None and systemic.value is True
    lines = [line for line in found.ledger.lines if line.entry.kind != INHERITED]
    kinds = {line.entry.kind for line in lines if line.counts.cumulative}
    wanted = kinds if every else SUBSTANTIAL
    entries = [line.entry for line in lines if line.entry.kind in wanted]
    if not entries:
        _say_nothing_was_trained(work, found, world)
        return
    own = add_up(entries, {kind: Counts(True, True) for kind in wanted}, found.ledger.complete)
    total = own.training
    if systemic is None and kinds - SUBSTANTIAL:
        work.notes.append(
            "The compute of the modification leaves out what only cumulative compute counts, such "
            "as synthetic data. Our reading: that counts where the original carries systemic "
            "risk; state model.original_systemic."
        )
        total = msgspec.structs.replace(total, high=None)
    sources = [source for entry in entries for source in entry.sources]
    count = len({one.subject for one in entries})
    _add_total(work, "model.modification_compute", total, sources, count)


def _say_nothing_was_trained(work: Derived, found: DossierLedger, world: World) -> None:
    """A merge or a quantisation need not train anything; only a person can say that it did not."""
    derivation = world.keys.get("model.derivation")
    if derivation is None or derivation.value not in ("merge", "quantisation"):
        return
    stated = world.keys.get("model.compute_ledger_complete")
    if found.ledger.complete and stated is not None:
        note = "the list of runs is stated to be complete, and none of them trained weights"
        work.add("model.modification_compute", 0, (*derivation.facts, *stated.facts), note=note)
        return
    if "model.modification_compute" not in world.keys:
        work.notes.append(
            f"The model was made by {derivation.value}, which alone trains nothing, and no run of "
            'training is known. State model.modification_compute = ["0"] if there was none.'
        )


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


def _benchmark(work: Derived, architecture: Architecture | None) -> None:
    """Operations of one benchmarked request: its prompt read once, its answer token by token."""
    world = work.world()
    prompt = world.keys.get("model.benchmark_prompt_tokens")
    answer = world.keys.get("model.benchmark_generated_tokens")
    if architecture is None or prompt is None or answer is None:
        return
    if prompt.value is None or answer.value is None or prompt.value + answer.value < 1:
        return
    tokens = int(prompt.value + answer.value)
    try:
        amount = tokens * forward_operations(architecture, tokens)
    except InputError as error:
        work.notes.append(f"Compute of a benchmarked request was not worked out: {error}")
        return
    inputs = [*prompt.facts, *answer.facts, *_counted_from(work)]
    note = f"{prompt.value} tokens read and {answer.value} written, forward passes alone"
    work.add("model.inference_compute_per_request", amount, inputs, note=note)
