"""Small records of runs for the tests of the forecast: a log in the words of Megatron-LM."""

from __future__ import annotations

import datetime
from pathlib import Path

SAMPLES_A_DAY = 10_000
HEAD = """using world size: 8, data-parallel size: 8
------------------------ arguments ------------------------
  seq_length ...................................... 64
  global_batch_size ............................... 1000
-------------------- end of arguments ---------------------
"""


def log_line(today: datetime.datetime, index: int, samples: int | None = None) -> str:
    """One line of a log; number 21 is of today, the others of a day earlier each."""
    time = today - datetime.timedelta(days=21 - index)
    consumed = SAMPLES_A_DAY * index if samples is None else samples
    return (
        f" [{time:%Y-%m-%d %H:%M:%S}] iteration {10 * index:8}/ 1000000 | consumed samples: "
        f"{consumed:12} | elapsed time per iteration (ms): 1000.0 | learning rate: 1.0E-04 | "
        "global batch size:  1000 | lm loss: 2.0E+00 | number of skipped iterations:   0 |\n"
    )


def write_log(path: Path, today: datetime.datetime, days: int) -> Path:
    """Write a log with a line a day, the last of them yesterday."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [log_line(today, 20 - days + 1 + index) for index in range(days)]
    path.write_text(HEAD + "".join(lines))
    return path
