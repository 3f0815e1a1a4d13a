"""The benchmark harness: what it judges and how it reports."""

from __future__ import annotations

import pytest

from bench import run
from bench.harness import BARE_START, Row, time_calls, time_processes

FAST = Row("fast", 0.020, "bare start", 0.010, limit=3)
SLOW = Row("slow", 2.000, "bare start", 0.010, limit=3)


def test_ratio_at_its_limit_is_ok() -> None:
    assert Row("edge", 3.0, "one", 1.0, limit=3).ok
    assert not Row("over", 3.01, "one", 1.0, limit=3).ok


def test_table_shows_value_baseline_ratio_limit_and_judgement() -> None:
    head, fast, slow = run.table([FAST, SLOW]).splitlines()
    assert head.split() == ["name", "value", "baseline", "ratio", "limit", "ok"]
    assert " ".join(fast.split()) == "fast 20.0 ms bare start 10.0 ms 2.00 3.00 yes"
    assert slow.endswith("200.00  3.00   NO")


@pytest.mark.parametrize(("rows", "code"), [([FAST], 0), ([FAST, SLOW], 1), ([], 1)])
def test_run_fails_when_one_ratio_is_over_or_nothing_ran(
    rows: list[Row], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = type("Case", (), {"run": staticmethod(lambda: rows)})
    monkeypatch.setattr("importlib.import_module", lambda name: case)
    assert run.main(["case_cli"]) == code
    assert "baseline" in capsys.readouterr().out


def test_cases_are_found_by_their_file_name() -> None:
    assert "case_cli" in run.discover([])
    assert run.discover(["no such case"]) == []


def test_processes_are_timed_in_turn() -> None:
    took = time_processes({"bare": BARE_START, "again": BARE_START}, repetitions=1)
    assert took.keys() == {"bare", "again"}
    assert all(seconds > 0 for seconds in took.values())


def test_first_round_of_calls_does_not_count() -> None:
    calls: list[str] = []
    time_calls({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repetitions=2)
    assert calls == ["a", "b"] * 3
