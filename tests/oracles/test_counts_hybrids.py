"""Parameters and operations of small hybrids, counted anew by transformers and torch."""

from __future__ import annotations

import json

from tests.compute.record_hybrids import HERE, recount, write


def test_recorded_counts_of_hybrids_are_those_of_transformers_and_torch(
    record_oracles: bool,
) -> None:
    counted = recount()
    if record_oracles:
        write(counted)
    recorded = json.loads((HERE / "verified_hybrids.json").read_text(encoding="utf-8"))
    assert counted["rows"] == recorded["rows"]
