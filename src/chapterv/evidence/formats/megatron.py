"""Logs of Megatron-LM and of programs made from it (Megatron-DeepSpeed, Megatron Core, Primus).

A line on steps reads `iteration N/ M | consumed samples: X | elapsed time per iteration (ms): Y |
... | number of skipped iterations: K | ...`; the time is the mean over the steps since the line
before. Each process prints its arguments before its first step: sequence length, world size,
interval of the lines. Tokens are consumed samples times sequence length. Skipped steps cost their
compute all the same. Since 2026 two names are others and values come as `now/mean`: the first of
the two counts. Forks print seconds instead of milliseconds, or `TFLOPs` with recomputation in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.formats.megatron_columns import take_columns
from chapterv.evidence.formats.megatron_lines import take_lines
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.run_logs import Dialect, Lines, dialect
from chapterv.evidence.run_spans import Gathered, Point
from chapterv.evidence.runs import LOG_SUFFIXES, read_log

__all__ = ["MEGATRON", "read_megatron"]

_STEP_LINE = re.compile(
    rb"iteration +\d+/ *\d+ \|[^\n]{0,300}?(?:consumed samples|elapsed time per iteration)"
)
_ARGUMENT_BLOCK = re.compile(rb"-- arguments --+[^\n]*\n(?:[^\n]*\n){1,40}?[^\n]*\w \.{3,} ")


def _recognise(sample: bytes) -> bool:
    return bool(_STEP_LINE.search(sample) or _ARGUMENT_BLOCK.search(sample))


def _scan(lines: Lines, gathered: Gathered, points: list[Point] | None) -> None:
    if gathered.framework == "":
        gathered.framework = "Megatron-LM"
    if not take_columns(lines, gathered, points):
        take_lines(lines, gathered, points)


MEGATRON = dialect(Dialect("megatron-log", "Megatron-LM", _recognise, _scan))


@reader("megatron-log", version="1", suffixes=LOG_SUFFIXES)
def read_megatron(artefact: Artefact) -> Iterator[Found]:
    """Read steps, samples, tokens, times and settings of each process."""
    return read_log(artefact, MEGATRON)
