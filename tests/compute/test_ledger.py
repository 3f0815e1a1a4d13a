"""The two sums of the ledger."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chapterv.compute import Counts, sum_parts
from chapterv.compute.ledger import Entry, add_up, counts_of
from chapterv.errors import InputError
from chapterv.facts import catalogue
from chapterv.law import load_pack

# As the Guidelines' Annex A.1 has it; the program takes this from the law data.
_BOTH, _CUMULATIVE, _NONE = Counts(True, True), Counts(False, True), Counts(False, False)
_TABLE = {
    "parameter_updates": _BOTH,
    "synthetic_private_forward": _CUMULATIVE,
    "synthetic_private_discarded": _CUMULATIVE,
    "synthetic_public_generation": _NONE,
    "merged_or_initial_weights_training": _BOTH,
    "evaluation_red_teaming": _NONE,
    "rl_rollouts_used_for_updates": _CUMULATIVE,
    "activation_recomputation": _NONE,
}


def test_each_kind_goes_into_the_sums_that_the_table_names() -> None:
    sums = sum_parts(
        {
            "parameter_updates": 9 * 10**24,
            "synthetic_private_forward": 10**23,
            "synthetic_private_discarded": 9 * 10**23,
            "synthetic_public_generation": 5 * 10**24,
            "evaluation_red_teaming": 10**24,
        },
        _TABLE,
    )
    assert sums.training_compute == 9 * 10**24
    assert sums.cumulative == 10**25
    assert [entry.kind for entry in sums.left_out] == [
        "synthetic_public_generation",
        "evaluation_red_teaming",
    ]


def test_no_parts_sum_to_nothing() -> None:
    sums = sum_parts({}, _TABLE)
    assert (sums.training_compute, sums.cumulative) == (0, 0)


def test_one_operation_more_is_not_lost_among_decimals() -> None:
    sums = sum_parts(
        {"parameter_updates": 10**25, "merged_or_initial_weights_training": Decimal("0.5")}, _TABLE
    )
    assert sums.training_compute == Decimal("10000000000000000000000000.5")


def test_an_unknown_kind_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="Did you mean 'parameter_updates'"):
        sum_parts({"parameter_update": 1}, _TABLE)


@pytest.mark.parametrize("amount", [-1, Decimal("-0.1"), Decimal("NaN"), True, 10**101])
def test_an_impossible_amount_is_refused_by_the_kind_it_stands_under(amount: int) -> None:
    with pytest.raises(InputError, match="parameter_updates"):
        sum_parts({"parameter_updates": amount}, _TABLE)


def test_law_data_say_of_every_kind_where_it_counts_and_why_a_reading_is_open() -> None:
    counts = counts_of(load_pack().parameters["compute_activities"].value[-1].value)
    kinds = set(catalogue()["run.activity"].values)
    assert set(counts) == kinds
    assert {f"run.compute.{kind}" for kind in kinds} <= set(catalogue())
    for kind, entry in counts.items():
        assert set(entry.open) <= {"training", "cumulative"}, kind
        assert bool(entry.open) == bool(entry.why), kind
        # What counts as an update contributed to capabilities too.
        assert entry.cumulative or not entry.training, kind


def test_open_kinds_are_summed_under_every_reading() -> None:
    counts = counts_of(load_pack().parameters["compute_activities"].value[-1].value)
    ledger = add_up(
        [
            Entry("run:a", "parameter_updates", 100),
            Entry("run:b", "rl_rollouts_used_for_updates", 10),
            Entry("run:c", "repeated_steps", 1),
            Entry("run:d", "evaluation_red_teaming", 1000),
        ],
        counts,
    )
    assert (ledger.training.least, ledger.training.amount, ledger.training.most) == (100, 101, 111)
    assert (ledger.cumulative.least, ledger.cumulative.amount) == (110, 111)
    assert ledger.cumulative.most == 111
    assert ledger.training.depends_on_reading
    assert [line.entry.subject for line in ledger.left_out] == ["run:d"]


def test_ends_add_up_and_one_open_end_leaves_the_sum_open() -> None:
    entries = [Entry("a", "x", 10, 7, 13), Entry("b", "x", 5)]
    both = {"x": Counts(True, True)}
    total = add_up(entries, both).training
    assert (total.low, total.amount, total.high) == (12, 15, 18)
    assert add_up([*entries, Entry("c", "x", 1, open_above=True)], both).training.high is None


def test_ends_that_do_not_enclose_the_amount_are_refused() -> None:
    with pytest.raises(InputError, match="do not enclose"):
        add_up([Entry("a", "x", 10, 11)], {"x": Counts(True, True)})
