"""Vectors that are arithmetic of compute: Annex A of the guidelines, through `compute`.

The room of compute knows no law, so the margin, the thresholds and what counts in which sum are
taken from the law pack here; what a sum means for a threshold is asked of the rules.
"""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from chapterv.compute import (
    Counts,
    Period,
    architecture_method,
    dense_approximation,
    hardware_method,
    sum_parts,
    within_margin,
)
from chapterv.facts import amount_text, parse_amount
from chapterv.law import evaluate_object, load_pack
from tests.law.test_vectors import GUIDELINES, is_arithmetic, same

ON = datetime.date(2026, 11, 24)
LAW = load_pack().on(ON).values
ROWS = [row for row in GUIDELINES if is_arithmetic(row)]
Given = dict[str, Any]


def exact(value: object) -> Any:
    """Read a number of the file as it was typed."""
    return parse_amount(value)


def sums(given: Given) -> Given:
    """The two sums over kinds of activity, and what the rules say of the larger one."""
    counts = {
        kind: Counts(entry["training"], entry["cumulative"])
        for kind, entry in LAW["compute_activities"].items()
    }
    parts = {kind: exact(amount) for kind, amount in given["parts"].items()}
    totals = sum_parts(parts, counts)
    answers = evaluate_object({"model.cumulative_compute": amount_text(totals.cumulative)}, ON)
    return {
        "cumulative_flop": totals.cumulative,
        "training_compute_flop": totals.training_compute,
        "over_1e25": answers["answers"]["gl:G3.2"] == "met",
    }


def hardware(given: Given) -> Given:
    """Units, seconds, peak and utilisation, summed over periods or kinds of unit."""
    if "gpu_hours" in given:
        period = {"units": given["gpu_hours"], "seconds": 3600, "peak": given["peak_flop_per_s"]}
        periods = [period | {"utilisation": given["utilisation"]}]
    else:
        shared = {key: given[key] for key in ("seconds", "utilisation") if key in given}
        periods = [shared | entry for entry in given.get("periods", given.get("unit_types"))]
    estimate = hardware_method(
        Period(p["units"], exact(p["seconds"]), exact(p["peak"]), exact(p["utilisation"]))
        for p in periods
    )
    return {"flop": estimate.amount, "mean_peak": estimate.mean_peak}


def approximation(given: Given) -> Given:
    """Six times parameters times tokens, epochs multiplied in."""
    tokens = exact(given.get("tokens", given.get("tokens_per_epoch"))) * given.get("epochs", 1)
    return {"flop": dense_approximation(exact(given["params"]), tokens)}


def passes(given: Given) -> Given:
    """Passes times operations of one."""
    return {"flop": architecture_method(exact(given["passes"]), exact(given["ops_per_full_pass"]))}


def margin(given: Given) -> Given:
    """A true value against the margin around the reported one."""
    share = Decimal(LAW["estimate_margin"].numerator) / LAW["estimate_margin"].denominator
    reported, true = exact(given["reported_flop"]), exact(given["true_flop"])
    return {"within_margin": within_margin(reported, true, share)}


def threshold(given: Given) -> Given:
    """A threshold inside the margin warns and decides nothing."""
    result = evaluate_object({"model.cumulative_compute": given["reported_flop"]}, ON)
    value: Given = result["values"]["gl:G8.30"]
    return value


def found(given: Given) -> Given:
    """Work a row out by the form of the Annex that it asks for."""
    if "parts" in given:
        return sums(given)
    if "method" in given:
        forms = {"hardware": hardware, "6PD": approximation, "architecture": passes}
        return forms[given["method"]](given)
    return margin(given) if "true_flop" in given else threshold(given)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_vectors_of_compute_give_the_expected_results(row: dict[str, str]) -> None:
    expected = json.loads(row["expected_json"])
    results = found(json.loads(row["facts_json"]))
    stated = expected.pop("stated_flop", None)
    tolerance = Decimal(str(expected.pop("relative_tolerance_to_stated", 0)))
    if stated is not None:
        assert abs(Decimal(results["flop"]) / Decimal(str(stated)) - 1) <= tolerance
    for name, value in expected.items():
        assert agrees(results[name], value), f"{name}: expected {value!r}, found {results[name]!r}"


def agrees(result: Any, value: Any) -> bool:
    """Compare a result, fractions and intervals included."""
    if isinstance(value, list):
        return all(agrees(one, other) for one, other in zip(result, value, strict=True))
    if isinstance(result, Fraction):
        result = Decimal(result.numerator) / result.denominator
    return same(result, value)


def test_every_row_of_the_guidelines_file_runs_somewhere() -> None:
    assert len(GUIDELINES) == 153
    assert {row["id"][3] for row in ROWS} == {"A", "C", "H"}
