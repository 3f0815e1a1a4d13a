"""The progress line: bar, rate, time left; silence for short work."""

from __future__ import annotations

import sys

import pytest

from chapterv.cli.progress import Meter, shown_progress


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_line_shows_share_rate_and_time_left() -> None:
    line = Meter(print).line("digest", 50_000_000, 200_000_000, 10)
    assert line == "█████░░░░░░░░░░░░░░░  25%  5 M/s  30 s left  digest"


def test_short_work_is_silent_and_long_work_is_told_now_and_then() -> None:
    written: list[str] = []
    clock = Clock()
    meter = Meter(written.append, clock)
    meter("read", 1, 10)
    assert written == []
    clock.now += 1
    meter("read", 2, 10)
    meter("read", 3, 10)
    assert len(written) == 1
    clock.now += 1
    meter("read", 4, 10)
    assert len(written) == 2
    meter.clear()
    assert written[-1].strip() == ""


def test_unknown_total_has_no_time_left() -> None:
    assert "left" not in Meter(print).line("read", 5, 0, 1)


def test_nothing_is_shown_on_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    with shown_progress() as progress:
        assert progress is None
