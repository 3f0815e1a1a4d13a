"""Every published model of the collected table: exact, or refused by name."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from chapterv.compute import UnknownFamily, describe
from tests.real_data import real_data

_ROWS = list(
    csv.DictReader(real_data("models", "expected.csv").read_text(encoding="utf-8").splitlines())
)

# What makes a row one that is refused, by a word of the table's own description.
_NOT_COVERED = ("config abridged",)

# Rows whose exact count differs from the table's with an argument. None does.
_ARGUED: dict[str, tuple[int, str]] = {}


def _load(row: dict[str, str]) -> dict[str, Any]:
    path = real_data("models", *row["config_file"].split("/"))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        loaded: dict[str, Any] = json.loads(text)
        return loaded
    from ruamel.yaml import YAML

    return dict(YAML(typ="safe").load(text))


def _is_decoder(row: dict[str, str]) -> bool:
    return not any(word in row["family"] for word in _NOT_COVERED)


def _has_count(row: dict[str, str]) -> bool:
    """Some rows are there for their file alone: nobody published an exact count."""
    return bool(row["total_params"])


def _name(row: dict[str, str]) -> str:
    return row["model"]


_DECODERS = [row for row in _ROWS if _is_decoder(row) and _has_count(row)]
_OTHERS = [row for row in _ROWS if not _is_decoder(row)]


def test_the_table_has_rows_of_both_kinds() -> None:
    assert len(_DECODERS) == 43
    assert len(_OTHERS) == 1


@pytest.mark.parametrize("row", _DECODERS, ids=_name)
def test_a_text_decoder_is_counted_exactly(row: dict[str, str]) -> None:
    architecture = describe(_load(row), row["config_file"])
    expected, _ = _ARGUED.get(row["model"], (int(row["total_params"]), ""))
    assert architecture.parameters_total == expected


@pytest.mark.parametrize("row", [row for row in _DECODERS if row["active_params"]], ids=_name)
def test_active_parameters_of_a_mixture_are_exact(row: dict[str, str]) -> None:
    architecture = describe(_load(row), row["config_file"])
    assert architecture.is_mixture
    assert architecture.parameters_active == int(row["active_params"])


@pytest.mark.parametrize("row", [row for row in _DECODERS if not row["active_params"]], ids=_name)
def test_a_dense_model_uses_all_of_its_parameters(row: dict[str, str]) -> None:
    architecture = describe(_load(row), row["config_file"])
    assert not architecture.is_mixture
    assert architecture.parameters_active == architecture.parameters_total


@pytest.mark.parametrize("row", _OTHERS, ids=_name)
def test_any_other_family_is_refused_by_name(row: dict[str, str]) -> None:
    config = _load(row)
    with pytest.raises(UnknownFamily) as refused:
        describe(config, row["config_file"])
    message = str(refused.value)
    assert row["config_file"] in message
    assert str(config.get("model_type") or config["_class_name"]) in message
    assert "not covered yet" in message
    assert "model.parameters_total" in message


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("openai--gpt-oss-20b", 3_608_307_264),
        ("deepseek-ai--DeepSeek-V3", 36_625_603_584),
    ],
)
def test_active_parameters_without_the_input_embedding_match_what_publishers_state(
    model: str, published: int
) -> None:
    row = next(row for row in _ROWS if row["model"] == model)
    architecture = describe(_load(row), model)
    assert architecture.parameters_active_without_input_embedding == published


def test_the_parameters_outside_the_embeddings_of_pythia_match_its_card() -> None:
    published = {"EleutherAI--pythia-1.4b": 1_208_602_624, "EleutherAI--pythia-6.9b": 6_444_163_072}
    for row in _ROWS:
        if row["model"] in published:
            architecture = describe(_load(row), row["model"])
            matrices = sum(part.matrices for part in architecture.ends)
            assert architecture.parameters_total - matrices == published[row["model"]]


def test_a_prediction_layer_is_told_apart_from_the_total() -> None:
    row = next(row for row in _ROWS if row["model"] == "zai-org--GLM-5")
    architecture = describe(_load(row), row["model"])
    stored = 753_864_139_008  # as listed for the published file
    balancing = 256 * (75 + 1)  # one bias for each expert, in the prediction layer too
    ahead = architecture.parameters_mtp
    assert ahead is not None
    assert architecture.parameters_total + ahead + balancing == stored


def test_mimo_alone_has_its_prediction_layer_in_the_total() -> None:
    row = next(row for row in _ROWS if row["model"] == "XiaomiMiMo--MiMo-7B-Base")
    architecture = describe(_load(row), row["model"])
    assert architecture.prediction_in_total
    assert architecture.parameters_mtp == 210_790_400


def test_read_with_present_keys_the_first_file_of_phi_is_refused_and_not_miscounted() -> None:
    row = next(row for row in _ROWS if row["model"] == "microsoft--phi-2")
    config = {**_load(row), "model_type": "phi"}
    from chapterv.errors import InputError

    with pytest.raises(InputError, match="n_embd"):
        describe(config, "config.json")
