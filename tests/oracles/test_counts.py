"""Parameters and operations of small models, and weights of adapters, counted anew.

transformers, diffusers and PEFT build the models, torch counts what they do.
"""

from __future__ import annotations

import importlib

import pytest

from tests.compute.recording import GROUPS, recorded, write


# What the libraries say of their own future, and of settings that they correct themselves, is no
# matter of these counts.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", GROUPS)
def test_recorded_counts_are_those_of_the_programs_of_others(
    group: str, record_oracles: bool
) -> None:
    counted = importlib.import_module(f"tests.compute.record_{group}").recount()
    if record_oracles:
        write(group, counted)
    kept = recorded(group)
    tables = [name for name, value in counted.items() if isinstance(value, list)]
    assert "rows" in tables
    for name in tables:
        assert counted[name] == kept[name], name
