"""Changes to a model: one lifecycle or a new model, and when a modifier becomes a provider.

Guidelines, sections 2.2 and 3.2 and Annex A.1; recital 109. The third is compared as
3 · modification > original on exact numbers, both sides on the same basis.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from chapterv.facts import Amount
from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, any_of, negate, of_bool
from chapterv.law.case import Case, Number
from chapterv.law.registry import rule
from chapterv.law.types import Finding

__all__ = ["is_modification"]


def is_modification(case: Case) -> Answer:
    """Tell whether the model is another provider's model, changed by somebody else."""
    own = case.peek("model.modified_by_original_provider")
    actors = [part["change.actor"].value for part in case.parts_of("change") if _has_actor(part)]
    named = case.parameters["changed_by"]
    if own or any(actor in named["original"] for actor in actors):
        case.say("G5.same_lifecycle")
        return NOT_MET
    changed = (
        bool(case.peek("model.derived_from"))
        or case.knows("model.modification_compute")
        or any(actor in named["other"] for actor in actors)
    )
    if changed and own is None and not actors:
        case.ask("model.modified_by_original_provider")
    if not changed and not actors and not case.knows("model.derived_from"):
        case.ask("model.derived_from")
    return of_bool(changed)


def _has_actor(part: object) -> bool:
    return isinstance(part, dict) and "change.actor" in part


@rule("gl:G5.1")
def downstream_modifier(case: Case) -> Finding:
    """Somebody other than the original provider, not acting for it, has changed the model."""
    if not _speaks_of_a_change(case):
        case.value("model.derived_from")
        return case.close(CANNOT_TELL)
    return case.close(is_modification(case))


def _speaks_of_a_change(case: Case) -> bool:
    keys = (
        "model.derived_from",
        "model.modification_compute",
        "model.modified_by_original_provider",
    )
    return any(case.knows(key) for key in keys) or bool(case.parts_of("change"))


def _nothing_changed(case: Case) -> bool:
    """Tell whether the model is nobody else's model changed, by all that is known."""
    return is_modification(case) == NOT_MET and not case.knows("model.modification_significant")


def _original_bounds(case: Case) -> tuple[Number | None, Number | None] | None:
    """Return the bounds of the original's compute, or None where a fallback has to be found."""
    low, high = case.bounds("model.original_compute")
    return None if low is None and high is None else (low, high)


def _fallbacks(case: Case) -> tuple[Number, ...] | None:
    """Return the fallback originals that may apply, or None where none may be used.

    A fallback is barred while the value is known or can be estimated (guidelines, section 3.2).
    """
    if case.peek("model.original_compute_known"):
        case.value("model.original_compute")
        return None
    estimable = case.flag("model.original_compute_estimable")
    if estimable != NOT_MET:
        case.say("G5.estimate_first")
        case.missing("model.original_compute")
        return None
    systemic = case.parameters["systemic_risk_compute"]
    ordinary = case.parameters["gpai_indicator_compute"]
    was_systemic = case.peek("model.original_systemic")
    if was_systemic is None:
        return ordinary, systemic
    return (systemic,) if was_systemic else (ordinary,)


def _above_share(case: Case, low: Number | None, high: Number | None) -> Answer:
    """Compare the modification with the share of an original that lies between two bounds."""
    share: Fraction = case.parameters["modification_share"]
    done_low, done_high = case.bounds("model.modification_compute")
    if done_low is not None and high is not None and done_low > share * Fraction(high):
        case.say("G5.above", done_low, Fraction(high) * share)
        return MET
    if done_high is not None and low is not None and done_high <= share * Fraction(low):
        case.say("G5.not_above", done_high, Fraction(low) * share)
        return NOT_MET
    if not case.knows("model.modification_compute"):
        case.value("model.modification_compute")
    else:
        case.missing("model.original_compute")
    return CANNOT_TELL


@rule("gl:G5.2")
def above_the_share(case: Case) -> Finding:
    """The modification used more than a third of the original model's training compute."""
    if is_modification(case) == NOT_MET and _speaks_of_a_change(case):
        return case.close(NOT_MET)
    bounds = _original_bounds(case)
    if bounds is not None:
        answer = _above_share(case, *bounds)
        return case.close(answer, value=_threshold(case, bounds))
    fallbacks = _fallbacks(case)
    if fallbacks is None:
        return case.close(CANNOT_TELL)
    answers = {_above_share(case, original, original) for original in fallbacks}
    if len(answers) > 1:
        case.value("model.original_systemic")
        return case.close(CANNOT_TELL)
    original = fallbacks[0] if len(fallbacks) == 1 else None
    return case.close(answers.pop(), value=_threshold(case, (original, original)))


def _threshold(case: Case, bounds: tuple[Number | None, Number | None]) -> dict[str, Amount] | None:
    low, high = bounds
    if low is None or low != high:
        return None
    share = Fraction(low) * case.parameters["modification_share"]
    if share.denominator == 1:
        return {"threshold_flop": int(share)}
    # Written digit by digit: the arithmetic of decimals would round at its precision.
    whole, cents = divmod(round(share * 100), 100)
    return {"threshold_flop": Decimal(f"{whole}.{cents:02}")}


@rule("gl:G5.7")
def at_or_below_the_share(case: Case) -> Finding:
    """At or below the share the modifier is not a provider of a general-purpose AI model."""
    changed = case.answer("gl:G5.1")
    return case.close(all_of(changed, negate(case.answer("gl:G5.2"))))


@rule("gl:G5.3")
def significant_change(case: Case) -> Finding:
    """The change significantly alters generality, capabilities or systemic risk."""
    if _nothing_changed(case):
        return case.close(NOT_MET)
    return case.close(case.flag("model.modification_significant"))


