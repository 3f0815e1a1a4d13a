"""Metrics of Lightning's CSV logger (`metrics.csv`): steps, and nothing on tokens or time.

Columns are `epoch`, `step` and whatever the training module logs. Steps count from 0, and a line is
written every so many steps, so the last line bounds the number of steps from below.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Part
from chapterv.evidence.runs import RunState, StateValue
from chapterv.evidence.strict import decode_text

__all__ = ["read_lightning_csv"]

MAX_METRICS = 64 * 1024 * 1024
MAX_DIGITS = 15


@reader("lightning-metrics", version="1", names=("metrics.csv",))
def read_lightning_csv(artefact: Artefact) -> Iterator[Found]:
    """Read the last step of a run.

    Raises:
        Unclaimed: the table has no columns of Lightning.
        InputError: a line is longer than a line of a table may be.
    """
    text = decode_text(artefact.read(MAX_METRICS), artefact.path)
    rows = csv.reader(text.splitlines())
    try:
        header = next(rows, [])
        if not {"epoch", "step"} <= set(header):
            raise Unclaimed("a table without the columns epoch and step")
        place = header.index("step")
        found = [(_step(row[place]), rows.line_num) for row in rows if len(row) > place]
    except csv.Error as error:
        raise InputError(f"no table: {error}", artefact.path, "Write the file again.") from None
    steps = [(step, number) for step, number in found if step is not None]
    if not steps:
        raise InputError("no line tells a step", artefact.path, "Train on, or leave it out.")
    last, number = max(steps)
    values = (
        StateValue("run.framework", "Lightning", "line 1"),
        StateValue("run.steps", last + 1, f"line {number}", "up to the last line logged", True),
    )
    state = RunState(
        artefact.run, artefact.path, last + 1, values, artefact.source(),
        ("the table says nothing on tokens: state run.tokens with a source",),
    )  # fmt: skip
    yield Part("run-state", artefact.folder, artefact.path, state)


def _step(text: str) -> int | None:
    plain = text.removesuffix(".0")
    known = plain.isascii() and plain.isdigit() and len(plain) <= MAX_DIGITS
    return int(plain) if known else None
