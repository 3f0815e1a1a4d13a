"""Methods side by side: ratios, reasons, one choice, and an order that changes nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.compute.reconciling import KINDS, Reconciliation, methods_in_text, reconcile
from chapterv.compute.repairs import Evidence, Exact, Input, Method
from chapterv.compute.repairs_text import Passage
from chapterv.errors import InputError

_MARGIN = Decimal("0.3")


def _reconcile(*methods: Method, evidence: Evidence | None = None) -> Reconciliation:
    return reconcile(methods, evidence or Evidence(), tolerance=_MARGIN, margin=_MARGIN)


def _from_logs(amount: Exact, **bounds: Exact) -> Method:
    return Method("architecture", amount, inputs=(Input("tokens", 1, "log"),), **bounds)  # type: ignore[arg-type]


def _hardware(amount: Exact, origin: str = "model", **bounds: Exact) -> Method:
    return Method("hardware", amount, inputs=(Input("utilisation", 1, origin),), **bounds)  # type: ignore[arg-type]


_ORDER = [
    Method("measured", 10),
    _from_logs(11),
    _hardware(12),
    Method("architecture", 13, inputs=(Input("tokens", 1, "stated"),)),
    Method("six_per_parameter", 14),
    Method("published", 15),
    Method("calculation", 16),
    _hardware(17, "unknown"),
    Method("tool", 18),
    Method("stated", 19),
]


@pytest.mark.parametrize("first", range(len(_ORDER)))
def test_the_best_of_the_methods_left_is_chosen(first: int) -> None:
    found = _reconcile(*reversed(_ORDER[first:]))
    assert list(found.methods) == _ORDER[first:]
    assert found.chosen.amount == _ORDER[first].amount
    assert found.chosen.why


@given(st.permutations(_ORDER))
def test_the_order_of_the_methods_changes_nothing(methods: list[Method]) -> None:
    assert _reconcile(*methods) == _reconcile(*_ORDER)


@given(
    st.lists(
        st.builds(
            Method,
            kind=st.sampled_from(KINDS),
            amount=st.integers(1, 10**27) | st.decimals(1, 10**9, allow_nan=False),
            name=st.sampled_from(["", "a", "b"]),
        ),
        min_size=2,
        max_size=5,
    ),
    st.randoms(),
)
def test_any_methods_in_any_order_give_the_same(methods: list[Method], random: object) -> None:
    shuffled = list(methods)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _reconcile(*methods) == _reconcile(*shuffled)


def test_a_rate_from_a_log_that_counts_the_model_is_a_model_utilisation() -> None:
    rate = Method("hardware", 12, inputs=(Input("throughput", 1, "model"),))
    assert _reconcile(rate, Method("six_per_parameter", 14)).chosen.amount == 12


def test_every_pair_has_its_exact_ratio() -> None:
    found = _reconcile(_from_logs(3), _hardware(7), Method("stated", Decimal("0.5")))
    ratios = {(gap.first, gap.second): gap.ratio for gap in found.gaps}
    assert ratios == {(0, 1): Fraction(3, 7), (0, 2): 6, (1, 2): 14}


def test_a_ratio_at_the_tolerance_agrees_and_one_above_does_not() -> None:
    assert _reconcile(Method("measured", 100), _hardware(130)).gaps[0].agrees
    assert _reconcile(Method("measured", 130), _hardware(100)).gaps[0].agrees
    assert not _reconcile(Method("measured", 1000), _hardware(1301)).gaps[0].agrees


def test_an_independent_method_that_agrees_bounds_the_estimate() -> None:
    chosen = _reconcile(_from_logs(100), _hardware(110)).chosen
    assert (chosen.low, chosen.high, chosen.within_margin) == (100, 110, "met")
    assert "hardware" in chosen.bound_from


def test_a_method_on_the_same_inputs_bounds_nothing() -> None:
    six = Method("six_per_parameter", 101)
    published = Method("published", 100)
    chosen = _reconcile(_from_logs(100), six, published).chosen
    assert (chosen.low, chosen.high, chosen.within_margin) == (None, None, "cannot_tell")


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [(70, 130, "met"), (69, 130, "not_met"), (70, 131, "not_met"), (100, 100, "met")],
)
def test_the_margin_is_a_share_of_the_estimate(low: int, high: int, answer: str) -> None:
    assert _reconcile(_from_logs(100, low=low, high=high)).chosen.within_margin == answer


def test_a_gap_comes_with_its_reason_and_the_words_behind_it() -> None:
    six = Method(
        "six_per_parameter",
        6 * 671 * 10**9 * 148 * 10**11,
        inputs=(Input("parameters", 671 * 10**9), Input("tokens", 148 * 10**11)),
    )
    hardware = _hardware(33 * 10**23)
    evidence = Evidence((Passage("card", "671B parameters, of which 37B are activated"),))
    found = _reconcile(six, hardware, evidence=evidence)
    (gap,) = found.gaps
    assert not gap.agrees
    assert found.methods == (hardware, six)
    assert gap.repairs[0].rule == "active_parameters"
    assert (gap.repairs[0].mends, gap.repairs[0].place) == (True, "card")
    assert found.open_gaps == ()


def test_a_method_with_an_input_shown_to_be_wrong_stands_behind_the_others() -> None:
    six = Method(
        "six_per_parameter",
        6 * 671 * 10**9 * 148 * 10**11,
        inputs=(Input("parameters", 671 * 10**9), Input("tokens", 148 * 10**11)),
    )
    published = Method("published", 33 * 10**23)
    assert _reconcile(six, published).methods == (six, published)
    active = Evidence(known={"active_parameters": 37 * 10**9})
    found = _reconcile(six, published, evidence=active)
    assert found.methods == (published, six)
    assert (found.chosen.method, found.chosen.amount) == (0, 33 * 10**23)
    assert "passed over (active parameters, not all)" in found.chosen.why


def test_tokens_that_a_log_counted_are_not_put_right_by_words() -> None:
    counted = Method("architecture", 3 * 10**23, inputs=(Input("tokens", 3 * 10**12, "log"),))
    stated = Method("architecture", 3 * 10**23, inputs=(Input("tokens", 3 * 10**12, "stated"),))
    words = Evidence((Passage("card", "three trillion words"),))
    for method, first in ((counted, counted), (stated, _hardware(4 * 10**23))):
        found = _reconcile(method, _hardware(4 * 10**23), evidence=words)
        assert found.methods[0] == first


def test_a_gap_without_a_reason_stays_open() -> None:
    found = _reconcile(_from_logs(10**24), _hardware(9 * 10**24))
    assert found.open_gaps == found.gaps


def test_texts_give_further_methods_with_their_place() -> None:
    text = "51968 hours * 3600 * 312e12 FLOP/s * 0.3, and 3.3e24 FLOP = 3.3 * 10^24"
    (method,) = methods_in_text(Evidence((Passage("row 7", text),)))
    assert (method.kind, method.place) == ("calculation", "row 7")
    assert method.amount == 51968 * 3600 * 312 * 10**12 * Fraction(3, 10)


@pytest.mark.parametrize(
    "method",
    [
        Method("guess", 1),
        Method("stated", 0),
        Method("stated", -1),
        Method("stated", 1e24),  # type: ignore[arg-type]
        Method("stated", Decimal("NaN")),
        Method("stated", 10, low=11, high=12),
        Method("stated", 10, low=1, high=9),
    ],
)
def test_a_method_that_cannot_be_compared_is_refused(method: Method) -> None:
    with pytest.raises(InputError):
        _reconcile(method, Method("measured", 10))


def test_no_method_is_refused() -> None:
    with pytest.raises(InputError, match="no method"):
        _reconcile()
