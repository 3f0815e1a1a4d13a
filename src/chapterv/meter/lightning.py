"""The meter in Lightning.

    trainer = Trainer(..., callbacks=[LightningMeter("runs/a/meter.jsonl", config=config)])

Lightning gives its callbacks each batch. A batch is a table with `input_ids`, a tensor of tokens,
or anything that `count` can read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from chapterv.meter.counting import EVALUATION, Meter
from chapterv.meter.libraries import library
from chapterv.meter.watching import UPDATE, Watching

__all__ = ["LightningMeter"]

Count = Callable[[Any], Mapping[str, Any]]


class _Calls:
    """What Lightning calls."""

    def __init__(
        self, path: str | os.PathLike[str], config: Any, count: Count | None, options: Any
    ) -> None:
        self._path, self._config, self._count = path, config, count
        self._options = options
        self._steps = 0
        self._watching: Watching | None = None

    @property
    def meter(self) -> Meter | None:
        """The meter, once the training began."""
        return self._watching.meter if self._watching else None

    def on_fit_start(self, trainer: Any, module: Any) -> None:
        """Open the meter."""
        several = int(trainer.world_size) > 1
        options = {"ranks": "sum" if several else "one", **self._options}
        self._watching = Watching(Meter(self._config, self._path, model=module, **options))

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Remember where the steps begin, after a checkpoint was loaded."""
        self._steps = int(trainer.global_step)

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, number: int
    ) -> None:
        """Count a batch, and the step if it ended one."""
        taken = int(trainer.global_step) - self._steps
        self._steps += taken
        self._batch(batch, UPDATE)
        if taken > 0 and self._watching is not None:
            self._watching.step(self._steps, taken)

    def on_validation_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, number: int, loader: int = 0
    ) -> None:
        """Count an evaluation pass."""
        self._batch(batch, "evaluation")

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        """Count the time of an evaluation."""
        if self._watching is not None:
            self._watching.evaluated()

    def on_fit_end(self, trainer: Any, module: Any) -> None:
        """Write the last line."""
        if self._watching is not None:
            self._watching.close()

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        """Write what can be written."""
        if self._watching is not None:
            self._watching.close(failed=True)

    def _batch(self, batch: Any, kind: str) -> None:
        if self._watching is None:
            return
        if self._count is None:
            table = batch if isinstance(batch, Mapping) else _table(batch)
            self._watching.batch(table, kind)
            return
        meter = self._watching.meter
        looked = {"activity": EVALUATION, "passes": "forward"}
        more: dict[str, Any] = {} if kind == UPDATE else looked
        try:
            meter.add(**{"steps": 0, **more, **self._count(batch)})
        except Exception as error:  # counting must not stop the training
            meter.fault(str(error))


@cache
def _callback_class() -> Any:
    """Make the class on demand, since its base belongs to Lightning."""
    return type(
        "LightningMeterCallback",
        (_Calls, library("lightning.pytorch", "pytorch_lightning").Callback),
        {},
    )


def LightningMeter(
    path: str | os.PathLike[str] = "meter.jsonl",
    config: Any = None,
    count: Count | None = None,
    **options: Any,
) -> Any:
    """Make a callback for Lightning.

    Args:
        path: the meter's file; a run that is resumed gives the same one.
        config: configuration of the model.
        count: returns the arguments of `Meter.add` for a batch that is no table of tensors.
        options: as for `Meter`.

    Returns: a `Callback`.

    Raises:
        InputError: Lightning is not installed.
    """
    return _callback_class()(path, config, count, options)


def _table(batch: Any) -> dict[str, Any]:
    """Return a batch that is a tensor, or begins with one, as a table."""
    first = batch[0] if isinstance(batch, list | tuple) and batch else batch
    return {"input_ids": first}
