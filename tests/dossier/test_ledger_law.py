"""What counts for which sum: the rows of Annex A.1 of the guidelines, through a dossier."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import describe, forward_operations, training_compute
from chapterv.compute.published import one_published
from chapterv.dossier import Gathered, assess_dossier
from chapterv.dossier.ledger import DossierLedger, activity_counts
from chapterv.dossier.ledger_object import ledger_object
from chapterv.dossier.run_views import STAGES
from chapterv.facts import Holding
from tests.dossier.folders import CONFIG, gathered

ON = datetime.date(2026, 11, 25)
DECODER = describe(CONFIG)
UPDATES = training_compute(DECODER, 10**9, 64).amount
BASE = "meta-llama/Llama-3.1-8B"
HEAD = "[model]\nname = 'm'\nversion = '1'\nderived_from = []\n"
PRETRAIN = (
    "[[run]]\nid = 'pretrain'\nstage = 'pre-training'\ntokens = '1e9'\nsequence_length = '64'\n"
)


def ledger(root: Path, runs: str, head: str = HEAD) -> tuple[Gathered, DossierLedger]:
    known = gathered(root, head + runs)
    assert known.ledger is not None
    return known, known.ledger


def sums(root: Path, runs: str, head: str = HEAD) -> tuple[Any, Any]:
    """Training compute and cumulative compute beyond those of the pre-training run."""
    _, found = ledger(root, PRETRAIN + runs, head)
    total = found.ledger
    return total.training.amount - UPDATES, total.cumulative.amount - UPDATES


def of(root: Path, stage: str, what: str = "operations = '1e20'") -> tuple[Any, Any]:
    return sums(root, f"[[run]]\nid = 'more'\nstage = '{stage}'\n{what}\n")


def part(root: Path, kind: str) -> tuple[Any, Any]:
    return sums(root, f"[[run]]\nid = 'more'\ncompute = {{ {kind} = '1e20' }}\n")


def held(known: Gathered, key: str) -> Holding:
    return known.merged(ON).world.keys[key]


def line(known: Gathered, activity: str) -> dict[str, Any]:
    (found,) = [one for one in ledger_object(known)["entries"] if one["activity"] == activity]
    assert isinstance(found, dict)
    return found


# --- the rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["pre-training", "annealing", "SFT", "DPO", "RL", "distillation"])
def test_g8_1_updates_of_every_stage_count_in_both_sums(tmp_path: Path, stage: str) -> None:
    assert of(tmp_path, stage) == (10**20, 10**20)


def test_g8_2_what_contributes_without_updates_counts_in_cumulative_compute(tmp_path: Path) -> None:
    assert part(tmp_path, "auxiliary_model_forward") == (0, 10**20)
    known, _ = ledger(tmp_path, "[[run]]\nid = 'r'\ncompute = { auxiliary_model_forward = '1' }\n")
    assert line(known, "auxiliary_model_forward")["open"] == ["training", "cumulative"]
    assert "not named" in line(known, "auxiliary_model_forward")["why"]


def test_g8_3_synthetic_data_that_are_not_public_count_with_what_was_discarded(
    tmp_path: Path,
) -> None:
    kept = "compute = { synthetic_private_forward = '1e19', synthetic_private_discarded = '9e19' }"
    assert sums(tmp_path, f"[[run]]\nid = 'data'\n{kept}\n") == (0, 10**20)


def test_g8_3_tokens_written_are_forward_passes_of_the_generator(tmp_path: Path) -> None:
    what = "tokens_generated = '9e9'\ntokens_prompt = '1e9'\ngenerator_parameters_active = '5e9'"
    assert of(tmp_path, "synthetic data", what) == (0, 10**20)


def test_g8_3_whether_data_are_public_is_our_reading_and_said(tmp_path: Path) -> None:
    known, _ = ledger(
        tmp_path, "[[run]]\nid = 'd'\nstage = 'synthetic data'\noperations = '1e20'\n"
    )
    note = line(known, "synthetic_private_forward")["note"]
    assert "our reading of the stage 'synthetic data'" in note
    known, _ = ledger(
        tmp_path, "[[run]]\nid = 'd'\nactivity = 'synthetic_private_forward'\noperations = '1e20'\n"
    )
    assert "our reading" not in line(known, "synthetic_private_forward")["note"]


def test_g8_4_synthetic_data_that_are_public_count_in_neither(tmp_path: Path) -> None:
    run = "[[run]]\nid = 'd'\nactivity = 'synthetic_public_generation'\noperations = '1e20'\n"
    assert sums(tmp_path, run) == (0, 0)


def test_g8_5_weights_taken_over_count_in_both_and_the_reading_is_said(tmp_path: Path) -> None:
    assert part(tmp_path, "merged_or_initial_weights_training") == (10**20, 10**20)
    known, _ = ledger(
        tmp_path, "[[run]]\nid = 'm'\ncompute = { merged_or_initial_weights_training = '1' }\n"
    )
    assert line(known, "merged_or_initial_weights_training")["open"] == ["training"]


@pytest.mark.parametrize("stage", ["evaluation", "red teaming", "benchmarking"])
def test_g8_6_diagnostics_count_in_neither(tmp_path: Path, stage: str) -> None:
    assert of(tmp_path, stage) == (0, 0)


@pytest.mark.parametrize("stage", ["ablations", "exploratory research", "failed experiment"])
def test_g8_7_what_helps_by_learning_alone_counts_in_neither_and_is_said(
    tmp_path: Path, stage: str
) -> None:
    assert of(tmp_path, stage) == (0, 0)
    known, _ = ledger(tmp_path, f"[[run]]\nid = 'r'\nstage = '{stage}'\noperations = '1e20'\n")
    assert "state run.activity where its weights" in line(known, "exploratory_research")["note"]


def test_g8_8_training_a_parent_counts_in_neither(tmp_path: Path) -> None:
    assert of(tmp_path, "teacher training") == (0, 0)
    assert part(tmp_path, "distillation_parent_training") == (0, 0)


def test_g8_9_training_reward_and_value_models_counts_in_neither(tmp_path: Path) -> None:
    assert of(tmp_path, "reward model") == (0, 0)
    assert of(tmp_path, "value function") == (0, 0)


def test_g8_10_recomputation_counts_in_neither_and_is_taken_off_an_amount_in_all(
    tmp_path: Path,
) -> None:
    assert part(tmp_path, "activation_recomputation") == (0, 0)
    what = "operations = '3e20'\ncompute = { activation_recomputation = '2e20' }"
    assert of(tmp_path, "sft", what) == (10**20, 10**20)


def test_g8_10_a_utilisation_of_the_hardware_loses_its_recomputation(tmp_path: Path) -> None:
    what = (
        "unit_hours = '100'\nchip = 'h100-sxm'\nutilisation = 0.4\n"
        "utilisation_counts = 'hardware'\nrecomputation = true"
    )
    whole = 100 * 3600 * 989_400_000_000_000 * 4 // 10
    assert of(tmp_path, "sft", what)[0] == Decimal(whole) * 7 / 8


def test_g8_11_a_parents_passes_count_in_cumulative_compute(tmp_path: Path) -> None:
    what = "tokens_generated = '1e9'\ntokens_prompt = '0'\ngenerator_parameters_active = '7e9'"
    assert of(tmp_path, "teacher inference", what) == (0, 14 * 10**18)
    known, _ = ledger(tmp_path, f"[[run]]\nid = 't'\nstage = 'teacher inference'\n{what}\n")
    assert line(known, "distillation_parent_forward")["open"] == ["training", "cumulative"]


def test_g8_11_samples_of_a_reinforcement_run_count_beside_its_updates(tmp_path: Path) -> None:
    what = "tokens = '1e9'\nsequence_length = '64'\ntokens_generated = '4e9'\ntokens_prompt = '1e9'"
    drawn = 5 * 10**9 * forward_operations(DECODER, 64)
    assert of(tmp_path, "RL", what) == (UPDATES, UPDATES + drawn)


def test_g8_11_samples_that_are_stated_and_written_are_counted_once(tmp_path: Path) -> None:
    what = (
        "tokens = '1e9'\nsequence_length = '64'\ntokens_generated = '4e9'\ntokens_prompt = '1e9'\n"
        "compute = { rl_rollouts_used_for_updates = '9e15' }"
    )
    drawn = 5 * 10**9 * forward_operations(DECODER, 64)
    assert of(tmp_path, "RL", what) == (UPDATES, UPDATES + drawn)


def test_g8_12_a_failed_experiment_differs_from_discarded_samples(tmp_path: Path) -> None:
    assert part(tmp_path, "failed_synthetic_experiments") == (0, 0)
    assert part(tmp_path, "synthetic_private_discarded") == (0, 10**20)


def test_g8_13_use_after_deployment_counts_in_neither(tmp_path: Path) -> None:
    assert of(tmp_path, "serving") == (0, 0)
    assert part(tmp_path, "inference_after_deployment") == (0, 0)


def test_g8_14_what_counts_is_data_of_the_law_pack_with_a_row_for_each_kind() -> None:
    counts = activity_counts()
    assert set(STAGES.values()) <= set(counts)
    assert all(one.row.startswith("gl:G8.") for one in counts.values())
    assert all(one.why for one in counts.values() if one.open)


# --- nothing twice ------------------------------------------------------------------------------


def test_an_amount_stated_for_the_updates_of_a_run_is_one_more_method(tmp_path: Path) -> None:
    what = "tokens = '1e9'\nsequence_length = '64'\ncompute = { parameter_updates = '9e20' }"
    assert of(tmp_path, "sft", what) == (UPDATES, UPDATES)


def test_an_amount_in_all_holds_what_is_stated_for_other_activities(tmp_path: Path) -> None:
    what = "operations = '1e24'\ncompute = { rl_rollouts_used_for_updates = '3e23' }"
    assert of(tmp_path, "RL", what) == (7 * 10**23, 10**24)


def test_a_run_whose_activities_leave_nothing_for_its_own_is_asked_about(tmp_path: Path) -> None:
    run = (
        "[[run]]\nid = 'r'\nstage = 'RL'\noperations = '1e20'\n"
        "compute = { rl_rollouts_used_for_updates = '2e20' }\n"
    )
    _, found = ledger(tmp_path, run)
    assert any("nothing is left for parameter updates" in note for note in found.notes)


def test_a_stated_zero_is_an_entry_and_no_question(tmp_path: Path) -> None:
    run = "[[run]]\nid = 'r'\ncompute = { synthetic_private_forward = '0' }\n"
    known, found = ledger(tmp_path, run)
    assert line(known, "synthetic_private_forward")["amount"] == "0"
    assert found.notes == ()


# --- models made from others --------------------------------------------------------------------


def modified(derivation: str, *bases: str, more: str = "") -> str:
    names = ", ".join(f"'{base}'" for base in bases)
    return (
        f"[model]\nname = 'm'\nversion = '1'\nderived_from = [{names}]\n"
        f"derivation = '{derivation}'\n{more}"
    )


SFT = "[[run]]\nid = 'sft'\nstage = 'sft'\ntokens = '1e9'\nsequence_length = '64'\n"


def answer(known: Gathered, row: str) -> str:
    (found,) = [one for one in assess_dossier(known, ON).findings if one.rule == row]
    return found.answer


def test_a_fine_tune_is_measured_against_a_third_of_the_published_original(tmp_path: Path) -> None:
    known, _ = ledger(tmp_path, SFT, modified("fine_tune", BASE))
    assert held(known, "model.modification_compute").low == UPDATES
    assert held(known, "model.original_compute").value == one_published(BASE).compute
    assert "model.training_compute" not in known.merged(ON).world.keys
    big = SFT.replace("tokens = '1e9'\nsequence_length = '64'", "operations = '9e23'")
    known, _ = ledger(tmp_path, big, modified("fine_tune", BASE))
    assert answer(known, "gl:G5.2") == "met"


def test_a_complete_list_below_a_third_is_no_provider_by_modification(tmp_path: Path) -> None:
    head = modified("fine_tune", BASE, more="compute_ledger_complete = true\n")
    known, _ = ledger(tmp_path, SFT, head + "original_systemic = false\n")
    assert held(known, "model.modification_compute").value == UPDATES
    assert answer(known, "gl:G5.2") == "not_met"


def test_data_written_for_a_fine_tune_count_where_the_original_is_systemic(tmp_path: Path) -> None:
    runs = SFT + "[[run]]\nid = 'd'\nstage = 'synthetic data'\noperations = '1e20'\n"
    head = modified("fine_tune", BASE)
    known, _ = ledger(tmp_path, runs, head + "original_systemic = true\n")
    assert held(known, "model.modification_compute").low == UPDATES + 10**20
    known, _ = ledger(tmp_path, runs, head + "original_systemic = false\n")
    assert held(known, "model.modification_compute").low == UPDATES


def test_without_word_on_the_original_the_narrow_sum_is_a_bound_and_said(tmp_path: Path) -> None:
    runs = SFT + "[[run]]\nid = 'd'\nstage = 'synthetic data'\noperations = '1e20'\n"
    head = modified("fine_tune", BASE, more="compute_ledger_complete = true\n")
    known, _ = ledger(tmp_path, runs, head)
    found = held(known, "model.modification_compute")
    assert (found.value, found.low, found.high) == (None, UPDATES, None)
    assert any("Our reading" in note and "original_systemic" in note for note in known.notes)


def test_an_adapter_takes_the_passes_through_frozen_weights(tmp_path: Path) -> None:
    more = "adapter_rank = 8\nadapter_targets = ['q_proj', 'v_proj']\n"
    known, found = ledger(tmp_path, SFT, modified("adapter", BASE, more=more))
    change = held(known, "model.modification_compute").low
    assert change is not None
    assert UPDATES * 6 // 10 < change < UPDATES * 8 // 10
    assert found.notes == ()


@pytest.mark.parametrize("rank", ["0", "1e9", "1.5e30"])
def test_an_absurd_rank_is_named(tmp_path: Path, rank: str) -> None:
    more = f"adapter_rank = '{rank}'\nadapter_targets = ['q_proj']\n"
    _, found = ledger(tmp_path, SFT, modified("adapter", BASE, more=more))
    assert found.ledger.lines[0].entry.subject.startswith("base model")
    assert any("rank" in note for note in found.notes)


def test_an_unknown_base_is_asked_for_and_keeps_the_sums_open(tmp_path: Path) -> None:
    more = "modified_by_original_provider = true\ncompute_ledger_complete = true\n"
    known, found = ledger(tmp_path, SFT, modified("fine_tune", "nobody/nothing-3b", more=more))
    assert any("compute of the base model is not known" in note for note in known.notes)
    assert not found.ledger.complete
    assert held(known, "model.training_compute").value is None


def test_the_original_providers_own_fine_tune_adds_up_with_its_base(tmp_path: Path) -> None:
    more = "modified_by_original_provider = true\noriginal_compute = '1e24'\n"
    known, found = ledger(tmp_path, SFT, modified("fine_tune", BASE, more=more))
    assert held(known, "model.training_compute").low == 10**24 + UPDATES
    assert found.ledger.training.least == UPDATES


def test_weights_stated_for_a_run_and_known_for_the_base_are_counted_once(tmp_path: Path) -> None:
    run = SFT + "compute = { merged_or_initial_weights_training = '1e24' }\n"
    for stated, most in (("1e24", 10**24), ("3e24", 3 * 10**24)):
        head = modified("fine_tune", BASE, more=f"original_compute = '{stated}'\n")
        _, found = ledger(tmp_path, run, head)
        assert found.ledger.training.amount == most + UPDATES
        assert any("not added: the larger counts" in note for note in found.notes)


def test_a_merge_counts_every_base_and_says_which_is_unknown(tmp_path: Path) -> None:
    other = "meta-llama/Llama-3.1-405B"
    known, found = ledger(tmp_path, "", modified("merge", BASE, other))
    both = one_published(BASE).compute + one_published(other).compute
    assert found.ledger.cumulative.amount == both
    assert "model.original_compute" not in known.merged(ON).world.keys
    known, found = ledger(tmp_path, "", modified("merge", BASE, "nobody/nothing-3b"))
    assert found.ledger.cumulative.amount == one_published(BASE).compute
    assert any("not known" in note for note in known.notes)


@pytest.mark.parametrize("derivation", ["merge", "quantisation"])
def test_where_nothing_was_trained_only_a_person_can_say_so(
    tmp_path: Path, derivation: str
) -> None:
    known, _ = ledger(tmp_path, "", modified(derivation, BASE))
    assert "model.modification_compute" not in known.merged(ON).world.keys
    assert any("which alone trains nothing" in note for note in known.notes)
    head = modified(derivation, BASE, more="compute_ledger_complete = true\n")
    known, _ = ledger(tmp_path, "", head)
    change = held(known, "model.modification_compute")
    assert (change.low, change.high) == (0, 0)
    assert answer(known, "gl:G5.2") == "not_met"


def test_what_trained_the_parent_of_a_distillation_counts_in_no_sum_and_is_said(
    tmp_path: Path,
) -> None:
    student = "[[run]]\nid = 's'\nstage = 'distillation'\ntokens = '1e9'\nsequence_length = '64'\n"
    known, found = ledger(tmp_path, student, modified("distillation", BASE))
    assert found.ledger.cumulative.amount == UPDATES
    assert line(known, "distillation_parent_training")["rule"] == "gl:G8.8"
    assert held(known, "model.training_compute").low == UPDATES
    assert any("a distillation starts from new weights" in note for note in known.notes)
