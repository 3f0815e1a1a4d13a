"""Progress of long work: one line on a terminal with bar, rate and time left; nothing on a pipe."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Meter", "shown_progress"]

EVERY_SECONDS = 0.1
QUIET_SECONDS = 0.5
BAR = 20


class Meter:
    """Writes the state of one piece of work over the line before.

    Args:
        write: takes text for the terminal.
        clock: seconds, only differences count.
    """

    def __init__(
        self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.write = write
        self.clock = clock
        self.started = clock()
        self.shown = 0.0
        self.width = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done; short work stays silent."""
        now = self.clock()
        if now - self.started < QUIET_SECONDS or now - self.shown < EVERY_SECONDS:
            return
        self.shown = now
        line = self.line(what, done, total, now - self.started)
        line = line[: shutil.get_terminal_size().columns - 1]
        self.write("\r" + line.ljust(self.width))
        self.width = len(line)

    def line(self, what: str, done: int, total: int, seconds: float) -> str:
        """Return the line: bar, share, rate, time left, what is being done."""
        share = min(done / total, 1.0) if total else 0.0
        bar = ("█" * round(share * BAR)).ljust(BAR, "░")
        rate = done / seconds if seconds else 0.0
        left = f"{(total - done) / rate:.0f} s left" if rate and total else ""
        return f"{bar} {share:4.0%}  {_amount(rate)}/s  {left}  {what}".rstrip()

    def clear(self) -> None:
        """Leave the line empty."""
        if self.width:
            self.write("\r" + " " * self.width + "\r")


def _amount(number: float) -> str:
    for unit in ("", "k", "M", "G"):
        if number < 1000:
            return f"{number:.3g} {unit}".rstrip()
        number /= 1000
    return f"{number:.3g} T"


@contextmanager
def shown_progress() -> Iterator[Meter | None]:
    """Give a meter where standard error is a terminal, else None."""
    if not sys.stderr.isatty():
        yield None
        return

    def write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    meter = Meter(write)
    try:
        yield meter
    finally:
        meter.clear()
