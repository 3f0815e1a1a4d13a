"""The ledger of a dossier: methods side by side, nothing twice, nothing lost in silence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute import Architecture, describe, training_compute
from chapterv.dossier import Derived, derive
from chapterv.dossier.ledger import DossierLedger, RunResult
from chapterv.dossier.run_views import STAGES
from chapterv.facts import Fact, Source, catalogue, make_fact
from chapterv.facts.types import Basis
from tests.dossier.folders import CONFIG

MODEL = "model:m@1"
MARGIN = Decimal("0.3")
DECODER: Architecture = describe(CONFIG)
MIXTURE: Architecture = describe(
    {
        "model_type": "mixtral",
        "vocab_size": 1000,
        "hidden_size": 64,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "num_local_experts": 16,
        "num_experts_per_tok": 1,
        "max_position_embeddings": 64,
    }
)


def said(key: str, value: Any, subject: str = MODEL, basis: Basis = "declared") -> Fact:
    return make_fact(subject, key, value, Source("record"), basis=basis)


def run(identifier: str, basis: Basis = "measured", **values: Any) -> list[Fact]:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return [said(f"run.{key}", value, f"run:{identifier}", basis) for key, value in named.items()]


def derived(facts: list[Fact], architecture: Architecture | None = DECODER) -> Derived:
    return derive(facts, MODEL, architecture, margin=MARGIN)


def ledger_of(facts: list[Fact], architecture: Architecture | None = DECODER) -> DossierLedger:
    found = derived(facts, architecture).ledger
    assert found is not None
    return found


def one_run(facts: list[Fact], architecture: Architecture | None = DECODER) -> RunResult:
    (found,) = ledger_of(facts, architecture).runs
    return found


def kinds(found: RunResult) -> list[str]:
    return [one.method.kind for one in found.known]


def fact(work: Derived, key: str) -> Fact:
    (found,) = [one for one in work.made if one.key == key]
    return found


def test_no_run_gives_an_empty_ledger() -> None:
    found = ledger_of([])
    assert found.ledger.lines == ()
    assert found.ledger.training.amount == 0


def test_tokens_and_architecture_go_before_the_short_form_and_a_tools_count() -> None:
    facts = run(
        "a", stage="pre-training", tokens=10**9, sequence_length=64, tool_operations=10**15,
        tool_operations_counts="six_per_parameter",
    )  # fmt: skip
    found = one_run(facts)
    assert kinds(found) == ["architecture", "six_per_parameter", "tool"]
    assert found.entry is not None
    assert found.entry.amount == training_compute(DECODER, 10**9, 64).amount
    assert {one.id for one in facts if one.key in ("run.tokens", "run.sequence_length")} <= set(
        found.entry.sources
    )


def test_a_mixture_shows_by_how_much_the_short_form_overstates_and_why() -> None:
    facts = run("a", stage="pre-training", tokens=10**9, sequence_length=64)
    found = one_run(facts, MIXTURE)
    assert found.reconciliation is not None
    (gap,) = [gap for gap in found.reconciliation.gaps if not gap.agrees]
    assert gap.ratio < 1
    assert any("expert" in repair.says for repair in gap.repairs)


def test_a_meter_goes_before_everything_else() -> None:
    facts = run("a", stage="pre-training", tokens=10**9, sequence_length=64, operations=7 * 10**15)
    found = one_run(facts)
    assert kinds(found)[0] == "measured"
    assert found.entry is not None
    assert found.entry.amount == 7 * 10**15


def test_a_stated_amount_gives_way_to_tokens_and_architecture() -> None:
    facts = run("a", stage="pre-training", tokens=10**9, sequence_length=64)
    found = one_run(facts + run("a", "declared", operations=10**20))
    assert kinds(found)[0] == "architecture"
    assert "stated" in kinds(found)


def test_only_a_tools_count_is_never_used_unchecked() -> None:
    found = ledger_of(run("a", stage="sft", tool_operations="2.039e21"), None)
    assert found.ledger.lines == ()
    assert "only a tool's own count is known" in found.notes[0]


def test_tokens_are_worked_back_from_a_count_of_six_for_each_parameter_and_position() -> None:
    tables = sum(part.active for part in DECODER.ends if part.lookup)
    count = 6 * (DECODER.parameters_total - tables) * 12_345
    facts = run(
        "a", stage="sft", tool_operations=count, tool_operations_counts="six_per_parameter",
        sequence_length=32,
    )  # fmt: skip
    found = one_run(facts)
    assert found.entry is not None
    assert found.entry.amount == training_compute(DECODER, 12_345, 32).amount
    assert one_run([*facts[:1], *run("a", tool_operations=count + 7)]).entry is None


def test_hardware_is_a_method_of_its_own() -> None:
    facts = run(
        "a", stage="pre-training", unit_hours=1000, chip="NVIDIA H100 80GB HBM3", precision="bf16",
        utilisation="0.4", utilisation_counts="model",
    )  # fmt: skip
    found = one_run(facts, None)
    assert kinds(found) == ["hardware"]
    assert found.entry is not None
    assert found.entry.amount == 1000 * 3600 * 989_400_000_000_000 * 4 // 10


def test_a_utilisation_of_unknown_origin_fails_the_margin_openly() -> None:
    facts = run("a", stage="pre-training", unit_hours=1000, chip="h100-sxm", utilisation="0.4")
    found = one_run(facts, None)
    assert found.reconciliation is not None
    assert found.reconciliation.chosen.within_margin == "not_met"


def test_a_share_of_busy_time_is_refused_with_its_reason() -> None:
    facts = run(
        "a", stage="sft", unit_hours=10, chip="h100-sxm", utilisation="1", utilisation_counts="busy"
    )
    assert any("busy" in note for note in ledger_of(facts, None).notes)


def test_jobs_of_a_scheduler_are_another_record_of_the_same_hours() -> None:
    own = run("a", stage="pre-training", tokens=10**9, sequence_length=64)
    jobs = run("a.17", unit_hours=1, chip="h100-sxm") + run("a.18", unit_hours=2, chip="h100-sxm")
    found = one_run(own + jobs)
    assert "hardware" in kinds(found)
    (hardware,) = [one.method for one in found.known if one.method.kind == "hardware"]
    assert hardware.name == "2 jobs"
    assert ledger_of(own + jobs).ledger.training.amount == ledger_of(own).ledger.training.amount


def test_phases_of_a_meter_add_up_and_other_activities_stand_apart() -> None:
    facts = (
        run("a.training", activity="parameter_updates", operations=100)
        + run("a.annealing", activity="parameter_updates", operations=20)
        + run("a.evaluation", activity="evaluation_red_teaming", operations=3)
        + run("a", "declared", stage="pre-training")
    )
    found = ledger_of(facts)
    assert found.ledger.training.amount == 120
    assert [line.entry.amount for line in found.ledger.left_out] == [3]


def test_phases_of_a_meter_are_one_more_method_where_the_run_has_its_own_log() -> None:
    own = run("a", stage="pre-training", tokens=10**9, sequence_length=64)
    phases = run("a.x", activity="parameter_updates", operations=10**15) + run(
        "a.y", activity="parameter_updates", operations=10**15
    )
    found = ledger_of(own + phases)
    assert len(found.ledger.lines) == 1
    assert found.ledger.lines[0].entry.amount == 2 * 10**15
    assert kinds(found.runs[0])[0] == "measured"


def test_tokens_processed_again_are_an_entry_whose_reading_is_open() -> None:
    facts = run("a", stage="pre-training", tokens=1000, sequence_length=64, tokens_repeated=100)
    ledger = ledger_of(facts).ledger
    again = next(line for line in ledger.lines if line.entry.kind == "repeated_steps")
    once = next(line for line in ledger.lines if line.entry.kind == "parameter_updates")
    assert again.entry.amount * 10 == once.entry.amount
    assert ledger.training.least == once.entry.amount


def test_generating_data_takes_two_operations_for_each_active_parameter_and_token() -> None:
    facts = run(
        "g", stage="synthetic data", tokens_generated=900, tokens_prompt=100,
        generator_parameters_active=7 * 10**9,
    )  # fmt: skip
    ledger = ledger_of(facts).ledger
    assert ledger.cumulative.amount == 2 * 7 * 10**9 * 1000
    assert ledger.training.amount == 0


def test_a_run_of_which_nobody_says_what_it_did_is_in_no_sum_and_in_the_notes() -> None:
    found = ledger_of(run("a", unit_hours=5, chip="h100-sxm") + run("b", stage="zzz", tokens=5))
    assert found.ledger.lines == ()
    assert len(found.notes) == 2
    assert "State run.stage or run.activity" in found.notes[0]


def test_a_run_that_counts_and_of_which_nothing_tells_the_amount_is_in_the_notes() -> None:
    found = ledger_of(run("a", stage="sft", steps=10), None)
    assert "nothing tells how much it took" in found.notes[0]


def test_amounts_stated_for_a_kind_of_activity_are_entries() -> None:
    facts = run(
        "a", "declared", stage="post-training", compute__rl_rollouts_used_for_updates="3e22"
    )
    ledger = ledger_of(facts).ledger
    assert ledger.cumulative.amount == 3 * 10**22
    assert ledger.training.amount == 0
    assert ledger.training.most == 3 * 10**22


def test_a_base_that_is_published_gives_the_original_compute_as_assumed() -> None:
    facts = [said("model.derived_from", ["meta-llama/Llama-3.1-8B"])]
    work = derived(facts + run("a", stage="sft", tokens=10**6, sequence_length=64))
    original = fact(work, "model.original_compute")
    assert original.basis == "assumed"
    assert original.note is not None
    assert "Epoch AI" in original.note
    change = fact(work, "model.modification_compute")
    assert change.value == training_compute(DECODER, 10**6, 64).amount
    assert not [one for one in work.made if one.key == "model.training_compute"]


def test_a_model_that_its_own_provider_changed_adds_up_with_its_base() -> None:
    facts = [
        said("model.derived_from", ["meta-llama/Llama-3.1-8B"]),
        said("model.modified_by_original_provider", True),
        *run("a", stage="sft", tokens=10**6, sequence_length=64),
    ]
    work = derived(facts)
    assert fact(work, "model.training_compute").value > 10**23


def test_a_ledger_that_somebody_states_to_be_complete_gives_exact_sums() -> None:
    facts = run("a", stage="sft", tokens=10**6, sequence_length=64)
    work = derived([*facts, said("model.compute_ledger_complete", True)])
    assert fact(work, "model.training_compute").relation == "exactly"
    assert fact(derived(facts), "model.training_compute").relation == "at_least"


def test_energy_adds_up_within_one_boundary_and_is_never_mixed() -> None:
    chip = run("a", stage="sft", energy=1500, energy_boundary="node")
    more = run("b", stage="sft", energy=500, energy_boundary="node")
    assert fact(derived(chip + more), "model.training_energy").value == 2
    other = run("b", stage="sft", energy=500, energy_boundary="facility")
    work = derived(chip + other)
    assert not [one for one in work.made if one.key == "model.training_energy"]
    assert any("cannot be added" in note for note in work.notes)


def test_energy_of_an_evaluation_is_no_energy_of_training() -> None:
    facts = run("a", stage="evaluation", energy=1500, energy_boundary="node")
    assert not [one for one in derived(facts).made if one.key == "model.training_energy"]


def test_every_stage_that_people_name_is_a_kind_of_activity() -> None:
    assert set(STAGES.values()) <= set(catalogue()["run.activity"].values)


@pytest.mark.parametrize("zero", ["tokens", "unit_hours", "operations"])
def test_zeros_are_no_method_and_no_fault(zero: str) -> None:
    facts = run("a", stage="sft", chip="h100-sxm", **{zero: 0})
    assert ledger_of(facts).ledger.training.amount == 0


@given(st.permutations(["a", "b", "c"]), st.integers(1, 10**12))
def test_the_order_of_runs_changes_no_sum(order: list[str], tokens: int) -> None:
    facts = [
        one
        for number, name in enumerate(sorted(order))
        for one in run(name, stage="sft", tokens=tokens + number, sequence_length=64)
    ]
    by_order = sorted(facts, key=lambda one: order.index(one.subject[-1]))
    assert ledger_of(facts).ledger.training == ledger_of(by_order).ledger.training


def test_frozen_weights_explain_why_a_tool_counts_more() -> None:
    facts = run(
        "a", stage="sft", tokens=10**6, sequence_length=8, parameters_trainable=1000,
        tool_operations=6 * DECODER.parameters_total * 10**6,
        tool_operations_counts="six_per_parameter",
    )  # fmt: skip
    found = one_run(facts)
    assert found.reconciliation is not None
    repairs = [one.rule for gap in found.reconciliation.gaps for one in gap.repairs]
    assert "frozen_weights" in repairs
