"""What a meter adds up, for each phase, activity and kind of pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["COUNTS", "Key", "Sums"]

COUNTS = (
    "steps", "skipped", "steps_repeated", "tokens", "padding", "tokens_repeated", "prompt",
    "generated", "documents", "positions", "squared", "without_lengths", "sums_only",
    "microseconds", "step_microseconds", "chip_microseconds", "uncounted",
)  # fmt: skip
"""Whole numbers that only grow.

`positions` and `squared` are the sums of the lengths of documents and of their squares;
`without_lengths` are tokens whose attention is not counted, `sums_only` those whose windows are
counted as an upper bound; `uncounted` are steps that were given in a way that nothing could be
made of.
"""

# What every rank counts alike, since all take the same steps at the same time.
SHARED = frozenset({"steps", "skipped", "steps_repeated", "microseconds", "step_microseconds"})

Key = tuple[str, str, str, str]
"""Phase, activity, "update" or "forward", and the kind of pass."""


class Sums:
    """Sums of one key.

    Args:
        pairs: how many kinds of pairs are summed apart.
    """

    __slots__ = (*COUNTS, "energy", "pairs", "top")

    steps: int
    skipped: int
    steps_repeated: int
    tokens: int
    padding: int
    tokens_repeated: int
    prompt: int
    generated: int
    documents: int
    positions: int
    squared: int
    without_lengths: int
    sums_only: int
    microseconds: int
    step_microseconds: int
    chip_microseconds: int
    uncounted: int

    def __init__(self, pairs: int = 0) -> None:
        for name in COUNTS:
            setattr(self, name, 0)
        self.pairs = [[0, 0] for _ in range(pairs)]
        self.energy: dict[str, int] = {}
        self.top = -1

    def add(self, other: Sums) -> None:
        """Add other sums of the same key."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._add_rest(other)

    def add_rank(self, other: Sums) -> None:
        """Add what another rank counted in the same time."""
        for name in COUNTS:
            mine, others = getattr(self, name), getattr(other, name)
            setattr(self, name, max(mine, others) if name in SHARED else mine + others)
        self._add_rest(other)

    def _add_rest(self, other: Sums) -> None:
        for mine, others in zip(self.pairs, other.pairs, strict=True):
            mine[0] += others[0]
            mine[1] += others[1]
        for name, amount in other.energy.items():
            self.energy[name] = self.energy.get(name, 0) + amount
        self.top = max(self.top, other.top)

    def is_empty(self) -> bool:
        """Tell whether nothing was added yet."""
        return not self.energy and not any(getattr(self, name) for name in COUNTS)

    def table(self) -> dict[str, Any]:
        """Return the sums as JSON holds them: decimal strings, zeros left out."""
        found: dict[str, Any] = {
            name: str(getattr(self, name)) for name in COUNTS if getattr(self, name)
        }
        if any(causal or full for causal, full in self.pairs):
            found["pairs"] = [[str(causal), str(full)] for causal, full in self.pairs]
        if self.energy:
            found["energy_mj"] = {name: str(amount) for name, amount in self.energy.items()}
        if self.top >= 0:
            found["last_step"] = str(self.top)
        return found

    @classmethod
    def of(cls, table: dict[str, Any], pairs: int) -> Sums:
        """Read sums back from a table.

        Raises:
            ValueError: not what `table` gives.
        """
        found = cls(pairs)
        for name in COUNTS:
            setattr(found, name, int(table.get(name, 0)))
        given: Iterable[Any] = table.get("pairs") or []
        for mine, amounts in zip(found.pairs, given, strict=False):
            mine[:] = [int(amounts[0]), int(amounts[1])]
        found.energy = {str(n): int(a) for n, a in table.get("energy_mj", {}).items()}
        found.top = int(table.get("last_step", -1))
        return found
