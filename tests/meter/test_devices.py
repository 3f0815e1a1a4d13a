"""Accelerators and places of processes, as torch and launchers tell them."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from chapterv.meter.devices import Chips, Place, find_chips, gathered, place


def fake_torch(monkeypatch: pytest.MonkeyPatch, **cuda: Any) -> None:
    """A torch that sees accelerators."""
    names = {
        "is_available": lambda: True,
        "current_device": lambda: 1,
        "device_count": lambda: 4,
        "get_device_name": lambda number: f"Example X{number}",
        **cuda,
    }
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(**names)))  # type: ignore[arg-type]


def test_one_process_uses_all_accelerators_that_torch_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_torch(monkeypatch)
    assert find_chips(own=False) == Chips(4, "Example X0")


def test_one_of_several_processes_uses_one(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_torch(monkeypatch)
    assert find_chips(own=True) == Chips(1, "Example X1")


def test_no_accelerators_are_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_torch(monkeypatch, is_available=lambda: False)
    assert find_chips(own=False) == Chips(None, None)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert find_chips(own=False) == Chips(None, None)


def test_a_driver_that_fails_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(number: int) -> str:
        raise RuntimeError

    fake_torch(monkeypatch, get_device_name=fail)
    assert find_chips(own=False) == Chips(None, None)


def test_launchers_tell_the_place_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "3"), ("WORLD_SIZE", "8"), ("LOCAL_RANK", "x")):
        monkeypatch.setenv(name, value)
    assert place() == Place(3, 8, 0)


def test_alone_nothing_is_exchanged() -> None:
    assert gathered([1]) == [[1]]
