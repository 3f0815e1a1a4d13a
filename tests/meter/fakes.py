"""Small stand-ins for tensors, models and trainers, so that these tests need no torch."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.meter.runs import LLAMA
from tests.meter.test_trained import Fake


class Tensor:
    """A matrix of whole numbers with the few operations that the meter uses."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows
        nested = bool(rows) and isinstance(rows[0], list)
        self.shape = (len(rows), len(rows[0])) if nested else (len(rows),)

    def __eq__(self, other: object) -> Any:
        return Tensor([[int(value == other) for value in row] for row in self.rows])

    __hash__ = None  # type: ignore[assignment]

    def sum(self) -> int:
        """The sum of all values."""
        return sum(map(sum, self.rows))

    def nonzero(self) -> Tensor:
        """Row and column of each value that is not zero."""
        found = [
            [row, column]
            for row, values in enumerate(self.rows)
            for column, value in enumerate(values)
            if value
        ]
        return Tensor(found)

    def reshape(self, *shape: int) -> Tensor:
        """The values in one row."""
        return self

    def tolist(self) -> list[Any]:
        """The values."""
        return self.rows


def tokens(count: int, length: int) -> Tensor:
    """A batch of tokens."""
    return Tensor([[1] * length for _ in range(count)])


class Cache:
    """Keys and values of so many tokens."""

    def __init__(self, length: int) -> None:
        self.length = length

    def get_seq_length(self) -> int:
        """Tokens that it holds."""
        return self.length


class Model(Fake):
    """A model that can be called and looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.training = True
        self.config = SimpleNamespace(to_dict=lambda: dict(LLAMA))
        self.hooks: list[Callable[..., None]] = []

    def register_forward_pre_hook(
        self, hook: Callable[..., None], with_kwargs: bool
    ) -> SimpleNamespace:
        """Call the hook before every call from now on."""
        assert with_kwargs
        self.hooks.append(hook)
        return SimpleNamespace(remove=lambda: self.hooks.remove(hook))

    def __call__(self, *positional: Any, **named: Any) -> None:
        for hook in self.hooks:
            hook(self, positional, named)
