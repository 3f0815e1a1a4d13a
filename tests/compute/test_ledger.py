"""The two sums of the ledger."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chapterv.compute import Counts, sum_parts
from chapterv.errors import InputError

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
