"""The runs of a dossier: what is known of each, which activity it was, and which belong together.

A record may hold several runs, and a run several records: a scheduler's jobs, a meter's phases, a
log. Their subjects begin with the run's own, so a part is found by its name. A part that tells only
of hardware is a segment of its run; a part that counts operations is an activity of its own, or a
further method of its run where the run is counted already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from chapterv.facts import Amount, Holding

__all__ = ["STAGES", "RunView", "activity_of", "group_runs", "plain_stage"]

STAGES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "pretraining", "midtraining", "annealing", "cooldown", "contextextension",
            "longcontext", "continuedpretraining", "continuedtraining", "training", "posttraining",
            "finetuning", "supervisedfinetuning", "instructiontuning", "instructionfinetuning",
            "sft", "adapter", "lora", "qlora", "dpo", "preferenceoptimisation",
            "preferenceoptimization", "rlupdates", "distillation",
        ),
        "parameter_updates",
    ),
    **dict.fromkeys(("reinforcementlearning", "rl", "rlhf", "grpo", "ppo"), "parameter_updates"),
    **dict.fromkeys(
        ("syntheticdata", "syntheticdatageneration", "datageneration", "generation"),
        "synthetic_private_forward",
    ),
    **dict.fromkeys(("rollout", "rollouts", "rlrollouts"), "rl_rollouts_used_for_updates"),
    **dict.fromkeys(
        ("rewardmodel", "rewardmodeltraining", "valuefunction", "rewardmodelling"),
        "auxiliary_model_training",
    ),
    **dict.fromkeys(("referencemodel", "scoring", "logprobs"), "auxiliary_model_forward"),
    **dict.fromkeys(("teacher", "teachertraining"), "distillation_parent_training"),
    **dict.fromkeys(("teacherinference", "teacherlogits"), "distillation_parent_forward"),
    **dict.fromkeys(
        ("evaluation", "evaluations", "redteaming", "benchmarking"), "evaluation_red_teaming"
    ),
    **dict.fromkeys(
        ("research", "ablation", "ablations", "experiment", "experiments", "exploration",
         "exploratoryresearch", "hyperparametersearch"),
        "exploratory_research",
    ),
    **dict.fromkeys(("failedrun", "failedexperiment"), "exploratory_research"),
    **dict.fromkeys(("inference", "serving", "deployment"), "inference_after_deployment"),
}  # fmt: skip
"""Kind of activity by the words people use for stages, without spaces and hyphens."""

GENERATING = frozenset(
    {
        "synthetic_private_forward",
        "synthetic_private_discarded",
        "synthetic_public_generation",
        "rl_rollouts_used_for_updates",
        "auxiliary_model_forward",
        "distillation_parent_forward",
        "evaluation_red_teaming",
        "inference_after_deployment",
    }
)
"""Kinds of activity that are forward passes."""


class RunView(msgspec.Struct):
    """What is known of one run.

    Args:
        subject: such as "run:pretrain".
        held: what is known, by key.
        parts: runs that belong to it.
    """

    subject: str
    held: Mapping[str, Holding]
    parts: list[RunView] = []

    def amount(self, key: str) -> Amount | None:
        """Return an amount that is known, or its bound from below."""
        found = self.held.get(f"run.{key}")
        if found is None:
            return None
        return found.low if found.value is None else found.value

    def text(self, key: str) -> str | None:
        """Return a word."""
        found = self.held.get(f"run.{key}")
        return None if found is None or found.value is None else str(found.value)

    def only_bounded(self, key: str) -> bool:
        """Only a bound is known of an amount."""
        found = self.held.get(f"run.{key}")
        return found is not None and found.value is None

    def facts(self, *keys: str) -> tuple[str, ...]:
        """Return the facts that hold the keys."""
        found = (self.held.get(f"run.{key}") for key in keys)
        return tuple(name for one in found if one is not None for name in one.facts)

    @property
    def counts_operations(self) -> bool:
        """Something tells how much was computed, other than hardware."""
        return any(self.amount(key) is not None for key in _COUNTING)

    @property
    def tells_hardware(self) -> bool:
        """Something tells of units and time."""
        return any(self.amount(key) is not None for key in ("unit_hours", "units", "seconds"))


_COUNTING = (
    "operations", "tokens", "tool_operations", "tokens_generated", "tokens_per_epoch", "passes",
)  # fmt: skip


def group_runs(parts: Mapping[str, Mapping[str, Holding]]) -> list[RunView]:
    """Sort runs and the parts that belong to them.

    Args:
        parts: what is known of each subject, by subject.

    Returns: the runs in the order of their names, each with its parts.
    """
    views = {subject: RunView(subject, held, []) for subject, held in sorted(parts.items())}
    tops = []
    for subject, view in views.items():
        parent = _parent(subject, views)
        if parent is None:
            tops.append(view)
        else:
            views[parent].parts.append(view)
    return tops


def _parent(subject: str, subjects: Iterable[str]) -> str | None:
    above = [one for one in subjects if one != subject and subject.startswith(f"{one}.")]
    return max(above, key=len, default=None)


def activity_of(view: RunView, above: RunView | None = None) -> str | None:
    """Return the kind of activity: stated, or what its stage is called, or that of its run.

    Args:
        view: the run.
        above: the run that it is a part of.
    """
    stated = view.text("activity")
    if stated is not None:
        return stated
    stage = view.text("stage")
    if stage is not None:
        return STAGES.get(plain_stage(stage))
    return None if above is None else activity_of(above)


def plain_stage(stage: str) -> str:
    """Return a stage's name in small letters without spaces and hyphens."""
    return "".join(sign for sign in stage.casefold() if sign.isalnum())
