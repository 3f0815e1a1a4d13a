"""Models with an encoder against counts that transformers and torch gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chapterv.compute import (
    NOTHING,
    Architecture,
    Component,
    Layer,
    Mixing,
    Span,
    Trained,
    describe,
    operations_per_token,
    recording_shape,
    sample_operations,
)
from chapterv.compute.work import between_positions, work_of
from chapterv.errors import InputError
from tests.compute.cases_seq2seq import cases
from tests.compute.odd_values import broken_by
from tests.real_data import real_data

_TABLE = json.loads((Path(__file__).parent / "verified_seq2seq.json").read_text(encoding="utf-8"))
_ROWS: list[dict[str, Any]] = _TABLE["rows"]

# The library runs attention within windows in blocks that it fills up, so that what it counts is
# neither what is required nor what full attention would be; all other products agree.
_BLOCKS = {"longt5", "led"}
# The class sends a token to one expert for each expert that it is not meant for, too.
_MISROUTED = {"nllb-moe"}


def _name(row: dict[str, Any]) -> str:
    return f"{row['class']}"


def _shape(row: dict[str, Any]) -> dict[str, Span]:
    names = {stream.name for stream in describe(row["config"]).streams}
    return {name: Span(length) for name, length in row["shape"].items() if name in names}


def test_the_recorded_table_holds_every_case() -> None:
    assert [(row["config"], row["class"], row["shape"]) for row in _ROWS] == cases()


def test_every_family_is_verified_with_at_least_two_configurations() -> None:
    names = [row["config"]["model_type"] for row in _ROWS]
    assert min(names.count(name) for name in names) >= 2


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_parameters_equal_those_of_the_built_model(row: dict[str, Any]) -> None:
    assert describe(row["config"]).parameters_total == row["parameters"]


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_operations_equal_those_that_the_tensor_library_counts(row: dict[str, Any]) -> None:
    architecture = describe(row["config"])
    counted = sample_operations(architecture, _shape(row))
    full, recorded = counted.full, row["operations"]
    if row["config"]["model_type"] in _BLOCKS:
        shape = {name: Span(length, count) for name, length, count in counted.shape}
        full -= between_positions(work_of(architecture), shape, causal=False)
        recorded -= row["between"]
    assert full + _misrouted(row) + _grouped(row) == recorded


@pytest.mark.parametrize("row", [row for row in _ROWS if "frozen encoder" in row], ids=_name)
def test_no_gradient_goes_back_into_an_encoder_that_is_not_trained(row: dict[str, Any]) -> None:
    frozen = Trained(frozen=frozenset({"encoder"}))
    counted = sample_operations(describe(row["config"]), _shape(row), frozen)
    assert counted.full == row["frozen encoder"]


def test_a_window_lies_on_both_sides_where_positions_see_all() -> None:
    def required(mixing: Mixing, length: int) -> int:
        part = Component("attention", 0, mixing=(mixing,))
        architecture = Architecture("x", "x", (Layer(1, (part,)),), ())
        return sample_operations(architecture, {"tokens": Span(length)}, NOTHING).causal // 4

    for length in range(1, 20):
        for limit in (1, 3, 7, 31):
            near = sum(
                abs(one - other) <= (limit - 1) // 2
                for one in range(length)
                for other in range(length)
            )
            assert required(Mixing(1, 1, 1, sees="all", limit=limit), length) == near
    assert required(Mixing(1, 1, 1, sees="all", stride=4), 20) == 20 * 5


def _misrouted(row: dict[str, Any]) -> int:
    """Operations of experts that the class runs beside the two that a token is meant for."""
    config = row["config"]
    if config["model_type"] not in _MISROUTED:
        return 0
    surplus = 0
    for side, stream in (("encoder", "source tokens"), ("decoder", "tokens")):
        step = config.get(f"{side}_sparse_step", 4)
        sparse = config[f"{side}_layers"] // step if step else 0
        weights = 2 * config["d_model"] * config[f"{side}_ffn_dim"]
        surplus += 6 * row["shape"][stream] * sparse * weights * (config["num_experts"] - 2)
    return surplus


def _grouped(row: dict[str, Any]) -> int:
    """Operations that the library adds where a convolution has groups and an even kernel.

    It counts the gradient of the weights as if there were no groups, and an even kernel gives one
    position more than the recording has, which the class cuts off again.
    """
    config = row["config"]
    kernel, groups = (
        config.get(f"num_conv_pos_{key}", 1) for key in ("embeddings", "embedding_groups")
    )
    frames, more = row["shape"].get("frames", 0), 1 - kernel % 2
    if "conv_kernel" not in config:
        return 0
    once = 2 * kernel * config["hidden_size"] ** 2 // groups
    return once * (2 * more + groups * (frames + more) - frames)


@pytest.mark.parametrize("row", _ROWS, ids=_name)
def test_what_is_required_is_never_more_than_full_attention(row: dict[str, Any]) -> None:
    counted = sample_operations(describe(row["config"]), _shape(row))
    assert 0 < counted.causal <= counted.full


def test_the_output_head_of_t5_follows_the_file_and_not_the_library() -> None:
    shapes = {
        "model_type": "t5", "d_model": 512, "d_ff": 1024, "d_kv": 64, "num_heads": 6,
        "num_layers": 8, "vocab_size": 32128, "feed_forward_proj": "gated-gelu",
    }  # fmt: skip
    tied = describe(shapes).parameters_total
    apart = describe({**shapes, "tie_word_embeddings": False}).parameters_total
    assert apart - tied == 32128 * 512
    assert apart == 76_961_152  # T5 1.1 small, as published
    multilingual = {**shapes, "model_type": "mt5", "vocab_size": 250112}
    assert describe({**multilingual, "tie_word_embeddings": False}).parameters_total == 300_176_768


_LARGE = {
    "d_model": 1024,
    "encoder_layers": 12,
    "decoder_layers": 12,
    "encoder_attention_heads": 16,
    "decoder_attention_heads": 16,
    "encoder_ffn_dim": 4096,
    "decoder_ffn_dim": 4096,
    "max_position_embeddings": 1024,
}
_BASE = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
# Sizes of published models.
_PUBLISHED: list[tuple[dict[str, Any], int]] = [
    (
        {
            "model_type": "t5",
            "d_model": 1024,
            "d_ff": 65536,
            "d_kv": 128,
            "num_heads": 128,
            "num_layers": 24,
            "vocab_size": 32128,
        },
        11_307_321_344,
    ),
    ({"model_type": "bart", **_LARGE, "vocab_size": 50265}, 406_291_456),
    ({"model_type": "mbart", **_LARGE, "vocab_size": 250027}, 610_851_840),
    (
        {
            "model_type": "pegasus",
            **_LARGE,
            "encoder_layers": 16,
            "decoder_layers": 16,
            "vocab_size": 96103,
        },
        570_797_056,
    ),
    ({"model_type": "m2m_100", **_LARGE, "vocab_size": 256206}, 615_073_792),
    ({"model_type": "m2m_100", **_LARGE, "vocab_size": 128112}, 483_905_536),
    (
        {
            "model_type": "bert",
            "architectures": ["BertModel"],
            **_BASE,
            "vocab_size": 30522,
        },
        109_482_240,
    ),
    (
        {
            "model_type": "roberta",
            "architectures": ["RobertaForMaskedLM"],
            **_BASE,
            "vocab_size": 50265,
            "max_position_embeddings": 514,
            "type_vocab_size": 1,
        },
        124_697_433,
    ),
    (
        {
            "model_type": "modernbert",
            "architectures": ["ModernBertForMaskedLM"],
            **_BASE,
            "num_hidden_layers": 22,
            "intermediate_size": 1152,
            "vocab_size": 50368,
        },
        149_655_232,
    ),
    ({"model_type": "whisper", "vocab_size": 51865}, 37_760_640),
    ({"model_type": "wav2vec2"}, 94_371_712),
]


@pytest.mark.parametrize(("config", "parameters"), _PUBLISHED)
def test_published_models_have_their_published_size(
    config: dict[str, Any], parameters: int
) -> None:
    assert describe(config).parameters_total == parameters


def test_keys_and_values_for_the_source_run_once_for_each_source_token() -> None:
    config = next(row["config"] for row in _ROWS if row["class"] == "BartForConditionalGeneration")
    architecture = describe(config)

    def full(tokens: int, source: int) -> int:
        return sample_operations(
            architecture, {"tokens": Span(tokens), "source tokens": Span(source)}
        ).full

    parts = {
        name: amount
        for name, amount, _ in sample_operations(
            architecture, {"tokens": Span(8), "source tokens": Span(16)}
        ).parts
    }
    assert sorted(parts) == ["decoder", "encoder"]
    # Two more source tokens: the decoder's keys and values, and the pairs with its tokens.
    keys = 2 * 6 * 2 * 96 * 96 * 2
    pairs = 2 * 6 * 2 * 8 * 96 * 2
    longer = sample_operations(architecture, {"tokens": Span(8), "source tokens": Span(18)})
    assert {name: amount for name, amount, _ in longer.parts}["decoder"] == (
        parts["decoder"] + keys + pairs
    )
    assert full(16, 16) > full(8, 16) > 0
    with pytest.raises(InputError, match="source tokens"):
        operations_per_token(architecture, 8)


def test_a_recording_is_shortened_by_each_convolution() -> None:
    for name in ("Wav2Vec2Model", "MoonshineForConditionalGeneration"):
        row = next(row for row in _ROWS if row["class"] == name)
        found = recording_shape(row["config"], row["shape"]["samples"])
        assert {key: span.length for key, span in found.items()}.items() <= row["shape"].items()
    # A second of speech at 16 000 samples is 49 frames, as is well known.
    assert recording_shape({"model_type": "wav2vec2"}, 16_000)["frames"] == Span(49)
    with pytest.raises(InputError, match="too short for convolution 3"):
        recording_shape({"model_type": "wav2vec2"}, 30)
    with pytest.raises(InputError, match="number of samples"):
        recording_shape({"model_type": "wav2vec2"}, 0)


def _whisper(*path: str) -> dict[str, Any]:
    folder = real_data("models", "configs", "openai--whisper-large-v2", *path)
    loaded: dict[str, Any] = json.loads(folder.read_text(encoding="utf-8"))
    return loaded


def test_whisper_hears_as_many_frames_however_short_the_recording() -> None:
    architecture = describe(_whisper("config.json"))
    assert architecture.parameters_total == 1_543_304_960
    one = sample_operations(architecture, {"tokens": Span(32)})
    assert ("frames", 1500, 1) in one.shape
    parts = {name: full for name, full, _ in one.parts}
    assert parts["encoder"] > 6 * parts["decoder"]


def test_the_total_that_a_trainer_wrote_for_whisper_is_three_hundred_times_too_high() -> None:
    architecture = describe(_whisper("config.json"))
    written = int(_whisper("trainer_state.json")["total_flos"])
    samples = 960_000
    # It takes each of 80 times 3000 values of the spectrogram for a token.
    repeated = 6 * samples * 80 * 3000
    assert abs(written - repeated * 1_474_000_000) * 1000 < written
    longest = samples * sample_operations(architecture, {"tokens": Span(448)}).causal
    usual = samples * sample_operations(architecture, {"tokens": Span(32)}).causal
    assert 200 < written / longest < 310
    assert 250 < written / usual < 310


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"model_type": "t5", "vocab_size": 9, "architectures": ["T5ForTokenClassification"]},
         "T5ForTokenClassification"),
        ({"model_type": "longt5", "vocab_size": 9, "encoder_attention_type": "far"}, "far"),
        ({"model_type": "bart", "d_model": 8, "vocab_size": 9}, "ffn_dim"),
        ({"model_type": "mvp", "d_model": 8, "vocab_size": 9, "use_prompt": True}, "use_prompt"),
        ({"model_type": "led", "d_model": 8, "attention_window": [3]}, "attention_window"),
        ({"model_type": "fsmt", "d_model": 8, "tie_word_embeddings": True, "src_vocab_size": 8,
          "tgt_vocab_size": 9}, "two sizes"),
        ({"model_type": "whisper", "vocab_size": 9, "num_mel_bins": "all"}, "num_mel_bins"),
        ({"model_type": "speech_to_text", "vocab_size": 9, "conv_kernel_sizes": ["a", "b"]},
         "conv_kernel_sizes"),
    ],
)  # fmt: skip
def test_what_is_not_counted_is_named(config: dict[str, Any], word: str) -> None:
    with pytest.raises((InputError, ExceptionGroup), match=word):
        describe(config)


@pytest.mark.parametrize("name", sorted({row["config"]["model_type"] for row in _ROWS}))
def test_odd_values_are_refused_and_break_nothing(name: str) -> None:
    first = next(row["config"] for row in _ROWS if row["config"]["model_type"] == name)
    assert not broken_by(first)
