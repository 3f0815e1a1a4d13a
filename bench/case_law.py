"""How long the law takes: many whole evaluations in one process, and one through the command."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.harness import BARE_START, CHAPTERV, Row, time_calls, time_processes
from chapterv.facts import World
from chapterv.law import evaluate, load_pack
from chapterv.law.cases import load_cases

ROOT = Path(__file__).resolve().parent.parent
EVALUATIONS = 1000
ON = datetime.date(2026, 11, 25)


def run() -> list[Row]:
    """1 000 evaluations of different worlds; `assess` of the bundled examples, the slowest."""
    return [_evaluations(), _command()]


def _evaluations() -> Row:
    """Evaluate the worlds of the cases in turn: findings, duties, clocks, questions and traces."""
    pack = load_pack()
    worlds = [World.from_object(case.facts) for case in load_cases()]

    def many() -> None:
        for number in range(EVALUATIONS):
            assessment = evaluate(worlds[number % len(worlds)], ON, pack)
            assert all(finding.because for finding in assessment.findings[:1])

    took = time_calls({"law": many})["law"]
    bare = time_processes({"bare": BARE_START})["bare"]
    return Row(f"{EVALUATIONS} evaluations", took, "bare start", bare, limit=60)


def _command() -> Row:
    folder = Path(tempfile.mkdtemp(prefix="chapterv-bench-"))
    try:
        making = [sys.executable, str(ROOT / "scripts" / "make_examples.py"), str(folder)]
        subprocess.run(making, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        examples = sorted(path.parent for path in folder.glob("*/chapterv.toml"))
        commands = {
            path.name: (CHAPTERV, "assess", str(path), "--on", ON.isoformat()) for path in examples
        }
        took = time_processes({**commands, "bare": BARE_START})
    finally:
        shutil.rmtree(folder)
    slowest = max(commands, key=lambda name: took[name])
    return Row(f"chapterv assess {slowest}", took[slowest], "bare start", took["bare"], limit=45)
