"""Facts computed from facts: sums over runs, training compute, and the bounds that follow.

Each derived fact names its inputs, and nothing is guessed: an input that is missing gives no fact,
a sum of which nobody has said that it is complete is a bound from below, and training compute whose
length of sequence nobody stated is given as the two bounds that hold for every length.

Source: Guidelines on obligations for general-purpose AI models, Annex A.1 (what counts) and A.2
(how it is estimated).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal

from chapterv.compute import Architecture, training_compute
from chapterv.errors import InputError
from chapterv.facts import Fact, Holding, Source, World, catalogue, make_fact, merge
from chapterv.facts.amounts import Amount, exact_sum

__all__ = ["Derived", "derive"]

READER = "derive 1"
ARTEFACT = "computed"

TRAINING_STAGES = frozenset(
    {
        *("pretraining", "midtraining", "annealing", "contextextension"),
        *("continuedpretraining", "continuedtraining", "posttraining"),
        *("finetuning", "supervisedfinetuning", "instructiontuning", "sft", "adapter", "lora"),
    }
)
"""Stages whose tokens update the model's weights, written without spaces and hyphens."""

MODIFYING_STAGES = TRAINING_STAGES - {"pretraining", "midtraining", "annealing"}
"""Stages that modify a model which exists already, where the model was made from another."""


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
    ) -> None:
        """Make a computed fact of the model; its day is that of its newest input."""
        used = tuple(dict.fromkeys(inputs))
        days = [day for one in used if one in self.by_id and (day := self.by_id[one].as_of)]
        fact = make_fact(
            self.model,
            key,
            value,
            Source(ARTEFACT, reader=READER, inputs=used),
            basis="computed",
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
) -> Derived:
    """Compute what follows from facts.

    Args:
        facts: facts of one dossier.
        model: subject of the model's facts.
        architecture: of the model's configuration, or None where there is none that is covered.
        settled: (subject, key) to the fact that a person chose.
        margin: relative error of estimates that the law accepts (Annex A.2).

    Returns: the derived facts in `made`, and in `notes` what could not be derived and why.
    """
    work = Derived(facts, model, settled or {}, margin)
    _sum_tokens(work)
    _sum_operations(work)
    _sum_modification(work)
    _estimate_training(work, architecture)
    _bound_cumulative(work)
    return work


def _sum_tokens(work: Derived) -> None:
    """Tokens of the training runs bound the model's training tokens from below."""
    _sum_runs(work, "run.tokens", "model.training_tokens", TRAINING_STAGES)


def _sum_operations(work: Derived) -> None:
    """Operations of the training runs bound training compute from below (Annex A.1)."""
    if not _made_from_another(work.world()):
        _sum_runs(work, "run.operations", "model.training_compute", TRAINING_STAGES)


def _sum_modification(work: Derived) -> None:
    """Operations that were stated for runs on another's model are modification compute."""
    if _made_from_another(work.world()):
        _sum_runs(work, "run.operations", "model.modification_compute", MODIFYING_STAGES)


def _sum_runs(work: Derived, key: str, total: str, stages: frozenset[str]) -> None:
    values: list[Amount] = []
    inputs: list[str] = []
    for subject, held in work.world().parts.get("run", {}).items():
        amount, stage = held.get(key), held.get("run.stage")
        low = amount.low if amount else None
        if amount is None or low is None:
            continue
        if stage is None or _plain_stage(str(stage.value)) not in stages:
            named = f"stage {stage.value!r}" if stage else "no stage"
            label = catalogue()[key].label.lower()
            work.notes.append(f"{subject} has {named}, so its {label} are in no sum.")
            continue
        values.append(low)
        inputs += [*amount.facts, *stage.facts]
    if values:
        count = len(values)
        note = f"sum over {count} run{'s' if count > 1 else ''}; nobody states that they are all"
        work.add(total, exact_sum(values), inputs, at_least=True, note=note)


def _plain_stage(stage: str) -> str:
    return "".join(sign for sign in stage.casefold() if sign.isalnum())


def _made_from_another(world: World) -> bool:
    held = (world.keys.get(key) for key in ("model.derived_from", "model.derivation"))
    return any(one is not None and one.value != () for one in held)


def _estimate_training(work: Derived, architecture: Architecture | None) -> None:
    """Training compute from the architecture and the tokens, by Annex A.2.2."""
    world = work.world()
    tokens = world.keys.get("model.training_tokens")
    if architecture is None or tokens is None or not (tokens.low or tokens.high):
        return
    if _made_from_another(world):
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
