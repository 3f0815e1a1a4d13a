"""Is this a general-purpose AI model: the definition and the criterion that indicates it.

Regulation (EU) 2024/1689, Article 3(63) and recital 98; guidelines, section 2.1 and Annex A.1.
The criterion is compute and modality; generality decides where somebody has stated it.
"""

from __future__ import annotations

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, any_of, negate, of_bool
from chapterv.law.case import Case, Number
from chapterv.law.registry import rule
from chapterv.law.types import Finding

__all__ = ["generality", "training_bounds"]


def training_bounds(case: Case) -> tuple[Number | None, Number | None]:
    """Return what training compute is at least and at most.

    Cumulative compute holds training compute as a part, so it bounds it from above where training
    compute itself is not known (guidelines, Annex A.1).
    """
    low, high = case.bounds("model.training_compute")
    if high is None:
        _, high = case.bounds("model.cumulative_compute")
        if low is not None and high is not None and high < low:
            high = None
    return low, high


def _listed_output(case: Case) -> Answer:
    """Tell whether the model can produce language, images or video as the guidelines list them."""
    outputs = case.value("model.modalities_out")
    if outputs is None:
        return CANNOT_TELL
    words = case.parameters["listed_modalities"]
    if any(output in words["listed"] for output in outputs):
        return MET
    if any(output in words["open"] for output in outputs):
        case.say("G1.audio_open")
        case.missing("model.modalities_out")
        return CANNOT_TELL
    return NOT_MET


@rule("gl:G1.1", also=("gl:G1.2", "gl:G1.6"))
def criterion(case: Case) -> Finding:
    """Training compute above the indicator, and language or text-to-image or -video output."""
    threshold = case.parameters["gpai_indicator_compute"]
    low, high = training_bounds(case)
    above = case.exceeds("model.training_compute", threshold, low, high)
    return case.close(all_of(above, _listed_output(case)))


@rule("gl:G1.3")
def criterion_fails(case: Case) -> Finding:
    """Compute at or below the indicator, or none of the listed outputs."""
    return case.close(negate(case.answer("gl:G1.1")))


def generality(case: Case) -> tuple[Answer, Answer]:
    """Return what is stated of generality and of the range of tasks."""
    return (
        of_bool(case.peek("model.significant_generality")),
        of_bool(case.peek("model.wide_range_of_tasks")),
    )


@rule("gl:G1.4")
def not_general_after_all(case: Case) -> Finding:
    """The criterion is met, yet the model lacks generality or a wide range of tasks."""
    general = case.flag("model.significant_generality")
    wide = case.flag("model.wide_range_of_tasks")
    return case.close(all_of(case.answer("gl:G1.1"), negate(all_of(general, wide))))


@rule("gl:G1.5")
def general_all_the_same(case: Case) -> Finding:
    """The criterion is not met, yet the model is general and does a wide range of tasks."""
    general = case.flag("model.significant_generality")
    wide = case.flag("model.wide_range_of_tasks")
    return case.close(all_of(negate(case.answer("gl:G1.1")), general, wide))


@rule("gl:G1.9")
def image_without_text(case: Case) -> Finding:
    """Images are made from images only; the guidelines treat that as meeting the criterion."""
    return case.close(_only(case, "image_from_image", "image"))


@rule("gl:G1.10")
def sound_without_language(case: Case) -> Finding:
    """The model makes sound that is not language; the criterion looks at language only."""
    outputs = case.value("model.modalities_out")
    if outputs is None:
        return case.close(CANNOT_TELL)
    if "speech" in outputs or not any(_is_sound(output) for output in outputs):
        return case.close(NOT_MET)
    if "audio" in outputs:
        case.missing("model.modalities_out")
        return case.close(CANNOT_TELL)
    return case.close(MET)


def _is_sound(output: str) -> bool:
    return output in ("audio", "other:music", "other:sound_effects", "other:sound")


def _only(case: Case, word: str, not_with: str) -> Answer:
    outputs = case.value("model.modalities_out")
    return of_bool(None if outputs is None else word in outputs and not_with not in outputs)


@rule("act:D12")
def orientation_by_size(case: Case) -> Finding:
    """At least the number of parameters that recital 98 gives as orientation."""
    low, high = case.bounds("model.parameters_total")
    threshold = case.parameters["orientation_parameters"]
    key = "model.parameters_total"
    if low is not None and low >= threshold:
        case.say("at_least", key, low, threshold)
        return case.close(MET)
    if high is not None and high < threshold:
        case.say("below", key, high, threshold)
        return case.close(NOT_MET)
    case.value(key)
    return case.close(CANNOT_TELL)


@rule("act:D08")
def general_purpose(case: Case) -> Finding:
    """General, competent at many distinct tasks, and fit to be integrated in varied systems."""
    if case.peek("model.integrable_in_systems") is False:
        case.say("D08.not_integrable")
        return case.close(NOT_MET)
    if not case.knows("model.integrable_in_systems"):
        case.ask("model.integrable_in_systems")
    general, wide = generality(case)
    stated = all_of(general, wide)
    if stated == NOT_MET:
        case.say("D08.lacks")
        return case.close(NOT_MET)
    if stated == MET:
        case.say("D08.has_both")
        return case.close(MET)
    by_criterion = any_of(case.answer("gl:G1.1"), _planned_to_meet(case))
    if by_criterion == CANNOT_TELL:
        return case.close(CANNOT_TELL)
    case.say("D08.indicated" if by_criterion == MET else "D08.not_indicated")
    case.ask(*(key for key in _GENERALITY if not case.knows(key)))
    return case.close(by_criterion, indicated=True)


def _planned_to_meet(case: Case) -> Answer:
    """Tell whether a model that is still being made will meet the criterion by its plan.

    What has been computed so far says nothing of a model whose training goes on.
    """
    low, high = case.bounds("model.planned_compute")
    if low is None and high is None:
        return NOT_MET
    under_way = _under_way(case)
    if under_way == NOT_MET:
        return NOT_MET
    threshold = case.parameters["gpai_indicator_compute"]
    above = case.exceeds("model.planned_compute", threshold, low, high)
    return all_of(under_way, above, _listed_output(case))


def _under_way(case: Case) -> Answer:
    stage = case.peek("model.stage")
    if stage is not None:
        return of_bool(stage in _UNDER_WAY)
    placed_on = case.peek("model.placed_on")
    if placed_on is not None and placed_on <= case.on:
        return NOT_MET
    case.missing("model.stage")
    return CANNOT_TELL


_UNDER_WAY = ("planned", "training")
_GENERALITY = ("model.significant_generality", "model.wide_range_of_tasks")
