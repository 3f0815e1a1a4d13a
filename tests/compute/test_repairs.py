"""Repairs: proposed only where words or facts support them and the amounts come nearer."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from chapterv.compute.repairs import (
    Evidence,
    Exact,
    Input,
    Method,
    Repair,
    distance,
    exact,
    propose_repairs,
    rules,
)
from chapterv.compute.repairs_text import READERS, Passage
from chapterv.errors import InputError

_TOLERANCE = Decimal("0.3")
_T = 10**12
_B = 10**9


def _six(parameters: Exact, tokens: Exact, epochs: Exact = 1) -> Method:
    inputs = (Input("parameters", parameters), Input("tokens", tokens), Input("epochs", epochs))
    amount = 6 * Fraction(parameters) * Fraction(tokens) * Fraction(epochs)
    return Method("six_per_parameter", amount, inputs=inputs)


def _hardware(amount: int) -> Method:
    inputs = tuple(Input(name, 1) for name in ("units", "seconds", "peak", "utilisation"))
    return Method("hardware", amount, inputs=inputs)


def _text(*texts: str, **known: Exact) -> Evidence:
    return Evidence(tuple(Passage(f"note {i}", text) for i, text in enumerate(texts)), known)


def _mending(method: Method, reference: Exact, evidence: Evidence) -> dict[str, Repair]:
    found = propose_repairs(method, reference, evidence, _TOLERANCE)
    return {repair.rule: repair for repair in found if repair.mends}


_CASES: dict[str, tuple[Method, Exact, Evidence, str, int | Fraction]] = {
    "total for active experts": (
        _six(671 * _B, 148 * 10**11),
        33 * 10**23,
        _text("671B total parameters with 37B activated for each token"),
        "active_parameters",
        37 * _B,
    ),
    "words for tokens": (
        _six(70 * _B, 15 * 10**11),
        84 * 10**22,
        _text("1 500 billion words of text"),
        "words_as_tokens",
        2 * _T,
    ),
    "size of the data for tokens processed": (
        _six(7 * _B, 5 * 10**11),
        588 * 10**20,
        _text("it was trained on 1.4T tokens drawn from a corpus"),
        "tokens_stated",
        14 * 10**11,
    ),
    "batch, length and steps": (
        _six(_B, 10**9),
        Fraction(6 * _B * 2048 * 1024 * 50_000),
        _text("2048 * 1024 * 50000 tokens in all"),
        "tokens_calculated",
        2048 * 1024 * 50_000,
    ),
    "epochs left out": (
        _six(_B, 10**10),
        24 * 10**19,
        _text("trained for 4 epochs"),
        "epochs_missing",
        4,
    ),
    "epochs twice": (
        _six(_B, 10**10, 4),
        6 * 10**19,
        _text("10B training tokens in total"),
        "epochs_twice",
        1,
    ),
    "another number of parameters": (
        _six(70 * _B, 2 * _T),
        84 * 10**21,
        _text("a model of 7B parameters"),
        "parameters_stated",
        7 * _B,
    ),
    "million for billion": (
        _six(284 * 10**6, 32 * _T),
        Fraction(6 * 284 * _B * 32 * _T),
        _text("284B parameters in total"),
        "parameters_thousandfold",
        284 * _B,
    ),
    "six of the text": (
        _six(106 * _B, 23 * _T),
        1656 * 10**21,
        _text("6 FLOP / parameter / token * 12 * 10^9 parameters used * 23 * 10^12 tokens"),
        "six_of_the_text",
        1656 * 10**21,
    ),
    "operations a sample": (
        _six(829 * 10**6, 9525 * 10**6),
        874 * 10**19,
        _text("2 * 3 * 153e9 mult-adds * 9525e6 images"),
        "operations_a_sample",
        2 * 3 * 153 * _B * 9525 * 10**6,
    ),
    "samples for tokens": (
        _six(_B, 10**9),
        Fraction(6 * _B * 10**9 * 144),
        _text("1B images, each image is 144 tokens"),
        "samples_not_tokens",
        144 * 10**9,
    ),
}


@pytest.mark.parametrize("case", _CASES)
def test_a_supported_reason_is_found_with_the_input_that_it_changes(case: str) -> None:
    method, reference, evidence, rule, after = _CASES[case]
    repair = _mending(method, reference, evidence)[rule]
    assert repair.after == after
    assert repair.quote
    assert repair.place == "note 0"


@pytest.mark.parametrize("case", _CASES)
def test_without_the_words_nothing_is_proposed(case: str) -> None:
    method, reference, _, _, _ = _CASES[case]
    assert propose_repairs(method, reference, _text("nothing to the point"), _TOLERANCE) == ()


@pytest.mark.parametrize("case", _CASES)
def test_words_without_effect_on_the_gap_propose_nothing(case: str) -> None:
    method, _, evidence, rule, _ = _CASES[case]
    found = propose_repairs(method, method.amount, evidence, _TOLERANCE)
    assert rule not in {repair.rule for repair in found}


@pytest.mark.parametrize(
    ("rule", "words", "fact", "share"),
    [
        ("recomputation", "we report hardware FLOPs utilization", "recomputation", (3, 4)),
        ("sparse_peak", "peak with sparsity", "sparse_peak", (1, 2)),
        ("eight_bit_peak", "trained in FP8", "eight_bit", (1, 2)),
        ("devices_per_module", "on AMD MI250X", "devices_per_module", (1, 2)),
    ],
)
def test_hardware_is_repaired_by_words_or_by_a_fact(
    rule: str, words: str, fact: str, share: tuple[int, int]
) -> None:
    aim = Fraction(10**24) * Fraction(*share)
    for evidence in (_text(words), _text(**{fact: 1})):
        repair = _mending(_hardware(10**24), aim, evidence)[rule]
        assert repair.amount == aim


def test_the_hours_of_several_runs_are_shared_out() -> None:
    found = _mending(_hardware(6 * 10**24), 10**24, _text("500K hours for all 6 models together"))
    assert found["several_runs"].amount == 10**24


def test_a_base_model_is_taken_out_by_a_figure_or_by_the_text() -> None:
    published = Method("published", 38 * 10**24 + 10**24)
    by_fact = _text("fine-tuned from a base model", fine_tune_compute=10**24)
    by_text = _text("3.8e25 FLOP (base model) and the rest for fine-tuning")
    assert _mending(published, 10**24, by_fact)["fine_tuning_only"].after == 10**24
    assert _mending(published, 10**24, by_text)["base_contained"].after == 10**24


def test_a_base_model_that_was_left_out_is_added() -> None:
    stated = Method("stated", 10**22)
    found = _mending(stated, 81 * 10**22, _text("base model: 8.0e23 FLOP"))
    assert found["base_left_out"].after == 81 * 10**22


def test_a_counter_that_saw_the_forward_pass_only_is_tripled() -> None:
    tool = Method("tool", 2 * 10**20)
    assert _mending(tool, 6 * 10**20, _text("counted in one forward pass"))["forward_only"]


def test_frozen_weights_take_four_operations_a_token() -> None:
    tool = Method("tool", 6 * 10**20)
    for evidence in (_text("a LoRA adapter was trained"), _text(frozen_weights=1)):
        assert _mending(tool, 4 * 10**20, evidence)["frozen_weights"].amount == 4 * 10**20


def test_what_the_architecture_knows_supports_a_repair() -> None:
    architecture = Method("architecture", 33 * 10**23, inputs=(Input("parameters", 37 * _B),))
    found = propose_repairs(
        _six(671 * _B, 148 * 10**11), 33 * 10**23, Evidence(), _TOLERANCE, architecture
    )
    assert [(repair.rule, repair.mends) for repair in found] == [("active_parameters", True)]


def test_a_calculation_from_hardware_explains_and_mends_nothing() -> None:
    text = _text("16 * 312 TFLOP/s * 21 days * 24 * 3600 * 0.3 utilisation = 2.72e21")
    (repair,) = propose_repairs(_six(77 * 10**7, 1575 * 10**9), 272 * 10**19, text, _TOLERANCE)
    assert (repair.rule, repair.mends, repair.explains) == ("calculated_otherwise", False, True)


def test_a_figure_that_the_text_only_repeats_explains_nothing() -> None:
    text = _text("Total: 2.7e21 FLOP + 2e19 FLOP = 2.72e21 FLOP, that is 2.72 * 10^21")
    assert propose_repairs(_six(77 * 10**7, 1575 * 10**9), 272 * 10**19, text, _TOLERANCE) == ()


def test_every_rule_is_complete_and_its_words_compile() -> None:
    ids = [rule.id for rule in rules()]
    assert len(ids) == len(set(ids))
    for rule in rules():
        assert rule.title, rule.id
        assert rule.says.endswith("."), rule.id
        assert rule.way in ("times", "read", "times_read", "share", "set", "fact", "less", "more",
                            "calculation"), rule.id  # fmt: skip
        assert rule.words or rule.reads or rule.takes, rule.id
        assert not rule.reads or rule.reads in {*READERS, "thousandfold_parameters"}, rule.id
        for words in rule.words:
            re.compile(words)


@pytest.mark.parametrize("value", [1.0, float("inf"), True, Decimal("NaN"), Decimal("Infinity")])
def test_an_amount_that_is_no_exact_number_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        exact(value)  # type: ignore[arg-type]


def test_a_distance_is_the_same_from_both_sides() -> None:
    assert distance(Fraction(3), Fraction(12)) == distance(Fraction(12), Fraction(3)) == 4
    with pytest.raises(InputError, match="above zero"):
        distance(Fraction(0), Fraction(1))
