"""The table of accelerators: complete rows, and names that are never guessed."""

from __future__ import annotations

import datetime

import pytest

from chapterv.compute.peaks import FORMATS, chips, find_chip, find_chips, find_peak
from chapterv.errors import InputError

_NAMES = {
    "NVIDIA H100 80GB HBM3": "h100-sxm",
    "gres/gpu:nvidia_h100_80gb_hbm3": "h100-sxm",
    "NVIDIA H100 PCIe": "h100-pcie",
    "NVIDIA H100 NVL": "h100-nvl",
    "NVIDIA A100-SXM4-80GB": "a100-sxm4-80",
    "NVIDIA A100-PCIE-40GB": "a100-pcie-40",
    "NVIDIA A100 80GB PCIe": "a100-pcie-80",
    "Tesla V100-SXM2-32GB": "v100-sxm2",
    "Tesla T4": "t4",
    "NVIDIA GH200 480GB": "gh200",
    "NVIDIA B200": "b200",
    "NVIDIA L40S": "l40s",
    "NVIDIA GeForce RTX 4090": "rtx-4090",
    "AMD Instinct MI250X": "mi250x",
    "TPU v4": "tpu-v4",
    "trn1.32xlarge": "trainium1",
    "Ascend910B3": "ascend-910b",
    "mi300x": "mi300x",
}


@pytest.mark.parametrize("text", _NAMES)
def test_a_name_from_a_log_is_found(text: str) -> None:
    assert find_chip(text).id == _NAMES[text]


@pytest.mark.parametrize("text", ["h100", "gres/gpu:h100", "NVIDIA H200", "v100", "Ascend 910"])
def test_a_name_without_variant_is_refused_with_all_of_them(text: str) -> None:
    with pytest.raises(InputError) as caught:
        find_chip(text)
    candidates = find_chips(text)
    assert len(candidates) > 1
    assert all(chip.label in str(caught.value) for chip in candidates)
    assert " to " in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GPU",
        "NVIDIA GeForce RTX 3090 Ti",
        "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
        "H100 OAM",
        "A10G",
    ],
)
def test_another_product_or_a_part_of_one_is_not_found(text: str) -> None:
    assert find_chips(text) == ()
    with pytest.raises(InputError, match="no accelerator"):
        find_chip(text)


def test_variants_with_one_peak_give_it_without_the_variant() -> None:
    assert find_peak("a100", "bf16") == 312 * 10**12
    with pytest.raises(InputError):
        find_peak("h100", "bf16")


def test_a_format_that_a_chip_lacks_is_refused() -> None:
    with pytest.raises(InputError, match="no peak of NVIDIA A100"):
        find_chip("a100-sxm4-80").peak("fp8")


def test_ids_are_unique_and_rows_complete() -> None:
    ids = [chip.id for chip in chips()]
    assert len(ids) == len(set(ids))
    for chip in chips():
        assert chip.status in ("V", "S", "U"), chip.id
        assert chip.source, chip.id
        assert chip.peaks, chip.id
        assert set(chip.peaks) <= set(FORMATS), chip.id
        assert all(isinstance(peak, int) for peak in chip.peaks.values()), chip.id
        assert datetime.date.fromisoformat(chip.released) < datetime.date(2026, 11, 26), chip.id


def test_every_chip_is_found_by_its_own_label() -> None:
    for chip in chips():
        assert chip in find_chips(chip.label), chip.label


def test_a_narrower_format_is_never_slower() -> None:
    for chip in chips():
        peaks = [
            chip.peaks[name]
            for name in ("fp32", "tf32", "bf16", "fp8", "fp4")
            if name in chip.peaks
        ]
        assert peaks == sorted(peaks), chip.id


def test_only_documents_of_the_maker_count_as_verified() -> None:
    assert {chip.maker for chip in chips() if chip.status == "V"} <= {"Google", "AWS", "Intel"}
