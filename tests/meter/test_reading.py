"""What is read back from a meter's file, and what is said of a broken one."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chapterv.compute import Trained, describe, document_operations
from chapterv.evidence.results import Scan
from chapterv.meter import Meter
from chapterv.meter.record import FORMAT, VERSION
from tests.meter.runs import LLAMA, WINDOWED, lines_of, read, totals_of, values

RUN = "run:pretrain.training"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the record of twenty steps, written in ten lines."""
    path = tmp_path / "pretrain" / "meter.jsonl"
    options: dict[str, Any] = {"sequence_length": 64, "flush_steps": 2, "energy": False}
    with Meter(LLAMA, path, units=8, chip="Example X1", **options) as meter:
        for index in range(20):
            meter.add(640, padding=40, index=index)
    return tmp_path


def rewrite(folder: Path, change: Callable[[list[dict[str, Any]]], None]) -> Scan:
    """Change the lines of the record, write them and scan the folder."""
    path = folder / "pretrain" / "meter.jsonl"
    lines = lines_of(path)
    change(lines)
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return read(folder)


def kinds(scanned: Scan) -> list[str]:
    """The kinds of anomalies."""
    return [anomaly.kind for anomaly in scanned.anomalies]


def test_the_reader_knows_the_format_that_the_meter_writes() -> None:
    from chapterv.evidence.formats import meter_file

    assert (meter_file.FORMAT, meter_file.VERSION) == (FORMAT, VERSION)


def test_a_run_is_read_with_all_its_facts(folder: Path) -> None:
    scanned = read(folder)
    found = values(scanned, RUN)
    today = datetime.datetime.now(datetime.UTC).date()
    assert found.pop("run.seconds") < 60
    assert found.pop("run.started_on") <= today
    assert found.pop("run.ended_on") <= today
    assert found == {
        "run.stage": "training",
        "run.activity": "parameter_updates",
        "run.framework": "chapterv 0.1.0",
        "run.tokens": 12800,
        "run.tokens_padding": 800,
        "run.tokens_squared": 200 * 64 * 64,
        "run.steps": 20,
        "run.units": 8,
        "run.chip": "Example X1",
        "run.operations": document_operations(describe(LLAMA), {64: 200}).causal,
    }
    assert not scanned.anomalies
    assert not scanned.notes
    assert {fact.source.reader for fact in scanned.facts} == {"training-meter 1"}


def test_operations_are_computed_from_what_was_measured(folder: Path) -> None:
    facts = {fact.key: fact for fact in read(folder).facts}
    operations = facts["run.operations"]
    assert (operations.basis, operations.relation) == ("computed", "exactly")
    assert set(operations.source.inputs) == {
        facts["run.tokens"].id,
        facts["run.tokens_squared"].id,
    }
    assert facts["run.tokens"].basis == "measured"


def test_each_phase_and_activity_is_a_run(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "a" / "meter.jsonl", sequence_length=64) as meter:
        meter.add(64)
        meter.phase("annealing")
        meter.add(64)
        with meter.evaluation(64):
            pass
        meter.rollout([3], [4])
    scanned = read(tmp_path)
    subjects = {fact.subject for fact in scanned.facts}
    assert subjects == {
        "run:a.training",
        "run:a.annealing",
        "run:a.annealing.evaluation_red_teaming",
        "run:a.annealing.rl_rollouts_used_for_updates",
    }
    drawn = values(scanned, "run:a.annealing.rl_rollouts_used_for_updates")
    assert (drawn["run.tokens_prompt"], drawn["run.tokens_generated"]) == (3, 4)
    assert "run.steps" not in values(scanned, "run:a.annealing.evaluation_red_teaming")


def test_partly_trained_models_windows_and_documents_are_worked_out_anew(tmp_path: Path) -> None:
    frozen = Trained(frozen=frozenset({"token embedding"}), frozen_layers=2)
    lengths = [5, 9, 40, 64]
    with Meter(WINDOWED, tmp_path / "meter.jsonl", trained=frozen) as meter:
        meter.add(sum(lengths), documents=lengths)
    scanned = read(tmp_path)
    assert not scanned.anomalies
    (amount,) = (fact.value for fact in scanned.facts if fact.key == "run.operations")
    assert amount == document_operations(describe(WINDOWED), Counter(lengths), frozen).causal


def test_several_starts_on_other_machines_give_unit_hours(tmp_path: Path) -> None:
    path = tmp_path / "a" / "meter.jsonl"
    for units, chip in ((4, "X1"), (8, "X2")):
        with Meter(LLAMA, path, sequence_length=64, units=units, chip=chip) as meter:
            meter.add(64)
    scanned = read(tmp_path)
    found = values(scanned, "run:a.training")
    chip_time = int(totals_of(path)[0]["chip_microseconds"])
    assert found["run.unit_hours"] == round(Decimal(chip_time) / 3_600_000_000, 6)
    assert "run.units" not in found
    assert "run.chip" not in found
    assert "2 kinds of accelerators" in scanned.notes[0].text


