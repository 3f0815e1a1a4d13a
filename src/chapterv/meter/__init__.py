"""The training meter: exact operations, tokens, time and energy of a run, kept while it runs.

`Meter` counts in any loop, `TrainerMeter` in the Trainer of transformers, `LightningMeter` in
Lightning; `cross_check` compares one pass with torch's own counter. Importing this loads none of
those libraries, and what a library is missing for is said in one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chapterv.meter.checking import CrossCheck as CrossCheck
    from chapterv.meter.checking import cross_check as cross_check
    from chapterv.meter.counting import Meter as Meter
    from chapterv.meter.lightning import LightningMeter as LightningMeter
    from chapterv.meter.step import Step as Step
    from chapterv.meter.trainer import TrainerMeter as TrainerMeter

__all__ = ["CrossCheck", "LightningMeter", "Meter", "Step", "TrainerMeter", "cross_check"]

_PLACES = {
    "CrossCheck": "checking",
    "LightningMeter": "lightning",
    "Meter": "counting",
    "Step": "step",
    "TrainerMeter": "trainer",
    "cross_check": "checking",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"chapterv.meter.{_PLACES[name]}"), name)
