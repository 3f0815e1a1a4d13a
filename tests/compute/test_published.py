"""Published models: found by their names, never guessed, with doubts said aloud."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from chapterv.compute.published import (
    ATTRIBUTION,
    check_published,
    find_published,
    one_published,
    published_models,
)
from chapterv.errors import InputError
from tests.real_data import real_data

_ROOT = Path(__file__).resolve().parent.parent.parent

_NAMES = {
    "meta-llama/Llama-3.1-8B": "Llama 3.1-8B",
    "meta-llama/Llama-2-7b-hf": "Llama 2-7B",
    "Qwen/Qwen3-235B-A22B": "Qwen3-235B-A22B",
    "deepseek-ai/DeepSeek-V3": "DeepSeek-V3",
    "facebook/opt-66b": "OPT-66B",
    "unsloth/Llama-3.2-3B-bnb-4bit": "Llama 3.2 3B",
}


@pytest.mark.parametrize("name", _NAMES)
def test_the_name_of_a_repository_finds_its_model(name: str) -> None:
    assert one_published(name).model == _NAMES[name]


def test_a_further_trained_model_is_not_taken_for_its_base() -> None:
    (found,) = find_published("meta-llama/Llama-3.1-8B-Instruct")
    assert (found.model.model, found.same_name) == ("Llama 3.1-8B", False)
    assert "instruct" in found.why
    with pytest.raises(InputError, match="Say which"):
        one_published("meta-llama/Llama-3.1-8B-Instruct")


@pytest.mark.parametrize("name", ["TinyLlama/TinyLlama-1.1B", "Llama-2", "gpt2"])
def test_two_that_fit_are_both_named(name: str) -> None:
    found = find_published(name)
    assert len(found) > 1
    with pytest.raises(InputError) as caught:
        one_published(name)
    assert all(candidate.model.model in str(caught.value) for candidate in found)


@pytest.mark.parametrize(
    "name", ["", "meta-llama/Llama-2-13b-hf", "acme/entirely-unknown-9b", "7b"]
)
def test_another_size_or_an_unknown_name_finds_nothing(name: str) -> None:
    assert find_published(name) == ()
    with pytest.raises(InputError):
        one_published(name)


def test_amounts_are_exact_numbers_above_zero() -> None:
    for model in published_models():
        for amount in (model.compute, model.parameters, model.data_size):
            assert amount is None or (isinstance(amount, int | Decimal) and amount > 0), model.model


def test_the_attribution_is_in_the_table_the_notice_and_the_output() -> None:
    table = _ROOT / "src/chapterv/compute/data/published_models.csv"
    assert "CC BY 4.0" in table.read_text(encoding="utf-8")[:300]
    assert "Changes:" in table.read_text(encoding="utf-8")[:300]
    assert "Epoch AI" in (_ROOT / "NOTICE").read_text(encoding="utf-8")
    assert ATTRIBUTION in one_published("Llama 3.1-8B").as_method().notes


def test_the_table_is_what_the_script_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scripts import make_published_models as script

    monkeypatch.setenv("CHAPTERV_REAL_DATA", str(real_data()))
    committed = script.TARGET.read_text(encoding="utf-8")
    monkeypatch.setattr(script, "TARGET", tmp_path / "published_models.csv")
    assert script.main() == 0
    assert script.TARGET.read_text(encoding="utf-8") == committed


def test_parameters_that_are_off_by_a_thousand_are_flagged() -> None:
    # A copy of April 2026 has 284 million for a mixture of 284 billion.
    row = msgspec.structs.replace(
        one_published("deepseek-ai/DeepSeek-V3"),
        model="DeepSeek-V4-Flash",
        parameters=284_000_000,
        data_size=32 * 10**12,
        compute=2_496 * 10**21,
    )
    (doubt,) = check_published(row)
    assert "13,000,000,000 parameters a token" in doubt
    assert "factor of 1 000" in doubt
    assert check_published(msgspec.structs.replace(row, parameters=284 * 10**9)) == ()


def test_a_name_that_says_a_thousand_times_as_many_is_flagged() -> None:
    row = msgspec.structs.replace(
        one_published("meta-llama/Llama-2-7b-hf"), parameters=7_000_000, data_size=None
    )
    (doubt,) = check_published(row)
    assert "7B" in doubt
    assert "1 000" in doubt


def test_a_sound_row_raises_no_doubt() -> None:
    assert check_published(one_published("deepseek-ai/DeepSeek-V3")) == ()
