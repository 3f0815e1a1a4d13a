"""The meter counts exactly what the closed form gives for the tokens processed."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute import (
    NOTHING,
    Trained,
    describe,
    document_operations,
    operations_per_token,
    terms_of,
)
from chapterv.errors import InputError
from chapterv.meter import Meter
from tests.compute.cases import cases
from tests.meter.runs import LLAMA, WINDOWED, lines_of, read, totals_of
from tests.real_data import real_data

COVERED = [case for case in cases() if not case.get("is_encoder_decoder")]


def covered(config: dict[str, Any]) -> bool:
    """Whether a model works on text alone."""
    return all(stream.optional for stream in describe(config).streams[1:])


FAMILIES = [config for config in COVERED if covered(config)]


@pytest.mark.parametrize("config", FAMILIES, ids=lambda config: config["model_type"])
def test_totals_equal_the_closed_form_for_every_family(
    config: dict[str, Any], tmp_path: Path
) -> None:
    lengths = [1, 7, 64, 64, 200, 33]
    with Meter(config, tmp_path / "m.jsonl", energy=False) as meter:
        for _ in range(3):
            meter.add(sum(lengths), documents=lengths)
    written = totals_of(tmp_path / "m.jsonl")[0]["operations"]
    each = document_operations(describe(config), Counter(lengths))
    assert written == {"causal": str(3 * each.causal), "full": str(3 * each.full)}


@pytest.mark.parametrize(
    "name",
    [
        "openai--gpt-oss-20b",
        "deepseek-ai--DeepSeek-V4-Flash",
        "meta-llama--Meta-Llama-3.1-405B",
    ],
)
def test_real_configurations_are_counted_exactly(name: str, tmp_path: Path) -> None:
    path = real_data("models", "configs", name, "config.json")
    with Meter(path, tmp_path / "m.jsonl", sequence_length=4096, energy=False) as meter:
        meter.add(10 * 4096)
        import json

        architecture = describe(json.loads(path.read_text(encoding="utf-8")))
        assert meter.operations == document_operations(architecture, {4096: 10}).causal


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_terms_equal_documents_one_by_one(lengths: list[int]) -> None:
    for config in (LLAMA, WINDOWED):
        architecture = describe(config)
        terms = terms_of(architecture)
        pairs = [
            tuple(sum(kind.amounts(length)[n] for length in lengths) for n in (0, 1))
            for kind in terms.by_length
        ]
        tokens, squared = sum(lengths), sum(length * length for length in lengths)
        got = terms.operations(tokens, tokens, squared, [(p[0], p[1]) for p in pairs])
        wanted = document_operations(architecture, Counter(lengths))
        assert got == (wanted.causal, wanted.full)


def test_lists_tables_sums_and_equal_rows_give_the_same(tmp_path: Path) -> None:
    found = set()
    for number, given_as in enumerate(
        ({"documents": [64] * 8}, {"documents": {64: 8}}, {"squared": 8 * 64 * 64}, {})
    ):
        meter = Meter(LLAMA, tmp_path / f"{number}.jsonl", sequence_length=64, energy=False)
        meter.add(512, **given_as)
        found.add(meter.operations)
        meter.close()
    assert len(found) == 1


def test_padding_costs_and_is_counted_apart(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, energy=False) as meter:
        meter.add(128, padding=28)
        assert meter.operations == document_operations(describe(LLAMA), {64: 2}).causal
    assert totals_of(tmp_path / "m.jsonl")[0]["padding"] == "28"


def test_padding_outside_documents_costs_no_attention(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", energy=False) as meter:
        meter.add(128, padding=28, documents=[50, 50])
        weights = terms_of(describe(LLAMA)).terms[0].operations
        packed = document_operations(describe(LLAMA), {50: 2}).causal
        assert meter.operations == packed + 28 * weights


def test_skipped_steps_cost_and_are_counted_apart(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, energy=False) as meter:
        with meter.step(64):
            pass
        with meter.step(64) as step:
            step.skip()
        both = meter.operations
    total = totals_of(tmp_path / "m.jsonl")[0]
    assert (total["steps"], total["skipped"], total["tokens"]) == ("1", "1", "128")
    assert both == 128 * operations_per_token(describe(LLAMA), 64).causal


def test_evaluation_is_a_forward_pass_of_its_own_activity(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, energy=False) as meter:
        meter.add(64)
        with meter.evaluation(640):
            pass
    update, looked = totals_of(tmp_path / "m.jsonl")
    assert (looked["activity"], looked["passes"]) == ("evaluation_red_teaming", "forward")
    assert "steps" not in looked
    assert int(looked["operations"]["causal"]) * 3 == int(update["operations"]["causal"]) * 10


def test_rollouts_read_a_prompt_once_for_all_its_samples(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", energy=False) as meter:
        meter.rollout([10, 20], [5, 6, 7, 8])
    (total,) = totals_of(tmp_path / "m.jsonl")
    assert (total["prompt"], total["generated"], total["tokens"]) == ("30", "26", "56")

    def forward(length: int) -> int:
        return document_operations(describe(LLAMA), {length: 1}, NOTHING).causal

    whole = sum(map(forward, (15, 16, 27, 28))) - forward(10) - forward(20)
    assert int(total["operations"]["causal"]) == whole


def test_rollouts_that_cannot_be_leave_no_trace_in_the_sums(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", energy=False) as meter:
        meter.rollout([10, 20], [5, 6, 7])
        meter.rollout([10, 20], [5, -30])
    (total,) = totals_of(tmp_path / "m.jsonl")
    assert total["uncounted"] == "2"
    assert "tokens" not in total


def test_micro_batches_make_one_step(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, energy=False) as meter:
        for last in (0, 0, 1):
            meter.add(64, steps=last)
    total = totals_of(tmp_path / "m.jsonl")[0]
    assert (total["steps"], total["tokens"]) == ("1", "192")


def test_phases_and_activities_are_summed_apart(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, phase="pre-training") as meter:
        meter.add(64)
        meter.phase("annealing")
        meter.add(128)
        meter.add(64, activity="auxiliary_model_forward")
    found = {
        (one["phase"], one["activity"]): one["tokens"] for one in totals_of(tmp_path / "m.jsonl")
    }
    assert found == {
        ("pre-training", "parameter_updates"): "64",
        ("annealing", "parameter_updates"): "128",
        ("annealing", "auxiliary_model_forward"): "64",
    }  # fmt: skip


def test_steps_taken_again_are_counted_and_named(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, energy=False) as meter:
        for index in (1, 2, 3, 2, 3, 4):
            meter.add(64, index=index)
    total = totals_of(tmp_path / "m.jsonl")[0]
    assert (total["steps"], total["steps_repeated"], total["tokens_repeated"]) == ("6", "2", "128")


def test_frozen_weights_and_adapters_cost_less(tmp_path: Path) -> None:
    adapter = Trained("adapter", adapter_parameters=1000)
    with Meter(LLAMA, tmp_path / "m.jsonl", trained=adapter, sequence_length=64) as meter:
        meter.add(640)
        wanted = document_operations(describe(LLAMA), {64: 10}, adapter).causal
        assert meter.operations == wanted
        meter.trains(trained=Trained())
        meter.add(640)
        both = wanted + document_operations(describe(LLAMA), {64: 10}).causal
        assert meter.operations == both


def test_without_a_configuration_tokens_alone_are_counted(tmp_path: Path) -> None:
    with Meter(None, tmp_path / "m.jsonl", sequence_length=64) as meter:
        meter.add(128)
        assert "operations" not in meter.totals()["sums"][0]
    assert totals_of(tmp_path / "m.jsonl")[0]["squared"] == str(2 * 64 * 64)


def test_layers_that_predict_further_tokens_are_counted_where_they_are_trained(
    tmp_path: Path,
) -> None:
    config = next(
        one for one in FAMILIES if one["model_type"] == "deepseek_v3"
    ) | {"num_nextn_predict_layers": 1}  # fmt: skip
    path = tmp_path / "meter.jsonl"
    with Meter(config, path, sequence_length=64, prediction=True, strict=True) as meter:
        meter.add(640)
        with meter.evaluation(640):
            pass
    update, looked = (int(one["operations"]["causal"]) for one in totals_of(path))
    ahead = operations_per_token(describe(config), 64).prediction_causal
    assert ahead
    plain = document_operations(describe(config), {64: 10}).causal
    assert 0 <= plain + 640 * ahead - update < 640
    assert looked * 3 == plain
    assert not read(tmp_path).anomalies


def test_tokens_without_lengths_are_named(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", energy=False) as meter:
        meter.add(128)
    total = totals_of(tmp_path / "m.jsonl")[0]
    assert total["without_lengths"] == "128"
    weights = terms_of(describe(LLAMA)).terms[0].operations
    assert total["operations"]["causal"] == str(128 * weights)


def test_sums_of_squares_bound_windows_from_above(tmp_path: Path) -> None:
    with Meter(WINDOWED, tmp_path / "m.jsonl", energy=False) as meter:
        meter.add(128, squared=64 * 64 * 2)
        upper = meter.operations
    exact = document_operations(describe(WINDOWED), {64: 2}).causal
    assert exact <= upper <= document_operations(describe(LLAMA), {64: 2}).causal
    assert totals_of(tmp_path / "m.jsonl")[0]["sums_only"] == "128"


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": -1},
        {"tokens": 4, "padding": 5},
        {"tokens": 4, "steps": -1},
        {"tokens": 1.5},
        {"tokens": 4, "documents": [2, 3]},
        {"tokens": 4, "documents": [0, 3]},
        {"tokens": 4, "squared": 3},
        {"tokens": 4, "squared": 5},
        {"tokens": 4, "activity": "no_such_activity"},
        {"tokens": 4, "documents": ["a"]},
    ],
)
def test_wrong_arguments_never_stop_the_training(
    wrong: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), Meter(LLAMA, tmp_path / "m.jsonl") as meter:
        meter.add(**wrong)
        meter.add(**wrong)
        meter.add(64, documents=[64])
    total = next(one for one in totals_of(tmp_path / "m.jsonl") if "steps" in one)
    assert (total["tokens"], total["uncounted"]) == ("64", "2")
    assert len(caplog.records) == 1
    with Meter(LLAMA, tmp_path / "n.jsonl", strict=True) as strict, pytest.raises(Exception):  # noqa: B017,PT011
        strict.add(**wrong)


def test_numbers_of_other_libraries_are_taken(tmp_path: Path) -> None:
    class Number:
        def __index__(self) -> int:
            return 64

    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, strict=True) as meter:
        meter.add(Number(), index=Number())  # type: ignore[arg-type]
    total = totals_of(tmp_path / "m.jsonl")[0]
    assert (total["tokens"], total["last_step"]) == ("64", "64")


def test_too_many_phases_are_said_once_and_the_last_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("chapterv.meter.writing.MAX_KEYS", 5)
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, flush_steps=1) as meter:
        for number in range(9):
            meter.phase(f"phase {number}")
            meter.add(64)
    totals = totals_of(tmp_path / "m.jsonl")
    assert len(totals) == 5
    assert sum(int(one["tokens"]) for one in totals) == 9 * 64
    assert len(caplog.records) == 1


def test_a_block_that_fails_is_not_counted(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64) as meter:
        with pytest.raises(ZeroDivisionError), meter.step(64):
            raise ZeroDivisionError
        assert meter.operations == 0


def test_an_unknown_family_is_refused_before_the_training(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not covered"):
        Meter({"model_type": "no-such-family"}, tmp_path / "m.jsonl")
    assert not (tmp_path / "m.jsonl").exists()


def test_time_inside_steps_and_between_them_is_kept(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, units=4) as meter:
        time.sleep(0.02)
        with meter.step(64):
            time.sleep(0.03)
    total = totals_of(tmp_path / "m.jsonl")[0]
    spent, inside = int(total["microseconds"]), int(total["step_microseconds"])
    assert 30_000 <= inside <= spent - 20_000 + 100
    assert int(total["chip_microseconds"]) == 4 * spent


def test_no_path_name_or_text_of_a_person_is_kept(tmp_path: Path) -> None:
    config = {**LLAMA, "_name_or_path": "/data/jane/model", "wandb_user": "jane",
              "auto_map": {"AutoModel": "jane--x.Y"}, "data-path": "/data/jane"}  # fmt: skip
    with Meter(config, tmp_path / "m.jsonl", sequence_length=64) as meter:
        meter.add(64)
    text = (tmp_path / "m.jsonl").read_text(encoding="utf-8")
    assert "jane" not in text
    assert str(tmp_path) not in text
    assert lines_of(tmp_path / "m.jsonl")[0]["configuration"]["hidden_size"] == 64


def test_importing_it_loads_nothing_heavy() -> None:
    program = "import sys, chapterv.meter; from chapterv.meter import Meter; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert "chapterv" in loaded, result.stderr
    assert not loaded & {
        "torch",
        "transformers",
        "lightning",
        "click",
        "jinja2",
        "ruamel",
        "msgspec",
    }
