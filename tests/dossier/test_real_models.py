"""Reports on real model folders, each with a statement written for the test.

The folders are those of real publishers; what the statements say of placing, payment and use is
made up for the test and says nothing about those models.
"""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from chapterv.cli.root import root
from tests.real_data import real_data

ON = datetime.date(2026, 11, 25)


class Expected(msgspec.Struct, frozen=True):
    """A real folder, what the statement says of it, and what follows."""

    folder: str
    statement: str
    parameters: str
    training_above: bool
    systemic: str
    duties: dict[str, str]


PLACED = """
[provider]
name = "Example Models B.V."
established_in = "NL"
size = "large"

[model]
union_market = true
modalities_out = ["text"]
placing_routes = ["repository"]
"""

CASES = [
    Expected(
        "bigscience--bloom",
        PLACED
        + """
name = "bloom"
version = "1"
placed_on = 2022-07-11
cumulative_compute = "4.5e23"
training_tokens = "366e9"
training_sequence_length = 2048
""",
        "176247271424",
        True,
        "not_met",
        {
            "act:O01": "cannot_tell",
            "act:O03": "grace",
            "act:O04": "grace",
            "act:R01": "not_applicable",
        },
    ),
    Expected(
        "tiiuae--falcon-40b",
        PLACED
        + """
name = "falcon-40b"
licence = "Apache-2.0"
cumulative_compute = "3e23"
version = "1"
placed_on = 2025-09-01
training_tokens = "1e12"
training_sequence_length = 2048
weights_public = true
architecture_public = true
usage_info_public = true
monetised = false
""",
        "41303293952",
        True,
        "not_met",
        {"act:O01": "exempt", "act:O02": "exempt", "act:O03": "applies", "act:O04": "applies"},
    ),
    Expected(
        "microsoft--phi-2",
        PLACED
        + """
name = "phi-2"
version = "1"
placed_on = 2025-09-01
training_tokens = "1.4e12"
training_sequence_length = 2048
""",
        "2779683840",
        False,
        "not_met",
        {"act:O01": "out_of_scope", "act:O03": "out_of_scope", "act:O04": "out_of_scope"},
    ),
    Expected(
        "meta-llama--Meta-Llama-3.1-405B",
        PLACED.replace('"NL"', '"US"')
        + """
name = "llama-405b"
version = "1"
placed_on = 2025-09-01
training_tokens = "15.6e12"
training_sequence_length = 8192
compute_known_on = 2025-08-10
""",
        "405853388800",
        True,
        "met",
        {"act:O01": "applies", "act:A01": "applies", "act:R01": "applies", "act:C06": "applies"},
    ),
    Expected(
        "deepseek-ai--DeepSeek-V3",
        PLACED.replace('"NL"', '"CN"')
        + """
name = "deepseek-v3"
version = "1"
placed_on = 2025-09-01
training_tokens = "14.8e12"
training_sequence_length = 4096
cumulative_compute = "4.5e24"
""",
        "671026404352",
        True,
        "not_met",
        {"act:O03": "applies", "act:R01": "not_applicable"},
    ),
    Expected(
        "ibm-granite--granite-3.1-1b-a400m-instruct",
        PLACED
        + """
name = "granite-1b-a400m"
version = "3.1"
placed_on = 2025-09-01
modified_by_original_provider = true
training_compute = "2.7e22"
cumulative_compute = "2.7e22"
""",
        "1334628352",
        False,
        "not_met",
        {"act:O03": "out_of_scope", "act:R01": "out_of_scope"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.folder for case in CASES])
def test_report_on_a_real_model_folder(case: Expected, tmp_path: Path) -> None:
    folder = tmp_path / case.folder
    shutil.copytree(real_data("models", "configs", case.folder), folder)
    folder.chmod(0o755)
    (folder / "chapterv.toml").write_text(case.statement, "utf-8")
    out = tmp_path / "report"
    arguments = ["report", str(folder), "--out", str(out), "--on", ON.isoformat()]
    result = CliRunner().invoke(root, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    page = (out / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert len(page.encode()) < 2_000_000
    report = json.loads((out / "report.json").read_text("utf-8"))
    facts = {fact["key"]: fact["value"] for fact in report["facts"] if fact["basis"] == "computed"}
    assert facts["model.parameters_total"] == case.parameters
    answers = {one["rule"]: one["answer"] for one in report["assessment"]["findings"]}
    assert (answers["gl:G1.1"] == "met") is case.training_above
    assert answers["act:SR"] == case.systemic
    duties = {one["id"]: one["status"] for one in report["assessment"]["obligations"]}
    assert {name: duties[name] for name in case.duties} == case.duties