def _fallback_used(case: Case, systemic: bool) -> Answer:
    if case.knows("model.original_compute"):
        return NOT_MET
    return all_of(
        case.answer("gl:G5.1"),
        negate(case.flag("model.original_compute_known")),
        negate(case.flag("model.original_compute_estimable")),
        case.flag("model.original_systemic")
        if systemic
        else negate(case.flag("model.original_systemic")),
    )


@rule("gl:G5.4")
def fallback_of_systemic(case: Case) -> Finding:
    """The original carries systemic risk and its compute is neither known nor estimable."""
    return case.close(_fallback_used(case, systemic=True))


@rule("gl:G5.5")
def fallback_of_ordinary(case: Case) -> Finding:
    """The original carries no systemic risk and its compute is neither known nor estimable."""
    return case.close(_fallback_used(case, systemic=False))


@rule("gl:G5.6")
def estimate_is_owed(case: Case) -> Finding:
    """The original's compute can be estimated, so it has to be, and no fallback may be used."""
    if case.knows("model.original_compute") or _nothing_changed(case):
        return case.close(NOT_MET)
    return case.close(case.flag("model.original_compute_estimable"))


@rule("gl:G5.10")
def modifications_add_up(case: Case) -> Finding:
    """Successive modifications by one modifier are summed."""
    if _nothing_changed(case):
        return case.close(NOT_MET)
    low, high = case.bounds("model.modification_compute")
    if low is not None and low > 0:
        return case.close(MET, value={"modification_total_flop": low})
    if high is not None and high <= 0:
        return case.close(NOT_MET, value={"modification_total_flop": high})
    case.missing("model.modification_compute")
    return case.close(CANNOT_TELL)


@rule("gl:G5.8", also=("act:rec109",))
def limited_to_the_modification(case: Case) -> Finding:
    """Documentation, policy and summary of a modifier are limited to the modification."""
    answer = all_of(case.answer("gl:G5.1"), case.answer("gl:G5.2"))
    value = {"obligations_limited_to_modification": True} if answer == MET else None
    return case.close(answer, value=value)


@rule("gl:G5.9")
def modified_systemic_model(case: Case) -> Finding:
    """A model with systemic risk, modified above the share: full systemic duties and notice."""
    share = case.answer("gl:G5.2")
    if share == NOT_MET:
        return case.close(NOT_MET)
    return case.close(all_of(share, case.flag("model.original_systemic")))


@rule("gl:G3.3")
def presumed_by_modification(case: Case) -> Finding:
    """The model results from modifying a model with systemic risk above the share."""
    if is_modification(case) == NOT_MET:
        return case.close(NOT_MET)
    return case.close(case.answer("gl:G5.9"))


@rule("gl:G5.12")
def result_crosses_itself(case: Case) -> Finding:
    """The modified model itself meets the criterion, inherited weights counted."""
    changed = case.answer("gl:G5.1")
    return case.close(all_of(changed, any_of(case.answer("gl:G1.1"), case.answer("act:C03"))))


@rule("gl:G5.0")
def own_model(case: Case) -> Finding:
    """The model is the provider's own, or its own by modification above the share."""
    if is_modification(case) == NOT_MET:
        return case.close(MET)
    significant = case.peek("model.modification_significant")
    if significant:
        case.say("G5.significant")
        return case.close(MET, indicated=True)
    share = case.answer("gl:G5.2")
    if share != MET and significant is None:
        case.ask("model.modification_significant")
    return case.close(share)


@rule("gl:G2.1", about="change")
def lifecycle_begins(case: Case) -> Finding:
    """A large pre-training run starts, and with it a lifecycle."""
    kind = case.value("change.kind")
    return case.close(of_bool(None if kind is None else kind == "large_pretraining_run_start"))


def _by_original(case: Case) -> Answer:
    actor = case.value("change.actor")
    return of_bool(None if actor is None else actor in case.parameters["changed_by"]["original"])


@rule("gl:G2.3", about="change")
def same_lifecycle(case: Case) -> Finding:
    """Later development by the provider or on its behalf from the same run: the same model."""
    if case.knows("change.kind") or not case.knows("model.modification_compute"):
        new_run = case.answer("gl:G2.1")
    else:
        # Compute spent on changing existing weights is no new pre-training run.
        case.bounds("model.modification_compute")
        case.ask("change.kind")
        new_run = NOT_MET
    if new_run == MET:
        return case.close(NOT_MET)
    same = case.peek("change.same_pretraining_run")
    if same is None:
        case.ask("change.same_pretraining_run")
    return case.close(all_of(_by_original(case), negate(new_run), negate(of_bool(same is False))))


@rule("gl:G2.4", about="change")
def another_actor(case: Case) -> Finding:
    """Another actor modifies the model: section 3.2 decides."""
    answer = negate(_by_original(case))
    return case.close(answer, value={"apply_section": "3.2"} if answer == MET else None)


@rule("gl:G2.5", about="change")
def distilled_or_merged(case: Case) -> Finding:
    """Distillation, quantisation or merging by the same provider from the same run."""
    kind = case.value("change.kind")
    named = of_bool(None if kind is None else kind in ("distillation", "quantisation", "merge"))
    return case.close(all_of(named, case.answer("gl:G2.3")))


@rule("gl:G2.6", about="change")
def new_model(case: Case) -> Finding:
    """A new large pre-training run makes a new model."""
    begun = case.answer("gl:G2.1")
    same = case.peek("change.same_pretraining_run")
    if same is None and begun == NOT_MET:
        case.ask("change.same_pretraining_run")
    return case.close(any_of(begun, of_bool(same is False)))
