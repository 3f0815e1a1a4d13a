"""The law pack: read from a folder or a file, checked on the way in, asked by day."""

from __future__ import annotations

import datetime
import json
import shutil
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from chapterv.errors import LawDataError
from chapterv.facts import World
from chapterv.law import evaluate, load_pack
from chapterv.law.pack import compile_pack

DATA = Path(str(resources.files("chapterv.law"))) / "data"
DAY = datetime.date(2026, 11, 25)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the pack's folder, to be spoiled."""
    return Path(shutil.copytree(DATA, tmp_path / "pack"))


def replace(path: Path, old: str, new: str) -> None:
    """Replace one piece of a file that has to be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_pack_says_what_it_is_and_up_to_when() -> None:
    pack = load_pack()
    assert pack.version
    assert pack.state_date <= DAY
    assert any("2024/1689" in text for text in pack.covers)


def test_a_folder_gives_the_same_pack_as_the_package(folder: Path) -> None:
    assert load_pack(folder).rows == load_pack().rows
    assert load_pack(folder).on(DAY).values == load_pack().on(DAY).values


def test_a_pack_in_one_file_gives_the_same_answers(tmp_path: Path) -> None:
    path = tmp_path / "law.pack"
    path.write_bytes(compile_pack())
    other = load_pack(path)
    world = World.from_object({"model.cumulative_compute": "3e25"})
    assert evaluate(world, DAY, other) == evaluate(world, DAY)


def test_a_pack_is_compiled_to_the_same_bytes_each_time(folder: Path) -> None:
    assert compile_pack() == compile_pack()
    assert compile_pack(folder) == compile_pack()


def test_a_changed_file_does_not_match_its_digest(tmp_path: Path) -> None:
    content = json.loads(compile_pack())
    content["parts"]["pack"]["pack"]["version"] = "1999.1.1"
    path = tmp_path / "law.pack"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(LawDataError, match="digest"):
        load_pack(path)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"parts": 3}', b"\xff\xfe", b'{"sha256": ""}'])
def test_a_file_that_is_no_pack_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "law.pack"
    path.write_bytes(content)
    with pytest.raises(LawDataError):
        load_pack(path)


SPOILS: list[tuple[str, str, str, str]] = [
    ("parameters/dates.toml", 'unit = "date"', 'unti = "date"', "schema|chapter_v_applies"),
    ("parameters/dates.toml", 'reference = "ORI"', 'reference = "XYZ"', "XYZ"),
    (
        "parameters/dates.toml",
        'id = "enforcement_applies"',
        'id = "chapter_v_applies"',
        "stands twice",
    ),
    ("pack.toml", 'version = "', 'verison = "', "schema"),
    ("obligations.toml", 'actor = "provider"', 'actors = "provider"', "act:O01"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), SPOILS, ids=[spoil[2] for spoil in SPOILS])
def test_a_fault_in_the_data_is_named(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    replace(folder / file, old, new)
    with pytest.raises(LawDataError, match=said):
        load_pack(folder)


def test_two_values_from_one_day_are_refused(folder: Path) -> None:
    path = folder / "parameters" / "thresholds.toml"
    again = '[[parameter.value]]\napplies_from = 2025-07-18\nvalue = "2e23"\nreference = "GL"\n'
    replace(path, again.replace("2e23", "1e23"), again.replace("2e23", "1e23") + again)
    with pytest.raises(LawDataError, match="not twice a day"):
        load_pack(folder)


def test_values_come_exact_and_typed() -> None:
    law = load_pack().on(DAY)
    assert law.values["systemic_risk_compute"] == 10**25
    assert isinstance(law.values["systemic_risk_compute"], int)
    assert law.values["modification_share"] == Fraction(1, 3)
    assert law.values["fine_share"] == Fraction(3, 100)
    assert law.values["legacy_comply_by"] == datetime.date(2027, 8, 2)


def test_a_new_threshold_counts_from_its_day_and_the_old_one_before(folder: Path) -> None:
    old = '[[parameter.value]]\napplies_from = 2025-08-02\nvalue = "1e25"\nreference = "ORI"\n'
    new = '[[parameter.value]]\napplies_from = 2027-01-01\nvalue = "1e26"\nreference = "ORI"\n'
    replace(folder / "parameters" / "thresholds.toml", old, old + new)
    pack = load_pack(folder)
    world = World.from_object({"model.cumulative_compute": "3e25"})

    def presumed(day: datetime.date) -> str:
        found = evaluate(world, day, pack).findings
        return next(finding.answer for finding in found if finding.rule == "act:C03")

    assert presumed(datetime.date(2026, 12, 31)) == "met"
    assert presumed(datetime.date(2027, 1, 1)) == "not_met"
    assert presumed(datetime.date(2027, 1, 2)) == "not_met"


def test_every_finding_names_the_version_of_the_pack() -> None:
    assessment = evaluate(World.from_object({}), DAY)
    versions: set[Any] = {finding.law_version for finding in assessment.findings}
    assert versions == {load_pack().version, assessment.law_version}
