"""The meter in the Trainer of transformers.

    trainer = Trainer(..., callbacks=[TrainerMeter("runs/a/meter.jsonl")])

Callbacks of the Trainer never see a batch, so the meter looks at what the model itself is called
with: every micro-batch of gradient accumulation and every evaluation pass, whatever wraps the
model. Steps, skipped ones among them, come from the callback. The Trainer's own counts
(`num_input_tokens_seen`, `total_flos`) are not used.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from chapterv.errors import InputError
from chapterv.meter.counting import Meter
from chapterv.meter.libraries import library
from chapterv.meter.watching import Watching

__all__ = ["TrainerMeter"]

_SHARING = ("tp_size", "cp_size", "sp_size", "pp_size")


class _Calls:
    """What the Trainer calls."""

    def __init__(self, path: str | os.PathLike[str], config: Any, options: Any) -> None:
        self._path, self._config, self._options = path, config, options
        self._skipped = False
        self._watching: Watching | None = None

    @property
    def meter(self) -> Meter | None:
        """The meter, once the training began."""
        return self._watching.meter if self._watching else None

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, **others: Any
    ) -> None:
        """Open the meter and look at the model."""
        config = self._config if self._config is not None else _config_of(model)
        _check_sharing(args, self._options)
        several = int(getattr(args, "world_size", 1)) > 1
        options = {"ranks": "sum" if several else "one", **self._options}
        self._watching = Watching(Meter(config, self._path, model=model, **options))
        self._watching.watch(model)

    def on_optimizer_step(
        self, args: Any, state: Any, control: Any, optimizer: Any = None, **others: Any
    ) -> None:
        """Remember whether the optimiser took the step."""
        self._skipped = getattr(optimizer, "step_was_skipped", False) is True

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Count the step."""
        if self._watching is not None:
            self._watching.step(int(state.global_step), skipped=self._skipped)

    def on_evaluate(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Count the time of an evaluation."""
        if self._watching is not None:
            self._watching.evaluated()

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Write the last line."""
        if self._watching is not None:
            self._watching.close()


@cache
def _callback_class() -> Any:
    """Make the class on demand, since its base belongs to the Trainer."""
    return type("TrainerMeterCallback", (_Calls, library("transformers").TrainerCallback), {})


def TrainerMeter(
    path: str | os.PathLike[str] = "meter.jsonl", config: Any = None, **options: Any
) -> Any:
    """Make a callback for the Trainer of transformers.

    Args:
        path: the meter's file; a run that is resumed gives the same one.
        config: configuration of the model, its own where none is given.
        options: as for `Meter`.

    Returns: a `TrainerCallback`.

    Raises:
        InputError: transformers is not installed.
    """
    return _callback_class()(path, config, options)


def _config_of(model: Any) -> Any:
    """Return the configuration of a model, of its base where adapters wrap it."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return base.config


def _check_sharing(args: Any, options: dict[str, Any]) -> None:
    """Refuse to guess which processes work on the same tokens.

    Raises:
        InputError: the model is split over processes, and nobody said which of them count.
    """
    parallel = getattr(args, "parallelism_config", None)
    sizes = {name: getattr(parallel, name, 1) for name in _SHARING}
    split = [name for name, size in sizes.items() if isinstance(size, int) and size > 1]
    if split and "duplicate" not in options:
        raise InputError(
            f"several processes work on the same tokens ({split[0]} is {sizes[split[0]]})", None,
            "Give duplicate=False where a process's tokens count, duplicate=True elsewhere.",
        )  # fmt: skip
