"""What the callbacks for trainers share: batches kept until a line is due, steps counted."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from chapterv.meter.batches import Kept, read_batch
from chapterv.meter.counting import EVALUATION, ROLLOUTS, Meter

__all__ = ["Watching"]

UPDATE = "update"
# Passes without gradients, by what a trainer does them for.
_FORWARD = {
    "evaluation": EVALUATION,
    "drawing": ROLLOUTS,
    "reading": "auxiliary_model_forward",
}


class Watching:
    """Counts the batches and steps of a trainer; nothing in it raises.

    Args:
        meter: the meter.
    """

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self._kept = {kind: Kept() for kind in (UPDATE, *_FORWARD)}
        self._hook: Any = None
        meter.before_writing(self.settle)

    def watch(self, model: Any) -> None:
        """Look at every call of a model from now on."""
        self.leave()
        self._hook = model.register_forward_pre_hook(_eager(self._seen), with_kwargs=True)

    def leave(self) -> None:
        """Look at no more calls."""
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def batch(self, inputs: Mapping[str, Any], kind: str = UPDATE) -> None:
        """Keep a batch.

        Args:
            inputs: arguments of the model.
            kind: "update", "evaluation", "drawing" of samples, or "reading" them as a reference.
        """
        try:
            found = read_batch(inputs)
            if found is None:
                self.meter.fault("a batch without input_ids; count it with a function of yours")
            elif self._kept[kind].keep(found):
                self.settle()
        except Exception as error:  # counting must not stop the training
            self.meter.fault(str(error))

    def step(self, index: int, steps: int = 1, *, skipped: bool = False) -> None:
        """Count an optimiser step, and the time since the last one."""
        self.meter.add(0, documents=(), steps=steps, skipped=skipped, index=index)

    def evaluated(self) -> None:
        """Give the time since the last step to evaluation."""
        self._add("evaluation", {"tokens": 0, "documents": ()})

    def settle(self) -> None:
        """Read all batches that are kept."""
        for kind, kept in self._kept.items():
            try:
                counts = kept.read()
            except Exception as error:  # a device that fails says so to the training itself
                self.meter.fault(str(error))
                continue
            if counts is not None:
                self._add(kind, counts)

    def close(self, *, failed: bool = False) -> None:
        """Write the last line."""
        self.leave()
        self.meter.close(failed=failed)

    def _add(self, kind: str, counts: dict[str, Any]) -> None:
        if kind == UPDATE:
            self.meter.add(**counts, steps=0)
        else:
            self.meter.add(**counts, steps=0, activity=_FORWARD[kind], passes="forward")

    def _seen(self, model: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
        inputs = dict(named)
        if positional and "input_ids" not in inputs:
            inputs["input_ids"] = positional[0]
        if _has_gradients():
            kind = UPDATE if model.training else "evaluation"
        elif model.training:
            kind = "drawing" if inputs.get("use_cache") else "reading"
        else:
            kind = "evaluation"
        self.batch(inputs, kind)


def _has_gradients() -> bool:
    """Tell whether a pass is followed by one backward; a trainer that cannot tell trains."""
    torch = sys.modules.get("torch")
    enabled = getattr(torch, "is_grad_enabled", None)
    return bool(enabled()) if enabled is not None else True


def _eager(function: Any) -> Any:
    """Keep a compiler from tracing into a hook, whose effects it might leave out."""
    torch = sys.modules.get("torch")
    disable = getattr(getattr(torch, "compiler", None), "disable", None)
    return disable(function) if disable is not None else function
