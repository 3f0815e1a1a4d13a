"""Reports of invented models for tests: one for each kind of reader, and hostile ones."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from chapterv.dossier import Gathered, assess_dossier, gather, open_dossier
from chapterv.dossier.report import Report, build_report
from chapterv.facts import Source, catalogue, make_fact
from chapterv.law import load_pack
from tests.dossier.folders import make_folder

ON = datetime.date(2026, 11, 25)

SMALL = """
[provider]
name = "Northlight Research GmbH"
established_in = "DE"
size = "small"
[model]
name = "northlight-1b"
version = "1.0"
placed_on = 2026-03-02
placing_routes = ["repository", "api"]
union_market = true
modalities_out = ["text"]
training_compute = "1.14e23"
cumulative_compute = "1.14e23"
licence = "Apache-2.0"
weights_public = true
architecture_public = true
usage_info_public = true
monetised = false
"""

FRONTIER = """
[provider]
name = "Aurora Frontier Systems Inc."
established_in = "US"
size = "large"
turnover_eur = "2400000000"
code_chapters_signed = ["transparency", "copyright", "safety"]
[model]
name = "aurora-frontier"
version = "2026-11"
stage = "training"
placed_on = 2027-02-01
union_market = true
modalities_out = ["text", "image"]
placing_routes = ["api"]
training_compute = { value = "6.2e24", relation = "at_least", as_of = 2026-11-10 }
planned_compute = "3.4e25"
compute_known_on = 2026-11-17
derived_from = []
commercial_activity = true
significant_generality = true
wide_range_of_tasks = true
"""

TUNER = """
[provider]
name = "Brook Legal SL"
established_in = "ES"
size = "micro"
[model]
name = "brook-legal-lora"
version = "0.3"
placed_on = 2026-10-01
union_market = true
modalities_out = ["text"]
derived_from = ["northlight-1b@1.0"]
modification_compute = "2.1e19"
original_compute = "1.14e23"
"""

RUNS = """
[provider]
name = "Aurora Frontier Systems Inc."
established_in = "US"
size = "large"
[model]
name = "aurora-frontier"
version = "2026-11"
stage = "training"
placed_on = 2027-02-01
union_market = true
derived_from = []
modalities_out = ["text"]
commercial_activity = true
significant_generality = true
wide_range_of_tasks = true
placing_routes = ["api"]
training_sequence_length = 64
planned_compute = { value = "3.4e25", as_of = 2026-11-12, source = "plans/plan.md" }
compute_known_on = { value = 2026-11-17, source = "plans/plan.md" }
compute_ledger_complete = true
[[run]]
id = "pretrain"
stage = "pre-training"
tokens = "4e17"
chip = "h100-sxm"
unit_hours = 5000000
operations = { value = "6.0e24", as_of = 2026-11-20 }
started_on = 2026-08-01
ended_on = 2026-11-20
[[run]]
id = "synthetic"
stage = "synthetic data"
tokens_generated = "9e11"
generator_parameters_active = "36e9"
[[run]]
id = "evaluation"
stage = "evaluation"
operations = "4e20"
[[run]]
id = "unnamed"
tokens = 1000
"""

HOSTILE_TEXTS = (
    "</bdi></style><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)' autofocus='",
    "\u202egnp.exe\u2066",
    "a\u0007\u001b[2Jb",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!--",
    "W" * 10_000,
    "wide 模型" * 400,
)


@cache
def report_of(statement: str | None, on: datetime.date = ON) -> Report:
    """The report on a folder with one configuration and a statement; an empty one for None."""
    return made_from(_gathered(statement), on)


def made_from(gathered: Gathered, on: datetime.date = ON) -> Report:
    """The report on a gathered dossier."""
    pack = load_pack()
    return build_report(gathered, assess_dossier(gathered, on, pack), pack, on)


def _gathered(statement: str | None) -> Gathered:
    with TemporaryDirectory() as place:
        folder = Path(place) / "dossier"
        folder.mkdir()
        if statement is not None:
            make_folder(folder, statement)
        return gather(open_dossier(folder))


@cache
def hostile_report() -> Report:
    """A report in which every text that comes from outside tries to break out."""
    return _with_facts(
        [(key, text) for key in _keys("text") for text in HOSTILE_TEXTS], "../<x>\u202e.json"
    )


@cache
def report_with_conflicts(count: int = 40) -> Report:
    """A report with so many conflicts between two artefacts."""
    keys = _keys("text", "date", "bool")
    given = {
        "text": ("one", "another"),
        "date": ("2026-01-05", "2026-02-06"),
        "bool": (True, False),
    }
    extra = [(key, value) for key in keys for value in given[catalogue()[key].type]]
    plenty = _with_facts(extra, "card.json")
    return _kept(plenty, count)


def _kept(report: Report, count: int) -> Report:
    assert len(report.conflicts) >= count
    return msgspec.structs.replace(report, conflicts=report.conflicts[:count])


def _keys(*types: str) -> list[str]:
    return [key for key, entry in catalogue().items() if entry.type in types
            and key.partition(".")[0] in ("model", "provider", "representative")]  # fmt: skip


def _with_facts(values: list[tuple[str, Any]], artefact: str) -> Report:
    base = _gathered(SMALL)
    subjects = {"model": base.dossier.model}
    extra = [
        make_fact(
            subjects.get(key.partition(".")[0], key.partition(".")[0]),
            key,
            value,
            Source(artefact, pointer=f"/{number}", stated=str(value)[:200]),
        )
        for number, (key, value) in enumerate(values)
    ]
    return made_from(
        Gathered(base.dossier, (*base.facts, *extra), base.scanned, base.notes, base.settled)
    )


CASES = {
    "small": lambda: report_of(SMALL),
    "frontier": lambda: report_of(FRONTIER),
    "tuner": lambda: report_of(TUNER),
    "runs": lambda: report_of(RUNS),
    "empty": lambda: report_of(None),
    "conflicts": report_with_conflicts,
    "hostile": hostile_report,
}
