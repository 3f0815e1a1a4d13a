"""`chapterv law changes`: the law first, then what differs for each dossier."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import run
from tests.cli.test_assess import STATEMENT
from tests.dossier.folders import make_folder

DAYS = ("--from", "2026-07-26", "--to", "2026-08-02")


def test_law_comes_first_with_what_it_says_now_and_said_before() -> None:
    result = run("law", "changes", *DAYS)
    assert result.returncode == 0, result.stderr
    text = " ".join(result.stdout.split())
    assert "changes of law from 26 July 2026 to 2 August 2026" in text
    at = text.index("Who assesses a code of practice (act:K06) changes, by Regulation")
    assert at < text.index("Now: ", at) < text.index("Before: The AI Office", at)
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_dossier_tells_duties_before_answers_and_what_was_not_known(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, STATEMENT)
    result = run("law", "changes", "--from", "2026-02-01", "--to", "2026-08-02", folder)
    text = result.stdout[result.stdout.index(str(tmp_path)) :]
    assert "not used on 1 February 2026" in " ".join(text.split())
    assert text.index("\nDuties\n") < text.index("\nAnswers\n")
    assert "late on 2 August 2026" in " ".join(text.split())


def test_more_rows_are_shown_on_request() -> None:
    def count(*words: str) -> int:
        told = json.loads(run("law", "changes", *DAYS, "--format", "json", *words).stdout)
        return len(told["changes"])

    assert count("--explanations") >= count() > 0


def test_days_in_the_wrong_order_are_wrong_use() -> None:
    assert run("law", "changes", "--from", "2026-08-02", "--to", "2026-07-26").returncode == 2


def test_range_without_a_change_says_so() -> None:
    result = run("law", "changes", "--from", "2026-03-01", "--to", "2026-03-02")
    assert result.stdout.startswith("No change of law from 1 March 2026 to 2 March 2026")
