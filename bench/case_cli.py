"""How long the command takes to say what it can do."""

from __future__ import annotations

from bench.harness import BARE_START, CHAPTERV, Row, time_processes


def run() -> list[Row]:
    """`chapterv --help` against a bare interpreter start."""
    took = time_processes({"help": (CHAPTERV, "--help"), "bare": BARE_START})
    return [Row("chapterv --help", took["help"], "bare start", took["bare"], limit=12)]
