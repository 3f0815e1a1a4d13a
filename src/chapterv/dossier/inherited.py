"""The compute that stands behind the models that a model was made from.

Weights that are tuned, merged or adapted bring along what trained them. A distillation takes over
no weights: training the parent counts in no sum, and the ledger shows it there.

Somebody states it, or the table of published models has it; the table's figures are others'
estimates, so they are assumed, graded and attributed, and never used where two models fit a name.

Source: Guidelines on obligations for general-purpose AI models, Annex A.1 and section 3.2.
"""

from __future__ import annotations

import msgspec

from chapterv.compute.ledger import Entry
from chapterv.compute.published import ATTRIBUTION, PublishedModel, check_published, one_published
from chapterv.dossier.run_methods import MOST
from chapterv.errors import InputError
from chapterv.facts import Amount, World, amount_text

__all__ = ["INHERITED", "Inherited", "inherited_of"]

INHERITED = "merged_or_initial_weights_training"
PARENT = "distillation_parent_training"
MAX_BASES = 100
_NO_WEIGHTS = (
    "Our reading: a distillation starts from new weights, so what trained its parent counts in no "
    "sum. If it starts from the parent's weights, state the compute of these as "
    "run.compute.merged_or_initial_weights_training of its run."
)


class Inherited(msgspec.Struct, frozen=True):
    """What is known of the compute of base models.

    Args:
        entries: for the ledger.
        published: base models found in the table, with the name that was asked for.
        facts: facts that name the bases.
        notes: bases of which nothing is known, and why.
        unknown: the compute of some base that counts is not known.
    """

    entries: tuple[Entry, ...] = ()
    published: tuple[tuple[str, PublishedModel], ...] = ()
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unknown: bool = False

    @property
    def amount(self) -> Amount | None:
        """Compute of the one base that the table has, where there is one base only."""
        return self.published[0][1].compute if len(self.published) == 1 else None


def inherited_of(world: World) -> Inherited:
    """Find the compute of the models that a model was made from.

    Args:
        world: what is known of the model.
    """
    bases = world.keys.get("model.derived_from")
    if bases is None or not bases.value:
        return Inherited()
    derivation = world.keys.get("model.derivation")
    distilled = derivation is not None and derivation.value == "distillation"
    kind = PARENT if distilled else INHERITED
    said = (_NO_WEIGHTS,) if distilled else ()
    stated = world.keys.get("model.original_compute")
    if stated is not None and (stated.low or stated.value):
        amount = stated.value if stated.value is not None else stated.low
        assert amount is not None
        if amount > MOST:
            note = "model.original_compute is more than 10^60 FLOP: check the number of digits."
            return Inherited((), (), bases.facts, (*said, note), unknown=True)
        entry = Entry(
            "base model", kind, amount, method="stated", sources=stated.facts,
            note="compute of the original model as stated", open_above=stated.value is None,
        )  # fmt: skip
        return Inherited((entry,), facts=bases.facts, notes=said)
    found: list[tuple[str, PublishedModel]] = []
    notes: list[str] = list(said)
    names = bases.value[:MAX_BASES]
    for name in names:
        try:
            found.append((name, one_published(name)))
        except InputError as error:
            notes.append(f"The compute of the base model is not known: {error}")
    if len(names) < len(bases.value):
        notes.append(f"Of {len(bases.value)} base models the first {MAX_BASES} are looked up.")
    notes += [doubt for _, model in found for doubt in check_published(model)]
    entries = tuple(_entry(name, model, kind, bases.facts) for name, model in found)
    every = len(found) == len(bases.value)
    return Inherited(
        entries, tuple(found) if every else (), bases.facts, tuple(notes),
        unknown=not every and not distilled,
    )  # fmt: skip


def _entry(name: str, model: PublishedModel, kind: str, facts: tuple[str, ...]) -> Entry:
    grade = f"graded {model.grade.lower()}" if model.grade else "not graded"
    note = (
        f"{model.model}: {amount_text(model.compute)} FLOP as published, {grade} by its source "
        f"({ATTRIBUTION})"
    )
    return Entry(
        f"base model {name}", kind, model.compute, method="published", sources=facts,
        note=note, open_above=True,
    )  # fmt: skip
