"""Parameters and operations of small models with an encoder, counted anew by transformers."""

from __future__ import annotations

import json

from tests.compute.record_seq2seq import HERE, NAME, recount, write


def test_recorded_counts_are_those_of_transformers_and_torch(record_oracles: bool) -> None:
    counted = recount()
    if record_oracles:
        write(counted)
    recorded = json.loads((HERE / NAME).read_text(encoding="utf-8"))
    assert counted["rows"] == recorded["rows"]
