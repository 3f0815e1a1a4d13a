"""Energy counters: what is added, what is not, and where a counter begins anew."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from chapterv.meter import Meter
from chapterv.meter.energy import Counter, find_counters
from tests.meter.runs import LLAMA, lines_of, totals_of


def zone(root: Path, name: str, kind: str, energy: int = 0, most: int = 1_000_000) -> Path:
    """A zone as the system shows it."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{kind}\n", encoding="ascii")
    (folder / "energy_uj").write_text(f"{energy}\n", encoding="ascii")
    (folder / "max_energy_range_uj").write_text(f"{most}\n", encoding="ascii")
    return folder / "energy_uj"


@pytest.fixture(autouse=True)
def no_accelerators(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library of accelerators, whatever the machine has."""
    monkeypatch.setitem(sys.modules, "pynvml", None)


def test_packages_and_memory_are_added_and_what_lies_in_them_is_not(tmp_path: Path) -> None:
    files = {
        name: zone(tmp_path, name, kind)
        for name, kind in (
            ("intel-rapl:0", "package-0"),
            ("intel-rapl:0:0", "core"),
            ("intel-rapl:0:1", "uncore"),
            ("intel-rapl:0:2", "dram"),
            ("intel-rapl:1", "package-1"),
            ("intel-rapl:2", "psys"),
        )
    }
    zone(tmp_path, "intel-rapl", "control type")
    counters = find_counters(False, True, str(tmp_path))
    for file in files.values():
        file.write_text("50000\n", encoding="ascii")
    assert counters.since() == {"package": 100, "dram": 50}
    assert counters.since() == {}


def test_a_counter_that_begins_anew_is_followed(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", energy=900_000)
    counters = find_counters(False, True, str(tmp_path))
    file.write_text("100000", encoding="ascii")
    assert counters.since() == {"package": 200}


def test_parts_of_a_millijoule_are_kept(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0")
    counters = find_counters(False, True, str(tmp_path))
    total = 0
    for value in range(700, 70_001, 700):
        file.write_text(str(value), encoding="ascii")
        total += counters.since().get("package", 0)
    assert total == 70


def test_a_counter_that_fails_counts_nothing() -> None:
    values = iter([5000])
    counter = Counter("package-0", lambda: next(values))
    assert counter.since() == 0


def test_missing_counters_are_named_with_the_reason(tmp_path: Path) -> None:
    counters = find_counters(False, True, str(tmp_path / "none"))
    assert not counters.counters
    assert counters.absent == [
        "accelerators: pynvml is not installed",
        "processors: the system has no power capping folder",
    ]
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64) as meter:
        meter.add(64)
    assert lines_of(tmp_path / "m.jsonl")[1]["energy_absent"]


def test_only_one_process_of_a_machine_reads_its_processors(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0")
    assert not find_counters(True, False, str(tmp_path)).counters


def test_accelerators_are_read_through_their_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = {0: 1000, 1: 500}
    library = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: used[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64) as meter:
        meter.add(64)
        used.update({0: 1700, 1: 800})
        meter.flush()
        meter.phase("annealing")
        meter.add(64)
        used.update({0: 1750, 1: 800})
    first, second = totals_of(tmp_path / "m.jsonl")
    assert first["energy_mj"] == {"accelerator": "1000"}
    assert second["energy_mj"] == {"accelerator": "50"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert len(find_counters(False, False).counters) == 1
