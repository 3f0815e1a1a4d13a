"""Timing for benchmark cases: whole processes and calls, always beside a baseline.

Seconds say little between machines; a ratio to something everyone has, measured in turn with it,
says whether the program has become slow. A case is a module ``case_*.py`` with
``run() -> list[Row]``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# An installed program comes with its bytecode; where writing that is switched off, a checkout
# would measure the compiler.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

BARE_START = (sys.executable, "-c", "pass")
CHAPTERV = str(Path(sys.executable).with_name("chapterv"))


@dataclass(frozen=True)
class Row:
    """One measured figure: seconds of a case, seconds of its baseline, and the ratio allowed."""

    name: str
    seconds: float
    baseline: str
    baseline_seconds: float
    limit: float

    @property
    def ratio(self) -> float:
        """How many times the baseline the case takes."""
        return self.seconds / self.baseline_seconds

    @property
    def ok(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.ratio <= self.limit


def time_processes(
    commands: Mapping[str, Sequence[str]], repetitions: int = 15
) -> dict[str, float]:
    """Median wall time of whole processes, run in turn so that a busy spell hits all alike.

    Args:
        commands: name and command line of each; all must exit with 0.
        repetitions: rounds that count; one more goes first to warm the caches.
    Returns: median seconds by name.
    """
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(repetitions + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
            if round_number:
                samples[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in samples.items()}


def time_calls(
    functions: Mapping[str, Callable[[], object]], repetitions: int = 5
) -> dict[str, float]:
    """Median time of calls in this process, run in turn.

    Args:
        functions: name and function of each.
        repetitions: rounds that count; one more goes first.
    Returns: median seconds by name.
    """
    samples: dict[str, list[float]] = {name: [] for name in functions}
    for round_number in range(repetitions + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if round_number:
                samples[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in samples.items()}
