"""Parameters and operations of small picture models, counted anew by diffusers and torch."""

from __future__ import annotations

import json

import pytest

from tests.compute.record_denoisers import HERE, NAME, recount, write

pytest.importorskip("diffusers")


def test_recorded_counts_are_those_of_diffusers_and_torch(record_oracles: bool) -> None:
    counted = recount()
    if record_oracles:
        write(counted)
    recorded = json.loads((HERE / NAME).read_text(encoding="utf-8"))
    assert counted["rows"] == recorded["rows"]
