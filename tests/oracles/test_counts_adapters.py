"""Weights of adapters, counted anew by PEFT."""

from __future__ import annotations

import json

import pytest

from tests.compute.record_adapters import HERE, recount, write


# The library warns of names that others will remove, and of settings that it corrects itself.
@pytest.mark.filterwarnings("ignore")
def test_recorded_counts_of_adapters_are_those_of_peft(record_oracles: bool) -> None:
    counted = recount()
    if record_oracles:
        write(counted)
    recorded = json.loads((HERE / "verified_adapters.json").read_text(encoding="utf-8"))
    assert counted["rows"] == recorded["rows"]
