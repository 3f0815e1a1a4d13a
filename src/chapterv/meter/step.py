"""The block of one step, which counts it when it ends well."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chapterv.meter.counting import Meter

__all__ = ["Step"]


class Step:
    """The block of one step."""

    __slots__ = ("_counts", "_meter", "_started")

    def __init__(self, meter: Meter, counts: dict[str, Any]) -> None:
        self._meter = meter
        self._counts = counts
        self._started = 0

    def skip(self) -> None:
        """The optimiser did not take this step."""
        self._counts["skipped"] = True

    def count(self, **counts: Any) -> None:
        """Say what is known only inside the block; arguments as for `Meter.step`."""
        self._counts.update(counts)

    def __enter__(self) -> Step:
        self._started = time.perf_counter_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is None:
            spent = time.perf_counter_ns() - self._started
            self._meter.add(**self._counts, spent_ns=spent)