def test_a_cut_line_is_listed_and_costs_only_what_it_held(folder: Path) -> None:
    path = folder / "pretrain" / "meter.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    scanned = read(folder)
    (anomaly,) = scanned.anomalies
    assert (anomaly.kind, anomaly.pointer) == ("line_cut", "line 13")
    assert values(scanned, RUN)["run.steps"] == 18


def test_a_missing_line_loses_nothing_and_is_listed_with_its_tokens(folder: Path) -> None:
    scanned = rewrite(folder, lambda lines: lines.pop(6))
    (anomaly,) = scanned.anomalies
    assert (anomaly.kind, anomaly.key, anomaly.amount) == ("lines_missing", "run.tokens", 1280)
    assert values(scanned, RUN)["run.tokens"] == 12800


def test_a_line_that_stands_twice_is_counted_once(folder: Path) -> None:
    scanned = rewrite(folder, lambda lines: lines.insert(7, lines[6]))
    assert kinds(scanned) == ["line_repeated"]
    assert values(scanned, RUN)["run.tokens"] == 12800


def test_a_line_written_again_after_an_interruption_counts_what_it_has_more(folder: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines.insert(-1, json.loads(json.dumps(lines[-1])))
        for part in ("added", "totals"):
            one = lines[-2][part][0]
            one.update(tokens=str(int(one["tokens"]) - 640), squared="0", positions="0")
            if part == "totals":
                one.update(squared=str(190 * 4096), positions=str(190 * 64))
            one.pop("operations")
        lines[-2]["added"][0].update(squared=str(10 * 4096), positions=str(10 * 64))

    scanned = rewrite(folder, change)
    assert [(one.kind, one.amount) for one in scanned.anomalies] == [("line_repeated", 640)]
    assert values(scanned, RUN)["run.tokens"] == 12800
    wanted = document_operations(describe(LLAMA), {64: 200}).causal
    assert values(scanned, RUN)["run.operations"] == wanted


def test_a_second_record_in_the_file_is_left_out_and_said_so(folder: Path) -> None:
    path = folder / "pretrain" / "meter.jsonl"
    path.write_bytes(path.read_bytes() * 2)
    scanned = read(folder)
    assert kinds(scanned) == ["second_record"]
    assert values(scanned, RUN)["run.tokens"] == 12800


def test_totals_that_are_not_the_sum_are_listed_with_the_difference(folder: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        for line in lines[-3:]:
            line["totals"][0]["tokens"] = str(int(line["totals"][0]["tokens"]) + 5)

    scanned = rewrite(folder, change)
    assert (scanned.anomalies[0].kind, scanned.anomalies[0].amount) == ("totals_differ", 5)
    assert kinds(scanned).count("totals_differ") == 1
    assert values(scanned, RUN)["run.tokens"] == 12800


def test_operations_that_do_not_follow_are_computed_anew(folder: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[-1]["totals"][0]["operations"]["causal"] = "7"

    scanned = rewrite(folder, change)
    (anomaly,) = scanned.anomalies
    wanted = document_operations(describe(LLAMA), {64: 200}).causal
    assert (anomaly.kind, anomaly.amount) == ("operations_differ", wanted - 7)
    assert values(scanned, RUN)["run.operations"] == wanted


def test_terms_that_are_not_the_configurations_are_worked_out_anew(folder: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[2]["works"][0]["terms"][0]["operations"] = "1"

    scanned = rewrite(folder, change)
    assert kinds(scanned) == ["terms_differ"]
    wanted = document_operations(describe(LLAMA), {64: 200}).causal
    assert values(scanned, RUN)["run.operations"] == wanted


def test_a_clock_that_goes_back_changes_no_duration(folder: Path) -> None:
    seconds = values(read(folder), RUN)["run.seconds"]

    def change(lines: list[dict[str, Any]]) -> None:
        lines[5]["utc"] = "2001-01-01T00:00:00.000Z"

    scanned = rewrite(folder, change)
    assert kinds(scanned) == ["clock_back"]
    assert values(scanned, RUN)["run.seconds"] == seconds


def test_steps_that_were_not_counted_bound_tokens_and_operations_from_below(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "meter.jsonl", sequence_length=64) as meter:
        meter.add(64)
        meter.add(-1)
    scanned = read(tmp_path)
    facts = {fact.key: fact for fact in scanned.facts}
    assert facts["run.tokens"].relation == facts["run.operations"].relation == "at_least"
    assert kinds(scanned) == ["steps_not_counted"]


@pytest.mark.parametrize(
    ("counts", "relation", "kind"),
    [
        ({}, "at_least", "lengths_unknown"),
        ({"squared": 64 * 64}, "at_most", "lengths_summed"),
    ],
)
def test_unknown_lengths_bound_the_operations(
    counts: dict[str, int], relation: str, kind: str, tmp_path: Path
) -> None:
    with Meter(WINDOWED, tmp_path / "meter.jsonl") as meter:
        meter.add(64, **counts)
    scanned = read(tmp_path)
    (fact,) = (fact for fact in scanned.facts if fact.key == "run.operations")
    assert (fact.relation, kinds(scanned)) == (relation, [kind])


def test_energy_is_that_of_the_accelerators_with_its_boundary(folder: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[1]["energy_counters"] = ["accelerator-0", "package-1"]
        for part in ("added", "totals"):
            lines[-1][part][0]["energy_mj"] = {"accelerator": "7200000000", "package": "5"}

    scanned = rewrite(folder, change)
    found = values(scanned, RUN)
    assert found["run.energy"] == 2
    assert (found["run.energy_boundary"], found["run.energy_method"]) == ("chip", "measured")
    assert "processors used package 5 mJ" in scanned.notes[0].text


def test_energy_of_some_starts_only_is_a_bound_from_below(folder: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        for part in ("added", "totals"):
            lines[-1][part][0]["energy_mj"] = {"package": "3600000"}

    (energy,) = (fact for fact in rewrite(folder, change).facts if fact.key == "run.energy")
    assert (energy.value, energy.relation) == (Decimal("0.001"), "at_least")


def test_without_a_configuration_there_are_tokens_and_no_operations(tmp_path: Path) -> None:
    with Meter(None, tmp_path / "meter.jsonl", sequence_length=64) as meter:
        meter.add(64)
    found = {fact.key for fact in read(tmp_path).facts}
    assert "run.tokens" in found
    assert "run.operations" not in found


def own_files(folder: Path, monkeypatch: pytest.MonkeyPatch, ranks: range) -> None:
    """Records of ranks of a run of four, 64 tokens each."""
    monkeypatch.setenv("WORLD_SIZE", "4")
    for rank in ranks:
        monkeypatch.setenv("RANK", str(rank))
        path = folder / "a" / "meter.jsonl"
        with Meter(LLAMA, path, sequence_length=64, ranks="own", units=1) as meter:
            for _ in range(3):
                meter.add(64)


def test_files_of_all_ranks_are_added_and_steps_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_files(tmp_path, monkeypatch, range(4))
    scanned = read(tmp_path)
    found = values(scanned, "run:a.training")
    assert (found["run.tokens"], found["run.steps"], found["run.units"]) == (4 * 192, 3, 4)
    assert found["run.operations"] == document_operations(describe(LLAMA), {64: 12}).causal
    assert not scanned.anomalies


def test_a_missing_rank_makes_bounds_from_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_files(tmp_path, monkeypatch, range(3))
    scanned = read(tmp_path)
    assert kinds(scanned) == ["ranks_missing"]
    assert {f.relation for f in scanned.facts if f.key in ("run.tokens", "run.operations")} == {
        "at_least"
    }


def test_a_copy_and_an_older_state_are_counted_once(folder: Path) -> None:
    whole = (folder / "pretrain" / "meter.jsonl").read_bytes()
    for name, data in (("backup", whole), ("anfang", whole[: len(whole) // 2])):
        (folder / name).mkdir()
        (folder / name / "meter.jsonl").write_bytes(data)
    scanned = read(folder)
    tokens = [fact.value for fact in scanned.facts if fact.key == "run.tokens"]
    assert tokens == [12800]
    assert kinds(scanned).count("copy") == 2


def test_other_files_of_json_lines_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "meter.jsonl").write_text('{"text": "x"}\n', encoding="utf-8")
    assert not read(tmp_path).facts


BROKEN: dict[str, Callable[[list[dict[str, Any]]], None]] = {
    "version": lambda lines: lines[0].update(version=99),
    "amount": lambda lines: lines[5]["added"][0].update(tokens=7),
    "negative": lambda lines: lines[5]["added"][0].update(tokens="-7"),
    "long": lambda lines: lines[5]["added"][0].update(tokens="9" * 100),
    "list": lambda lines: lines[5].update(added={}),
    "line": lambda lines: lines[5].update(line=None),
    "utc": lambda lines: lines[5].update(utc="yesterday"),
    "works": lambda lines: lines[2].update(works=[{}]),
    "terms": lambda lines: lines[2]["works"][0].update(terms=[{"of": "x", "operations": "1"}]),
    "work": lambda lines: lines[-1]["added"][0].update(work=9),
    "configuration": lambda lines: lines[0].update(configuration={"model_type": 5}),
    "model": lambda lines: lines[0].update(model=[]),
    "units": lambda lines: lines[1].update(units="many", chip=5, energy_counters=3),
    "trained": lambda lines: lines[2]["works"][0].update(trained=[]),
    "pairs": lambda lines: lines[5]["added"][0].update(pairs=[["1", "2"]]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_gives_anomalies_or_a_reason_and_never_an_error(
    what: str, folder: Path
) -> None:
    scanned = rewrite(folder, BROKEN[what])
    said = [*scanned.anomalies, *scanned.notes, *scanned.skipped]
    assert said or what in ("units", "model")
    assert not [entry for entry in scanned.skipped if "failed" in entry.reason], scanned.skipped


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_bytes_changed_at_random_never_raise(data: st.DataObject, folder: Path) -> None:
    path = folder / "pretrain" / "meter.jsonl"
    if not (folder / "kept").exists():
        (folder / "kept").write_bytes(path.read_bytes())
    content = bytearray((folder / "kept").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    scanned = read(folder)
    assert not [entry for entry in scanned.skipped if "failed" in entry.reason], scanned.skipped
