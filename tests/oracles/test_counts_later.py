"""Parameters and operations of encoders, pairs and autoencoders, counted anew by the libraries."""

from __future__ import annotations

import json

import pytest

from tests.compute.record_later import HERE, NAME, recount, write

pytest.importorskip("diffusers")


def test_recorded_counts_are_those_of_the_libraries(record_oracles: bool) -> None:
    counted = recount()
    if record_oracles:
        write(counted)
    recorded = json.loads((HERE / NAME).read_text(encoding="utf-8"))
    assert (counted["rows"], counted["defaults"]) == (recorded["rows"], recorded["defaults"])
