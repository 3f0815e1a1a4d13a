"""Parameters and operations of further small decoders, counted anew."""

from __future__ import annotations

import json

from tests.compute.record_decoders import HERE, recount, write


def test_recorded_counts_of_decoders_are_those_of_transformers_and_torch(
    record_oracles: bool,
) -> None:
    counted = recount()
    if record_oracles:
        write(counted)
    recorded = json.loads((HERE / "verified_decoders.json").read_text(encoding="utf-8"))
    assert counted["rows"] == recorded["rows"]
