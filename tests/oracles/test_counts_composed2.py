"""Parameters and operations of further composed models, counted anew by transformers and torch."""

from __future__ import annotations

import json

from tests.compute.record_composed2 import HERE, recount, write


def test_recorded_counts_are_those_of_transformers_and_torch(record_oracles: bool) -> None:
    counted = recount()
    if record_oracles:
        write(counted)
    recorded = json.loads((HERE / "verified_composed2.json").read_text(encoding="utf-8"))
    for key in ("defaults", "texts", "rows"):
        assert counted[key] == recorded[key]
