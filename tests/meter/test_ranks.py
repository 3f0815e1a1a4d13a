"""Several processes of one run: what is added, what is not, and who writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import describe, document_operations
from chapterv.meter import Meter, writing
from tests.meter.runs import LLAMA, lines_of, totals_of


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A second rank that counted twice as many tokens; what was exchanged is returned."""
    exchanged: list[Any] = []

    def gathered(table: Any) -> list[Any]:
        mine = json.loads(json.dumps(table))
        others = json.loads(json.dumps(table))
        for _, sums in others:
            for name in ("tokens", "documents", "positions", "squared"):
                sums[name] = str(2 * int(sums.get(name, 0)))
        exchanged.append(mine)
        return [mine, others]

    monkeypatch.setattr(writing, "gathered", gathered)
    monkeypatch.setenv("WORLD_SIZE", "2")
    return exchanged


def test_the_first_rank_writes_the_sum_of_tokens_and_one_rank_s_steps(
    other: list[Any], tmp_path: Path
) -> None:
    path = tmp_path / "m.jsonl"
    with Meter(LLAMA, path, sequence_length=64, ranks="sum", flush_steps=2, units=1) as meter:
        for _ in range(5):
            meter.add(64)
    total = totals_of(path)[0]
    assert (total["steps"], total["tokens"]) == ("5", str(3 * 5 * 64))
    wanted = document_operations(describe(LLAMA), {64: 15})
    assert total["operations"]["causal"] == str(wanted.causal)
    assert int(total["chip_microseconds"]) == 2 * int(total["microseconds"])
    assert lines_of(path)[1]["units"] == 2
    assert len(other) == 3


def test_other_ranks_write_nothing(
    other: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, ranks="sum") as meter:
        meter.add(64)
    assert not (tmp_path / "m.jsonl").exists()
    assert len(other) == 1


def test_a_rank_that_failed_does_not_wait_for_the_others(other: list[Any], tmp_path: Path) -> None:
    def fail(meter: Meter) -> None:
        with meter:
            meter.add(64)
            raise ZeroDivisionError

    meter = Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, ranks="sum")
    with pytest.raises(ZeroDivisionError):
        fail(meter)
    assert not other


def test_processes_that_are_not_connected_lose_nothing_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, ranks="sum", units=1) as meter:
        meter.add(64)
        meter.flush()
        assert "1 of 2 processes are connected" in caplog.text
        monkeypatch.setattr(writing, "gathered", lambda table: [table, []])
        meter.add(64)
    total = totals_of(tmp_path / "m.jsonl")[0]
    assert (total["tokens"], total["steps"]) == ("128", "2")
    assert total["chip_microseconds"] == total["microseconds"]


def test_evaluation_batches_never_bring_about_an_exchange(other: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with Meter(LLAMA, path, sequence_length=64, ranks="sum", flush_steps=2, flush_seconds=0) as m:
        for _ in range(10):
            with m.evaluation(64):
                pass
        assert not other


def test_a_process_that_works_on_the_tokens_of_another_adds_only_its_time(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, duplicate=True, units=1) as meter:
        meter.add(64, documents=[64])
        meter.rollout([4], [5])
    update, drawn = totals_of(tmp_path / "m.jsonl")
    assert "tokens" not in update
    assert "tokens" not in drawn
    assert int(update["chip_microseconds"]) == int(update["microseconds"])


def test_each_rank_may_write_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, ranks="own") as meter:
            meter.add(64)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["m.rank0.jsonl", "m.rank1.jsonl"]
    assert lines_of(tmp_path / "m.rank1.jsonl")[0]["rank"] == 1
