"""The runs of a dossier: what is known of each, which activity it was, and which belong together.

A run may have several records (a log, a tracker's folder, a scheduler's table), and a record may
tell of several parts of its run (jobs, phases, attempts). What one record says is kept together,
since two records of the same hours confirm each other and are never added; `run_records` sorts
them. A part has a subject that begins with the run's own *and* was read from the run's records:
`v1.0` is no part of `v1`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from chapterv.dossier.run_records import Record, by_folder, records_of
from chapterv.facts import Amount, Fact, Holding

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
    """What is known of one run, or what one record says of it.

    Args:
        subject: such as "run:pretrain".
        held: what is known, by key.
        parts: runs that belong to it.
        records: the same, as each record says it; empty in the view of a record.
        record: which record this view is of, or None where it is of all of them.
        copied: some of its records are copies of another run's, and count there.
    """

    subject: str
    held: Mapping[str, Holding]
    parts: list[RunView] = []
    records: tuple[RunView, ...] = ()
    record: Record | None = None
    copied: bool = False

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

    def only_bounded(self, *keys: str) -> bool:
        """Of some of these amounts only a bound is known."""
        found = (self.held.get(f"run.{key}") for key in keys)
        return any(one is not None and one.value is None for one in found)

    def facts(self, *keys: str) -> tuple[str, ...]:
        """Return the facts that hold the keys."""
        found = (self.held.get(f"run.{key}") for key in keys)
        return tuple(name for one in found if one is not None for name in one.facts)

    @property
    def told(self) -> tuple[RunView, ...]:
        """The views of its records; of a view that is of one record, that itself."""
        return self.records or (self,)

    @property
    def counts_operations(self) -> bool:
        """Something tells how much was computed, other than hardware."""
        return any(self.amount(key) is not None for key in COUNTING)

    @property
    def tells_hardware(self) -> bool:
        """Something tells of units and time."""
        return any(self.amount(key) is not None for key in ("unit_hours", "units", "seconds"))


COUNTING = (
    "operations", "tokens", "tool_operations", "tokens_generated", "tokens_per_epoch", "passes",
)  # fmt: skip
"""Keys that tell how much was computed."""


def group_runs(
    parts: Mapping[str, Mapping[str, Holding]],
    facts: Iterable[Fact] = (),
    settled: Mapping[tuple[str, str], str] | None = None,
    owner: Callable[[str], str] = by_folder,
) -> list[RunView]:
    """Sort runs, their records, and the parts that belong to them.

    Args:
        parts: what is known of each subject, by subject.
        facts: the facts behind it, by which records are told apart.
        settled: (subject, key) to the fact that a person chose.
        owner: the run that an artefact is a record of.

    Returns: the runs in the order of their names, each with its parts.
    """
    own: dict[str, list[Fact]] = {subject: [] for subject in parts}
    for fact in facts:
        if fact.subject in own:
            own[fact.subject].append(fact)
    views: dict[str, RunView] = {}
    for subject, held in sorted(parts.items()):
        told = records_of(subject, held, own[subject], settled or {})
        views[subject] = RunView(
            subject, held, [],
            tuple(RunView(subject, each, record=record) for record, each in told),
        )  # fmt: skip
    tops = []
    for subject, view in views.items():
        parent = _parent(subject, views, own[subject], owner)
        if parent is None:
            tops.append(view)
        else:
            views[parent].parts.append(view)
    return tops


def _parent(
    subject: str,
    views: Mapping[str, RunView],
    facts: Iterable[Fact],
    owner: Callable[[str], str],
) -> str | None:
    """Return the run that a subject is a part of.

    A reader names the parts of a record by the run that the record belongs to. A run that somebody
    lists, or that is named by a folder of its record, stands for itself however it is called.
    """
    own = subject.partition(":")[2]
    itself = False
    for fact in facts:
        if fact.source.reader is not None and fact.source.reader.startswith("statement"):
            itself = True
            continue
        place = fact.source.artefact
        above = owner(place)
        if above in views and subject.startswith(f"{above}."):
            return above
        itself = itself or above == subject or place == own or place.startswith(f"{own}/")
    return None if itself else _named(subject, views)


def _named(subject: str, views: Mapping[str, RunView]) -> str | None:
    """Return the run with the longest name that a subject's name begins with."""
    end = subject.rfind(".")
    while end > 0:
        if subject[:end] in views:
            return subject[:end]
        end = subject.rfind(".", 0, end)
    return None


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
