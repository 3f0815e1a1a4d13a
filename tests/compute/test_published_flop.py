"""Six operations for each active parameter and token, against what publishers state."""

from __future__ import annotations

import csv
import json
from fractions import Fraction

import pytest

from chapterv.compute import Architecture, dense_approximation, describe
from tests.real_data import real_data

_ROWS = [
    row
    for row in csv.DictReader(
        real_data("models", "expected.csv").read_text(encoding="utf-8").splitlines()
    )
    if row["tokens"] and row["published_training_flop"] and row["grade"] in ("A", "B")
]

_WANTED = Fraction(7, 100)


def _architecture(row: dict[str, str]) -> Architecture:
    path = real_data("models", *row["config_file"].split("/"))
    return describe(json.loads(path.read_text(encoding="utf-8")), row["config_file"])


def _published(row: dict[str, str]) -> Fraction:
    return Fraction(row["published_training_flop"])


def _ratio(row: dict[str, str], parameters: int) -> Fraction:
    return Fraction(dense_approximation(parameters, int(row["tokens"]))) / _published(row)


def _name(row: dict[str, str]) -> str:
    return row["model"]


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_six_times_active_parameters_times_tokens_is_within_seven_per_cent(
    row: dict[str, str],
) -> None:
    ratio = _ratio(row, _architecture(row).parameters_active)
    assert abs(ratio - 1) <= _WANTED, f"{row['model']}: {float(ratio):.3f} of the published figure"


def test_the_rows_are_those_that_state_tokens_and_operations() -> None:
    assert len(_ROWS) == 10


def test_total_parameters_of_a_mixture_overstate_by_their_sparsity() -> None:
    """The naive figure flips the class: DeepSeek-V3 would lie six times above 10^25."""
    row = next(row for row in _ROWS if row["model"] == "deepseek-ai--DeepSeek-V3")
    architecture = _architecture(row)
    naive = _ratio(row, architecture.parameters_total)
    assert 17 < naive < 18
    assert _published(row) < 10**25 < naive * _published(row)
    for one in _ROWS:
        found = _architecture(one)
        if found.is_mixture:
            assert _ratio(one, found.parameters_total) > 3, one["model"]
