"""Small configurations against counts that transformers and torch gave, and the plug-in door."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import Architecture, describe, families, operations_per_token
from tests.compute import recording
from tests.compute.cases import cases

_TABLE = json.loads((Path(__file__).parent / "verified_counts.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]
_LENGTH: int = _TABLE["sequence_length"]

# Unknown to the oracle: real models in `test_expected.py` and the tests below stand in.
_WITHOUT_ORACLE = {
    "RefinedWeb",
    "RefinedWebModel",
    "kimi_k2",
    "mimo",
    "mixformer-sequential",
    "nemotron-nas",
}


def _name(row: dict[str, Any]) -> str:
    return str(row["config"]["model_type"])


def _kind(row: dict[str, Any]) -> str:
    return str(row["config"].get("model_type") or row["config"].get("_class_name"))


def _recorded() -> list[dict[str, Any]]:
    """Return the rows of every recorded table, one table for each group of families.

    Text parts of composed models may stand apart, without operations of their own.
    """
    rows: list[dict[str, Any]] = []
    for path in sorted(Path(__file__).parent.glob("verified_*.json")):
        table = json.loads(path.read_text(encoding="utf-8"))
        rows += [*table["rows"], *table.get("texts", [])]
    return rows


def test_the_recorded_table_holds_every_case() -> None:
    assert [row["config"] for row in _ROWS] == cases()


def test_every_family_is_verified_with_at_least_two_configurations() -> None:
    recorded = [_kind(row) for row in _recorded()]
    counts = {name: recorded.count(name) for name in families()}
    assert {name for name, count in counts.items() if count < 2} == _WITHOUT_ORACLE


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    assert describe(row["config"]).parameters_total == row["parameters"]


def test_the_tensor_library_could_count_all_but_one_family() -> None:
    assert {_name(row) for row in _ROWS if row["operations"] is None} == {"dbrx"}


@pytest.mark.parametrize("row", [row for row in _ROWS if row["operations"]], ids=_name)
def test_operations_equal_those_that_the_tensor_library_counts(row: dict[str, Any]) -> None:
    architecture = describe(row["config"])
    counted = operations_per_token(architecture, _LENGTH).full * _LENGTH
    assert counted - _indexer_surplus(architecture) == row["operations"]


def _indexer_surplus(architecture: Architecture) -> int:
    """Operations of indexers that the oracle's class leaves out or counts otherwise.

    It runs the indexer without a gradient, which makes it forward only; here it is counted as
    trained. Where all tokens are scored at once it also counts the weighted sum over heads.
    """
    surplus = 0
    for layer in architecture.layers:
        for part in layer.components:
            scores = [mixing for mixing in part.mixing if mixing.value_width == 0]
            for mixing in scores:
                entries = _LENGTH // mixing.stride
                products = mixing.heads * mixing.key_width * entries
                summed = 2 * mixing.heads * entries if mixing.stride == 1 else 0
                weights = _indexer_weights(architecture, part.name, mixing.heads, mixing.key_width)
                surplus += layer.count * (4 * (products + weights) - summed)
    return surplus * _LENGTH


def _indexer_weights(architecture: Architecture, name: str, heads: int, width: int) -> int:
    # Sizes of the made-up cases: stream 96 wide, query latent 40 wide.
    keys = 96 * width if name != "indexer" else 4 * 96 * width
    return keys + 40 * heads * width + 96 * heads


def test_the_prediction_layer_of_glm_explains_what_its_published_file_stores() -> None:
    config = {
        "model_type": "glm4_moe",
        "attention_bias": True,
        "first_k_dense_replace": 1,
        "head_dim": 128,
        "hidden_size": 4096,
        "intermediate_size": 10944,
        "moe_intermediate_size": 1408,
        "n_routed_experts": 128,
        "n_shared_experts": 1,
        "num_attention_heads": 96,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 46,
        "num_key_value_heads": 8,
        "num_nextn_predict_layers": 1,
        "vocab_size": 151552,
    }
    architecture = describe(config)
    copies = 2 * 151552 * 4096
    balancing = 128 * 46
    ahead = architecture.parameters_mtp
    assert ahead is not None
    # GLM-4.5-Air, as listed for the published file.
    assert architecture.parameters_total + ahead + copies + balancing == 110_468_824_832


def test_dbrx_has_its_published_number_of_parameters() -> None:
    config = {
        "model_type": "dbrx",
        "d_model": 6144,
        "n_heads": 48,
        "n_layers": 40,
        "vocab_size": 100352,
        "attn_config": {"kv_n_heads": 8},
        "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4},
    }
    architecture = describe(config)
    assert architecture.parameters_total == 131_596_523_520
    assert architecture.parameters_active == 36_469_708_800


def test_the_first_keys_of_phi_mean_the_same_as_the_present_ones() -> None:
    first = {
        "model_type": "mixformer-sequential",
        "n_embd": 2048,
        "n_head": 32,
        "n_layer": 24,
        "vocab_size": 51200,
        "tie_word_embeddings": False,
    }
    present = {
        "model_type": "phi",
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_attention_heads": 32,
        "num_hidden_layers": 24,
        "vocab_size": 51200,
    }
    assert describe(first).parameters_total == 1_418_270_720  # Phi-1.5
    assert describe(present).parameters_total == 1_418_270_720


def test_the_first_keys_of_falcon_mean_the_same_as_the_present_ones() -> None:
    first = {
        "model_type": "RefinedWebModel",
        "hidden_size": 4544,
        "n_head": 71,
        "n_layer": 32,
        "multi_query": True,
        "parallel_attn": True,
        "bias": False,
        "vocab_size": 65024,
    }
    present = {
        "model_type": "falcon",
        "hidden_size": 4544,
        "num_attention_heads": 71,
        "num_hidden_layers": 32,
        "vocab_size": 65024,
    }
    assert describe(first).parameters_total == 6_921_720_704  # Falcon-7B
    assert describe(present).parameters_total == 6_921_720_704


def test_a_layer_by_layer_file_may_leave_parts_out() -> None:
    whole = {"attention": {"n_heads_in_group": 2}, "ffn": {"ffn_mult": 2.625}}
    bare = {"attention": {"no_op": True}, "ffn": {"no_op": True}}
    linear = {
        "attention": {"replace_with_linear": True},
        "ffn": {"replace_with_linear": True},
    }
    config = {
        "model_type": "nemotron-nas",
        "hidden_size": 512,
        "num_attention_heads": 8,
        "vocab_size": 100,
        "num_hidden_layers": 3,
        "block_configs": [whole, bare, linear],
    }
    ends = 2 * 100 * 512 + 512
    attention = 512 * (512 + 2 * 4 * 64) + 512 * 512 + 512
    inner = 3 * 512 * 1024 + 512  # 2/3 of 2.625 times 512 is 896, a multiple of 256 is 1024
    assert describe(config).parameters_total == ends + attention + inner + 2 * (512 * 512 + 512)


def test_a_training_file_may_write_its_keys_with_underscores() -> None:
    hyphens = {
        "num-layers": 2,
        "hidden-size": 64,
        "num-attention-heads": 4,
        "max-position-embeddings": 128,
        "pos-emb": "rotary",
        "padded-vocab-size": 1024,
        "no-weight-tying": True,
    }
    underscores = {name.replace("-", "_"): value for name, value in hyphens.items()}
    assert describe(hyphens) == describe(underscores)
    tied = {**hyphens, "no-weight-tying": False, "pos-emb": "learned"}
    untied, both = describe(hyphens).parameters_total, describe(tied).parameters_total
    assert untied - both == 1024 * 64 - 128 * 64


def test_families_are_found_in_the_folder_and_sorted() -> None:
    assert families() == sorted(families())
    assert {"llama", "deepseek_v3", "gpt2"} <= set(families())


def test_importing_the_room_loads_no_family() -> None:
    code = (
        "import sys, chapterv.compute as c; "
        "assert not [m for m in sys.modules if m.startswith('chapterv.compute.families.')]; "
        "c.families(); "
        "assert 'chapterv.compute.families.llama' in sys.modules; "
        "assert 'chapterv.law' not in sys.modules and 'chapterv.evidence' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_two_families_may_not_claim_one_name() -> None:
    from chapterv.compute.families import family

    families()
    with pytest.raises(ValueError, match="gpt2"):
        family("gpt2")(lambda reader: pytest.fail("not called"))


@pytest.mark.parametrize("group", recording.GROUPS)
def test_a_recorded_table_is_written_as_it_was_read(group: str, tmp_path: Path) -> None:
    before = recording.table(group).read_bytes()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recording, "HERE", tmp_path)
        recording.write(group, json.loads(before))
        assert recording.table(group).read_bytes() == before
